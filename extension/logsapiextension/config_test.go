package logsapiextension

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"

	"github.com/docketlog/docket/internal/ratelimit"
)

func loadConfig(t *testing.T, all *confmap.Conf, id string) (*Config, error) {
	t.Helper()
	section, err := all.Sub(id)
	require.NoError(t, err)
	config := createDefaultConfig().(*Config)
	if err := section.Unmarshal(config); err != nil {
		return nil, err
	}
	return config, confmap.Validate(config)
}

func TestConfig(t *testing.T) {
	all, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)

	t.Run("defaults", func(t *testing.T) {
		config, err := loadConfig(t, all, "logs_api")
		require.NoError(t, err)
		assert.Equal(t, "127.0.0.1:8320", config.Server.NetAddr.Endpoint)
		assert.Equal(t, component.MustNewID("log_store"), config.Store)
		assert.Equal(t, component.MustNewID("project_key"), config.Authenticator)
		assert.Equal(t, 25*time.Second, config.QueryTimeout)
		assert.Equal(t, int64(1<<20), config.Server.MaxRequestBodySize)
		assert.Equal(t, 100, config.Tail.MaxConnections)
		assert.True(t, config.AuditTrail)
		assert.True(t, config.UI.Enabled)
		assert.Zero(t, config.RateLimit, "there is none")
		assert.False(t, config.BehindProxy)
	})
	t.Run("all options", func(t *testing.T) {
		config, err := loadConfig(t, all, "logs_api/all")
		require.NoError(t, err)
		assert.Equal(t, "127.0.0.1:9320", config.Server.NetAddr.Endpoint)
		assert.Equal(t, component.MustNewIDWithName("log_store", "archive"), config.Store)
		assert.Equal(t, component.MustNewIDWithName("project_key", "staff"), config.Authenticator)
		assert.Equal(t, 5*time.Second, config.QueryTimeout)
		assert.Equal(t, 10*time.Second, config.Server.WriteTimeout)
		assert.Equal(t, int64(4096), config.Server.MaxRequestBodySize)
		assert.Equal(t, 7, config.Tail.MaxConnections)
		assert.False(t, config.AuditTrail)
		assert.False(t, config.UI.Enabled)
		assert.Equal(t, ratelimit.Config{RequestsPerSecond: 0.5, Burst: 30}, config.RateLimit)
		assert.True(t, config.BehindProxy)
	})
	t.Run("options of the listener", func(t *testing.T) {
		config, err := loadConfig(t, all, "logs_api/listener")
		require.NoError(t, err)
		assert.True(t, config.Server.TLS.HasValue())
		assert.Equal(t, []string{"https://example.com"}, config.Server.CORS.Get().AllowedOrigins)
		assert.Equal(t, 30*time.Second, config.Server.WriteTimeout)
	})
	t.Run("no write timeout allows any query timeout", func(t *testing.T) {
		_, err := loadConfig(t, all, "logs_api/no_write_timeout")
		require.NoError(t, err)
	})
	for id, message := range map[string]string{
		"logs_api/auth":                "write `authenticator: project_key`",
		"logs_api/no_endpoint":         "endpoint: write the address",
		"logs_api/no_query_timeout":    "query_timeout: must be more than 0",
		"logs_api/slow_query":          "must be shorter than write_timeout (30s)",
		"logs_api/no_tails":            "tail::max_connections: must be at least 1",
		"logs_api/unknown_option":      "invalid keys: authentication",
		"logs_api/unknown_tail_option": "invalid keys: connections",
		"logs_api/unknown_ui_option":   "invalid keys: page",
		"logs_api/bad_store":           "id must not be empty",
		"logs_api/negative_rate":       "rate_limit::requests_per_second: must be from 0",
		"logs_api/no_rate":             "rate_limit::requests_per_second: must be from 0",
		"logs_api/great_burst":         "rate_limit::burst: must be from 0",
		"logs_api/unknown_rate_option": "invalid keys: requests",
	} {
		t.Run(id, func(t *testing.T) {
			_, err := loadConfig(t, all, id)
			require.ErrorContains(t, err, message)
		})
	}
	t.Run("no ids", func(t *testing.T) {
		config := createDefaultConfig().(*Config)
		config.Store, config.Authenticator = component.ID{}, component.ID{}
		err := config.Validate()
		require.ErrorContains(t, err, "store: write the id")
		require.ErrorContains(t, err, "authenticator: write the id")
	})
}

// The README's example is a configuration.
func TestReadmeExample(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(readme, -1)
	require.NotEmpty(t, blocks)
	for _, block := range blocks {
		retrieved, err := confmap.NewRetrievedFromYAML(block[1])
		require.NoError(t, err)
		all, err := retrieved.AsConf()
		require.NoError(t, err)
		extensions, err := all.Sub("extensions")
		require.NoError(t, err)
		config, err := loadConfig(t, extensions, "logs_api")
		require.NoError(t, err)
		assert.Equal(t, 20*time.Second, config.QueryTimeout)
		assert.True(t, config.Server.TLS.HasValue())
	}
}
