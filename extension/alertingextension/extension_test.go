package alertingextension

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/extension/alertingextension/internal/metadata"
	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/alert/notify"
	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/docstore/docstoretest"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/logstoretest"
	"github.com/docketlog/docket/internal/record"
)

// store stands for the log_store extension.
type store struct {
	component.StartFunc
	component.ShutdownFunc

	documents docstore.Store
	records   *logstoretest.Reference
	// isReadOnly makes it one that only reads what others keep.
	isReadOnly bool
}

// readOnly stands for the log store of such an extension.
type readOnly struct{ *logstoretest.Reference }

func (readOnly) ReadOnly() error { return errors.New("it only reads") }

func (s *store) Documents() docstore.Store { return s.documents }

func (s *store) LogStore() logstore.Store {
	if s.isReadOnly {
		return readOnly{s.records}
	}
	return s.records
}

func (s *store) RequestFinder() logstore.RequestFinder { return s }

// FindRequest implements logstore.RequestFinder.
func (s *store) FindRequest(ctx context.Context, projectID int64, key string) (logstore.Request, bool, error) {
	found, err := s.find(ctx, projectID, filter.Equal{
		Field: filter.Field{Place: filter.PlaceLogAttribute, Key: record.AttributeIdempotencyKey}, Values: []string{key},
	})
	return logstore.Request{ProjectID: projectID, Key: key}, len(found) > 0, err
}

// find returns the records of a project that an expression selects, the oldest first.
func (s *store) find(ctx context.Context, projectID int64, selected filter.Expression) ([]record.Record, error) {
	return s.records.Search(ctx, logstore.Query{ProjectID: projectID, Filter: selected, Order: logstore.OldestFirst, Limit: 1000})
}

func newStore() *store {
	return &store{documents: docstoretest.NewMemory(), records: logstoretest.NewReference()}
}

// receive stores a record that happens now, as one that passed the processor of a
// replica.
func (s *store) receive(t *testing.T, replica Extension, service string) {
	t.Helper()
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutInt(record.AttributeProjectID, 1)
	resource.Resource().Attributes().PutStr("service.name", service)
	log := resource.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	log.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	log.Attributes().PutStr(record.AttributeID, uuid.NewString())
	rules, done := replica.UseRules()
	defer done()
	if known := rules(); known != nil {
		for r := range record.All(logs) {
			known.Tag(r, 1, nil)
		}
	}
	require.NoError(t, s.records.Append(t.Context(), logs))
}

type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

// start starts a replica with checks every second.
func (s *store) start(t *testing.T) (replica Extension, stop func()) {
	t.Helper()
	return s.startWith(t, func(*Config) {})
}

func (s *store) startWith(tb testing.TB, change func(*Config)) (replica Extension, stop func()) {
	tb.Helper()
	config := createDefaultConfig().(*Config)
	config.CheckInterval, config.AllowPrivateWebhooks, config.Grace = time.Second, true, 100*time.Millisecond
	config.ExternalURL = "https://docket.example/"
	change(config)
	settings := extensiontest.NewNopSettings(metadata.Type)
	settings.ID = component.NewID(metadata.Type) // as each replica has it
	made, err := NewFactory().Create(tb.Context(), settings, config)
	require.NoError(tb, err)
	require.NoError(tb, made.Start(tb.Context(), host{config.Store: s}))
	stop = sync.OnceFunc(func() { assert.NoError(tb, made.Shutdown(context.Background())) })
	tb.Cleanup(stop)
	return made.(Extension), stop
}

// hook is a receiver of webhooks.
type hook struct {
	*httptest.Server

	mu    sync.Mutex
	types []string
}

func newHook(t *testing.T) *hook {
	t.Helper()
	h := &hook{}
	h.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var sent struct{ Type string }
		assert.NoError(t, json.Unmarshal(body, &sent))
		h.mu.Lock()
		defer h.mu.Unlock()
		h.types = append(h.types, sent.Type)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) got() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.types...)
}

// create makes an alert on a service that tells the hook.
func (h *hook) create(t *testing.T, of Extension, service string) alertstore.Alert {
	t.Helper()
	made := alertstore.Alert{
		ProjectID: 1, State: alertstore.State{Name: alert.NotFiring},
		Settings: alertstore.Settings{
			Name: service, Enabled: true, Operator: alert.Above, WindowMinutes: 5, Periods: 1, Datapoints: 1,
		},
	}
	made.SetFilters(fmt.Appendf(nil, `{"serviceNames":[%q]}`, service), time.Now())
	made, err := of.Alerts().Create(t.Context(), made, of.MaxAlerts())
	require.NoError(t, err)
	_, err = of.Destinations().Add(t.Context(), 1, made.ID, notify.Target{Type: notify.TypeWebhook, URL: h.URL})
	require.NoError(t, err)
	return made
}

const patience = 20 * time.Second

func TestFires(t *testing.T) {
	s, h := newStore(), newHook(t)
	replica, _ := s.start(t)
	made := h.create(t, replica, "checkout")
	s.receive(t, replica, "other")
	s.receive(t, replica, "checkout")
	require.Eventually(t, func() bool { return len(h.got()) > 0 }, patience, 20*time.Millisecond)
	time.Sleep(2500 * time.Millisecond) // two more checks
	assert.Equal(t, []string{"logs_alert.firing"}, h.got())
	got, err := replica.Alerts().Get(t.Context(), 1, made.ID)
	require.NoError(t, err)
	assert.Equal(t, alert.Firing, got.State.Name)
	deliveries, err := replica.Deliveries().List(t.Context(), 1, made.ID)
	require.NoError(t, err)
	require.Len(t, deliveries, 1)
	assert.Contains(t, deliveries[0].Message.AlertURL, "https://docket.example/ui/#/alerts/")
}

// Alerts fire on one of two replicas once, and go on when that is gone.
func TestReplicas(t *testing.T) {
	s, h := newStore(), newHook(t)
	one, stopOne := s.start(t)
	two, _ := s.start(t)
	h.create(t, one, "a")
	s.receive(t, two, "a")
	require.Eventually(t, func() bool { return len(h.got()) > 0 }, patience, 20*time.Millisecond)
	stopOne()
	h.create(t, two, "b")
	s.receive(t, two, "b")
	require.Eventually(t, func() bool { return len(h.got()) > 1 }, patience, 20*time.Millisecond)
	time.Sleep(1500 * time.Millisecond)
	assert.Equal(t, []string{"logs_alert.firing", "logs_alert.firing"}, h.got())
}

func TestRulesReachTheProcessor(t *testing.T) {
	s, h := newStore(), newHook(t)
	replica, _ := s.start(t)
	rules, done := replica.UseRules()
	defer done()
	require.Eventually(t, func() bool { return rules() != nil }, patience, 10*time.Millisecond)
	h.create(t, replica, "checkout")
	require.Eventually(t, func() bool { return rules().Len() == 1 }, 5*time.Second, 10*time.Millisecond)
}

func TestTestSend(t *testing.T) {
	s, h := newStore(), newHook(t)
	replica, _ := s.start(t)
	made := h.create(t, replica, "checkout")
	destinations, err := replica.Destinations().List(t.Context(), 1, made.ID)
	require.NoError(t, err)
	attempt := replica.Test(t.Context(), destinations[0], notify.NewMessage(made, alertstore.Transition{Notification: alert.Fire}, ""))
	assert.Empty(t, attempt.Error)
	assert.Equal(t, []string{"logs_alert.firing"}, h.got())
}

func TestStartErrors(t *testing.T) {
	made, err := NewFactory().Create(t.Context(), extensiontest.NewNopSettings(metadata.Type), createDefaultConfig())
	require.NoError(t, err)
	require.ErrorContains(t, made.Start(t.Context(), host{}), "there is no extension")
	require.NoError(t, made.Shutdown(t.Context()))
}
