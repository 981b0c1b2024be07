package journaled

import (
	"context"
	"errors"
	"sync"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// maxTailBytes bounds what waits in one tail, beside its number of records.
const maxTailBytes = 16 << 20

// tails are those who follow the records.
type tails struct {
	mu     sync.Mutex
	open   map[*tail]struct{}
	closed bool
}

// publish offers applied records to every tail. It never waits.
func (t *tails) publish(records []record.Record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for follower := range t.open {
		follower.offer(records)
	}
}

// close ends all tails.
func (t *tails) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for follower := range t.open {
		follower.end()
	}
	clear(t.open)
}

// tail is a logstore.Tail.
type tail struct {
	all       *tails
	projectID int64
	matcher   *filter.Matcher
	buffer    int

	mu      sync.Mutex
	waiting []record.Record
	bytes   int // of waiting
	dropped int64
	ended   bool
	// news is sent to, without waiting, when any of these changes.
	news chan struct{}
}

var (
	_ logstore.Tailer = (*Store)(nil)
	_ logstore.Tail   = (*tail)(nil)
)

// Tail implements logstore.Tailer. Records come when they are applied; those of a
// replay do not, as they were there before.
func (s *Store) Tail(projectID int64, expression filter.Expression, buffer int) (logstore.Tail, error) {
	if buffer < 1 {
		return nil, errors.New("a tail needs a buffer of at least one record")
	}
	matcher, err := filter.Compile(expression)
	if err != nil {
		return nil, err
	}
	follower := &tail{all: &s.tails, projectID: projectID, matcher: matcher, buffer: buffer, news: make(chan struct{}, 1)}
	s.tails.mu.Lock()
	defer s.tails.mu.Unlock()
	if s.tails.closed {
		return nil, logstore.ErrClosed
	}
	if s.tails.open == nil {
		s.tails.open = map[*tail]struct{}{}
	}
	s.tails.open[follower] = struct{}{}
	return follower, nil
}

// offer takes those of the records that the tail follows.
func (t *tail) offer(records []record.Record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	isNews := false
	for _, r := range records {
		if r.ProjectID() != t.projectID || !t.matcher.Matches(r) {
			continue
		}
		isNews = true
		size := logstore.ApproximateSize(r)
		if len(t.waiting) >= t.buffer || len(t.waiting) > 0 && t.bytes+size > maxTailBytes {
			t.dropped++
			continue
		}
		t.waiting = append(t.waiting, r)
		t.bytes += size
	}
	if isNews {
		t.wake()
	}
}

func (t *tail) wake() {
	select {
	case t.news <- struct{}{}:
	default: // whoever receives the last one will see this too
	}
}

// Next implements logstore.Tail.
func (t *tail) Next(ctx context.Context) (records []record.Record, dropped int64, err error) {
	for {
		t.mu.Lock()
		records, dropped, ended := t.waiting, t.dropped, t.ended
		t.waiting, t.bytes, t.dropped = nil, 0, 0
		t.mu.Unlock()
		switch {
		case len(records) > 0 || dropped > 0:
			return records, dropped, nil
		case ended:
			return nil, 0, logstore.ErrClosed
		}
		select {
		case <-t.news:
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		}
	}
}

// Close implements logstore.Tail.
func (t *tail) Close() {
	t.all.mu.Lock()
	delete(t.all.open, t)
	t.all.mu.Unlock()
	t.end()
}

// end lets Next return what waits, and then ErrClosed.
func (t *tail) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = true
	t.wake()
}
