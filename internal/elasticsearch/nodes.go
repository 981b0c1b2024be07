package elasticsearch

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"
)

const (
	// firstRest is how long a node gets no requests after one that it did not answer. The
	// time doubles with each further one, up to longestRest.
	firstRest   = time.Second
	longestRest = 30 * time.Second
)

// nodes chooses the node of each request: one after the other, past those that rest. If
// all rest, it is the one whose rest ends first. It takes the place of the transport's
// own choice, which lets a node rest for up to half an hour, also when it was not the
// node but the client that gave a request up, and never forgets a failure.
type nodes struct {
	mutex sync.Mutex
	// all are the nodes, turn the place of the one whose turn it is.
	all  []*node
	turn int
}

type node struct {
	*elastictransport.Connection
	// failures counts the requests without an answer since the last answer.
	failures int
	// restsUntil matters after failures only.
	restsUntil time.Time
}

var (
	_ elastictransport.ConcurrentSafeConnectionPool = (*nodes)(nil)
	_ elastictransport.UpdatableConnectionPool      = (*nodes)(nil)
)

// pool sets the nodes.
func (n *nodes) pool(connections []*elastictransport.Connection, _ elastictransport.Selector) elastictransport.ConnectionPool {
	_ = n.Update(connections)
	return n
}

// ConcurrentSafe implements elastictransport.ConcurrentSafeConnectionPool.
func (n *nodes) ConcurrentSafe() {}

// Next implements elastictransport.ConnectionPool.
func (n *nodes) Next() (*elastictransport.Connection, error) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	now := time.Now()
	chosen := -1
	for i := range n.all {
		place := (n.turn + i) % len(n.all)
		candidate := n.all[place]
		if candidate.failures == 0 || !now.Before(candidate.restsUntil) {
			chosen = place
			break
		}
		if chosen < 0 || candidate.restsUntil.Before(n.all[chosen].restsUntil) {
			chosen = place
		}
	}
	if chosen < 0 {
		return nil, errors.New("the cluster has no nodes")
	}
	n.turn = chosen + 1
	if chosen := n.all[chosen]; chosen.failures > 0 {
		// This request finds out whether the node is back; others need not.
		chosen.restsUntil = now.Add(chosen.rest())
	}
	return n.all[chosen].Connection, nil
}

func (n *node) rest() time.Duration {
	rest := firstRest
	for range n.failures - 1 {
		rest = min(2*rest, longestRest)
	}
	return rest
}

// Update implements elastictransport.UpdatableConnectionPool. Nodes that were known stay
// as they are.
func (n *nodes) Update(connections []*elastictransport.Connection) error {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	known := map[string]*node{}
	for _, node := range n.all {
		known[node.URL.Host] = node
	}
	n.all = nil
	for _, connection := range connections {
		updated := &node{Connection: connection}
		if found := known[connection.URL.Host]; found != nil {
			updated.failures, updated.restsUntil = found.failures, found.restsUntil
		}
		n.all = append(n.all, updated)
	}
	return nil
}

// OnSuccess implements elastictransport.ConnectionPool; see watch.
func (n *nodes) OnSuccess(*elastictransport.Connection) error { return nil }

// OnFailure implements elastictransport.ConnectionPool; see watch.
func (n *nodes) OnFailure(*elastictransport.Connection) error { return nil }

// URLs implements elastictransport.ConnectionPool.
func (n *nodes) URLs() []*url.URL {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	var urls []*url.URL
	for _, node := range n.all {
		urls = append(urls, node.URL)
	}
	return urls
}

// watch notes which nodes answer. A request that its sender gave up says nothing.
func (n *nodes) watch(send elastictransport.RoundTripFunc) elastictransport.RoundTripFunc {
	return func(request *http.Request) (*http.Response, error) {
		response, err := send(request)
		if !errors.Is(request.Context().Err(), context.Canceled) {
			n.note(request.URL.Host, err == nil)
		}
		return response, err
	}
}

func (n *nodes) note(host string, hasAnswered bool) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	for _, node := range n.all {
		switch {
		case node.URL.Host != host:
		case hasAnswered:
			node.failures = 0
		default:
			node.failures++
			node.restsUntil = time.Now().Add(node.rest())
		}
	}
}
