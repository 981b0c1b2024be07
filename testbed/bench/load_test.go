package bench

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
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
		Bodies: []string{`{"n": "` + sequenceMark + `"}`},
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
	load := &Load{Address: server.Listener.Addr().String(), Path: "/", Bodies: []string{"{}"}}
	result, err := load.Run(t.Context(), 1, 500*time.Millisecond)
	require.NoError(t, err)
	assert.Less(t, result.Latency(0.5), slow)
	assert.GreaterOrEqual(t, result.Latency(0.99), slow)
	assert.LessOrEqual(t, result.Latency(0), result.Latency(0.5))
	assert.LessOrEqual(t, result.Latency(1), result.Took)
}

func TestLoadStopsAtAFailure(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "the disk is gone", http.StatusInternalServerError)
	}))
	defer server.Close()
	load := &Load{Address: server.Listener.Addr().String(), Path: "/", Bodies: []string{"{}"}}
	_, err := load.Run(t.Context(), 1, 10*time.Second)
	require.ErrorContains(t, err, "500 Internal Server Error")
	assert.ErrorContains(t, err, "the disk is gone")
}

// A request that is refused for now is sent again as it was, and counts once.
func TestLoadRepeatsWhatIsRefused(t *testing.T) {
	var bodies []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		bodies = append(bodies, string(body)) // one connection, so one at a time
		if len(bodies) == 1 {
			http.Error(w, "come back later", http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	load := &Load{Address: server.Listener.Addr().String(), Path: "/", Bodies: []string{sequenceMark}, AtMost: 2}
	result, err := load.Run(t.Context(), 1, 10*time.Second)
	require.NoError(t, err)
	assert.EqualValues(t, 2, result.Answered)
	assert.EqualValues(t, 1, result.Refused)
	assert.Equal(t, []string{"0000000000000001", "0000000000000001", "0000000000000002"}, bodies)
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

// Each record of a request has a number of its own, and the time at which it was sent, in
// both forms.
func TestLoadFillsMarks(t *testing.T) {
	nanoseconds := binary.LittleEndian.AppendUint64(nil, nanosecondMark)
	load := &Load{Bodies: []string{sequenceMark + millisecondMark + sequenceMark + string(nanoseconds) + string(nanoseconds)}}
	request := load.request(load.Bodies[0])
	now := time.Date(2026, time.November, 22, 1, 2, 3, 4_000_000, time.UTC)
	request.fill(41, now)
	_, body, ok := bytes.Cut(request.bytes, []byte("\r\n\r\n"))
	require.True(t, ok)
	assert.Equal(t, "0000000000000041"+fmt.Sprint(now.UnixMilli())+"0000000000000042", string(body[:45]))
	assert.EqualValues(t, now.UnixNano(), binary.LittleEndian.Uint64(body[45:]))
	assert.EqualValues(t, now.UnixNano()+1, binary.LittleEndian.Uint64(body[53:]))
}

// Answers in chunks are read to their end, so that the next one begins where it does; and
// what must be in them is looked for.
func TestLoadReadsAnswersInChunks(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"errors":`)
		w.(http.Flusher).Flush()
		_, _ = io.WriteString(w, "false}")
	}))
	defer server.Close()
	load := &Load{Address: server.Listener.Addr().String(), Path: "/", Bodies: []string{"{}"}, Records: 10, AtMost: 5, Wanted: `"errors":false`}
	result, err := load.Run(t.Context(), 2, 10*time.Second)
	require.NoError(t, err)
	assert.EqualValues(t, 5, result.Answered)
	assert.EqualValues(t, 50, result.Records)
	load.Wanted = `"errors":true`
	_, err = load.Run(t.Context(), 1, 10*time.Second)
	assert.ErrorContains(t, err, "does not contain")
}

func TestSheetIsMarkdown(t *testing.T) {
	table := newSheet("", "a ÷ b")
	table.add("docket", "1")
	assert.Equal(t, "|        | a ÷ b |\n|--------|------:|\n| docket |     1 |\n", table.text())
}
