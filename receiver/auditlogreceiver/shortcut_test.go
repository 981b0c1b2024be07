package auditlogreceiver

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/pdatatest/plogtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/metric"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/metadata"
)

// observed returns settings of a collector that traces and meters every request.
func observed(t *testing.T) (receiver.Settings, *componenttest.Telemetry) {
	t.Helper()
	telemetry := componenttest.NewTelemetry()
	t.Cleanup(func() { require.NoError(t, telemetry.Shutdown(context.Background())) })
	settings := receivertest.NewNopSettings(metadata.Type)
	settings.TelemetrySettings = telemetry.NewTelemetrySettings()
	return settings, telemetry
}

func takesShortcut(t *testing.T, settings receiver.Settings, change func(*confighttp.ServerConfig)) bool {
	t.Helper()
	config := createDefaultConfig().(*Config).ServerConfig
	if change != nil {
		change(&config)
	}
	server := &http.Server{Handler: http.NotFoundHandler()} //nolint:gosec // never listens
	newShortcut(t.Context(), server, config, settings.TelemetrySettings, nil)
	_, isShortcut := server.Handler.(*shortcut)
	return isShortcut
}

// TestWhoGetsTelemetryOfRequests: the shortcut is taken when nobody does, which is so in
// a collector at its usual level.
func TestWhoGetsTelemetryOfRequests(t *testing.T) {
	settings, telemetry := observed(t)
	server := startIn(t, settings, &pipeline{}, nil, nil)
	assert.Equal(t, http.StatusOK, server.post(pathLogSentry, goodLogSentry).status)
	require.Eventually(t, func() bool {
		for _, span := range telemetry.SpanRecorder.Ended() {
			if span.Name() == "POST" {
				return true
			}
		}
		return false
	}, 10*time.Second, time.Millisecond, "the request has a span")

	settings.TracerProvider = tracenoop.NewTracerProvider()
	assert.False(t, takesShortcut(t, settings, nil), "there are metrics")
	dropping := metric.NewMeterProvider(metric.WithReader(metric.NewManualReader()), metric.WithView(metric.NewView(
		metric.Instrument{Name: "*", Scope: instrumentation.Scope{Name: otelhttpScope}}, metric.Stream{Aggregation: metric.AggregationDrop{}},
	)))
	defer func() { assert.NoError(t, dropping.Shutdown(context.Background())) }()
	settings.MeterProvider = dropping
	assert.True(t, takesShortcut(t, settings, nil), "the metrics are dropped")
}

// TestWhatSeesEveryRequest: with any of these configured, there is no shortcut.
func TestWhatSeesEveryRequest(t *testing.T) {
	settings := receivertest.NewNopSettings(metadata.Type)
	assert.True(t, takesShortcut(t, settings, nil))
	for name, change := range map[string]func(*confighttp.ServerConfig){
		"metadata":         func(c *confighttp.ServerConfig) { c.IncludeMetadata = true },
		"CORS":             func(c *confighttp.ServerConfig) { c.CORS.GetOrInsertDefault() },
		"auth":             func(c *confighttp.ServerConfig) { c.Auth.GetOrInsertDefault() },
		"response headers": func(c *confighttp.ServerConfig) { c.ResponseHeaders.Set("X-A", "b") },
		"middlewares":      func(c *confighttp.ServerConfig) { c.Middlewares = oneMore(c.Middlewares) },
	} {
		assert.False(t, takesShortcut(t, settings, change), name)
	}
}

func oneMore[T any](list []T) []T {
	var more T
	return append(list, more)
}

// TestShortcutChangesNothing: the same requests get the same answers and become the same
// records on both ways.
func TestShortcutChangesNothing(t *testing.T) {
	settings, _ := observed(t)
	long := startIn(t, settings, &pipeline{}, nil, withKeys)
	short := start(t, withKeys)
	made := regexp.MustCompile(`[0-9a-f]{64}|[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d-\d\dT[^"]*|\d{13}`)
	for _, format := range formats {
		large := strings.TrimSuffix(format.good, "}") + `,"x":"` + strings.Repeat("x", defaultMaxRequestSize) + `"}`
		for name, request := range map[string]struct {
			method, path string
			body         func() io.Reader
			headers      []string
		}{
			"good":         {http.MethodPost, format.path, func() io.Reader { return strings.NewReader(format.good) }, nil},
			"chunked":      {http.MethodPost, format.path, func() io.Reader { return io.MultiReader(strings.NewReader(format.good)) }, nil},
			"gzip":         {http.MethodPost, format.path, func() io.Reader { return bytes.NewReader(compress(t, "gzip", []byte(format.good))) }, []string{"Content-Encoding", "gzip"}},
			"identity":     {http.MethodPost, format.path, func() io.Reader { return strings.NewReader(format.good) }, []string{"Content-Encoding", "identity"}},
			"unknown code": {http.MethodPost, format.path, func() io.Reader { return strings.NewReader(format.good) }, []string{"Content-Encoding", "br"}},
			"several":      {http.MethodPost, format.path, func() io.Reader { return strings.NewReader("[" + format.good + "," + format.good + "]") }, nil},
			"agent":        {http.MethodPost, format.path, func() io.Reader { return strings.NewReader(format.good) }, []string{"User-Agent", "a test"}},
			"empty":        {http.MethodPost, format.path, func() io.Reader { return strings.NewReader("") }, nil},
			"no JSON":      {http.MethodPost, format.path, func() io.Reader { return strings.NewReader("{") }, nil},
			"too large":    {http.MethodPost, format.path, func() io.Reader { return strings.NewReader(large) }, nil},
			"form":         {http.MethodPost, format.path, func() io.Reader { return strings.NewReader("a=b") }, []string{"Content-Type", "text/plain"}},
			"GET":          {http.MethodGet, format.path, func() io.Reader { return nil }, nil},
			"no path":      {http.MethodPost, "/none", func() io.Reader { return strings.NewReader(format.good) }, nil},
			"a wrong key":  {http.MethodPost, format.path, func() io.Reader { return strings.NewReader(format.good) }, []string{"Authorization", "Bearer none", "token", "none"}},
		} {
			t.Run(format.name+" "+name, func(t *testing.T) {
				var answers [2]answer
				for i, server := range []*testServer{long, short} {
					server.pipeline.Reset()
					headers := append(append([]string{}, format.headers...), request.headers...)
					answers[i] = server.send(request.method, request.path, request.body(), headers...)
					answers[i].header.Del("Date")
					answers[i].header.Del("Content-Length") // is told of a short answer only at its end
					answers[i].body = made.ReplaceAllString(answers[i].body, "…")
				}
				assert.Equal(t, answers[0], answers[1])
				want, got := long.pipeline.AllLogs(), short.pipeline.AllLogs()
				require.Len(t, got, len(want))
				for i := range want {
					require.NoError(t, plogtest.CompareLogs(want[i], got[i],
						plogtest.IgnoreTimestamp(), plogtest.IgnoreObservedTimestamp(),
						plogtest.IgnoreLogRecordAttributeValue(record.AttributeID), plogtest.IgnoreLogRecordAttributeValue(record.AttributeHash)))
				}
			})
		}
	}
}
