package auditlogreceiver

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
)

// load returns the configuration of testdata/config.yaml with this id.
func load(t *testing.T, id string) (*Config, error) {
	t.Helper()
	file, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	section, err := file.Sub(id)
	require.NoError(t, err)
	config := createDefaultConfig().(*Config)
	if err := section.Unmarshal(config); err != nil {
		return nil, err
	}
	return config, confmap.Validate(config)
}

func TestDefaultConfig(t *testing.T) {
	config, err := load(t, "audit_log")
	require.NoError(t, err)
	assert.Equal(t, createDefaultConfig(), config)
	assert.Equal(t, "127.0.0.1:8318", config.ServerConfig.NetAddr.Endpoint)
	assert.Equal(t, int64(16<<20), config.ServerConfig.MaxRequestBodySize)
}

func TestConfig(t *testing.T) {
	config, err := load(t, "audit_log/all")
	require.NoError(t, err)
	want := createDefaultConfig().(*Config)
	want.ServerConfig.NetAddr.Endpoint = "0.0.0.0:9000"
	want.ServerConfig.MaxRequestBodySize = 1 << 20
	want.LogSentry.Paths = []string{"/audit"}
	want.LogHub.Enabled = false
	want.CodeMash.Paths = []string{"/{version}/logs"}
	want.MaxRecordSize = 65536
	want.MaxRecords = 100
	want.MaxAttributes = 64
	want.MaxDepth = 8
	want.DefaultProject = 3
	store := component.MustNewIDWithName("log_store", "main")
	want.Idempotency.Store = &store
	want.OTLPEndpointHint = "Send OTLP to otel.example.com"
	assert.Equal(t, want, config)
}

func TestInvalidConfig(t *testing.T) {
	for id, texts := range map[string][]string{
		"audit_log/limits": {
			"max_request_body_size must be at least 1, not -1", "max_record_size must be at least 1, not 0",
			"max_depth must be at most 1000, not 5000", "default_project must be at least 1, not -1",
		},
		"audit_log/paths": {
			`logsentry::paths: "no-slash" must start with a slash`, `loghub::paths: "/v1/event" is a path of logsentry already`,
			`codemash::paths: "/{b}/logs" is a path of codemash already`,
		},
		"audit_log/no_paths": {"loghub::paths is empty: write a path, or loghub::enabled: false"},
		"audit_log/nothing":  {"no format is enabled"},
		// Options that do not exist.
		"audit_log/unknown":             {"path"},
		"audit_log/unknown_server":      {"max_body"},
		"audit_log/unknown_idempotency": {"storage"},
		"audit_log/invalid_idempotency": {"store", "id must not be empty"},
	} {
		_, err := load(t, id)
		for _, text := range texts {
			assert.ErrorContains(t, err, text, id)
		}
	}
}

// TestServerConfig: what confighttp knows is an option here, too.
func TestServerConfig(t *testing.T) {
	config, err := load(t, "audit_log/server")
	require.NoError(t, err)
	server := config.ServerConfig
	assert.Equal(t, "cert.pem", server.TLS.Get().CertFile)
	assert.Equal(t, []string{"*"}, server.CORS.Get().AllowedOrigins)
	assert.Equal(t, "project_key", server.Auth.Get().Config.AuthenticatorID.String())
	assert.Equal(t, 5*time.Second, server.WriteTimeout)
	assert.Equal(t, int64(16<<20), server.MaxRequestBodySize)
}
