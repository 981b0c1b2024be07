package logsapiextension

import (
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/docketlog/docket/internal/tenant"
)

// throttle bounds how many requests a caller may make, whatever they ask for. A nil
// throttle admits everything.
type throttle struct {
	limit rate.Limit
	burst int

	mu sync.Mutex
	// callers has those who have lately made requests, by subjectOf. Whoever has not
	// for so long that the whole burst is theirs again is as one who never has, and is
	// forgotten in time; so there are at most about twice as many as are busy.
	callers map[string]*rate.Limiter
	// sweepAt is how many callers there are when the idle ones are looked for next.
	sweepAt int
}

// minSweep is the number of callers below which nobody is forgotten.
const minSweep = 1024

// newThrottle returns nil when the configuration has no limit.
func newThrottle(config RateLimitConfig) *throttle {
	if config.RequestsPerSecond == 0 {
		return nil
	}
	burst := config.Burst
	if burst == 0 {
		burst = int(math.Ceil(config.RequestsPerSecond))
	}
	return &throttle{
		limit: rate.Limit(config.RequestsPerSecond), burst: burst,
		callers: map[string]*rate.Limiter{}, sweepAt: minSweep,
	}
}

// admit counts a request of the caller, or returns the *problem that there were too
// many. Requests that are refused are not counted.
func (t *throttle) admit(caller *tenant.Identity, now time.Time) error {
	if t == nil {
		return nil
	}
	limiter := t.limiter(subjectOf(caller), now)
	if limiter.AllowN(now, 1) {
		return nil
	}
	missing := max(0, 1-limiter.TokensAt(now))
	return &problem{
		status: http.StatusTooManyRequests, code: codeThrottled,
		detail: fmt.Sprintf("The key makes more requests than the %g a second that are allowed. Please slow down, or ask for a higher "+
			"rate_limit::requests_per_second.", float64(t.limit)),
		retryAfter: max(time.Millisecond, time.Duration(missing/float64(t.limit)*float64(time.Second))),
	}
}

func (t *throttle) limiter(subject string, now time.Time) *rate.Limiter {
	t.mu.Lock()
	defer t.mu.Unlock()
	if known, ok := t.callers[subject]; ok {
		return known
	}
	if len(t.callers) >= t.sweepAt {
		t.sweep(now)
	}
	made := rate.NewLimiter(t.limit, t.burst)
	t.callers[subject] = made
	return made
}

// sweep forgets the idle callers. Called with mu held.
func (t *throttle) sweep(now time.Time) {
	for subject, limiter := range t.callers {
		if limiter.TokensAt(now) >= float64(t.burst) {
			delete(t.callers, subject)
		}
	}
	t.sweepAt = max(minSweep, 2*len(t.callers))
}

// authenticate returns whom credentials belong to, unless they are used too often.
func (e *endpoints) authenticate(r *http.Request, credentials tenant.Credentials) (*tenant.Identity, error) {
	caller, err := e.directory.Authenticate(r.Context(), credentials)
	if err != nil {
		e.noteFailedSignIn(r, err)
		return nil, err
	}
	return caller, e.throttle.admit(caller, time.Now())
}
