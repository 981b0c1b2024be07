package ledger

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReceipts(t *testing.T) {
	for _, test := range []struct {
		name, body string
		count      int
		// receipts is nil where the answer is none.
		receipts []receipt
	}{
		{"LogSentry", `{"status":"ok","hash":"h"}`, 1, []receipt{{hash: "h"}}},
		{"LogHub", `{"code":"CREATE_EVENT_OK","status":"ok","data":{"id":"i","timestamp":1}}`, 1, []receipt{{id: "i"}}},
		{"CodeMash", `{"result":"i"}`, 1, []receipt{{id: "i"}}},
		{
			"CodeMash bulk", `{"result":["a","b"],"accepted":2,"rejected":0,"results":[
				{"index":0,"id":"a","hash":"x"},{"index":1,"id":"b","hash":"y"}]}`, 2, []receipt{{"a", "x"}, {"b", "y"}},
		},
		{"nothing", `{"status":"ok"}`, 1, nil},
		{"one for two", `{"hash":"h"}`, 2, nil},
		{"too few", `{"accepted":1,"results":[{"index":0,"id":"a","hash":"x"}]}`, 2, nil},
		{"out of order", `{"accepted":1,"results":[{"index":1,"id":"a","hash":"x"}]}`, 1, nil},
		{"without a hash", `{"accepted":1,"results":[{"index":0,"id":"a"}]}`, 1, nil},
		{"rejected", `{"accepted":0,"rejected":1,"results":[{"index":0,"error":{}}]}`, 1, nil},
		{"no JSON", `ok`, 1, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			receipts, err := auditReceipts([]byte(test.body), test.count)
			assert.Equal(t, test.receipts, receipts)
			assert.Equal(t, test.receipts == nil, err != nil, "%v", err)
		})
	}
}

func TestOTLPReceipts(t *testing.T) {
	receipts, err := otlpReceipts([]byte(`{"partialSuccess":{}}`), 3)
	require.NoError(t, err)
	assert.Len(t, receipts, 3)
	for _, body := range []string{`{"partialSuccess":{"rejectedLogRecords":"1"}}`, `{"partialSuccess":{"errorMessage":"no"}}`, `ok`} {
		_, err := otlpReceipts([]byte(body), 3)
		assert.Error(t, err, body)
	}
}

// What an answer says of a record decides what is owed.
func TestAnswersDecideTheState(t *testing.T) {
	for _, test := range []struct {
		name      string
		answer    http.HandlerFunc
		state     state
		surprises int
	}{
		{"accepted", reply(http.StatusOK, `{"hash":"h"}`), acknowledged, 0},
		{"accepted without a receipt", reply(http.StatusOK, `{}`), unanswered, 1},
		{"overload", reply(http.StatusTooManyRequests, `{}`), refused, 0},
		{"unavailable", reply(http.StatusServiceUnavailable, `{}`), refused, 0},
		{"unavailable for ever", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
		}, refused, 1},
		{"another answer", reply(http.StatusInternalServerError, `{}`), unanswered, 1},
		{"none", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, unanswered, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			book := New(1)
			first := book.open(1, 1)
			isAcknowledged := book.send(t.Context(), serve(t, test.answer), formats()[0], first, 1)
			assert.Equal(t, test.state == acknowledged, isAcknowledged)
			assert.Equal(t, test.state, book.entries[first].state)
			assert.Len(t, book.surprises, test.surprises)
		})
	}
}

// On a failing disk an answer may leave open whether the record is stored.
func TestAnswersOfAFailingDisk(t *testing.T) {
	for status, state := range map[int]state{
		http.StatusOK: acknowledged, http.StatusTooManyRequests: refused,
		http.StatusInternalServerError: unanswered, http.StatusServiceUnavailable: refused,
	} {
		book := New(1)
		book.FailingDisk = true
		first := book.open(1, 1)
		book.send(t.Context(), serve(t, reply(status, `{"hash":"h"}`)), formats()[0], first, 1)
		assert.Equal(t, state, book.entries[first].state, status)
		assert.Empty(t, book.surprises)
	}
}

func TestUnavailableWithoutATimeToRetryLeavesItOpen(t *testing.T) {
	book := New(1)
	book.FailingDisk = true
	first := book.open(1, 1)
	book.send(t.Context(), serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}), formats()[0], first, 1)
	assert.Equal(t, unanswered, book.entries[first].state)
	assert.Empty(t, book.surprises)
}

func reply(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func TestNothingIsOwedWithoutAConnection(t *testing.T) {
	c := serve(t, nil)
	c.Endpoints.Ingest = "127.0.0.1:1" // tcpmux, which nobody runs
	book := New(1)
	first := book.open(1, 1)
	assert.False(t, book.send(t.Context(), c, formats()[0], first, 1))
	assert.Equal(t, unsent, book.entries[first].state)
}

// A load gives every record a number of its own and uses every format.
func TestLoadUsesEveryFormat(t *testing.T) {
	var requests atomic.Int64
	asked := make(chan string, 10_000)
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		select {
		case asked <- r.URL.Path + " " + r.Header.Get("x-cm-projectid"):
		default:
		}
		reply(http.StatusTooManyRequests, `{}`)(w, r)
	})
	book := New(1)
	load := book.Post(t.Context(), c, 4)
	require.Eventually(t, func() bool { return requests.Load() >= 100 }, 10*time.Second, time.Millisecond)
	load.Stop()
	after := requests.Load()
	close(asked)
	seen := map[string]bool{}
	for request := range asked {
		seen[request] = true
	}
	assert.Equal(t, map[string]bool{"/api/auditlog ": true, "/v1/event ": true, "/v1/logs 1": true, "/v1/logs ": true}, seen)
	assert.Greater(t, len(book.entries), int(after), "some requests have several records")
	for number, entry := range book.entries {
		assert.Equal(t, refused, entry.state, number)
	}
	assert.Zero(t, book.Acknowledged())
}
