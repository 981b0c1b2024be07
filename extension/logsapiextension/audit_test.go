package logsapiextension

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/docketlog/docket/extension/logsapiextension/internal/metadatatest"
	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/alert/tagging"
	"github.com/docketlog/docket/internal/audittrail"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/internal/tenant"
)

// auditPath begins the addresses of questions about the audit trail.
const auditPath = "/api/projects/@audit/logs/"

// auditEventsOf returns the events of the audit trail, the oldest first, once there are
// count of them; with an external_id only those of a project.
func (s *server) auditEventsOf(externalID string, count int) eventsAnswer {
	s.t.Helper()
	query := "?limit=20&order=asc"
	if externalID != "" {
		query += "&external_id=" + externalID
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		answer := s.events(query, "token", adminToken, tenant.HeaderProject, tenant.AuditProjectName)
		require.Equal(s.t, http.StatusOK, answer.status, answer.body)
		var events eventsAnswer
		decodeStrictly(s.t, answer.body, &events)
		if len(events) == count {
			return events
		}
		require.Less(s.t, len(events), count, answer.body)
		require.True(s.t, time.Now().Before(deadline), answer.body)
	}
}

// lastAudited returns the newest event of the audit trail, which is its count-th.
func (s *server) lastAudited(count int) (action string, actor, metadata, extra string) {
	s.t.Helper()
	last := s.auditEventsOf("", count)[count-1].Data
	return last.Action, string(last.Actor), string(last.Metadata), string(last.Extra)
}

// must sends a request that is not refused, and returns the value of a member of the
// answer's object.
func (s *server) must(token, method, path, body, member string) string {
	s.t.Helper()
	answer := s.do(request{method: method, path: path, token: token, body: body, header: map[string]string{"User-Agent": "test"}})
	require.Less(s.t, answer.status, 300, answer.body)
	if member == "" {
		return ""
	}
	var object map[string]any
	require.NoError(s.t, json.Unmarshal([]byte(answer.body), &object))
	return fmt.Sprint(object[member])
}

func TestEveryChangeIsAudited(t *testing.T) {
	s, _ := newAlertServer(t)
	const views = "/api/projects/1/logs/views/"
	view := views + s.must(writerToken, http.MethodPost, views, `{"name":"Errors","filters":{"a":1}}`, "short_id")
	s.must(writerToken, http.MethodPatch, view, `{"pinned":true}`, "")
	s.must(adminToken, http.MethodPut, view, `{"name":"Failures"}`, "")
	s.must(writerToken, http.MethodDelete, view, "", "")
	alert := alertsPath + s.must(writerToken, http.MethodPost, alertsPath, simpleAlert(""), "id")
	s.must(writerToken, http.MethodPatch, alert, `{"threshold_count":11}`, "")
	destination := s.do(request{
		method: http.MethodPost, path: alert + "/destinations/", token: writerToken, body: `{"type":"webhook","webhook_url":"https://hooks.example.com/secret/path"}`,
	})
	require.Equal(t, http.StatusCreated, destination.status, destination.body)
	var made madeDestination
	decodeStrictly(t, destination.body, &made)
	ids, err := json.Marshal(made.HogFunctionIDs)
	require.NoError(t, err)
	s.must(writerToken, http.MethodPost, alert+"/destinations/delete/", `{"hog_function_ids":`+string(ids)+`}`, "")
	s.must(writerToken, http.MethodDelete, alert, "", "")
	const keys = "/api/personal_api_keys/"
	key := keys + s.must(adminToken, http.MethodPost, keys, `{"label":"phone","scopes":["logs:read"],"scoped_teams":[1]}`, "id")
	s.must(adminToken, http.MethodPost, key+"/roll/", "", "")
	s.must(adminToken, http.MethodDelete, key, "", "")
	s.must(adminToken, http.MethodPost, "/api/projects/", `{"name":"Shop"}`, "")

	var got []string
	for _, event := range s.auditEventsOf("", 13) {
		var metadata struct {
			Type    string `json:"target_type"`
			Name    string `json:"target_name"`
			Outcome string `json:"outcome"`
		}
		var actor struct {
			Data struct {
				Name string `json:"name"`
			} `json:"data"`
		}
		require.NoError(t, json.Unmarshal(event.Data.Metadata, &metadata))
		require.NoError(t, json.Unmarshal(event.Data.Actor, &actor))
		assert.EqualValues(t, tenant.AuditProjectID, event.Data.ProjectID)
		got = append(got, fmt.Sprintf("%s: %s %s %s of %s by %s", event.Data.Action, metadata.Outcome, metadata.Type, metadata.Name,
			event.Data.ExternalID, actor.Data.Name))
		text, err := json.Marshal(event)
		require.NoError(t, err)
		assert.NotContains(t, string(text), made.Secret)
		assert.NotContains(t, string(text), "secret/path")
		assert.NotContains(t, string(text), "phx_made")
		assert.NotContains(t, string(text), "phx_rolled")
		assert.NotContains(t, string(text), `"phc_`)
	}
	assert.Equal(t, []string{
		"view.create: success view Errors of 1 by writer", "view.update: success view Errors of 1 by writer",
		"view.update: success view Failures of 1 by admin key", "view.delete: success view Failures of 1 by writer",
		"alert.create: success alert a of 1 by writer", "alert.update: success alert a of 1 by writer",
		"destination.create: success destination https://hooks.example.com/… of 1 by writer",
		"destination.delete: success destination https://hooks.example.com/… of 1 by writer",
		"alert.delete: success alert a of 1 by writer",
		"key.create: success key phone of 1 by admin key", "key.roll: success key phone of 1 by admin key",
		"key.delete: success key phone of 1 by admin key", "project.create: success project Shop of 3 by admin key",
	}, got)
	assert.Len(t, s.auditEventsOf("3", 1), 1, "the events of a project are found by its number")
}

func TestWhatIsAuditedOfAChange(t *testing.T) {
	s, _ := newAlertServer(t)
	const views = "/api/projects/1/logs/views/"
	id := s.must(writerToken, http.MethodPost, views, `{"name":"Errors"}`, "short_id")
	s.must(writerToken, http.MethodPatch, views+id+"/?x=1", `{"pinned":true,"columns":[{"id":"c","type":"level"}]}`, "")
	_, actor, metadata, extra := s.lastAudited(2)
	assert.JSONEq(t, `{"type":"user","data":{"internal_id":"key-2","name":"writer","organization":"default"}}`, actor)
	assert.JSONEq(t, `{"target_type":"view","target_id":"`+id+`","target_name":"Errors","target_project":1,"outcome":"success",
		"old":{"columns":null,"pinned":false},"new":{"columns":[{"id":"c","type":"level"}],"pinned":true}}`, metadata)
	assert.JSONEq(t, `{"ip":"127.0.0.1","user_agent":"test","http.request.method":"PATCH","url.path":"`+views+id+`/",
		"message":"view.update \"Errors\" by \"writer\""}`, extra)

	alert := s.must(writerToken, http.MethodPost, alertsPath, simpleAlert(""), "id")
	s.must(writerToken, http.MethodPatch, alertsPath+alert, `{"enabled":false}`, "")
	_, _, metadata, _ = s.lastAudited(4)
	assert.Contains(t, metadata, `"old":{"enabled":true},"new":{"enabled":false}`)
}

func TestAResetIsAudited(t *testing.T) {
	s, alerting := newAlertServer(t)
	id := s.must(writerToken, http.MethodPost, alertsPath, simpleAlert(""), "id")
	_, err := alerting.alerts.Change(t.Context(), 1, id, func(a *alertstore.Alert) error {
		a.State.Name, a.State.Failures = alert.Broken, 5
		return nil
	})
	require.NoError(t, err)
	s.must(writerToken, http.MethodPost, alertsPath+id+"/reset/", "", "")
	action, actor, metadata, _ := s.lastAudited(2)
	assert.Equal(t, "alert.reset", action)
	assert.Contains(t, actor, `"internal_id":"key-2"`)
	assert.JSONEq(t, `{"target_type":"alert","target_id":"`+id+`","target_name":"a","target_project":1,"outcome":"success",
		"old":{"state":"broken"},"new":{"state":"not_firing"}}`, metadata)
}

func TestWhatHappensToDeadLettersIsAudited(t *testing.T) {
	s, _, ids := newServerWithDeadLetters(t, mixedLetters()...)
	const path = "/api/dead_letters/"
	s.must(writerToken, http.MethodPost, path+ids[0]+"/replay/", "", "")
	action, actor, metadata, extra := s.lastAudited(1)
	assert.Equal(t, "dead_letter.replay", action)
	assert.Contains(t, actor, `"writer"`)
	assert.JSONEq(t, `{"target_type":"dead_letter","target_id":"`+ids[0]+`","target_project":1,"outcome":"success"}`, metadata)
	assert.Contains(t, extra, `"url.path":"/api/dead_letters/`+ids[0]+`/replay/"`)

	s.must(adminToken, http.MethodDelete, path+ids[1], "", "")
	action, _, metadata, _ = s.lastAudited(2)
	assert.Equal(t, "dead_letter.delete", action)
	assert.JSONEq(t, `{"target_type":"dead_letter","target_id":"`+ids[1]+`","target_project":2,"outcome":"success"}`, metadata)

	s.must(writerToken, http.MethodPost, path+"replay/", `{}`, "")
	action, _, metadata, _ = s.lastAudited(3)
	assert.Equal(t, "dead_letter.replay", action)
	assert.JSONEq(t, `{"target_type":"dead_letter","projects":[1],"replayed":1,"failed":0,"outcome":"success"}`, metadata)

	assert.Equal(t, http.StatusNotFound, s.do(request{method: http.MethodDelete, path: path + ids[0], token: writerToken}).status)
	action, _, metadata, _ = s.lastAudited(4)
	assert.Equal(t, "dead_letter.delete", action)
	assert.Contains(t, metadata, `"outcome":"failure"`)
	assert.Contains(t, metadata, ids[0])
}

func TestFailedSignInsAreAudited(t *testing.T) {
	s, _ := newAlertServer(t)
	require.Equal(t, http.StatusUnauthorized, s.get("/api/projects/1/logs/views/", "phx_wrong").status)
	action, actor, metadata, extra := s.lastAudited(1)
	assert.Equal(t, "sign_in.fail", action)
	assert.JSONEq(t, `{"type":"system","description":"somebody without a valid key"}`, actor)
	assert.JSONEq(t, `{"outcome":"failure","reason":"the key is wrong or was revoked"}`, metadata)
	assert.Contains(t, extra, `"url.path":"/api/projects/1/logs/views/"`)
	require.Equal(t, http.StatusUnauthorized, s.events("", "token", "wrong").status)
	require.Equal(t, http.StatusUnauthorized, s.do(request{path: "/mcp", token: "wrong"}).status)
	s.auditEventsOf("", 3)
	for range 20 {
		require.Equal(t, http.StatusUnauthorized, s.get("/logs", "phx_wrong").status)
	}
	s.auditEventsOf("", 5)
	require.EqualValues(t, 18, s.api.trail.Stats().Suppressed)
	require.Equal(t, http.StatusServiceUnavailable, s.get("/logs", staleToken).status)
	require.EqualValues(t, 18, s.api.trail.Stats().Suppressed, "what cannot be checked is no failed sign-in")
}

func TestFailedSendersAreAudited(t *testing.T) {
	doors := &directoryExtension{directory: newMemoryDirectory()}
	s := newServerWithStore(t, nil, func(store *memoryStore) component.Component {
		return newTestHost(store, nil, nil).extensions[component.MustNewID("log_store")]
	}, map[component.ID]component.Component{component.MustNewID("project_key"): doors})
	ctx := client.NewContext(t.Context(), client.Info{Addr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 4711}})
	doors.observe(ctx, map[string][]string{"user-agent": {"grpc-go/1"}})
	action, _, _, extra := s.lastAudited(1)
	assert.Equal(t, "sign_in.fail", action)
	assert.Contains(t, extra, `"ip":"192.0.2.7"`)
	assert.Contains(t, extra, `"user_agent":"grpc-go/1"`)
	require.NoError(t, s.api.Shutdown(t.Context()))
	require.Nil(t, doors.observe)
}

func TestExportsAreAudited(t *testing.T) {
	s := newQueryServer(t)
	text, _ := s.export(request{path: exportPath("format=ndjson&columns=timestamp,body")})
	rows := strings.Count(text, "\n")
	require.Positive(t, rows)
	action, actor, metadata, _ := s.lastAudited(1)
	assert.Equal(t, "records.export", action)
	assert.Contains(t, actor, `"reader"`)
	var exported struct {
		Project int64          `json:"target_project"`
		Outcome string         `json:"outcome"`
		Rows    int            `json:"rows"`
		Format  string         `json:"format"`
		Columns string         `json:"columns"`
		Query   map[string]any `json:"query"`
	}
	require.NoError(t, json.Unmarshal([]byte(metadata), &exported))
	assert.EqualValues(t, 1, exported.Project)
	assert.Equal(t, "success", exported.Outcome)
	assert.Equal(t, rows, exported.Rows)
	assert.Equal(t, "ndjson", exported.Format)
	assert.Equal(t, "timestamp,body", exported.Columns)
	assert.Contains(t, exported.Query, "dateRange")

	s.store.mu.Lock()
	s.store.pages = func(_ context.Context, query logstore.Query) ([]record.Record, error) {
		if query.ProjectID == 1 {
			return nil, errors.New("disk 7 is gone")
		}
		return s.store.Reference.Search(t.Context(), query)
	}
	s.store.mu.Unlock()
	require.Equal(t, http.StatusInternalServerError, s.get(exportPath("format=csv"), readerToken).status)
	_, _, metadata, _ = s.lastAudited(2)
	assert.Contains(t, metadata, `"outcome":"failure","reason":"The server failed; its log says why."`)
	assert.NotContains(t, metadata, "disk 7")
}

func TestBackupsAreAudited(t *testing.T) {
	s := newServerWithBackup(t, nil, func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, "tar")
		return err
	})
	response := s.startBackup(http.MethodGet, "/api/backup/") //nolint:bodyclose // closed by startBackup
	_, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	action, actor, metadata, _ := s.lastAudited(1)
	assert.Equal(t, "backup.download", action)
	assert.Contains(t, actor, `"internal_id":"admin"`)
	assert.JSONEq(t, `{"outcome":"success"}`, metadata)
}

func TestWhatAnAssistantChangesIsAudited(t *testing.T) {
	s, _ := newAlertServer(t)
	text, isError := callTool(t, s.assistant(writerToken), "views_create", map[string]any{"name": "from an assistant"})
	require.False(t, isError, text)
	action, actor, _, extra := s.lastAudited(1)
	assert.Equal(t, "view.create", action)
	assert.Contains(t, actor, `"writer"`)
	assert.Contains(t, extra, `"ip":"127.0.0.1"`)
	assert.Contains(t, extra, `"user_agent":"Go-http-client/1.1"`)

	writer := s.assistant(writerToken)
	view := shortIDOf(t, text)
	alert := s.must(writerToken, http.MethodPost, alertsPath, simpleAlert(""), "id")
	for n, test := range []struct {
		tool      string
		arguments map[string]any
		action    string
		metadata  string
	}{
		{"views_update", map[string]any{"short_id": view, "name": "renamed"}, "view.update", `"new":{"name":"renamed"}`},
		{"views_delete", map[string]any{"short_id": view}, "view.delete", `"target_name":"renamed"`},
		{"alerts_create", map[string]any{"name": "b", "filters": map[string]any{"serviceNames": []string{"x"}}}, "alert.create", `"target_name":"b"`},
		{"alerts_update", map[string]any{"alert_id": alert, "threshold_count": 7}, "alert.update", `"old":{"threshold_count":10},"new":{"threshold_count":7}`},
		{"alerts_delete", map[string]any{"alert_id": alert}, "alert.delete", `"target_id":"` + alert + `"`},
	} {
		text, isError := callTool(t, writer, test.tool, test.arguments)
		require.False(t, isError, text)
		action, actor, metadata, _ := s.lastAudited(3 + n)
		assert.Equal(t, test.action, action)
		assert.Contains(t, actor, `"writer"`)
		assert.Contains(t, metadata, test.metadata)
		assert.Contains(t, metadata, `"outcome":"success"`)
	}
	text, isError = callTool(t, writer, "views_create", map[string]any{"name": " "})
	require.True(t, isError, text)
	action, _, metadata, _ := s.lastAudited(8)
	assert.Equal(t, "view.create", action)
	assert.Contains(t, metadata, `"attr":"name","code":"blank"`)
}

// shortIDOf returns that of the view which a tool has answered.
func shortIDOf(t *testing.T, answer string) string {
	t.Helper()
	var view struct {
		ShortID string `json:"short_id"`
	}
	require.NoError(t, json.Unmarshal([]byte(answer), &view), answer)
	return view.ShortID
}

func TestTheClientBehindAProxyIsAudited(t *testing.T) {
	s := newServer(t, func(c *Config) { c.BehindProxy = true })
	require.Equal(t, http.StatusUnauthorized, s.do(request{
		path: "/logs", token: "wrong", header: map[string]string{"X-Forwarded-For": "10.0.0.1, 198.51.100.7"},
	}).status)
	_, _, _, extra := s.lastAudited(1)
	assert.Contains(t, extra, `"ip":"198.51.100.7"`)
}

func TestWhoReadsTheAuditTrail(t *testing.T) {
	s, _ := newAlertServer(t)
	s.must(adminToken, http.MethodPost, "/api/projects/", `{"name":"Shop"}`, "")
	s.auditEventsOf("", 1)
	auditor := s.must(adminToken, http.MethodPost, "/api/personal_api_keys/", `{"label":"auditor","scopes":["logs:read"],"scoped_teams":[2000000000]}`, "value")
	s.auditEventsOf("", 2)
	question := `{"query":{"dateRange":{"date_from":"-1h"}}}`
	for _, token := range []string{adminToken, auditor} {
		for _, id := range []string{"2000000000", "@audit", "00000000-d0c4-8e70-8000-000077359400"} {
			answer := s.do(request{method: http.MethodPost, path: "/api/projects/" + id + "/logs/query/", token: token, body: question})
			require.Equal(t, http.StatusOK, answer.status, answer.body)
			assert.Equal(t, 2, strings.Count(answer.body, `"docket.actor.type"`))
			project := s.get("/api/projects/"+id+"/", token)
			require.Equal(t, http.StatusOK, project.status)
			assert.Contains(t, project.body, `"id":2000000000,`)
		}
	}
	for _, path := range []string{"/logs", auditPath + "has_logs", "/api/users/@me/", "/api/projects/@current/"} {
		assert.Equal(t, http.StatusOK, s.get(path, auditor).status, "it is all that the key may read: %s", path)
	}
	assert.Contains(t, s.get("/logs", auditor).body, "project.create")
	assert.Equal(t, http.StatusOK, s.events("", "token", auditor).status)
	for _, token := range []string{readerToken, writerToken, severalToken} {
		assertPostHogError(t, s.do(request{method: http.MethodPost, path: auditPath + "query/", token: token, body: question}), 404, "invalid_request", "not_found", "")
		assert.Equal(t, http.StatusNotFound, s.get("/api/projects/2000000000/", token).status)
		assert.Equal(t, http.StatusNotFound, s.do(request{path: "/logs", token: token, header: map[string]string{tenant.HeaderProject: "2000000000"}}).status)
	}
	assert.NotContains(t, s.get("/api/projects/", adminToken).body, "2000000000", "it is not among the projects")
	assert.Equal(t, http.StatusNotFound, s.get("/api/projects/1/", auditor).status)
}

// An alert can watch the audit trail: its records are tagged as those of pipelines are.
func TestAlertsOnTheAuditTrail(t *testing.T) {
	s, alerting := newAlertServer(t)
	made := alertstore.Alert{ID: "a1", ProjectID: tenant.AuditProjectID, Settings: alertstore.Settings{Enabled: true}, FilterVersion: 1}
	alerting.rules.Store(tagging.New([]alertstore.Alert{made}, func(json.RawMessage) (filter.Expression, error) {
		return filter.Equal{Field: filter.Field{Place: filter.PlaceLogAttribute, Key: "metadata.outcome"}, Values: []string{"failure"}}, nil
	}))
	require.Equal(t, http.StatusUnauthorized, s.get("/logs", "wrong").status)
	s.auditEventsOf("", 1)
	s.must(adminToken, http.MethodPost, "/api/projects/", `{"name":"Shop"}`, "")
	s.auditEventsOf("", 2)
	found, err := s.store.Reference.Search(t.Context(), logstore.Query{
		ProjectID: tenant.AuditProjectID, Limit: 10,
		Filter: filter.Equal{Field: filter.Field{Place: filter.PlaceLogAttribute, Key: "docket.source"}, Values: []string{"docket"}},
	})
	require.NoError(t, err)
	var tagged []string
	for _, r := range found {
		if matches, ok := r.Log.Attributes().Get(record.AttributeAlertMatches); ok {
			tagged = append(tagged, r.Log.EventName()+" "+matches.Slice().At(0).Str())
		}
	}
	assert.Equal(t, []string{"sign_in.fail " + made.Tag()}, tagged)
}

func TestWithoutAnAuditTrail(t *testing.T) {
	s := newServer(t, func(c *Config) { c.AuditTrail = false })
	require.Equal(t, http.StatusUnauthorized, s.get("/logs", "wrong").status)
	s.must(adminToken, http.MethodPost, "/api/projects/", `{"name":"Shop"}`, "")
	require.Nil(t, s.api.trail)
	assert.Equal(t, "[]", s.events("", "token", adminToken, tenant.HeaderProject, tenant.AuditProjectName).body)
}

func TestMetricsOfTheAuditTrail(t *testing.T) {
	telemetry := componenttest.NewTelemetry()
	t.Cleanup(func() { require.NoError(t, telemetry.Shutdown(context.Background())) })
	settings := metadatatest.NewSettings(telemetry)
	config := createDefaultConfig().(*Config)
	config.Server.NetAddr.Endpoint = "127.0.0.1:0"
	created, err := NewFactory().Create(t.Context(), settings, config)
	require.NoError(t, err)
	require.NoError(t, created.Start(t.Context(), newLifecycleHost()))
	t.Cleanup(func() { require.NoError(t, created.Shutdown(context.Background())) })
	trail := created.(*logsAPI).trail
	trail.Note(audittrail.Event{Action: audittrail.ActionViewCreate})
	for range 7 {
		trail.NoteFailedSignIn(audittrail.Origin{Address: "192.0.2.1"})
	}
	require.Eventually(t, func() bool { return trail.Stats().Stored == 6 }, 10*time.Second, time.Millisecond)
	point := func(outcome string, count int64) metricdata.DataPoint[int64] {
		return metricdata.DataPoint[int64]{Attributes: attribute.NewSet(attribute.String("outcome", outcome)), Value: count}
	}
	metadatatest.AssertEqualLogsAPIAuditTrailEvents(t, telemetry,
		[]metricdata.DataPoint[int64]{point("stored", 6), point("lost", 0), point("suppressed", 2)}, metricdatatest.IgnoreTimestamp())
}
