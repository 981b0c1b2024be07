package testbed

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/testbed/collector"
	"github.com/docketlog/docket/testbed/ui/pagesources"
	"github.com/docketlog/docket/testbed/ui/records"
)

const (
	// pageRecords is how many records the web page is tested with.
	pageRecords = 100_000
	// maxScreenshot is how large a picture of the documentation may be, in bytes.
	maxScreenshot = 150_000
)

// The page's scripts are what their types say, in TypeScript's strict mode.
func TestTypesOfTheWebPage(t *testing.T) {
	t.Parallel() // no time is measured in it
	sources := pagesources.Copy(t)
	sources.Run(t, sources.Page(), nil, "typescript/bin/tsc", "--project", "jsconfig.json")
}

func TestLintOfTheWebPage(t *testing.T) {
	t.Parallel() // no time is measured in it
	sources := pagesources.Copy(t)
	sources.Run(t, sources.Page(), nil, "eslint/bin/eslint.js", "--max-warnings", "0", ".")
}

// What the page computes, without a browser: testbed/ui/tests/*.test.mjs.
func TestModulesOfTheWebPage(t *testing.T) {
	t.Parallel() // no time is measured in it
	sources := pagesources.Copy(t)
	files, err := filepath.Glob(filepath.Join(sources.Tests(), "tests", "*.test.mjs"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	sources.Run(t, sources.Tests(), []string{"TZ=Asia/Kolkata"}, "", append([]string{"--test"}, files...)...)
}

// TestWebPage drives the page as people do, in Chromium, with 100,000 records:
// testbed/ui/tests/*.spec.mjs. The variable DOCKET_TEST_SCREENSHOTS names a folder for the
// pictures; `make screenshots` sets it.
func TestWebPage(t *testing.T) {
	t.Parallel() // no time is measured in it
	docket := collector.Start(t, collector.Options{AdminKey: adminKey, Environment: []string{
		"DOCKET_ALERT_CHECK_INTERVAL=1s", "DOCKET_ALLOW_PRIVATE_WEBHOOKS=true",
		"DOCKET_AI_BASE_URL=" + newLanguageModel(t).URL + "/v1", "DOCKET_AI_MODEL=numbered",
	}})
	c := newClient(t, docket, adminKey)
	// As it is when nobody has configured anything.
	plain, _ := start(t)
	require.NoError(t, records.Store(t.Context(), c, pageRecords, time.Now()))
	awaitRecords(t, docket)
	sources := pagesources.Copy(t)
	pictures := os.Getenv("DOCKET_TEST_SCREENSHOTS")
	if pictures == "" {
		pictures = t.TempDir()
	}
	environment := []string{
		"DOCKET_UI_URL=http://" + docket.Endpoints.API, "DOCKET_UI_KEY=" + adminKey, "DOCKET_UI_INGEST=" + docket.Endpoints.Ingest,
		"DOCKET_UI_OTLP=" + docket.Endpoints.OTLPHTTP,
		"DOCKET_UI_PLAIN_URL=http://" + plain.Endpoints.API, "DOCKET_UI_PLAIN_OTLP=" + plain.Endpoints.OTLPHTTP,
		"DOCKET_UI_SCREENSHOTS=" + pictures,
	}
	playwright := func(project string) func(t *testing.T) {
		return func(t *testing.T) {
			t.Helper()
			t.Logf("%s", bytes.TrimSpace(sources.Playwright(t, environment, project)))
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
