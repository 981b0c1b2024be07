package logsapiextension

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRefusedChangesAreAudited(t *testing.T) {
	s, _ := newAlertServer(t)
	const (
		views  = "/api/projects/1/logs/views/"
		nobody = "0197c000-0000-7000-8000-000000000009"
	)
	view := s.must(writerToken, http.MethodPost, views, `{"name":"Errors"}`, "short_id")
	count := 1
	for _, test := range []struct {
		name         string
		refused      request
		action       string
		metadata     string // without outcome
		actor, owner string // owner is the project's number
	}{
		{
			"a key that may not",
			request{method: http.MethodPatch, path: views + view, token: readerToken, body: `{"name":"x"}`},
			"view.update",
			`{"target_type":"view","target_id":"` + view + `","target_project":1,"status":403,"code":"permission_denied"}`, "reader", "1",
		},
		{
			"a wrong body",
			request{method: http.MethodPost, path: views, token: writerToken, body: `{"name":"a","pinned":"perhaps"}`},
			"view.create",
			`{"target_type":"view","target_project":1,"status":400,"code":"invalid_input","attr":"pinned"}`, "writer", "1",
		},
		{
			"a body that is none",
			request{method: http.MethodPut, path: views + view, token: writerToken, body: `{`},
			"view.update",
			`{"target_type":"view","target_id":"` + view + `","target_project":1,"status":400,"code":"parse_error"}`, "writer", "1",
		},
		{
			"what is not there",
			request{method: http.MethodDelete, path: views + "abcd1234/", token: writerToken},
			"view.delete",
			`{"target_type":"view","target_id":"abcd1234","target_project":1,"status":404,"code":"not_found"}`, "writer", "1",
		},
		{
			"another's project",
			request{method: http.MethodDelete, path: "/api/environments/2/logs/views/" + view, token: writerToken},
			"view.delete",
			`{"target_type":"view","target_id":"` + view + `","target_project":2,"status":404,"code":"not_found"}`, "writer", "2",
		},
		{
			"a project that is none",
			request{method: http.MethodDelete, path: "/api/projects/x/logs/views/" + view, token: writerToken},
			"view.delete",
			`{"target_type":"view","target_id":"` + view + `","status":404,"code":"not_found"}`, "writer", "",
		},
		{
			"an alert",
			request{method: http.MethodPatch, path: alertsPath + nobody, token: writerToken, body: `{"name":"x"}`},
			"alert.update",
			`{"target_type":"alert","target_id":"` + nobody + `","target_project":1,"status":404,"code":"not_found"}`, "writer", "1",
		},
		{
			"a new alert",
			request{method: http.MethodPost, path: "/api/projects/@current/logs/alerts", token: writerToken, body: `{}`},
			"alert.create",
			`{"target_type":"alert","target_project":1,"status":400,"code":"invalid_input","attr":"filters"}`, "writer", "1",
		},
		{
			"a reset",
			request{method: http.MethodPost, path: alertsPath + nobody + "/reset", token: readerToken},
			"alert.reset",
			`{"target_type":"alert","target_id":"` + nobody + `","target_project":1,"status":403,"code":"permission_denied"}`, "reader", "1",
		},
		{
			"a destination",
			request{method: http.MethodPost, path: alertsPath + nobody + "/destinations", token: readerToken},
			"destination.create",
			`{"target_type":"destination","target_project":1,"alert_id":"` + nobody + `","status":403,"code":"permission_denied"}`, "reader", "1",
		},
		{
			"a key",
			request{method: http.MethodPost, path: "/api/personal_api_keys/", token: readerToken, body: `{"label":"x","scopes":["logs:write"]}`},
			"key.create",
			`{"target_type":"key","status":403,"code":"permission_denied"}`, "reader", "",
		},
		{
			"another's key",
			request{method: http.MethodPost, path: "/api/personal_api_keys/key-1/roll/", token: writerToken},
			"key.roll",
			`{"target_type":"key","target_id":"key-1","status":404,"code":"not_found"}`, "writer", "",
		},
		{
			"a project",
			request{method: http.MethodPost, path: "/api/projects/", token: readerToken, body: `{"name":"x"}`},
			"project.create",
			`{"target_type":"project","status":403,"code":"permission_denied"}`, "reader", "",
		},
		{"a body of another type", request{
			method: http.MethodPost, path: views, token: writerToken, body: `<a/>`, header: map[string]string{"Content-Type": "text/xml"},
		}, "view.create", `{"target_type":"view","target_project":1,"status":415,"code":"unsupported_media_type"}`, "writer", "1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.GreaterOrEqual(t, s.do(test.refused).status, 400)
			count++
			last := s.auditEventsOf("", count)[count-1].Data
			assert.Equal(t, test.action, last.Action)
			assert.Contains(t, string(last.Actor), `"name":"`+test.actor+`"`)
			assert.Equal(t, test.owner, last.ExternalID)
			var metadata map[string]any
			require.NoError(t, json.Unmarshal(last.Metadata, &metadata))
			assert.Equal(t, "failure", metadata["outcome"])
			assert.NotEmpty(t, metadata["reason"])
			delete(metadata, "outcome")
			delete(metadata, "reason")
			got, err := json.Marshal(metadata)
			require.NoError(t, err)
			assert.JSONEq(t, test.metadata, string(got))
			assert.Contains(t, string(last.Extra), `"http.request.method":"`+test.refused.method+`"`)
		})
	}
}

// What is asked and refused, what is refused to somebody unknown, and what fails is not
// among the refused changes.
func TestWhatIsNoRefusedChange(t *testing.T) {
	s, _ := newAlertServer(t)
	for _, refused := range []request{
		{path: "/logs"}, // shows no key
		{method: http.MethodPost, path: "/api/projects/1/logs/views/", body: `{"name":"x"}`},
		{path: "/api/projects/1/logs/export?format=xml", token: readerToken},
		{path: "/api/projects/2/logs/views/", token: readerToken},
		{method: http.MethodPost, path: "/api/projects/1/logs/query", token: readerToken, body: `{`},
		{method: http.MethodPost, path: alertsPath + "simulate/", token: readerToken, body: `{}`},
		{method: http.MethodPost, path: "/api/projects/1/logs/views/", token: staleToken, body: `{"name":"x"}`},
		{method: http.MethodPut, path: "/api/projects/1/logs/views/", token: writerToken, body: `{}`}, // there is no such method
	} {
		require.GreaterOrEqual(t, s.do(refused).status, 400)
	}
	s.must(adminToken, http.MethodPost, "/api/projects/", `{"name":"last"}`, "")
	s.auditEventsOf("", 1)
}

// A key in an address is no secret that the trail keeps.
func TestAKeyInTheAddressIsNotRecorded(t *testing.T) {
	s := newServer(t, nil)
	key := "phx_" + strings.Repeat("s3cr3t", 7)
	require.Equal(t, http.StatusNotFound, s.do(request{method: http.MethodDelete, path: "/api/personal_api_keys/" + key, token: writerToken}).status)
	text, err := json.Marshal(s.auditEventsOf("", 1))
	require.NoError(t, err)
	assert.NotContains(t, string(text), "s3cr3t")
	assert.Contains(t, string(text), "[redacted]")
}

func TestRefusedChangesAreBounded(t *testing.T) {
	s := newServer(t, nil)
	for range 50 {
		require.Equal(t, http.StatusForbidden, s.do(request{method: http.MethodPost, path: "/api/projects", token: readerToken, body: `{}`}).status)
	}
	require.EqualValues(t, 20, s.api.trail.Stats().Suppressed)
}

// Each route that changes something is in the table, and nothing else is.
func TestEveryChangeIsInTheTableOfRefusals(t *testing.T) {
	questions := map[string]bool{}
	for _, name := range []string{
		"query", "sparkline", "count", "count-ranges", "facet_values", "services", "patterns", "patterns_diff", "group-by", "export",
		"explainLogWithAI", "alerts/simulate", "alerts/{alert_id}/destinations/test",
	} {
		questions["POST "+name] = true
	}
	listed := changes()
	for _, route := range (&endpoints{}).routes() {
		for method := range route.methods {
			name := method + " " + pathBelowLogs(route.path)
			if method == http.MethodGet || method == http.MethodOptions || questions[name] {
				continue
			}
			assert.Contains(t, changes(), name)
			delete(listed, name)
		}
	}
	assert.Empty(t, slices.Collect(maps.Keys(listed)), "of these there is no route")
}

func TestErrorsOfGuardStayThemselves(t *testing.T) {
	inner := &problem{status: 418}
	err := error(&callerError{error: inner})
	require.ErrorIs(t, err, inner)
	found, ok := errors.AsType[*problem](err)
	require.True(t, ok)
	require.Same(t, inner, found)
}
