package auditlogreceiver

import (
	"context"
	"net"
	"net/http"

	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/otel/metric"
)

// shortcut lets requests past what confighttp puts around the handler, for which it would
// do nothing: traces and metrics of each request that nobody collects, a decoder for a
// body that is not encoded, a limit for a body whose length is known. All of that is as
// much work as decoding a record.
type shortcut struct {
	// usual is confighttp's handler, with the receiver's inside.
	usual http.Handler
	// handler is the receiver's.
	handler *handler
}

// newShortcut puts a shortcut in front of the server's handler, unless something is
// configured that has to see every request.
func newShortcut(ctx context.Context, server *http.Server, config confighttp.ServerConfig, telemetry component.TelemetrySettings, h *handler) {
	isAsked := config.IncludeMetadata || config.CORS.HasValue() || config.Auth.HasValue() ||
		len(config.ResponseHeaders) > 0 || len(config.Middlewares) > 0
	if isAsked || isObserved(ctx, telemetry) {
		return
	}
	server.Handler, server.ConnContext = &shortcut{usual: server.Handler, handler: h}, withClient
}

// otelhttpScope is the scope of the telemetry that confighttp makes of each request.
const otelhttpScope = "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

// isObserved reports whether anybody gets traces or metrics of HTTP requests: the
// collector makes them when it has a trace exporter, or the metrics' level is detailed.
func isObserved(ctx context.Context, telemetry component.TelemetrySettings) bool {
	_, span := telemetry.TracerProvider.Tracer(otelhttpScope).Start(ctx, "look whether spans go anywhere")
	defer span.End()
	if span.SpanContext().IsValid() {
		return true
	}
	// An instrument of this scope is made for nobody when its view drops the scope. This
	// one never has a value, so it is never exported.
	probe, err := telemetry.MeterProvider.Meter(otelhttpScope).Int64Counter("docket.receiver.probe", metric.WithUnit("{request}"))
	return err != nil || probe.Enabled(ctx)
}

// withClient gives all requests of a connection the client's address, as confighttp does
// for each of them.
func withClient(ctx context.Context, connection net.Conn) context.Context {
	address, ok := connection.RemoteAddr().(*net.TCPAddr)
	if !ok || address.Zone != "" {
		return ctx
	}
	return client.NewContext(ctx, client.Info{Addr: &net.IPAddr{IP: address.IP}})
}

// ServeHTTP implements http.Handler.
func (s *shortcut) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, isEncoded := r.Header["Content-Encoding"]; isEncoded || r.ContentLength < 0 {
		s.usual.ServeHTTP(w, r)
		return
	}
	s.handler.serve(r.Context(), w, r)
}
