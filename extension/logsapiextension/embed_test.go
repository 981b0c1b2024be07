package logsapiextension

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/internal/tenant"
)

const appOrigin = "https://app.example.com"

// embedToken asks for a token for one customer's events.
func (s *server) embedToken(project int, externalID string) string {
	s.t.Helper()
	answer := s.do(request{
		method: http.MethodPost, path: fmt.Sprintf("/api/projects/%d/embed_tokens/", project), token: adminToken,
		body: fmt.Sprintf(`{"external_id":%q,"origin":"%s"}`, externalID, appOrigin),
	})
	require.Equal(s.t, http.StatusCreated, answer.status, answer.body)
	var made embedTokenAnswer
	decodeStrictly(s.t, answer.body, &made)
	assert.WithinDuration(s.t, time.Now().Add(time.Hour), made.ExpiresAt, 10*time.Second)
	assert.Equal(s.t, int64(project), made.ProjectID)
	assert.Equal(s.t, externalID, made.ExternalID)
	assert.Equal(s.t, appOrigin, made.Origin)
	return made.Token
}

// embedded asks for events as a page of the app does.
func (s *server) embedded(query, token string) reply {
	s.t.Helper()
	return s.do(request{path: "/api/embed/events" + query, token: token, header: map[string]string{"Origin": appOrigin}})
}

// embeddedPage is the answer to a page of the app.
type embeddedPage struct {
	Results []struct {
		ID         string          `json:"id"`
		Actor      json.RawMessage `json:"actor"`
		Action     string          `json:"action"`
		Metadata   json.RawMessage `json:"metadata"`
		Extra      json.RawMessage `json:"extra"`
		ProjectID  int64           `json:"project_id"`
		ExternalID string          `json:"external_id"`
		CreatedAt  time.Time       `json:"createdAt"`
		UpdatedAt  time.Time       `json:"updatedAt"`
		Hash       string          `json:"hash"`
	} `json:"results"`
	NextCursor *string   `json:"next_cursor"`
	ExpiresAt  time.Time `json:"expires_at"`
}

// embeddedActions are the actions of the events of a page.
func (s *server) embeddedActions(query, token string) (actions, next string) {
	s.t.Helper()
	answer := s.embedded(query, token)
	require.Equal(s.t, http.StatusOK, answer.status, answer.body)
	assert.Equal(s.t, "*", answer.header.Get("Access-Control-Allow-Origin"))
	assert.Equal(s.t, "no-store", answer.header.Get("Cache-Control"))
	var page embeddedPage
	decodeStrictly(s.t, answer.body, &page)
	names := make([]string, len(page.Results))
	for i, event := range page.Results {
		names[i] = event.Action
	}
	if page.NextCursor != nil {
		next = *page.NextCursor
	}
	return strings.Join(names, " "), next
}

func newEmbedServer(t *testing.T, configure func(*Config)) *server {
	t.Helper()
	s := newServer(t, configure)
	customer := func(id, rest string) string { return `{"docket.external_id":"` + id + `"` + rest + `}` }
	s.addAuditEvents(
		auditEvent{id: 1, at: "2026-11-20T10:00:00Z", action: "user.login", attributes: customer("1",
			`,"docket.actor.type":"user","user.id":"7","user.full_name":"Jo Wick","user.email":"jo@example.com","docket.record.hash":"abc"`)},
		auditEvent{id: 2, at: "2026-11-20T11:00:00Z", action: "invoice.delete", attributes: customer("1",
			`,"docket.actor.type":"system","docket.actor.description":"=nightly()","metadata.old":{"total":5}`)},
		auditEvent{id: 3, at: "2026-11-21T10:00:00Z", action: "user.logout", attributes: customer("1", `,"user.full_name":"Ann"`)},
		auditEvent{id: 4, action: "of.another.customer", attributes: customer("2", "")},
		auditEvent{id: 5, action: "of.no.customer"},
		auditEvent{id: 6, action: "of.another.spelling", attributes: customer("01", "")},
		auditEvent{id: 7, project: 2, action: "of.another.project", attributes: customer("1", "")},
		auditEvent{id: 8, action: "a.log", source: record.SourceLogSentry, attributes: customer("1", "")},
	)
	return s
}

func TestEmbeddedEvents(t *testing.T) {
	s := newEmbedServer(t, nil)
	token := s.embedToken(1, "1")
	for query, want := range map[string]string{
		"":                       "user.logout invoice.delete user.login",
		"?actor=WICK":            "user.login",
		"?actor=jo@":             "user.login",
		"?actor=7":               "user.login",
		"?actor=nightly":         "invoice.delete",
		"?action=USER.":          "user.logout user.login",
		"?action=user&actor=ann": "user.logout",
		"?actor=&action=":        "user.logout invoice.delete user.login",
		"?date_from=2026-11-20&date_to=2026-11-20":      "invoice.delete user.login",
		"?date_from=2026-11-20T10:30Z&date_to=":         "user.logout invoice.delete",
		"?action=of":                                    "",
		"?actor=" + url.QueryEscape(`" OR external_id`): "",
	} {
		actions, next := s.embeddedActions(query, token)
		assert.Equal(t, want, actions, query)
		assert.Empty(t, next)
	}
	first, next := s.embeddedActions("?limit=2", token)
	assert.Equal(t, "user.logout invoice.delete", first)
	second, end := s.embeddedActions("?limit=2&after="+url.QueryEscape(next), token)
	assert.Equal(t, "user.login", second)
	assert.Empty(t, end)
	other, _ := s.embeddedActions("", s.embedToken(2, "1"))
	assert.Equal(t, "of.another.project", other)

	var page embeddedPage
	decodeStrictly(t, s.embedded("?action=login", token).body, &page)
	assert.Equal(t, "abc", page.Results[0].Hash)
	assert.JSONEq(t, `{"type":"user","data":{"name":"Jo Wick","email":"jo@example.com","internal_id":"7"}}`, string(page.Results[0].Actor))
}

func TestEmbeddedEventsAsCSV(t *testing.T) {
	s := newEmbedServer(t, nil)
	file, header := s.export(request{path: "/api/embed/events?format=csv&date_to=2026-11-20&limit=1", header: map[string]string{"Authorization": "Bearer " + s.embedToken(1, "1")}})
	assert.Equal(t, "text/csv; charset=utf-8", header.Get("Content-Type"))
	assert.Contains(t, header.Get("Content-Disposition"), "audit-events-")
	rows, err := csv.NewReader(strings.NewReader(file)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 3, "all of them, whatever the page")
	assert.Equal(t, []string{
		"time", "action", "actor", "actor_email", "actor_id", "actor_description", "ip", "details", "id", "hash",
	}, rows[0])
	assert.Equal(t, []string{"2026-11-20T11:00:00Z", "invoice.delete", "", "", "", "'=nightly()"}, rows[1][:6])
	assert.Equal(t, []string{"2026-11-20T10:00:00Z", "user.login", "Jo Wick", "jo@example.com", "7", ""}, rows[2][:6])
}

func TestEmbeddedEventsRefused(t *testing.T) {
	s := newEmbedServer(t, nil)
	token := s.embedToken(1, "1")
	for query, attr := range map[string]string{
		"?external_id=2": "external_id", "?limit=0": "limit", "?limit=101": "limit", "?limit=x": "limit", "?after=x": "after",
		"?date_from=yesterday": "date_from", "?date_to=x": "date_to", "?date_from=2026-11-21&date_to=2026-11-20": "date_from",
		"?format=xls": "format", "?actor=a&actor=b": "actor", "?action=" + strings.Repeat("a", 1025): "action",
	} {
		assertPostHogError(t, s.embedded(query, token), 400, "validation_error", "invalid_input", attr)
	}
	for _, wrong := range []string{"", adminToken, readerToken, token + "x", "phe_x.y"} {
		answer := s.embedded("", wrong)
		assertPostHogError(t, answer, 401, "authentication_error", "authentication_failed", "")
		assert.Equal(t, "*", answer.header.Get("Access-Control-Allow-Origin"), "the page reads why")
	}
	elsewhere := s.do(request{path: "/api/embed/events", token: token, header: map[string]string{"Origin": "https://evil.example"}})
	assertPostHogError(t, elsewhere, 403, "authentication_error", "permission_denied", "")
	// It opens nothing else.
	for _, path := range []string{"/logs", "/api/projects/1/logs/has_logs", "/api/projects/", "/api/users/@me/"} {
		assert.Equal(t, http.StatusUnauthorized, s.get(path, token).status, path)
	}
}

func TestPreflight(t *testing.T) {
	s := newEmbedServer(t, nil)
	answer := s.do(request{method: http.MethodOptions, path: "/api/embed/events", header: map[string]string{
		"Origin": appOrigin, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization",
	}})
	assert.Equal(t, http.StatusNoContent, answer.status)
	assert.Equal(t, "*", answer.header.Get("Access-Control-Allow-Origin"))
	assert.Equal(t, "Authorization", answer.header.Get("Access-Control-Allow-Headers"))
	assert.Empty(t, answer.header.Get("Access-Control-Allow-Credentials"))
}

func isKeyOfApp(key tenant.Key) bool { return key.Label == "app" }

// A token ends with the key that asked for it.
func TestTokensOfKeysThatEnd(t *testing.T) {
	for name, end := range map[string]func(d *memoryDirectory){
		"revoked": func(d *memoryDirectory) { d.keys = slices.DeleteFunc(d.keys, isKeyOfApp) },
		"rolled": func(d *memoryDirectory) {
			now := time.Now()
			d.keys[slices.IndexFunc(d.keys, isKeyOfApp)].LastRolledAt = &now
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newEmbedServer(t, nil)
			made := s.do(request{
				method: http.MethodPost, path: "/api/personal_api_keys/", token: adminToken,
				body: `{"label":"app","scopes":["logs:read"],"scoped_teams":[1]}`,
			})
			require.Equal(t, http.StatusCreated, made.status, made.body)
			var key struct{ Value string }
			require.NoError(t, json.Unmarshal([]byte(made.body), &key))
			answer := s.do(request{
				method: http.MethodPost, path: "/api/projects/1/embed_tokens", token: key.Value,
				body: `{"external_id":1,"origin":"HTTPS://App.Example.com:443/"}`,
			})
			require.Equal(t, http.StatusCreated, answer.status, answer.body)
			var token embedTokenAnswer
			decodeStrictly(t, answer.body, &token)
			actions, _ := s.embeddedActions("", token.Token)
			assert.Equal(t, "user.logout invoice.delete user.login", actions)
			s.directory.mu.Lock()
			end(s.directory)
			s.directory.mu.Unlock()
			assertPostHogError(t, s.embedded("", token.Token), 401, "authentication_error", "authentication_failed", "")
		})
	}
}

func TestEmbedTokensRefused(t *testing.T) {
	s := newEmbedServer(t, nil)
	ask := func(project, token, body string) reply {
		return s.do(request{method: http.MethodPost, path: "/api/projects/" + project + "/embed_tokens", token: token, body: body})
	}
	const good = `{"external_id":"1","origin":"https://app.example.com"}`
	for _, test := range []struct{ body, code, attr string }{
		{`{}`, "required", "external_id"},
		{`{"external_id":"1"}`, "required", "origin"},
		{`{"external_id":"","origin":"https://a"}`, "blank", "external_id"},
		{`{"external_id":"` + strings.Repeat("a", 1025) + `","origin":"https://a"}`, "max_length", "external_id"},
		{`{"external_id":"1","origin":"*"}`, "invalid_input", "origin"},
		{`{"external_id":"1","origin":"app.example.com"}`, "invalid_input", "origin"},
		{`{"external_id":"1","origin":"https://a/page"}`, "invalid_input", "origin"},
		{`{"external_id":"1","origin":"https://user@a"}`, "invalid_input", "origin"},
		{`{"external_id":"1","origin":"file:///x"}`, "invalid_input", "origin"},
		{`{"external_id":"1","origin":"https://:443"}`, "invalid_input", "origin"},
		{`{"external_id":"1","origin":"https://a","expires_in":59}`, "min_value", "expires_in"},
		{`{"external_id":"1","origin":"https://a","expires_in":86401}`, "max_value", "expires_in"},
	} {
		assertPostHogError(t, ask("1", adminToken, test.body), 400, "validation_error", test.code, test.attr)
	}
	assertPostHogError(t, ask("1", "", good), 401, "authentication_error", "not_authenticated", "")
	assertPostHogError(t, ask("99", adminToken, good), 404, "invalid_request", "not_found", "")
	assertPostHogError(t, s.do(request{path: "/api/projects/1/embed_tokens", token: adminToken}), 405, "invalid_request", "method_not_allowed", "")
}

func TestEmbeddedTablesAreThrottledByCustomer(t *testing.T) {
	s := newEmbedServer(t, func(c *Config) { c.RateLimit.RequestsPerSecond, c.RateLimit.Burst = 0.001, 1 })
	token := s.embedToken(1, "1")
	_, _ = s.embeddedActions("", token)
	answer := s.embedded("", token)
	assert.Equal(t, http.StatusTooManyRequests, answer.status, answer.body)
	assert.NotEmpty(t, answer.header.Get("Retry-After"))
	assert.Contains(t, answer.header.Get("Access-Control-Expose-Headers"), "Retry-After")
}

func TestEmbedTokensAreAudited(t *testing.T) {
	s := newEmbedServer(t, nil)
	token := s.embedToken(1, "1")
	action, actor, metadata, _ := s.lastAudited(1)
	assert.Equal(t, "embed_token.create", action)
	assert.Contains(t, actor, "admin")
	assert.Contains(t, metadata, appOrigin)
	assert.NotContains(t, metadata, "phe_")
	_, _ = s.export(request{path: "/api/embed/events?format=csv", header: map[string]string{"Authorization": "Bearer " + token}})
	action, _, metadata, _ = s.lastAudited(2)
	assert.Equal(t, "records.export", action)
	assert.Contains(t, metadata, `"external_id":"1"`)
}
