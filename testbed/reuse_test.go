package testbed

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/testbed/client"
	"github.com/docketlog/docket/testbed/collector"
)

// foreignManifest is the ocb manifest of somebody who wants nothing of Docket but
// its receiver.
const foreignManifest = `
dist:
  module: example.com/foreign
  name: foreign
  output_path: FOLDER/build
receivers:
  - gomod: github.com/docketlog/docket v0.0.0
    import: github.com/docketlog/docket/receiver/auditlogreceiver
    path: ROOT
exporters:
  - gomod: go.opentelemetry.io/collector/exporter/debugexporter v0.162.0
providers:
  - gomod: go.opentelemetry.io/collector/confmap/provider/envprovider v1.68.0
  - gomod: go.opentelemetry.io/collector/confmap/provider/fileprovider v1.68.0
telemetry:
  gomod: go.opentelemetry.io/collector/service v0.162.0
  import: go.opentelemetry.io/collector/service/telemetry/otelconftelemetry
`

const foreignConfig = `
receivers:
  audit_log:
    endpoint: ${env:DOCKET_INGEST_ENDPOINT}
exporters:
  debug:
    verbosity: detailed
service:
  pipelines:
    logs:
      receivers: [audit_log]
      exporters: [debug]
  telemetry:
    metrics:
      level: none
`

// A module that is not Docket's builds a collector with one of its components, and
// that component works there by itself.
func TestReceiverWorksInAForeignCollector(t *testing.T) {
	t.Parallel() // no time is measured in it
	root, folder := collector.ModuleRoot(t), t.TempDir()
	manifest := filepath.Join(folder, "manifest.yaml")
	content := strings.NewReplacer("FOLDER", folder, "ROOT", root).Replace(foreignManifest)
	require.NoError(t, os.WriteFile(manifest, []byte(content), 0o600))
	build := exec.CommandContext(t.Context(), "go", "tool",
		"-modfile="+filepath.Join("tools", "go.mod"), "go.opentelemetry.io/collector/cmd/builder", "--config", manifest)
	build.Dir = root
	text, err := build.CombinedOutput()
	require.NoError(t, err, "%s", text)

	config := filepath.Join(folder, "config.yaml")
	require.NoError(t, os.WriteFile(config, []byte(foreignConfig), 0o600))
	foreign := collector.Start(t, collector.Options{
		Binary: filepath.Join(folder, "build", "foreign"),
		Config: config,
		Ready:  collector.Listening(func(endpoints collector.Endpoints) string { return endpoints.Ingest }),
	})
	c := client.New(foreign.Endpoints, "")
	defer c.Close()
	response, err := c.LogSentry(t.Context(), `{"project": 1, "level": 4, "msg": "Kept elsewhere"}`)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.Status, response)
	acceptedByLogSentry(t, response)
	require.Eventually(t, func() bool {
		return strings.Contains(foreign.Output(), "Body: Str(Kept elsewhere)")
	}, 5*time.Second, 10*time.Millisecond)
	require.Zero(t, foreign.Terminate())
}
