package normalizeprocessor

import (
	"context"
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
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/service/telemetry"

	"github.com/docketlog/docket/internal/record"
)

// The README's example runs in a whole collector, in which the service stands
// between the receiver and the processor too.
func TestReadmeExample(t *testing.T) {
	page, err := os.ReadFile("README.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	require.Len(t, blocks, 1)
	const documented = "127.0.0.1:4318"
	require.Contains(t, blocks[0][1], documented)
	address := freeAddress(t)

	sink := new(consumertest.LogsSink)
	runCollector(t, strings.ReplaceAll(blocks[0][1], documented, address), sink)

	httpStatus, message := postHTTP(t, address, "", "")
	require.Equal(t, http.StatusOK, httpStatus, message)
	r := received(t, sink)
	assert.Equal(t, int64(1), r.ProjectID())
	assert.Equal(t, "127.0.0.1", textAttribute(r, record.AttributeClientAddress))
	assert.True(t, record.Verify(r))

	httpStatus, message = postHTTP(t, address, "", "seven")
	assert.Equal(t, http.StatusBadRequest, httpStatus)
	assert.Equal(t, `the resource attribute docket.project.id is "seven": `+
		`it must be the id of a project, a number from 1`, message)
	assert.Equal(t, 1, sink.LogRecordCount())
}

// runCollector runs a collector until the end of the test. Its exporter `debug`
// writes to sink.
func runCollector(t *testing.T, config string, sink consumer.Logs) {
	t.Helper()
	collector, err := otelcol.NewCollector(otelcol.CollectorSettings{
		Factories:               func() (otelcol.Factories, error) { return factories(sink) },
		DisableGracefulShutdown: true,
		SkipSettingGRPCLogger:   true,
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: confmap.ResolverSettings{
			URIs:              []string{"yaml:" + config},
			ProviderFactories: []confmap.ProviderFactory{yamlprovider.NewFactory()},
		}},
	})
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- collector.Run(context.WithoutCancel(t.Context())) }()
	t.Cleanup(func() {
		collector.Shutdown()
		assert.NoError(t, <-ended)
	})
	require.Eventually(t, func() bool { return collector.GetState() == otelcol.StateRunning },
		20*time.Second, 10*time.Millisecond)
}

func factories(sink consumer.Logs) (otelcol.Factories, error) {
	otlp, normalize := otlpreceiver.NewFactory(), NewFactory()
	debug := component.MustNewType("debug")
	type debugConfig struct {
		Verbosity string `mapstructure:"verbosity"`
	}
	return otelcol.Factories{
		Receivers:  map[component.Type]receiver.Factory{otlp.Type(): otlp},
		Processors: map[component.Type]processor.Factory{normalize.Type(): normalize},
		Exporters: map[component.Type]exporter.Factory{debug: exporter.NewFactory(debug,
			func() component.Config { return &debugConfig{} },
			exporter.WithLogs(func(context.Context, exporter.Settings, component.Config) (exporter.Logs, error) {
				return sinkExporter{Logs: sink}, nil
			}, component.StabilityLevelDevelopment))},
		Telemetry: telemetry.NewFactory(func() component.Config { return &struct{}{} }),
	}, nil
}

type sinkExporter struct {
	component.StartFunc
	component.ShutdownFunc
	consumer.Logs
}
