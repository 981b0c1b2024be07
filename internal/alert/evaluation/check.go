package evaluation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
)

// pending is an alert that is due.
type pending struct {
	*tracked

	ticks []time.Time
	next  time.Time
	// counts has the records of the alert, or groups those of each value; failed is why not.
	counts series
	groups texts
	failed error
	took   time.Duration
}

// checkProject makes the checks of one project.
func (e *Evaluator) checkProject(ctx context.Context, projectID int64, due []*pending) error {
	var tagged []*pending
	var others []untagged
	var windows []alert.Span
	for _, p := range due {
		all := p.allWindows(p.ticks)
		switch {
		case p.invalid != nil:
			p.failed = p.invalid
		case p.GroupBy != nil:
			e.countGroups(ctx, projectID, p, all)
		case e.IsTagging() && p.isTagged(all):
			tagged = append(tagged, p)
			windows = append(windows, all...)
		default:
			others = append(others, untagged{p, all})
		}
	}
	e.countUntagged(ctx, projectID, others)
	if len(tagged) > 0 {
		e.countTagged(ctx, projectID, tagged, windows)
	}
	var errs []error
	for _, p := range due {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		errs = append(errs, e.conclude(ctx, p))
	}
	return errors.Join(errs...)
}

// countOne counts by the alert's own filters.
func (e *Evaluator) countOne(ctx context.Context, projectID int64, p *pending, windows []alert.Span) {
	ctx, cancel := context.WithTimeout(ctx, e.QueryTimeout)
	defer cancel()
	start := time.Now()
	p.counts, p.failed = countFilter(ctx, e.Records, projectID, frameOf(windows), p.selected)
	p.took = time.Since(start)
}

// countTagged counts by tags, for all alerts at once. When that is too expensive, each is
// counted by itself.
func (e *Evaluator) countTagged(ctx context.Context, projectID int64, tagged []*pending, windows []alert.Span) {
	limited, cancel := context.WithTimeout(ctx, e.QueryTimeout)
	defer cancel()
	start := time.Now()
	f := frameOf(windows)
	counts, err := countTags(limited, e.Records, projectID, f)
	took := time.Since(start)
	if failure, _ := failureOf(err); err != nil && failure == alert.Counted {
		e.Logger.Warn("counting tagged records is too expensive; counting alerts one by one",
			zap.Int64("project", projectID), zap.Int("alerts", len(tagged)), zap.Error(err))
		for _, p := range tagged {
			e.countOne(ctx, projectID, p, p.allWindows(p.ticks))
		}
		return
	}
	for _, p := range tagged {
		p.counts, p.failed, p.took = series{frame: f}, err, took
		if found, ok := counts[p.Tag()]; ok {
			p.counts = found
		}
	}
}

// conclude decides what follows from the counts of an alert, and makes it so.
func (e *Evaluator) conclude(ctx context.Context, p *pending) error {
	if failure, _ := failureOf(p.failed); p.failed != nil && failure == alert.Transient {
		return p.failed // the ticks stay due
	}
	if p.GroupBy != nil && p.failed == nil {
		return e.concludeGroups(ctx, p)
	}
	isFirst := p.planned.IsZero()
	conclusion := e.decide(p, p.Alert)
	if conclusion.isQuiet() && !isFirst && e.willBeNoted(p.ticks[len(p.ticks)-1]) {
		p.State.LastCheckedAt = conclusion.state.LastCheckedAt
		e.advance(p, conclusion)
		return nil
	}
	changed, err := e.Alerts.Advance(ctx, p.ProjectID, p.ID, func(now *alertstore.Alert) error {
		if p.isEdited(*now, e.Interval) {
			return alertstore.ErrUnchanged // it was edited meanwhile, and will be read again
		}
		conclusion = e.decide(p, *now)
		conclusion.state.NextCheckAt = p.next
		now.Become(conclusion.state)
		now.CheckedThrough = e.progress
		if conclusion.lastError != "" {
			now.LastError = conclusion.lastError
		}
		now.Outbox = append(now.Outbox, conclusion.transitions...)
		return nil
	})
	if errors.Is(err, alertstore.ErrNotFound) {
		return nil // it was deleted meanwhile
	}
	if err != nil {
		return err
	}
	p.Alert = changed
	e.advance(p, conclusion)
	return e.settle(ctx, p.tracked)
}

// willBeNoted reports whether a tick is noted for all alerts together once all are checked.
// After the clock was set back it is not, as those up to a later one are noted already.
func (e *Evaluator) willBeNoted(tick time.Time) bool { return tick.After(e.progress) }

// advance moves on to the next tick.
func (e *Evaluator) advance(p *pending, done conclusion) {
	p.planned = p.next
	p.judged = done.rejudged
	for _, judged := range done.judged {
		p.remember(judged)
	}
}

// conclusion is what follows from the checks of an alert.
type conclusion struct {
	state       alert.State
	transitions []alertstore.Transition
	lastError   string
	// judged are the checks, and rejudged what those before them would say now.
	judged   []judgement
	rejudged []judgement
}

// isQuiet reports whether there is nothing to write down.
func (c conclusion) isQuiet() bool { return len(c.transitions) == 0 }

// decide goes through the ticks of an alert that is as given.
func (e *Evaluator) decide(p *pending, a alertstore.Alert) conclusion {
	c := conclusion{state: a.Now(), rejudged: slices.Clone(p.judged)}
	if p.failed != nil {
		failure, message := failureOf(p.failed)
		c.lastError = message
		e.step(p, a, &c, p.ticks[len(p.ticks)-1], alert.Check{Failure: failure}, message)
		return c
	}
	for i, judged := range p.judged {
		c.rejudged[i].isMet = e.judgeAgain(p, &c, judged)
	}
	for _, tick := range p.ticks {
		if c.state.IsAsleep(tick) {
			continue
		}
		counts := p.countsAt(tick)
		e.step(p, a, &c, tick, alert.Check{Counts: counts}, "")
		c.judged = append(c.judged, judgement{tick: tick, isMet: p.rule.IsMet(counts)})
	}
	return c
}

// countsAt returns how many records the windows of a tick have, the newest first.
func (p *pending) countsAt(tick time.Time) []int64 { return p.counts.countAll(p.windows(tick)) }

// step makes one check.
func (e *Evaluator) step(p *pending, a alertstore.Alert, c *conclusion, tick time.Time, check alert.Check, message string) {
	before := c.state
	d := p.rule.Decide(before, check, tick)
	c.state = d.State
	if d.State.Name == before.Name && d.Notification == alert.NoNotification && d.Held == alert.NoNotification && message == "" {
		return
	}
	t := alertstore.NewTransition(tick, alert.KindCheck, before.Name, d.State.Name)
	t.Breached, t.Error, t.Notification, t.Held = d.Breached, message, d.Notification, d.Held
	if len(check.Counts) > 0 {
		t.Count = &check.Counts[0]
	}
	if t.Notification != alert.NoNotification && e.IsQuiet(a.QuietHours, e.Now()) {
		t.Notification, t.Muted = alert.NoNotification, t.Notification
		c.state.LastNotifiedAt = before.LastNotifiedAt
	}
	e.announce(p, a, &t, tick)
	c.transitions = append(c.transitions, t)
}

// announce completes the transition of a check with what was counted, and with what is told
// of it.
func (e *Evaluator) announce(p *pending, a alertstore.Alert, t *alertstore.Transition, tick time.Time) {
	newest := p.windows(tick)[0]
	t.From, t.To, t.QueryMilliseconds = newest.From, newest.To, p.took.Milliseconds()
	if t.Notification != alert.NoNotification {
		e.Announce(a, t)
	}
}

// judgeAgain tells what a check would say now, and writes it down if that is something
// else: records of its windows have come late.
func (e *Evaluator) judgeAgain(p *pending, c *conclusion, judged judgement) (isMet bool) {
	counts := p.countsAt(judged.tick)
	if isMet = p.rule.IsMet(counts); isMet != judged.isMet {
		c.transitions = append(c.transitions, e.verdictChanged(p, c.state.Name, judged.tick, counts[0], isMet))
	}
	return isMet
}

// verdictChanged tells that a check would say something else now.
func (e *Evaluator) verdictChanged(p *pending, state alert.Name, tick time.Time, count int64, isMet bool) alertstore.Transition {
	t := alertstore.NewTransition(e.Now(), alert.KindVerdictChanged, state, state)
	newest := p.windows(tick)[0]
	t.Breached, t.Count, t.From, t.To = p.rule.Breaches(count), &count, newest.From, newest.To
	verdict := "been clear"
	if isMet {
		verdict = "fired"
	}
	t.Error = fmt.Sprintf("with the records that came later, the check of %s would have %s", tick.UTC().Format(time.RFC3339), verdict)
	return t
}
