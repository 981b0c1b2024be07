package distribution_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// What a cluster changes is named here; in everything else the ready configurations are
// the same, so that what is put into one is not forgotten in the other.
func TestReadyConfigurationsAreTheSame(t *testing.T) {
	embedded, cluster := readConfig(t, "docket.yaml"), readConfig(t, "elasticsearch.yaml")
	extensions := cluster["extensions"].(map[string]any)
	for extension, options := range map[string][]string{
		"log_store": {"elasticsearch"}, "project_key": {"stale_after", "snapshot_file"}, "alerting": {"grace"},
	} {
		for _, option := range options {
			assert.Contains(t, extensions[extension], option)
			delete(extensions[extension].(map[string]any), option)
		}
	}
	assert.Equal(t, embedded, cluster)
}

func readConfig(t *testing.T, path string) (config map[string]any) {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(content, &config))
	return config
}
