package idempotency

import (
	"context"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Settings bound what a Memory keeps. All must be positive.
type Settings struct {
	// Lifetime is how long an answer is kept.
	Lifetime time.Duration
	// MaxAnswers and MaxBytes bound the number of answers and the sum of their
	// bodies. Beyond them, the answers that were not asked for the longest are
	// forgotten: a repetition of their request is then a new request.
	MaxAnswers int
	MaxBytes   int
}

// DefaultSettings keep answers for a day, in at most about 100 MiB.
func DefaultSettings() Settings {
	return Settings{Lifetime: 24 * time.Hour, MaxAnswers: 100_000, MaxBytes: 64 << 20}
}

// Memory is an Answers that forgets everything at a restart. It has no goroutine
// and no timer: expired answers go when they are asked for or pushed out.
type Memory struct {
	settings Settings
	now      func() time.Time

	// mu guards the fields below and is never held while a request runs. A key is
	// in running or in kept, or in neither, but never in both.
	mu      sync.Mutex
	running map[Key]*call
	kept    *simplelru.LRU[Key, entry]
	bytes   int // the sum of the kept bodies
}

var _ Answers = (*Memory)(nil)

// call is a request at work. Its answer may be read once done is closed.
type call struct {
	digest Digest
	done   chan struct{}
	answer Answer
	keep   bool
}

type entry struct {
	digest  Digest
	answer  Answer
	expires time.Time
}

// NewMemory returns an empty Memory. Now is the clock. It fails on settings that
// are not positive.
func NewMemory(settings Settings, now func() time.Time) (*Memory, error) {
	m := &Memory{settings: settings, now: now, running: map[Key]*call{}}
	kept, err := simplelru.NewLRU(settings.MaxAnswers, func(_ Key, gone entry) { m.bytes -= len(gone.answer.Body) })
	if err != nil {
		return nil, err
	}
	m.kept = kept
	return m, nil
}

// Do implements Answers.
func (m *Memory) Do(ctx context.Context, key Key, digest Digest, run func() (Answer, bool)) (Answer, error) {
	for {
		answer, other, own, err := m.begin(key, digest)
		switch {
		case err != nil:
			return Answer{}, err
		case own != nil:
			return m.finish(key, own, run), nil
		case other == nil:
			return answer, nil
		}
		select {
		case <-other.done:
			if other.keep {
				return other.answer, nil
			}
			// The other request stored nothing: this one is now as good as the first.
		case <-ctx.Done():
			return Answer{}, ctx.Err()
		}
	}
}

// begin returns the kept answer, or else another call that is at work on it, or
// else a new call that the caller must finish.
func (m *Memory) begin(key Key, digest Digest) (answer Answer, other, own *call, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if other = m.running[key]; other != nil {
		if other.digest != digest {
			return Answer{}, nil, nil, ErrReused
		}
		return Answer{}, other, nil, nil
	}
	if found, ok := m.kept.Get(key); ok {
		switch {
		case !m.now().Before(found.expires):
			m.kept.Remove(key)
		case found.digest != digest:
			return Answer{}, nil, nil, ErrReused
		default:
			return found.answer, nil, nil, nil
		}
	}
	own = &call{digest: digest, done: make(chan struct{})}
	m.running[key] = own
	return Answer{}, nil, own, nil
}

// finish runs the request and hands its answer to those who wait, also when it
// panics: then they find that nothing was kept.
func (m *Memory) finish(key Key, own *call, run func() (Answer, bool)) Answer {
	defer func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.running, key)
		if own.keep {
			m.keepAnswer(key, own)
		}
		close(own.done)
	}()
	own.answer, own.keep = run()
	return own.answer
}

// keepAnswer needs mu. The newest answer may be pushed out at once, when it alone
// is over the limit.
func (m *Memory) keepAnswer(key Key, done *call) {
	m.kept.Add(key, entry{digest: done.digest, answer: done.answer, expires: m.now().Add(m.settings.Lifetime)})
	m.bytes += len(done.answer.Body)
	for m.bytes > m.settings.MaxBytes {
		m.kept.RemoveOldest()
	}
}
