package elastic_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/docstore/elastic"
	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
)

// faults is the way to a server, on which a fault may happen to a change.
type faults struct {
	http.Transport
	// changes counts the changes; fault says what happens to one, by its number.
	changes atomic.Int64
	fault   func(number int64) fault
}

type fault int

const (
	none fault = iota
	// lost is the answer of a server that has done what was asked.
	lost
	// cut is the answer, after half of it.
	cut
	// unsent is a request that the server never gets, though nobody knows.
	unsent
	// overload is the answer of a server that does nothing.
	overload
	// gateway is the answer of a proxy that has lost that of the server.
	gateway
)

var errLost = errors.New("connection reset by a test")

func (f *faults) RoundTrip(request *http.Request) (*http.Response, error) {
	if f.fault == nil || request.Method != http.MethodPut && request.Method != http.MethodDelete {
		return f.Transport.RoundTrip(request)
	}
	happens := f.fault(f.changes.Add(1))
	switch happens {
	case unsent:
		return nil, errLost
	case overload:
		return answer(request, http.StatusTooManyRequests), nil
	}
	response, err := f.Transport.RoundTrip(request)
	if err != nil || happens == none {
		return response, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	_ = response.Body.Close()
	switch happens {
	case gateway:
		return answer(request, http.StatusBadGateway), nil
	case cut:
		response.Body = io.NopCloser(io.MultiReader(strings.NewReader(string(body[:len(body)/2])), broken{}))
		return response, nil
	default:
		return nil, errLost
	}
}

func answer(request *http.Request, status int) *http.Response {
	return &http.Response{
		Request: request, StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: http.NoBody,
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// first is a fault of the first changes.
func first(count int64, happens fault) func(int64) fault {
	return func(number int64) fault {
		if number <= count {
			return happens
		}
		return none
	}
}

// TestLostAnswers loses what can be lost of one change, and finds out what became of it.
func TestLostAnswers(t *testing.T) {
	happenings := map[string]func(int64) fault{
		"the answer is lost":            first(1, lost),
		"the answer is lost twice":      first(2, lost),
		"the answer is cut":             first(1, cut),
		"the request is lost":           first(1, unsent),
		"the server is overloaded":      first(2, overload),
		"a proxy loses the answer":      first(1, gateway),
		"the request, then the answer":  func(number int64) fault { return []fault{unsent, lost, none}[number-1] },
		"the answer, then an overload":  func(number int64) fault { return []fault{lost, overload, none}[number-1] },
		"an overload, then the request": func(number int64) fault { return []fault{overload, unsent, none}[number-1] },
	}
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		way := &faults{}
		store := open(t, server.NewClient(t, elasticsearch.Config{Transport: way}), server.Prefix)
		honest := open(t, server.Client, server.Prefix)
		for name, happening := range happenings {
			t.Run(name, func(t *testing.T) {
				begin := func() {
					way.changes.Store(0)
					way.fault = happening
				}
				begin()
				created, err := store.Create(t.Context(), document(name, `{"n":1}`))
				require.NoError(t, err)
				require.JSONEq(t, `{"n":1}`, string(created.Body))

				begin()
				created.Body = json.RawMessage(`{"n":2}`)
				updated, err := store.Update(t.Context(), created)
				require.NoError(t, err)
				require.Greater(t, updated.Version, created.Version)
				found, err := honest.Get(t.Context(), "keys", name)
				require.NoError(t, err)
				require.Equal(t, updated, found)

				begin()
				if err = store.Delete(t.Context(), "keys", name, updated.Version); err != nil {
					require.ErrorIs(t, err, docstore.ErrNotFound)
				}
				_, err = honest.Get(t.Context(), "keys", name)
				require.ErrorIs(t, err, docstore.ErrNotFound)
			})
		}
	})
}

// TestUnknownOutcome has no answer at all: the store must not claim to know.
func TestUnknownOutcome(t *testing.T) {
	const mayBe = "the change may have been made or not"
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		way := &faults{}
		store := open(t, server.NewClient(t, elasticsearch.Config{Transport: way}), server.Prefix)
		for _, happens := range []fault{lost, unsent} {
			way.fault = func(int64) fault { return happens }
			_, err := store.Create(t.Context(), document("one", `{}`))
			require.ErrorContains(t, err, mayBe)
			require.ErrorIs(t, err, errLost)
			require.NotErrorIs(t, err, docstore.ErrExists)
			_, isUnreachable := errors.AsType[*elasticsearch.UnreachableError](err)
			require.True(t, isUnreachable)
		}
		way.fault = func(int64) fault { return overload }
		_, err := store.Create(t.Context(), document("two", `{}`))
		require.Equal(t, http.StatusTooManyRequests, elasticsearch.StatusOf(err))
		require.NotContains(t, err.Error(), mayBe)
	})
}

// TestOvertaken loses the answer of a change on which another writer builds before it is
// sent again. It was made, so the store must not say that it was not.
func TestOvertaken(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		way := &faults{}
		store := open(t, server.NewClient(t, elasticsearch.Config{Transport: way}), server.Prefix)
		honest := open(t, server.Client, server.Prefix)
		created, err := store.Create(t.Context(), document("one", `{"n":0}`))
		require.NoError(t, err)
		way.fault = func(number int64) fault {
			if number == 1 {
				return lost
			}
			found, err := honest.Get(t.Context(), "keys", "one")
			require.NoError(t, err)
			_, err = honest.Update(t.Context(), found)
			require.NoError(t, err)
			return none
		}
		way.changes.Store(0)
		_, err = store.Update(t.Context(), created)
		require.ErrorContains(t, err, "may have been made or not")
		require.NotErrorIs(t, err, docstore.ErrConflict)
	})
}

// TestCountsWithLostAnswers counts up in one document from two stores, of which a third
// of the changes has a fault. None is counted twice, and none is lost that was reported.
func TestCountsWithLostAnswers(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		var counted, open atomic.Int64
		first := newFaulty(t, server)
		_, err := first.Create(t.Context(), document("counter", `{"n":0}`))
		require.NoError(t, err)
		var group errgroup.Group
		for range 2 {
			store := newFaulty(t, server)
			group.Go(func() error {
				for counted.Load() < 40 {
					switch err := increment(t, store); {
					case err == nil:
						counted.Add(1)
					case errors.Is(err, errLost):
						open.Add(1)
					case !errors.Is(err, docstore.ErrConflict):
						return err
					}
				}
				return nil
			})
		}
		require.NoError(t, group.Wait())
		found, err := first.Get(t.Context(), "keys", "counter")
		require.NoError(t, err)
		var counter struct{ N int64 }
		require.NoError(t, json.Unmarshal(found.Body, &counter))
		require.GreaterOrEqual(t, counter.N, counted.Load())
		require.LessOrEqual(t, counter.N, counted.Load()+open.Load())
		t.Logf("%d counted, %d open, %d stored", counted.Load(), open.Load(), counter.N)
	})
}

func newFaulty(t *testing.T, server elasticsearchtest.Server) docstore.Store {
	t.Helper()
	way := &faults{}
	store := open(t, server.NewClient(t, elasticsearch.Config{Transport: way}), server.Prefix)
	way.fault = func(number int64) fault { return []fault{none, lost, none, unsent, none, none}[number%6] }
	return store
}

func increment(t *testing.T, store docstore.Store) error {
	t.Helper()
	found, err := store.Get(t.Context(), "keys", "counter")
	if err != nil {
		return err
	}
	var counter struct{ N int64 }
	if err := json.Unmarshal(found.Body, &counter); err != nil {
		return err
	}
	found.Body = fmt.Appendf(nil, `{"n":%d}`, counter.N+1)
	_, err = store.Update(t.Context(), found)
	return err
}

// TestPartialAnswers is about a search of which the cluster could not do all.
func TestPartialAnswers(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		for _, change := range [][2]string{
			{`"failed":0`, `"failed":1`},
			{`"successful":1`, `"successful":0`},
			{`"timed_out":false`, `"timed_out":true`},
		} {
			way := &rewriting{}
			store := open(t, server.NewClient(t, elasticsearch.Config{Transport: way}), server.Prefix)
			_, err := store.List(t.Context(), "keys", "")
			require.NoError(t, err)
			way.from, way.to = change[0], change[1]
			_, err = store.List(t.Context(), "keys", "")
			require.Error(t, err, "%s", change)
		}
	})
}

// rewriting replaces a text in each answer.
type rewriting struct {
	http.Transport
	from, to string
}

func (r *rewriting) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := r.Transport.RoundTrip(request)
	if err != nil || r.from == "" {
		return response, err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	response.Body = io.NopCloser(strings.NewReader(strings.ReplaceAll(string(body), r.from, r.to)))
	return response, err
}

// TestServerDies kills the server. Documents stay, and their versions go on rising.
func TestServerDies(t *testing.T) {
	for _, product := range []elasticsearch.Name{elasticsearch.Elasticsearch, elasticsearch.OpenSearch} {
		t.Run(string(product), func(t *testing.T) {
			t.Parallel()
			process := elasticsearchtest.Start(t, product, "", elasticsearchtest.Options{})
			store := open(t, process.Client, process.Prefix)
			kept, err := store.Create(t.Context(), document("kept", `{"n":1}`))
			require.NoError(t, err)
			deleted, err := store.Create(t.Context(), document("deleted", `{}`))
			require.NoError(t, err)
			require.NoError(t, store.Delete(t.Context(), "keys", "deleted", deleted.Version))

			process.Kill()
			_, err = store.Update(t.Context(), kept)
			_, isUnreachable := errors.AsType[*elasticsearch.UnreachableError](err)
			require.True(t, isUnreachable, "%v", err)
			_, err = store.List(t.Context(), "keys", "")
			_, isUnreachable = errors.AsType[*elasticsearch.UnreachableError](err)
			require.True(t, isUnreachable, "%v", err)

			process.Restart()
			store = open(t, process.Client, process.Prefix)
			found, err := store.List(t.Context(), "keys", "")
			require.NoError(t, err)
			require.Equal(t, []docstore.Document{kept}, found)
			updated, err := store.Update(t.Context(), kept)
			require.NoError(t, err, "what was read before is good for a change")
			require.Greater(t, updated.Version, kept.Version)
			again, err := store.Create(t.Context(), document("deleted", `{}`))
			require.NoError(t, err)
			require.Greater(t, again.Version, deleted.Version)
		})
	}
}

// TestNobodyThere has nothing at the URL: then it is known that no change was made.
func TestNobodyThere(t *testing.T) {
	server := elasticsearchtest.Servers(t)[0]
	way := &elsewhere{}
	store := open(t, server.NewClient(t, elasticsearch.Config{Transport: way}), server.Prefix)
	way.host = "127.0.0.1:1"
	_, err := store.Create(t.Context(), document("one", `{}`))
	_, isUnreachable := errors.AsType[*elasticsearch.UnreachableError](err)
	require.True(t, isUnreachable, "%v", err)
	require.NotContains(t, err.Error(), "may have been made")
	_, err = elastic.Open(t.Context(), elastic.Config{
		Client: server.NewClient(t, elasticsearch.Config{URLs: []*url.URL{{Scheme: "http", Host: "127.0.0.1:1"}}}), Prefix: "test-nobody",
	})
	require.ErrorContains(t, err, "set up the index of documents")
}

// elsewhere sends requests to another host.
type elsewhere struct {
	http.Transport
	host string
}

func (e *elsewhere) RoundTrip(request *http.Request) (*http.Response, error) {
	if e.host != "" {
		request.URL.Host = e.host
	}
	return e.Transport.RoundTrip(request)
}
