package logsapiextension

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// healthFunc is a healthReporter.
type healthFunc func() error

func (f healthFunc) Health(context.Context) error { return f() }

func TestHealth(t *testing.T) {
	var trouble error
	s := newServerWithHealth(t, nil, healthFunc(func() error { return trouble }))

	assert.Equal(t, "the pipelines are not running", assertStatusError(t, s.get("/healthz", ""), http.StatusServiceUnavailable))

	require.NoError(t, s.api.Ready())
	answer := s.get("/healthz", "")
	assert.Equal(t, http.StatusOK, answer.status)
	assert.JSONEq(t, `{"status":"ok"}`, answer.body)

	trouble = errors.New("the disk is full")
	assert.Equal(t, "the disk is full", assertStatusError(t, s.get("/healthz", ""), http.StatusServiceUnavailable))

	trouble = nil
	assert.Equal(t, http.StatusOK, s.get("/healthz/", "").status)
	require.NoError(t, s.api.NotReady())
	assertStatusError(t, s.get("/healthz", ""), http.StatusServiceUnavailable)
}

func TestVersion(t *testing.T) {
	answer := newServer(t, nil).get("/version", "")
	assert.Equal(t, http.StatusOK, answer.status)
	assert.JSONEq(t, `{"name":"docket","version":"1.2.3","go":"`+runtime.Version()+`"}`, answer.body)
}
