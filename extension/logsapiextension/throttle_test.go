package logsapiextension

import (
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/ratelimit"
)

// Every guarded route counts, and refuses in its own shape.
func TestThrottledRequests(t *testing.T) {
	s := newServer(t, func(config *Config) { config.RateLimit = ratelimit.Config{RequestsPerSecond: 0.1, Burst: 2} })
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
