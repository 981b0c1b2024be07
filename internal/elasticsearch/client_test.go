package elasticsearch_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
)

func TestMain(m *testing.M) { elasticsearchtest.Main(m) }

var _ esapi.Transport = (*elasticsearch.Client)(nil)

// transportFunc is what happens to requests instead of being sent.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

// newClient returns a client whose requests go to the function.
func newClient(tb testing.TB, transport transportFunc, config elasticsearch.Config) *elasticsearch.Client {
	tb.Helper()
	config.Transport = transport
	if len(config.URLs) == 0 {
		config.URLs = []*url.URL{{Scheme: "http", Host: "one:9200"}}
	}
	client, err := elasticsearch.NewClient(config)
	require.NoError(tb, err)
	tb.Cleanup(func() { assert.NoError(tb, client.Close(context.Background())) })
	return client
}

func answer(request *http.Request, status int, body string) *http.Response {
	return &http.Response{
		Request: request, StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

func TestConfig(t *testing.T) {
	node := func(text string) []*url.URL {
		parsed, err := url.Parse(text)
		require.NoError(t, err)
		return []*url.URL{parsed}
	}
	tests := []struct {
		name   string
		config elasticsearch.Config
		want   string
	}{
		{"no URL", elasticsearch.Config{}, "the cluster has no URL"},
		{"user in the URL", elasticsearch.Config{URLs: node("https://docket:hidden@host:9200")}, "URL 1 of the cluster has a user"},
		{"other scheme", elasticsearch.Config{URLs: node("tcp://host:9200")}, `"tcp://host:9200" is no URL of a node`},
		{"no host", elasticsearch.Config{URLs: node("http:///path")}, "is no URL of a node"},
		{"query", elasticsearch.Config{URLs: node("http://host:9200?pretty")}, "leave out what follows the path"},
		{"password without user", elasticsearch.Config{URLs: node("http://host"), Password: "hidden"}, "both the user name and the password"},
		{"user without password", elasticsearch.Config{URLs: node("http://host"), Username: "docket"}, "both the user name and the password"},
		{"two identities", elasticsearch.Config{URLs: node("http://host"), APIKey: "hidden", BearerToken: "hidden"}, "give one of"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := elasticsearch.NewClient(test.config)
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), "hidden")
		})
	}
}

// TestRequestsOfTheLibrary sends requests of the package that Elasticsearch has for them.
func TestRequestsOfTheLibrary(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		index := server.Prefix + "-library"
		bulk := strings.NewReader(`{"create":{"_id":"1"}}` + "\n" + `{"n":1}` + "\n")
		stored, err := esapi.BulkRequest{Index: index, Body: bulk, Refresh: "true"}.Do(t.Context(), server.Client)
		require.NoError(t, err)
		require.Contains(t, read(t, stored), `"status":201`)
		require.NoError(t, stored.Body.Close())

		found, err := esapi.SearchRequest{Index: []string{index}, Body: strings.NewReader(`{"query":{"match_all":{}}}`)}.Do(t.Context(), server.Client)
		require.NoError(t, err)
		require.Contains(t, read(t, found), `{"n":1}`)
		require.NoError(t, found.Body.Close())
	})
}

func read(t *testing.T, response *esapi.Response) string {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.False(t, response.IsError(), "%s", body)
	return string(body)
}

func TestStatusErrors(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		path := "/" + server.Prefix + "-errors"
		do := func(method, path, body string) *elasticsearch.StatusError {
			t.Helper()
			var content []byte
			if body != "" {
				content = []byte(body)
			}
			_, err := server.Client.Do(t.Context(), method, path, nil, content)
			require.Error(t, err)
			status, ok := errors.AsType[*elasticsearch.StatusError](fmt.Errorf("wrapped: %w", err))
			require.True(t, ok, "%v", err)
			return status
		}
		missing := do(http.MethodGet, path, "")
		require.True(t, elasticsearch.IsMissing(missing))
		require.False(t, elasticsearch.IsConflict(missing))
		require.NotEmpty(t, missing.Type)
		require.Contains(t, missing.Reason, "no such index")
		require.Contains(t, missing.Error(), "GET "+path+": HTTP status 404: ")
		require.Contains(t, missing.Error(), "no such index")

		_, err := server.Client.Do(t.Context(), http.MethodPut, path+"/_doc/1", nil, []byte(`{"n":1}`))
		require.NoError(t, err)
		require.True(t, elasticsearch.IsConflict(do(http.MethodPut, path+"/_create/1", `{"n":1}`)))
		require.Equal(t, http.StatusBadRequest, do(http.MethodPut, path+"/_doc/2", `{"n":"text"}`).Status)
		// It has an error that is a text.
		require.NotEmpty(t, do(http.MethodPatch, path, "").Reason)
	})
	require.Zero(t, elasticsearch.StatusOf(io.EOF))
	require.Zero(t, elasticsearch.StatusOf(nil))
	require.False(t, elasticsearch.IsMissing(nil))
}

func TestRetryAfter(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"":   0,
		"7":  7 * time.Second,
		"-1": 0,
		"x":  0,
		time.Now().Add(time.Hour).UTC().Format(http.TimeFormat):  time.Hour,
		time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat): 0,
	} {
		client := newClient(t, func(request *http.Request) (*http.Response, error) {
			response := answer(request, http.StatusTooManyRequests, "")
			response.Header.Set("Retry-After", header)
			return response, nil
		}, elasticsearch.Config{})
		_, err := client.Do(t.Context(), http.MethodPost, "/_bulk", nil, []byte("{}"))
		status, ok := errors.AsType[*elasticsearch.StatusError](err)
		require.True(t, ok)
		require.InDelta(t, want.Seconds(), status.RetryAfter.Seconds(), 2, header)
		require.EqualError(t, err, "POST /_bulk: HTTP status 429")
	}
}

// FuzzStatusError reads what anything may answer, such as a proxy.
func FuzzStatusError(f *testing.F) {
	f.Add(404, `{"error":{"type":"index_not_found_exception","reason":"no such index [x]","caused_by":{"reason":"y"}},"status":404}`)
	f.Add(405, `{"error":"Incorrect HTTP method","status":405}`)
	f.Add(502, "<html>"+strings.Repeat("ü", 1000))
	f.Add(301, `{"error":7}`)
	f.Add(500, "\xff{")
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 300 || status > 999 {
			return
		}
		client := newClient(t, func(request *http.Request) (*http.Response, error) {
			return answer(request, status, body), nil
		}, elasticsearch.Config{})
		_, err := client.Do(t.Context(), http.MethodGet, "/x", nil, nil)
		require.Equal(t, status, elasticsearch.StatusOf(err))
		require.Less(t, len(err.Error()), 600)
		require.True(t, strings.HasPrefix(err.Error(), fmt.Sprintf("GET /x: HTTP status %d", status)))
	})
}

// TestCutAnswers has answers of which a half is missing. None is a success.
func TestCutAnswers(t *testing.T) {
	const whole, half = `{"errors":false,"items":[]}`, `{"errors":false,"it`
	tests := []struct {
		name   string
		change func(*http.Response)
	}{
		{"the length is known", func(response *http.Response) {
			response.Body = io.NopCloser(io.MultiReader(strings.NewReader(half), failing{io.ErrUnexpectedEOF}))
		}},
		{"the connection breaks", func(response *http.Response) {
			response.Body = io.NopCloser(io.MultiReader(strings.NewReader(half), failing{errors.New("connection reset")}))
		}},
		{"it ends with the connection", func(response *http.Response) {
			response.ContentLength = -1
			response.Body = io.NopCloser(strings.NewReader(half))
		}},
		{"it was compressed, and nothing came", func(response *http.Response) {
			response.ContentLength, response.Uncompressed = -1, true
			response.Body = http.NoBody
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client := newClient(t, func(request *http.Request) (*http.Response, error) {
				response := answer(request, http.StatusOK, whole)
				test.change(response)
				return response, nil
			}, elasticsearch.Config{})
			_, err := client.Do(t.Context(), http.MethodPost, "/_bulk", nil, []byte("{}"))
			unreachable, ok := errors.AsType[*elasticsearch.UnreachableError](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, "/_bulk", unreachable.Path)
		})
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestLargeAnswers(t *testing.T) {
	const body = `{"text":"0123456789"}`
	send := func(request *http.Request) (*http.Response, error) { return answer(request, http.StatusOK, body), nil }
	exact := newClient(t, send, elasticsearch.Config{MaxAnswerBytes: int64(len(body))})
	got, err := exact.Do(t.Context(), http.MethodGet, "/x", nil, nil)
	require.NoError(t, err)
	require.JSONEq(t, body, string(got))
	short := newClient(t, send, elasticsearch.Config{MaxAnswerBytes: int64(len(body)) - 1})
	_, err = short.Do(t.Context(), http.MethodGet, "/x", nil, nil)
	require.ErrorIs(t, err, elasticsearch.ErrAnswerTooLarge)
	require.EqualError(t, err, "GET /x: the answer is larger than the limit of 20 bytes")
}

// TestWhoGivesUp tells the end of the caller's context from that of the client's patience.
func TestWhoGivesUp(t *testing.T) {
	slow := func(request *http.Request) (*http.Response, error) {
		<-request.Context().Done()
		return nil, request.Context().Err()
	}
	slowBody := func(request *http.Request) (*http.Response, error) {
		response := answer(request, http.StatusOK, "{}")
		response.Body = io.NopCloser(waiting(request.Context().Done()))
		return response, nil
	}
	for name, send := range map[string]transportFunc{"no answer": slow, "no end of the answer": slowBody} {
		t.Run(name, func(t *testing.T) {
			client := newClient(t, send, elasticsearch.Config{Timeout: 10 * time.Millisecond})
			_, err := client.Do(t.Context(), http.MethodGet, "/x", nil, nil)
			_, ok := errors.AsType[*elasticsearch.UnreachableError](err)
			require.True(t, ok, "%v", err)
			require.NotErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorContains(t, err, "no complete answer after 10ms")

			patient := newClient(t, send, elasticsearch.Config{})
			short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			defer cancel()
			_, err = patient.Do(short, http.MethodGet, "/x", nil, nil)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			_, ok = errors.AsType[*elasticsearch.UnreachableError](err)
			require.False(t, ok)

			ended, end := context.WithCancel(t.Context())
			end()
			_, err = patient.Do(ended, http.MethodGet, "/x", nil, nil)
			require.ErrorIs(t, err, context.Canceled)
		})
	}
}

// waiting is a body that comes to no end.
type waiting <-chan struct{}

func (w waiting) Read([]byte) (int, error) {
	<-w
	return 0, errors.New("given up")
}

func TestCompression(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		var mutex sync.Mutex
		encodings := map[string]string{}
		var transport http.Transport
		defer transport.CloseIdleConnections()
		client := server.NewClient(t, elasticsearch.Config{
			CompressRequests: true,
			Transport: transportFunc(func(request *http.Request) (*http.Response, error) {
				mutex.Lock()
				encodings[request.Method+" "+request.URL.Path] = request.Header.Get("Content-Encoding")
				mutex.Unlock()
				return transport.RoundTrip(request)
			}),
		})
		index := "/" + server.Prefix + "-compressed"
		text := strings.Repeat("text ", 1000)
		for _, body := range []string{`{"text":"short"}`, fmt.Sprintf(`{"text":%q}`, text)} {
			_, err := client.Do(t.Context(), http.MethodPut, fmt.Sprintf("%s/_doc/%d", index, len(body)), nil, []byte(body))
			require.NoError(t, err)
			got, err := client.Do(t.Context(), http.MethodGet, fmt.Sprintf("%s/_source/%d", index, len(body)), nil, nil)
			require.NoError(t, err)
			require.JSONEq(t, body, string(got))
		}
		require.Empty(t, encodings[fmt.Sprintf("PUT %s/_doc/16", index)])
		require.Equal(t, "gzip", encodings[fmt.Sprintf("PUT %s/_doc/%d", index, len(text)+11)])
	})
}

// TestCompressedRead is sent to a second node, whole.
func TestCompressedRead(t *testing.T) {
	body := `{"text":"` + strings.Repeat("x", 5000) + `"}`
	var got []string
	client := newClient(t, func(request *http.Request) (*http.Response, error) {
		reader, err := gzip.NewReader(request.Body)
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(reader)
		got = append(got, string(content))
		if err != nil || len(got) == 1 {
			return nil, errors.Join(err, errors.New("the first node does not answer"))
		}
		return answer(request, http.StatusOK, "{}"), nil
	}, elasticsearch.Config{CompressRequests: true, URLs: twoNodes()})
	_, err := client.Do(t.Context(), http.MethodPost, "/index/_search", nil, []byte(body))
	require.NoError(t, err)
	require.Equal(t, []string{body, body}, got)
}

func TestHeaders(t *testing.T) {
	tests := []struct {
		name   string
		config elasticsearch.Config
		want   http.Header
	}{
		{"nothing", elasticsearch.Config{}, http.Header{"User-Agent": {"Docket"}}},
		{"user agent", elasticsearch.Config{UserAgent: "Docket/1.2"}, http.Header{"User-Agent": {"Docket/1.2"}}},
		{"password", elasticsearch.Config{Username: "me", Password: "p:w"}, http.Header{"User-Agent": {"Docket"}, "Authorization": {"Basic bWU6cDp3"}}},
		{"API key", elasticsearch.Config{APIKey: "a2V5"}, http.Header{"User-Agent": {"Docket"}, "Authorization": {"APIKey a2V5"}}},
		{"bearer", elasticsearch.Config{BearerToken: "token"}, http.Header{"User-Agent": {"Docket"}, "Authorization": {"Bearer token"}}},
		{"header", elasticsearch.Config{Header: http.Header{"X-Tenant": {"a"}}}, http.Header{"User-Agent": {"Docket"}, "X-Tenant": {"a"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got http.Header
			client := newClient(t, func(request *http.Request) (*http.Response, error) {
				got = request.Header
				return answer(request, http.StatusOK, "{}"), nil
			}, test.config)
			_, err := client.Do(t.Context(), http.MethodGet, "/", nil, nil)
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func TestEnsureIndex(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		name := server.Prefix + "-ensured"
		var group errgroup.Group
		for range 5 {
			group.Go(func() error {
				return server.Client.EnsureIndex(t.Context(), name, []byte(`{"mappings":{"dynamic":false}}`))
			})
		}
		require.NoError(t, group.Wait())
		require.NoError(t, server.Client.EnsureIndex(t.Context(), name, []byte(`{"mappings":{"dynamic":true}}`)))
		got, err := server.Client.Do(t.Context(), http.MethodGet, "/"+name+"/_mapping", nil, nil)
		require.NoError(t, err)
		var mappings map[string]struct{ Mappings struct{ Dynamic any } }
		require.NoError(t, json.Unmarshal(got, &mappings))
		require.Equal(t, "false", fmt.Sprint(mappings[name].Mappings.Dynamic), "an index that is there stays as it is")

		err = server.Client.EnsureIndex(t.Context(), name+"-wrong", []byte(`{"mappings":{"dynamic":"wrong"}}`))
		require.Equal(t, http.StatusBadRequest, elasticsearch.StatusOf(err))
		exists, err := server.Client.Exists(t.Context(), "/"+name+"-wrong")
		require.NoError(t, err)
		require.False(t, exists)
	})
}
