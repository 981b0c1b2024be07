package testbed

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/testbed/collector"
)

// Records of every format are exported from the embedded store and posted to a Docket with
// a cluster, as docs/elasticsearch.md says; twice, as somebody does whose connection broke.
// They are the same records there, once, and their hashes are right.
func TestRecordsMoveToACluster(t *testing.T) {
	_, old := start(t)
	for _, example := range examples() {
		post(t, old, example)
	}
	before := find(t, old, nil, len(examples()))
	response, err := old.Get(t.Context(), "/api/projects/1/logs/export?format=otlp&query=%7B%22dateRange%22:%7B%22date_from%22:%222018-01-01T00:00:00Z%22%7D%7D")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.Status, response)
	lines := strings.Split(strings.TrimSuffix(string(response.Body), "\n"), "\n")

	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		options := collector.InCluster(t, server.URL.String(), server.Prefix)
		options.AdminKey = adminKey
		moved := newClient(t, collector.Start(t, options), adminKey)
		for range 2 {
			for _, line := range lines {
				response, err := moved.OTLPJSON(t.Context(), line)
				require.NoError(t, err)
				require.Equal(t, http.StatusOK, response.Status, response)
			}
		}
		assert.Equal(t, before, find(t, moved, nil, len(before)))
		for _, log := range before {
			response, err := moved.Get(t.Context(), "/api/projects/1/logs/"+log.ID())
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, response.Status, response)
			assert.Contains(t, string(response.Body), `"verified":true`, log.Message)
		}
	})
}
