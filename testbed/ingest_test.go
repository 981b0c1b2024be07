package testbed

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/testbed/client"
)

// example is a documented request and what must become of it.
type example struct {
	name string
	send func(context.Context, *client.Client) (client.Response, error)
	// accepted checks the answer's shape and returns the record's id and hash, or
	// "" for what the format's answer does not have.
	accepted func(*testing.T, client.Response) (id, hash string)
	// found is the record as GET /logs shows it, of its details those that are
	// named here. A zero timestamp is that of the request.
	found client.Log
}

// The bodies are those of the formats' documents and of their own clients.
func examples() []example {
	return []example{
		{
			name: "LogSentry document",
			send: func(ctx context.Context, c *client.Client) (client.Response, error) {
				return c.LogSentry(ctx, `{"project": 1, "level": 4, "msg": "High memory usage",
					"context": {"used": "91%", "limits": {"soft": 80, "hard": 95}},
					"user": {"id": 7, "name": "Ada"}, "request": {"method": "GET", "path": "/status"}}`)
			},
			accepted: acceptedByLogSentry,
			found: client.Log{Level: "WARN", Message: "High memory usage", Details: map[string]any{
				"docket.source": "logsentry", "context.used": "91%",
				"context.limits": map[string]any{"soft": 80.0, "hard": 95.0},
				"user.id":        7.0, "user.name": "Ada",
				"request.method": "GET", "request.path": "/status",
			}},
		},
		{
			name: "LogSentry's Laravel client",
			send: func(ctx context.Context, c *client.Client) (client.Response, error) {
				return c.LogSentryLaravel(ctx, `{"msg":"Order {id} paid late","app":"Laravel","level":0,`+
					`"context":"{\"id\":42,\"user\":{\"name\":\"\\u00c5se\"},\"tags\":[\"a\",\"b\"]}"}`)
			},
			accepted: acceptedByLogSentry,
			found: client.Log{
				Level: "FATAL", Service: "Laravel", Message: "Order {id} paid late",
				Details: map[string]any{
					"docket.source": "logsentry", "context.id": 42.0,
					"context.user": map[string]any{"name": "Åse"}, "context.tags": []any{"a", "b"},
				},
			},
		},
		{
			name: "LogHub document",
			send: func(ctx context.Context, c *client.Client) (client.Response, error) {
				return c.LogHub(ctx, "default", `{"actor":{"type":"user","data":{"name":"Jonathan Wick",`+
					`"email":"jw@example.com","internal_id":"1"}},"action":"api.testing.tres","metadata":{`+
					`"old":{"theme":"dark","organization_name":"continental"},`+
					`"new":{"theme":"light","organization_name":"the continental"},"key":"value"},`+
					`"tags":["production","..."],"external_id":"1",`+
					`"context":{"location":"190.0.0.12","user_agent":"Chrome..."}}`)
			},
			accepted: acceptedByLogHub,
			found: client.Log{Level: "INFO", Message: "api.testing.tres", Details: map[string]any{
				"docket.source": "loghub", "docket.actor.type": "user",
				"user.id": "1", "user.full_name": "Jonathan Wick", "user.email": "jw@example.com",
				"docket.external_id": "1", "docket.tags": []any{"production", "..."},
				"client.address": "190.0.0.12", "user_agent.original": "Chrome...",
				"metadata.key": "value",
				"metadata.old": map[string]any{"theme": "dark", "organization_name": "continental"},
			}},
		},
		{
			name: "CodeMash document",
			send: func(ctx context.Context, c *client.Client) (client.Response, error) {
				return c.CodeMash(ctx, "v1", "1", `{"message": "Custom log", "items": {"order": "1009"}, "level": "Information"}`)
			},
			accepted: acceptedByCodeMash,
			found: client.Log{Level: "INFO", Message: "Custom log", Details: map[string]any{
				"docket.source": "codemash", "items.order": "1009",
			}},
		},
		{
			name: "CodeMash's PHP client",
			send: func(ctx context.Context, c *client.Client) (client.Response, error) {
				return c.CodeMash(ctx, "v2", "1", `{"message":"with items","items":{"key1":"value1","k2":"v2"},"level":"Error"}`)
			},
			accepted: acceptedByCodeMash,
			found: client.Log{Level: "ERROR", Message: "with items", Details: map[string]any{
				"docket.source": "codemash", "items.key1": "value1", "items.k2": "v2",
			}},
		},
		{
			name: "CodeMash's .NET client",
			send: func(ctx context.Context, c *client.Client) (client.Response, error) {
				return c.CodeMash(ctx, "", "1", `{"Message":"Pascal cased","Level":"Warning"}`)
			},
			accepted: acceptedByCodeMash,
			found:    client.Log{Level: "WARN", Message: "Pascal cased", Details: map[string]any{"docket.source": "codemash"}},
		},
		{
			name: "OTLP/HTTP JSON",
			send: func(ctx context.Context, c *client.Client) (client.Response, error) {
				return c.OTLPJSON(ctx, otlpExample)
			},
			accepted: acceptedByOTLP,
			found: client.Log{
				Timestamp: time.Unix(1544712660, 300_000_000),
				Level:     "INFO", Service: "my.service", Message: "Example log record",
				Details: map[string]any{
					"docket.source": "otlp", "string.attribute": "some string", "boolean.attribute": true,
					"int.attribute": 10.0, "double.attribute": 637.704,
					"array.attribute": []any{"many", "values"},
					"map.attribute":   map[string]any{"some.map.key": "some value"},
				},
			},
		},
		{
			name: "OTLP/HTTP protobuf",
			send: func(ctx context.Context, c *client.Client) (client.Response, error) {
				return c.OTLPProtobuf(ctx, otlpLogs("checkout", "Stock is low", plog.SeverityNumberWarn))
			},
			accepted: acceptedByOTLP,
			found: client.Log{
				Level: "WARN", Service: "checkout", Message: "Stock is low",
				Details: map[string]any{"docket.source": "otlp", "order": 1009.0},
			},
		},
		{
			name: "OTLP/gRPC",
			send: func(ctx context.Context, c *client.Client) (client.Response, error) {
				return client.Response{Status: http.StatusOK},
					c.OTLPGRPC(ctx, otlpLogs("billing", "Card declined", plog.SeverityNumberError))
			},
			accepted: func(*testing.T, client.Response) (id, hash string) { return "", "" },
			found: client.Log{
				Level: "ERROR", Service: "billing", Message: "Card declined",
				Details: map[string]any{"docket.source": "otlp", "order": 1009.0},
			},
		},
	}
}

// otlpExample is examples/logs.json of OpenTelemetry's protocol definition.
const otlpExample = `{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"my.service"}}]},
	"scopeLogs":[{"scope":{"name":"my.library","version":"1.0.0","attributes":[
		{"key":"my.scope.attribute","value":{"stringValue":"some scope attribute"}}]},
	"logRecords":[{"timeUnixNano":"1544712660300000000","observedTimeUnixNano":"1544712660300000000",
		"severityNumber":10,"severityText":"Information","traceId":"5B8EFFF798038103D269B633813FC60C",
		"spanId":"EEE19B7EC3C1B174","body":{"stringValue":"Example log record"},"attributes":[
		{"key":"string.attribute","value":{"stringValue":"some string"}},
		{"key":"boolean.attribute","value":{"boolValue":true}},
		{"key":"int.attribute","value":{"intValue":"10"}},
		{"key":"double.attribute","value":{"doubleValue":637.704}},
		{"key":"array.attribute","value":{"arrayValue":{"values":[{"stringValue":"many"},{"stringValue":"values"}]}}},
		{"key":"map.attribute","value":{"kvlistValue":{"values":[
			{"key":"some.map.key","value":{"stringValue":"some value"}}]}}}]}]}]}]}`

func otlpLogs(service, message string, severity plog.SeverityNumber) plog.Logs {
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", service)
	log := resource.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	log.SetSeverityNumber(severity)
	log.Body().SetStr(message)
	log.Attributes().PutInt("order", 1009)
	return logs
}

func acceptedByLogSentry(t *testing.T, response client.Response) (id, hash string) {
	t.Helper()
	var answer struct{ Status, Hash string }
	require.NoError(t, response.Decode(&answer))
	assert.Equal(t, "ok", answer.Status)
	assert.Regexp(t, `^[0-9a-f]{64}$`, answer.Hash)
	return "", answer.Hash
}

func acceptedByLogHub(t *testing.T, response client.Response) (id, hash string) {
	t.Helper()
	var answer struct {
		Code, Status string
		Data         struct {
			ID        string
			Timestamp int64
		}
	}
	require.NoError(t, response.Decode(&answer))
	assert.Equal(t, "CREATE_EVENT_OK", answer.Code)
	assert.Equal(t, "ok", answer.Status)
	assert.WithinDuration(t, time.Now(), time.UnixMilli(answer.Data.Timestamp), time.Minute)
	return answer.Data.ID, ""
}

func acceptedByCodeMash(t *testing.T, response client.Response) (id, hash string) {
	t.Helper()
	var answer struct{ Result string }
	require.NoError(t, response.Decode(&answer))
	return answer.Result, ""
}

// acceptedByOTLP expects an export answer without a partial success, in the
// encoding of the request.
func acceptedByOTLP(t *testing.T, response client.Response) (id, hash string) {
	t.Helper()
	if response.Header.Get("Content-Type") == "application/json" {
		assert.JSONEq(t, `{"partialSuccess":{}}`, string(response.Body))
	}
	return "", ""
}

// Each documented request is answered in its documented shape, its record is found
// in time, and is the same record after an orderly stop and a restart.
func TestExamplesAreFoundBeforeAndAfterARestart(t *testing.T) {
	onEachBackend(t, testExamplesAreFoundBeforeAndAfterARestart)
}

func testExamplesAreFoundBeforeAndAfterARestart(t *testing.T, b *backend) {
	t.Helper()
	docket, c := b.start(t)
	receipts := map[string]receipt{}
	for _, example := range examples() {
		t.Run(example.name+" is accepted", func(t *testing.T) {
			receipts[example.name] = post(t, c, example)
		})
	}
	before := map[string]client.Log{}
	for _, example := range examples() {
		t.Run(example.name+" is found", func(t *testing.T) {
			receipt := receipts[example.name]
			log := findSince(t, receipt.at, c, searchFor(example.found.Message), 1)[0]
			assertFound(t, example.found, log)
			assert.Contains(t, []string{"", log.ID()}, receipt.id, "the id in the answer")
			assert.Contains(t, []string{"", log.Hash()}, receipt.hash, "the hash in the answer")
			before[example.name] = log
		})
	}

	last := example{
		send: func(ctx context.Context, c *client.Client) (client.Response, error) {
			return c.LogSentry(ctx, `{"project": 1, "msg": "Posted immediately before the stop"}`)
		},
		accepted: acceptedByLogSentry,
	}
	lastReceipt := post(t, c, last)
	require.Zero(t, docket.Terminate(), "exit code after SIGTERM")
	docket.Restart()
	c = newClient(t, docket, adminKey)

	for _, example := range examples() {
		t.Run(example.name+" is found after a restart", func(t *testing.T) {
			assert.Equal(t, before[example.name], find(t, c, searchFor(example.found.Message), 1)[0])
		})
	}
	assert.Equal(t, lastReceipt.hash, find(t, c, searchFor("immediately before the stop"), 1)[0].Hash())
	find(t, c, nil, len(examples())+1)
}

// receipt is what the answer to an accepted record said, as far as its format says
// it, and when it came.
type receipt struct {
	at       time.Time
	id, hash string
}

func post(t *testing.T, c *client.Client, example example) receipt {
	t.Helper()
	response, err := example.send(t.Context(), c)
	at := time.Now()
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.Status, response)
	id, hash := example.accepted(t, response)
	return receipt{at: at, id: id, hash: hash}
}

// assertFound compares what GET /logs shows with what is expected of it.
func assertFound(t *testing.T, expected, log client.Log) {
	t.Helper()
	assert.Equal(t, expected.Level, log.Level, "level")
	assert.Equal(t, expected.Service, log.Service, "service")
	assert.Equal(t, expected.Message, log.Message, "message")
	if expected.Timestamp.IsZero() {
		assert.WithinDuration(t, time.Now(), log.Timestamp, 10*time.Second, "timestamp")
	} else {
		assert.True(t, expected.Timestamp.Equal(log.Timestamp), "timestamp %v", log.Timestamp)
	}
	for name, value := range expected.Details {
		assert.Equal(t, value, log.Details[name], "details %s of %v", name, log.Details)
	}
	assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, log.ID(), "id")
	assert.Regexp(t, `^[0-9a-f]{64}$`, log.Hash(), "hash")
}
