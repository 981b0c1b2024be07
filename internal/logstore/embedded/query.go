package embedded

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/docketlog/docket/internal/logstore"
)

// query is a question that is being answered.
type query struct {
	gate    *gate
	project int64
	// rows is how many it has looked at.
	rows atomic.Int64

	// What follows belongs to the gate's mu.

	work *projectWork
	// worked is how long its slices took.
	worked time.Duration
	// memory is what it holds, in bytes.
	memory int64
}

// queryKey is the key of a context's query.
type queryKey struct{}

// ask keeps the backend open, and gives the context a place among the queries, until done
// is called. All that is asked of the engine under that context takes turns.
func (b *Backend) ask(ctx context.Context, project int64) (asking context.Context, done func(), err error) {
	unuse, err := b.use(ctx)
	if err != nil {
		return nil, nil, err
	}
	q, err := b.gate.begin(project)
	if err != nil {
		unuse()
		return nil, nil, err
	}
	done = func() { b.gate.end(q); unuse() }
	if err := b.rows.revealer.reveal(ctx); err != nil {
		done()
		return nil, nil, err
	}
	return context.WithValue(ctx, queryKey{}, q), done, nil
}

// queryOf returns the query of a context; nil if it has none.
func queryOf(ctx context.Context) *query {
	q, _ := ctx.Value(queryKey{}).(*query)
	return q
}

// look notes that the query has looked at rows.
func (q *query) look(rows int64) error {
	limit := q.gate.limits.MaxRows
	if total := q.rows.Add(rows); limit > 0 && total > limit {
		return &logstore.TooExpensiveError{Reason: fmt.Sprintf(
			"it has looked at more than %d records: ask for a shorter time, or with a filter by service, level or the value of an attribute", limit)}
	}
	return nil
}

// hold notes that the query holds more memory, until it ends. It returns an error when
// that is more than the query may hold, or than all may.
func (q *query) hold(bytes int64) error {
	isMore, err := q.take(bytes)
	if isMore {
		return &logstore.TooExpensiveError{Reason: fmt.Sprintf(
			"what it counts takes more than %d MiB of memory: ask for a shorter time, or with a filter", q.gate.limits.MaxMemoryBytes>>20)}
	}
	return err
}

// holdPage is hold for records to be returned.
func (q *query) holdPage(bytes int64) error {
	isMore, err := q.take(bytes)
	if isMore {
		return &logstore.TooExpensiveError{IsPageTooLarge: true, Reason: fmt.Sprintf(
			"the records found take more than %d MiB of memory: ask for fewer at a time", q.gate.limits.MaxMemoryBytes>>20)}
	}
	return err
}

// take takes memory, unless it is more than the query may hold, or than all may.
func (q *query) take(bytes int64) (isMore bool, err error) {
	if q == nil {
		return false, nil
	}
	q.gate.mu.Lock()
	defer q.gate.mu.Unlock()
	limit := q.gate.limits.MaxMemoryBytes
	switch {
	case q.memory+bytes > limit:
		return true, nil
	case q.gate.memory+bytes > maxMemoryShares*limit:
		return false, tooManyQueries("those that are being answered take %d MiB of memory", q.gate.memory>>20)
	}
	q.memory += bytes
	q.gate.memory += bytes
	return false, nil
}
