package alert

import (
	"fmt"
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
	midnight := from.UTC().Truncate(24 * time.Hour)
	at := midnight.Add(from.Sub(midnight) / rule.Interval * rule.Interval)
	if at.Before(from) {
		at = at.Add(rule.Interval)
	}
	var checks []SimulatedCheck
	for ; !at.After(to); at = at.Add(rule.Interval) {
		windows := rule.Windows(at)
		counts := make([]int64, len(windows))
		for k, window := range windows {
			counts[k] = count(window)
		}
		decision := rule.Decide(state, Check{Counts: counts}, at)
		checks = append(checks, SimulatedCheck{
			At: at, Count: counts[0], Breached: decision.Breached, State: decision.State.Name,
			Notification: decision.Notification, Reason: rule.reason(state, decision, counts),
		})
		state = decision.State
	}
	return checks
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
