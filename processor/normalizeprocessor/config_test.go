package normalizeprocessor

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
)

func TestConfig(t *testing.T) {
	tests := map[string]struct {
		want    *Config
		message string
	}{
		"normalize":          {want: &Config{}},
		"normalize/default":  {want: &Config{DefaultProject: 12}},
		"normalize/negative": {message: "default_project is -1: write the id of a project (1 or more), or 0 for none"},
		"normalize/unknown":  {message: "default_projct"},
	}
	file, err := confmaptest.LoadConf("testdata/config.yaml")
	require.NoError(t, err)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			section, err := file.Sub(name)
			require.NoError(t, err)
			config := NewFactory().CreateDefaultConfig()
			err = section.Unmarshal(config)
			if err == nil {
				err = confmap.Validate(config)
			}
			if test.message != "" {
				require.ErrorContains(t, err, test.message)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.want, config)
		})
	}
}

func TestItSaysThatItChangesData(t *testing.T) {
	logs, _ := newProcessor(t, &Config{})
	assert.True(t, logs.Capabilities().MutatesData)
}
