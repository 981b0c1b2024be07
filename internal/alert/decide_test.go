package alert_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/alert"
)

var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a constant

// aboveTen is an alert that fires when there are more than ten.
func aboveTen() alert.Rule {
	return alert.Rule{
		Operator: alert.Above, Threshold: 10, Window: 5 * time.Minute, Interval: 5 * time.Minute,
		Periods: 1, Datapoints: 1,
	}
}

func enabled(name alert.Name) alert.State { return alert.State{Name: name, Enabled: true} }

func counted(counts ...int64) alert.Check { return alert.Check{Counts: counts} }

// Each row is one of the decision table in Docket's notes on PostHog's API, 3.3.
func TestDecide(t *testing.T) {
	for _, test := range []struct {
		name         string
		before       alert.State
		check        alert.Check
		state        alert.Name
		notification alert.Notification
		failures     int
	}{
		{"broken, met", alert.State{Name: alert.Broken, Failures: 5}, counted(11), alert.Broken, alert.NoNotification, 5},
		{"broken, failed", alert.State{Name: alert.Broken, Failures: 5}, alert.Check{Failure: alert.Counted}, alert.Broken, alert.NoNotification, 5},
		{
			"asleep, met",
			alert.State{Name: alert.Snoozed, SnoozeUntil: noon.Add(time.Nanosecond), Failures: 2},
			counted(11), alert.Snoozed, alert.NoNotification, 2,
		},
		{"awake at the very moment, met", alert.State{Name: alert.Snoozed, SnoozeUntil: noon, Failures: 2}, counted(11), alert.Firing, alert.Fire, 0},
		{"snoozed until no time, not met", enabled(alert.Snoozed), counted(10), alert.NotFiring, alert.NoNotification, 0},
		{"not firing, met", alert.State{Name: alert.NotFiring, Failures: 4}, counted(11), alert.Firing, alert.Fire, 0},
		{"not firing, equal", alert.State{Name: alert.NotFiring, Failures: 4}, counted(10), alert.NotFiring, alert.NoNotification, 0},
		{"errored, met", enabled(alert.Errored), counted(11), alert.Firing, alert.Fire, 0},
		{"errored, not met", enabled(alert.Errored), counted(0), alert.NotFiring, alert.NoNotification, 0},
		{"firing, met", enabled(alert.Firing), counted(11), alert.Firing, alert.NoNotification, 0},
		{"firing, not met", enabled(alert.Firing), counted(10), alert.NotFiring, alert.Resolve, 0},
		{"pending resolve, met", enabled(alert.PendingResolve), counted(11), alert.Firing, alert.NoNotification, 0},
		{"pending resolve, not met", enabled(alert.PendingResolve), counted(1), alert.NotFiring, alert.Resolve, 0},
		{"firing, busy store", alert.State{Name: alert.Firing, Failures: 3}, alert.Check{Failure: alert.Transient}, alert.Firing, alert.NoNotification, 3},
		{"firing, inconclusive", enabled(alert.Firing), alert.Check{}, alert.Firing, alert.NoNotification, 0},
		{"first failure", enabled(alert.Firing), alert.Check{Failure: alert.Counted}, alert.Firing, alert.Failed, 1},
		{"second failure", alert.State{Name: alert.NotFiring, Failures: 1}, alert.Check{Failure: alert.Counted}, alert.NotFiring, alert.NoNotification, 2},
		{"fifth failure", alert.State{Name: alert.Firing, Failures: 4}, alert.Check{Failure: alert.Counted}, alert.Broken, alert.BrokeDown, 5},
	} {
		t.Run(test.name, func(t *testing.T) {
			decision := aboveTen().Decide(test.before, test.check, noon)
			assert.Equal(t, test.state, decision.State.Name)
			assert.Equal(t, test.notification, decision.Notification)
			assert.Equal(t, test.failures, decision.State.Failures)
		})
	}
}

func TestTwoOfThree(t *testing.T) {
	rule := aboveTen()
	rule.Periods, rule.Datapoints = 3, 2
	assert.Equal(t, alert.NotFiring, rule.Decide(enabled(alert.NotFiring), counted(11, 0, 0), noon).State.Name)
	assert.Equal(t, alert.Firing, rule.Decide(enabled(alert.NotFiring), counted(0, 11, 11), noon).State.Name,
		"the newest need not be one of them")
	assert.Equal(t, alert.Firing, rule.Decide(enabled(alert.Firing), counted(0, 11, 11), noon).State.Name,
		"one clear window does not resolve it")
	assert.Equal(t, alert.NotFiring, rule.Decide(enabled(alert.Firing), counted(0, 0, 11), noon).State.Name)
}

func TestBreaches(t *testing.T) {
	below := aboveTen()
	below.Operator = alert.Below
	assert.True(t, below.Breaches(9))
	assert.False(t, below.Breaches(10))
	assert.True(t, below.Breaches(0), "silence is a count")
	silent := aboveTen()
	silent.NoData = alert.NoDataBreaches
	assert.True(t, silent.Breaches(0))
	below.NoData = alert.NoDataKeeps
	assert.False(t, below.Breaches(0))
	for _, name := range []alert.Name{alert.Firing, alert.NotFiring} {
		decision := below.Decide(enabled(name), counted(0), noon)
		assert.Equal(t, name, decision.State.Name)
		assert.Equal(t, alert.NoNotification, decision.Notification)
		assert.Equal(t, noon, decision.State.LastCheckedAt)
	}
}

func TestCooldown(t *testing.T) {
	rule := aboveTen()
	rule.Cooldown = 10 * time.Minute
	last := noon.Add(-10 * time.Minute)
	state := enabled(alert.NotFiring)
	state.LastNotifiedAt = last

	at := rule.Decide(state, counted(11), noon)
	assert.Equal(t, alert.Fire, at.Notification, "at its end it is over")
	assert.Equal(t, noon, at.State.LastNotifiedAt)

	before := rule.Decide(state, counted(11), noon.Add(-time.Nanosecond))
	assert.Equal(t, alert.NoNotification, before.Notification)
	assert.Equal(t, alert.Fire, before.Held)
	assert.Equal(t, alert.Firing, before.State.Name, "the state moves all the same")
	assert.Equal(t, last, before.State.LastNotifiedAt)

	resolved := rule.Decide(before.State, counted(0), noon.Add(-time.Nanosecond))
	assert.Equal(t, alert.Resolve, resolved.Held)
	assert.Equal(t, alert.NotFiring, resolved.State.Name)

	failed := rule.Decide(state, alert.Check{Failure: alert.Counted}, noon.Add(-time.Minute))
	assert.Equal(t, alert.Failed, failed.Notification, "failures are announced in a cooldown too")
	assert.Equal(t, last, failed.State.LastNotifiedAt)
}

func TestRecovery(t *testing.T) {
	five := int64(5)
	rule := aboveTen()
	rule.Recovery = &five
	assert.Equal(t, alert.Firing, rule.Decide(enabled(alert.Firing), counted(6), noon).State.Name)
	assert.Equal(t, alert.NotFiring, rule.Decide(enabled(alert.Firing), counted(5), noon).State.Name)
	assert.Equal(t, alert.NotFiring, rule.Decide(enabled(alert.NotFiring), counted(6), noon).State.Name)
	rule.Operator, rule.Threshold = alert.Below, 3
	assert.Equal(t, alert.Firing, rule.Decide(enabled(alert.Firing), counted(4), noon).State.Name)
	assert.Equal(t, alert.NotFiring, rule.Decide(enabled(alert.Firing), counted(5), noon).State.Name)
}

// A day of random checks is decided as by a reference that is written as the table is
// read, one case after the other.
func TestDecideAgreesWithTheTable(t *testing.T) {
	seed := rand.Uint64() //nolint:gosec // no secret
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // to be repeatable
	for range 2000 {
		rule := randomRule(random)
		state, now := enabled(alert.NotFiring), noon
		for step := range 50 {
			now = now.Add(time.Duration(random.IntN(8)) * time.Minute)
			check := randomCheck(random, rule)
			if random.IntN(10) == 0 {
				state.Name, state.SnoozeUntil = alert.Snoozed, now.Add(time.Duration(random.IntN(7)-3)*time.Minute)
			}
			want, wantNotification := decideByTable(rule, state, check, now)
			got := rule.Decide(state, check, now)
			require.Equal(t, want, got.State, "step %d: %+v %+v %+v", step, rule, state, check)
			require.Equal(t, wantNotification, got.Notification, "step %d: %+v %+v %+v", step, rule, state, check)
			state = got.State
			if state.Name == alert.Broken {
				state, _ = state.Reset()
			}
		}
	}
}

func randomRule(random *rand.Rand) alert.Rule {
	rule := alert.Rule{
		Operator: []alert.Operator{alert.Above, alert.Below}[random.IntN(2)], Threshold: int64(random.IntN(4)),
		Window: 5 * time.Minute, Interval: time.Minute, Periods: 1 + random.IntN(4),
		Cooldown: time.Duration(random.IntN(3)*random.IntN(10)) * time.Minute,
	}
	rule.Datapoints = 1 + random.IntN(rule.Periods)
	return rule
}

func randomCheck(random *rand.Rand, rule alert.Rule) alert.Check {
	switch random.IntN(8) {
	case 0:
		return alert.Check{Failure: alert.Transient}
	case 1, 2:
		return alert.Check{Failure: alert.Counted}
	}
	check := alert.Check{Counts: make([]int64, rule.Periods)}
	for k := range check.Counts {
		check.Counts[k] = int64(random.IntN(6))
	}
	return check
}

//nolint:gocyclo // the table, row by row
func decideByTable(rule alert.Rule, state alert.State, check alert.Check, now time.Time) (alert.State, alert.Notification) {
	if state.Name == alert.Broken {
		return state, alert.NoNotification
	}
	if state.Name == alert.Snoozed && state.SnoozeUntil.After(now) {
		return state, alert.NoNotification
	}
	if state.Name == alert.Snoozed {
		state.Name = alert.NotFiring
		state.SnoozeUntil = time.Time{}
	}
	if check.Failure == alert.Transient {
		return state, alert.NoNotification
	}
	if check.Failure == alert.Counted {
		state.Failures++
		if state.Failures >= 5 {
			state.Name = alert.Broken
			return state, alert.BrokeDown
		}
		if state.Failures == 1 {
			return state, alert.Failed
		}
		return state, alert.NoNotification
	}
	breaches := 0
	for _, count := range check.Counts {
		if rule.Operator == alert.Above && count > rule.Threshold {
			breaches++
		}
		if rule.Operator == alert.Below && count < rule.Threshold {
			breaches++
		}
	}
	state.Failures = 0
	state.LastCheckedAt = now
	notification := alert.NoNotification
	if state.Name == alert.NotFiring && breaches >= rule.Datapoints {
		state.Name = alert.Firing
		notification = alert.Fire
	} else if state.Name == alert.Firing && breaches < rule.Datapoints {
		state.Name = alert.NotFiring
		notification = alert.Resolve
	}
	if notification == alert.NoNotification {
		return state, notification
	}
	if rule.Cooldown > 0 && !state.LastNotifiedAt.IsZero() && now.Sub(state.LastNotifiedAt) < rule.Cooldown {
		return state, alert.NoNotification
	}
	state.LastNotifiedAt = now
	return state, notification
}

func TestWindows(t *testing.T) {
	rule := aboveTen()
	rule.Window, rule.Periods = 10*time.Minute, 3
	assert.Equal(t, []alert.Span{
		{From: noon.Add(-10 * time.Minute), To: noon},
		{From: noon.Add(-15 * time.Minute), To: noon.Add(-5 * time.Minute)},
		{From: noon.Add(-20 * time.Minute), To: noon.Add(-10 * time.Minute)},
	}, rule.Windows(noon))
	for _, test := range []struct{ window, periods, minutes int }{{5, 3, 15}, {5, 10, 50}, {10, 3, 20}, {60, 10, 105}} {
		t.Run(fmt.Sprintf("%d minutes, %d periods", test.window, test.periods), func(t *testing.T) {
			rule.Window, rule.Periods = time.Duration(test.window)*time.Minute, test.periods
			assert.Equal(t, time.Duration(test.minutes)*time.Minute, rule.Lookback())
		})
	}
}
