package alert

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"time"
)

// SimulatedCheck is what a check would have found and done.
type SimulatedCheck struct {
	At time.Time
	// Count is that of the newest window.
	Count    int64
	Breached bool
	State    Name
	// Notification is what would have been announced: NoNotification, Fire or Resolve.
	Notification Notification
	// Reason tells people why.
	Reason string
}

// Simulate makes all checks that a new alert with a rule would have made on the grid
// of its interval from one moment up to and with another. Count tells how many records
// a window has.
func Simulate(rule Rule, from, to time.Time, count func(Span) int64) []SimulatedCheck {
	state := State{Name: NotFiring, Enabled: true}
	var checks []SimulatedCheck
	for at := range rule.simulatedTimes(from, to) {
		windows := rule.Windows(at)
		counts := make([]int64, len(windows))
		for k, window := range windows {
			counts[k] = count(window)
		}
		decision := rule.Decide(state, Check{Counts: counts}, at)
		checks = append(checks, rule.simulated(state, decision, counts, at))
		state = decision.State
	}
	return checks
}

func (r Rule) simulated(before State, d Decision, counts []int64, at time.Time) SimulatedCheck {
	return SimulatedCheck{
		At: at, Count: counts[0], Breached: d.Breached, State: d.State.Name, Notification: d.Notification, Reason: r.reason(before, d, counts),
	}
}

// simulatedTimes yields the times of the checks of a simulation.
func (r Rule) simulatedTimes(from, to time.Time) iter.Seq[time.Time] {
	midnight := from.UTC().Truncate(24 * time.Hour)
	at := midnight.Add(from.Sub(midnight) / r.Interval * r.Interval)
	if at.Before(from) {
		at = at.Add(r.Interval)
	}
	return func(yield func(time.Time) bool) {
		for ; !at.After(to) && yield(at); at = at.Add(r.Interval) { //nolint:revive // all is in the condition
		}
	}
}

// SimulatedGroups is what a check of an alert with groups would have found and done.
type SimulatedGroups struct {
	// SimulatedCheck is that of the group which says most of it: one that something is
	// announced of, else one that fires, else the one with the most records. Its state and
	// notification are the alert's.
	SimulatedCheck
	GroupsDecision

	// Leader is that group; "" if there is none.
	Leader string
}

// SimulateGroups is Simulate for an alert with groups. Count tells how many records of each
// value the windows of a check have.
func SimulateGroups(rule Rule, from, to time.Time, limits GroupLimits, count func([]Span) map[string][]int64) []SimulatedGroups {
	state := State{Name: NotFiring, Enabled: true}
	var groups []Group
	var checks []SimulatedGroups
	for at := range rule.simulatedTimes(from, to) {
		counts := count(rule.Windows(at))
		check := SimulatedGroups{GroupsDecision: rule.DecideGroups(state, groups, GroupsCheck{Counts: counts, Limits: limits}, at)}
		check.lead(rule, groups, counts, at)
		state, groups = check.GroupsDecision.State, check.Groups
		checks = append(checks, check)
	}
	return checks
}

// lead tells of the group that says most.
func (c *SimulatedGroups) lead(rule Rule, before []Group, counts map[string][]int64, at time.Time) {
	c.SimulatedCheck = SimulatedCheck{At: at, State: c.GroupsDecision.State.Name, Reason: "no records"}
	for _, kind := range []Notification{Resolve, Fire} {
		if slices.ContainsFunc(c.Changes, func(change GroupChange) bool { return change.Notification == kind }) {
			c.Notification = kind
		}
	}
	candidates := slices.Clone(c.Groups)
	for _, change := range c.Changes {
		if change.Notification == c.Notification && c.Notification != NoNotification {
			candidates = []Group{change.After}
			break
		}
	}
	if len(candidates) == 0 {
		return
	}
	leader := slices.MaxFunc(candidates, func(a, b Group) int {
		return cmp.Or(cmp.Compare(firingRank(a), firingRank(b)), cmp.Compare(a.Count, b.Count))
	})
	was := leader
	was.Name = NotFiring
	if place := slices.IndexFunc(before, func(g Group) bool { return g.Value == leader.Value }); place >= 0 {
		was = before[place]
	}
	of := counts[leader.Value]
	if of == nil {
		of = make([]int64, max(1, rule.Periods))
	}
	judged := rule.judged(leader, of, at)
	d := rule.Decide(was.state(), Check{Counts: judged}, at)
	c.Leader, c.Count, c.Breached = leader.Value, leader.Count, d.Breached
	if judged[0] == Unjudged {
		c.Reason = fmt.Sprintf("%s: %d, and not there for a whole window yet", leader.Value, leader.Count)
		return
	}
	c.Reason = leader.Value + ": " + rule.reason(was.state(), d, judged)
}

func firingRank(g Group) int {
	if g.IsFiring() {
		return 1
	}
	return 0
}

// reason is a sentence on why a check did what it did.
func (r Rule) reason(before State, d Decision, counts []int64) string {
	outcome := "OK"
	switch {
	case d.Held == Fire:
		outcome = "firing, but not announced because of the cooldown"
	case d.Held == Resolve:
		outcome = "resolved, but not announced because of the cooldown"
	case d.Notification == Fire:
		outcome = "fired"
	case d.Notification == Resolve:
		outcome = "resolved"
	case d.State.isFiring() && before.isFiring():
		outcome = "still firing"
	case r.countBreaches(counts) > 0:
		outcome = fmt.Sprintf("waiting with %d of the last %d (%d needed)", r.countBreaches(counts), len(counts), max(1, r.Datapoints))
	}
	return fmt.Sprintf("%d %s %d: %s", counts[0], r.sign(d.Breached), r.Threshold, outcome)
}

// sign is how a count is to the threshold.
func (r Rule) sign(isBreached bool) string {
	switch {
	case r.Operator == Below && isBreached:
		return "<"
	case r.Operator == Below:
		return "≥"
	case isBreached:
		return ">"
	default:
		return "≤"
	}
}
