package logsapiextension

import (
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/tenant"
)

func TestThrottle(t *testing.T) {
	limit := newThrottle(RateLimitConfig{RequestsPerSecond: 2, Burst: 3})
	now := time.Unix(1_800_000_000, 0)
	one, two := &tenant.Identity{KeyID: "1"}, &tenant.Identity{KeyID: "2"}
	for range 3 {
		require.NoError(t, limit.admit(one, now))
	}
	for range 2 { // what is refused costs nothing
		var refused *problem
		require.ErrorAs(t, limit.admit(one, now), &refused)
		assert.Equal(t, http.StatusTooManyRequests, refused.status)
		assert.Equal(t, 500*time.Millisecond, refused.retryAfter)
	}
	require.NoError(t, limit.admit(two, now), "each key has its own limit")
	require.NoError(t, limit.admit(&tenant.Identity{Admin: true}, now))

	require.Error(t, limit.admit(one, now.Add(499*time.Millisecond)))
	require.NoError(t, limit.admit(one, now.Add(500*time.Millisecond)), "after Retry-After it is admitted")
	require.Error(t, limit.admit(one, now.Add(501*time.Millisecond)))
	for range 3 {
		require.NoError(t, limit.admit(one, now.Add(time.Minute)), "the burst has come back")
	}
	require.Error(t, limit.admit(one, now.Add(time.Minute)))
}

func TestThrottleDefaults(t *testing.T) {
	require.Nil(t, newThrottle(RateLimitConfig{Burst: 5}))
	require.NoError(t, (*throttle)(nil).admit(&tenant.Identity{}, time.Now()))
	for rate, burst := range map[float64]int{0.1: 1, 1: 1, 2.5: 3, 100: 100} {
		require.Equal(t, burst, newThrottle(RateLimitConfig{RequestsPerSecond: rate}).burst)
	}
}

// However many keys there are, only the busy ones are remembered.
func TestThrottleForgetsIdleCallers(t *testing.T) {
	limit := newThrottle(RateLimitConfig{RequestsPerSecond: 1, Burst: 2})
	now := time.Unix(1_800_000_000, 0)
	busy := &tenant.Identity{KeyID: "busy"}
	for n := range 100_000 {
		now = now.Add(10 * time.Millisecond)
		require.NoError(t, limit.admit(&tenant.Identity{KeyID: strconv.Itoa(n)}, now))
		_ = limit.admit(busy, now)
		require.LessOrEqual(t, len(limit.callers), minSweep)
	}
	require.Error(t, limit.admit(busy, now), "a busy one stays throttled")
}

func TestThrottleAtTheSameTime(t *testing.T) {
	limit := newThrottle(RateLimitConfig{RequestsPerSecond: 1, Burst: 50})
	now := time.Now()
	var admitted atomic.Int64
	var asking sync.WaitGroup
	for range 8 {
		asking.Go(func() {
			for range 100 {
				if limit.admit(&tenant.Identity{KeyID: "1"}, now) == nil {
					admitted.Add(1)
				}
			}
		})
	}
	asking.Wait()
	require.Equal(t, int64(50), admitted.Load())
}

// Every guarded route counts, and refuses in its own shape.
func TestThrottledRequests(t *testing.T) {
	s := newServer(t, func(config *Config) { config.RateLimit = RateLimitConfig{RequestsPerSecond: 0.1, Burst: 2} })
	require.NoError(t, s.api.Ready())
	for _, path := range []string{"/api/users/@me/", "/api/projects/2/"} { // a refusal counts, too
		require.NotEqual(t, http.StatusTooManyRequests, s.get(path, readerToken).status)
	}
	throttled := s.get("/api/projects/1/", readerToken)
	assertPostHogError(t, throttled, 429, "throttled_error", "throttled", "")
	seconds, err := strconv.Atoi(throttled.header.Get("Retry-After"))
	require.NoError(t, err)
	assert.InDelta(t, 9, seconds, 1)

	assertPostHogError(t, s.do(request{method: http.MethodPost, path: "/api/projects/1/logs/views/", token: readerToken, body: "{"}),
		429, "throttled_error", "throttled", "")
	assertPostHogError(t, s.do(request{method: http.MethodPost, path: "/api/projects/1/logs/count", token: readerToken, body: "{}"}),
		429, "throttled_error", "throttled", "")
	assertStatusError(t, s.get("/logs", readerToken), http.StatusTooManyRequests)
	events := s.do(request{path: "/v1/events", header: map[string]string{"token": readerToken, "organization": "default"}})
	assert.Equal(t, http.StatusTooManyRequests, events.status, events.body)
	assert.NotEmpty(t, events.header.Get("Retry-After"))

	assert.Equal(t, http.StatusOK, s.get("/api/projects/1/", writerToken).status, "another key")
	assertPostHogError(t, s.get("/api/projects/1/", "nobody"), 401, "authentication_error", "authentication_failed", "")
	for range 5 {
		assert.Equal(t, http.StatusOK, s.get("/healthz", "").status, "what needs no key has no limit")
	}
}
