package alerteventsreceiver_test

import (
	"context"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/debugexporter"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/service/telemetry"

	"github.com/docketlog/docket/receiver/alerteventsreceiver"
)

// standIn returns the factory of an extension that stands for another one of a type. The
// engine of a real log_store leaves goroutines behind; testbed has the real ones.
func standIn(name string, made extension.Extension) extension.Factory {
	return extension.NewFactory(component.MustNewType(name), func() component.Config { return &struct{}{} },
		func(context.Context, extension.Settings, component.Config) (extension.Extension, error) {
			return made, nil
		},
		component.StabilityLevelAlpha)
}

// The collector that README.md configures starts, and takes records.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	config := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(readme)
	require.NotNil(t, config)
	events := &alerting{}
	collector, err := otelcol.NewCollector(otelcol.CollectorSettings{
		BuildInfo: component.NewDefaultBuildInfo(),
		Factories: func() (otelcol.Factories, error) {
			debug, made := debugexporter.NewFactory(), alerteventsreceiver.NewFactory()
			store, source := standIn("log_store", &alerting{}), standIn("alerting", events)
			return otelcol.Factories{
				Extensions: map[component.Type]extension.Factory{store.Type(): store, source.Type(): source},
				Receivers:  map[component.Type]receiver.Factory{made.Type(): made},
				Exporters:  map[component.Type]exporter.Factory{debug.Type(): debug},
				Telemetry:  telemetry.NewFactory(func() component.Config { return &struct{}{} }),
			}, nil
		},
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: confmap.ResolverSettings{
			URIs:              []string{"yaml:" + string(config[1])},
			ProviderFactories: []confmap.ProviderFactory{yamlprovider.NewFactory()},
		}},
		DisableGracefulShutdown: true,
	})
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- collector.Run(context.Background()) }()
	require.Eventually(t, func() bool { return collector.GetState() == otelcol.StateRunning || len(done) == 1 },
		20*time.Second, 10*time.Millisecond)
	require.Empty(t, done)
	require.NoError(t, events.consume(t.Context(), oneRecord()))
	collector.Shutdown()
	require.NoError(t, <-done)
}
