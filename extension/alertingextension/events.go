package alertingextension

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/alert/eventrecord"
)

const (
	// takeTimeout is how long a pipeline may take for a batch of records.
	takeTimeout = time.Minute
	// leastPause and longestPause are between two offers to a pipeline that takes nothing.
	leastPause   = time.Second
	longestPause = time.Minute
)

// EventConsumer takes the records of events. It answers as consumer.Logs does: the records
// are offered again after an error that is not permanent. It owns them from then on.
type EventConsumer func(context.Context, plog.Logs) error

// ConsumeEvents implements Extension.
func (a *alerting) ConsumeEvents(consume EventConsumer) (stop func(), err error) {
	if a.events == nil {
		return nil, errors.New("the extension makes no records of what happens to alerts: set its event_records to true and " +
			"its store to a log_store that takes records, or take this receiver out")
	}
	return a.taker.use(consume)
}

// taker is who takes the records of events beside the log store.
type taker struct {
	mu sync.Mutex
	// current is nil if there is nobody, or nobody any more.
	current *subscription
	// hadAny is true once there was somebody, isReady once all components have started:
	// if there was nobody by then, there never will be.
	hadAny, isReady bool
}

// subscription is that of a taker.
type subscription struct {
	consume EventConsumer
	// calling holds a token while consume is called, and for good after the end.
	calling chan struct{}
	// living ends with the subscription.
	living context.Context //nolint:containedctx // the life of the subscription
}

// use makes a consumer the taker. After stop it is not called any more.
func (t *taker) use(consume EventConsumer) (stop func(), err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current != nil {
		return nil, errors.New("another receiver takes the records of alerts already: name that one in all pipelines")
	}
	living, end := context.WithCancel(context.Background())
	made := &subscription{consume: consume, calling: make(chan struct{}, 1), living: living}
	t.current, t.hadAny = made, true
	return sync.OnceFunc(func() {
		t.mu.Lock()
		t.current = nil
		t.mu.Unlock()
		end()
		made.calling <- struct{}{}
	}), nil
}

// ready says that all components have started.
func (t *taker) ready() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.isReady = true
}

// isWaitedFor reports whether events wait for a taker: there is one, or it may still come,
// or come back after a restart.
func (t *taker) isWaitedFor() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.hadAny || !t.isReady
}

// now returns the taker of now, or nil.
func (t *taker) now() *subscription {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.current
}

// take gives records to the consumer, which has takeTimeout for them. The call is cut off
// when the subscription ends; whatever is answered then says nothing of the records.
func (s *subscription) take(ctx context.Context, logs plog.Logs) error {
	select {
	case s.calling <- struct{}{}:
	case <-s.living.Done():
		return s.living.Err()
	}
	defer func() { <-s.calling }()
	ctx, cancel := context.WithTimeout(ctx, takeTimeout)
	defer cancel()
	defer context.AfterFunc(s.living, cancel)()
	err := s.consume(ctx, logs)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// handing is the state of whoever hands records on.
type handing struct {
	// begun is when that was done last, resume when it may be done again after a failure,
	// and pause the time between these two.
	begun, resume time.Time
	pause         time.Duration
}

// handOnBeside gives the records that the log store has to their taker, unless somebody
// still does. Nothing else waits for it. Events that were marked by another replica, or
// before a restart, are looked for every few seconds.
func (w *worker) handOnBeside(ctx context.Context, handing chan struct{}) {
	to := w.taker.now()
	if to == nil {
		return
	}
	select {
	case handing <- struct{}{}:
	default:
		return
	}
	now, h := time.Now(), &w.handing
	if now.Before(h.resume) || !w.handOnWaits.Swap(false) && now.Sub(h.begun) < eventsEvery {
		<-handing
		return
	}
	h.begun = now
	w.working.Go(func() {
		defer func() { <-handing }()
		w.handOn(ctx, to)
	})
}

func (w *worker) handOn(ctx context.Context, to *subscription) {
	err, h := w.events.HandOn(ctx, to.take, w.lost(ctx)), &w.handing
	switch {
	case err == nil && h.pause > 0:
		w.settings.Logger.Info("the records of alerts are taken by the pipeline of alert_events again")
	case err != nil && h.pause == 0 && ctx.Err() == nil && to == w.taker.now():
		w.settings.Logger.Warn("the records of alerts are not taken by the pipeline of alert_events; they are offered again", zap.Error(err))
	}
	if err == nil {
		h.pause, h.resume = 0, time.Time{}
		return
	}
	h.pause = min(max(2*h.pause, leastPause), longestPause)
	h.resume = time.Now().Add(h.pause)
	w.handOnWaits.Store(true)
}

// lost tells of records that the pipeline does not get.
func (w *worker) lost(ctx context.Context) func(eventrecord.Loss) {
	return func(l eventrecord.Loss) {
		reason := "refused"
		if l.Refused == nil {
			reason = "late"
		}
		w.telemetry.AlertingEventsDropped.Add(ctx, int64(l.Records), metric.WithAttributes(attribute.String("reason", reason)))
		w.settings.Logger.Error("the pipeline of alert_events does not get records of alerts; the log store has them",
			zap.Int("records", l.Records), zap.String("reason", reason), zap.Error(l.Refused))
	}
}
