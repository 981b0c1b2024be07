package auditlogreceiver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/metadata"
)

func retryStatus(t *testing.T, code codes.Code, wait time.Duration) error {
	t.Helper()
	s, err := status.New(code, "the store is unavailable: the disk is full").
		WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(wait)})
	require.NoError(t, err)
	return s.Err()
}

// TestPipelineErrors has a row for each way in which the pipeline refuses.
func TestPipelineErrors(t *testing.T) {
	const internals = "10.0.0.7: connection refused"
	tests := []struct {
		name       string
		err        error
		status     int
		retryAfter string
		text       string
	}{
		{"full", retryStatus(t, codes.ResourceExhausted, 1500*time.Millisecond), 429, "2", "the disk is full"},
		{"unavailable", retryStatus(t, codes.Unavailable, 30*time.Second), 503, "30", "the disk is full"},
		{"unavailable, wrapped", fmt.Errorf("export to 10.0.0.7: %w", retryStatus(t, codes.Unavailable, time.Second)), 503, "1", "the disk is full"},
		{"unavailable, joined", errors.Join(retryStatus(t, codes.Unavailable, 7*time.Second)), 503, "7", "the disk is full"},
		{"no hint", status.Error(codes.ResourceExhausted, "slow down"), 429, "1", "slow down"},
		{"deadline", status.Error(codes.DeadlineExceeded, internals), 500, "", "it is not known whether the records were stored"},
		{"unknown", status.Error(codes.Aborted, internals), 500, "", "Idempotency-Key"},
		{"memory limiter", errors.New(internals), 503, "1", "try again"},
		{"retryable", consumererror.NewRetryableError(errors.New("busy")), 503, "1", "busy"},
		{"invalid", consumererror.NewPermanent(status.Error(codes.InvalidArgument, "no project")), 400, "", "no project"},
		{"denied", consumererror.NewPermanent(status.Error(codes.PermissionDenied, "not yours")), 403, "", "not yours"},
		{"permanent", consumererror.NewPermanent(errors.New(internals)), 500, "", "could not be stored"},
	}
	for _, format := range formats {
		for _, test := range tests {
			t.Run(format.name+" "+test.name, func(t *testing.T) {
				server := start(t, nil)
				server.pipeline.refuseWith(test.err)
				for _, body := range []string{format.good, "[" + format.good + ",{}]"} {
					got := server.post(format.path, body, format.headers...)
					assert.Equal(t, test.status, got.status, got.body)
					assert.Equal(t, test.retryAfter, got.header.Get("Retry-After"))
					message, _ := messageOf(t, format.name, got)
					assert.Contains(t, message, test.text)
					assert.NotContains(t, got.body, "10.0.0.7")
					assert.NotContains(t, got.body, "accepted") // nothing is
				}
			})
		}
	}
}

// TestTelemetry: what the pipeline refuses counts as refused.
func TestTelemetry(t *testing.T) {
	telemetry := componenttest.NewTelemetry()
	t.Cleanup(func() { require.NoError(t, telemetry.Shutdown(context.Background())) })
	settings := receivertest.NewNopSettings(metadata.Type)
	settings.ID = component.NewID(metadata.Type)
	settings.TelemetrySettings = telemetry.NewTelemetrySettings()
	config := createDefaultConfig().(*Config)
	config.ServerConfig.NetAddr.Endpoint = "127.0.0.1:0"
	next := &pipeline{}
	r, err := newReceiver(config, settings, next)
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context(), testHost{}))
	client := &http.Client{Transport: &http.Transport{}}
	server := &testServer{t: t, url: "http://" + r.listener.Addr().String(), client: client, pipeline: next}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		require.NoError(t, r.Shutdown(context.Background()))
	})

	assert.Equal(t, http.StatusOK, server.post(pathLogSentry, `[{"msg":"a"},{"msg":"b"}]`).status)
	next.refuseWith(consumererror.NewDownstream(errors.New("full"))) // as the collector's graph marks it
	assert.Equal(t, http.StatusServiceUnavailable, server.post(pathLogSentry, goodLogSentry).status)

	for name, want := range map[string]int64{"accepted": 2, "refused": 1} {
		metric, err := telemetry.GetMetric("otelcol_receiver_" + name + "_log_records")
		require.NoError(t, err)
		points := metric.Data.(metricdata.Sum[int64]).DataPoints
		require.Len(t, points, 1)
		assert.Equal(t, want, points[0].Value, name)
		transport, _ := points[0].Attributes.Value("transport")
		assert.Equal(t, "http", transport.AsString())
	}
}
