package auditlogreceiver

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/requests"
	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/idempotency"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/metadata"
)

var storeID = component.MustNewID("log_store")

// memory is an extension that remembers the requests of what pipelines take, in
// the index that the log store has, too.
type memory struct {
	component.StartFunc
	component.ShutdownFunc
	t     *testing.T
	index *requests.Index
	// err is returned instead of a request.
	err error
	// dropped is how many of a batch's receipts are not remembered, as if a
	// processor had dropped the records.
	dropped int
}

func newMemory(t *testing.T) *memory {
	t.Helper()
	index, err := requests.Open(filepath.Join(t.TempDir(), "requests.db"), time.Now)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, index.Close()) })
	return &memory{t: t, index: index}
}

func (m *memory) RequestFinder() logstore.RequestFinder { return m }

func (m *memory) FindRequest(ctx context.Context, projectID int64, key string) (logstore.Request, bool, error) {
	if m.err != nil {
		return logstore.Request{}, false, m.err
	}
	return m.index.Find(ctx, projectID, key)
}

func (m *memory) note(logs plog.Logs) {
	found := requests.Of(logs)
	for i := range found {
		found[i].Receipts = found[i].Receipts[m.dropped:]
	}
	assert.NoError(m.t, m.index.Put(m.t.Context(), found))
}

// serve starts a receiver that asks the memory. Each call is one life of the
// process: what its receiver itself remembers is its own.
func (m *memory) serve(change func(*Config)) *testServer {
	m.t.Helper()
	return startWith(m.t, &pipeline{stored: m.note}, map[component.ID]component.Component{storeID: m}, func(c *Config) {
		c.Idempotency.Store = &storeID
		if change != nil {
			change(c)
		}
	})
}

func TestIdempotencyKeyAfterRestart(t *testing.T) {
	for _, format := range formats {
		for name, body := range map[string]string{
			"single":    format.good,
			"bulk":      "[" + format.good + "," + format.good + "]",
			"part bad":  "[{}," + format.good + ",5," + format.good + `,{"x":1,"x":2}]`,
			"bulk of 1": `{"events":[` + format.good + "]}",
		} {
			t.Run(format.name+" "+name, func(t *testing.T) {
				m := newMemory(t)
				headers := append([]string{"Idempotency-Key", "key-1"}, format.headers...)
				before := m.serve(withKeys)
				first := before.post(format.path, body, headers...)
				require.Equal(t, 1, before.pipeline.callCount(), first.body)

				after := m.serve(withKeys)
				for range 2 { // the second is answered by the receiver's own memory
					again := after.post(format.path, body, headers...)
					assert.Equal(t, first.status, again.status)
					assert.Equal(t, first.body, again.body)
					assert.Equal(t, first.header.Get("Content-Type"), again.header.Get("Content-Type"))
				}
				other := after.post(format.path, " "+body, headers...)
				assert.Equal(t, http.StatusUnprocessableEntity, other.status)
				_, fields := messageOf(t, format.name, other)
				assert.Equal(t, []string{"Idempotency-Key"}, fields)
				assert.Zero(t, after.pipeline.callCount())

				headers[1] = "key-2"
				assert.Equal(t, first.status, after.post(format.path, body, headers...).status)
				assert.Equal(t, 1, after.pipeline.callCount())
			})
		}
	}
}

// TestIdempotencyKeyOfSeveralProjectsAfterRestart: the request is known in each.
func TestIdempotencyKeyOfSeveralProjectsAfterRestart(t *testing.T) {
	m := newMemory(t)
	const body = `[{"msg":"a","project":8},{"msg":"b"},{"msg":"c","project":7,"app":"x"},{"msg":"d","project":7}]`
	headers := []string{"Authorization", "Bearer several", "Idempotency-Key", "k"}
	first := m.serve(withKeys).post(pathLogSentry, body, headers...)
	require.Contains(t, first.body, `"accepted":3`)
	after := m.serve(withKeys)
	assert.Equal(t, first.body, after.post(pathLogSentry, body, headers...).body)
	for _, project := range []string{"7", "8"} {
		got := after.post(pathLogSentry, `{"msg":"e","project":`+project+`}`, headers...)
		assert.Equal(t, http.StatusUnprocessableEntity, got.status)
	}
	assert.Zero(t, after.pipeline.callCount())
}

// TestRecordsSayTheirRequest: under their hash, so that every store has it.
func TestRecordsSayTheirRequest(t *testing.T) {
	server := start(t, nil)
	const body = `[{},{"msg":"a"},{},{"msg":"b"}]`
	got := server.post(pathLogSentry, body, "Idempotency-Key", "k ey")
	require.Equal(t, http.StatusBadRequest, got.status)
	digest := idempotency.DigestOf(record.SourceLogSentry, []byte(body))
	records := server.pipeline.records()
	require.Len(t, records, 2)
	for i, position := range []int64{1, 3} {
		assert.True(t, record.Verify(records[i]))
		attributes := records[i].Log.Attributes().AsRaw()
		assert.Equal(t, "k ey", attributes[record.AttributeIdempotencyKey])
		assert.Equal(t, hex.EncodeToString(digest[:]), attributes[record.AttributeRequestDigest])
		assert.Equal(t, position, attributes[record.AttributeRequestPosition])
	}
}

// TestSendersCannotWriteTheirRequest: not by keys of the same names, at any place
// where a format keeps what it does not know.
func TestSendersCannotWriteTheirRequest(t *testing.T) {
	const forged = `"docket.request.idempotency_key":"k","docket.request.digest":"` +
		`0000000000000000000000000000000000000000000000000000000000000000","docket.request.position":0`
	nested := `"docket":{"request":{"idempotency_key":"k"}},"docket.request":{"idempotency_key":"k"}`
	for _, format := range formats {
		for _, key := range []string{"", "k"} {
			server := start(t, nil)
			body := strings.Replace(format.good, "{", "{"+forged+","+nested+",", 1)
			got := server.post(format.path, body, append([]string{"Idempotency-Key", key}, format.headers...)...)
			require.Equal(t, http.StatusOK, got.status, got.body)
			attributes := server.only().Log.Attributes().AsRaw()
			assert.Equal(t, "k", attributes["sender.docket.request.idempotency_key"])
			for _, name := range []string{record.AttributeIdempotencyKey, record.AttributeRequestDigest, record.AttributeRequestPosition} {
				if _, has := attributes[name]; has {
					assert.NotEmpty(t, key, name)
				}
			}
			assert.NotEqual(t, strings.Repeat("0", 64), attributes[record.AttributeRequestDigest])
		}
	}
}

// TestAnswerThatIsNotKnownAnyMore: the store does not know all records of the
// request, and storing it again could double those that it knows.
func TestAnswerThatIsNotKnownAnyMore(t *testing.T) {
	for _, format := range formats {
		t.Run(format.name, func(t *testing.T) {
			m := newMemory(t)
			m.dropped = 1
			body := "[" + format.good + "," + format.good + "]"
			headers := append([]string{"Idempotency-Key", "k"}, format.headers...)
			require.Equal(t, http.StatusOK, m.serve(nil).post(format.path, body, headers...).status)

			after := m.serve(nil)
			got := after.post(format.path, body, headers...)
			assert.Equal(t, http.StatusConflict, got.status)
			message, _ := messageOf(t, format.name, got)
			assert.Contains(t, message, "stored under its Idempotency-Key before")
			assert.Contains(t, message, "nothing was stored now")
			assert.Empty(t, got.header.Get("Retry-After"))
			assert.Zero(t, after.pipeline.callCount())
		})
	}
}

// TestRecordsThatAreRefusedNow: a limit that was lowered must not change what was
// answered once.
func TestRecordsThatAreRefusedNow(t *testing.T) {
	m := newMemory(t)
	const body = `[{"msg":"a"},{"msg":"a longer one"}]`
	require.Equal(t, http.StatusOK, m.serve(nil).post(pathLogSentry, body, "Idempotency-Key", "k").status)
	after := m.serve(func(c *Config) { c.MaxRecordSize = 12 })
	assert.Equal(t, http.StatusConflict, after.post(pathLogSentry, body, "Idempotency-Key", "k").status)
	assert.Zero(t, after.pipeline.callCount())
}

func TestRequestsThatCannotBeLookedUp(t *testing.T) {
	for _, format := range formats {
		for wait, err := range map[string]error{
			"1": errors.New("/data/requests.db is damaged"),
			"7": &logstore.UnavailableError{Reason: "busy", RetryAfter: 7 * time.Second},
		} {
			m := newMemory(t)
			m.err = err
			server := m.serve(nil)
			got := server.post(format.path, format.good, append([]string{"Idempotency-Key", "k"}, format.headers...)...)
			assert.Equal(t, http.StatusServiceUnavailable, got.status)
			assert.Equal(t, wait, got.header.Get("Retry-After"))
			assert.NotContains(t, got.body, "/data")
			assert.Zero(t, server.pipeline.callCount())
			// Nobody is asked about a request without a key, or one that stores nothing.
			assert.Equal(t, http.StatusOK, server.post(format.path, format.good, format.headers...).status)
			got = server.post(format.path, "[{}]", append([]string{"Idempotency-Key", "k"}, format.headers...)...)
			assert.Equal(t, http.StatusBadRequest, got.status)

			m.err = nil
			got = server.post(format.path, format.good, append([]string{"Idempotency-Key", "k"}, format.headers...)...)
			assert.Equal(t, http.StatusOK, got.status)
		}
	}
}

// TestClientThatIsGone: its records are stored to the end, and its next attempt
// waits for that.
func TestClientThatIsGone(t *testing.T) {
	server := start(t, nil)
	started, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	server.pipeline.before = func() {
		once.Do(func() { close(started) })
		<-release
	}
	ctx, leave := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.url+pathLogSentry, strings.NewReader(goodLogSentry))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", "k")
	var gone sync.WaitGroup
	gone.Go(func() {
		response, err := server.client.Do(request)
		if err == nil {
			_ = response.Body.Close()
		}
		assert.ErrorIs(t, err, context.Canceled)
	})
	<-started
	leave()
	gone.Wait()

	var second answer
	var waiting sync.WaitGroup
	waiting.Go(func() { second = server.post(pathLogSentry, goodLogSentry, "Idempotency-Key", "k") })
	got := server.post(pathLogSentry, `{"msg":"other"}`, "Idempotency-Key", "k")
	assert.Equal(t, http.StatusUnprocessableEntity, got.status, "the key is still taken")
	require.NoError(t, server.pipeline.contexts[0].Err(), "the pipeline is not told to stop")
	close(release)
	waiting.Wait()
	assert.Equal(t, http.StatusOK, second.status)
	assert.Contains(t, second.body, server.only().Hash())
	assert.Equal(t, 1, server.pipeline.callCount())
}

// TestPipelineThatPanics: the next attempt is a new one.
func TestPipelineThatPanics(t *testing.T) {
	server := start(t, nil)
	var once sync.Once
	server.pipeline.before = func() { once.Do(func() { panic(http.ErrAbortHandler) }) }
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.url+pathLogSentry, strings.NewReader(goodLogSentry))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", "k")
	request.GetBody = nil // or the client sends it again by itself, because of the key
	response, err := server.client.Do(request)
	if err == nil {
		_ = response.Body.Close()
	}
	require.Error(t, err)
	assert.Equal(t, http.StatusOK, server.post(pathLogSentry, goodLogSentry, "Idempotency-Key", "k").status)
	assert.Len(t, server.pipeline.records(), 1)
}

func TestStartRefusesAStoreThatIsNone(t *testing.T) {
	for text, extensions := range map[string]map[component.ID]component.Component{
		`no extension "log_store" is configured and listed`:      nil,
		`extension "log_store" does not remember requests: name`: {storeID: fakeAuthenticator{}},
		`extension "log_store" is not started`:                   {storeID: notStarted{}},
	} {
		config := createDefaultConfig().(*Config)
		config.ServerConfig.NetAddr.Endpoint = "127.0.0.1:0"
		config.Idempotency.Store = &storeID
		r, err := newReceiver(config, receivertest.NewNopSettings(metadata.Type), &pipeline{})
		require.NoError(t, err)
		require.ErrorContains(t, r.Start(t.Context(), testHost{extensions: extensions}), text)
		require.NoError(t, r.Shutdown(t.Context()))
	}
}

type notStarted struct{ fakeAuthenticator }

func (notStarted) RequestFinder() logstore.RequestFinder { return nil }
