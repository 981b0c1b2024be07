package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// script is a transport that writes requests down and answers without a cluster.
type script struct {
	answer func(request *http.Request) (status int, body string)
	log    bytes.Buffer
}

func (s *script) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := request.Context().Err(); err != nil {
		return nil, err
	}
	fmt.Fprintf(&s.log, "%s %s\n", request.Method, request.URL.RequestURI())
	if request.Body != nil {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return nil, err
		}
		request.Body = io.NopCloser(bytes.NewReader(body)) // for the answer
		if len(body) > 0 {
			if err := json.Indent(&s.log, body, "", "  "); err != nil {
				return nil, err
			}
			s.log.WriteByte('\n')
		}
	}
	status, body := s.answer(request)
	recorder := httptest.NewRecorder()
	recorder.WriteHeader(status)
	_, _ = recorder.WriteString(body)
	response := recorder.Result()
	response.Request = request
	return response, nil
}

// newScripted returns a backend of a cluster that only answers what the script says.
func newScripted(t *testing.T, product elasticsearch.Name, answer func(*http.Request) (int, string)) (*Backend, *script) {
	t.Helper()
	s := &script{answer: answer}
	client, err := elasticsearch.NewClient(elasticsearch.Config{
		URLs: []*url.URL{{Scheme: "http", Host: "cluster.example:9200"}}, Transport: s,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close(context.WithoutCancel(t.Context()))) })
	b, err := New(Config{Client: client, Product: elasticsearch.Product{Name: product, Major: 9}, Prefix: "docket"})
	require.NoError(t, err)
	return b, s
}

// undecidedAnswer answers as a cluster that has three records, on one of which plans
// are certain.
func undecidedAnswer(request *http.Request) (int, string) {
	switch path := request.URL.Path; {
	case request.Method == http.MethodDelete:
		return http.StatusOK, `{}`
	case strings.HasSuffix(path, "/_pit"):
		return http.StatusOK, `{"id":"the point","_shards":{"failed":0}}`
	case strings.HasSuffix(path, "/point_in_time"):
		return http.StatusOK, `{"pit_id":"the point","_shards":{"failed":0}}`
	default:
		return http.StatusOK, `{"pit_id":"the next point","_shards":{"failed":0},"hits":{"total":{"value":3},"hits":[]},"aggregations":{"certain":{"doc_count":1}}}`
	}
}

// The requests are compared with those in testdata/requests, which are written when
// DOCKET_UPDATE_GOLDEN is set.
func TestRequestsThatRead(t *testing.T) {
	moment := time.Date(2026, 11, 21, 10, 0, 0, 123456789, time.UTC)
	key := func(place filter.Place, key string) filter.Field { return filter.Field{Place: place, Key: key} }
	body := filter.Field{Place: filter.PlaceBody}
	newest := func(e filter.Expression) logstore.Query {
		return logstore.Query{ProjectID: 7, Filter: e, Limit: 50}
	}
	search := func(query logstore.Query) func(t *testing.T, b *Backend) error {
		return func(t *testing.T, b *Backend) error {
			t.Helper()
			_, err := b.Search(t.Context(), query)
			return err
		}
	}
	count := func(query logstore.Query) func(t *testing.T, b *Backend) error {
		return func(t *testing.T, b *Backend) error {
			t.Helper()
			_, err := b.Count(t.Context(), query)
			return err
		}
	}
	page := newest(nil)
	page.From, page.To, page.Order = moment.Add(-time.Hour), moment, logstore.OldestFirst
	page.After = &logstore.Place{Timestamp: moment.Add(-time.Minute), ID: "0199"}
	deep := newest(filter.Exists{Field: key(filter.PlaceLogAttribute, "a")})
	deep.Offset = 20_000
	far := newest(nil)
	far.Offset = 20_000
	for name, ask := range map[string]func(t *testing.T, b *Backend) error{
		"newest":       search(newest(nil)),
		"page":         search(page),
		"far":          search(far),
		"far_partial":  search(deep),
		"services":     search(newest(filter.And{filter.Services{"api", ""}, filter.Levels{"error", "fatal"}})),
		"word":         search(newest(filter.BodyContains("Declined"))),
		"phrase":       search(newest(filter.BodyContains("rd declined by iss"))),
		"not_phrase":   search(newest(filter.Not{Part: filter.BodyContains("card declined")})),
		"attribute":    search(newest(filter.Equal{Field: key(filter.PlaceLogAttribute, "user=id"), Values: []string{"a", "b"}})),
		"in_any_place": search(newest(filter.Contains{Field: key(filter.PlaceAttribute, "host"), Parts: []string{"We*b"}})),
		"number":       search(newest(filter.Compare{Field: key(filter.PlaceLogAttribute, "ms"), Order: filter.Greater, Number: 1.5})),
		"event_name":   search(newest(filter.Wildcard{Field: filter.Field{Place: filter.PlaceEventName}, Parts: []string{"Task", "?"}})),
		"count":        count(newest(nil)),
		"count_phrase": count(newest(filter.Contains{Field: body, Parts: []string{"card declined"}})),
	} {
		for _, product := range []elasticsearch.Name{elasticsearch.Elasticsearch, elasticsearch.OpenSearch} {
			t.Run(name+"/"+string(product), func(t *testing.T) {
				b, s := newScripted(t, product, undecidedAnswer)
				require.NoError(t, ask(t, b))
				requireGolden(t, filepath.Join("testdata", "requests", string(product), name+".txt"), s.log.String())
			})
		}
	}
}

func requireGolden(t *testing.T, file, got string) {
	t.Helper()
	if os.Getenv("DOCKET_UPDATE_GOLDEN") != "" {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755)) //nolint:gosec // not secret
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644)) //nolint:gosec // not secret
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// An answer that is not whole must never be taken for one that is.
func TestPartialAnswersAreErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		body   string
		// isUnavailable is true if asking again may help.
		isUnavailable bool
	}{
		"timed out":     {http.StatusOK, `{"id":"a","timed_out":true,"_shards":{"failed":0},"hits":{"hits":[]}}`, true},
		"failed shards": {http.StatusOK, `{"_shards":{"failed":1},"hits":{"hits":[]}}`, true},
		"unavailable":   {http.StatusServiceUnavailable, `{}`, true},
		"overloaded":    {http.StatusTooManyRequests, `{}`, true},
		"refused":       {http.StatusBadRequest, `{}`, false},
		"forbidden":     {http.StatusForbidden, `{}`, false},
		"no JSON":       {http.StatusOK, `<html>`, true},
	} {
		t.Run(name, func(t *testing.T) {
			b, _ := newScripted(t, elasticsearch.Elasticsearch, func(*http.Request) (int, string) { return tt.status, tt.body })
			_, err := b.Search(t.Context(), logstore.Query{ProjectID: 1, Limit: 1})
			requireUnavailable(t, err, tt.isUnavailable)
			_, err = b.Count(t.Context(), logstore.Query{ProjectID: 1})
			requireUnavailable(t, err, tt.isUnavailable)
			requireUnavailable(t, b.atOnePoint(t.Context(), func(at *point) error {
				_, err := at.search(t.Context(), countOf(matchAll()))
				return err
			}), tt.isUnavailable)
		})
	}
}

func requireUnavailable(t *testing.T, err error, want bool) {
	t.Helper()
	require.Error(t, err)
	var unavailable *logstore.UnavailableError
	assert.Equal(t, want, assert.ErrorAs(&quiet{}, err, &unavailable))
	if want {
		assert.GreaterOrEqual(t, unavailable.RetryAfter, time.Second)
	}
}

type quiet struct{}

func (quiet) Errorf(string, ...any) {}

// A cluster that does not answer is unavailable; a client that has gone is not its fault.
func TestUnreachable(t *testing.T) {
	dead := httptest.NewServer(nil)
	address, err := url.Parse(dead.URL)
	require.NoError(t, err)
	dead.Close()
	client, err := elasticsearch.NewClient(elasticsearch.Config{URLs: []*url.URL{address}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close(context.WithoutCancel(t.Context()))) })
	b, err := New(Config{Client: client, Prefix: "docket"})
	require.NoError(t, err)
	_, err = b.Search(t.Context(), logstore.Query{ProjectID: 1, Limit: 1})
	requireUnavailable(t, err, true)
}

// Records that are too large for an answer together are asked for in smaller pages.
func TestLargeRecordsAreReadInSmallPages(t *testing.T) {
	d, err := newDocument(newTestRecord("a"))
	require.NoError(t, err)
	var sizes []int
	r := reader{selected: matchAll(), limit: 40, search: func(_ context.Context, body map[string]any) (found answer, err error) {
		size := body["size"].(int)
		sizes = append(sizes, size)
		if size > 20 {
			return answer{}, fmt.Errorf("read: %w", elasticsearch.ErrAnswerTooLarge)
		}
		for range size {
			found.Hits.Hits = append(found.Hits.Hits, hit{Source: d.source, Sort: json.RawMessage(`[1,"a"]`)})
		}
		return found, nil
	}}
	count := 0
	require.NoError(t, r.records(t.Context(), 40, func(record.Record) error {
		count++
		return nil
	}))
	assert.Equal(t, 40, count)
	assert.Equal(t, []int{40, 10, 30, 7, 23, 5, 18}, sizes)
}

// A question that would take to read more than maxRead records must say so at once.
func TestTooMuchToRead(t *testing.T) {
	phrase := filter.BodyContains("card declined")
	many := fmt.Sprintf(`{"_shards":{},"hits":{"total":{"value":%d},"hits":[]},"aggregations":{"certain":{"doc_count":1}}}`, maxRead+2)
	b, _ := newScripted(t, elasticsearch.Elasticsearch, func(request *http.Request) (int, string) {
		if strings.HasSuffix(request.URL.Path, "_pit") {
			return http.StatusOK, `{"id":"a"}`
		}
		return http.StatusOK, many
	})
	_, err := b.Count(t.Context(), logstore.Query{ProjectID: 1, Filter: phrase})
	var expensive *logstore.TooExpensiveError
	require.ErrorAs(t, err, &expensive)
	assert.Contains(t, expensive.Reason, "shorter time")
}
