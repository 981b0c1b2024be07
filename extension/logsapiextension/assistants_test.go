package logsapiextension

import (
	"net/http"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/record"
)

// withToken shows a key with every request.
type withToken struct {
	http.RoundTripper

	token string
}

func (w withToken) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+w.token)
	return w.RoundTripper.RoundTrip(r)
}

func (s *server) assistant(token string) *mcp.ClientSession {
	s.t.Helper()
	transport := &http.Transport{}
	s.t.Cleanup(transport.CloseIdleConnections)
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	session, err := client.Connect(s.t.Context(), &mcp.StreamableClientTransport{
		Endpoint: "http://" + s.api.address.String() + "/mcp", HTTPClient: &http.Client{Transport: withToken{transport, token}},
		DisableStandaloneSSE: true,
	}, nil)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = session.Close() })
	return session
}

func callTool(t *testing.T, session *mcp.ClientSession, tool string, arguments map[string]any) (text string, isError bool) {
	t.Helper()
	result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: arguments})
	require.NoError(t, err)
	return result.Content[0].(*mcp.TextContent).Text, result.IsError
}

func TestAssistants(t *testing.T) {
	s, _ := newAlertServer(t)
	s.addSealed(time.Now(), func(r record.Record) { r.Log.Body().SetStr("card declined") })
	reader, writer := s.assistant(readerToken), s.assistant(writerToken)

	names := func(session *mcp.ClientSession) map[string]bool {
		tools, err := session.ListTools(t.Context(), nil)
		require.NoError(t, err)
		all := map[string]bool{}
		for _, tool := range tools.Tools {
			all[tool.Name] = true
			assert.NotEmpty(t, tool.Description)
		}
		return all
	}
	assert.True(t, names(reader)["logs_query"])
	assert.False(t, names(reader)["alerts_create"])
	assert.True(t, names(writer)["alerts_create"])

	text, isError := callTool(t, reader, "logs_query", map[string]any{"query": map[string]any{"searchTerm": "declined"}})
	assert.False(t, isError, text)
	assert.Contains(t, text, "card declined")
	text, isError = callTool(t, reader, "logs_query", map[string]any{"id": "2", "query": map[string]any{}})
	assert.True(t, isError)
	assert.Contains(t, text, "not_found", "another project's records are as hidden as over HTTP")
	text, isError = callTool(t, writer, "alerts_create", map[string]any{
		"name": "from an assistant", "filters": map[string]any{"serviceNames": []string{"a"}},
	})
	assert.False(t, isError, text)
	assert.Contains(t, s.get(alertsPath, readerToken).body, "from an assistant")
}

func TestAssistantsNeedAKey(t *testing.T) {
	s := newServer(t, nil)
	answer := s.do(request{method: http.MethodPost, path: "/mcp", body: `{}`})
	assert.Equal(t, http.StatusUnauthorized, answer.status)
	off := newServer(t, func(c *Config) { c.MCP.Enabled = false })
	assert.Equal(t, http.StatusNotFound, off.do(request{method: http.MethodPost, path: "/mcp", body: `{}`}).status)
}
