package alertingextension

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/alert/evaluation"
	"github.com/docketlog/docket/internal/alert/tagging"
	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/docstore/lease"
)

const (
	// refreshEvery is how often a replica asks whether alerts have changed.
	refreshEvery = time.Second
	// workEvery is how often it looks for what is due.
	workEvery = 500 * time.Millisecond
	// eventsEvery is how often events are looked for that another replica has made wait.
	eventsEvery = 5 * time.Second
	// tidyEvery is how often what is too old is deleted.
	tidyEvery = time.Hour
	// leaseName is that of the replica which checks alerts and delivers notifications.
	leaseName = "alerting"
	// leastLease is the shortest time for which it is held.
	leastLease = 5 * time.Second
)

// work starts what goes on until ctx ends.
func (a *alerting) work(ctx context.Context, documents docstore.Store, evaluator *evaluation.Evaluator) {
	w := &worker{alerting: a, evaluator: evaluator, troubles: map[string]bool{}}
	w.lease = &lease.Lease{
		Documents: documents, Name: leaseName, Holder: uuid.NewString(), Now: time.Now,
		// The interval is the time in which another replica takes over.
		Duration: max(leastLease, a.config.CheckInterval),
	}
	a.working.Go(func() { w.keepRules(ctx) })
	a.working.Go(func() { w.checkAndDeliver(ctx) })
}

// worker is what one replica does.
type worker struct {
	*alerting

	lease     *lease.Lease
	evaluator *evaluation.Evaluator
	// isHolder is true while the replica holds the lease, which it has renewed at
	// renewed.
	isHolder bool
	renewed  time.Time
	// troubles are those that were logged and are not over.
	troubles map[string]bool

	// What follows belongs to whoever stores events: when that was begun last, and whether
	// it failed.
	eventsStored time.Time
	eventsFail   bool
	// handOnWaits is true if the log store has records that may not have been handed on.
	// The rest belongs to whoever hands them on.
	handOnWaits atomic.Bool
	handing     handing
}

// keepRules keeps the rules with which records are tagged as the alerts are.
func (w *worker) keepRules(ctx context.Context) {
	known, builder := int64(-1), tagging.NewBuilder(compile)
	var read time.Time
	isFailing := false
	every(ctx, refreshEvery, func() {
		changes, err := w.alerts.Changes(ctx)
		if start := time.Now(); err == nil && (changes != known || start.Sub(read) >= evaluation.RereadEvery) {
			if err = w.readRules(ctx, builder); err == nil {
				known, read = changes, start
			}
		}
		if err != nil && !isFailing && ctx.Err() == nil {
			w.settings.Logger.Warn("alerts cannot be read; records are tagged with those that are known", zap.Error(err))
		}
		isFailing = err != nil
	})
}

func (w *worker) readRules(ctx context.Context, builder *tagging.Builder) error {
	all, err := w.alerts.All(ctx)
	if err == nil {
		w.rules.Store(builder.Build(all))
	}
	return err
}

// checkAndDeliver checks alerts and delivers notifications while this replica holds the
// lease. Deliveries wait for nobody but their receivers, and checks not for them.
func (w *worker) checkAndDeliver(ctx context.Context) {
	var lastTidied time.Time
	delivering, storing, handing := make(chan struct{}, 1), make(chan struct{}, 1), make(chan struct{}, 1)
	every(ctx, workEvery, func() {
		if !w.hold(ctx) {
			return
		}
		w.check(ctx)
		w.storeEventsBeside(ctx, storing)
		w.handOnBeside(ctx, handing)
		select {
		case delivering <- struct{}{}:
			tidy := time.Since(lastTidied) >= tidyEvery
			if tidy {
				lastTidied = time.Now()
			}
			w.working.Go(func() {
				defer func() { <-delivering }()
				w.deliver(ctx, tidy)
			})
		default: // one is still under way
		}
	})
	delivering <- struct{}{} // once the last one is over
	storing <- struct{}{}
	handing <- struct{}{}
	if w.isHolder {
		w.release(ctx)
	}
}

// hold takes or renews the lease.
func (w *worker) hold(ctx context.Context) bool {
	if w.isHolder && time.Since(w.renewed) < w.lease.Duration/3 {
		return true
	}
	start := time.Now()
	held, err := w.lease.Hold(ctx)
	w.trouble(ctx, "the lease of alerting cannot be read or written; alerts are not checked", err)
	if held && !w.isHolder {
		w.evaluator.Forget()
	}
	w.isHolder, w.renewed = held, start
	return held
}

// release lets another replica go on at once.
func (w *worker) release(ctx context.Context) {
	const patience = 2 * time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := w.lease.Release(ctx); err != nil {
		w.settings.Logger.Warn("the lease of alerting cannot be released; another replica waits until it is over", zap.Error(err))
	}
}

func (w *worker) check(ctx context.Context) {
	start := time.Now()
	err := w.evaluator.Check(ctx)
	w.telemetry.AlertingCheckDuration.Record(ctx, time.Since(start).Seconds())
	if err != nil && ctx.Err() == nil {
		w.telemetry.AlertingCheckFailures.Add(ctx, 1)
	}
	w.trouble(ctx, "alerts cannot be checked; they are caught up later", err)
}

// storeEventsBeside makes records of the events that wait, unless somebody still does.
// Neither checks nor deliveries wait for the log store. Those that another replica has
// made wait are looked for every few seconds.
func (w *worker) storeEventsBeside(ctx context.Context, storing chan struct{}) {
	if w.storeEvents == nil {
		return
	}
	select {
	case storing <- struct{}{}:
	default:
		return
	}
	if !w.eventsWait.Swap(false) && time.Since(w.eventsStored) < eventsEvery {
		<-storing
		return
	}
	w.eventsStored = time.Now()
	w.working.Go(func() {
		defer func() { <-storing }()
		err := w.storeEvents(ctx)
		w.handOnWaits.Store(true)
		if err != nil {
			w.eventsWait.Store(true)
		}
		if err != nil && !w.eventsFail && ctx.Err() == nil {
			w.settings.Logger.Warn("what happens to alerts cannot be recorded; it is done later", zap.Error(err))
		}
		w.eventsFail = err != nil
	})
}

func (w *worker) deliver(ctx context.Context, tidy bool) {
	err := w.sender.SendDue(ctx)
	if err == nil && tidy {
		err = w.tidy(ctx)
	}
	if err != nil && ctx.Err() == nil {
		w.telemetry.AlertingDeliveryFailures.Add(ctx, 1)
		w.settings.Logger.Warn("notifications cannot be worked on; trying again", zap.Error(err))
	}
}

// tidy deletes what is too old.
func (w *worker) tidy(ctx context.Context) error {
	all, err := w.alerts.All(ctx)
	if err != nil {
		return err
	}
	for _, of := range all {
		if err := w.alerts.DropOldEvents(ctx, of.ProjectID, of.ID); err != nil {
			return err
		}
	}
	return w.deliveries.DropOld(ctx)
}

// trouble logs when something begins to fail, and when it works again.
func (w *worker) trouble(ctx context.Context, what string, err error) {
	switch {
	case ctx.Err() != nil:
	case err != nil && !w.troubles[what]:
		w.settings.Logger.Error(what, zap.Error(err))
		w.troubles[what] = true
	case err == nil && w.troubles[what]:
		w.settings.Logger.Info("this works again", zap.String("what_failed", what))
		delete(w.troubles, what)
	}
}

// every calls a function at once and then again and again, until ctx ends.
func every(ctx context.Context, interval time.Duration, call func()) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for ctx.Err() == nil {
		call()
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
}

func (a *alerting) observeAlerts(_ context.Context, observer metric.Int64Observer) error {
	if rules := a.rules.Load(); rules != nil {
		observer.Observe(int64(rules.Len()))
	}
	return nil
}
