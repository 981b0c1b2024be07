package testbed

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/docketlog/docket/testbed/collector"
)

// Every other test sets all endpoints to free ports and the data folder to a
// temporary one, and could not work if Docket did not honour them. Here is what
// is true without the variables.
func TestDefaultsOfTheEnvironment(t *testing.T) {
	command := exec.CommandContext(t.Context(), collector.DocketBinary(t), "print-config",
		"--config", filepath.Join(collector.ModuleRoot(t), "distribution", "docket.yaml"))
	command.Env = []string{"PATH=" + os.Getenv("PATH")}
	command.Dir = t.TempDir()
	var problems strings.Builder
	command.Stderr = &problems
	text, err := command.Output()
	require.NoError(t, err, "%s", &problems)
	var config map[string]any
	require.NoError(t, yaml.Unmarshal(text, &config))

	for path, expected := range map[string]any{
		"extensions/log_store/directory":         "./data",
		"extensions/project_key/admin_key_file":  "./data/admin.key",
		"extensions/logs_api/endpoint":           "127.0.0.1:8320",
		"receivers/audit_log/endpoint":           "127.0.0.1:8318",
		"receivers/otlp/protocols/http/endpoint": "127.0.0.1:4318",
		"receivers/otlp/protocols/grpc/endpoint": "127.0.0.1:4317",
		"service/telemetry/logs/level":           "info",

		"service/telemetry/metrics/readers/0/pull/exporter/prometheus/host": "127.0.0.1",
		"service/telemetry/metrics/readers/0/pull/exporter/prometheus/port": 8319,
	} {
		assert.Equal(t, expected, at(config, path), path)
	}
}

// at returns the value at a path of keys and indexes in decoded YAML.
func at(value any, path string) any {
	for _, step := range strings.Split(path, "/") {
		switch node := value.(type) {
		case map[string]any:
			value = node[step]
		case []any:
			index, err := strconv.Atoi(step)
			if err != nil || index >= len(node) {
				return nil
			}
			value = node[index]
		default:
			return nil
		}
	}
	return value
}

// The metrics port is the only variable that no other test would miss.
func TestMetricsPort(t *testing.T) {
	docket, c := start(t)
	response, err := c.Do(t.Context(), http.MethodGet, "http://"+docket.Endpoints.Metrics+"/metrics", "")
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, response.Status)
	assert.Contains(t, string(response.Body), "otelcol_process_uptime")
}

// The config is YAML, but what the variables hold is taken as it is.
func TestValuesThatYAMLWouldReadOtherwise(t *testing.T) {
	docket := collector.Start(t, collector.Options{
		AdminKey: "0123456789012345678901234567890123456789",
		DataDir:  filepath.Join(t.TempDir(), "a: folder #1"),
	})
	_, err := newClient(t, docket, "0123456789012345678901234567890123456789").CreateProject(t.Context(), "made", "")
	require.NoError(t, err)
	assert.DirExists(t, docket.DataDir)
}

func TestGivenAdminKeyIsNotWrittenAnywhere(t *testing.T) {
	docket, c := start(t)
	_, err := c.CreateProject(t.Context(), "made with the given key", "")
	require.NoError(t, err)
	assert.NoFileExists(t, filepath.Join(docket.DataDir, "admin.key"))
	require.Zero(t, docket.Terminate())
	assert.NotContains(t, docket.Output(), adminKey)
	assertNoFileHolds(t, docket.DataDir, adminKey)
}

func TestAdminKeyIsMadeAtTheFirstStart(t *testing.T) {
	docket := collector.Start(t, collector.Options{})
	file := filepath.Join(docket.DataDir, "admin.key")
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "only its owner may read it")
	key := readKey(t, file)
	assert.GreaterOrEqual(t, len(key), 32)
	assert.Contains(t, docket.Output(), file, "the log says where the key is")

	_, err = newClient(t, docket, key).CreateProject(t.Context(), "made with the made key", "")
	require.NoError(t, err)
	require.Zero(t, docket.Terminate())
	docket.Restart()
	assert.Equal(t, key, readKey(t, file), "a restart keeps the key")
	_, err = newClient(t, docket, key).GetProject(t.Context(), "2")
	require.NoError(t, err)
	assert.NotContains(t, docket.Output(), key, "the log never holds the key")
}

// Keys are kept as hashes only, so whoever reads the data folder has none.
func TestNoKeyIsKeptInClear(t *testing.T) {
	docket, c := start(t)
	key, err := c.CreateKey(t.Context(), "secret", []string{"*"}, 1)
	require.NoError(t, err)
	_, err = newClient(t, docket, key.Value).Search(t.Context(), nil)
	require.NoError(t, err)
	require.Zero(t, docket.Terminate())
	assertNoFileHolds(t, docket.DataDir, key.Value)
	assert.NotContains(t, docket.Output(), key.Value)
}

func readKey(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	return strings.TrimSpace(string(content))
}

func assertNoFileHolds(t *testing.T, folder, secret string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		assert.NotContains(t, string(content), secret, path)
		return err
	})
	require.NoError(t, err)
}
