package ledger

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/docketlog/docket/testbed/client"
)

const (
	// bulkShare is one in how many requests has several records.
	bulkShare = 5
	// maxBulk is how many records a request has at most.
	maxBulk = 20
	// pause is how long a connection waits after it got no answer, or a refusal.
	pause = 5 * time.Millisecond
)

// Load is connections that post, each its next request when the last was
// answered. A server that is away is tried again.
type Load struct {
	ledger   *Ledger
	number   int
	ways     []format
	stopping atomic.Bool
	running  sync.WaitGroup
}

// Post starts a load. Stop it. The formats are the names of those that it uses:
// "LogSentry", "LogHub", "CodeMash", "OTLP/HTTP"; none means all.
func (l *Ledger) Post(ctx context.Context, c *client.Client, connections int, formats ...string) *Load {
	l.mutex.Lock()
	l.loads++
	load := &Load{ledger: l, number: l.loads, ways: formatsNamed(formats)}
	l.mutex.Unlock()
	for connection := range connections {
		random := rand.New(rand.NewPCG(l.seed, uint64(load.number)<<32|uint64(connection))) //nolint:gosec // repeatable on purpose
		load.running.Go(func() { load.run(ctx, c, random) })
	}
	return load
}

// Stop returns when every request that was begun has been answered or has failed.
func (l *Load) Stop() {
	l.stopping.Store(true)
	l.running.Wait()
}

func (l *Load) run(ctx context.Context, c *client.Client, random *rand.Rand) {
	for !l.stopping.Load() && ctx.Err() == nil {
		way, count := l.ways[random.IntN(len(l.ways))], 1
		if random.IntN(bulkShare) == 0 {
			count = 2 + random.IntN(maxBulk-1)
		}
		first := l.ledger.open(l.number, count)
		if !l.ledger.send(ctx, c, way, first, count) {
			time.Sleep(pause)
		}
		time.Sleep(l.ledger.Pause)
	}
}

// isUnsure reports whether an answer says that nobody knows what became of the
// records. OTLP has no other status for that than 503, but then without Retry-After.
func isUnsure(response client.Response) bool {
	return response.Status == http.StatusInternalServerError ||
		response.Status == http.StatusServiceUnavailable && response.Header.Get("Retry-After") == ""
}

// send posts the records of these numbers in one request and notes what became of
// them. It returns whether they were acknowledged.
func (l *Ledger) send(ctx context.Context, c *client.Client, way format, first, count int) bool {
	response, err := way.post(ctx, c, way.body(first, count, l.Filler))
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		l.set(unsent, first, count)
	case err != nil: // they stay unanswered
		l.unanswered("%s got no answer to %d records from number %d on: %v", way.name, count, first, err)
	case response.Status == http.StatusOK:
		receipts, err := way.receipts(response.Body, count)
		if err != nil {
			l.surprise("%s answered %d records from number %d on with %s: %v", way.name, count, first, response, err)
			return false
		}
		l.acknowledge(first, receipts)
		return true
	case l.FailingDisk && isUnsure(response):
		l.unanswered("%s answered %d records from number %d on with %s", way.name, count, first, response)
	case response.Status == http.StatusTooManyRequests, response.Status == http.StatusServiceUnavailable:
		l.set(refused, first, count)
		if response.Header.Get("Retry-After") == "" {
			l.surprise("%s answered %s without Retry-After", way.name, response)
		}
	default:
		l.surprise("%s answered %d records from number %d on with %s", way.name, count, first, response)
	}
	return false
}
