package alertingextension

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/alert/provisioning"
)

// provisionEvery is the time between two attempts to provision alerts.
const provisionEvery = time.Second

// provision makes the alerts of the configuration, as soon as the store of documents can
// be written: it may be a cluster that is away while Docket starts.
func (a *alerting) provision(ctx context.Context, wanted []provisioning.Alert) {
	target := provisioning.Target{
		Alerts: a.alerts, Destinations: a.deliveries.Destinations, Now: time.Now,
		Place: "extensions::" + a.settings.ID.String() + "::alerts",
	}
	apply := func(ctx context.Context) error { return a.applyAlerts(ctx, target, wanted) }
	if a.config.Alerts == nil {
		apply = func(ctx context.Context) error { return a.mentionAlerts(ctx, target) }
	}
	a.working.Go(func() {
		ctx, done := context.WithCancel(ctx)
		defer done()
		isFailing := false
		every(ctx, provisionEvery, func() {
			switch err := apply(ctx); {
			case err == nil:
				done()
			case ctx.Err() == nil && !isFailing:
				isFailing = true
				a.settings.Logger.Error("the alerts of the configuration cannot be provisioned yet; trying again", zap.Error(err))
			}
		})
	})
}

func (a *alerting) applyAlerts(ctx context.Context, target provisioning.Target, wanted []provisioning.Alert) error {
	outcome, err := target.Apply(ctx, wanted)
	if err == nil {
		a.settings.Logger.Info("the alerts are those of the configuration", zap.Int("alerts", len(wanted)),
			zap.Int("made", outcome.Made), zap.Int("changed", outcome.Changed), zap.Int("removed", outcome.Removed))
	}
	return err
}

// mentionAlerts tells an operator of alerts that come from a configuration without being
// in this one. They are not removed: this replica may be one of another kind.
func (a *alerting) mentionAlerts(ctx context.Context, target provisioning.Target) error {
	present, err := target.Present(ctx)
	if err == nil && len(present) > 0 {
		a.settings.Logger.Warn("there are alerts of another configuration, while this one has no `alerts`; they stay. "+
			"To remove them, write `alerts: {}`", zap.Int("alerts", len(present)))
	}
	return err
}
