package logsapiextension

import (
	"sync"
	"time"
)

// explanationWindows are how many explanations a key may ask a model for in a time, as
// PostHog limits them.
var explanationWindows = [...]struct { //nolint:gochecknoglobals // a constant
	span  time.Duration
	count int
}{{time.Minute, 50}, {time.Hour, 200}, {24 * time.Hour, 500}}

// explanationLimit counts explanations by key. It keeps the times of those of a day: at
// most 500 for a key, and so at most some kilobytes.
type explanationLimit struct {
	mu    sync.Mutex
	times map[string][]time.Time // the oldest first
}

func newExplanationLimit() *explanationLimit {
	return &explanationLimit{times: map[string][]time.Time{}}
}

// take counts one more, or returns a problem that says when there may be one.
func (l *explanationLimit) take(name string, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget(now)
	times := l.times[name]
	var wait time.Duration
	for _, window := range explanationWindows {
		if len(times) < window.count {
			continue
		}
		oldest := times[len(times)-window.count]
		wait = max(wait, oldest.Add(window.span).Sub(now))
	}
	if wait > 0 {
		return throttled(wait)
	}
	l.times[name] = append(times, now)
	return nil
}

// forget drops what no window sees any more.
func (l *explanationLimit) forget(now time.Time) {
	longest := explanationWindows[len(explanationWindows)-1].span
	for name, times := range l.times {
		for len(times) > 0 && now.Sub(times[0]) >= longest {
			times = times[1:]
		}
		if l.times[name] = times; len(times) == 0 {
			delete(l.times, name)
		}
	}
}
