package idempotency

import (
	"context"
	"slices"
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

// Memory keeps answers and forgets everything at a restart. It has no goroutine
// and no timer: expired answers go when they are asked for or pushed out.
type Memory struct {
	settings Settings
	now      func() time.Time

	// mu guards the fields below and is never held while a request runs. A key is
	// in running or in kept, or in neither, but never in both. A request with
	// several projects has a key in each, and runs in all of them or in none.
	mu      sync.Mutex
	running map[key]*call
	kept    *simplelru.LRU[key, *call]
	bytes   int // the sum of the kept bodies, each as often as it is kept
}

// key is a request's key in one project.
type key struct {
	project int64
	value   string
}

// call is a request at work, or its answer. That may be read once done is closed.
type call struct {
	request Request
	done    chan struct{}
	answer  Answer
	keep    bool
	expires time.Time
}

// NewMemory returns an empty Memory. Now is the clock. It fails on settings that
// are not positive.
func NewMemory(settings Settings, now func() time.Time) (*Memory, error) {
	m := &Memory{settings: settings, now: now, running: map[key]*call{}}
	kept, err := simplelru.NewLRU(settings.MaxAnswers, func(_ key, gone *call) { m.bytes -= len(gone.answer.Body) })
	if err != nil {
		return nil, err
	}
	m.kept = kept
	return m, nil
}

// Do returns the answer of an earlier call with an equal request. If there is none,
// it calls run, in the same goroutine, and keeps its answer if run says so; no
// other call runs with the key in one of the projects before run has returned. The
// error is ErrReused, or that of ctx when it ended while the call waited for
// another one. Ctx does not end run.
func (m *Memory) Do(ctx context.Context, request Request, run func() (answer Answer, keep bool)) (Answer, error) {
	for {
		earlier, own, err := m.begin(request)
		switch {
		case err != nil:
			return Answer{}, err
		case own != nil:
			return m.finish(own, run), nil
		}
		select {
		case <-earlier.done:
			if earlier.keep && slices.Equal(earlier.request.Projects, request.Projects) {
				return earlier.answer, nil
			}
			// The other request stored nothing: this one is now as good as the first.
			// Or it had other projects, and what that means is for begin to tell.
		case <-ctx.Done():
			return Answer{}, ctx.Err()
		}
	}
}

// begin returns an equal call that has an answer or is at work on it, or else a new
// call that the caller must finish.
func (m *Memory) begin(request Request) (earlier, own *call, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, project := range request.Projects {
		other := m.find(key{project, request.Key})
		switch {
		case other == nil:
		case other.request.Digest != request.Digest:
			return nil, nil, ErrReused
		case other.keep && !slices.Equal(other.request.Projects, request.Projects):
			// Whoever sends this body now may write to other projects than whoever sent
			// it before, and so must get another answer.
			return nil, nil, ErrReused
		default:
			earlier = other
		}
	}
	if earlier != nil {
		return earlier, nil, nil
	}
	own = &call{request: request, done: make(chan struct{})}
	for _, project := range request.Projects {
		m.running[key{project, request.Key}] = own
	}
	return nil, own, nil
}

// find needs mu.
func (m *Memory) find(k key) *call {
	if running := m.running[k]; running != nil {
		return running
	}
	kept, ok := m.kept.Get(k)
	if !ok {
		return nil
	}
	if !m.now().Before(kept.expires) {
		m.kept.Remove(k)
		return nil
	}
	return kept
}

// finish runs the request and hands its answer to those who wait, also when it
// panics: then they find that nothing was kept.
func (m *Memory) finish(own *call, run func() (Answer, bool)) Answer {
	var answer Answer
	keep := false
	defer func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		own.answer, own.keep, own.expires = answer, keep, m.now().Add(m.settings.Lifetime)
		for _, project := range own.request.Projects {
			k := key{project, own.request.Key}
			delete(m.running, k)
			if keep {
				m.keepAnswer(k, own)
			}
		}
		close(own.done)
	}()
	answer, keep = run()
	return answer
}

// keepAnswer needs mu. The newest answer may be pushed out at once, when it alone
// is over the limit.
func (m *Memory) keepAnswer(k key, done *call) {
	m.kept.Add(k, done)
	m.bytes += len(done.answer.Body)
	for m.bytes > m.settings.MaxBytes {
		m.kept.RemoveOldest()
	}
}
