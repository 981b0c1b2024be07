package alert_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/docketlog/docket/internal/alert"
)

func clock(hour, minute, second int) time.Time {
	return time.Date(2026, 7, 1, hour, minute, second, 0, time.UTC)
}

// The rows are the computed examples in Docket's notes on PostHog's API, 3.5.
func TestNextCheck(t *testing.T) {
	const interval = 5 * time.Minute
	for _, test := range []struct {
		name               string
		planned, now, want time.Time
		offset             time.Duration
	}{
		{"the first", time.Time{}, clock(12, 3, 20), clock(12, 5, 0), 0},
		{"in time", clock(12, 0, 0), clock(12, 0, 5), clock(12, 5, 0), 0},
		{"an interval late", clock(12, 0, 0), clock(12, 5, 0), clock(12, 10, 0), 0},
		{"several intervals late", clock(12, 0, 0), clock(12, 17, 0), clock(12, 20, 0), 0},
		{"off the grid", clock(12, 2, 30), clock(12, 2, 40), clock(12, 5, 0), 0},
		{"with an offset", clock(12, 0, 0), clock(12, 0, 5), clock(12, 7, 0), 2 * time.Minute},
		{"over midnight", clock(23, 55, 0), clock(23, 55, 1), clock(24, 0, 0), 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, test.want, alert.NextCheck(test.planned, test.now, interval, test.offset))
		})
	}
	assert.Equal(t, clock(12, 0, 3), alert.NextCheck(clock(12, 0, 2), clock(12, 0, 2), time.Second, 0))
}

func TestIsDue(t *testing.T) {
	due := alert.State{Name: alert.NotFiring, Enabled: true}
	assert.True(t, due.IsDue(noon), "a new alert")
	due.NextCheckAt = noon
	assert.True(t, due.IsDue(noon))
	assert.False(t, due.IsDue(noon.Add(-time.Nanosecond)))
	for name, change := range map[string]func(*alert.State){
		"disabled": func(s *alert.State) { s.Enabled = false },
		"broken":   func(s *alert.State) { s.Name = alert.Broken },
		"asleep":   func(s *alert.State) { s.Name, s.SnoozeUntil = alert.Snoozed, noon.Add(1) },
	} {
		t.Run(name, func(t *testing.T) {
			state := due
			change(&state)
			assert.False(t, state.IsDue(noon))
		})
	}
	due.SnoozeUntil = noon.Add(time.Hour)
	assert.True(t, due.IsDue(noon), "the time alone is no snooze")
}

func TestAnchor(t *testing.T) {
	rule := aboveTen()
	planned := alert.State{NextCheckAt: noon}
	now := noon.Add(time.Second)
	assert.Equal(t, now, alert.State{}.Anchor(rule, now, time.Time{}))
	assert.Equal(t, noon, planned.Anchor(rule, now, time.Time{}))
	assert.Equal(t, noon.Add(-5*time.Minute), planned.Anchor(rule, now, noon.Add(-5*time.Minute)))
	assert.Equal(t, noon, planned.Anchor(rule, now, noon.Add(-5*time.Minute-1)), "too long ago to wait for")
	assert.Equal(t, noon, planned.Anchor(rule, now, noon.Add(time.Minute)))
	rule.Delay = time.Minute
	assert.Equal(t, noon.Add(-time.Minute), planned.Anchor(rule, now, noon))
}

// Each row is one of the table of user actions in the notes, 3.4.
func TestEdits(t *testing.T) {
	in := func(name alert.Name, failures int) alert.State {
		return alert.State{Name: name, Enabled: true, Failures: failures, NextCheckAt: noon, SnoozeUntil: noon}
	}
	later := noon.Add(time.Hour)
	for _, test := range []struct {
		name     string
		before   alert.State
		edit     alert.Edit
		state    alert.Name
		failures int
		kind     alert.Kind
		isDue    bool
	}{
		{"enable", alert.State{Name: alert.Broken, Failures: 5, NextCheckAt: noon}, alert.Edit{Enabled: true}, alert.NotFiring, 0, alert.KindEnable, false},
		{"disable", in(alert.Broken, 5), alert.Edit{}, alert.NotFiring, 5, alert.KindDisable, false},
		{"rename", in(alert.Firing, 2), alert.Edit{Enabled: true}, alert.Firing, 2, alert.NoEvent, false},
		{"snooze", in(alert.Firing, 2), alert.Edit{Enabled: true, Snooze: true, SnoozeUntil: later}, alert.Snoozed, 2, alert.KindSnooze, false},
		{"unsnooze", in(alert.Broken, 5), alert.Edit{Enabled: true, Snooze: true}, alert.NotFiring, 0, alert.KindUnsnooze, false},
		{"condition of a snoozed one", in(alert.Snoozed, 2), alert.Edit{Enabled: true, Condition: true}, alert.Snoozed, 2, alert.KindThresholdChange, true},
		{"condition", in(alert.Broken, 5), alert.Edit{Enabled: true, Condition: true}, alert.NotFiring, 0, alert.KindThresholdChange, true},
		{"window", in(alert.Firing, 2), alert.Edit{Enabled: true, Window: true}, alert.Firing, 2, alert.NoEvent, true},
		{
			"snooze and condition", in(alert.Firing, 2),
			alert.Edit{Enabled: true, Snooze: true, SnoozeUntil: later, Condition: true},
			alert.Snoozed, 2, alert.KindSnooze, true,
		},
		{"disable and snooze", in(alert.Firing, 2), alert.Edit{Snooze: true, SnoozeUntil: later}, alert.NotFiring, 2, alert.KindDisable, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			after, kind := test.before.After(test.edit)
			assert.Equal(t, test.state, after.Name)
			assert.Equal(t, test.failures, after.Failures)
			assert.Equal(t, test.kind, kind)
			assert.Equal(t, test.isDue, after.NextCheckAt.IsZero())
			assert.Equal(t, test.edit.Enabled, after.Enabled)
			if test.edit.Snooze {
				assert.Equal(t, test.edit.SnoozeUntil, after.SnoozeUntil)
			}
		})
	}
}

func TestReset(t *testing.T) {
	after, ok := alert.State{Name: alert.Broken, Failures: 5, NextCheckAt: noon}.Reset()
	assert.True(t, ok)
	assert.Equal(t, alert.State{Name: alert.NotFiring}, after)
	_, ok = alert.State{Name: alert.Firing}.Reset()
	assert.False(t, ok)
}

func TestTimeline(t *testing.T) {
	start := noon.Add(-24 * time.Hour)
	at := func(hours int) time.Time { return start.Add(time.Duration(hours) * time.Hour) }
	for _, test := range []struct {
		name   string
		events []alert.Event
		toggle alert.Kind
		want   []alert.Interval
	}{
		{"no event", nil, alert.NoEvent, []alert.Interval{{start, noon, alert.NotFiring, true}}},
		{
			"fire and resolve",
			[]alert.Event{{at(1), alert.KindCheck, alert.NotFiring, alert.Firing}, {at(2), alert.KindCheck, alert.Firing, alert.NotFiring}},
			alert.NoEvent,
			[]alert.Interval{{start, at(1), alert.NotFiring, true}, {at(1), at(2), alert.Firing, true}, {at(2), noon, alert.NotFiring, true}},
		},
		{
			"nothing new",
			[]alert.Event{{at(1), alert.KindCheck, alert.NotFiring, alert.NotFiring}},
			alert.KindEnable,
			[]alert.Interval{{start, noon, alert.NotFiring, true}},
		},
		{
			"disabled in between",
			[]alert.Event{{at(3), alert.KindDisable, alert.Firing, alert.NotFiring}},
			alert.NoEvent,
			[]alert.Interval{{start, at(3), alert.Firing, true}, {at(3), noon, alert.NotFiring, false}},
		},
		{
			"disabled before",
			[]alert.Event{{at(3), alert.KindEnable, alert.NotFiring, alert.NotFiring}},
			alert.KindDisable,
			[]alert.Interval{{start, at(3), alert.NotFiring, false}, {at(3), noon, alert.NotFiring, true}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, test.want, alert.Timeline(test.events, test.toggle, enabled(alert.NotFiring), noon))
		})
	}
}

func TestSimulate(t *testing.T) {
	rule := aboveTen()
	rule.Cooldown = 10 * time.Minute
	counts := map[time.Time]int64{noon.Add(5 * time.Minute): 11, noon.Add(15 * time.Minute): 12, noon.Add(20 * time.Minute): 12}
	checks := alert.Simulate(rule, noon.Add(-time.Second), noon.Add(29*time.Minute), func(span alert.Span) int64 {
		assert.Equal(t, rule.Window, span.To.Sub(span.From))
		return counts[span.To]
	})
	var notifications []alert.Notification
	for i, check := range checks {
		assert.Equal(t, noon.Add(time.Duration(i)*5*time.Minute), check.At)
		notifications = append(notifications, check.Notification)
	}
	none := alert.NoNotification
	assert.Equal(t, []alert.Notification{none, alert.Fire, none, alert.Fire, none, alert.Resolve}, notifications)
	assert.Contains(t, checks[2].Reason, "cooldown")
	assert.Equal(t, "12 > 10: still firing", checks[4].Reason)
	assert.Len(t, alert.Simulate(rule, noon.Add(-24*time.Hour), noon, func(alert.Span) int64 { return 0 }), 289)
}
