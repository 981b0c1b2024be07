package testbed

import (
	"context"
	"net/http"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/docketlog/docket/testbed/client"
	"github.com/docketlog/docket/testbed/collector"
)

// A key that sends too often is told so in the words of each API, together with when to
// come back; another key is not concerned, and neither is asking.
func TestRateLimitOfSenders(t *testing.T) {
	docket := collector.Start(t, collector.Options{AdminKey: adminKey, Arguments: []string{
		"--config", filepath.Join(collector.ModuleRoot(t), "distribution", "docket.yaml"),
		"--set=extensions::project_key::rate_limit::requests_per_second=0.01", "--set=extensions::project_key::rate_limit::burst=5",
	}})
	admin := newClient(t, docket, adminKey)
	busyKey, err := admin.CreateKey(t.Context(), "busy", []string{"logs:write"}, 1)
	require.NoError(t, err)
	quietKey, err := admin.CreateKey(t.Context(), "quiet", []string{"logs:write"}, 1)
	require.NoError(t, err)
	busy, quiet := newClient(t, docket, busyKey.Value), newClient(t, docket, quietKey.Value)

	logs := otlpLogs("", "hello", plog.SeverityNumberInfo)
	senders := map[string]func(context.Context, *client.Client) (client.Response, error){
		"LogSentry": func(ctx context.Context, c *client.Client) (client.Response, error) {
			return c.LogSentry(ctx, `{"project": 1, "msg": "hello"}`)
		},
		"LogHub": func(ctx context.Context, c *client.Client) (client.Response, error) {
			return c.LogHub(ctx, "default", `{"actor": {"type": "system", "description": "x"}, "action": "hello", "metadata": {}, "external_id": 1, "context": {}}`)
		},
		"CodeMash": func(ctx context.Context, c *client.Client) (client.Response, error) {
			return c.CodeMash(ctx, "v2", "1", `{"message": "hello"}`)
		},
		"OTLP over HTTP": func(ctx context.Context, c *client.Client) (client.Response, error) { return c.OTLPProtobuf(ctx, logs) },
	}
	for name, send := range senders { // they share the limit
		response, err := send(t.Context(), busy)
		require.NoError(t, err)
		require.Less(t, response.Status, 300, "%s: %s", name, response)
	}
	require.NoError(t, busy.OTLPGRPC(t.Context(), logs))
	for name, send := range senders {
		response, err := send(t.Context(), busy)
		require.NoError(t, err)
		assert.Equal(t, http.StatusTooManyRequests, response.Status, "%s: %s", name, response)
		seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
		require.NoError(t, err, name)
		assert.InDelta(t, 100, seconds, 10, name)
		assert.Contains(t, string(response.Body), "more requests than the 0.01 a second that are allowed", name)
	}
	refused := status.Convert(busy.OTLPGRPC(t.Context(), logs))
	assert.Equal(t, codes.ResourceExhausted, refused.Code())
	require.Len(t, refused.Details(), 1)
	retry, ok := refused.Details()[0].(*errdetails.RetryInfo)
	require.True(t, ok)
	assert.InDelta(t, 100*time.Second, retry.GetRetryDelay().AsDuration(), float64(10*time.Second))

	require.NoError(t, quiet.OTLPGRPC(t.Context(), logs), "another key")
	find(t, busy, nil, 6) // who asks is not concerned, and nothing of what was refused is stored
}
