package alertingextension

import (
	"context"
	"sync"
	"time"

	"github.com/docketlog/docket/internal/alert/provisioning"
	"github.com/docketlog/docket/internal/provision"
)

// provision makes the alerts of the configuration.
func (a *alerting) provision(ctx context.Context, wanted []provisioning.Alert) {
	target := provisioning.Target{
		Alerts: a.alerts, Destinations: a.deliveries.Destinations, Now: time.Now, Tell: a.provisioned.tell,
		Interval: a.config.CheckInterval,
		Place:    "extensions::" + a.settings.ID.String() + "::alerts",
	}
	work := provision.Work{
		Kind: "alerts", IsGiven: a.config.Alerts != nil, Wanted: len(wanted), Logger: a.settings.Logger,
		Apply: func(ctx context.Context, isAgain bool) (provision.Outcome, error) {
			if isAgain { // what was done before it failed may not be known to everybody
				if err := a.alerts.NoteChange(ctx); err != nil {
					return provision.Outcome{}, err
				}
			}
			return target.Apply(ctx, wanted)
		},
		Count: func(ctx context.Context) (int, error) {
			present, err := target.Present(ctx)
			return len(present), err
		},
	}
	a.working.Go(func() { work.Do(ctx) })
}

// provisionedChanges hands on what provisioning has changed. That begins before whoever
// wants to know has started, so changes wait for them.
type provisionedChanges struct {
	mu sync.Mutex
	// observe is told of changes; nil while they wait.
	observe func(provisioning.Change)
	waiting []provisioning.Change
}

func (p *provisionedChanges) tell(c provisioning.Change) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.observe == nil {
		p.waiting = append(p.waiting, c)
		return
	}
	p.observe(c)
}

// observeBy makes an observer be told of the changes, unless there is one already.
func (p *provisionedChanges) observeBy(observe func(provisioning.Change)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.observe != nil {
		return
	}
	p.observe = observe
	for _, c := range p.waiting {
		observe(c)
	}
	p.waiting = nil
}

// ObserveProvisioning implements Extension.
func (a *alerting) ObserveProvisioning(observe func(provisioning.Change)) {
	a.provisioned.observeBy(observe)
}

// Ready implements extensioncapabilities.PipelineWatcher: all have started, so whoever does
// not want to know by now never will.
func (a *alerting) Ready() error {
	a.taker.ready()
	a.provisioned.observeBy(func(provisioning.Change) {})
	return nil
}

// NotReady implements extensioncapabilities.PipelineWatcher.
func (a *alerting) NotReady() error { return nil }
