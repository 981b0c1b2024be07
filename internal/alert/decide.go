package alert

import "time"

// Notification is what is announced.
type Notification string

// The notifications.
const (
	NoNotification Notification = ""
	Fire           Notification = "firing"
	Resolve        Notification = "resolved"
	Failed         Notification = "errored"
	BrokeDown      Notification = "broken"
)

// Check is what a check has found.
type Check struct {
	// Counts are those of Rule.Windows, the newest first, when the check succeeded.
	Counts []int64
	// Failure is why it did not.
	Failure Failure
}

// Failure says why a check found nothing out.
type Failure int

// The failures.
const (
	// NoFailure is a check that succeeded.
	NoFailure Failure = iota
	// Transient is one that says nothing of the alert, such as a busy store.
	Transient
	// Counted is one that the alert's own settings cause, such as a query that is too
	// expensive.
	Counted
)

// Decision is what follows from a check.
type Decision struct {
	// State is the new one. Its NextCheckAt is still that of before.
	State State
	// Breached reports whether the newest window breached.
	Breached bool
	// Notification is what is to be announced; Held is what is not, because of the
	// cooldown.
	Notification, Held Notification
}

// Decide returns what follows from a check of an alert that was due. A failure is never
// a breach.
func (r Rule) Decide(before State, check Check, now time.Time) Decision {
	if before.Name == Broken || before.IsAsleep(now) {
		return Decision{State: before}
	}
	if before.Name == Snoozed {
		before.Name, before.SnoozeUntil = NotFiring, time.Time{}
	}
	switch {
	case check.Failure == Transient || check.Failure == NoFailure && len(check.Counts) == 0:
		return Decision{State: before}
	case check.Failure == Counted:
		return decideFailure(before)
	default:
		return r.decideCounts(before, check.Counts, now)
	}
}

func decideFailure(state State) Decision {
	first := state.Failures == 0
	state.Failures++
	switch {
	case state.Failures >= BrokenAfter:
		state.Name = Broken
		return Decision{State: state, Notification: BrokeDown}
	case first:
		return Decision{State: state, Notification: Failed}
	default:
		return Decision{State: state}
	}
}

func (r Rule) decideCounts(state State, counts []int64, now time.Time) Decision {
	d := Decision{State: state, Breached: r.Breaches(counts[0])}
	d.State.Failures, d.State.LastCheckedAt = 0, now
	isMet := r.IsMet(counts)
	switch {
	case counts[0] == 0 && r.NoData == NoDataKeeps:
		d.State.Name = settled(state)
		return d
	case isMet || state.isFiring() && !r.hasRecovered(counts[0]):
		d.State.Name = Firing
		if state.isFiring() {
			return d
		}
		d.Notification = Fire
	default:
		d.State.Name = NotFiring
		if !state.isFiring() {
			return d
		}
		d.Notification = Resolve
	}
	if r.isCoolingDown(state, now) {
		d.Notification, d.Held = NoNotification, d.Notification
		return d
	}
	d.State.LastNotifiedAt = now
	return d
}

// settled is the state that an alert has after a check that changes nothing.
func settled(state State) Name {
	if state.isFiring() {
		return Firing
	}
	return NotFiring
}

func (r Rule) isCoolingDown(state State, now time.Time) bool {
	return r.Cooldown > 0 && !state.LastNotifiedAt.IsZero() && now.Before(state.LastNotifiedAt.Add(r.Cooldown))
}
