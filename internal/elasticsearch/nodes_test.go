package elasticsearch_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
)

func twoNodes() []*url.URL {
	return []*url.URL{{Scheme: "http", Host: "one:9200"}, {Scheme: "http", Host: "two:9200"}}
}

// network counts the requests to each host. Those that are dead do not answer.
type network struct {
	mutex sync.Mutex
	dead  map[string]bool
	sent  map[string]int
}

func (n *network) send(request *http.Request) (*http.Response, error) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if n.sent == nil {
		n.sent = map[string]int{}
	}
	n.sent[request.URL.Hostname()]++
	if n.dead[request.URL.Hostname()] {
		return nil, errors.New("connection refused")
	}
	return answer(request, http.StatusOK, `{}`), nil
}

// take returns the requests since the last call.
func (n *network) take() map[string]int {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	sent := n.sent
	n.sent = nil
	return sent
}

func (n *network) kill(hosts ...string) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.dead = map[string]bool{}
	for _, host := range hosts {
		n.dead[host] = true
	}
}

func TestNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &network{}
		client := newClient(t, network.send, elasticsearch.Config{URLs: twoNodes()})
		send := func(method string, count int) (failed int) {
			for range count {
				if _, err := client.Do(t.Context(), method, "/x", nil, nil); err != nil {
					failed++
				}
			}
			return failed
		}
		require.Zero(t, send(http.MethodPut, 10))
		require.Equal(t, map[string]int{"one": 5, "two": 5}, network.take(), "the nodes take turns")

		network.kill("one")
		require.Equal(t, 1, send(http.MethodPut, 10), "a write is sent once, so one fails")
		require.Equal(t, map[string]int{"one": 1, "two": 9}, network.take())
		time.Sleep(time.Second)
		require.Zero(t, send(http.MethodGet, 10), "a read is sent to another node")
		require.Equal(t, map[string]int{"one": 1, "two": 10}, network.take())

		time.Sleep(time.Second)
		require.Zero(t, send(http.MethodGet, 10))
		require.Equal(t, map[string]int{"two": 10}, network.take(), "it rests for longer")
		for range 10 {
			time.Sleep(time.Minute)
			require.Zero(t, send(http.MethodGet, 10))
			require.Equal(t, map[string]int{"one": 1, "two": 10}, network.take(), "it is tried for ever")
		}

		network.kill("one", "two")
		require.Equal(t, 10, send(http.MethodGet, 10))
		network.take()
		network.kill("one")
		require.LessOrEqual(t, send(http.MethodPut, 10), 2, "when all rest, the one whose rest ends first is asked")
		network.kill()
		network.take()
		time.Sleep(time.Minute)
		require.Zero(t, send(http.MethodPut, 10))
		require.Equal(t, map[string]int{"one": 5, "two": 5}, network.take())
	})
}

// TestWhoGivesUpDoesNotBlameTheNode cancels requests, which says nothing of the node.
func TestWhoGivesUpDoesNotBlameTheNode(t *testing.T) {
	network := &network{}
	client := newClient(t, func(request *http.Request) (*http.Response, error) {
		if request.URL.Path == "/slow" {
			<-request.Context().Done()
			return nil, request.Context().Err()
		}
		return network.send(request)
	}, elasticsearch.Config{URLs: twoNodes()})
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, cancel)
		_, err := client.Do(ctx, http.MethodGet, "/slow", nil, nil)
		require.ErrorIs(t, err, context.Canceled)
	}
	for range 10 {
		_, err := client.Do(t.Context(), http.MethodPut, "/x", nil, nil)
		require.NoError(t, err)
	}
	require.Equal(t, map[string]int{"one": 5, "two": 5}, network.take())
}

// TestOneNode has nowhere else to ask.
func TestOneNode(t *testing.T) {
	network := &network{}
	client := newClient(t, network.send, elasticsearch.Config{})
	network.kill("one")
	_, err := client.Do(t.Context(), http.MethodGet, "/x", nil, nil)
	unreachable, ok := errors.AsType[*elasticsearch.UnreachableError](err)
	require.True(t, ok)
	require.EqualError(t, unreachable, "GET /x: the cluster did not answer: connection refused")
	require.Equal(t, map[string]int{"one": 1}, network.take())
	network.kill()
	_, err = client.Do(t.Context(), http.MethodPut, "/x", nil, nil)
	require.NoError(t, err, "it is asked again at once")
}

// TestPathOfNodes is about nodes behind a path.
func TestPathOfNodes(t *testing.T) {
	var paths []string
	client := newClient(t, func(request *http.Request) (*http.Response, error) {
		paths = append(paths, request.URL.String())
		if len(paths) == 1 {
			return nil, errors.New("connection refused")
		}
		return answer(request, http.StatusOK, `{}`), nil
	}, elasticsearch.Config{URLs: []*url.URL{
		{Scheme: "https", Host: "one", Path: "/a/b"}, {Scheme: "https", Host: "two", Path: "/c"},
	}})
	_, err := client.Do(t.Context(), http.MethodGet, "/x/_search", url.Values{"q": {"1"}}, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"https://one/a/b/x/_search?q=1", "https://two/c/x/_search?q=1"}, paths)
}

// TestDiscovery knows the server by one address, and learns the one that it gives itself.
func TestDiscovery(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		if server.URL.Hostname() != "127.0.0.1" {
			t.Fatalf("the test needs a server on the loopback interface, not on %s", server.URL.Host)
		}
		var mutex sync.Mutex
		last := ""
		transport := &http.Transport{}
		defer transport.CloseIdleConnections()
		client := server.NewClient(t, elasticsearch.Config{
			URLs:          []*url.URL{{Scheme: "http", Host: "localhost:" + server.URL.Port()}},
			DiscoverNodes: 20 * time.Millisecond,
			Transport: transportFunc(func(request *http.Request) (*http.Response, error) {
				if request.URL.Path == "/_cluster/health" {
					mutex.Lock()
					last = request.URL.Host
					mutex.Unlock()
				}
				return transport.RoundTrip(request)
			}),
		})
		require.Eventually(t, func() bool {
			_, err := client.Do(t.Context(), http.MethodGet, "/_cluster/health", nil, nil)
			require.NoError(t, err)
			mutex.Lock()
			defer mutex.Unlock()
			return last == server.URL.Host
		}, 20*time.Second, 20*time.Millisecond)
	})
}
