package logstoreextension

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap/confmaptest"

	records "github.com/docketlog/docket/internal/logstore/embedded"
)

func TestQueriesConfig(t *testing.T) {
	file, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	config, err := load(file, "log_store")
	require.NoError(t, err)
	queries := config.embedded().Queries
	assert.Equal(t, QueriesConfig{MaxConcurrent: 64, MaxRecords: 1_000_000_000, MaxMemoryMiB: 128, CPUShareBesideIngest: 0.2}, queries)
	assert.Equal(t, records.DefaultLimits(), queries.limits())

	config, err = load(file, "log_store/all")
	require.NoError(t, err)
	queries = config.embedded().Queries
	assert.Equal(t, records.Limits{MaxQueries: 16, MaxMemoryBytes: 64 << 20, CPUShare: 0.5}, queries.limits())
	require.NoError(t, queries.limits().Validate())

	for id, want := range map[string]string{
		"log_store/queries_too_few":          "embedded: queries: max_concurrent: write at least 2, not 1",
		"log_store/queries_records_negative": "max_records: write a positive number, or 0 for any number, not -1",
		"log_store/queries_no_memory":        "max_memory_mib: write at least 1, not 0",
		"log_store/queries_no_share":         "cpu_share_beside_ingest: write a number above 0 and up to 1, such as 0.25, not 0",
		"log_store/queries_share_too_large":  "cpu_share_beside_ingest: write a number above 0 and up to 1, such as 0.25, not 25",
		"log_store/queries_unknown_key":      "invalid keys: max",
	} {
		_, err := load(file, id)
		require.ErrorContains(t, err, want)
	}
}
