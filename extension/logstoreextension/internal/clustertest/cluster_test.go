// Package clustertest holds the tests of the extension with real clusters. They are apart
// from the others because TestMain there is generated.
package clustertest

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/goleak"

	"github.com/docketlog/docket/extension/logstoreextension"
	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

func TestMain(m *testing.M) {
	var options []goleak.Option
	// The embedded engine's packages start these when they are imported or first used.
	for _, function := range []string{
		"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage.init.0.func1",
		"github.com/VictoriaMetrics/VictoriaMetrics/lib/blockcache.(*Cache).cleaner",
		"github.com/VictoriaMetrics/VictoriaMetrics/lib/bytesutil.newInternStringMap.func1",
		"github.com/VictoriaMetrics/VictoriaMetrics/lib/fasttime.init.0.func1",
		"github.com/VictoriaMetrics/VictoriaMetrics/lib/logger.newLogThrottler.func1",
		"github.com/VictoriaMetrics/VictoriaMetrics/lib/timeutil.init.0.func1",
		"github.com/VictoriaMetrics/metrics.summariesSwapCron",
	} {
		options = append(options, goleak.IgnoreAnyFunction(function))
	}
	elasticsearchtest.Main(m, options...)
}

// clusterConfig is that of a store at a URL.
func clusterConfig(t *testing.T, endpoint, prefix string) *logstoreextension.Config {
	t.Helper()
	config := logstoreextension.NewFactory().CreateDefaultConfig().(*logstoreextension.Config)
	config.Directory = t.TempDir()
	config.Journal.SegmentSizeMiB = 1
	cluster := config.Elasticsearch.GetOrInsertDefault()
	cluster.Endpoints, cluster.IndexPrefix = []string{endpoint}, prefix
	return config
}

func nopSettings() extension.Settings {
	return extensiontest.NewNopSettings(logstoreextension.NewFactory().Type())
}

// open starts an extension; the caller stops it.
func open(t *testing.T, config *logstoreextension.Config, settings extension.Settings, host component.Host) logstoreextension.Extension {
	t.Helper()
	created, err := logstoreextension.NewFactory().Create(t.Context(), settings, config)
	require.NoError(t, err)
	require.NoError(t, created.Start(t.Context(), host))
	return created.(logstoreextension.Extension)
}

// sealed returns so many records of project 1.
func sealed(count int) plog.Logs {
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutInt(record.AttributeProjectID, 1)
	records := resource.ScopeLogs().AppendEmpty().LogRecords()
	for range count {
		records.AppendEmpty().Body().SetStr("a record")
	}
	for r := range record.All(logs) {
		record.Seal(r, time.Now())
	}
	return logs
}

// statusHost collects what is reported of the component.
type statusHost struct {
	component.Host
	events chan *componentstatus.Event
}

func (h *statusHost) Report(event *componentstatus.Event) { h.events <- event }

// count returns how many records project 1 has.
func count(t *testing.T, e logstoreextension.Extension) int64 {
	t.Helper()
	found, err := e.LogStore().Count(t.Context(), logstore.Query{ProjectID: 1})
	require.NoError(t, err)
	return found
}

// foundWithin only bounds a hanging test.
const foundWithin = 30 * time.Second

func TestRecordsAndDocumentsInACluster(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		config := clusterConfig(t, server.URL.String(), server.Prefix)
		telemetry := componenttest.NewTelemetry()
		t.Cleanup(func() { require.NoError(t, telemetry.Shutdown(context.Background())) })
		settings := nopSettings()
		settings.TelemetrySettings = telemetry.NewTelemetrySettings()
		e := open(t, config, settings, componenttest.NewNopHost())
		require.NoError(t, e.Health(t.Context()))
		require.NoError(t, e.LogStore().Append(t.Context(), sealed(3)))
		_, err := e.Documents().Create(t.Context(), docstore.Document{Collection: "projects", ID: "1", Body: []byte(`{}`)})
		require.NoError(t, err)
		require.Eventually(t, func() bool { return count(t, e) == 3 }, foundWithin, 10*time.Millisecond)
		require.ErrorIs(t, e.Backup(t.Context(), io.Discard), logstore.ErrNoBackup)

		assert.EqualValues(t, 3, sumWith(t, telemetry, "log_store.cluster.documents", "outcome", "created"))
		assert.Zero(t, sumWith(t, telemetry, "log_store.cluster.documents", "outcome", "refused"))
		assert.Positive(t, sumWith(t, telemetry, "log_store.cluster.bulk_requests", "status", "2xx"))
		require.NoError(t, e.Shutdown(t.Context()))

		again := open(t, config, nopSettings(), componenttest.NewNopHost())
		assert.EqualValues(t, 3, count(t, again))
		_, err = again.Documents().Get(t.Context(), "projects", "1")
		require.NoError(t, err)
		require.NoError(t, again.Shutdown(t.Context()))
		assert.Equal(t, []string{"FORMAT", "LOCK", "dead_letters.db", "journal", "requests.db"}, names(t, config.Directory))
	})
}

// names are those of the files in a folder.
func names(t *testing.T, folder string) (found []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	for _, entry := range entries {
		found = append(found, entry.Name())
	}
	return found
}

// sumWith returns a metric's value for an attribute.
func sumWith(t *testing.T, telemetry *componenttest.Telemetry, name, label, value string) int64 {
	t.Helper()
	found, err := telemetry.GetMetric("otelcol_" + name)
	require.NoError(t, err)
	for _, point := range found.Data.(metricdata.Sum[int64]).DataPoints {
		if has, ok := point.Attributes.Value(attribute.Key(label)); ok && has.AsString() == value {
			return point.Value
		}
	}
	t.Fatalf("%s has nothing with %s=%s", name, label, value)
	return 0
}

// gate passes requests on to a cluster while it is open, and breaks them off else.
func gate(t *testing.T, target *url.URL) (endpoint string, isOpen *atomic.Bool) {
	t.Helper()
	transport := &http.Transport{}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(request *httputil.ProxyRequest) { request.SetURL(target) }, Transport: transport,
	}
	isOpen = &atomic.Bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isOpen.Load() {
			panic(http.ErrAbortHandler)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		server.Close()
		transport.CloseIdleConnections()
	})
	return server.URL, isOpen
}

// Records are taken while there is no cluster, and are found when there is one.
func TestStartWithoutTheCluster(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		endpoint, isOpen := gate(t, server.URL)
		host := &statusHost{Host: componenttest.NewNopHost(), events: make(chan *componentstatus.Event, 100)}
		e := open(t, clusterConfig(t, endpoint, server.Prefix), nopSettings(), host)
		t.Cleanup(func() { require.NoError(t, e.Shutdown(context.Background())) })

		require.ErrorContains(t, e.Health(t.Context()), "the cluster cannot be used")
		require.NoError(t, e.LogStore().Append(t.Context(), sealed(3)))
		_, err := e.LogStore().Count(t.Context(), logstore.Query{ProjectID: 1})
		require.ErrorAs(t, err, new(*logstore.UnavailableError))
		_, err = e.Documents().List(t.Context(), "projects", "")
		require.ErrorAs(t, err, new(*logstore.UnavailableError))
		assert.Equal(t, componentstatus.StatusRecoverableError, (<-host.events).Status())

		isOpen.Store(true)
		require.Eventually(t, func() bool { return e.Health(t.Context()) == nil }, foundWithin, 10*time.Millisecond)
		require.Eventually(t, func() bool { return count(t, e) == 3 }, foundWithin, 10*time.Millisecond)
		var last *componentstatus.Event
		for len(host.events) > 0 {
			last = <-host.events
		}
		assert.Equal(t, componentstatus.StatusOK, last.Status())
	})
}
