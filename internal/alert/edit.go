package alert

import "time"

// Kind is the kind of an event in the history of an alert.
type Kind string

// The kinds of events.
const (
	NoEvent             Kind = ""
	KindCheck           Kind = "check"
	KindReset           Kind = "reset"
	KindEnable          Kind = "enable"
	KindDisable         Kind = "disable"
	KindSnooze          Kind = "snooze"
	KindUnsnooze        Kind = "unsnooze"
	KindThresholdChange Kind = "threshold_change"
	KindVerdictChanged  Kind = "verdict_changed"
	// KindGroupGone is a group that fired and is not seen any more, KindGroupsLeftOut that
	// there are values that are not watched.
	KindGroupGone     Kind = "group_gone"
	KindGroupsLeftOut Kind = "groups_left_out"
)

// Edit is what somebody changes of an alert.
type Edit struct {
	// Enabled is the new value.
	Enabled bool
	// Snooze is true if a time was given, which is SnoozeUntil; zero ends a snooze.
	Snooze      bool
	SnoozeUntil time.Time
	// Condition is true if something else was given for what is counted or how it is
	// judged: the filters, the field by which groups are made, the threshold, its operator,
	// N or M.
	Condition bool
	// Window is true if something else was given for the window.
	Window bool
}

// After returns the state after an edit and the event that tells of it. Of several
// changes the first of enabling, snoozing and the condition decides the state.
func (s State) After(edit Edit) (after State, kind Kind) {
	after = s
	if edit.Condition || edit.Window {
		after.NextCheckAt = time.Time{}
	}
	if edit.Snooze {
		after.SnoozeUntil = edit.SnoozeUntil
	}
	after.Enabled = edit.Enabled
	switch {
	case edit.Enabled && !s.Enabled:
		after.Name, after.Failures = NotFiring, 0
		return after, KindEnable
	case !edit.Enabled && s.Enabled:
		after.Name = NotFiring
		return after, KindDisable
	case edit.Snooze && !edit.SnoozeUntil.IsZero():
		after.Name = Snoozed
		return after, KindSnooze
	case edit.Snooze:
		after.Name, after.Failures = NotFiring, 0
		return after, KindUnsnooze
	case edit.Condition && s.Name == Snoozed:
		return after, KindThresholdChange
	case edit.Condition:
		after.Name, after.Failures = NotFiring, 0
		return after, KindThresholdChange
	default:
		return after, NoEvent
	}
}

// Reset returns the state of a broken alert that is given another chance; ok is false
// if it is not broken.
func (s State) Reset() (after State, ok bool) {
	if s.Name != Broken {
		return s, false
	}
	s.Name, s.Failures, s.NextCheckAt = NotFiring, 0, time.Time{}
	return s, true
}
