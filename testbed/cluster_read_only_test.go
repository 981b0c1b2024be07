package testbed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/testbed/collector"
)

// shipped is a document in Elastic Common Schema, as agents send them.
func shipped(ago time.Duration, level, service, message string) map[string]any {
	return map[string]any{
		"@timestamp": time.Now().Add(-ago).UTC().Format(time.RFC3339Nano), "message": message,
		"log": map[string]any{"level": level, "logger": "main"}, "service": map[string]any{"name": service},
		"event": map[string]any{"action": "card-declined"}, "http": map[string]any{"response": map[string]any{"status_code": 402}},
		"trace": map[string]any{"id": "0af7651916cd43dd8448eb211c80319c"},
	}
}

// ship adds documents to an index that nobody has set up, so that the cluster itself makes
// the index, its mapping and the ids.
func ship(t *testing.T, server elasticsearchtest.Server, documents ...map[string]any) {
	t.Helper()
	var bulk bytes.Buffer
	encoder := json.NewEncoder(&bulk)
	for _, document := range documents {
		bulk.WriteString(`{"create":{}}` + "\n")
		require.NoError(t, encoder.Encode(document))
	}
	answer, err := server.Client.Do(t.Context(), http.MethodPost, "/"+server.Prefix+"-app-2026/_bulk", url.Values{"refresh": {"true"}}, bulk.Bytes())
	require.NoError(t, err)
	require.Contains(t, string(answer), `"errors":false`)
}

// readOnly returns options for a Docket on the indices of others.
func readOnly(t *testing.T, server elasticsearchtest.Server) collector.Options {
	t.Helper()
	return collector.Options{
		Arguments: []string{
			"--config", filepath.Join(collector.ModuleRoot(t), "distribution", "read-only.yaml"), "--feature-gates=service.AllowNoPipelines",
		},
		Cluster: server.URL.String(), AdminKey: adminKey,
		Environment: []string{"DOCKET_ELASTICSEARCH_INDEX=" + server.Prefix + "-app-*"},
	}
}

// Logs that others write are searched, read one by one and followed, with views and keys of
// Docket's own, which survive a restart. Nothing is ingested.
func TestLogsOfOthersInACluster(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		ship(t, server, shipped(time.Hour, "INFO", "shop", "started"),
			shipped(time.Minute, "error", "shop", "card declined by issuer"), shipped(2*time.Minute, "WARN", "billing", "late"))
		docket := collector.Start(t, readOnly(t, server))
		admin := newClient(t, docket, adminKey)
		key, err := admin.CreateKey(t.Context(), "reader", []string{"logs:read"}, 1)
		require.NoError(t, err)
		reader := newClient(t, docket, key.Value)

		all := find(t, reader, nil, 3)
		assert.Equal(t, []string{"card declined by issuer", "late", "started"}, []string{all[0].Message, all[1].Message, all[2].Message})
		declined := find(t, reader, searchFor("Declined"), 1)[0]
		assert.Equal(t, "ERROR", declined.Level)
		assert.Equal(t, "shop", declined.Service)
		find(t, reader, url.Values{"service": {"billing"}}, 1)
		find(t, reader, url.Values{"level": {"WARN"}}, 1)

		answer, err := reader.Get(t.Context(), "/api/projects/1/logs/"+declined.ID())
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, answer.Status, answer)
		assert.Contains(t, string(answer.Body), `"verified":false`, "nobody has sealed it")
		answer, err = reader.Get(t.Context(), "/api/projects/1/logs/"+declined.ID()+"/context?before=1&after=1")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, answer.Status, answer)
		assert.Contains(t, string(answer.Body), "started", "of the same service")
		answer, err = reader.Do(t.Context(), http.MethodPost, "http://"+docket.Endpoints.API+"/api/projects/1/logs/count",
			`{"query": {"dateRange": {"date_from": "-2h"}, "severityLevels": ["error"]}}`, "Authorization", "Bearer "+key.Value, "Content-Type", "application/json")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, answer.Status, answer)
		assert.JSONEq(t, `{"count":1}`, string(answer.Body))

		view, err := admin.CreateView(t.Context(), "1", "declined", exactFilters)
		require.NoError(t, err)
		next := follow(t, reader, "")
		ship(t, server, shipped(0, "INFO", "shop", "it comes"))
		assert.Equal(t, "it comes", next().Body)

		_, err = (&net.Dialer{Timeout: time.Second}).DialContext(t.Context(), "tcp", docket.Endpoints.OTLPHTTP)
		require.Error(t, err, "nobody takes records")

		require.Zero(t, docket.Terminate())
		docket.Restart()
		kept, err := newClient(t, docket, adminKey).GetView(t.Context(), "1", view.ShortID)
		require.NoError(t, err)
		assert.Equal(t, view, kept)
		find(t, newClient(t, docket, key.Value), nil, 4)
	})
}

// A Docket that is to store records in what it only reads does not start.
func TestPipelineIntoLogsOfOthersDoesNotStart(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		options := collector.InCluster(t, server.URL.String(), server.Prefix,
			fmt.Sprintf("--set=extensions::log_store::elasticsearch::read_only::index=%s-app-*", server.Prefix))
		code, text := collector.Run(t, options)
		assert.NotZero(t, code)
		assert.Contains(t, text, "the log store only reads the indices "+server.Prefix+"-app-*, where they are: take what writes to it out of service::pipelines")
	})
}
