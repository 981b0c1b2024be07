package bench

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// The engine of the embedded store has goroutines as soon as it is loaded.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreCurrent(), goleak.IgnoreAnyFunction("github.com/VictoriaMetrics/metrics.summariesSwapCron"))
}

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
		Body: `{"n": "` + sequenceMark + `"}`,
	}
	result, err := load.Run(t.Context(), 4, 100*time.Millisecond)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, result.Took, 100*time.Millisecond)
	seen := int64(0)
	bodies.Range(func(any, any) bool { seen++; return true })
	assert.Positive(t, result.Answered)
	assert.Equal(t, seen, result.Answered)
	assert.Equal(t, seen, load.sequence.Load())
	assert.InDelta(t, float64(seen), result.Rate()*result.Took.Seconds(), 0.5)
}

// A server that is slow for one request in ten is so in the tail, not in the middle.
func TestLoadMeasuresLatency(t *testing.T) {
	const slow = 30 * time.Millisecond
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if requests.Add(1)%10 == 0 {
			time.Sleep(slow)
		}
		_, _ = io.WriteString(w, "taken")
	}))
	defer server.Close()
	load := &Load{Address: server.Listener.Addr().String(), Path: "/", Body: "{}"}
	result, err := load.Run(t.Context(), 1, 500*time.Millisecond)
	require.NoError(t, err)
	assert.Less(t, result.Latency(0.5), slow)
	assert.GreaterOrEqual(t, result.Latency(0.99), slow)
	assert.LessOrEqual(t, result.Latency(0), result.Latency(0.5))
	assert.LessOrEqual(t, result.Latency(1), result.Took)
}

func TestLoadStopsAtARefusal(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "come back later", http.StatusServiceUnavailable)
	}))
	defer server.Close()
	load := &Load{Address: server.Listener.Addr().String(), Path: "/", Body: "{}"}
	_, err := load.Run(t.Context(), 1, 10*time.Second)
	require.ErrorContains(t, err, "503 Service Unavailable")
	assert.ErrorContains(t, err, "come back later")
}

func TestBodyIsAnEventOfItsSize(t *testing.T) {
	assert.True(t, json.Valid([]byte(body())))
	assert.Len(t, body(), bodyBytes)
	assert.Contains(t, body(), sequenceMark)
}

// The audit finds a record's number in its message.
func TestNumberOfAMessage(t *testing.T) {
	message := []byte(messageStart + sequenceMark + messageEnd)
	putDigits(message[len(messageStart):len(messageStart)+len(sequenceMark)], 1009)
	assert.EqualValues(t, 1009, numberOf(string(message)))
	assert.Contains(t, body(), messageStart+sequenceMark+messageEnd)
	for _, other := range []string{"", messageStart + messageEnd, "Order 12 was paid"} {
		assert.EqualValues(t, -1, numberOf(other), other)
	}
}

func TestSpreadIsMedianLeastAndMost(t *testing.T) {
	assert.Equal(t, spread{least: 1, median: 3, most: 9}, newSpread([]float64{9, 1, 3}))
}

func TestAimIsSaidPlainly(t *testing.T) {
	assert.Equal(t, "docket/bare at least 0.6: NOT MET, it is 0.594", aim("docket/bare", 0.594, 0.6))
	assert.Equal(t, "docket/bare at least 0.6: MET, it is 0.600", aim("docket/bare", 0.6, 0.6))
}
