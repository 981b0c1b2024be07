package clustertest

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumererror"

	"github.com/docketlog/docket/extension/logstoreextension"
	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/internal/tenant"
)

// readOnlyConfig is that of a store which reads the indices of a test.
func readOnlyConfig(t *testing.T, server elasticsearchtest.Server) *logstoreextension.Config {
	t.Helper()
	config := clusterConfig(t, server.URL.String(), server.Prefix)
	config.Elasticsearch.Get().ReadOnly.GetOrInsertDefault().Index = server.Prefix + "-logs-*"
	return config
}

// addLogs adds documents, of which the lines are the sources, as others do.
func addLogs(t *testing.T, server elasticsearchtest.Server, lines ...string) {
	t.Helper()
	var bulk bytes.Buffer
	for _, line := range lines {
		bulk.WriteString(`{"create":{}}` + "\n" + line + "\n")
	}
	answer, err := server.Client.Do(t.Context(), http.MethodPost, "/"+server.Prefix+"-logs-a/_bulk", url.Values{"refresh": {"true"}}, bulk.Bytes())
	require.NoError(t, err)
	require.Contains(t, string(answer), `"errors":false`)
}

// What others keep in a cluster is read, and all that Docket keeps itself is in its data
// folder: nothing is made in the cluster.
func TestLogsOfOthersAreOnlyRead(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		addLogs(t, server, `{"@timestamp":"2026-11-21T10:00:00Z","message":"card declined","log.level":"warn"}`)
		config := readOnlyConfig(t, server)
		e := open(t, config, nopSettings(), componenttest.NewNopHost())
		require.NoError(t, e.Health(t.Context()))
		assert.EqualValues(t, 1, count(t, e))
		values, total, err := e.LogStore().(logstore.Analyst).Values(t.Context(), logstore.ValuesQuery{
			Selection: logstore.Selection{ProjectID: 1}, Field: filter.Field{Place: filter.PlaceLevel}, Limit: 5,
		})
		require.NoError(t, err)
		assert.Equal(t, []logstore.ValueCount{{Text: "warn", Count: 1}}, values)
		assert.Equal(t, 1, total)

		err = e.LogStore().Append(t.Context(), sealed(1))
		require.ErrorContains(t, err, "the log store only reads the indices "+server.Prefix+"-logs-*, where they are: take what writes to it out")
		assert.True(t, consumererror.IsPermanent(err))
		trail := sealed(1)
		trail.ResourceLogs().At(0).Resource().Attributes().PutInt(record.AttributeProjectID, tenant.AuditProjectID)
		require.NoError(t, e.LogStore().Append(t.Context(), trail))
		findTrail(t, e)
		created, err := e.Documents().Create(t.Context(), docstore.Document{Collection: "views", ID: "a", Body: []byte("{}")})
		require.NoError(t, err)
		var archive bytes.Buffer
		require.NoError(t, e.Backup(t.Context(), &archive))
		assert.NotZero(t, archive.Len())
		require.NoError(t, e.Shutdown(t.Context()))

		e = open(t, config, nopSettings(), componenttest.NewNopHost())
		found, err := e.Documents().Get(t.Context(), "views", "a")
		require.NoError(t, err)
		assert.Equal(t, created.Version, found.Version)
		findTrail(t, e)
		require.NoError(t, e.Shutdown(t.Context()))
		for _, name := range []string{"-records*", "-documents*"} {
			exists, err := server.Client.Do(t.Context(), http.MethodGet, "/"+server.Prefix+name+"/_alias", nil, nil)
			require.NoError(t, err)
			assert.JSONEq(t, "{}", string(exists), "nothing is made in the cluster")
		}
	})
}

// findTrail returns when Docket's own audit trail has its record.
func findTrail(t *testing.T, e logstoreextension.Extension) {
	t.Helper()
	require.Eventually(t, func() bool {
		found, err := e.LogStore().Count(t.Context(), logstore.Query{ProjectID: tenant.AuditProjectID})
		return assert.NoError(t, err) && found == 1
	}, foundWithin, 10*time.Millisecond)
}

func TestLogsOfOthersAreFollowed(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		e := open(t, readOnlyConfig(t, server), nopSettings(), componenttest.NewNopHost())
		tailer := e.LogStore().(logstore.Tailer)
		own, err := tailer.Tail(tenant.AuditProjectID, nil, 5)
		require.NoError(t, err)
		defer own.Close()
		tail, err := tailer.Tail(1, nil, 5)
		require.NoError(t, err)
		defer tail.Close()
		addLogs(t, server, `{"@timestamp":"`+time.Now().UTC().Format(time.RFC3339Nano)+`","message":"it came"}`)
		ctx, cancel := context.WithTimeout(t.Context(), foundWithin)
		defer cancel()
		records, _, err := tail.Next(ctx)
		require.NoError(t, err)
		require.Len(t, records, 1)
		assert.Equal(t, "it came", records[0].Log.Body().Str())
		require.NoError(t, e.Shutdown(t.Context()))
		_, _, err = tail.Next(t.Context())
		require.ErrorIs(t, err, logstore.ErrClosed)
	})
}

// Without its cluster a Docket that only reads starts too, says so, and keeps its own.
func TestLogsOfOthersThatAreAway(t *testing.T) {
	config := clusterConfig(t, "http://127.0.0.1:1", "docket")
	config.Elasticsearch.Get().ReadOnly.GetOrInsertDefault().Index = "logs-*"
	e := open(t, config, nopSettings(), componenttest.NewNopHost())
	require.ErrorContains(t, e.Health(t.Context()), "the cluster cannot be used")
	_, err := e.LogStore().Search(t.Context(), logstore.Query{ProjectID: 1, Limit: 1})
	var unavailable *logstore.UnavailableError
	require.ErrorAs(t, err, &unavailable)
	_, err = e.LogStore().Count(t.Context(), logstore.Query{ProjectID: tenant.AuditProjectID})
	require.NoError(t, err)
	_, err = e.Documents().Create(t.Context(), docstore.Document{Collection: "views", ID: "a", Body: []byte("{}")})
	require.NoError(t, err)
	require.NoError(t, e.Shutdown(t.Context()))
}
