package auditlogreceiver_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/debugexporter"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/service/telemetry"

	"github.com/docketlog/docket/receiver/auditlogreceiver"
)

const documentedEndpoint = "127.0.0.1:8318"

// TestReadme runs the collector that README.md configures, and its requests.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	config := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(readme)
	require.NotNil(t, config)
	requests := regexp.MustCompile("(?s)curl .*? -d '.*?'\n").FindAllString(string(readme), -1)
	require.Len(t, requests, 3)

	endpoint := freeEndpoint(t)
	startCollector(t, strings.ReplaceAll(string(config[1]), documentedEndpoint, endpoint))
	for _, request := range requests {
		waitFor(t, "http://"+endpoint)
		status, err := runCurl(t.Context(), strings.ReplaceAll(request, documentedEndpoint, endpoint))
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, status, request)
	}
}

func freeEndpoint(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, listener.Close()) }()
	return listener.Addr().String()
}

// startCollector runs a collector until the test ends.
func startCollector(t *testing.T, config string) {
	t.Helper()
	collector, err := otelcol.NewCollector(otelcol.CollectorSettings{
		BuildInfo: component.NewDefaultBuildInfo(),
		Factories: func() (otelcol.Factories, error) {
			debug, receiverFactory := debugexporter.NewFactory(), auditlogreceiver.NewFactory()
			return otelcol.Factories{
				Receivers: map[component.Type]receiver.Factory{receiverFactory.Type(): receiverFactory},
				Exporters: map[component.Type]exporter.Factory{debug.Type(): debug},
				Telemetry: telemetry.NewFactory(func() component.Config { return &struct{}{} }),
			}, nil
		},
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: confmap.ResolverSettings{
			URIs:              []string{"yaml:" + config},
			ProviderFactories: []confmap.ProviderFactory{yamlprovider.NewFactory()},
		}},
		DisableGracefulShutdown: true,
	})
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- collector.Run(context.Background()) }()
	t.Cleanup(func() {
		collector.Shutdown()
		require.NoError(t, <-done)
	})
}

// waitFor waits until something answers at a URL.
func waitFor(t *testing.T, url string) {
	t.Helper()
	require.Eventually(t, func() bool {
		_, err := runCurl(t.Context(), "curl "+url)
		return err == nil
	}, 10*time.Second, 10*time.Millisecond)
}

// runCurl does what a curl command of the README does.
func runCurl(ctx context.Context, command string) (int, error) {
	url := regexp.MustCompile(`http://\S+`).FindString(command)
	body := regexp.MustCompile(`(?s)-d '(.*?)'`).FindStringSubmatch(command)
	method, data := http.MethodGet, ""
	if body != nil {
		method, data = http.MethodPost, body[1]
	}
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(data))
	if err != nil {
		return 0, err
	}
	for _, header := range regexp.MustCompile(`-H '(.*?): (.*?)'`).FindAllStringSubmatch(command, -1) {
		request.Header.Set(header[1], header[2])
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, fmt.Errorf("send %s: %w", url, err)
	}
	return response.StatusCode, response.Body.Close()
}
