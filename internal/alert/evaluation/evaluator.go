package evaluation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/percolator"
)

// Config of an Evaluator. All of it is required but for Reader.
type Config struct {
	Alerts  *alertstore.Store
	Records Records
	// Reader reads what Records counts, where that is less than counting for each of many
	// alerts; nil never does so.
	Reader logstore.Reader
	// Interval is the time between two checks of an alert, a whole number of seconds.
	Interval time.Duration
	// Grace is how long after a tick it is checked: until records that were received
	// before it are found.
	Grace time.Duration
	// IsTagging reports whether what is received passes a processor that tags records. If
	// not, each alert is counted by its filters.
	IsTagging func() bool
	// Compile reads the filters of an alert.
	Compile func(filters json.RawMessage) (filter.Expression, error)
	// IsQuiet reports whether quiet hours, as an alert has them, hold at a time.
	IsQuiet func(quietHours json.RawMessage, at time.Time) bool
	// Announce completes a transition with what its notification tells.
	Announce func(a alertstore.Alert, t *alertstore.Transition)
	// Deliver sees to it that transitions are announced. It may be called again with the
	// same ones.
	Deliver func(ctx context.Context, a alertstore.Alert, all []alertstore.Transition) error
	// Groups bound the groups of an alert.
	Groups alert.GroupLimits
	// QueryTimeout bounds each count.
	QueryTimeout time.Duration
	Now          func() time.Time
	Logger       *zap.Logger
}

// Evaluator checks alerts. Only one of several replicas should do so at a time, and
// nothing goes wrong when two do: each change is compared and set. It has one user at a
// time.
type Evaluator struct {
	Config

	known map[string]*tracked
	// changes is the number of alertstore.Store.Changes of what is known, and read is when
	// that was read.
	changes int64
	read    time.Time
	// progress is the newest tick up to which all is checked.
	progress time.Time
}

// New returns an evaluator that knows nothing yet.
func New(config Config) *Evaluator { return &Evaluator{Config: config} }

// Forget makes the evaluator read everything again, as it must when another replica may
// have checked meanwhile.
func (e *Evaluator) Forget() { e.known = nil }

// Check makes all checks that are due. An error is about some or all alerts; those are
// due again.
func (e *Evaluator) Check(ctx context.Context) error {
	if err := e.refresh(ctx); err != nil {
		return err
	}
	// What is told of one alert keeps nobody from checking the others.
	errs := []error{e.settleAll(ctx)}
	now := e.Now().UTC()
	byProject := map[int64][]*pending{}
	for _, t := range e.known {
		ticks, next := t.ticks(now.Add(-e.Grace), e.Interval)
		if len(ticks) > 0 {
			byProject[t.ProjectID] = append(byProject[t.ProjectID], &pending{tracked: t, ticks: ticks, next: next})
		}
	}
	for projectID, due := range byProject {
		if err := e.checkProject(ctx, projectID, due); err != nil {
			errs = append(errs, fmt.Errorf("check the alerts of project %d: %w", projectID, err))
		}
	}
	if errors.Join(errs...) == nil {
		errs = append(errs, e.noteProgress(ctx, now.Add(-e.Grace)))
	}
	return errors.Join(errs...)
}

// RereadEvery is how often alerts are read although none seems to have changed: whoever
// changes one may die before they note it.
const RereadEvery = 5 * time.Minute

// refresh reads the alerts if any have changed.
func (e *Evaluator) refresh(ctx context.Context) error {
	now := e.Now()
	changes, err := e.Alerts.Changes(ctx)
	if err != nil || e.known != nil && changes == e.changes && now.Sub(e.read) < RereadEvery {
		return err
	}
	if e.known == nil {
		if e.progress, err = e.Alerts.Progress(ctx); err != nil {
			return err
		}
	}
	all, err := e.Alerts.All(ctx)
	if err != nil {
		return err
	}
	known := make(map[string]*tracked, len(all))
	for _, a := range all {
		known[a.ID] = e.track(a, e.known[a.ID])
	}
	e.known, e.changes, e.read = known, changes, now
	return nil
}

// track returns what is to be known of an alert, with what was known before that still
// holds.
func (e *Evaluator) track(a alertstore.Alert, before *tracked) *tracked {
	t := &tracked{Alert: a, rule: a.Rule(e.Interval), planned: a.State.NextCheckAt}
	if before != nil && before.isLasting && before.FilterVersion == a.FilterVersion && before.IsGroupedAs(a.Settings) {
		t.filters = before.filters
	} else {
		t.filters = e.compile(a.Settings)
	}
	if !t.planned.IsZero() && !t.planned.After(e.progress) && e.progress.After(a.CheckedThrough) {
		t.planned = alert.NextCheck(e.progress, e.progress, e.Interval, 0)
	}
	if before != nil && before.FilterVersion == a.FilterVersion && before.rule.Equal(t.rule) && before.IsGroupedAs(a.Settings) {
		t.judged = before.judged
	}
	return t
}

// compile reads the filters of an alert, and the field that it makes groups by.
func (e *Evaluator) compile(of alertstore.Settings) filters {
	var read filters
	if read.selected, read.invalid = e.Compile(of.Filters); read.invalid == nil {
		read.compiled, read.invalid = percolator.Compile(read.selected)
	}
	read.isLasting = read.invalid != nil || alertstore.IsTimeless(read.selected)
	if read.invalid == nil && of.GroupBy != nil {
		read.by, read.invalid = of.GroupBy.GroupField()
	}
	return read
}

// settleAll settles what somebody left unsettled: an edit, a process that has died, or a
// check that could not.
func (e *Evaluator) settleAll(ctx context.Context) error {
	var errs []error
	for _, t := range e.known {
		if len(t.Outbox) > 0 {
			errs = append(errs, e.settle(ctx, t))
		}
	}
	return errors.Join(errs...)
}

func (e *Evaluator) settle(ctx context.Context, t *tracked) error {
	settled, err := e.Alerts.Settle(ctx, t.Alert, e.Deliver)
	if errors.Is(err, alertstore.ErrNotFound) {
		return nil // it was deleted meanwhile
	}
	t.Alert = settled
	return err
}

// noteProgress remembers that all is checked up to a moment, once per tick.
func (e *Evaluator) noteProgress(ctx context.Context, through time.Time) error {
	tick := alert.NextCheck(through, through, e.Interval, 0).Add(-e.Interval)
	if !tick.After(e.progress) {
		return nil
	}
	if err := e.Alerts.NoteProgress(ctx, tick); err != nil {
		return err
	}
	e.progress = tick
	return nil
}

// failureOf tells what a failed count is to an alert, and what its history says of it.
// What a store says of itself is not for the users of alerts.
func failureOf(err error) (failure alert.Failure, message string) {
	if expensive, ok := errors.AsType[*logstore.TooExpensiveError](err); ok {
		return alert.Counted, "query_performance: " + expensive.Error()
	}
	if invalid, ok := errors.AsType[*filter.Error](err); ok {
		return alert.Counted, "invalid_query: " + invalid.Error()
	}
	return alert.Transient, "unknown: the records could not be counted"
}
