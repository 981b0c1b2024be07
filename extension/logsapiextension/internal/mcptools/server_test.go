package mcptools_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/docketlog/docket/extension/logsapiextension/internal/mcptools"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const document = `
openapi: 3.1.0
paths:
  /api/projects/{id}/views/:
    parameters: [{$ref: "#/components/parameters/Project"}]
    get:
      x-mcp-tool: views_list
      summary: All views.
      description: The newest first.
      parameters:
        - {name: limit, in: query, schema: {type: integer}}
        - {name: X-Other, in: header, schema: {type: string}}
    post:
      x-mcp-tool: views_create
      summary: Make a view.
      requestBody:
        content:
          application/json:
            schema: {allOf: [{$ref: "#/components/schemas/View"}, {required: [name]}]}
  /api/projects/{id}/views/{short_id}/:
    parameters:
      - $ref: "#/components/parameters/Project"
      - {name: short_id, in: path, required: true, schema: {type: string}}
    delete: {x-mcp-tool: views_delete, summary: Delete a view.}
  /api/projects/{id}/count/:
    parameters: [{$ref: "#/components/parameters/Project"}]
    post:
      x-mcp-tool: count
      summary: Count.
      requestBody:
        content:
          application/json:
            schema: {type: object, properties: {query: {$ref: "#/components/schemas/Group"}}}
  /hidden:
    get: {summary: No tool.}
components:
  parameters:
    Project: {name: id, in: path, required: true, description: The project., schema: {type: string}}
  schemas:
    View:
      type: object
      properties: {name: {type: string}, filters: {type: object}}
    Group:
      type: object
      properties: {values: {type: array, items: {$ref: "#/components/schemas/Group"}}}
`

// connect serves tools of an API and returns a client of them, as an assistant has one.
func connect(t *testing.T, api http.HandlerFunc, key string) *mcp.ClientSession {
	t.Helper()
	handler, err := mcptools.New(mcptools.Options{
		Document: []byte(document), API: api, Version: "1",
		MayWrite: func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer writer" },
		ReadOnly: func(tool string) bool { return tool == "count" },
	})
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	session, err := client.Connect(t.Context(), &mcp.StreamableClientTransport{
		Endpoint: server.URL, HTTPClient: &http.Client{Transport: withKey{transport, key}}, DisableStandaloneSSE: true,
	}, nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = session.Close() })
	return session
}

type withKey struct {
	http.RoundTripper

	key string
}

func (w withKey) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+w.key)
	return w.RoundTripper.RoundTrip(r)
}

func call(ctx context.Context, t *testing.T, session *mcp.ClientSession, tool string, arguments any) (text string, isError bool) {
	t.Helper()
	result, err := session.CallTool(ctx, &mcp.CallToolParams{Name: tool, Arguments: arguments})
	require.NoError(t, err)
	require.Len(t, result.Content, 1)
	return result.Content[0].(*mcp.TextContent).Text, result.IsError //nolint:forcetypeassert // all are texts
}

// echo answers with what it was asked.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, _ = fmt.Fprintf(w, "%s %s %s %s", r.Method, r.URL.RequestURI(), r.Header.Get("Authorization"), body)
}

func TestTools(t *testing.T) {
	names := func(key string) (all []string) {
		tools, err := connect(t, echo, key).ListTools(t.Context(), nil)
		require.NoError(t, err)
		for _, tool := range tools.Tools {
			all = append(all, tool.Name)
		}
		return all
	}
	assert.Equal(t, []string{"count", "views_list"}, names("reader"))
	assert.Equal(t, []string{"count", "views_create", "views_delete", "views_list"}, names("writer"))

	tools, err := connect(t, echo, "writer").ListTools(t.Context(), nil)
	require.NoError(t, err)
	schemas := map[string]string{}
	for _, tool := range tools.Tools {
		text, err := json.Marshal(tool.InputSchema)
		require.NoError(t, err)
		schemas[tool.Name] = string(text)
		assert.Equal(t, tool.Name == "count" || tool.Name == "views_list", tool.Annotations.ReadOnlyHint)
		assert.Equal(t, tool.Name == "views_delete", *tool.Annotations.DestructiveHint)
	}
	assert.JSONEq(t, `{"type":"object","additionalProperties":false,"required":["name"],"properties":{
		"id":{"type":"string","description":"The project."},"name":{"type":"string"},"filters":{"type":"object"}}}`, schemas["views_create"])
	assert.JSONEq(t, `{"type":"object","additionalProperties":false,"required":[],"properties":{
		"id":{"type":"string","description":"The project."},
		"query":{"type":"object","properties":{"values":{"type":"array","items":{"type":"object"}}}}}}`, schemas["count"],
		"a schema in itself is any object there")
}

func TestCalls(t *testing.T) {
	session := connect(t, echo, "writer")
	for _, test := range []struct {
		tool      string
		arguments map[string]any
		want      string
	}{
		{"views_list", nil, "GET /api/projects/@current/views/? Bearer writer "},
		{"views_list", map[string]any{"id": "7", "limit": 3}, "GET /api/projects/7/views/?limit=3 Bearer writer "},
		{
			"views_create",
			map[string]any{"id": "7", "name": "a", "filters": map[string]any{"b": 1}},
			`POST /api/projects/7/views/? Bearer writer {"filters":{"b":1},"name":"a"}`,
		},
		{"views_delete", map[string]any{"short_id": "a/../b"}, "DELETE /api/projects/@current/views/a%2F..%2Fb/? Bearer writer "},
	} {
		text, isError := call(t.Context(), t, session, test.tool, test.arguments)
		assert.False(t, isError, text)
		assert.Equal(t, test.want, text)
	}
	text, isError := call(t.Context(), t, session, "views_delete", nil)
	assert.True(t, isError)
	assert.Contains(t, text, "short_id")
	text, isError = call(t.Context(), t, session, "views_list", map[string]any{"unknown": 1})
	assert.True(t, isError)
	assert.Contains(t, text, "unknown")
}

func TestReadersCannotCallWhatWrites(t *testing.T) {
	_, err := connect(t, echo, "reader").CallTool(t.Context(), &mcp.CallToolParams{Name: "views_delete", Arguments: map[string]any{"short_id": "a"}})
	assert.Error(t, err)
}

func TestErrorsOfTheAPI(t *testing.T) {
	session := connect(t, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `{"code":"permission_denied"}`, http.StatusForbidden)
	}, "reader")
	text, isError := call(t.Context(), t, session, "views_list", nil)
	assert.True(t, isError)
	assert.Contains(t, text, "permission_denied")
}

func TestLargeAndEmptyAnswers(t *testing.T) {
	written := 0
	session := connect(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 100 {
			n, err := io.WriteString(w, strings.Repeat("x", 10_000))
			if written += n; err != nil {
				return
			}
		}
	}, "reader")
	text, isError := call(t.Context(), t, session, "views_list", nil)
	assert.True(t, isError)
	assert.Contains(t, text, "shorter time")
	assert.Less(t, written, 300_000, "the API is told to stop")

	nothing := connect(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, "writer")
	text, isError = call(t.Context(), t, nothing, "views_delete", map[string]any{"short_id": "a"})
	assert.False(t, isError)
	assert.Equal(t, "Done.", text)
}

func TestBadDocument(t *testing.T) {
	for _, text := range []string{"[", "paths: {/a: {get: {x-mcp-tool: 1}}}"} {
		_, err := mcptools.New(mcptools.Options{Document: []byte(text)})
		assert.Error(t, err)
	}
}
