package testbed

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/testbed/collector"
	"github.com/docketlog/docket/testbed/tools"
	"github.com/docketlog/docket/testbed/ui/records"
)

const (
	// pageRecords is how many records the web page is tested with.
	pageRecords = 100_000
	// pageTimeout bounds each run of a program that checks the page.
	pageTimeout = 10 * time.Minute
	// maxScreenshot is how large a picture of the documentation may be, in bytes.
	maxScreenshot = 150_000
)

// pageSources is a copy of the page and its tests, beside the programs that check them,
// which leave files of their own.
type pageSources struct {
	folder string
}

func copyPage(t *testing.T) pageSources {
	t.Helper()
	sources := pageSources{folder: t.TempDir()}
	root := collector.ModuleRoot(t)
	for _, path := range []string{
		filepath.Join("extension", "logsapiextension", "ui"), filepath.Join("testbed", "ui"), filepath.Join("internal", "record", "testdata"),
	} {
		require.NoError(t, os.CopyFS(filepath.Join(sources.folder, path), os.DirFS(filepath.Join(root, path))))
	}
	require.NoError(t, os.Symlink(tools.InstallNode(t, "ui"), filepath.Join(sources.folder, "node_modules")))
	return sources
}

func (s pageSources) page() string {
	return filepath.Join(s.folder, "extension", "logsapiextension", "ui")
}

func (s pageSources) tests() string { return filepath.Join(s.folder, "testbed", "ui") }

// run runs a program of Node.js in a folder, and fails the test when it finds something
// wrong.
func (s pageSources) run(t *testing.T, folder string, environment []string, program string, arguments ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), pageTimeout)
	defer cancel()
	arguments = append([]string{filepath.Join(s.folder, "node_modules", program)}, arguments...)
	if program == "" {
		arguments = arguments[1:]
	}
	command := exec.CommandContext(ctx, "node", arguments...) //nolint:gosec // the pinned programs
	command.Dir = folder
	command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.folder, "CI=1", "NO_COLOR=1"}, environment...)
	printed, err := command.CombinedOutput()
	require.NoError(t, err, "%s", printed)
	t.Logf("%s", bytes.TrimSpace(printed))
}

// The page's scripts are what their types say, in TypeScript's strict mode.
func TestTypesOfTheWebPage(t *testing.T) {
	sources := copyPage(t)
	sources.run(t, sources.page(), nil, "typescript/bin/tsc", "--project", "jsconfig.json")
}

func TestLintOfTheWebPage(t *testing.T) {
	sources := copyPage(t)
	sources.run(t, sources.page(), nil, "eslint/bin/eslint.js", "--max-warnings", "0", ".")
}

// What the page computes, without a browser: testbed/ui/tests/*.test.mjs.
func TestModulesOfTheWebPage(t *testing.T) {
	sources := copyPage(t)
	files, err := filepath.Glob(filepath.Join(sources.tests(), "tests", "*.test.mjs"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	sources.run(t, sources.tests(), []string{"TZ=Asia/Kolkata"}, "", append([]string{"--test"}, files...)...)
}

// TestWebPage drives the page as people do, in Chromium, with 100,000 records:
// testbed/ui/tests/*.spec.mjs. The variable DOCKET_TEST_SCREENSHOTS names a folder for the
// pictures; `make screenshots` sets it.
func TestWebPage(t *testing.T) {
	docket := collector.Start(t, collector.Options{AdminKey: adminKey, Environment: []string{
		"DOCKET_ALERT_CHECK_INTERVAL=1s", "DOCKET_ALLOW_PRIVATE_WEBHOOKS=true",
		"DOCKET_AI_BASE_URL=" + newLanguageModel(t).URL + "/v1", "DOCKET_AI_MODEL=numbered",
	}})
	c := newClient(t, docket, adminKey)
	// As it is when nobody has configured anything.
	plain, _ := start(t)
	require.NoError(t, records.Store(t.Context(), c, pageRecords, time.Now()))
	awaitRecords(t, docket)
	sources := copyPage(t)
	pictures := os.Getenv("DOCKET_TEST_SCREENSHOTS")
	if pictures == "" {
		pictures = t.TempDir()
	}
	environment := []string{
		"DOCKET_UI_URL=http://" + docket.Endpoints.API, "DOCKET_UI_KEY=" + adminKey, "DOCKET_UI_INGEST=" + docket.Endpoints.Ingest,
		"DOCKET_UI_OTLP=" + docket.Endpoints.OTLPHTTP,
		"DOCKET_UI_PLAIN_URL=http://" + plain.Endpoints.API, "DOCKET_UI_PLAIN_OTLP=" + plain.Endpoints.OTLPHTTP,
		"DOCKET_UI_CHROMIUM=" + tools.InstallChromium(t), "DOCKET_UI_SCREENSHOTS=" + pictures,
	}
	playwright := func(project string) func(t *testing.T) {
		return func(t *testing.T) {
			t.Helper()
			sources.run(t, sources.tests(), environment, "@playwright/test/cli.js", "test", "--project", project)
		}
	}
	t.Run("tests", playwright("page"))
	t.Run("screenshots", func(t *testing.T) {
		playwright("screenshots")(t)
		files, err := filepath.Glob(filepath.Join(pictures, "*.png"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			info, err := os.Stat(file)
			require.NoError(t, err)
			assert.Less(t, info.Size(), int64(maxScreenshot), file)
		}
	})
}

// awaitRecords waits until all that was stored is found.
func awaitRecords(t *testing.T, docket *collector.Collector) {
	t.Helper()
	c := newClient(t, docket, adminKey)
	require.EventuallyWithT(t, func(collect *assert.CollectT) {
		answer, err := c.Do(t.Context(), http.MethodPost, "http://"+docket.Endpoints.API+"/api/projects/1/logs/count",
			`{"query": {"dateRange": {"date_from": "-8d"}}}`, "Authorization", "Bearer "+adminKey, "Content-Type", "application/json")
		require.NoError(collect, err)
		require.Equal(collect, http.StatusOK, answer.Status, answer)
		var counted struct {
			Count int `json:"count"`
		}
		require.NoError(collect, answer.Decode(&counted))
		require.GreaterOrEqual(collect, counted.Count, pageRecords)
	}, time.Minute, 100*time.Millisecond)
}
