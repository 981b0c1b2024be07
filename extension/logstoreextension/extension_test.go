package logstoreextension

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/docketlog/docket/extension/logstoreextension/internal/metadata"
	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/journal"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/journaled"
	"github.com/docketlog/docket/internal/record"
)

// statusHost collects what is reported of the component.
type statusHost struct {
	component.Host
	events chan *componentstatus.Event
}

func newStatusHost() *statusHost {
	return &statusHost{Host: componenttest.NewNopHost(), events: make(chan *componentstatus.Event, 100)}
}

func (h *statusHost) Report(event *componentstatus.Event) { h.events <- event }

func configIn(directory string) *Config {
	config := createDefaultConfig().(*Config)
	config.Directory = directory
	config.Journal.SegmentSizeMiB = 1
	config.Embedded.GetOrInsertDefault().MemoryLimitMiB = 64
	return config
}

func newExtension(t *testing.T, config *Config, settings extension.Settings) Extension {
	t.Helper()
	created, err := NewFactory().Create(t.Context(), settings, config)
	require.NoError(t, err)
	return created.(Extension)
}

func nopSettings() extension.Settings { return extensiontest.NewNopSettings(metadata.Type) }

// start returns a running extension, stopped with the test.
func start(t *testing.T, config *Config) Extension {
	t.Helper()
	e := newExtension(t, config, nopSettings())
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, e.Shutdown(context.Background())) })
	return e
}

// sealed returns count records of project 1.
func sealed(count int) plog.Logs {
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutInt(record.AttributeProjectID, 1)
	scope := resource.ScopeLogs().AppendEmpty()
	for n := range count {
		r := scope.LogRecords().AppendEmpty()
		r.Body().SetStr(fmt.Sprintf("event %d", n))
		r.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	}
	for r := range record.All(logs) {
		record.Seal(r, time.Now())
	}
	return logs
}

// found waits until project 1 has count records, and fails after the two seconds
// that are promised.
func found(t *testing.T, e Extension, count int) {
	t.Helper()
	var last int64
	require.Eventually(t, func() bool {
		var err error
		last, err = e.LogStore().Count(t.Context(), logstore.Query{ProjectID: 1})
		require.NoError(t, err)
		return last == int64(count)
	}, 2*time.Second, 20*time.Millisecond, "records are found within two seconds")
}

func TestRecordsAndDocumentsSurviveARestart(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "data")
	document := docstore.Document{Collection: "views", ID: "a", Body: json.RawMessage(`{"name":"mine"}`)}

	e := newExtension(t, configIn(directory), nopSettings())
	require.ErrorContains(t, e.Health(t.Context()), "not started")
	assert.Nil(t, e.LogStore())
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, e.Health(t.Context()))
	require.NoError(t, e.LogStore().Append(t.Context(), sealed(10)))
	found(t, e, 10)
	_, err := e.Documents().Create(t.Context(), document)
	require.NoError(t, err)
	require.NoError(t, e.Shutdown(t.Context()))
	require.ErrorIs(t, e.Health(t.Context()), logstore.ErrClosed)

	for _, name := range []string{"", "journal", "records"} {
		stat, err := os.Stat(filepath.Join(directory, name))
		require.NoError(t, err)
		assert.True(t, stat.IsDir())
	}
	stat, err := os.Stat(directory)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), stat.Mode().Perm())

	e = start(t, configIn(directory))
	found(t, e, 10)
	got, err := e.Documents().Get(t.Context(), "views", "a")
	require.NoError(t, err)
	assert.JSONEq(t, string(document.Body), string(got.Body))
}

func TestFolderBelongsToOneProcess(t *testing.T) {
	directory, apart := t.TempDir(), filepath.Join(t.TempDir(), "journal")
	config := configIn(directory)
	config.Journal.Directory = apart
	first := newExtension(t, config, nopSettings())
	require.NoError(t, first.Start(t.Context(), componenttest.NewNopHost()))

	second := newExtension(t, configIn(directory), nopSettings())
	err := second.Start(t.Context(), componenttest.NewNopHost())
	require.ErrorContains(t, err, "in use by another process")
	require.ErrorContains(t, err, directory)
	require.NoError(t, second.Shutdown(t.Context()))

	other := configIn(t.TempDir())
	other.Journal.Directory = apart
	third := newExtension(t, other, nopSettings())
	require.ErrorContains(t, third.Start(t.Context(), componenttest.NewNopHost()), apart)

	require.NoError(t, first.Shutdown(t.Context()))
	start(t, config)
}

func TestStartFailsWithoutLeavingAnythingOpen(t *testing.T) {
	t.Run("folder is a file", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "data")
		require.NoError(t, os.WriteFile(file, nil, 0o600))
		e := newExtension(t, configIn(file), nopSettings())
		require.ErrorContains(t, e.Start(t.Context(), componenttest.NewNopHost()), "open the log store")
	})
	t.Run("journal of another version", func(t *testing.T) {
		directory := t.TempDir()
		format := filepath.Join(directory, "journal", "FORMAT")
		require.NoError(t, start(t, configIn(directory)).Shutdown(t.Context()))
		require.NoError(t, os.WriteFile(format, []byte("docket-journal 2\n"), 0o600))
		e := newExtension(t, configIn(directory), nopSettings())
		err := e.Start(t.Context(), componenttest.NewNopHost())
		require.ErrorContains(t, err, "has format version 2 of docket-journal, this program supports version 1")
		require.ErrorContains(t, e.Health(t.Context()), "not started")

		require.NoError(t, os.WriteFile(format, []byte("docket-journal 1\n"), 0o600))
		start(t, configIn(directory)) // the lock, the documents and the backend are free again
	})
	t.Run("folder of another version", func(t *testing.T) {
		directory := t.TempDir()
		require.NoError(t, start(t, configIn(directory)).Shutdown(t.Context()))
		require.NoError(t, os.WriteFile(filepath.Join(directory, "FORMAT"), []byte("docket-data 1\n"), 0o600))
		err := newExtension(t, configIn(directory), nopSettings()).Start(t.Context(), componenttest.NewNopHost())
		require.ErrorContains(t, err, "has format version 1 of docket-data, this program supports version 3")
	})
}

func TestHealthBecomesTheComponentsStatus(t *testing.T) {
	host := newStatusHost()
	s := newStore(configIn(t.TempDir()), nopSettings())
	s.freeBytes = func(context.Context, string) (int64, error) { return 0, nil }
	require.NoError(t, s.Start(t.Context(), host))
	event := <-host.events
	assert.Equal(t, componentstatus.StatusRecoverableError, event.Status())
	require.ErrorIs(t, event.Err(), journaled.ErrNearlyFull)
	require.ErrorIs(t, s.Health(t.Context()), journaled.ErrNearlyFull)
	require.NoError(t, s.Shutdown(t.Context()))
}

func TestStatusOfEachKindOfHealth(t *testing.T) {
	host := newStatusHost()
	s := newStore(configIn(t.TempDir()), nopSettings())
	for _, test := range []struct {
		err  error
		want componentstatus.Status
	}{
		{fmt.Errorf("backend: %w", os.ErrPermission), componentstatus.StatusRecoverableError},
		{nil, componentstatus.StatusOK},
		{fmt.Errorf("%w: disk", journal.ErrFailed), componentstatus.StatusPermanentError},
	} {
		s.reportHealth(host, test.err)
		assert.Equal(t, test.want, (<-host.events).Status())
	}
}

func TestMetrics(t *testing.T) {
	telemetry := componenttest.NewTelemetry()
	t.Cleanup(func() { require.NoError(t, telemetry.Shutdown(context.Background())) })
	settings := nopSettings()
	settings.TelemetrySettings = telemetry.NewTelemetrySettings()
	e := newExtension(t, configIn(t.TempDir()), settings)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, e.LogStore().Append(t.Context(), sealed(3)))
	found(t, e, 3)

	value := func(name string) int64 {
		metric, err := telemetry.GetMetric("otelcol_" + name)
		if err != nil {
			metric, err = telemetry.GetMetric(name)
		}
		require.NoError(t, err)
		switch data := metric.Data.(type) {
		case metricdata.Sum[int64]:
			return data.DataPoints[0].Value
		case metricdata.Gauge[int64]:
			return data.DataPoints[0].Value
		default:
			t.Fatalf("%s is a %T", name, data)
			return 0
		}
	}
	assert.EqualValues(t, 1, value("log_store.journal.appends"))
	assert.EqualValues(t, 1, value("log_store.journal.fsyncs"))
	assert.EqualValues(t, 3, value("log_store.applied.records"))
	assert.EqualValues(t, 4096*mib, value("log_store.journal.limit"))
	assert.EqualValues(t, defaultFreeSpaceReserveMiB*mib, value("log_store.disk.reserve"))
	assert.Positive(t, value("log_store.disk.free"))
	assert.Positive(t, value("log_store.journal.written"))
	assert.Positive(t, value("log_store.journal.size"))
	assert.Zero(t, value("log_store.apply.failures"))
	assert.Zero(t, value("log_store.lag.batches"))
	assert.Zero(t, value("log_store.lag.size"))
	require.NoError(t, e.Shutdown(t.Context()))
}
