package alertform

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/dates"
	"github.com/docketlog/docket/internal/filter/posthog"
	"github.com/docketlog/docket/internal/requestbody"
)

// Names of fields.
const (
	FieldFilters       = "filters"
	FieldDatapoints    = "datapoints_to_alarm"
	FieldWindowMinutes = "window_minutes"
	FieldSnoozeUntil   = "snooze_until"
	fieldQuietHours    = "schedule_restriction"
	FieldRecovery      = "recovery_threshold"
	FieldNoData        = "no_data"
	FieldGroupBy       = "group_by"
)

// Bounds and defaults of alerts, as PostHog's API has them.
const (
	untitled             = "Untitled alert"
	maxName              = 255
	maxGroupKey          = 512
	defaultThreshold     = 100
	defaultWindowMinutes = 5
	maxEvaluationDelay   = 24 * 60 * 60
	// noFilters are those of an alert that says nothing of them.
	noFilters = "{}"
)

// windows are the windows that an alert may have, in minutes.
func windows() []int64 { return []int64{5, 10, 15, 30, 60} }

// Defaults are the settings of an alert of which nothing is said.
func Defaults() alertstore.Settings {
	return alertstore.Settings{
		Name: untitled, Enabled: true, Filters: json.RawMessage(noFilters), ThresholdCount: defaultThreshold,
		Operator: alert.Above, WindowMinutes: defaultWindowMinutes, Periods: 1, Datapoints: 1,
	}
}

// Change is what somebody says of an alert.
type Change struct {
	// Settings are what the alert is to have.
	Settings alertstore.Settings
	// Snoozes is true if a time was given, which is SnoozeUntil; zero ends a snooze.
	Snoozes     bool
	SnoozeUntil time.Time

	window, periods, datapoints int64
	recovery                    int64
	hasRecovery                 bool
	groupBy                     posthog.FieldName
}

// NewChange returns a change to settings, of which those stay that are not named.
func NewChange(settings alertstore.Settings) *Change {
	c := &Change{
		Settings: settings, window: int64(settings.WindowMinutes), periods: int64(settings.Periods), datapoints: int64(settings.Datapoints),
	}
	if settings.Recovery != nil {
		c.recovery, c.hasRecovery = *settings.Recovery, true
	}
	return c
}

// Fields are what may be said, in the order in which it is checked.
func (c *Change) Fields() []requestbody.Field {
	s := &c.Settings
	count := func(into *int64, least, most int64) requestbody.Integer {
		return requestbody.Integer{Into: into, Min: &least, Max: &most}
	}
	atLeast := func(into *int64, least int64) requestbody.Integer {
		return requestbody.Integer{Into: into, Min: &least}
	}
	return []requestbody.Field{
		{Name: "name", As: requestbody.Text{Into: &s.Name, MaxLength: maxName, MayBeBlank: true}},
		{Name: "enabled", As: requestbody.Boolean{Into: &s.Enabled}},
		{Name: FieldFilters, As: requestbody.Object{Into: &s.Filters}},
		{Name: "threshold_count", As: atLeast(&s.ThresholdCount, 0)},
		{Name: "threshold_operator", As: requestbody.Choice[alert.Operator]{Into: &s.Operator, Of: []alert.Operator{alert.Above, alert.Below}}},
		{Name: FieldWindowMinutes, As: requestbody.Integer{Into: &c.window}},
		{Name: "evaluation_periods", As: count(&c.periods, 1, alert.MaxPeriods)},
		{Name: FieldDatapoints, As: count(&c.datapoints, 1, alert.MaxPeriods)},
		{Name: "cooldown_minutes", As: atLeast(&s.CooldownMin, 0)},
		{Name: FieldSnoozeUntil, Nullable: true, As: requestbody.Time{Into: &c.SnoozeUntil}},
		{Name: fieldQuietHours, Nullable: true, As: requestbody.Object{Into: &s.QuietHours}},
		{Name: "evaluation_delay_seconds", As: count(&s.DelaySeconds, 0, maxEvaluationDelay)},
		{Name: FieldRecovery, Nullable: true, As: atLeast(&c.recovery, 0)},
		{Name: FieldNoData, As: requestbody.Choice[alert.NoData]{
			Into: &s.NoData, Of: []alert.NoData{alert.NoDataCounts, alert.NoDataBreaches, alert.NoDataKeeps},
		}},
		{Name: FieldGroupBy, Nullable: true, As: requestbody.Nested{Fields: []requestbody.Field{
			{Name: "type", Required: true, As: requestbody.Text{Into: &c.groupBy.Type, MaxLength: maxName}},
			{Name: "key", Required: true, As: requestbody.Text{Into: &c.groupBy.Key, MaxLength: maxGroupKey}},
		}}},
	}
}

// Read reads what is said, of which nothing is required: all has a default. The error is
// a *requestbody.Error.
func (c *Change) Read(body requestbody.Body, now time.Time) error {
	if err := body.ReadPartial(c.Fields()); err != nil {
		return FiltersProblem(err)
	}
	if strings.TrimSpace(c.Settings.Name) == "" {
		c.Settings.Name = untitled
	}
	c.Snoozes = body.Has(FieldSnoozeUntil)
	c.Settle(body)
	return c.Check(now, body.Has)
}

// Settle puts into the settings what was read of a body beside them.
func (c *Change) Settle(body requestbody.Body) {
	c.Settings.WindowMinutes, c.Settings.Periods, c.Settings.Datapoints = int(c.window), int(c.periods), int(c.datapoints)
	isGiven := func(name string) bool { return string(body.Members()[name]) != "null" }
	if body.Has(FieldRecovery) {
		c.hasRecovery = isGiven(FieldRecovery)
	}
	if c.Settings.Recovery = nil; c.hasRecovery {
		c.Settings.Recovery = &c.recovery
	}
	switch {
	case !body.Has(FieldGroupBy):
	case isGiven(FieldGroupBy):
		c.Settings.GroupBy = &c.groupBy
	default:
		c.Settings.GroupBy = nil
	}
}

// FiltersProblem gives filters that are no object the code that PostHog's have.
func FiltersProblem(err error) error {
	if wrong, ok := errors.AsType[*requestbody.Error](err); ok && wrong.Attr == FieldFilters && wrong.Code == requestbody.CodeNotADict {
		return invalid(FieldFilters, "must be an object")
	}
	return err
}

func invalid(field, problem string, arguments ...any) error {
	return requestbody.Wrong(requestbody.CodeInvalidInput, problem, arguments...).In(field)
}

// Check checks what the fields alone do not tell. Filters and quiet hours are only read if
// they were given: those of long ago need not be what may be given now. The error is a
// *requestbody.Error.
func (c *Change) Check(now time.Time, isGiven func(name string) bool) error {
	s := &c.Settings
	if isGiven(FieldFilters) {
		if err := checkFilters(s.Filters, now); err != nil {
			return err
		}
	}
	if !slices.Contains(windows(), c.window) {
		return invalid(FieldWindowMinutes, "must be one of 5, 10, 15, 30 and 60")
	}
	if c.Snoozes && !c.SnoozeUntil.IsZero() && !c.SnoozeUntil.After(now) {
		return invalid(FieldSnoozeUntil, "must be in the future, or null")
	}
	if isGiven(fieldQuietHours) {
		if err := alert.CheckQuietHours(s.QuietHours); err != nil {
			return invalid(fieldQuietHours, "is wrong: %s", err.Error())
		}
	}
	if c.datapoints > c.periods {
		return invalid(FieldDatapoints, "must be at most evaluation_periods, %d", c.periods)
	}
	if err := checkGroupBy(s.GroupBy); err != nil {
		return err
	}
	isDraft := !s.Enabled && SameJSON(s.Filters, json.RawMessage(noFilters))
	if !isDraft && !selectsSomething(s.Filters) {
		return invalid(FieldFilters,
			"must have at least one of severityLevels, serviceNames, filterGroup and q: an alert without is a draft, and cannot be enabled")
	}
	return nil
}

// checkFilters requires filters that can be evaluated.
func checkFilters(filters json.RawMessage, now time.Time) error {
	selected, err := posthog.ParseAlert(filters, dates.Clock{Now: now})
	if err == nil {
		_, err = filter.Compile(selected)
	}
	if wrong, ok := errors.AsType[*filter.Error](err); ok {
		refused := requestbody.Wrong(requestbody.CodeInvalidInput, "is wrong: %s", strings.TrimSuffix(wrong.Error(), "."))
		refused.Column = wrong.Column
		return refused.In(FieldFilters)
	}
	return err
}

// checkGroupBy requires a field by which groups can be made.
func checkGroupBy(name *posthog.FieldName) error {
	if name == nil {
		return nil
	}
	_, err := name.GroupField()
	if wrong, ok := errors.AsType[*filter.Error](err); ok {
		return invalid(FieldGroupBy, "is wrong: %s", strings.TrimSuffix(wrong.Error(), "."))
	}
	return err
}

// selectsSomething reports whether one of the filters is there and not empty. A group of
// no filters is not empty: it is an object with members.
func selectsSomething(filters json.RawMessage) bool {
	var given map[string]any
	if err := json.Unmarshal(filters, &given); err != nil {
		return false
	}
	for _, name := range []string{"severityLevels", "serviceNames", "filterGroup", "q"} {
		switch value := given[name].(type) {
		case string:
			if strings.TrimSpace(value) != "" {
				return true
			}
		case []any:
			if len(value) > 0 {
				return true
			}
		case map[string]any:
			if len(value) > 0 {
				return true
			}
		}
	}
	return false
}

// Window is the width of a window in minutes.
func (c *Change) Window() int64 { return c.window }

// Apply makes the change of an alert that is as it is now, and notes in its outbox what
// that does to its state.
func (c *Change) Apply(a *alertstore.Alert, now time.Time) {
	before := a.Now()
	old, next := a.Settings, c.Settings
	isSameFilter := SameJSON(old.Filters, next.Filters)
	edit := alert.Edit{
		Enabled: next.Enabled, Snooze: c.Snoozes, SnoozeUntil: c.SnoozeUntil,
		Condition: !isSameFilter || old.ThresholdCount != next.ThresholdCount || old.Operator != next.Operator ||
			old.Periods != next.Periods || old.Datapoints != next.Datapoints || !old.IsGroupedAs(next),
		Window: old.WindowMinutes != next.WindowMinutes || old.DelaySeconds != next.DelaySeconds,
	}
	after, kind := before.After(edit)
	a.Settings = next
	if !old.IsGroupedAs(next) {
		a.SetGroupBy(next.GroupBy)
	}
	if isSameFilter {
		a.Filters = next.Filters // perhaps written in another way
	} else {
		a.SetFilters(next.Filters, now)
	}
	a.Become(after)
	a.UpdatedAt = now.UTC()
	if a.Enabled && a.FirstEnabledAt.IsZero() {
		a.FirstEnabledAt = now.UTC()
	}
	if kind != alert.NoEvent {
		Note(a, now, kind, before.Name, after.Name)
	}
}

// Note notes in the outbox of an alert what somebody has done to it.
func Note(a *alertstore.Alert, now time.Time, kind alert.Kind, before, after alert.Name) {
	a.Outbox = append(a.Outbox, alertstore.NewTransition(now, kind, before, after))
}

// SameJSON reports whether two JSON texts say the same.
func SameJSON(a, b json.RawMessage) bool {
	var left, right any
	return json.Unmarshal(a, &left) == nil && json.Unmarshal(b, &right) == nil && reflect.DeepEqual(left, right)
}
