package audittrail_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/docketlog/docket/internal/audittrail"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/internal/tenant"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memoryWriter keeps what it is given, unless append answers otherwise.
type memoryWriter struct {
	mu      sync.Mutex
	records []record.Record
	calls   int
	// append is asked before records are kept; nil takes everything.
	append func(ctx context.Context, call int) error
}

func (w *memoryWriter) Append(ctx context.Context, logs plog.Logs) error {
	w.mu.Lock()
	w.calls++
	call := w.calls
	w.mu.Unlock()
	if w.append != nil {
		if err := w.append(ctx, call); err != nil {
			return err
		}
	}
	kept := plog.NewLogs()
	logs.CopyTo(kept)
	w.mu.Lock()
	defer w.mu.Unlock()
	for r := range record.All(kept) {
		w.records = append(w.records, r)
	}
	return nil
}

func (w *memoryWriter) all() []record.Record {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.records
}

func (w *memoryWriter) appends() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls
}

func newTrail(writer logstore.Writer) (*audittrail.Trail, *observer.ObservedLogs) {
	core, logged := observer.New(zapcore.DebugLevel)
	return audittrail.New(writer, nil, zap.New(core)), logged
}

// recordOf returns the record of one event.
func recordOf(t *testing.T, event audittrail.Event) record.Record {
	t.Helper()
	writer := &memoryWriter{}
	trail, logged := newTrail(writer)
	trail.Note(event)
	trail.Shutdown(t.Context())
	require.Empty(t, logged.All())
	require.Len(t, writer.all(), 1)
	return writer.all()[0]
}

func attributesOf(t *testing.T, r record.Record) string {
	t.Helper()
	attributes := r.Log.Attributes().AsRaw()
	delete(attributes, record.AttributeID)
	delete(attributes, record.AttributeHash)
	text, err := json.Marshal(attributes)
	require.NoError(t, err)
	return string(text)
}

func number(event int) audittrail.Event {
	return audittrail.Event{Action: audittrail.ActionViewCreate, Target: audittrail.Target{ID: strconv.Itoa(event)}}
}

func targetsOf(records []record.Record) []string {
	var targets []string
	for _, r := range records {
		target, _ := r.Log.Attributes().Get("metadata.target_id")
		targets = append(targets, target.Str())
	}
	return targets
}

type view struct {
	Name   string `json:"name"`
	Pinned bool   `json:"pinned"`
}

func TestAnEventIsASealedRecordInTheFormOfLogHub(t *testing.T) {
	begin := time.Now()
	r := recordOf(t, audittrail.Event{
		Action: audittrail.ActionViewUpdate,
		Actor: audittrail.ActorOf(&tenant.Identity{
			KeyID: "0197d1f2", Label: "ci", Organization: tenant.Organization{ID: "x", Slug: "acme"},
		}),
		Target: audittrail.Target{Type: "view", ID: "k2x9", Name: `All "errors"`, ProjectID: 7},
		Origin: audittrail.Origin{Address: "192.0.2.1", UserAgent: "curl/8", Method: "PATCH", Path: "/api/projects/7/logs/views/k2x9/"},
		Before: view{"Errors", true}, After: view{`All "errors"`, true},
	})
	assert.True(t, record.Verify(r))
	assert.EqualValues(t, tenant.AuditProjectID, r.ProjectID())
	assert.Equal(t, map[string]any{"docket.project.id": int64(tenant.AuditProjectID), "service.name": "docket"}, r.Resource.Attributes().AsRaw())
	assert.Equal(t, "docket.audit", r.Scope.Name())
	assert.WithinRange(t, r.Log.Timestamp().AsTime(), begin, time.Now())
	assert.Equal(t, r.Log.Timestamp(), r.Log.ObservedTimestamp())
	assert.Equal(t, "view.update", r.Log.EventName())
	assert.Equal(t, `view.update "All \"errors\"" by "ci"`, r.Log.Body().Str())
	assert.Equal(t, plog.SeverityNumberInfo, r.Log.SeverityNumber())
	assert.JSONEq(t, `{"docket.actor.type": "user", "user.id": "0197d1f2", "user.full_name": "ci", "actor.data.organization": "acme",
		"metadata.target_type": "view", "metadata.target_id": "k2x9", "metadata.target_name": "All \"errors\"", "metadata.target_project": 7,
		"docket.external_id": "7", "metadata.outcome": "success", "metadata.old": {"name": "Errors"}, "metadata.new": {"name": "All \"errors\""},
		"client.address": "192.0.2.1", "user_agent.original": "curl/8", "http.request.method": "PATCH",
		"url.path": "/api/projects/7/logs/views/k2x9/", "docket.source": "docket"}`, attributesOf(t, r))
}

func TestWhatAnEventDoesNotHaveIsLeftOut(t *testing.T) {
	r := recordOf(t, audittrail.Event{
		Action: audittrail.ActionKeyDelete, Actor: audittrail.ActorOf(&tenant.Identity{Admin: true, Label: "admin key"}),
		Target: audittrail.Target{Type: "key", ID: "k1"}, Details: map[string]any{"rows": 3, "format": "csv"}, Failure: "the store is full",
	})
	assert.Equal(t, `key.delete k1 by "admin key": the store is full`, r.Log.Body().Str())
	assert.Equal(t, plog.SeverityNumberWarn, r.Log.SeverityNumber())
	assert.JSONEq(t, `{"docket.actor.type": "user", "user.id": "admin", "user.full_name": "admin key", "metadata.target_type": "key",
		"metadata.target_id": "k1", "metadata.outcome": "failure", "metadata.reason": "the store is full", "metadata.rows": 3,
		"metadata.format": "csv", "docket.source": "docket"}`, attributesOf(t, r))
}

func TestTextsOfRequestsAreBounded(t *testing.T) {
	r := recordOf(t, audittrail.Event{Action: audittrail.ActionExport, Origin: audittrail.Origin{
		UserAgent: strings.Repeat("ü", 5000), Path: "/\xff", Address: "a\x00b",
	}})
	agent, _ := r.Log.Attributes().Get(record.AttributeUserAgent)
	assert.Equal(t, strings.Repeat("ü", 512), agent.Str())
	path, _ := r.Log.Attributes().Get("url.path")
	assert.Equal(t, "/\ufffd", path.Str())
	assert.True(t, record.Verify(r))
}

func TestOnlyPartOfAnEventIsMissingWhenItCannotBeRead(t *testing.T) {
	writer := &memoryWriter{}
	trail, logged := newTrail(writer)
	trail.Note(audittrail.Event{Action: audittrail.ActionViewCreate, After: func() {}})
	trail.Note(audittrail.Event{Action: audittrail.ActionViewDelete, Before: []int{1}})
	trail.Shutdown(t.Context())
	require.Len(t, writer.all(), 2)
	assert.Equal(t, 2, logged.FilterMessageSnippet("cannot be read").Len())
	assert.Equal(t, audittrail.Stats{Stored: 2}, trail.Stats())
}

func TestNobodyWaitsForTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var isBack atomic.Bool
		writer := &memoryWriter{append: func(context.Context, int) error {
			if !isBack.Load() {
				return fmt.Errorf("append: %w", &logstore.UnavailableError{Reason: "the journal is full", RetryAfter: 2 * time.Second})
			}
			return nil
		}}
		trail, logged := newTrail(writer)
		begin := time.Now()
		var want []string
		for n := range 1000 {
			trail.Note(number(n))
			want = append(want, strconv.Itoa(n))
		}
		require.Zero(t, time.Since(begin))
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Empty(t, writer.all())
		require.Less(t, writer.appends(), 35, "it keeps to Retry-After")
		require.Equal(t, 1, logged.FilterMessage("The audit trail waits for the log store").Len())
		isBack.Store(true)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		require.Equal(t, want, targetsOf(writer.all()), "nothing is lost, doubled or out of order")
		require.Equal(t, audittrail.Stats{Stored: 1000}, trail.Stats())
		require.WithinDuration(t, begin, writer.all()[999].Log.Timestamp().AsTime(), time.Second, "the time is that of the event")
		trail.Shutdown(t.Context())
	})
}

func TestTheQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		writer := &memoryWriter{append: func(context.Context, int) error {
			return &logstore.UnavailableError{Reason: "down", RetryAfter: time.Second}
		}}
		trail, logged := newTrail(writer)
		trail.Note(number(0))
		synctest.Wait() // it is taken out of the queue
		for n := range 5000 {
			trail.Note(number(n + 1))
		}
		require.EqualValues(t, 5000-4096, trail.Stats().Lost)
		lost := logged.FilterMessage("An event may be missing in the audit trail")
		require.Equal(t, 5000-4096, lost.Len(), "each is told of")
		require.Equal(t, "4097", lost.All()[0].ContextMap()["target"])

		begin := time.Now()
		trail.Shutdown(t.Context())
		require.Equal(t, 5*time.Second, time.Since(begin), "a stop waits no longer")
		require.Equal(t, audittrail.Stats{Lost: 5001}, trail.Stats())
	})
}

func TestTheQueueIsBoundedInBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		writer := &memoryWriter{append: func(context.Context, int) error {
			return &logstore.UnavailableError{Reason: "down", RetryAfter: time.Second}
		}}
		trail, _ := newTrail(writer)
		trail.Note(number(0))
		synctest.Wait()
		large := strings.Repeat("x", 1<<19)
		for range 100 {
			trail.Note(audittrail.Event{Action: audittrail.ActionViewCreate, After: view{Name: large}})
		}
		require.EqualValues(t, 100-63, trail.Stats().Lost)
		trail.Shutdown(t.Context())
	})
}

func TestFailedSignInsDoNotCrowdOutChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		writer := &memoryWriter{append: func(context.Context, int) error {
			return &logstore.UnavailableError{Reason: "down", RetryAfter: time.Second}
		}}
		trail, _ := newTrail(writer)
		trail.Note(number(0))
		synctest.Wait()
		for n := range 1024 {
			trail.Note(number(n))
		}
		trail.NoteFailedSignIn(audittrail.Origin{Address: "192.0.2.1"})
		require.EqualValues(t, 1, trail.Stats().Lost)
		trail.Note(number(0))
		require.EqualValues(t, 1, trail.Stats().Lost)
		trail.Shutdown(t.Context())
	})
}

func TestARefusalIsNotRetried(t *testing.T) {
	for _, refusal := range []error{logstore.ErrOutcomeUnknown, logstore.ErrClosed, errors.New("no such disk")} {
		writer := &memoryWriter{append: func(_ context.Context, call int) error {
			if call == 1 {
				return refusal
			}
			return nil
		}}
		trail, logged := newTrail(writer)
		trail.Note(number(1))
		require.Eventually(t, func() bool { return trail.Stats().Lost == 1 }, 10*time.Second, time.Millisecond)
		trail.Note(number(2))
		trail.Shutdown(t.Context())
		assert.Equal(t, []string{"2"}, targetsOf(writer.all()))
		assert.Equal(t, refusal.Error(), logged.FilterMessage("An event may be missing in the audit trail").All()[0].ContextMap()["reason"])
	}
}

func TestShutdownStoresWhatWaits(t *testing.T) {
	writer := &memoryWriter{}
	trail, _ := newTrail(writer)
	for n := range 600 {
		trail.Note(number(n))
	}
	trail.Shutdown(t.Context())
	trail.Shutdown(t.Context())
	require.Len(t, writer.all(), 600)
	trail.Note(number(1))
	require.Equal(t, audittrail.Stats{Stored: 600, Lost: 1}, trail.Stats())
}

func TestShutdownInTheMiddleOfAnAppend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		writer := &memoryWriter{append: func(ctx context.Context, _ int) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		trail, _ := newTrail(writer)
		trail.Note(number(1))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		trail.Shutdown(ctx)
		require.Equal(t, time.Second, time.Since(begin))
		require.EqualValues(t, 1, trail.Stats().Lost)
	})
}

func TestNoTrail(t *testing.T) {
	var trail *audittrail.Trail
	trail.Note(number(1))
	trail.NoteFailedSignIn(audittrail.Origin{})
	trail.NoteRefusal(number(1))
	trail.Shutdown(t.Context())
}

func TestRecordsAreTaggedWithAlerts(t *testing.T) {
	writer := &memoryWriter{}
	trail := audittrail.New(writer, func(r record.Record) {
		r.Log.Attributes().PutEmptySlice(record.AttributeAlertMatches).AppendEmpty().SetStr(r.Log.EventName() + ":1")
	}, zap.NewNop())
	trail.Note(number(1))
	trail.Shutdown(t.Context())
	require.Len(t, writer.all(), 1)
	assert.True(t, record.Verify(writer.all()[0]), "the hash leaves the tags out")
	matches, _ := writer.all()[0].Log.Attributes().Get(record.AttributeAlertMatches)
	assert.Equal(t, []any{"view.create:1"}, matches.Slice().AsRaw())
}

// In a bubble, so that a slow machine is not taken for a store that does not answer.
func TestManyAtOnce(t *testing.T) { synctest.Test(t, testManyAtOnce) }

func testManyAtOnce(t *testing.T) {
	t.Helper()
	writer := &memoryWriter{}
	trail, _ := newTrail(writer)
	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			for n := range 100 {
				trail.Note(number(n))
				trail.NoteFailedSignIn(audittrail.Origin{Address: "192.0.2.1"})
			}
		})
	}
	running.Wait()
	trail.Shutdown(t.Context())
	require.Equal(t, audittrail.Stats{Stored: 800 + 5 + 1, Suppressed: 795}, trail.Stats())
	seen := map[string]bool{}
	for _, r := range writer.all() {
		require.False(t, seen[r.ID()])
		seen[r.ID()] = true
	}
}
