package client

import (
	"context"
	"fmt"
	"net/http"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

// LogSentry posts to the path of LogSentry's documentation.
func (c *Client) LogSentry(ctx context.Context, body string) (Response, error) {
	return c.postJSON(ctx, c.ingest("/api/auditlog"), body, "Authorization", c.bearer())
}

// LogSentryLaravel posts as LogSentry's Laravel client does.
func (c *Client) LogSentryLaravel(ctx context.Context, body string) (Response, error) {
	return c.postJSON(ctx, c.ingest("/api/v1/event"), body, "Authorization", c.bearer(),
		"Accept", "application/json", "User-Agent", "GuzzleHttp/7")
}

// LogHub posts an event for an organization, given by id or slug.
func (c *Client) LogHub(ctx context.Context, organization, body string) (Response, error) {
	return c.postJSON(ctx, c.ingest("/v1/event"), body, "token", c.Key, "organization", organization)
}

// CodeMash posts a log. The version is "v1" in CodeMash's documentation, "v2" in
// its PHP client and "" in its .NET client; the project is an id or a UUID.
func (c *Client) CodeMash(ctx context.Context, version, project, body string) (Response, error) {
	path := "/logs"
	if version != "" {
		path = "/" + version + path
	}
	return c.postJSON(ctx, c.ingest(path), body, "Authorization", c.bearer(), "x-cm-projectid", project)
}

// OTLPJSON exports OTLP/HTTP with a JSON body.
func (c *Client) OTLPJSON(ctx context.Context, body string) (Response, error) {
	return c.postJSON(ctx, c.otlp(), body, "Authorization", c.bearer())
}

// OTLPProtobuf exports OTLP/HTTP with a protobuf body.
func (c *Client) OTLPProtobuf(ctx context.Context, logs plog.Logs) (Response, error) {
	body, err := plogotlp.NewExportRequestFromLogs(logs).MarshalProto()
	if err != nil {
		return Response{}, fmt.Errorf("encode OTLP: %w", err)
	}
	return c.Do(ctx, http.MethodPost, c.otlp(), string(body),
		"Content-Type", "application/x-protobuf", "Authorization", c.bearer())
}

// OTLPGRPC exports OTLP/gRPC. The error is the status of the call.
func (c *Client) OTLPGRPC(ctx context.Context, logs plog.Logs) error {
	connection, err := grpc.NewClient(c.Endpoints.OTLPGRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("make a gRPC connection: %w", err)
	}
	defer func() { _ = connection.Close() }()
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	if c.Key != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", c.bearer())
	}
	_, err = plogotlp.NewGRPCClient(connection).Export(ctx, plogotlp.NewExportRequestFromLogs(logs))
	return err //nolint:wrapcheck // callers look at the gRPC status itself
}

func (c *Client) ingest(path string) string { return "http://" + c.Endpoints.Ingest + path }

func (c *Client) otlp() string { return "http://" + c.Endpoints.OTLPHTTP + "/v1/logs" }
