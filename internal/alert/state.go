package alert

import "time"

// Name is the name of a state.
type Name string

// The states. Errored and PendingResolve are never produced; stored ones are taken for
// NotFiring and Firing.
const (
	NotFiring      Name = "not_firing"
	Firing         Name = "firing"
	PendingResolve Name = "pending_resolve"
	Errored        Name = "errored"
	Snoozed        Name = "snoozed"
	Broken         Name = "broken"
)

// BrokenAfter is the number of failures in a row after which an alert is broken.
const BrokenAfter = 5

// State is what is known of an alert, beside its rule. Times that are zero are none.
type State struct {
	Name    Name
	Enabled bool
	// SnoozeUntil counts only in the state Snoozed.
	SnoozeUntil time.Time
	// NextCheckAt is when the next check is due; none is at once.
	NextCheckAt time.Time
	// LastCheckedAt is when the last check succeeded.
	LastCheckedAt time.Time
	// LastNotifiedAt is when firing or resolving was last announced.
	LastNotifiedAt time.Time
	// Failures counts the failed checks in a row that count.
	Failures int
}

// IsDue reports whether a check is to be made.
func (s State) IsDue(now time.Time) bool {
	return s.Enabled && s.Name != Broken && !s.IsAsleep(now) && !s.NextCheckAt.After(now)
}

// IsAsleep reports whether a snooze holds.
func (s State) IsAsleep(now time.Time) bool { return s.Name == Snoozed && s.SnoozeUntil.After(now) }

func (s State) isFiring() bool { return s.Name == Firing || s.Name == PendingResolve }

// Anchor returns the end of the newest window of a check that is due: the time for
// which it was planned, or now, less the rule's delay; and no later than the moment up
// to which all records are known to be stored, if that is known and at most an interval
// earlier.
func (s State) Anchor(rule Rule, now, storedUpTo time.Time) time.Time {
	anchor := now
	if !s.NextCheckAt.IsZero() {
		anchor = s.NextCheckAt
	}
	anchor = anchor.Add(-rule.Delay)
	if !storedUpTo.IsZero() && storedUpTo.Before(anchor) && anchor.Sub(storedUpTo) <= rule.Interval {
		return storedUpTo
	}
	return anchor
}

// NextCheck returns when the next check is due after one at now that was planned for a
// moment (zero if for none): on the grid of the interval counted from midnight in UTC,
// moved by the offset, and after now. Checks that were missed are left out: the windows
// of the next one look back as far as its rule says.
func NextCheck(planned, now time.Time, interval, offset time.Duration) time.Time {
	base := now.Add(interval)
	if !planned.IsZero() {
		base = planned.Add(interval)
		if late := now.Sub(base); late >= 0 {
			base = base.Add((late/interval + 1) * interval)
		}
	}
	midnight := base.UTC().Truncate(24 * time.Hour)
	next := midnight.Add(base.Sub(midnight) / interval * interval).Add(offset)
	if !next.After(now) {
		next = next.Add(interval)
	}
	return next
}
