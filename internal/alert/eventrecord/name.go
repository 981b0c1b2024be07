package eventrecord

import (
	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/filter"
)

// Names of the events that records tell of: their event names.
const (
	Firing         = "docket.alert.firing"
	Resolved       = "docket.alert.resolved"
	Errored        = "docket.alert.errored"
	Broken         = "docket.alert.broken"
	Snoozed        = "docket.alert.snoozed"
	Unsnoozed      = "docket.alert.unsnoozed"
	Enabled        = "docket.alert.enabled"
	Disabled       = "docket.alert.disabled"
	Reset          = "docket.alert.reset"
	Changed        = "docket.alert.changed"
	VerdictChanged = "docket.alert.verdict_changed"
	GroupsLeftOut  = "docket.alert.groups_left_out"
	// Checked is a check of which there is nothing else to say.
	Checked = "docket.alert.checked"
)

// Names returns the names of all events.
func Names() []string {
	return []string{
		Firing, Resolved, Errored, Broken, Snoozed, Unsnoozed, Enabled, Disabled, Reset, Changed, VerdictChanged,
		GroupsLeftOut, Checked,
	}
}

// Countable returns what of an expression alerts count: not what happens to alerts, their
// own or others'. An alert that counted what happens to it would fire because it fired;
// two that counted each other would never come to rest.
func Countable(selected filter.Expression) filter.Expression {
	others := filter.Not{Part: filter.Equal{Field: filter.Field{Place: filter.PlaceEventName}, Values: Names()}}
	if selected == nil {
		return others
	}
	return filter.And{selected, others}
}

// nameOf returns the name of what has happened.
func nameOf(t alertstore.Transition) string {
	switch t.Kind {
	case alert.KindCheck:
		return nameOfCheck(t)
	case alert.KindSnooze:
		return Snoozed
	case alert.KindUnsnooze:
		return Unsnoozed
	case alert.KindEnable:
		return Enabled
	case alert.KindDisable:
		return Disabled
	case alert.KindReset:
		return Reset
	case alert.KindVerdictChanged:
		return VerdictChanged
	case alert.KindGroupGone: // it fired
		return Resolved
	case alert.KindGroupsLeftOut:
		return GroupsLeftOut
	default:
		return Changed
	}
}

func nameOfCheck(t alertstore.Transition) string {
	switch {
	case t.After == alert.Broken:
		return Broken
	case t.Error != "":
		return Errored
	case told(t) == alert.Fire:
		return Firing
	case told(t) == alert.Resolve:
		return Resolved
	case t.Before == alert.Snoozed && t.After == alert.NotFiring:
		return Unsnoozed
	default:
		return Checked
	}
}

// told returns what is announced of a transition, or would be but for the cooldown or
// quiet hours.
func told(t alertstore.Transition) alert.Notification {
	for _, notification := range []alert.Notification{t.Notification, t.Held, t.Muted} {
		if notification != alert.NoNotification {
			return notification
		}
	}
	return alert.NoNotification
}
