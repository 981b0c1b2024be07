package alerteventsreceiver

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"

	"github.com/docketlog/docket/extension/alertingextension"
)

// alertEvents takes records from the extension for as long as it runs.
type alertEvents struct {
	config *Config
	next   consumer.Logs
	report *receiverhelper.ObsReport
	// stop is nil before Start.
	stop func()
}

var _ receiver.Logs = (*alertEvents)(nil)

// source is what is needed of the alerting extension.
type source interface {
	ConsumeEvents(consume alertingextension.EventConsumer) (stop func(), err error)
}

func newReceiver(config *Config, settings receiver.Settings, next consumer.Logs) (*alertEvents, error) {
	report, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{
		ReceiverID: settings.ID, LongLivedCtx: true, ReceiverCreateSettings: settings,
	})
	if err != nil {
		return nil, fmt.Errorf("create the receiver's telemetry: %w", err)
	}
	return &alertEvents{config: config, next: next, report: report}, nil
}

// Start implements component.Component. Receivers start before the collector says that all
// is ready, and no event is given up before that: so none is missed.
func (r *alertEvents) Start(_ context.Context, host component.Host) error {
	id := r.config.Alerting
	found, ok := host.GetExtensions()[id]
	if !ok {
		return fmt.Errorf("there is no extension %q: add it to service::extensions, or name the alerting extension in alerting", id)
	}
	alerting, ok := found.(source)
	if !ok {
		return fmt.Errorf("the extension %q checks no alerts: name an alerting extension in alerting", id)
	}
	stop, err := alerting.ConsumeEvents(r.consume)
	if err != nil {
		return fmt.Errorf("take the records of the alerts of %q: %w", id, err)
	}
	r.stop = stop
	return nil
}

// Shutdown implements component.Component. Records that are under way are cut off; what the
// pipeline has not taken is offered after the next start.
func (r *alertEvents) Shutdown(context.Context) error {
	if r.stop != nil {
		r.stop()
	}
	return nil
}

func (r *alertEvents) consume(ctx context.Context, logs plog.Logs) error {
	ctx = r.report.StartLogsOp(ctx)
	count := logs.LogRecordCount()
	err := r.next.ConsumeLogs(ctx, logs)
	r.report.EndLogsOp(ctx, "pdata", count, err)
	return err
}
