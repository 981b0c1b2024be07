package testbed

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/testbed/tools"
)

// scenarioTimeout bounds each step of making and running the generated client, which mostly
// waits for Node.js.
const scenarioTimeout = 3 * time.Minute

// A client that openapi-ts, a published generator for TypeScript, makes of the description
// that a running Docket serves compiles in strict mode, and works: it makes, lists, changes
// and deletes views, reads records, and tells errors apart. testdata/openapi_ts/scenario.ts
// is the program that uses it.
func TestGeneratedClient(t *testing.T) {
	t.Parallel() // no time is measured in it
	modules := tools.InstallNode(t, "openapi_ts")
	docket, c := start(t)
	first := time.Now().UTC().Add(-time.Hour).Truncate(10 * time.Minute)
	storeSeeds(t, c, first)

	description, err := c.Get(t.Context(), "/api/openapi.yaml")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, description.Status)
	folder := t.TempDir()
	require.NoError(t, os.CopyFS(folder, os.DirFS(filepath.Join("testdata", "openapi_ts"))))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "openapi.yaml"), description.Body, 0o600))
	require.NoError(t, os.Symlink(modules, filepath.Join(folder, "node_modules")))

	node(t, folder, "node_modules/@hey-api/openapi-ts/bin/run.js",
		"--input", "openapi.yaml", "--output", "client", "--client", "@hey-api/client-fetch", "--no-log-file")
	node(t, folder, "node_modules/typescript/bin/tsc", "--project", "tsconfig.json")
	printed := node(t, folder, "built/scenario.js", "http://"+docket.Endpoints.API, adminKey,
		first.Format(time.RFC3339), first.Add(4*time.Minute).Format(time.RFC3339))

	assertJSONHas(t, `{
		"views": {
			"made": {"name": "Errors", "pinned": false, "filters": {"searchTerm": "<b>", "nested": {"list": [1, "two", null]}},
				"columns": [{"id": "c1", "type": "timestamp", "width": 180}], "created_by": {"first_name": "admin key"}},
			"pages": [{"count": 2, "names": ["Second"], "isLast": false}, {"count": 2, "names": ["Errors"], "isLast": true}],
			"changed": {"name": "Failures", "pinned": true, "filters": {"searchTerm": "<b>", "nested": {"list": [1, "two", null]}}},
			"seen": {"name": "Failures", "pinned": true, "columns": [{"id": "c1", "type": "timestamp", "width": 180}]},
			"deleted": 204,
			"gone": {"status": 404, "type": "invalid_request", "code": "not_found", "attr": null},
			"nameless": {"status": 400, "type": "validation_error", "code": "required", "attr": "name"},
			"wrongColumn": {"status": 400, "type": "validation_error", "code": "invalid_input", "attr": "columns__0__expression"}},
		"records": {
			"bodies": ["user 1 logged in", "user 2 logged in", "timeout after 30 ms", "timeout after 45 ms"], "hasMore": [true, false], "count": 3,
			"messages": ["ledger is out of balance"],
			"wrong": {"status": 404, "type": "invalid_request", "code": "not_found", "attr": null}},
		"unknown": {"status": 401, "type": "authentication_error", "code": "authentication_failed", "attr": null}}`, printed, "the generated client")

	var scenario struct {
		Views struct {
			Kept string `json:"kept"`
			Made struct {
				ShortID string `json:"short_id"`
			} `json:"made"`
		} `json:"views"`
	}
	require.NoError(t, json.Unmarshal(printed, &scenario))
	views, err := c.Views(t.Context(), "1")
	require.NoError(t, err)
	require.Len(t, views, 1, "what the client has done is done")
	assert.Equal(t, scenario.Views.Kept, views[0].ShortID)
	assert.NotEqual(t, scenario.Views.Made.ShortID, views[0].ShortID)
}

// node runs a program of Node.js in a folder and returns what it prints.
func node(t *testing.T, folder, program string, arguments ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), scenarioTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, "node", append([]string{program}, arguments...)...) //nolint:gosec // the pinned programs
	command.Dir = folder
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + folder, "CI=1"}
	printed, err := command.Output()
	if failed, ok := err.(*exec.ExitError); ok { //nolint:errorlint // Output does not wrap it
		t.Fatalf("%s: %v\n%s%s", program, err, failed.Stderr, printed)
	}
	require.NoError(t, err)
	return printed
}
