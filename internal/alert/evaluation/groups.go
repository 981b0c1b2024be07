package evaluation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
)

// groupJudgement is what a check has found of a group.
type groupJudgement struct {
	firstSeenAt time.Time
	isMet       bool
}

// maxOutboxBytes is about how much is put into an outbox at once: many groups may change in
// one check, and an alert is one document.
const maxOutboxBytes = 256 << 10

// errEdited says that an alert was edited or deleted during a check.
var errEdited = errors.New("the alert was edited meanwhile")

// countGroups counts by the filters and the field of an alert.
func (e *Evaluator) countGroups(ctx context.Context, projectID int64, p *pending, windows []alert.Span) {
	ctx, cancel := context.WithTimeout(ctx, e.QueryTimeout)
	defer cancel()
	start := time.Now()
	p.groups, p.failed = countTexts(ctx, e.Records, projectID, frameOf(windows), p.selected, p.by)
	p.took = time.Since(start)
}

// concludeGroups is conclude for an alert with groups. Each of the checks is written down
// by itself, and one that changes many groups in several parts; whoever takes over in
// between goes on with that check.
func (e *Evaluator) concludeGroups(ctx context.Context, p *pending) error {
	for i, tick := range p.ticks {
		next := p.next
		if i+1 < len(p.ticks) {
			next = p.ticks[i+1]
		}
		for isDone := false; !isDone; {
			var err error
			isDone, err = e.concludeGroupsAt(ctx, p, tick, next)
			if errors.Is(err, errEdited) || errors.Is(err, alertstore.ErrNotFound) {
				return nil // it will be read again
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// concludeGroupsAt concludes one check, or a part of it.
func (e *Evaluator) concludeGroupsAt(ctx context.Context, p *pending, tick, next time.Time) (isDone bool, err error) {
	c := e.decideGroups(p, p.Alert, tick)
	isSame := c.isQuiet() && slices.Equal(c.groups, p.Groups) && c.leftOut == p.GroupsLeftOut
	if isSame && !p.planned.IsZero() && e.willBeNoted(tick) {
		p.State.LastCheckedAt = tick
		p.advanceGroups(c, next)
		return true, nil
	}
	changed, err := e.Alerts.Advance(ctx, p.ProjectID, p.ID, func(now *alertstore.Alert) error {
		if p.isEdited(*now, e.Interval) {
			return errEdited
		}
		c = e.decideGroups(p, *now, tick)
		if !c.isPart {
			c.state.NextCheckAt = next
		}
		now.Become(c.state)
		now.Groups, now.GroupsLeftOut, now.CheckedThrough = c.groups, c.leftOut, e.progress
		now.Outbox = append(now.Outbox, c.transitions...)
		return nil
	})
	if err != nil {
		return false, err
	}
	p.Alert = changed
	p.advanceGroups(c, next)
	return !c.isPart, e.settle(ctx, p.tracked)
}

// advanceGroups moves on to the next check unless only a part of this one is done.
func (p *pending) advanceGroups(done groupsConclusion, next time.Time) {
	p.judged = done.rejudged
	if done.isPart {
		return
	}
	p.planned = next
	for _, judged := range done.judged {
		p.remember(judged)
	}
}

// groupsConclusion is what follows from a check of an alert with groups.
type groupsConclusion struct {
	conclusion

	groups  []alert.Group
	leftOut int
	// isPart is true if there is more to tell of the check than fits at once.
	isPart bool
	bytes  int
}

// isFull reports whether no more should be told at once.
func (c *groupsConclusion) isFull() bool { return c.bytes >= maxOutboxBytes }

func (c *groupsConclusion) tell(t alertstore.Transition) {
	const otherBytes = 512 // of a transition without a message, about
	c.transitions = append(c.transitions, t)
	c.bytes += otherBytes + len(t.Announced)
}

// decideGroups makes one check of an alert that is as given.
func (e *Evaluator) decideGroups(p *pending, a alertstore.Alert, tick time.Time) groupsConclusion {
	c := groupsConclusion{conclusion: conclusion{state: a.Now(), rejudged: slices.Clone(p.judged)}, groups: a.Groups, leftOut: a.GroupsLeftOut}
	if tick.Equal(p.ticks[0]) {
		if e.judgeGroupsAgain(p, &c); c.isPart {
			return c
		}
	}
	if c.state.IsAsleep(tick) {
		return c
	}
	counts := p.groups.in(p.windows(tick))
	check := alert.GroupsCheck{Counts: counts, Limits: e.Groups, IsQuiet: e.IsQuiet(a.QuietHours, e.Now())}
	d := p.rule.DecideGroups(c.state, a.Groups, check, tick)
	e.tellGroups(p, a, &c, &d, tick)
	c.groups = d.Groups
	c.state = d.State
	if c.isPart {
		return c
	}
	if d.LeftOut > 0 && a.GroupsLeftOut == 0 {
		t := alertstore.NewTransition(tick, alert.KindGroupsLeftOut, c.state.Name, c.state.Name)
		t.Error = fmt.Sprintf("%d values of %s are not watched: an alert has at most %d groups, of at most %d bytes",
			d.LeftOut, a.GroupBy.Key, e.Groups.AtMost, alert.MaxGroupBytes)
		c.tell(t)
	}
	c.leftOut = d.LeftOut
	c.judged = []judgement{p.judgeGroups(tick, d, counts)}
	return c
}

// tellGroups makes transitions of the changes of groups, of as many as may be told at once.
func (e *Evaluator) tellGroups(p *pending, a alertstore.Alert, c *groupsConclusion, d *alert.GroupsDecision, tick time.Time) {
	name, firing := c.state.Name, 0
	for _, group := range a.Groups {
		firing += count(group.IsFiring())
	}
	isAnnounced := false
	for i, change := range d.Changes {
		if c.isFull() {
			d.PutOff(i)
			c.isPart = true
			break
		}
		firing += count(change.After.IsFiring()) - count(change.Before.IsFiring())
		after := alert.NotFiring
		if firing > 0 {
			after = alert.Firing
		}
		t := e.groupTransition(p, a, change, name, after, tick)
		isAnnounced = isAnnounced || t.Notification != alert.NoNotification
		c.tell(t)
		name = after
	}
	if isAnnounced {
		d.State.LastNotifiedAt = tick
	}
	if name != d.State.Name {
		c.tell(alertstore.NewTransition(tick, alert.KindCheck, name, d.State.Name))
	}
}

// groupTransition is the transition of one group, in which the alert goes from one state to
// another.
func (e *Evaluator) groupTransition(
	p *pending, a alertstore.Alert, change alert.GroupChange, before, after alert.Name, tick time.Time,
) alertstore.Transition {
	kind := alert.KindCheck
	if change.IsGone {
		kind = alert.KindGroupGone
	}
	t := alertstore.NewTransition(tick, kind, before, after)
	if change.IsGone {
		t.Error = fmt.Sprintf("it had no records for %s and is forgotten", e.Groups.Memory)
	}
	t.Group = &alertstore.GroupTransition{Value: change.After.Value, Before: change.Before.Name, After: change.After.Name}
	t.Breached, t.Count = change.Breached, &change.After.Count
	t.Notification, t.Held, t.Muted = change.Notification, change.Held, change.Muted
	e.announce(p, a, &t, tick)
	return t
}

func count(isCounted bool) int {
	if isCounted {
		return 1
	}
	return 0
}

// judgeGroups remembers what a check has found.
func (p *pending) judgeGroups(tick time.Time, d alert.GroupsDecision, counts map[string][]int64) judgement {
	judged := judgement{tick: tick, groups: make(map[string]groupJudgement, len(d.Groups)), isFull: d.LeftOut > 0}
	for _, group := range d.Groups {
		if !group.FirstSeenAt.IsZero() {
			of := p.countsOf(group.Value, counts, tick)
			judged.groups[group.Value] = groupJudgement{group.FirstSeenAt, p.rule.IsMetBy(group.FirstSeenAt, of, tick)}
		}
	}
	return judged
}

// countsOf returns the counts of a value, which may have no records.
func (p *pending) countsOf(value string, counts map[string][]int64, tick time.Time) []int64 {
	if found, ok := counts[value]; ok {
		return found
	}
	return make([]int64, len(p.windows(tick)))
}

// judgeGroupsAgain is judgeAgain for all groups of all checks that are judged again.
func (e *Evaluator) judgeGroupsAgain(p *pending, c *groupsConclusion) {
	for i := range c.rejudged {
		judged := &c.rejudged[i]
		judged.groups = maps.Clone(judged.groups)
		counts := p.groups.in(p.windows(judged.tick))
		for _, value := range p.toJudgeAgain(*judged, counts) {
			was, isKnown := judged.groups[value]
			if !isKnown {
				was.firstSeenAt = judged.tick
			}
			of := p.countsOf(value, counts, judged.tick)
			isMet := p.rule.IsMetBy(was.firstSeenAt, of, judged.tick)
			if isMet == was.isMet {
				continue
			}
			if c.isFull() {
				c.isPart = true
				return
			}
			t := e.verdictChanged(p, c.state.Name, judged.tick, of[0], isMet)
			name := stateIn(c.groups, value)
			t.Group = &alertstore.GroupTransition{Value: value, Before: name, After: name}
			c.tell(t)
			judged.groups[value] = groupJudgement{was.firstSeenAt, isMet}
		}
	}
}

// toJudgeAgain returns the values that were judged, and those of records that came late
// unless there would have been no room for them.
func (p *pending) toJudgeAgain(judged judgement, counts map[string][]int64) []string {
	values := slices.Collect(maps.Keys(judged.groups))
	for value := range counts {
		if _, isKnown := judged.groups[value]; !isKnown && !judged.isFull && len(value) <= alert.MaxGroupBytes {
			values = append(values, value)
		}
	}
	slices.Sort(values)
	return values
}

// stateIn returns the state that a group has.
func stateIn(groups []alert.Group, value string) alert.Name {
	for _, group := range groups {
		if group.Value == value {
			return group.Name
		}
	}
	return alert.NotFiring
}
