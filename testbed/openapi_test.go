package testbed

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/testbed/client"
	"github.com/docketlog/docket/testbed/tools"
)

// schemathesisTimeout bounds a run, which takes about a minute on two free processors.
const schemathesisTimeout = 15 * time.Minute

// Schemathesis sends every route what /api/openapi.yaml allows and what it does not. No
// answer is a server's error or one that the file does not have; what breaks the file is
// refused, and what keeps it is not. testdata/schemathesis.toml says what is left out,
// and why. The requests are the same in each run, unless DOCKET_TEST_SEED says otherwise.
func TestSchemathesis(t *testing.T) {
	t.Parallel() // no time is measured in it
	python := tools.InstallPython(t, "schemathesis")
	docket, c := start(t)
	storeSeeds(t, c, time.Now().UTC().Add(-30*time.Minute))
	project, err := c.GetProject(t.Context(), "1")
	require.NoError(t, err)
	response, err := c.LogHub(t.Context(), project.Organization,
		`{"actor": {"type": "user", "data": {"name": "Ada", "email": "ada@example.com", "internal_id": 7}}, "action": "invoice.paid",
			"metadata": {"old": {}, "new": {"paid": true}}, "external_id": 42, "tags": ["billing"], "context": {"location": "Oslo"}}`)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.Status, "%s", response)
	event := find(t, c, searchFor("invoice.paid"), 1)[0]
	kept, err := c.CreateKey(t.Context(), "to get", []string{"logs:read"}, 1)
	require.NoError(t, err)
	deleted, err := c.CreateKey(t.Context(), "to delete", []string{"logs:read"}, 1)
	require.NoError(t, err)

	viewToGet, viewToDelete := createView(t, c, "to get"), createView(t, c, "to delete")

	embedToken, err := c.CreateEmbedToken(t.Context(), 1, "42", "https://app.example.com")
	require.NoError(t, err)

	config, err := filepath.Abs(filepath.Join("testdata", "schemathesis.toml"))
	require.NoError(t, err)
	seed := strconv.Itoa(numberFromEnvironment(t, seedVariable, 1))
	t.Logf("%s=%s", seedVariable, seed)
	ctx, cancel := context.WithTimeout(t.Context(), schemathesisTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, python.Interpreter(), python.Script("schemathesis"), //nolint:gosec // the pinned program
		"--config-file", config, "run", "--no-color", "--seed", seed, "http://"+docket.Endpoints.API+"/api/openapi.yaml")
	command.Dir = t.TempDir()
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + command.Dir,
		"DOCKET_KEY=" + adminKey, "DOCKET_ORGANIZATION=" + project.Organization, "DOCKET_RECORD=" + event.ID(),
		"DOCKET_KEY_TO_GET=" + kept.ID, "DOCKET_KEY_TO_DELETE=" + deleted.ID,
		"DOCKET_EMBED_TOKEN=" + embedToken,
		"DOCKET_VIEW_TO_GET=" + viewToGet, "DOCKET_VIEW_TO_DELETE=" + viewToDelete,
	}
	report, err := command.CombinedOutput()
	require.NoError(t, err, "%s", report)
	t.Logf("%s", report)

	counts := regexp.MustCompile(`Selected: +(\d+)/(\d+)\s+Tested: +(\d+)\s`).FindSubmatch(report)
	require.Len(t, counts, 4)
	assert.Equal(t, counts[2], counts[1], "every operation of the file is selected")
	assert.Equal(t, counts[2], counts[3], "and tested")
	_, err = c.GetKey(t.Context(), kept.ID)
	require.NoError(t, err)
	_, err = c.GetKey(t.Context(), deleted.ID)
	var refused *client.StatusError
	require.ErrorAs(t, err, &refused, "requests reach what the parameters name")
	assert.Equal(t, http.StatusNotFound, refused.Response.Status)
	views, err := c.Get(t.Context(), "/api/projects/1/logs/views/"+viewToGet+"/")
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, views.Status, "%s", views)
	views, err = c.Get(t.Context(), "/api/projects/1/logs/views/"+viewToDelete+"/")
	require.NoError(t, err)
	assert.Equal(t, http.StatusNotFound, views.Status, "%s", views)
	require.Zero(t, docket.Terminate())
	assert.NotContains(t, docket.Output(), "panic")
}

// createView saves a view of project 1 and returns its short id.
func createView(t *testing.T, c *client.Client, name string) string {
	t.Helper()
	view, err := c.CreateView(t.Context(), "1", name, `{}`)
	require.NoError(t, err)
	return view.ShortID
}
