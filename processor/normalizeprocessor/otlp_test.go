package normalizeprocessor

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/extension/extensionauth"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/internal/tenant"
)

// The answers that a sender gets through the stock OTLP receiver, over HTTP and
// over gRPC.
func TestBehindTheOTLPReceiver(t *testing.T) {
	tests := map[string]struct {
		key     string
		project string
		code    codes.Code
		status  int
		message string
	}{
		"accepted":                {key: "writer", code: codes.OK, status: http.StatusOK},
		"accepted with a project": {key: "two projects", project: "2", code: codes.OK, status: http.StatusOK},
		"another's project": {
			key: "writer", project: "2", code: codes.PermissionDenied, status: http.StatusForbidden,
			message: `project "2" does not exist or the key may not use it`,
		},
		"a key that may only read": {
			key: "reader", code: codes.PermissionDenied, status: http.StatusForbidden,
			message: `the key needs the scope "logs:write"`,
		},
		"no project named": {
			key: "two projects", code: codes.InvalidArgument, status: http.StatusBadRequest,
			message: "the key may use several projects: name one, or use a key that is scoped to one; a sender names it " +
				"by the resource attribute docket.project.id or the header Docket-Project-Id",
		},
	}
	server := startReceiver(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Run("HTTP", func(t *testing.T) {
				server.sink.Reset()
				httpStatus, message := postHTTP(t, server.httpAddress, test.key, test.project)
				assert.Equal(t, test.status, httpStatus)
				assert.Equal(t, test.message, message)
				server.checkSink(t, test.code)
			})
			t.Run("gRPC", func(t *testing.T) {
				server.sink.Reset()
				answer := server.exportGRPC(t, test.key, test.project)
				assert.Equal(t, test.code, answer.Code())
				assert.Equal(t, test.message, answer.Message())
				server.checkSink(t, test.code)
			})
		})
	}
}

// A key that sends too often is told when to come back, in the words of each protocol.
func TestThrottledBehindTheOTLPReceiver(t *testing.T) {
	const message = "the key makes more requests than the 20 a second that are allowed"
	server := startReceiver(t)
	t.Run("HTTP", func(t *testing.T) {
		httpStatus, header, answer := sendHTTP(t, server.httpAddress, "busy", "")
		assert.Equal(t, http.StatusTooManyRequests, httpStatus)
		assert.Equal(t, "2", header.Get("Retry-After"), "1.5 s in whole seconds")
		assert.Contains(t, answer, message)
	})
	t.Run("gRPC", func(t *testing.T) {
		answer := server.exportGRPC(t, "busy", "")
		assert.Equal(t, codes.ResourceExhausted, answer.Code())
		assert.Contains(t, answer.Message(), message)
		require.Len(t, answer.Details(), 1)
		retry, ok := answer.Details()[0].(*errdetails.RetryInfo)
		require.True(t, ok)
		assert.Equal(t, 2*time.Second, retry.GetRetryDelay().AsDuration())
	})
	server.checkSink(t, codes.ResourceExhausted)
}

// receiverServer is a running OTLP receiver, followed by the processor.
type receiverServer struct {
	httpAddress, grpcAddress string
	sink                     *consumertest.LogsSink
}

func startReceiver(t *testing.T) *receiverServer {
	t.Helper()
	logs, sink := newProcessor(t, &Config{})
	server := &receiverServer{httpAddress: freeAddress(t), grpcAddress: freeAddress(t), sink: sink}

	factory := otlpreceiver.NewFactory()
	config := factory.CreateDefaultConfig()
	auth := map[string]any{"authenticator": "test_keys"}
	require.NoError(t, confmap.NewFromStringMap(map[string]any{"protocols": map[string]any{
		"http": map[string]any{"endpoint": server.httpAddress, "auth": auth},
		"grpc": map[string]any{"endpoint": server.grpcAddress, "auth": auth},
	}}).Unmarshal(config))
	receiver, err := factory.CreateLogs(t.Context(), receivertest.NewNopSettings(factory.Type()), config, consumer.Logs(logs))
	require.NoError(t, err)
	require.NoError(t, receiver.Start(t.Context(), testHost{}))
	t.Cleanup(func() { assert.NoError(t, receiver.Shutdown(context.WithoutCancel(t.Context()))) })
	return server
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

// checkSink checks that the processor passed on the record, with the address of
// the connection, if and only if the answer was good.
func (s *receiverServer) checkSink(t *testing.T, code codes.Code) {
	t.Helper()
	if code != codes.OK {
		assert.Zero(t, s.sink.LogRecordCount())
		return
	}
	r := received(t, s.sink)
	assert.True(t, record.Verify(r))
	assert.Equal(t, "127.0.0.1", textAttribute(r, record.AttributeClientAddress))
}

func exampleRequest(project string) plogotlp.ExportRequest {
	return plogotlp.NewExportRequestFromLogs(oneRecord(func(r record.Record) {
		r.Log.Body().SetStr("hello")
		r.Log.SetSeverityNumber(plog.SeverityNumberInfo)
		if project != "" {
			r.Resource.Attributes().PutStr(record.AttributeProjectID, project)
		}
	}))
}

func postHTTP(t *testing.T, address, key, project string) (httpStatus int, message string) {
	t.Helper()
	httpStatus, _, answer := sendHTTP(t, address, key, project)
	var parsed struct {
		Message string `json:"message"`
	}
	require.NoError(t, json.Unmarshal([]byte(answer), &parsed), "%s", answer)
	return httpStatus, parsed.Message
}

func sendHTTP(t *testing.T, address, key, project string) (httpStatus int, header http.Header, answer string) {
	t.Helper()
	body, err := exampleRequest(project).MarshalJSON()
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		"http://"+address+"/v1/logs", strings.NewReader(string(body)))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", key)
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := (&http.Client{Transport: transport}).Do(request)
	require.NoError(t, err)
	defer func() { assert.NoError(t, response.Body.Close()) }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, response.Header, string(text)
}

func (s *receiverServer) exportGRPC(t *testing.T, key, project string) *status.Status {
	t.Helper()
	connection, err := grpc.NewClient(s.grpcAddress, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer func() { assert.NoError(t, connection.Close()) }()
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", key)
	_, err = plogotlp.NewGRPCClient(connection).Export(ctx, exampleRequest(project), grpc.WaitForReady(true))
	answer, ok := status.FromError(err)
	require.True(t, ok, err)
	return answer
}

// testHost has the one extension that the receiver asks for.
type testHost struct{}

func (testHost) GetExtensions() map[component.ID]component.Component {
	return map[component.ID]component.Component{component.MustNewID("test_keys"): testKeys{}}
}

// testKeys knows keys by what they may do.
type testKeys struct {
	component.StartFunc
	component.ShutdownFunc
}

var _ extensionauth.Server = testKeys{}

func (testKeys) Authenticate(ctx context.Context, headers map[string][]string) (context.Context, error) {
	for name, values := range headers {
		if !strings.EqualFold(name, "authorization") {
			continue
		}
		switch values[0] {
		case "writer":
			return tenant.NewContext(ctx, identityFor(1)), nil
		case "two projects":
			return tenant.NewContext(ctx, identityFor(1, 2)), nil
		case "reader":
			identity := identityFor(1)
			identity.Scopes = []tenant.Scope{tenant.ScopeRead}
			return tenant.NewContext(ctx, identity), nil
		case "busy":
			identity := identityFor(1)
			identity.Throttled = &tenant.ThrottledError{RequestsPerSecond: 20, RetryAfter: 1500 * time.Millisecond}
			return tenant.NewContext(ctx, identity), nil
		}
	}
	return ctx, errors.New("unknown key")
}
