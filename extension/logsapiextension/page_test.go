package logsapiextension

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/extension/logsapiextension/ui"
)

// Whoever opens Docket's address in a browser gets the page, also behind a proxy that puts
// a prefix before all paths: the redirects are relative.
func TestTheWebPage(t *testing.T) {
	s := newServer(t, nil)
	for _, path := range []string{"/", "/ui"} {
		answer := s.get(path, "")
		assert.Equal(t, http.StatusFound, answer.status, path)
		assert.Equal(t, "ui/", answer.header.Get("Location"), path)
	}
	index, header := getFile(t, s, "/ui/")
	assert.Contains(t, index, `src="main.js"`)
	assert.Equal(t, "text/html; charset=utf-8", header.Get("Content-Type"))
	assert.Equal(t, ui.Policy, header.Get("Content-Security-Policy"))
	script, _ := getFile(t, s, "/ui/main.js")
	assert.Contains(t, script, `"./state/session.js"`)
	head := s.do(request{method: http.MethodHead, path: "/ui/main.js"})
	assert.Equal(t, http.StatusOK, head.status)
	assert.Empty(t, head.body)

	for _, path := range []string{"/ui/missing.js", "/ui/ui.go", "/ui/jsconfig.json", "/ui/pages/", "/ui/..", "/ui/../logs", "/ui//main.js"} {
		assertStatusError(t, s.get(path, ""), http.StatusNotFound)
	}
	for _, path := range []string{"/", "/ui", "/ui/", "/ui/main.js"} {
		answer := s.do(request{method: http.MethodPost, path: path})
		assertStatusError(t, answer, http.StatusMethodNotAllowed)
		assert.Equal(t, "GET, HEAD", answer.header.Get("Allow"), path)
	}
}

// getFile returns a file of the page, as a browser without a key gets it.
func getFile(t *testing.T, s *server, path string) (string, http.Header) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.api.address.String()+path, http.NoBody)
	require.NoError(t, err)
	response, err := s.client.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	assert.Equal(t, http.StatusOK, response.StatusCode, path)
	content, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(content), response.Header
}

func TestTheWebPageCanBeSwitchedOff(t *testing.T) {
	s := newServer(t, func(config *Config) { config.UI.Enabled = false })
	for _, path := range []string{"/", "/ui", "/ui/", "/ui/main.js"} {
		assertStatusError(t, s.get(path, ""), http.StatusNotFound)
	}
}

// The operator says who may frame the audit table, and only that.
func TestFrameAncestors(t *testing.T) {
	s := newServer(t, func(c *Config) { c.UI.FrameAncestors = []string{"https://app.example.com", "http://localhost:3000"} })
	policyOf := func(path string) string {
		_, header := getFile(t, s, path)
		return header.Get("Content-Security-Policy")
	}
	assert.True(t, strings.HasSuffix(policyOf("/ui/embed/table.html"), "; frame-ancestors https://app.example.com http://localhost:3000"))
	assert.Equal(t, ui.Policy, policyOf("/ui/"))

	for _, wrong := range []string{"*", "app.example.com", "https://app.example.com/", "https://a https://b", "https://A.example"} {
		config := createDefaultConfig().(*Config)
		config.UI.FrameAncestors = []string{wrong}
		require.ErrorContains(t, config.Validate(), "ui::frame_ancestors", wrong)
	}
}

// An app on another origin loads the table's script.
func TestOtherOriginsMayLoadScripts(t *testing.T) {
	s := newServer(t, nil)
	_, script := getFile(t, s, "/ui/embed/docket-audit-table.js")
	assert.Equal(t, "*", script.Get("Access-Control-Allow-Origin"))
	assert.Equal(t, "cross-origin", script.Get("Cross-Origin-Resource-Policy"))
	_, page := getFile(t, s, "/ui/")
	assert.Empty(t, page.Get("Access-Control-Allow-Origin"))
}
