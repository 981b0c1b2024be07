package logsapiextension

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const project1 = `{"id":1,"uuid":"0f6d8b0e-3c1c-4a53-9a4b-000000000001","name":"Default project",
	"organization":"0f6d8b0e-3c1c-4a53-9a4b-111111111111","api_token":"phc_1","created_at":"2023-10-27T09:00:00Z"}`

const readerKey = `{"id":"key-1","label":"reader","mask_value":"re…","scopes":["logs:read"],"scoped_teams":[1],
	"organization":"0f6d8b0e-3c1c-4a53-9a4b-111111111111","created_at":"2023-10-27T09:00:00Z","last_used_at":null,
	"last_rolled_at":null,"scoped_organizations":[]}`

func TestProjects(t *testing.T) {
	s := newServer(t, nil)

	list := s.get("/api/projects/", readerToken)
	assert.Equal(t, http.StatusOK, list.status)
	assert.JSONEq(t, `{"count":1,"next":null,"previous":null,"results":[`+project1+`]}`, list.body)

	for _, path := range []string{
		"/api/projects/1/", "/api/projects/1", "/api/projects/" + projectUUID(1) + "/", "/api/projects/@current/",
	} {
		answer := s.get(path, readerToken)
		assert.Equal(t, http.StatusOK, answer.status, path)
		assert.JSONEq(t, project1, answer.body, path)
	}

	created := s.do(request{
		method: http.MethodPost, path: "/api/projects/", token: adminToken,
		body: `{"name":" Third ","organization":"default","ignored":[1]}`,
	})
	assert.Equal(t, http.StatusCreated, created.status)
	assert.Contains(t, created.body, `"id":3,`)
	assert.Contains(t, created.body, `"name":"Third"`)
	assert.Contains(t, created.body, `"api_token":"phc_3"`)
	assert.Contains(t, s.get("/api/projects/3/", adminToken).body, `"name":"Third"`)
}

func TestCurrentProject(t *testing.T) {
	s := newServer(t, nil)
	assertPostHogError(t, s.get("/api/projects/@current/", severalToken), 400, "validation_error", "required", "")
	named := s.do(request{
		path: "/api/projects/@current/", token: severalToken, header: map[string]string{"Docket-Project-Id": "2"},
	})
	assert.Contains(t, named.body, `"id":2,`)
	assert.Contains(t, s.get("/api/projects/@current/", ingestToken).body, `"id":1,`)
}

func TestProjectErrors(t *testing.T) {
	s := newServer(t, nil)
	for _, path := range []string{"/api/projects/2/", "/api/projects/0", "/api/projects/abc/", "/api/projects/%2F/"} {
		assertPostHogError(t, s.get(path, readerToken), 404, "invalid_request", "not_found", "")
	}
	post := func(token, body string) reply {
		return s.do(request{method: http.MethodPost, path: "/api/projects/", token: token, body: body})
	}
	assertPostHogError(t, post(readerToken, `{"name":"x"}`), 403, "authentication_error", "permission_denied", "")
	assertPostHogError(t, post(adminToken, `{"name":"x","organization":"Bad Slug"}`), 400, "validation_error", "invalid_input", "organization")
	assertPostHogError(t, post(adminToken, `{"name":"x","organization":{}}`), 400, "validation_error", "invalid_input", "organization")
	assertPostHogError(t, post(adminToken, `{"name":"`+strings.Repeat("é", 201)+`"}`), 400, "validation_error", "max_length", "name")
	assert.Equal(t, http.StatusCreated, post(adminToken, `{"name":"`+strings.Repeat("é", 200)+`"}`).status)
}

func TestKeys(t *testing.T) {
	s := newServer(t, nil)
	created := s.do(request{
		method: http.MethodPost, path: "/api/personal_api_keys/", token: adminToken,
		body: `{"label":"ci","scopes":["logs:write","logs:read"],"scoped_teams":[1,"2",2.0]}`,
	})
	require.Equal(t, http.StatusCreated, created.status, created.body)
	assert.JSONEq(t, `{"id":"key-5","label":"ci","mask_value":"ph…","scopes":["logs:write","logs:read"],"scoped_teams":[1,2,2],
		"organization":"0f6d8b0e-3c1c-4a53-9a4b-111111111111","created_at":"2023-10-27T09:00:00Z","last_used_at":null,
		"last_rolled_at":null,"scoped_organizations":[],"value":"phx_made_4"}`, created.body)

	one := s.get("/api/personal_api_keys/key-5/", adminToken)
	assert.Equal(t, http.StatusOK, one.status)
	assert.NotContains(t, one.body, "value\":\"phx", "the value is shown once")
	list := s.get("/api/personal_api_keys/?limit=2", adminToken)
	assert.NotContains(t, list.body, "phx_made_4")
	var page struct {
		Count   int
		Results []struct{ ID string }
	}
	require.NoError(t, json.Unmarshal([]byte(list.body), &page))
	assert.Equal(t, 5, page.Count)
	require.Len(t, page.Results, 2)
	assert.Equal(t, "key-5", page.Results[0].ID, "newest first")

	assert.Equal(t, http.StatusOK, s.do(request{
		path: "/logs", token: "phx_made_4", header: map[string]string{"Docket-Project-Id": "1"},
	}).status)
	deleted := s.do(request{method: http.MethodDelete, path: "/api/personal_api_keys/key-5", token: adminToken})
	assert.Equal(t, http.StatusNoContent, deleted.status)
	assert.Empty(t, deleted.body)
	assertPostHogError(t, s.get("/api/personal_api_keys/key-5/", adminToken), 404, "invalid_request", "not_found", "")
	assertStatusError(t, s.get("/logs", "phx_made_4"), http.StatusUnauthorized)
}

func TestKeyWithoutProjects(t *testing.T) {
	s := newServer(t, nil)
	for _, teams := range []string{`null`, `[]`} {
		created := s.do(request{
			method: http.MethodPost, path: "/api/personal_api_keys", token: adminToken,
			body: `{"label":"all","scopes":["*"],"scoped_teams":` + teams + `}`,
		})
		assert.Equal(t, http.StatusCreated, created.status)
		assert.Contains(t, created.body, `"scoped_teams":[]`)
	}
}

func TestKeyErrors(t *testing.T) {
	s := newServer(t, nil)
	assertPostHogError(t, s.get("/api/personal_api_keys/", readerToken), 403, "authentication_error", "permission_denied", "")
	assertPostHogError(t, s.get("/api/personal_api_keys/key-2/", readerToken), 404, "invalid_request", "not_found", "")
	assertPostHogError(t, s.do(request{method: http.MethodDelete, path: "/api/personal_api_keys/key-2/", token: readerToken}),
		404, "invalid_request", "not_found", "")
	post := func(token, body string) reply {
		return s.do(request{method: http.MethodPost, path: "/api/personal_api_keys/", token: token, body: body})
	}
	assertPostHogError(t, post(readerToken, `{"label":"x","scopes":["*"]}`), 403, "authentication_error", "permission_denied", "")

	for body, want := range map[string]struct{ code, field string }{
		``:                                    {"required", "label"},
		`{}`:                                  {"required", "label"},
		`{"scopes":["*"]}`:                    {"required", "label"},
		`{"label":null,"scopes":["*"]}`:       {"null", "label"},
		`{"label":"","scopes":["*"]}`:         {"blank", "label"},
		`{"label":" \t\n","scopes":["*"]}`:    {"blank", "label"},
		`{"label":true,"scopes":["*"]}`:       {"invalid_input", "label"},
		`{"label":["x"],"scopes":["*"]}`:      {"invalid_input", "label"},
		`{"label":"a\u0000b","scopes":["*"]}`: {"null_characters_not_allowed", "label"},
		`{"label":"` + strings.Repeat("x", 41) + `","scopes":["*"]}`: {"max_length", "label"},
		`{"label":"x"}`:                                            {"required", "scopes"},
		`{"label":"x","scopes":null}`:                              {"null", "scopes"},
		`{"label":"x","scopes":"*"}`:                               {"not_a_list", "scopes"},
		`{"label":"x","scopes":{}}`:                                {"not_a_list", "scopes"},
		`{"label":"x","scopes":[]}`:                                {"empty", "scopes"},
		`{"label":"x","scopes":[null]}`:                            {"null", "scopes__0"},
		`{"label":"x","scopes":["*",{}]}`:                          {"invalid_choice", "scopes__1"},
		`{"label":"x","scopes":["logs:read","feature_flag:read"]}`: {"invalid_choice", "scopes__1"},
		`{"label":"x","scopes":["logs:ingest"]}`:                   {"invalid_choice", "scopes__0"},
		`{"label":"x","scopes":["LOGS:READ"]}`:                     {"invalid_choice", "scopes__0"},
		`{"label":"x","scopes":["*"],"scoped_teams":1}`:            {"not_a_list", "scoped_teams"},
		`{"label":"x","scopes":["*"],"scoped_teams":[1.5]}`:        {"invalid_input", "scoped_teams__0"},
		`{"label":"x","scopes":["*"],"scoped_teams":["one"]}`:      {"invalid_input", "scoped_teams__0"},
		`{"label":"x","scopes":["*"],"scoped_teams":[null]}`:       {"null", "scoped_teams__0"},
		`{"label":"x","scopes":["*"],"scoped_teams":[true]}`:       {"invalid_input", "scoped_teams__0"},
		`{"label":"x","scopes":["*"],"scoped_teams":[9e99]}`:       {"invalid_input", "scoped_teams__0"},
		`{"label":"x","scopes":["*"],"scoped_teams":[99]}`:         {"invalid_input", "scoped_teams"},
		`{"label":"x","scopes":["*"],"organization":[]}`:           {"invalid_input", "organization"},
		`{"label":"x","scopes":["*"],"organization":"nobody"}`:     {"does_not_exist", "organization"},
		`[]`:      {"invalid_input", ""},
		`null`:    {"invalid_input", ""},
		`"label"`: {"invalid_input", ""},
	} {
		t.Run(body, func(t *testing.T) {
			assertPostHogError(t, post(adminToken, body), 400, "validation_error", want.code, want.field)
		})
	}
	for _, body := range []string{`{`, `{"label":"x"`, `{"label":"x"}}`, `{'label':'x'}`, ` `, "{\"label\":\"\xff\"}", `{"label":NaN}`} {
		t.Run("malformed "+body, func(t *testing.T) {
			assertPostHogError(t, post(adminToken, body), 400, "invalid_request", "parse_error", "")
		})
	}
	s.directory.mu.Lock()
	defer s.directory.mu.Unlock()
	assert.Len(t, s.directory.keys, 4, "nothing was made")
}

func TestKeyLabelsAreCoerced(t *testing.T) {
	s := newServer(t, nil)
	for label, want := range map[string]string{`" ci "`: "ci", `12`: "12", `1.50`: "1.50", `"é"`: "é"} {
		created := s.do(request{
			method: http.MethodPost, path: "/api/personal_api_keys/", token: writerToken,
			body: `{"label":` + label + `,"scopes":["logs:read"],"scoped_teams":[1]}`,
		})
		assert.Equal(t, http.StatusCreated, created.status)
		assert.Contains(t, created.body, `"label":"`+want+`"`)
	}
}

func TestCurrentKey(t *testing.T) {
	s := newServer(t, nil)
	for token, want := range map[string]string{
		readerToken: readerKey,
		adminToken:  `{"id":null,"label":"admin key","scopes":["*"],"scoped_teams":[],"scoped_organizations":[]}`,
		ingestToken: `{"id":null,"label":"project token","scopes":["logs:ingest"],"scoped_teams":[1],"scoped_organizations":[]}`,
	} {
		answer := s.get("/api/personal_api_keys/@current", token)
		assert.Equal(t, http.StatusOK, answer.status)
		assert.JSONEq(t, want, answer.body)
	}
}

func TestUser(t *testing.T) {
	s := newServer(t, nil)
	const organization = `{"id":"0f6d8b0e-3c1c-4a53-9a4b-111111111111","slug":"default","name":"Default organization"}`
	id := func(token string) string {
		var user struct{ UUID string }
		require.NoError(t, json.Unmarshal([]byte(s.get("/api/users/@me/", token).body), &user))
		return user.UUID
	}
	answer := s.get("/api/users/@me/", readerToken)
	assert.Equal(t, http.StatusOK, answer.status)
	assert.JSONEq(t, fmt.Sprintf(`{"id":%[4]d,"uuid":%[1]q,"distinct_id":%[1]q,"first_name":"reader","last_name":"","email":"","is_email_verified":false,
		"hedgehog_config":{},"role_at_organization":"other","is_staff":false,"scopes":["logs:read"],"organization":%[2]s,"organizations":[%[2]s],"team":%[3]s}`,
		id(readerToken), organization, project1, newPersonAnswer(id(readerToken), "").ID), answer.body)

	ids := map[string]bool{}
	for _, token := range []string{readerToken, writerToken, severalToken, adminToken, ingestToken, projectless} {
		first := id(token)
		assert.Equal(t, first, id(token), "the same at every call")
		assert.NotContains(t, first, token)
		ids[first] = true
	}
	assert.Len(t, ids, 6, "callers are told apart")

	assert.Contains(t, s.get("/api/users/@me", severalToken).body, `"team":{"id":1,`, "the first, if none is named")
	named := s.do(request{path: "/api/users/@me", token: severalToken, header: map[string]string{"Docket-Project-Id": "2"}})
	assert.Contains(t, named.body, `"team":{"id":2,`)
	admin := s.get("/api/users/@me/", adminToken).body
	assert.Contains(t, admin, `"is_staff":true,"scopes":["*"],"organization":{"id":"0f6d8b0e-3c1c-4a53-9a4b-111111111111"`)
	assert.Contains(t, s.get("/api/users/@me/", projectless).body, `"team":null`)
}

func TestPagination(t *testing.T) {
	s := newServer(t, nil) // four keys
	for query, want := range map[string]struct {
		results        int
		next, previous string
	}{
		"":                                    {4, "", ""},
		"?limit=2":                            {2, "?limit=2&offset=2", ""},
		"?limit=2&offset=1":                   {2, "?limit=2&offset=3", "?limit=2"},
		"?limit=2&offset=2":                   {2, "", "?limit=2"},
		"?limit=1&offset=3":                   {1, "", "?limit=1&offset=2"},
		"?limit=4":                            {4, "", ""},
		"?limit=0":                            {4, "", ""},
		"?limit=-1":                           {4, "", ""},
		"?limit=many&offset=few":              {4, "", ""},
		"?limit=1000":                         {4, "", ""},
		"?limit=9223372036854775807&offset=1": {3, "", "?limit=9223372036854775807"},
		"?offset=-3":                          {4, "", ""},
		"?offset=9":                           {0, "", "?limit=100"},
		"?offset=200":                         {0, "", "?limit=100&offset=100"},
		"?z=1&limit=3&a=%C3%A9":               {3, "?a=%C3%A9&limit=3&offset=3&z=1", ""},
	} {
		t.Run(query, func(t *testing.T) {
			answer := s.get("/api/personal_api_keys/"+query, adminToken)
			require.Equal(t, http.StatusOK, answer.status)
			var page struct {
				Count          int
				Next, Previous *string
				Results        []any
			}
			decodeStrictly(t, answer.body, &page)
			assert.Equal(t, 4, page.Count)
			assert.NotNil(t, page.Results)
			assert.Len(t, page.Results, want.results)
			base := "http://" + s.api.address.String() + "/api/personal_api_keys/"
			assertLink(t, base, want.next, page.Next)
			assertLink(t, base, want.previous, page.Previous)
		})
	}
}

// Only the operator knows whether those headers are a proxy's or any client's.
func TestLinksBehindAProxy(t *testing.T) {
	next := func(s *server, header map[string]string) string {
		var page struct{ Next string }
		require.NoError(t, json.Unmarshal([]byte(s.do(request{path: "/api/personal_api_keys?limit=1", token: adminToken, header: header}).body), &page))
		return strings.Replace(page.Next, s.api.address.String(), "ADDRESS", 1)
	}
	const path = "/api/personal_api_keys?limit=1&offset=1"
	open, proxied := newServer(t, nil), newServer(t, func(config *Config) { config.BehindProxy = true })
	for _, test := range []struct {
		proto, host   string
		open, proxied string
	}{
		{"", "", "http://ADDRESS", "http://ADDRESS"},
		{"https", "", "http://ADDRESS", "https://ADDRESS"},
		{"https", "logs.example.com", "http://ADDRESS", "https://logs.example.com"},
		{"https, http", "logs.example.com:8443, inner", "http://ADDRESS", "https://logs.example.com:8443"},
		{"javascript", " ", "http://ADDRESS", "http://ADDRESS"},
	} {
		header := map[string]string{"X-Forwarded-Proto": test.proto, "X-Forwarded-Host": test.host}
		assert.Equal(t, test.open+path, next(open, header))
		assert.Equal(t, test.proxied+path, next(proxied, header))
	}
}

func assertLink(t *testing.T, base, want string, got *string) {
	t.Helper()
	if want == "" {
		assert.Nil(t, got)
	} else if assert.NotNil(t, got) {
		assert.Equal(t, base+want, *got)
	}
}

// What PostHog's CLI asks before its own calls, and what it reads of the answers.
func TestPostHogCaptures(t *testing.T) {
	s := newServer(t, nil)
	read := map[string]func(answer map[string]any){
		"/api/personal_api_keys/@current": func(answer map[string]any) {
			assert.Equal(t, []any{"logs:read"}, answer["scopes"])
			assert.Equal(t, []any{1.0}, answer["scoped_teams"])
			assert.Equal(t, []any{}, answer["scoped_organizations"])
		},
		"/api/users/@me/": func(answer map[string]any) {
			assert.NotEmpty(t, answer["distinct_id"])
			assert.Equal(t, defaultOrgUUID, answer["organization"].(map[string]any)["id"])
			assert.InEpsilon(t, 1.0, answer["team"].(map[string]any)["id"], 0)
		},
		"/api/projects/1/": func(answer map[string]any) {
			assert.InEpsilon(t, 1.0, answer["id"], 0)
			assert.Equal(t, projectUUID(1), answer["uuid"])
			assert.Equal(t, "Default project", answer["name"])
			assert.Equal(t, defaultOrgUUID, answer["organization"])
		},
	}
	for _, captured := range readCaptures(t, "testdata/posthog_cli.jsonl") {
		captured.token = readerToken
		reply := s.do(captured)
		require.Equal(t, http.StatusOK, reply.status, captured.path)
		var answer map[string]any
		require.NoError(t, json.Unmarshal([]byte(reply.body), &answer))
		require.Contains(t, read, captured.path)
		read[captured.path](answer)
		delete(read, captured.path)
	}
	assert.Empty(t, read, "each was captured")
}
