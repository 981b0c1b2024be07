package journaled

import (
	"context"
	"sync"
	"time"
)

// maxFindableWait bounds how long a search waits for what was acknowledged before it: one
// that comes while records come faster than they can be applied is answered all the same.
const maxFindableWait = 100 * time.Millisecond

// progress lets searches wait for the applier, and the applier know of it.
type progress struct {
	// awaited has an element while somebody waits whom the applier has not noticed.
	awaited chan struct{}

	mu sync.Mutex
	// next is closed, and another one, each time that entries were applied. It belongs
	// to mu.
	next chan struct{}
}

func newProgress() *progress {
	return &progress{awaited: make(chan struct{}, 1), next: make(chan struct{})}
}

// made is called when entries were applied.
func (p *progress) made() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.next)
	p.next = make(chan struct{})
}

// wait returns when isReached does, which is asked after each progress, or when ctx ends.
func (p *progress) wait(ctx context.Context, isReached func() bool) {
	for {
		p.mu.Lock()
		next := p.next
		p.mu.Unlock()
		if isReached() {
			return
		}
		select {
		case p.awaited <- struct{}{}:
		default:
		}
		select {
		case <-next:
		case <-ctx.Done():
			return
		}
	}
}

// sleepUnlessAwaited returns after the duration, when ctx ends, or when somebody waits.
func (p *progress) sleepUnlessAwaited(ctx context.Context, duration time.Duration) {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.awaited:
	case <-ctx.Done():
	}
}

// awaitAcknowledged waits until the backend has what was acknowledged before the call, so
// that who got an answer finds the records; but not for a backend that is more than a batch
// behind, and never for longer than maxFindableWait.
func (a *applier) awaitAcknowledged(ctx context.Context) {
	last := a.journal.LastIndex()
	isApplied := func() bool { return a.applied.Load() >= last }
	if isApplied() || a.waiting.Load() > maxBatchRecords {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, maxFindableWait)
	defer cancel()
	a.progress.wait(ctx, isApplied)
}
