package projectkeyextension

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"

	"github.com/docketlog/docket/internal/ratelimit"
)

func TestLoadConfig(t *testing.T) {
	file, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	tests := []struct {
		id   component.ID
		want func(*Config)
	}{
		{component.NewID(typ), func(*Config) {}},
		{component.NewIDWithName(typ, "given"), func(config *Config) {
			config.Store = component.MustNewIDWithName("log_store", "main")
			config.AdminKey = "not-a-real-admin-key"
		}},
		{component.NewIDWithName(typ, "file"), func(config *Config) {
			config.AdminKeyFile = "/run/secrets/docket-admin-key"
			config.RefreshInterval = 500 * time.Millisecond
			config.StaleAfter = 15 * time.Minute
		}},
		{component.NewIDWithName(typ, "cluster"), func(config *Config) {
			config.StaleAfter = 24 * time.Hour
			config.SnapshotFile = "./data/keys.json"
		}},
		{component.NewIDWithName(typ, "limited"), func(config *Config) {
			config.RateLimit = ratelimit.Config{RequestsPerSecond: 50, Burst: 200}
		}},
	}
	for _, test := range tests {
		t.Run(test.id.String(), func(t *testing.T) {
			section, err := file.Sub(test.id.String())
			require.NoError(t, err)
			config := createDefaultConfig().(*Config)
			require.NoError(t, section.Unmarshal(config))
			require.NoError(t, confmap.Validate(config))
			want := createDefaultConfig().(*Config)
			test.want(want)
			require.Equal(t, want, config)
		})
	}
}

func TestDefaultConfig(t *testing.T) {
	require.Equal(t, &Config{
		Store:           component.MustNewID("log_store"),
		AdminKeyFile:    "./data/admin.key",
		RefreshInterval: 2 * time.Second,
		StaleAfter:      5 * time.Second,
	}, createDefaultConfig())
}

func TestValidate(t *testing.T) {
	tests := []struct {
		name    string
		change  func(*Config)
		message string
	}{
		{"no store", func(config *Config) { config.Store = component.ID{} }, `store: name the log_store extension`},
		{"short key", func(config *Config) { config.AdminKey = "fifteen-letters" }, "admin_key: an admin key needs 16 to 512 characters, this one has 15; leave it empty"},
		{"long key", func(config *Config) { config.AdminKey = configopaque.String(strings.Repeat("x", 513)) }, "this one has 513"},
		{"space in the key", func(config *Config) { config.AdminKey = "sixteen letters " }, "printable ASCII"},
		{"umlaut in the key", func(config *Config) { config.AdminKey = "sechzehn-zeichen-ü" }, "printable ASCII"},
		{"neither key nor file", func(config *Config) { config.AdminKeyFile = "" }, `admin_key_file: name a file for the admin key, for example "./data/admin.key"`},
		{"no refreshing", func(config *Config) { config.RefreshInterval = 0 }, "refresh_interval: must be at least 100ms"},
		{"stale at once", func(config *Config) { config.StaleAfter = config.RefreshInterval }, "stale_after: must be more than refresh_interval (2s), for example 5s"},
		{"stale too soon", func(config *Config) { config.RefreshInterval = time.Minute }, "for example 2m0s"},
		{"negative rate", func(config *Config) { config.RateLimit.RequestsPerSecond = -1 }, "rate_limit::requests_per_second: must be from 0 (no limit) to 1000000"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			config := createDefaultConfig().(*Config)
			test.change(config)
			err := confmap.Validate(config)
			require.ErrorContains(t, err, test.message)
			if config.AdminKey != "" {
				require.NotContains(t, err.Error(), string(config.AdminKey))
			}
		})
	}
	config := createDefaultConfig().(*Config)
	config.AdminKey, config.AdminKeyFile = "sixteen-letters!", ""
	require.NoError(t, confmap.Validate(config))
}

func TestTheAdminKeyIsNotPrinted(t *testing.T) {
	require.NotContains(t, fmt.Sprintf("%v %+v", configWithAdminKey(), configWithAdminKey()), adminKey)
}

// TestReadmeExample loads the example as an operator would.
func TestReadmeExample(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(readme), "```yaml\n")
	require.True(t, found)
	example, _, found := strings.Cut(rest, "```")
	require.True(t, found)
	resolver, err := confmap.NewResolver(confmap.ResolverSettings{
		URIs:              []string{"yaml:" + example},
		ProviderFactories: []confmap.ProviderFactory{yamlprovider.NewFactory(), envprovider.NewFactory()},
	})
	require.NoError(t, err)
	resolved, err := resolver.Resolve(t.Context())
	require.NoError(t, err)
	require.NoError(t, resolver.Shutdown(t.Context()))

	section, err := resolved.Sub("extensions::project_key")
	require.NoError(t, err)
	config := createDefaultConfig().(*Config)
	require.NoError(t, section.Unmarshal(config))
	require.NoError(t, confmap.Validate(config))
	require.Equal(t, createDefaultConfig(), config, "the example says what the defaults are")
}
