package logsapiextension

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// guardedPaths are all routes that need a key and that every store has.
func guardedPaths() []string {
	return []string{
		"/logs", "/api/projects", "/api/projects/1", "/api/projects/@current", "/api/personal_api_keys",
		"/api/personal_api_keys/key-1", "/api/personal_api_keys/@current", "/api/users/@me", "/api/organizations/@current",
	}
}

func TestEveryRouteAnswersWithAndWithoutASlash(t *testing.T) {
	s := newServer(t, nil)
	require.NoError(t, s.api.Ready())
	for _, path := range append(guardedPaths(), "/healthz", "/version") {
		for _, suffix := range []string{"", "/", "?", "/?"} {
			token := readerToken
			if path == "/api/personal_api_keys" {
				token = adminToken
			}
			answer := s.get(path+suffix, token)
			assert.Equal(t, http.StatusOK, answer.status, path+suffix)
			head := s.do(request{method: http.MethodHead, path: path + suffix, token: token})
			assert.Equal(t, http.StatusOK, head.status, path+suffix)
			assert.Empty(t, head.body)
		}
	}
}

// Only health and version are open, and each API refuses in its own shape.
func TestEveryOtherRouteIsGuarded(t *testing.T) {
	s := newServer(t, nil)
	for _, path := range append(guardedPaths(), "/api/dead_letters", "/api/dead_letters/x", "/api/backup") {
		missing, unknown := s.get(path, ""), s.get(path, "nobody")
		assert.Equal(t, `Bearer realm="docket"`, missing.header.Get("WWW-Authenticate"))
		if path == "/logs" {
			assertStatusError(t, missing, http.StatusUnauthorized)
			assertStatusError(t, unknown, http.StatusUnauthorized)
			continue
		}
		assertPostHogError(t, missing, 401, "authentication_error", "not_authenticated", "")
		assertPostHogError(t, unknown, 401, "authentication_error", "authentication_failed", "")
		assertPostHogError(t, s.get(path, staleToken), 503, "server_error", "service_unavailable", "")
		assertPostHogError(t, s.get(path, brokenToken), 500, "server_error", "error", "")
	}
	for path, method := range map[string]string{
		"/api/projects": http.MethodPost, "/api/personal_api_keys": http.MethodPost, "/api/personal_api_keys/key-1": http.MethodDelete,
		"/api/dead_letters/x": http.MethodDelete, "/api/dead_letters/x/replay": http.MethodPost,
		"/api/dead_letters/replay": http.MethodPost,
	} {
		assertPostHogError(t, s.do(request{method: method, path: path}), 401, "authentication_error", "not_authenticated", "")
	}
}

func TestWrongMethods(t *testing.T) {
	s := newServer(t, nil)
	for path, allow := range map[string]string{
		"/api/projects":                   "GET, HEAD, POST",
		"/api/projects/1/":                "GET, HEAD",
		"/api/personal_api_keys/":         "GET, HEAD, POST",
		"/api/personal_api_keys/key-1":    "DELETE, GET, HEAD",
		"/api/personal_api_keys/@current": "GET, HEAD",
		"/api/users/@me/":                 "GET, HEAD",
		"/api/dead_letters":               "GET, HEAD",
		"/api/dead_letters/x/":            "DELETE, GET, HEAD",
		"/api/dead_letters/x/replay":      "POST",
		"/api/dead_letters/replay/":       "POST",
		"/api/backup/":                    "GET, HEAD",
	} {
		answer := s.do(request{method: http.MethodPut, path: path, token: adminToken})
		assertPostHogError(t, answer, 405, "invalid_request", "method_not_allowed", "")
		assert.Equal(t, allow, answer.header.Get("Allow"), path)
	}
	for _, path := range []string{"/healthz", "/version"} {
		answer := s.do(request{method: http.MethodPost, path: path})
		assertStatusError(t, answer, http.StatusMethodNotAllowed)
		assert.Equal(t, "GET, HEAD", answer.header.Get("Allow"), path)
	}
}

// Nothing is redirected: a client may drop its key, or its body, on the way.
func TestUnknownRoutes(t *testing.T) {
	s := newServer(t, nil)
	for _, path := range []string{
		"/log", "/logs/1", "/logs//", "//logs", "/./logs", "/x/../logs", "/Logs", "/healthz/x", "/apis", "/favicon.ico",
		"/%2e%2e/logs", "/%00", "/" + strings.Repeat("x", 5000),
	} {
		message := assertStatusError(t, s.get(path, readerToken), http.StatusNotFound)
		assert.Less(t, len(message), 200)
	}
	for _, path := range []string{
		"/api", "/api/", "/api/projects/1/2/", "/api/projects/1/logs/", "/api/projects/1/logs/queries/", "/api/environments/1/", "/api//projects/", "/api/users/", "/api/users/1/",
		"/api/personal_api_keys/a/b",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			answer := s.do(request{method: method, path: path, token: readerToken})
			assertPostHogError(t, answer, 404, "invalid_request", "not_found", "")
		}
	}
}

func TestBodies(t *testing.T) {
	const key = `{"label":"x","scopes":["*"]}`
	s := newServer(t, nil)
	post := func(body string, header map[string]string) reply {
		return s.do(request{method: http.MethodPost, path: "/api/personal_api_keys/", token: adminToken, body: body, header: header})
	}
	for _, contentType := range []string{"application/json", "Application/JSON; charset=utf-8", "application/json;charset=UTF-8"} {
		assert.Equal(t, http.StatusCreated, post(key+"\n", map[string]string{"Content-Type": contentType}).status, contentType)
	}
	for _, contentType := range []string{"", "text/plain", "application/xml", "application/jsonp", ";"} {
		assertPostHogError(t, post(key, map[string]string{"Content-Type": contentType}), 415,
			"invalid_request", "unsupported_media_type", "")
	}
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	assert.Equal(t, http.StatusCreated, post("label=x&scopes=logs:read&scopes=logs:write&scoped_teams=1", form).status)

	assert.Equal(t, http.StatusCreated, post(zipped(t, key), map[string]string{"Content-Encoding": "gzip"}).status)
	assertPostHogError(t, post(key, map[string]string{"Content-Encoding": "gzip"}), 400, "invalid_request", "parse_error", "")
	truncated := zipped(t, key)
	assertPostHogError(t, post(truncated[:len(truncated)-6], map[string]string{"Content-Encoding": "gzip"}),
		400, "invalid_request", "parse_error", "")
	assertPostHogError(t, post(key, map[string]string{"Content-Encoding": "br"}), 400, "invalid_request", "parse_error", "")
	assertStatusError(t, s.do(request{path: "/logs", token: readerToken, body: "x", header: map[string]string{"Content-Encoding": "br"}}),
		http.StatusBadRequest)

	fitting := key + strings.Repeat(" ", 1<<20-len(key))
	assert.Equal(t, http.StatusCreated, post(fitting, nil).status)
	assertPostHogError(t, post(fitting+" ", nil), 413, "invalid_request", "request_too_large", "")
	assertPostHogError(t, post(zipped(t, fitting+" "), map[string]string{"Content-Encoding": "gzip"}),
		413, "invalid_request", "request_too_large", "")
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var buffer bytes.Buffer
	writer := gzip.NewWriter(&buffer)
	_, err := writer.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	return buffer.String()
}
