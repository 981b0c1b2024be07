package collector

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"
)

// Endpoints are the addresses, as host:port, on which a Docket listens.
type Endpoints struct {
	// Ingest takes LogSentry, LogHub and CodeMash.
	Ingest string
	// API serves search, projects and keys, and health.
	API      string
	OTLPHTTP string
	OTLPGRPC string
	// Metrics serves the collector's own metrics; its host is always 127.0.0.1.
	Metrics string
	// Cluster is the URL of the cluster that has its records; "" if they are in its data
	// folder.
	Cluster string
}

func (e Endpoints) environment() []string {
	_, metricsPort, _ := net.SplitHostPort(e.Metrics)
	variables := []string{
		"DOCKET_INGEST_ENDPOINT=" + e.Ingest,
		"DOCKET_API_ENDPOINT=" + e.API,
		"DOCKET_OTLP_HTTP_ENDPOINT=" + e.OTLPHTTP,
		"DOCKET_OTLP_GRPC_ENDPOINT=" + e.OTLPGRPC,
		"DOCKET_METRICS_PORT=" + metricsPort,
	}
	if e.Cluster != "" {
		variables = append(variables, "DOCKET_ELASTICSEARCH_URL="+e.Cluster)
	}
	return variables
}

// metricsHost is where metrics are served.
const metricsHost = "127.0.0.1"

// freeEndpoints returns endpoints of the options' host whose ports were free a moment
// ago. All are held until the last is known, so that no two are the same.
func freeEndpoints(tb testing.TB, options Options) Endpoints {
	tb.Helper()
	host, endpoints := options.Host, Endpoints{Cluster: options.Cluster}
	for _, endpoint := range []*string{
		&endpoints.Ingest, &endpoints.API, &endpoints.OTLPHTTP, &endpoints.OTLPGRPC, &endpoints.Metrics,
	} {
		if endpoint == &endpoints.Metrics {
			host = metricsHost
		}
		var config net.ListenConfig
		listener, err := config.Listen(context.Background(), "tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			tb.Fatalf("find a free port: %v", err)
		}
		defer func() { _ = listener.Close() }()
		*endpoint = listener.Addr().String()
	}
	return endpoints
}

// healthy says whether GET /healthz answers 200.
func healthy(endpoints Endpoints) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+endpoints.API+"/healthz", http.NoBody)
	if err != nil {
		return false
	}
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// Listening returns an Options.Ready that is satisfied when the endpoint that
// choose picks takes connections, for programs without GET /healthz.
func Listening(choose func(Endpoints) string) func(Endpoints) bool {
	return func(endpoints Endpoints) bool {
		dialer := net.Dialer{Timeout: time.Second}
		connection, err := dialer.DialContext(context.Background(), "tcp", choose(endpoints))
		if err != nil {
			return false
		}
		_ = connection.Close()
		return true
	}
}
