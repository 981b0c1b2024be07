package testbed

import (
	"context"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/docketlog/docket/testbed/client"
)

// format is a way to send a record, and how its refusals look.
type format struct {
	name string
	// send posts a record with the message into the project. The answer's status
	// is that of HTTP; for gRPC the one that corresponds to the call's code.
	send func(ctx context.Context, c *client.Client, project client.Project, message string) (client.Response, error)
	// refused checks a refusal with the status 401 or 403.
	refused func(*testing.T, client.Response)
}

func formats() []format {
	return []format{
		{
			name: "LogSentry",
			send: func(ctx context.Context, c *client.Client, project client.Project, message string) (client.Response, error) {
				return c.LogSentry(ctx, `{"project": `+strconv.FormatInt(project.ID, 10)+`, "msg": "`+message+`"}`)
			},
			refused: refusedByLogSentry,
		},
		{
			name: "LogHub",
			send: func(ctx context.Context, c *client.Client, project client.Project, message string) (client.Response, error) {
				return c.LogHub(ctx, project.Organization, logHubEvent(message))
			},
			refused: refusedByLogHub,
		},
		{
			name: "CodeMash",
			send: func(ctx context.Context, c *client.Client, project client.Project, message string) (client.Response, error) {
				return c.CodeMash(ctx, "v1", project.UUID, `{"message": "`+message+`"}`)
			},
			refused: refusedByCodeMash,
		},
		{
			name: "OTLP/HTTP JSON",
			send: func(ctx context.Context, c *client.Client, _ client.Project, message string) (client.Response, error) {
				return c.OTLPJSON(ctx, `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"`+message+`"}}]}]}]}`)
			},
			refused: refusedWithAText,
		},
		{
			name: "OTLP/HTTP protobuf",
			send: func(ctx context.Context, c *client.Client, _ client.Project, message string) (client.Response, error) {
				return c.OTLPProtobuf(ctx, otlpLogs("", message, plog.SeverityNumberInfo))
			},
			refused: refusedWithAText,
		},
		{
			name: "OTLP/gRPC",
			send: func(ctx context.Context, c *client.Client, _ client.Project, message string) (client.Response, error) {
				err := c.OTLPGRPC(ctx, otlpLogs("", message, plog.SeverityNumberInfo))
				httpStatus, ok := map[codes.Code]int{
					codes.OK: http.StatusOK, codes.Unauthenticated: http.StatusUnauthorized,
					codes.PermissionDenied: http.StatusForbidden,
				}[status.Code(err)]
				if !ok {
					return client.Response{}, err
				}
				return client.Response{Status: httpStatus, Body: []byte(status.Convert(err).Message())}, nil
			},
			refused: refusedWithAText,
		},
	}
}

func logHubEvent(action string) string {
	return `{"actor":{"type":"system","description":"testbed"},"action":"` + action + `","metadata":{},` +
		`"external_id":1,"context":{"location":"192.0.2.1","user_agent":"testbed"}}`
}

func refusedByLogSentry(t *testing.T, response client.Response) {
	t.Helper()
	var answer struct {
		Status, Message string
		Errors          []struct{ Field, Message string }
	}
	require.NoError(t, response.Decode(&answer))
	assert.Equal(t, "error", answer.Status)
	assert.NotEmpty(t, answer.Message)
}

func refusedByLogHub(t *testing.T, response client.Response) {
	t.Helper()
	var answer struct {
		Code, Status, Message string
		Errors                []any
	}
	require.NoError(t, response.Decode(&answer))
	assert.Equal(t, map[int]string{
		http.StatusUnauthorized: "UNAUTHORIZED", http.StatusForbidden: "FORBIDDEN",
	}[response.Status], answer.Code)
	assert.Equal(t, "error", answer.Status)
	assert.NotEmpty(t, answer.Message)
}

func refusedByCodeMash(t *testing.T, response client.Response) {
	t.Helper()
	var answer struct {
		ResponseStatus struct {
			ErrorCode, Message string
			Errors             []struct{ ErrorCode, FieldName, Message string }
		}
	}
	require.NoError(t, response.Decode(&answer))
	assert.NotEmpty(t, answer.ResponseStatus.ErrorCode)
	assert.NotEmpty(t, answer.ResponseStatus.Message)
}

// refusedWithAText is all that OTLP asks for.
func refusedWithAText(t *testing.T, response client.Response) {
	t.Helper()
	assert.NotEmpty(t, response.Body)
}

// refusedBySearch checks the answers of GET /logs, whose texts its document gives.
func refusedBySearch(t *testing.T, response client.Response) {
	t.Helper()
	expected := map[int]string{
		http.StatusUnauthorized: `{"status":"error","message":"Authentication required. Please provide a valid API key or token."}`,
		http.StatusForbidden:    `{"status":"error","message":"You do not have permission to access API logs."}`,
	}[response.Status]
	require.NotEmpty(t, expected, response)
	assert.JSONEq(t, expected, string(response.Body))
}

// What each kind of key may do, in every format, with refusals in its shape.
func TestScopes(t *testing.T) {
	docket, admin := start(t)
	project, err := admin.CreateProject(t.Context(), "Scopes", "")
	require.NoError(t, err)
	valueOf := func(scope string) string {
		key, err := admin.CreateKey(t.Context(), scope, []string{scope}, project.ID)
		require.NoError(t, err)
		require.NotEmpty(t, key.Value)
		return key.Value
	}
	const accepted, unauthenticated, forbidden = http.StatusOK, http.StatusUnauthorized, http.StatusForbidden
	for _, test := range []struct {
		key             string
		value           string
		ingests, search int
	}{
		{"a reading key", valueOf("logs:read"), forbidden, accepted},
		{"a writing key", valueOf("logs:write"), accepted, accepted},
		{"a key for everything", valueOf("*"), accepted, accepted},
		{"the project's token", project.APIToken, accepted, forbidden},
		{"an unknown key", "nobody-has-this-key", unauthenticated, unauthenticated},
		{"no key", "", unauthenticated, unauthenticated},
	} {
		c := newClient(t, docket, test.value)
		for _, format := range formats() {
			t.Run(test.key+" with "+format.name, func(t *testing.T) {
				response, err := format.send(t.Context(), c, project, "sent with "+test.key)
				require.NoError(t, err)
				require.Equal(t, test.ingests, response.Status, response)
				if response.Status != accepted {
					format.refused(t, response)
				}
			})
		}
		t.Run(test.key+" with GET /logs", func(t *testing.T) {
			response, err := c.SearchResponse(t.Context(), nil)
			require.NoError(t, err)
			require.Equal(t, test.search, response.Status, response)
			if response.Status != accepted {
				refusedBySearch(t, response)
			}
		})
	}
	// Three keys may send, and nothing of the others was kept: records become
	// findable in the order of their acknowledgements, so these are all.
	sendLast(t, newClient(t, docket, project.APIToken), project)
	find(t, newClient(t, docket, valueOf("logs:read")), nil, 3*len(formats())+1)
}

// Two projects of two organizations: each key sends to and sees its own only.
func TestProjectsAreIsolated(t *testing.T) { onEachBackend(t, testProjectsAreIsolated) }

func testProjectsAreIsolated(t *testing.T, b *backend) {
	t.Helper()
	docket, admin := b.start(t)
	tenants := make([]client.Project, 2)
	clients := make([]*client.Client, 2)
	for i, name := range []string{"north", "south"} {
		var err error
		tenants[i], err = admin.CreateProject(t.Context(), name, name)
		require.NoError(t, err)
		key, err := admin.CreateKey(t.Context(), name, []string{"logs:write"}, tenants[i].ID)
		require.NoError(t, err)
		clients[i] = newClient(t, docket, key.Value)
	}
	require.NotEqual(t, tenants[0].ID, tenants[1].ID)
	require.NotEqual(t, tenants[0].Organization, tenants[1].Organization)

	for i, c := range clients {
		for _, format := range formats() {
			response, err := format.send(t.Context(), c, tenants[i], "from "+tenants[i].Name+" by "+format.name)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, response.Status, response)
		}
	}
	for i, c := range clients {
		for _, log := range find(t, c, nil, len(formats())) {
			assert.Contains(t, log.Message, "from "+tenants[i].Name)
		}
		find(t, c, searchFor("from "+tenants[1-i].Name), 0)
	}
	for _, format := range formats()[:3] { // in these the request names the project or organization
		t.Run(format.name+" for another tenant", func(t *testing.T) {
			response, err := format.send(t.Context(), clients[0], tenants[1], "smuggled")
			require.NoError(t, err)
			require.Equal(t, http.StatusForbidden, response.Status, response)
			format.refused(t, response)
		})
	}
	sendLast(t, clients[1], tenants[1])
	find(t, clients[1], nil, len(formats())+1)
	_, err := clients[0].GetProject(t.Context(), strconv.FormatInt(tenants[1].ID, 10))
	var refusal *client.StatusError
	require.ErrorAs(t, err, &refusal)
	assert.Contains(t, []int{http.StatusForbidden, http.StatusNotFound}, refusal.Response.Status)
}

// A key that may use several projects says which one it means.
func TestKeyForSeveralProjectsNamesOne(t *testing.T) {
	docket, admin := start(t)
	second, err := admin.CreateProject(t.Context(), "Second", "")
	require.NoError(t, err)
	sendLast(t, admin, second)

	response, err := admin.SearchResponse(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusBadRequest, response.Status, response)
	assert.Contains(t, string(response.Body), "Docket-Project-Id", "the answer says how to name one")
	for project, count := range map[string]int{"1": 0, "2": 1, second.UUID: 1} {
		named := newClient(t, docket, adminKey)
		named.Project = project
		find(t, named, nil, count)
	}
	named := newClient(t, docket, adminKey)
	named.Project = "3"
	response, err = named.SearchResponse(t.Context(), nil)
	require.NoError(t, err)
	assert.Equal(t, http.StatusNotFound, response.Status, response)
}

// sendLast posts one more record.
func sendLast(t *testing.T, c *client.Client, project client.Project) {
	t.Helper()
	response, err := formats()[0].send(t.Context(), c, project, "the last one")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.Status, response)
}

func TestRevokedKeyIsRefused(t *testing.T) { onEachBackend(t, testRevokedKeyIsRefused) }

func testRevokedKeyIsRefused(t *testing.T, b *backend) {
	t.Helper()
	docket, admin := b.start(t)
	project, err := admin.GetProject(t.Context(), "1")
	require.NoError(t, err)
	key, err := admin.CreateKey(t.Context(), "short-lived", []string{"logs:write"}, project.ID)
	require.NoError(t, err)
	c := newClient(t, docket, key.Value)
	for _, format := range formats() {
		response, err := format.send(t.Context(), c, project, "before")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, response.Status, response)
	}
	current, err := c.GetKey(t.Context(), "@current")
	require.NoError(t, err)
	assert.Equal(t, key.ID, current.ID)
	assert.Empty(t, current.Value, "a key's value is shown once")

	require.NoError(t, admin.DeleteKey(t.Context(), key.ID))
	revoked := time.Now()
	for _, format := range formats() {
		t.Run(format.name, func(t *testing.T) {
			for {
				response, err := format.send(t.Context(), c, project, "after")
				require.NoError(t, err)
				if response.Status == http.StatusUnauthorized {
					format.refused(t, response)
					return
				}
				require.Equal(t, http.StatusOK, response.Status, response)
				require.Less(t, time.Since(revoked), revokedWithin, "still accepted")
				time.Sleep(100 * time.Millisecond)
			}
		})
	}
	response, err := c.SearchResponse(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, response.Status, response)
	refusedBySearch(t, response)
	_, err = admin.GetKey(t.Context(), key.ID)
	var refusal *client.StatusError
	require.ErrorAs(t, err, &refusal)
	assert.Equal(t, http.StatusNotFound, refusal.Response.Status)
}

// Keys, projects and the admin key are the same after a restart.
func TestKeysSurviveARestart(t *testing.T) { onEachBackend(t, testKeysSurviveARestart) }

func testKeysSurviveARestart(t *testing.T, b *backend) {
	t.Helper()
	docket, admin := b.start(t)
	project, err := admin.CreateProject(t.Context(), "Kept", "")
	require.NoError(t, err)
	key, err := admin.CreateKey(t.Context(), "kept", []string{"logs:write"}, project.ID)
	require.NoError(t, err)
	docket.Kill()
	docket.Restart()

	c := newClient(t, docket, key.Value)
	found, err := c.GetProject(t.Context(), strconv.FormatInt(project.ID, 10))
	require.NoError(t, err)
	assert.Equal(t, project, found)
	response, err := c.OTLPJSON(t.Context(), otlpExample)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.Status, response)
	find(t, c, nil, 1)
}
