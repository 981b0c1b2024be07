package logstoreexporter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/tenant"
)

// fakeStore answers every Append with err.
type fakeStore struct {
	logstore.Store
	err      error
	appended []plog.Logs
	deadline bool // the last context had a deadline
	// known are the keys of requests that it has, each behind its project and a slash;
	// findErr is what it answers when it is asked for one.
	known   []string
	findErr error
}

func (s *fakeStore) FindRequest(_ context.Context, projectID int64, key string) (logstore.Request, bool, error) {
	return logstore.Request{}, slices.Contains(s.known, fmt.Sprint(projectID, "/", key)), s.findErr
}

func (s *fakeStore) Append(ctx context.Context, logs plog.Logs) error {
	_, s.deadline = ctx.Deadline()
	s.appended = append(s.appended, logs)
	return s.err
}

type fakeExtension struct {
	component.StartFunc
	component.ShutdownFunc
	store *fakeStore
}

func (e fakeExtension) LogStore() logstore.Store { return e.store }

func (e fakeExtension) RequestFinder() logstore.RequestFinder { return e.store }

type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

// start returns a running exporter that writes to the store.
func start(t *testing.T, store *fakeStore) exporter.Logs {
	t.Helper()
	factory := NewFactory()
	e, err := factory.CreateLogs(t.Context(), exportertest.NewNopSettings(factory.Type()), factory.CreateDefaultConfig())
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), host{component.MustNewID("log_store"): fakeExtension{store: store}}))
	t.Cleanup(func() { require.NoError(t, e.Shutdown(context.Background())) })
	return e
}

func oneRecord() plog.Logs {
	logs := plog.NewLogs()
	logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr("hello")
	return logs
}

func TestRecordsReachTheStoreUnchanged(t *testing.T) {
	store := &fakeStore{}
	e := start(t, store)
	assert.False(t, e.Capabilities().MutatesData)
	logs := oneRecord()
	require.NoError(t, e.ConsumeLogs(t.Context(), logs))
	assert.Equal(t, []plog.Logs{logs}, store.appended)
	assert.False(t, store.deadline, "the exporter adds no timeout of its own")
}

// readOnlyFake is a store that takes no records.
type readOnlyFake struct{ fakeStore }

func (*readOnlyFake) ReadOnly() error { return errors.New("somebody else writes it") }

type readOnlyExtension struct{ fakeExtension }

func (readOnlyExtension) LogStore() logstore.Store { return &readOnlyFake{} }

// A pipeline into a store that is only read does not start.
func TestStartRefusesAStoreThatIsOnlyRead(t *testing.T) {
	factory := NewFactory()
	e, err := factory.CreateLogs(t.Context(), exportertest.NewNopSettings(factory.Type()), factory.CreateDefaultConfig())
	require.NoError(t, err)
	err = e.Start(t.Context(), host{component.MustNewID("log_store"): readOnlyExtension{}})
	require.ErrorContains(t, err, `write to the log store "log_store": somebody else writes it`)
	require.NoError(t, e.Shutdown(t.Context()))
}

// Whatever receivers and processors let through, nothing comes into the audit trail.
func TestTheAuditTrailIsNotWrittenByPipelines(t *testing.T) {
	store := &fakeStore{}
	e := start(t, store)
	logs := oneRecord()
	oneRecord().ResourceLogs().MoveAndAppendTo(logs.ResourceLogs())
	logs.ResourceLogs().At(1).Resource().Attributes().PutInt("docket.project.id", tenant.AuditProjectID)
	err := e.ConsumeLogs(t.Context(), logs)
	require.ErrorContains(t, err, "project 2000000000 has Docket's own audit trail")
	assert.Equal(t, codes.PermissionDenied, status.Code(err))
	assert.True(t, consumererror.IsPermanent(err))
	assert.Empty(t, store.appended)

	logs.ResourceLogs().At(1).Resource().Attributes().PutInt("docket.project.id", tenant.AuditProjectID-1)
	require.NoError(t, e.ConsumeLogs(t.Context(), logs))
}

// errFull is what the store answers when its journal is full.
func errFull() error {
	return fmt.Errorf("append: %w", &logstore.UnavailableError{Reason: "the journal is full", RetryAfter: 7 * time.Second, Overload: true})
}

func TestStatusOfTheStoresErrors(t *testing.T) {
	for name, test := range map[string]struct {
		err        error
		code       codes.Code
		retryAfter time.Duration
		permanent  bool
		message    string
	}{
		"full":         {err: errFull(), code: codes.ResourceExhausted, retryAfter: 7 * time.Second, message: "the store is unavailable: the journal is full"},
		"unknown":      {err: fmt.Errorf("%w: a disk of 4711 sectors", logstore.ErrOutcomeUnknown), code: codes.Aborted, message: "it is not known whether the records were stored"},
		"unavailable":  {err: &logstore.UnavailableError{Reason: "it rains", RetryAfter: time.Minute}, code: codes.Unavailable, retryAfter: time.Minute, message: "the store is unavailable: it rains"},
		"never":        {err: consumererror.NewPermanent(errors.New("record 1 has no id")), code: codes.InvalidArgument, permanent: true, message: "record 1 has no id"},
		"closed":       {err: logstore.ErrClosed, code: codes.Unavailable, message: "the store is closed"},
		"client gone":  {err: fmt.Errorf("append: %w", context.Canceled), code: codes.Canceled, message: "append: context canceled"},
		"out of time":  {err: fmt.Errorf("append: %w", context.DeadlineExceeded), code: codes.DeadlineExceeded, message: "append: context deadline exceeded"},
		"anything new": {err: errors.New("surprise"), code: codes.Unavailable, message: "surprise"},
	} {
		t.Run(name, func(t *testing.T) {
			store := &fakeStore{err: test.err}
			err := start(t, store).ConsumeLogs(t.Context(), oneRecord())
			got, ok := status.FromError(err)
			require.True(t, ok)
			assert.Equal(t, test.code, got.Code())
			assert.Contains(t, got.Message(), test.message)
			assert.Equal(t, test.permanent, consumererror.IsPermanent(err))
			assert.Len(t, store.appended, 1, "it is not tried again here")
			var delay time.Duration
			for _, detail := range got.Details() {
				delay = detail.(*errdetails.RetryInfo).GetRetryDelay().AsDuration()
			}
			assert.Equal(t, test.retryAfter, delay)
		})
	}
}

// The stock OTLP receiver turns these errors into the answers that clients know
// how to handle.
func TestAnswersOfTheOTLPReceiver(t *testing.T) {
	for name, test := range map[string]struct {
		err        error
		status     int
		retryAfter string
	}{
		"durable":     {nil, http.StatusOK, ""},
		"full":        {errFull(), http.StatusTooManyRequests, "7"},
		"unavailable": {&logstore.UnavailableError{Reason: "it rains", RetryAfter: time.Minute}, http.StatusServiceUnavailable, "60"},
		"never":       {consumererror.NewPermanent(errors.New("record 1 has no id")), http.StatusBadRequest, ""},
		"closed":      {logstore.ErrClosed, http.StatusServiceUnavailable, ""},
	} {
		t.Run(name, func(t *testing.T) {
			url := startOTLP(t, start(t, &fakeStore{err: test.err}))
			body := `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hello"}}]}]}]}`
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			response, err := client.Post(url, "application/json", strings.NewReader(body))
			require.NoError(t, err)
			_, err = io.Copy(io.Discard, response.Body)
			require.NoError(t, errors.Join(err, response.Body.Close()))
			assert.Equal(t, test.status, response.StatusCode)
			assert.Equal(t, test.retryAfter, response.Header.Get("Retry-After"))
		})
	}
}

func startOTLP(t *testing.T, next exporter.Logs) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	endpoint := listener.Addr().String()
	require.NoError(t, listener.Close())
	factory := otlpreceiver.NewFactory()
	config := factory.CreateDefaultConfig().(*otlpreceiver.Config)
	config.Protocols.HTTP.GetOrInsertDefault().ServerConfig.NetAddr.Endpoint = endpoint
	receiver, err := factory.CreateLogs(t.Context(), receivertest.NewNopSettings(factory.Type()), config, next)
	require.NoError(t, err)
	require.NoError(t, receiver.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, receiver.Shutdown(context.Background())) })
	return "http://" + endpoint + "/v1/logs"
}

func TestStartNeedsALogStore(t *testing.T) {
	for name, test := range map[string]struct {
		host host
		want string
	}{
		"nothing there":    {host{}, `no extension "log_store" is configured`},
		"something else":   {host{component.MustNewID("log_store"): struct{ component.Component }{}}, `extension "log_store" is not a log_store`},
		"another instance": {host{component.MustNewIDWithName("log_store", "b"): fakeExtension{}}, `no extension "log_store" is configured`},
	} {
		t.Run(name, func(t *testing.T) {
			factory := NewFactory()
			e, err := factory.CreateLogs(t.Context(), exportertest.NewNopSettings(factory.Type()), factory.CreateDefaultConfig())
			require.NoError(t, err)
			require.ErrorContains(t, e.Start(t.Context(), test.host), test.want)
			require.NoError(t, e.Shutdown(t.Context()))
		})
	}
}
