package logstoreexporter

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
)

func TestConfig(t *testing.T) {
	file, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	for id, want := range map[string]component.ID{
		"log_store":       component.MustNewID("log_store"),
		"log_store/other": component.MustNewIDWithName("log_store", "archive"),
	} {
		config, err := load(file, id)
		require.NoError(t, err, id)
		assert.Equal(t, want, config.Store, id)
	}
	_, err = load(file, "log_store/empty")
	require.Error(t, err)
	require.ErrorContains(t, (&Config{}).Validate(), "store: name a log_store extension")
}

func TestReadmeExample(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	example := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(readme)
	require.NotNil(t, example)
	retrieved, err := confmap.NewRetrievedFromYAML(example[1])
	require.NoError(t, err)
	file, err := retrieved.AsConf()
	require.NoError(t, err)
	exporters, err := file.Sub("exporters")
	require.NoError(t, err)
	config, err := load(exporters, "log_store")
	require.NoError(t, err)
	assert.Equal(t, createDefaultConfig(), config)
}

// load reads one section into the default configuration and validates it.
func load(file *confmap.Conf, id string) (*Config, error) {
	section, err := file.Sub(id)
	if err != nil {
		return nil, err
	}
	config := createDefaultConfig().(*Config)
	if err := section.Unmarshal(config); err != nil {
		return nil, err
	}
	return config, confmap.Validate(config)
}
