package auditlogreceiver

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAuthentication(t *testing.T) {
	server := startWithKeys(t)
	for _, format := range formats {
		for _, headers := range [][]string{nil, {"Authorization", "Bearer wrong"}, {"token", "wrong", "organization", "acme"}} {
			got := server.post(format.path, format.good, headers...)
			assert.Equal(t, http.StatusUnauthorized, got.status)
			assert.NotEmpty(t, got.header.Get("WWW-Authenticate"))
			messageOf(t, format.name, got)
		}
		got := server.post(format.path, format.good, format.headers...)
		assert.Equal(t, http.StatusOK, got.status, got.body)
	}
	assert.Equal(t, http.StatusOK, server.post(pathLogSentry, goodLogSentry, "Authorization", "Bearer 1|with-pipe").status)
}

// A client that is told 401 gives its record up, so that is not the answer when
// keys cannot be checked for a moment.
func TestAuthenticationIsUnavailable(t *testing.T) {
	server := startWithKeys(t)
	for _, format := range formats {
		got := server.post(format.path, format.good, "Authorization", "Bearer "+keyUnavailable)
		assert.Equal(t, http.StatusServiceUnavailable, got.status, got.body)
		assert.Equal(t, "3", got.header.Get("Retry-After"))
		message, _ := messageOf(t, format.name, got)
		assert.Contains(t, message, "does not answer")
	}
	assert.Empty(t, server.pipeline.records())
}

// Who sends too often is told so first, before anybody looks at what was sent.
func TestTooManyRequestsOfAKey(t *testing.T) {
	server := startWithKeys(t)
	for _, format := range formats {
		for _, headers := range [][]string{
			{"Authorization", "Bearer " + throttled + "one"},
			{"Authorization", "Bearer " + throttled + "reader"},
			{"token", throttled + "one", "organization", acme.Slug},
		} {
			for _, body := range []string{format.good, "[" + format.good + "," + format.good + "]", "{"} {
				got := server.post(format.path, body, headers...)
				assert.Equal(t, http.StatusTooManyRequests, got.status, got.body)
				assert.Equal(t, "2", got.header.Get("Retry-After"))
				message, _ := messageOf(t, format.name, got)
				assert.Contains(t, message, "more requests than the 20 a second that are allowed")
			}
		}
	}
	assert.Zero(t, server.pipeline.callCount())
}

func TestAuthenticationByQueryParameter(t *testing.T) {
	server := start(t, func(config *Config) {
		withKeys(config)
		config.ServerConfig.Auth.Get().RequestParameters = []string{"Token"}
	})
	assert.Equal(t, http.StatusOK, server.post(pathLogSentry+"?Token=one", goodLogSentry).status)
	assert.Equal(t, http.StatusUnauthorized, server.post(pathLogSentry+"?Token=two", goodLogSentry).status)
}

// TestAuthorization has a row for each way to name the project, and each refusal
// that is the receiver's own. Project is the stored one; 0 means that the request
// is refused, with field.
func TestAuthorization(t *testing.T) {
	const sentry, hub, mash = "logsentry", "loghub", "codemash"
	tests := []struct {
		name, format  string
		path, body    string
		headers       []string
		status        int
		project       int64
		field, inText string
	}{
		{"only project", sentry, pathLogSentry, goodLogSentry, []string{"Authorization", "Bearer one"}, 200, 7, "", ""},
		{"number", sentry, pathLogSentry, `{"msg":"m","project":8}`, []string{"Authorization", "Bearer several"}, 200, 8, "", ""},
		{"numeric string", sentry, pathLogSentry, `{"msg":"m","project":"8"}`, []string{"Authorization", "Bearer several"}, 200, 8, "", ""},
		{"none of several", sentry, pathLogSentry, goodLogSentry, []string{"Authorization", "Bearer several"}, 400, 0, "project", "required"},
		{"unknown", sentry, pathLogSentry, `{"msg":"m","project":9}`, []string{"Authorization", "Bearer one"}, 403, 0, "project", "9"},
		{"scope", sentry, pathLogSentry, goodLogSentry, []string{"Authorization", "Bearer reader"}, 403, 0, "", "logs:write"},

		{"by slug", hub, pathLogHub, goodLogHub, []string{"token", "one", "organization", acme.Slug}, 200, 7, "", ""},
		{"by id", hub, pathLogHub, goodLogHub, []string{"token", "one", "organization", acme.ID}, 200, 7, "", ""},
		{"admin", hub, pathLogHub, goodLogHub, []string{"token", "admin", "organization", "any"}, 200, 7, "", ""},
		{"project header", hub, pathLogHub, goodLogHub, []string{"token", "several", "organization", "acme", "Docket-Project-Id", "8"}, 200, 8, "", ""},
		{"none of several", hub, pathLogHub, goodLogHub, []string{"token", "several", "organization", "acme"}, 400, 0, "Docket-Project-Id", "required"},
		{"other organization", hub, pathLogHub, goodLogHub, []string{"token", "one", "organization", "other"}, 403, 0, "organization", "organization"},
		{"no organization", hub, pathLogHub, goodLogHub, []string{"token", "one"}, 401, 0, "organization", "required"},
		{"bearer and no token", hub, pathLogHub, goodLogHub, []string{"Authorization", "Bearer one", "organization", "acme"}, 401, 0, "token", "required"},
		{"scope", hub, pathLogHub, goodLogHub, []string{"token", "reader", "organization", "acme"}, 403, 0, "", "logs:write"},

		{"header", mash, pathCodeMash, goodCodeMash, []string{"Authorization", "Bearer several", "X-CM-ProjectId", "8"}, 200, 8, "", ""},
		{"header with uuid", mash, pathCodeMash, goodCodeMash, []string{"Authorization", "Bearer several", "x-cm-projectid", intranet.UUID}, 200, 8, "", ""},
		{"query", mash, pathCodeMash + "?x-cm-projectid=8", goodCodeMash, []string{"Authorization", "Bearer several"}, 200, 8, "", ""},
		{"query projectId", mash, pathCodeMash + "?ProjectID=8", goodCodeMash, []string{"Authorization", "Bearer several"}, 200, 8, "", ""},
		{"missing", mash, pathCodeMash, goodCodeMash, []string{"Authorization", "Bearer one"}, 400, 0, "x-cm-projectid", "required"},
		{"unknown", mash, pathCodeMash, goodCodeMash, []string{"Authorization", "Bearer one", "X-CM-ProjectId", "8"}, 403, 0, "x-cm-projectid", "8"},
		{"scope", mash, pathCodeMash, goodCodeMash, []string{"Authorization", "Bearer reader", "X-CM-ProjectId", "7"}, 403, 0, "", "logs:write"},
	}
	for _, test := range tests {
		t.Run(test.format+" "+test.name, func(t *testing.T) {
			server := startWithKeys(t)
			got := server.post(test.path, test.body, test.headers...)
			require.Equal(t, test.status, got.status, got.body)
			if test.project != 0 {
				assert.Equal(t, test.project, server.only().ProjectID())
				return
			}
			message, fields := messageOf(t, test.format, got)
			assert.Contains(t, message, test.inText)
			if test.field != "" {
				assert.Equal(t, []string{test.field}, fields)
			}
			assert.Empty(t, server.pipeline.AllLogs())
		})
	}
}

// TestWithoutAuthenticator: in a collector without project_key, a number is the
// project, and everything else is the default one.
func TestWithoutAuthenticator(t *testing.T) {
	server := start(t, func(c *Config) { c.DefaultProject = 3 })
	send := func(path, body string, headers ...string) int64 {
		t.Helper()
		server.pipeline.Reset()
		got := server.post(path, body, headers...)
		require.Equal(t, http.StatusOK, got.status, got.body)
		return server.only().ProjectID()
	}
	assert.Equal(t, int64(3), send(pathLogSentry, goodLogSentry))
	assert.Equal(t, int64(5), send(pathLogSentry, `{"msg":"m","project":5}`))
	assert.Equal(t, int64(3), send(pathLogHub, goodLogHub))
	assert.Equal(t, int64(5), send(pathLogHub, goodLogHub, "Docket-Project-Id", "5"))
	assert.Equal(t, int64(3), send(pathCodeMash, goodCodeMash, "X-CM-ProjectId", shop.UUID))
	assert.Equal(t, int64(5), send(pathCodeMash, goodCodeMash, "X-CM-ProjectId", "5"))
	assert.Equal(t, http.StatusBadRequest, server.post(pathCodeMash, goodCodeMash).status)
}
