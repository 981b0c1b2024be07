package testbed

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/testbed/collector"
)

// idleMemoryLimit is Docket's promise for a process that has nothing to do.
const idleMemoryLimit = 80 << 20

func TestHealthAndVersionNeedNoKey(t *testing.T) {
	docket, _ := start(t)
	c := newClient(t, docket, "")
	for _, path := range []string{"/healthz", "/version"} {
		response, err := c.Get(t.Context(), path)
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, response.Status, "%s: %s", path, response)
		assert.NotEmpty(t, response.Body, path)
	}
}

// Start-up and memory are shown; a limit on the first would fail on a busy
// machine, `make bench` measures it.
func TestStartsSmall(t *testing.T) {
	docket, _ := start(t)
	time.Sleep(2 * time.Second) // what the start left behind has been collected by then, or never is
	usage, err := docket.Usage()
	require.NoError(t, err)
	t.Logf("ready after %v, %d MiB and %v of processor time two seconds later",
		docket.StartupTime.Round(time.Millisecond), usage.ResidentBytes>>20, usage.CPU)
	assert.Less(t, usage.ResidentBytes, int64(idleMemoryLimit))
}

// What an operator gets wrong ends the start with a text that names it.
func TestWrongConfigurationIsRefused(t *testing.T) {
	taken := listen(t)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, test := range []struct {
		name    string
		options collector.Options
		// says are the texts that the output must hold.
		says []string
	}{
		{"no such file", collector.Options{Config: "nowhere.yaml"}, []string{"nowhere.yaml"}},
		{
			"unknown setting of the receiver",
			collector.Options{Config: changedConfig(t, "authenticator: project_key", "autenticator: project_key")},
			[]string{"audit_log", "autenticator"},
		},
		{
			"unknown component",
			collector.Options{Config: changedConfig(t, "  normalize:", "  normalise:")},
			[]string{"normalise"},
		},
		{
			"authenticator that does not exist",
			collector.Options{Config: changedConfig(t, "extensions: [log_store, project_key, alerting, logs_api]", "extensions: [log_store, alerting]")},
			[]string{"project_key"},
		},
		{
			"endpoint without a port",
			collector.Options{Environment: []string{"DOCKET_INGEST_ENDPOINT=nonsense"}},
			[]string{"audit_log", "nonsense"},
		},
		{
			"endpoint that is taken",
			collector.Options{Environment: []string{"DOCKET_API_ENDPOINT=" + taken}},
			[]string{"logs_api", taken, "address already in use"},
		},
		{
			"admin key that can be guessed",
			collector.Options{AdminKey: "letmein"},
			[]string{"admin_key", "16"},
		},
		{
			"data folder that is a file",
			collector.Options{DataDir: file},
			[]string{"log_store", file, "not a directory"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.options.AdminKey == "" {
				test.options.AdminKey = adminKey
			}
			exitCode, text := collector.Run(t, test.options)
			assert.NotZero(t, exitCode)
			for _, part := range test.says {
				assert.Contains(t, text, part)
			}
			assert.NotContains(t, text, "goroutine ", "an error, not a panic")
			assert.NotContains(t, text, test.options.AdminKey)
		})
	}
}

func TestSecondProcessOnTheSameFolderIsRefused(t *testing.T) {
	docket, c := start(t)
	exitCode, text := collector.Run(t, collector.Options{DataDir: docket.DataDir, AdminKey: adminKey})
	assert.NotZero(t, exitCode)
	assert.Contains(t, text, docket.DataDir)
	assert.Regexp(t, `another process|another Docket|in use`, text)

	response, err := c.LogSentry(t.Context(), `{"msg": "the first is unharmed"}`)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.Status, response)
	find(t, c, searchFor("unharmed"), 1)
}

// changedConfig writes the default config with the first occurrence of a text
// replaced, and returns the new file.
func changedConfig(t *testing.T, old, replacement string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(collector.ModuleRoot(t), "distribution", "docket.yaml"))
	require.NoError(t, err)
	require.Contains(t, string(content), old)
	file := filepath.Join(t.TempDir(), "changed.yaml")
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(content), old, replacement, 1)), 0o600))
	return file
}

// listen takes a port until the test ends.
func listen(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String()
}
