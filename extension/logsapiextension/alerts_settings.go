package logsapiextension

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/docketlog/docket/extension/logsapiextension/internal/requestbody"
	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/dates"
	"github.com/docketlog/docket/internal/filter/posthog"
)

// Bounds and defaults of alerts, as PostHog's API has them.
const (
	untitledAlert         = "Untitled alert"
	maxAlertName          = 255
	defaultThreshold      = 100
	defaultWindowMinutes  = 5
	maxEvaluationDelay    = 24 * 60 * 60
	attributeFilters      = "filters"
	attributeDatapoints   = "datapoints_to_alarm"
	attributeWindow       = "window_minutes"
	attributeSnooze       = "snooze_until"
	attributeQuietHours   = "schedule_restriction"
	attributeCheckMinutes = "check_interval_minutes"
)

// alertWindows are the windows that an alert may have, in minutes.
func alertWindows() []int64 { return []int64{5, 10, 15, 30, 60} }

func defaultAlertSettings() alertstore.Settings {
	return alertstore.Settings{
		Name: untitledAlert, Enabled: true, Filters: json.RawMessage(noFilters), ThresholdCount: defaultThreshold,
		Operator: alert.Above, WindowMinutes: defaultWindowMinutes, Periods: 1, Datapoints: 1,
	}
}

// alertChange is what a request says of an alert.
type alertChange struct {
	settings alertstore.Settings
	// snoozes is true if a time was given, which is snoozeUntil; zero ends a snooze.
	snoozes     bool
	snoozeUntil time.Time

	window, periods, datapoints int64
	recovery                    int64
	hasRecovery                 bool
}

// newAlertChange returns a change to settings, of which those stay that a request does
// not name.
func newAlertChange(settings alertstore.Settings) *alertChange {
	c := &alertChange{
		settings: settings, window: int64(settings.WindowMinutes), periods: int64(settings.Periods), datapoints: int64(settings.Datapoints),
	}
	if settings.Recovery != nil {
		c.recovery, c.hasRecovery = *settings.Recovery, true
	}
	return c
}

// fields are what a request may say, in the order in which it is checked.
func (c *alertChange) fields() []requestbody.Field {
	s := &c.settings
	count := func(into *int64, least, most int64) requestbody.Integer {
		return requestbody.Integer{Into: into, Min: &least, Max: &most}
	}
	atLeast := func(into *int64, least int64) requestbody.Integer {
		return requestbody.Integer{Into: into, Min: &least}
	}
	return []requestbody.Field{
		{Name: "name", As: requestbody.Text{Into: &s.Name, MaxLength: maxAlertName, MayBeBlank: true}},
		{Name: "enabled", As: requestbody.Boolean{Into: &s.Enabled}},
		{Name: attributeFilters, As: requestbody.Object{Into: &s.Filters}},
		{Name: "threshold_count", As: atLeast(&s.ThresholdCount, 0)},
		{Name: "threshold_operator", As: requestbody.Choice[alert.Operator]{Into: &s.Operator, Of: []alert.Operator{alert.Above, alert.Below}}},
		{Name: attributeWindow, As: requestbody.Integer{Into: &c.window}},
		{Name: "evaluation_periods", As: count(&c.periods, 1, alert.MaxPeriods)},
		{Name: attributeDatapoints, As: count(&c.datapoints, 1, alert.MaxPeriods)},
		{Name: "cooldown_minutes", As: atLeast(&s.CooldownMin, 0)},
		{Name: attributeSnooze, Nullable: true, As: requestbody.Time{Into: &c.snoozeUntil}},
		{Name: attributeQuietHours, Nullable: true, As: requestbody.Object{Into: &s.QuietHours}},
		{Name: "evaluation_delay_seconds", As: count(&s.DelaySeconds, 0, maxEvaluationDelay)},
		{Name: "recovery_threshold", Nullable: true, As: atLeast(&c.recovery, 0)},
		{Name: "no_data", As: requestbody.Choice[alert.NoData]{
			Into: &s.NoData, Of: []alert.NoData{alert.NoDataCounts, alert.NoDataBreaches, alert.NoDataKeeps},
		}},
	}
}

// read reads a body, of which nothing is required: all has a default.
func (c *alertChange) read(body requestbody.Body, now time.Time) error {
	if err := body.ReadPartial(c.fields()); err != nil {
		return filtersProblem(err)
	}
	if strings.TrimSpace(c.settings.Name) == "" {
		c.settings.Name = untitledAlert
	}
	c.snoozes = body.Has(attributeSnooze)
	c.settle()
	if body.Has("recovery_threshold") {
		c.hasRecovery = string(body.Members()["recovery_threshold"]) != "null"
	}
	if c.settings.Recovery = nil; c.hasRecovery {
		c.settings.Recovery = &c.recovery
	}
	return c.check(now, body.Has(attributeFilters))
}

// settle puts into the settings what was read beside them.
func (c *alertChange) settle() {
	c.settings.WindowMinutes, c.settings.Periods, c.settings.Datapoints = int(c.window), int(c.periods), int(c.datapoints)
}

// filtersProblem gives filters that are no object the code that PostHog's have.
func filtersProblem(err error) error {
	if wrong, ok := errors.AsType[*requestbody.Error](err); ok && wrong.Attr == attributeFilters && wrong.Code == requestbody.CodeNotADict {
		return requestbody.Wrong(requestbody.CodeInvalidInput, "must be an object").In(attributeFilters)
	}
	return err
}

// check checks what the fields alone do not tell.
func (c *alertChange) check(now time.Time, hasFilters bool) error {
	s := &c.settings
	if hasFilters {
		if err := checkAlertFilters(s.Filters, now); err != nil {
			return err
		}
	}
	if !slices.Contains(alertWindows(), c.window) {
		return fieldProblem(codeInvalidInput, attributeWindow, "The field 'window_minutes' must be one of 5, 10, 15, 30 and 60.")
	}
	if c.snoozes && !c.snoozeUntil.IsZero() && !c.snoozeUntil.After(now) {
		return fieldProblem(codeInvalidInput, attributeSnooze, "The field 'snooze_until' must be in the future, or null.")
	}
	if _, err := alert.ParseQuietHours(s.QuietHours); err != nil {
		return fieldProblem(codeInvalidInput, attributeQuietHours, "The field 'schedule_restriction' is wrong: %s.", err.Error())
	}
	if c.datapoints > c.periods {
		return fieldProblem(codeInvalidInput, attributeDatapoints, "The field 'datapoints_to_alarm' must be at most evaluation_periods, %d.", c.periods)
	}
	isDraft := !s.Enabled && sameJSON(s.Filters, json.RawMessage(noFilters))
	if !isDraft && !selectsSomething(s.Filters) {
		return fieldProblem(codeInvalidInput, attributeFilters,
			"The filters need at least one of severityLevels, serviceNames and filterGroup; an alert without is a draft, and cannot be enabled.")
	}
	return nil
}

// checkAlertFilters requires filters that can be evaluated.
func checkAlertFilters(filters json.RawMessage, now time.Time) error {
	selected, err := posthog.ParseAlert(filters, dates.Clock{Now: now})
	if err == nil {
		_, err = filter.Compile(selected)
	}
	if wrong, ok := errors.AsType[*filter.Error](err); ok {
		return fieldProblem(codeInvalidInput, attributeFilters, "The field 'filters' is wrong: %s.", strings.TrimSuffix(wrong.Error(), "."))
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
	for _, name := range []string{"severityLevels", "serviceNames", "filterGroup"} {
		switch value := given[name].(type) {
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

// apply makes the change of an alert that is as it is now.
func (c *alertChange) apply(a *alertstore.Alert, now time.Time) error {
	before := a.Now()
	old, next := a.Settings, c.settings
	isSameFilter := sameJSON(old.Filters, next.Filters)
	edit := alert.Edit{
		Enabled: next.Enabled, Snooze: c.snoozes, SnoozeUntil: c.snoozeUntil,
		Condition: !isSameFilter || old.ThresholdCount != next.ThresholdCount || old.Operator != next.Operator ||
			old.Periods != next.Periods || old.Datapoints != next.Datapoints,
		Window: old.WindowMinutes != next.WindowMinutes || old.DelaySeconds != next.DelaySeconds,
	}
	after, kind := before.After(edit)
	a.Settings = next
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
	if kind == alert.NoEvent {
		return nil
	}
	return addAlertEvent(a, kind, before.Name, after.Name)
}

// sameJSON reports whether two JSON texts say the same.
func sameJSON(a, b json.RawMessage) bool {
	var left, right any
	return json.Unmarshal(a, &left) == nil && json.Unmarshal(b, &right) == nil && reflect.DeepEqual(left, right)
}
