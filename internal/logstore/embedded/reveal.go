package embedded

import (
	"context"
	"sync/atomic"
	"time"
)

const (
	// revealRest is how many times as long as it took the engine rests after it has made
	// rows findable, so that this takes a tenth of a processor, however many ask.
	revealRest = 9
	// longestRevealRest bounds that rest, and with it how long a query may wait.
	longestRevealRest = 100 * time.Millisecond
)

// revealer makes rows findable when somebody looks. The engine keeps new ones aside for up
// to a second, as it writes many at once for less; that is for those who do not look.
type revealer struct {
	// flush makes all rows findable that were added before. For a few records, and with
	// the folders of a month, it takes about a millisecond.
	flush func()
	// isHiding is true when rows were added since the last flush.
	isHiding atomic.Bool
	// turn is held by who flushes.
	turn semaphore
	// next is when flush may be called again. It belongs to turn.
	next time.Time
}

func newRevealer(flush func()) *revealer {
	return &revealer{flush: flush, turn: make(semaphore, 1)}
}

// hide notes that rows were added.
func (r *revealer) hide() { r.isHiding.Store(true) }

// reveal makes the rows findable that were added before. Queries that come together share
// one flush.
func (r *revealer) reveal(ctx context.Context) error {
	if !r.isHiding.Load() {
		return nil
	}
	if err := r.turn.acquire(ctx); err != nil {
		return err
	}
	defer r.turn.release()
	if !r.isHiding.Load() {
		return nil
	}
	if err := sleep(ctx, time.Until(r.next)); err != nil {
		return err
	}
	// Before the flush, so that what is added meanwhile is noted.
	r.isHiding.Store(false)
	begun := time.Now()
	r.flush()
	ended := time.Now()
	r.next = ended.Add(min(revealRest*ended.Sub(begun), longestRevealRest))
	return nil
}

// sleep returns after the duration, or when ctx ends, with its error.
func sleep(ctx context.Context, duration time.Duration) error {
	if duration <= 0 {
		return nil
	}
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
