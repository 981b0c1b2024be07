package bench

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What the load says was answered is what the server has seen, each body once.
func TestLoadCountsEveryAnswer(t *testing.T) {
	var bodies sync.Map
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		assert.Equal(t, "yes", r.Header.Get("X-Asked"))
		_, repeated := bodies.LoadOrStore(string(body), true)
		assert.False(t, repeated, "%s", body)
		_, _ = io.WriteString(w, "taken")
	}))
	defer server.Close()
	load := &Load{
		Address: server.Listener.Addr().String(), Path: "/", Headers: "X-Asked: yes\r\n",
		Body: `{"n": "` + sequenceMark + `"}`, Connections: 4,
	}
	answered, took, err := load.Run(t.Context(), 100*time.Millisecond)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, took, 100*time.Millisecond)
	seen := int64(0)
	bodies.Range(func(any, any) bool { seen++; return true })
	assert.Positive(t, answered)
	assert.Equal(t, seen, answered)
}

func TestLoadStopsAtARefusal(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "come back later", http.StatusServiceUnavailable)
	}))
	defer server.Close()
	load := &Load{Address: server.Listener.Addr().String(), Path: "/", Body: "{}", Connections: 1}
	_, _, err := load.Run(t.Context(), 10*time.Second)
	require.ErrorContains(t, err, "503 Service Unavailable")
	assert.ErrorContains(t, err, "come back later")
}

func TestBodyIsAnEventOfItsSize(t *testing.T) {
	assert.True(t, json.Valid([]byte(body())))
	assert.Len(t, body(), bodyBytes)
	assert.Contains(t, body(), sequenceMark)
}
