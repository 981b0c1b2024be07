package ratelimit

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limiter counts requests by caller. A nil Limiter admits everything. It is safe for
// concurrent use.
type Limiter struct {
	limit rate.Limit
	burst int

	mu sync.Mutex
	// callers has the bucket of each who may not have a full one.
	callers map[string]*rate.Limiter
	// sweepAt is how many callers there are when those with a full bucket are looked for
	// next.
	sweepAt int
}

// minSweep is the number of callers below which nobody is forgotten.
const minSweep = 1024

// New returns a limiter; nil when the configuration has no limit.
func New(config Config) *Limiter {
	if config.RequestsPerSecond == 0 {
		return nil
	}
	burst := config.Burst
	if burst == 0 {
		burst = int(math.Ceil(config.RequestsPerSecond))
	}
	return &Limiter{
		limit: rate.Limit(config.RequestsPerSecond), burst: burst,
		callers: map[string]*rate.Limiter{}, sweepAt: minSweep,
	}
}

// Admit counts a request of a caller and returns 0; or, when there were too many, how long
// the caller has to wait. What is refused is not counted, so that somebody who keeps asking
// is admitted as often as somebody who waits.
func (l *Limiter) Admit(caller string, now time.Time) (wait time.Duration) {
	if l == nil {
		return 0
	}
	bucket := l.bucketOf(caller, now)
	if bucket.AllowN(now, 1) {
		return 0
	}
	missing := max(0, 1-bucket.TokensAt(now))
	return max(time.Millisecond, time.Duration(missing/float64(l.limit)*float64(time.Second)))
}

// RequestsPerSecond is the limit; 0 is none.
func (l *Limiter) RequestsPerSecond() float64 {
	if l == nil {
		return 0
	}
	return float64(l.limit)
}

func (l *Limiter) bucketOf(caller string, now time.Time) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known, ok := l.callers[caller]; ok {
		return known
	}
	if len(l.callers) >= l.sweepAt {
		l.sweep(now)
	}
	made := rate.NewLimiter(l.limit, l.burst)
	l.callers[caller] = made
	return made
}

// sweep forgets the callers whose bucket is full. Called with mu held.
func (l *Limiter) sweep(now time.Time) {
	for caller, bucket := range l.callers {
		if bucket.TokensAt(now) >= float64(l.burst) {
			delete(l.callers, caller)
		}
	}
	l.sweepAt = max(minSweep, 2*len(l.callers))
}
