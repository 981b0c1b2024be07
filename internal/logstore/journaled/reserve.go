package journaled

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/docketlog/docket/internal/logstore"
)

const (
	// DefaultReserveInterval is how often the free space is looked at.
	DefaultReserveInterval = time.Second

	// retryWhenNearlyFull is how soon a client may try again when the disk is
	// nearly full: somebody has to make room first.
	retryWhenNearlyFull = 30 * time.Second

	mebibyte = 1 << 20
)

// ErrNearlyFull is the reason for refusing records while less space is free than
// the reserve.
var ErrNearlyFull = errors.New("the disk is nearly full")

// Reserve keeps some of the disk free, because a disk that is full does harm: the
// embedded engine ends the process when it cannot write, and a journal that could
// not be written takes nothing until it is opened again.
//
// While less than Bytes is free, Append refuses records. Everything else goes on,
// and the reserve is what it goes on with:
//
//   - what was let in before the next look at the disk: one interval's records;
//   - the journal, which allocates its next segment as a whole;
//   - the applier, which brings what was acknowledged into the backend. It must:
//     only a checkpoint lets the journal delete segments. It makes one at the
//     latest when it has applied half a reserve, so that even records that do not
//     compress take no more than that before they give as much back;
//   - the backend's merges. They look at the free space themselves and do not
//     begin when their result would not fit, but one may take what is free for as
//     long as it runs.
//
// Records are taken again when a quarter more than Bytes is free, so that the
// store's own files, which come and go, do not make it change its mind all the
// time.
type Reserve struct {
	// Bytes is how much is kept free; 0 keeps nothing. Four journal segments are
	// the least that makes sense.
	Bytes int64
	// Directory is the backend's. The journal's is looked at as well, as it may be
	// on another disk; the smaller of the two counts.
	Directory string
	// FreeBytes returns how much this process may still write to the file system
	// that holds a directory. Nil means that nobody looks, and nothing is refused.
	FreeBytes func(ctx context.Context, directory string) (int64, error)
	// Interval is the time between two looks; 0 means DefaultReserveInterval.
	Interval time.Duration
}

// watcher looks at the disks for as long as the store is open.
type watcher struct {
	reserve     Reserve
	directories []string
	health      *health
	// finished is closed when run has returned.
	finished chan struct{}

	// free is what the last look found. nearlyFull is the answer for Append: nil
	// while records are taken. Only check writes them.
	free       atomic.Int64
	nearlyFull atomic.Pointer[error]
}

// newWatcher has looked at the disks once when it returns.
func newWatcher(ctx context.Context, reserve Reserve, journalDirectory string, h *health) *watcher {
	if reserve.Interval == 0 {
		reserve.Interval = DefaultReserveInterval
	}
	w := &watcher{
		reserve: reserve, directories: []string{journalDirectory, reserve.Directory}, health: h, finished: make(chan struct{}),
	}
	if reserve.FreeBytes != nil {
		w.check(ctx)
	}
	return w
}

// run is the watcher's goroutine.
func (w *watcher) run(ctx context.Context) {
	defer close(w.finished)
	if w.reserve.FreeBytes == nil {
		return
	}
	ticker := time.NewTicker(w.reserve.Interval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			w.check(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// check looks at the disks. When it cannot, it reports that and leaves everything
// as it is.
func (w *watcher) check(ctx context.Context) {
	directory, free, err := w.least(ctx)
	if ctx.Err() != nil {
		return
	}
	w.health.set(conditionSpaceUnknown, err)
	if err != nil {
		return
	}
	w.free.Store(free)
	needed := w.reserve.Bytes
	if w.nearlyFull.Load() != nil {
		needed += needed / 4
	}
	if free >= needed {
		w.nearlyFull.Store(nil)
		w.health.set(conditionNearlyFull, nil)
		return
	}
	err = fmt.Errorf("%w: %d MiB are free in %s, and records are refused until %d MiB are: free some space",
		ErrNearlyFull, free/mebibyte, directory, (w.reserve.Bytes+w.reserve.Bytes/4)/mebibyte)
	w.nearlyFull.Store(&err)
	w.health.set(conditionNearlyFull, err)
}

// least returns the directory with the least free space.
func (w *watcher) least(ctx context.Context) (directory string, free int64, err error) {
	for _, candidate := range w.directories {
		bytes, err := w.reserve.FreeBytes(ctx, candidate)
		if err != nil {
			return "", 0, fmt.Errorf("find out how much space is free in %s: %w", candidate, err)
		}
		if directory == "" || bytes < free {
			directory, free = candidate, bytes
		}
	}
	return directory, free, nil
}

// refusal is the error for Append, nil while there is room.
func (w *watcher) refusal() error {
	cause := w.nearlyFull.Load()
	if cause == nil {
		return nil
	}
	return &unavailable{
		UnavailableError: &logstore.UnavailableError{Reason: ErrNearlyFull.Error(), RetryAfter: retryWhenNearlyFull}, cause: *cause,
	}
}
