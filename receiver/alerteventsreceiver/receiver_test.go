package alerteventsreceiver_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/docketlog/docket/extension/alertingextension"
	"github.com/docketlog/docket/receiver/alerteventsreceiver"
)

// alerting stands for the extension.
type alerting struct {
	component.StartFunc
	component.ShutdownFunc

	// refusal is what it says to whoever wants records.
	refusal error
	// consume is nil while nobody takes them.
	consume alertingextension.EventConsumer
}

func (a *alerting) ConsumeEvents(consume alertingextension.EventConsumer) (stop func(), err error) {
	if a.refusal != nil {
		return nil, a.refusal
	}
	a.consume = consume
	return func() { a.consume = nil }, nil
}

type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

func create(t *testing.T, next *consumertest.LogsSink) receiver.Logs {
	t.Helper()
	factory := alerteventsreceiver.NewFactory()
	made, err := factory.CreateLogs(t.Context(), receivertest.NewNopSettings(factory.Type()), factory.CreateDefaultConfig(), next)
	require.NoError(t, err)
	return made
}

func oneRecord() plog.Logs {
	logs := plog.NewLogs()
	logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().SetEventName("docket.alert.firing")
	return logs
}

// Records go into the pipeline as they are, from Start to Shutdown.
func TestRecordsReachThePipeline(t *testing.T) {
	sink, extension := &consumertest.LogsSink{}, &alerting{}
	made := create(t, sink)
	require.NoError(t, made.Start(t.Context(), host{component.MustNewID("alerting"): extension}))
	require.NotNil(t, extension.consume)
	logs := oneRecord()
	require.NoError(t, extension.consume(t.Context(), logs))
	assert.Equal(t, []plog.Logs{logs}, sink.AllLogs())
	require.NoError(t, made.Shutdown(t.Context()))
	assert.Nil(t, extension.consume)
}

// refusing is a pipeline that answers with an error.
type refusing struct {
	consumertest.Consumer
	err error
}

func (r refusing) ConsumeLogs(context.Context, plog.Logs) error { return r.err }

// The extension gets the pipeline's own answer, by which it decides; and the collector's
// metrics count it.
func TestTheAnswerIsThePipelines(t *testing.T) {
	telemetry := componenttest.NewTelemetry()
	t.Cleanup(func() { require.NoError(t, telemetry.Shutdown(context.Background())) })
	factory, extension := alerteventsreceiver.NewFactory(), &alerting{}
	settings := receivertest.NewNopSettings(factory.Type())
	settings.TelemetrySettings = telemetry.NewTelemetrySettings()
	refusal := consumererror.NewPermanent(errors.New("no such key"))
	made, err := factory.CreateLogs(t.Context(), settings, factory.CreateDefaultConfig(), refusing{consumertest.NewNop(), refusal})
	require.NoError(t, err)
	require.NoError(t, made.Start(t.Context(), host{component.MustNewID("alerting"): extension}))
	require.Equal(t, refusal, extension.consume(t.Context(), oneRecord()))
	require.NoError(t, made.Shutdown(t.Context()))
	_, err = telemetry.GetMetric("otelcol_receiver_refused_log_records")
	require.NoError(t, err)
}

func TestStartErrors(t *testing.T) {
	id := component.MustNewID("alerting")
	for name, test := range map[string]struct {
		host host
		want string
	}{
		"nothing":    {host{}, `there is no extension "alerting": add it to service::extensions`},
		"other":      {host{id: struct{ component.Component }{}}, `the extension "alerting" checks no alerts`},
		"no records": {host{id: &alerting{refusal: errors.New("set event_records")}}, `take the records of the alerts of "alerting": set event_records`},
	} {
		t.Run(name, func(t *testing.T) {
			made := create(t, &consumertest.LogsSink{})
			require.ErrorContains(t, made.Start(t.Context(), test.host), test.want)
			require.NoError(t, made.Shutdown(t.Context()))
		})
	}
}

func TestConfig(t *testing.T) {
	all, err := confmaptest.LoadConf("testdata/config.yaml")
	require.NoError(t, err)
	load := func(id string) *alerteventsreceiver.Config {
		config := alerteventsreceiver.NewFactory().CreateDefaultConfig().(*alerteventsreceiver.Config)
		part, err := all.Sub(id)
		require.NoError(t, err)
		require.NoError(t, part.Unmarshal(config))
		return config
	}
	for id, want := range map[string]string{"alert_events": "alerting", "alert_events/other": "alerting/other"} {
		config := load(id)
		require.NoError(t, confmap.Validate(config))
		assert.Equal(t, want, config.Alerting.String())
	}
	config := load("alert_events")
	config.Alerting = component.ID{}
	require.ErrorContains(t, confmap.Validate(config), "alerting: write the id of the extension")
}
