package alertstore

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/filter/posthog"
)

// Alert is an alert of a project.
type Alert struct {
	// ID is a UUID.
	ID        string `json:"id"`
	ProjectID int64  `json:"project"`
	Settings
	// FilterVersion grows by one with each change of the filters. Records are tagged with
	// it, so that those which matched other filters are told apart.
	FilterVersion int64 `json:"filter_version"`
	// TaggedFrom is the time from which on every replica tags what it receives with
	// FilterVersion.
	TaggedFrom time.Time `json:"tagged_from"`

	CreatedAt time.Time `json:"created_at"`
	CreatedBy Author    `json:"created_by"`
	UpdatedAt time.Time `json:"updated_at"`
	// FirstEnabledAt is zero for an alert that was never enabled.
	FirstEnabledAt time.Time `json:"first_enabled_at,omitzero"`

	State State `json:"state"`
	// CheckedThrough is what Store.Progress was when State.NextCheckAt was set. Only when it
	// is more by now, the alert was checked since.
	CheckedThrough time.Time `json:"checked_through,omitzero"`
	// LastError is the error of the newest check that failed, also when later ones
	// succeeded.
	LastError string `json:"last_error,omitempty"`
	// Groups are those of an alert with GroupBy, by their value; GroupsLeftOut is how many
	// values the newest check found that are none.
	Groups        []alert.Group `json:"groups,omitempty"`
	GroupsLeftOut int           `json:"groups_left_out,omitempty"`
	// Outbox are transitions that are not settled yet, the oldest first.
	Outbox []Transition `json:"outbox,omitempty"`
	// Provisioned is true for one that the configuration has, which the API cannot change.
	Provisioned bool `json:"provisioned,omitempty"`
	// ProvisionedBy is where in the configuration, such as
	// extensions::alerting::alerts::declined; "" unless the alert is Provisioned.
	ProvisionedBy string `json:"provisioned_by,omitempty"`

	// version is that of the document.
	version int64
}

// Settings are what people set of an alert. Zero values are not defaults: whoever makes
// an alert sets all of them.
type Settings struct {
	Name    string `json:"name"`
	Enabled bool   `json:"enabled"`
	// Filters is a JSON object, as it was written.
	Filters        json.RawMessage `json:"filters"`
	ThresholdCount int64           `json:"threshold_count"`
	Operator       alert.Operator  `json:"threshold_operator"`
	WindowMinutes  int             `json:"window_minutes"`
	Periods        int             `json:"evaluation_periods"`
	Datapoints     int             `json:"datapoints_to_alarm"`
	CooldownMin    int64           `json:"cooldown_minutes"`
	// QuietHours is a JSON object with blocked_windows, nil for none.
	QuietHours json.RawMessage `json:"schedule_restriction,omitempty"`

	// What PostHog's alerts do not have.
	DelaySeconds int64        `json:"evaluation_delay_seconds,omitempty"`
	Recovery     *int64       `json:"recovery_threshold,omitempty"`
	NoData       alert.NoData `json:"no_data,omitempty"`
	// GroupBy is the field that has a state for each of its values; nil for none.
	GroupBy *posthog.FieldName `json:"group_by,omitempty"`
}

// IsGroupedAs reports whether the settings make the same groups as others.
func (s Settings) IsGroupedAs(other Settings) bool {
	return s.GroupBy == other.GroupBy || s.GroupBy != nil && other.GroupBy != nil && *s.GroupBy == *other.GroupBy
}

// Rule returns the rule that the settings are, checked every interval.
func (s Settings) Rule(interval time.Duration) alert.Rule {
	return alert.Rule{
		Operator: s.Operator, Threshold: s.ThresholdCount,
		Window: time.Duration(s.WindowMinutes) * time.Minute, Interval: interval,
		Periods: s.Periods, Datapoints: s.Datapoints, Cooldown: time.Duration(s.CooldownMin) * time.Minute,
		Delay: time.Duration(s.DelaySeconds) * time.Second, Recovery: s.Recovery, NoData: s.NoData,
	}
}

// Author is who made an alert, as it was then.
type Author struct {
	// UUID is the same in all that they make.
	UUID string `json:"uuid"`
	Name string `json:"name"`
}

// State is alert.State as it is kept. Whether an alert is enabled is a setting.
type State struct {
	Name           alert.Name `json:"name"`
	SnoozeUntil    time.Time  `json:"snooze_until,omitzero"`
	NextCheckAt    time.Time  `json:"next_check_at,omitzero"`
	LastCheckedAt  time.Time  `json:"last_checked_at,omitzero"`
	LastNotifiedAt time.Time  `json:"last_notified_at,omitzero"`
	Failures       int        `json:"failures,omitempty"`
}

// Now returns the state as package alert has it.
func (a Alert) Now() alert.State {
	return alert.State{
		Name: a.State.Name, Enabled: a.Enabled, SnoozeUntil: a.State.SnoozeUntil, NextCheckAt: a.State.NextCheckAt,
		LastCheckedAt: a.State.LastCheckedAt, LastNotifiedAt: a.State.LastNotifiedAt, Failures: a.State.Failures,
	}
}

// Become sets the state. No group fires of an alert that does not.
func (a *Alert) Become(state alert.State) {
	a.Enabled = state.Enabled
	if state.Name != alert.Firing && state.Name != alert.PendingResolve {
		a.changeGroups(func(group *alert.Group) {
			if group.IsFiring() {
				group.Name, group.Since = alert.NotFiring, time.Time{}
			}
		})
	}
	a.State = State{
		Name: state.Name, SnoozeUntil: state.SnoozeUntil, NextCheckAt: state.NextCheckAt,
		LastCheckedAt: state.LastCheckedAt, LastNotifiedAt: state.LastNotifiedAt, Failures: state.Failures,
	}
}

// SetGroupBy gives the alert another field to make groups by. The groups of before are
// forgotten.
func (a *Alert) SetGroupBy(name *posthog.FieldName) {
	a.GroupBy, a.Groups, a.GroupsLeftOut = name, nil, 0
}

func (a *Alert) changeGroups(change func(*alert.Group)) {
	a.Groups = slices.Clone(a.Groups)
	for i := range a.Groups {
		change(&a.Groups[i])
	}
}

// Transition is something that has happened to an alert and that its history tells.
type Transition struct {
	// ID is a UUIDv7, so that they sort by time.
	ID   string     `json:"id"`
	At   time.Time  `json:"at"`
	Kind alert.Kind `json:"kind"`
	// Before and After are the states of the alert, which fires as long as one of its groups
	// does.
	Before alert.Name `json:"state_before"`
	After  alert.Name `json:"state_after"`
	// Group is what has happened to one group; nil for the alert as a whole.
	Group *GroupTransition `json:"group,omitempty"`
	// Breached and Count are those of the newest window of a check; Count is nil for
	// anything else and for a check that failed.
	Breached bool   `json:"threshold_breached,omitempty"`
	Count    *int64 `json:"result_count,omitempty"`
	Error    string `json:"error_message,omitempty"`
	// QueryMilliseconds is how long the check took to count.
	QueryMilliseconds int64 `json:"query_duration_ms,omitempty"`
	// Window is the newest window of a check.
	From time.Time `json:"window_from,omitzero"`
	To   time.Time `json:"window_to,omitzero"`

	// Notification is what is announced of it. Held is what was not because of the
	// cooldown, Muted what was not because of quiet hours.
	Notification alert.Notification `json:"notification,omitempty"`
	Held         alert.Notification `json:"held,omitempty"`
	Muted        alert.Notification `json:"muted,omitempty"`
	// Announced is what a notification tells, as it was at the time.
	Announced json.RawMessage `json:"announced,omitempty"`
}

// GroupTransition is what a transition is to a group.
type GroupTransition struct {
	Value  string     `json:"value"`
	Before alert.Name `json:"state_before"`
	After  alert.Name `json:"state_after"`
}

// event returns the transition as a timeline has it.
func (t Transition) event() alert.Event {
	return alert.Event{At: t.At, Kind: t.Kind, Before: t.Before, After: t.After}
}

// Tag is what records that match the alert's filters are tagged with.
func (a Alert) Tag() string { return a.ID + "/" + strconv.FormatInt(a.FilterVersion, 10) }

// Propagation is how long it takes at most until every replica knows new filters.
const Propagation = 15 * time.Second

// SetFilters gives the alert other filters. What was seen of its groups counts no more,
// but for their cooldown.
func (a *Alert) SetFilters(filters json.RawMessage, now time.Time) {
	a.changeGroups(func(group *alert.Group) { group.FirstSeenAt, group.SeenAt = time.Time{}, time.Time{} })
	a.Filters = filters
	a.FilterVersion++
	a.TaggedFrom = now.Add(Propagation).UTC()
}
