package testbed

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/tenant"
	"github.com/docketlog/docket/testbed/client"
)

// auditNumber is the number of the project of the audit trail.
const auditNumber = "2000000000"

// auditedActions waits until so many events of Docket's own audit trail are found, and
// returns their actions, the oldest first. C must have a key that reads nothing else.
func auditedActions(t *testing.T, c *client.Client, count int) []string {
	t.Helper()
	var actions []string
	for _, event := range awaitEvents(t, c, "?limit=20&order=asc", count) {
		actions = append(actions, event.Data.Action)
		assert.EqualValues(t, tenant.AuditProjectID, event.Data.ProjectID)
	}
	return actions
}

// What is done to Docket is found in its audit trail, by whoever has a key for that and
// nobody else, also after it was killed; and nobody can add to it.
func TestAuditTrail(t *testing.T) { onEachBackend(t, testAuditTrail) }

func testAuditTrail(t *testing.T, b *backend) {
	t.Helper()
	docket, admin := b.start(t)
	auditorKey, err := admin.CreateKey(t.Context(), "auditor", []string{"*"}, tenant.AuditProjectID)
	require.NoError(t, err)
	auditor := newClient(t, docket, auditorKey.Value)
	view, err := admin.CreateView(t.Context(), "1", "errors", `{"searchTerm": "timeout"}`)
	require.NoError(t, err)
	_, err = admin.ChangeView(t.Context(), "1", view.ShortID, map[string]any{"pinned": true})
	require.NoError(t, err)
	stranger := newClient(t, docket, "phx_wrong")
	response, err := stranger.Get(t.Context(), "/api/projects/1/logs/views/")
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, response.Status)
	response, err = stranger.LogSentry(t.Context(), `{"project": 1, "msg": "forged"}`)
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, response.Status)
	require.Error(t, stranger.OTLPGRPC(t.Context(), otlpLogs("", "forged", plog.SeverityNumberInfo)))
	response, err = admin.Get(t.Context(), "/api/projects/1/logs/export?format=csv&query="+url.QueryEscape(`{"dateRange": {"date_from": "-1h"}}`))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.Status, response)

	want := []string{"key.create", "view.create", "view.update", "sign_in.fail", "sign_in.fail", "sign_in.fail", "records.export"}
	require.Equal(t, want, auditedActions(t, auditor, len(want)))
	docket.Kill()
	docket.Restart()
	require.Equal(t, want, auditedActions(t, auditor, len(want)), "what was found stays")

	logs := find(t, auditor, nil, len(want)) // the key may read nothing else
	for _, log := range logs {
		assert.Len(t, log.Hash(), 64)
	}
	second, err := admin.CreateProject(t.Context(), "Second", "")
	require.NoError(t, err)
	assert.EqualValues(t, 2, second.ID, "the audit trail takes no number")
	reader, err := admin.CreateKey(t.Context(), "reader", []string{"*"})
	require.NoError(t, err)
	response, err = newClient(t, docket, reader.Value).Get(t.Context(), "/api/projects/"+auditNumber+"/logs/has_logs/")
	require.NoError(t, err)
	assert.Equal(t, http.StatusNotFound, response.Status, "all projects of an organization are without it")

	for _, c := range []*client.Client{admin, auditor} {
		assertNobodyAddsToTheAuditTrail(t, c)
	}
	require.Len(t, awaitEvents(t, auditor, "?limit=20", len(want)+2), len(want)+2, "but for what was done since")
}

// assertNobodyAddsToTheAuditTrail tries each way by which records come in.
func assertNobodyAddsToTheAuditTrail(t *testing.T, c *client.Client) {
	t.Helper()
	logs := otlpLogs("", "forged", plog.SeverityNumberInfo)
	logs.ResourceLogs().At(0).Resource().Attributes().PutInt("docket.project.id", tenant.AuditProjectID)
	event := `{"actor": {"type": "system", "description": "x"}, "action": "forged", "metadata": {}, "external_id": 1, "context": {}}`
	for name, send := range map[string]func() (client.Response, error){
		"LogSentry": func() (client.Response, error) {
			return c.LogSentry(t.Context(), `{"project": `+auditNumber+`, "msg": "forged"}`)
		},
		"LogHub": func() (client.Response, error) {
			return c.Do(t.Context(), http.MethodPost, "http://"+c.Endpoints.Ingest+"/v1/event", event, "token", c.Key,
				"organization", "default", "Content-Type", "application/json", "Docket-Project-Id", auditNumber)
		},
		"CodeMash": func() (client.Response, error) {
			return c.CodeMash(t.Context(), "v1", "00000000-d0c4-8e70-8000-000077359400", `{"message": "forged"}`)
		},
		"OTLP": func() (client.Response, error) { return c.OTLPProtobuf(t.Context(), logs) },
	} {
		response, err := send()
		require.NoError(t, err)
		assert.Contains(t, []int{http.StatusBadRequest, http.StatusForbidden}, response.Status, "%s: %s", name, response)
		assert.Contains(t, string(response.Body), "project", "%s: it says what is wrong", name)
	}
}
