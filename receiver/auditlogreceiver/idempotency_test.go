package auditlogreceiver

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestIdempotencyKey(t *testing.T) {
	for _, format := range formats {
		t.Run(format.name, func(t *testing.T) {
			server := startWithKeys(t)
			headers := append([]string{"Idempotency-Key", "key-1"}, format.headers...)
			first := server.post(format.path, format.good, headers...)
			require.Equal(t, http.StatusOK, first.status, first.body)
			second := server.post(format.path, format.good, headers...)
			assert.Equal(t, first.status, second.status)
			assert.Equal(t, first.body, second.body)
			assert.Equal(t, first.header.Get("Content-Type"), second.header.Get("Content-Type"))
			assert.Equal(t, 1, server.pipeline.callCount())

			other := strings.TrimSuffix(format.good, "}") + `,"x":1}`
			got := server.post(format.path, other, headers...)
			assert.Equal(t, http.StatusUnprocessableEntity, got.status)
			_, fields := messageOf(t, format.name, got)
			assert.Equal(t, []string{"Idempotency-Key"}, fields)
			assert.Equal(t, 1, server.pipeline.callCount())

			headers[1] = "key-2"
			assert.Equal(t, http.StatusOK, server.post(format.path, other, headers...).status)
			assert.Equal(t, 2, server.pipeline.callCount())
		})
	}
}

// TestIdempotencyKeyOnAnotherPath: a key belongs to the project, whatever the path.
func TestIdempotencyKeyOnAnotherPath(t *testing.T) {
	server := start(t, nil)
	first := server.post(pathLogSentry, goodLogSentry, "Idempotency-Key", "k")
	assert.Equal(t, first.body, server.post("/api/v1/event", goodLogSentry, "Idempotency-Key", "k").body)
	got := server.post(pathCodeMash, `{"message":"m"}`, "Idempotency-Key", "k", "X-CM-ProjectId", "1")
	assert.Equal(t, http.StatusUnprocessableEntity, got.status)
	// The same body as another format is another request.
	const both = `{"msg":"m","message":"m"}`
	require.Equal(t, http.StatusOK, server.post(pathLogSentry, both, "Idempotency-Key", "both").status)
	got = server.post(pathCodeMash, both, "Idempotency-Key", "both", "X-CM-ProjectId", "1")
	assert.Equal(t, http.StatusUnprocessableEntity, got.status)
	assert.Equal(t, 2, server.pipeline.callCount())
}

// TestIdempotencyKeyAfterDecompression: a client may compress its second attempt.
func TestIdempotencyKeyAfterDecompression(t *testing.T) {
	server := start(t, nil)
	first := server.post(pathLogSentry, goodLogSentry, "Idempotency-Key", "k")
	second := server.post(pathLogSentry, string(compress(t, "gzip", []byte(goodLogSentry))), "Idempotency-Key", "k", "Content-Encoding", "gzip")
	assert.Equal(t, first.body, second.body)
	assert.Equal(t, 1, server.pipeline.callCount())
}

// TestIdempotencyKeyOfProjects: each project has its own keys.
func TestIdempotencyKeyOfProjects(t *testing.T) {
	server := startWithKeys(t)
	for _, project := range []string{"7", "8"} {
		got := server.post(pathCodeMash, goodCodeMash,
			"Idempotency-Key", "k", "Authorization", "Bearer several", "X-CM-ProjectId", project)
		assert.Equal(t, http.StatusOK, got.status, got.body)
	}
	assert.Equal(t, 2, server.pipeline.callCount())
}

func TestIdempotencyKeyInvalid(t *testing.T) {
	for _, format := range formats {
		server := start(t, nil)
		for _, key := range []string{strings.Repeat("k", 256), "a\tb", "ü"} {
			got := server.post(format.path, format.good, append([]string{"Idempotency-Key", key}, format.headers...)...)
			assert.Equal(t, http.StatusBadRequest, got.status, key)
			_, fields := messageOf(t, format.name, got)
			assert.Equal(t, []string{"Idempotency-Key"}, fields)
		}
		got := server.post(format.path, format.good, append([]string{"Idempotency-Key", strings.Repeat("k", 255)}, format.headers...)...)
		assert.Equal(t, http.StatusOK, got.status)
	}
}

// TestIdempotencyKeyAfterFailure: an attempt that stored nothing is forgotten.
func TestIdempotencyKeyAfterFailure(t *testing.T) {
	server := start(t, nil)
	server.pipeline.refuseWith(errors.New("full"))
	got := server.post(pathLogSentry, goodLogSentry, "Idempotency-Key", "k")
	assert.Equal(t, http.StatusServiceUnavailable, got.status)
	server.pipeline.refuseWith(nil)
	assert.Equal(t, http.StatusOK, server.post(pathLogSentry, goodLogSentry, "Idempotency-Key", "k").status)
	assert.Len(t, server.pipeline.AllLogs(), 1)
}

// TestIdempotencyKeyOfPartOfABulk: what stored something is kept, also as a 400.
func TestIdempotencyKeyOfPartOfABulk(t *testing.T) {
	server := start(t, nil)
	const body = `[{"msg":"a"},{}]`
	first := server.post(pathLogSentry, body, "Idempotency-Key", "k")
	require.Equal(t, http.StatusBadRequest, first.status)
	second := server.post(pathLogSentry, body, "Idempotency-Key", "k")
	assert.Equal(t, first.body, second.body)
	assert.Equal(t, 1, server.pipeline.callCount())
}

// TestIdempotencyKeyAtOnce: of equal requests at the same time, one is stored.
func TestIdempotencyKeyAtOnce(t *testing.T) {
	server := start(t, nil)
	const requests = 8
	var once sync.Once
	started, release := make(chan struct{}), make(chan struct{})
	server.pipeline.before = func() {
		once.Do(func() { close(started) })
		<-release
	}
	answers := make([]answer, requests)
	var running sync.WaitGroup
	for i := range answers {
		running.Go(func() { answers[i] = server.post(pathLogSentry, goodLogSentry, "Idempotency-Key", "k") })
	}
	<-started
	got := server.post(pathLogSentry, `{"msg":"other"}`, "Idempotency-Key", "k")
	assert.Equal(t, http.StatusUnprocessableEntity, got.status)
	close(release)
	running.Wait()
	for _, a := range answers {
		assert.Equal(t, http.StatusOK, a.status)
		assert.Equal(t, answers[0].body, a.body)
	}
	assert.Equal(t, 1, server.pipeline.callCount())
}
