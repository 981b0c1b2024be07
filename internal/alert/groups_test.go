package alert_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/alert"
)

// groupCheck is a check with room for three groups that are remembered for an hour.
func groupCheck(counts map[string][]int64) alert.GroupsCheck {
	return alert.GroupsCheck{Counts: counts, Limits: alert.GroupLimits{AtMost: 3, Memory: time.Hour}}
}

// told is what a decision says, in a line.
func told(d alert.GroupsDecision) string {
	var parts []string
	for _, change := range d.Changes {
		part := change.After.Value + " " + string(change.After.Name)
		for _, told := range []struct {
			how string
			alert.Notification
		}{{"", change.Notification}, {" held", change.Held}, {" muted", change.Muted}} {
			if told.Notification != alert.NoNotification {
				part += told.how + " " + string(told.Notification)
			}
		}
		if change.IsGone {
			part += " gone"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

func valuesOf(groups []alert.Group) (values []string) {
	for _, group := range groups {
		values = append(values, group.Value)
	}
	return values
}

// Each step is a check a minute after the one before it.
func TestDecideGroups(t *testing.T) {
	type step struct {
		counts  map[string][]int64
		isQuiet bool
		told    string
		groups  string
		state   alert.Name
	}
	of := func(pairs ...any) map[string][]int64 {
		counts := map[string][]int64{}
		for i := 0; i < len(pairs); i += 2 {
			counts[pairs[i].(string)] = []int64{int64(pairs[i+1].(int))}
		}
		return counts
	}
	none := of()
	for _, test := range []struct {
		name   string
		change func(*alert.Rule)
		steps  []step
	}{
		{"each by itself", nil, []step{
			{of("a", 11, "b", 3), false, "a firing firing", "a b", alert.Firing},
			{of("a", 12, "b", 11), false, "b firing firing", "a b", alert.Firing},
			{of("a", 2, "b", 11), false, "a not_firing resolved", "a b", alert.Firing},
			{none, false, "b not_firing resolved", "", alert.NotFiring},
		}},
		{"a cooldown of each", func(r *alert.Rule) { r.Cooldown = 3 * time.Minute }, []step{
			{of("a", 11), false, "a firing firing", "a", alert.Firing},
			{of("b", 11), false, "a not_firing held resolved, b firing firing", "a b", alert.Firing},
			{of("a", 11, "b", 11), false, "a firing held firing", "a b", alert.Firing},
			{of("b", 11), false, "a not_firing resolved", "a b", alert.Firing},
		}},
		{"too many", nil, []step{
			{of("a", 1, "b", 2, "c", 3, "d", 11), false, "d firing firing", "b c d", alert.Firing},
			{of("a", 11, "b", 2, "c", 3), false, "d not_firing resolved, a firing firing", "a b c", alert.Firing},
		}},
		{"too long", nil, []step{{of(strings.Repeat("x", alert.MaxGroupBytes+1), 11), false, "", "", alert.NotFiring}}},
		{"quiet hours", func(r *alert.Rule) { r.Cooldown = time.Hour }, []step{
			{of("a", 11), true, "a firing muted firing", "a", alert.Firing},
			{none, false, "a not_firing resolved", "a", alert.NotFiring},
		}},
		{"a recovery threshold of each", func(r *alert.Rule) { r.Recovery = new(int64(5)) }, []step{
			{of("a", 11, "b", 11), false, "a firing firing, b firing firing", "a b", alert.Firing},
			{of("a", 6, "b", 5), false, "b not_firing resolved", "a b", alert.Firing},
		}},
		{"silence keeps", func(r *alert.Rule) { r.NoData = alert.NoDataKeeps }, []step{
			{of("a", 11), false, "a firing firing", "a", alert.Firing},
			{none, false, "", "a", alert.Firing},
		}},
		{"too few, only of a whole window", func(r *alert.Rule) { r.Operator, r.Window = alert.Below, 2*time.Minute }, []step{
			{of("a", 3), false, "", "a", alert.NotFiring},
			{of("a", 3), false, "", "a", alert.NotFiring},
			{of("a", 3), false, "a firing firing", "a", alert.Firing},
			{of("a", 30), false, "a not_firing resolved", "a", alert.NotFiring},
			{none, false, "a firing firing", "a", alert.Firing},
		}},
		{"silence breaches", func(r *alert.Rule) { r.NoData, r.Window = alert.NoDataBreaches, time.Minute }, []step{
			{of("a", 3), false, "", "a", alert.NotFiring},
			{none, false, "a firing firing", "a", alert.Firing},
			{of("a", 3), false, "a not_firing resolved", "a", alert.NotFiring},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			rule := aboveTen()
			if test.change != nil {
				test.change(&rule)
			}
			state, groups := enabled(alert.NotFiring), []alert.Group(nil)
			for i, step := range test.steps {
				check := groupCheck(step.counts)
				check.IsQuiet = step.isQuiet
				d := rule.DecideGroups(state, groups, check, noon.Add(time.Duration(i)*time.Minute))
				sorted := strings.Split(step.told, ", ")
				slices.Sort(sorted)
				assert.Equal(t, strings.Join(sorted, ", "), told(d), "step %d", i)
				assert.Equal(t, step.groups, strings.Join(valuesOf(d.Groups), " "), "step %d", i)
				assert.Equal(t, step.state, d.State.Name, "step %d", i)
				state, groups = d.State, d.Groups
			}
		})
	}
}

// N of M is that of each group.
func TestTwoOfThreeOfEachGroup(t *testing.T) {
	rule := aboveTen()
	rule.Periods, rule.Datapoints = 3, 2
	d := rule.DecideGroups(enabled(alert.NotFiring), nil, groupCheck(map[string][]int64{
		"a": {11, 0, 11}, "b": {11, 0, 0}, "c": {0, 11, 11},
	}), noon)
	assert.Equal(t, "a firing firing, c firing firing", told(d))
	d = rule.DecideGroups(d.State, d.Groups, groupCheck(map[string][]int64{"a": {0, 11, 0}, "b": {0, 11, 0}, "c": {11, 0, 11}}), noon.Add(5*time.Minute))
	assert.Equal(t, "a not_firing resolved", told(d))
}

// A group that is silent and fires for that is forgotten in the end, and its end is told.
func TestGroupsAreForgotten(t *testing.T) {
	rule := aboveTen()
	rule.Operator = alert.Below
	d := rule.DecideGroups(enabled(alert.NotFiring), nil, groupCheck(map[string][]int64{"a": {20}, "b": {20}}), noon)
	at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	d = rule.DecideGroups(d.State, d.Groups, groupCheck(map[string][]int64{"b": {20}}), at(10))
	require.Equal(t, "a firing firing", told(d))
	for _, minutes := range []int{59, 60, 61} {
		d = rule.DecideGroups(d.State, d.Groups, groupCheck(map[string][]int64{"b": {20}}), at(minutes))
		want := ""
		if minutes == 60 {
			want = "a not_firing resolved gone"
		}
		assert.Equal(t, want, told(d), "after %d minutes", minutes)
	}
	assert.Equal(t, []string{"b"}, valuesOf(d.Groups))
	assert.Equal(t, alert.NotFiring, d.State.Name)
}

// A group that is over keeps its cooldown, so that one which comes and goes is no flood.
func TestGroupsKeepTheirCooldown(t *testing.T) {
	rule := aboveTen()
	rule.Cooldown = 10 * time.Minute
	state, groups := enabled(alert.NotFiring), []alert.Group(nil)
	announced := 0
	for minute := range 30 {
		counts := map[string][]int64{}
		if minute%2 == 0 {
			counts["a"] = []int64{11}
		}
		d := rule.DecideGroups(state, groups, groupCheck(counts), noon.Add(time.Duration(minute)*time.Minute))
		for _, change := range d.Changes {
			if change.Notification != alert.NoNotification {
				announced++
			}
		}
		state, groups = d.State, d.Groups
	}
	assert.Equal(t, 3, announced)
}

// A thousand groups that all fire, flap and resolve are told of as often as their cooldown
// allows.
func TestCooldownOfAThousandGroups(t *testing.T) {
	rule := aboveTen()
	rule.Cooldown = 10 * time.Minute
	limits := alert.GroupLimits{AtMost: alert.MaxGroups, Memory: time.Hour}
	state, groups := enabled(alert.NotFiring), []alert.Group(nil)
	announced := map[string]int{}
	for minute := range 20 {
		counts := map[string][]int64{}
		for i := range alert.MaxGroups {
			counts[fmt.Sprint(i)] = []int64{int64(11 * (1 - minute%2))}
		}
		d := rule.DecideGroups(state, groups, alert.GroupsCheck{Counts: counts, Limits: limits}, noon.Add(time.Duration(minute)*time.Minute))
		require.Zero(t, d.LeftOut)
		for _, change := range d.Changes {
			if change.Notification != alert.NoNotification {
				announced[change.After.Value]++
			}
		}
		state, groups = d.State, d.Groups
	}
	require.Len(t, announced, alert.MaxGroups)
	for _, count := range announced {
		require.Equal(t, 2, count)
	}
}

// What is put off is made by the same check made again, and a check that is made again
// changes nothing.
func TestChecksOfGroupsInParts(t *testing.T) {
	seed := rand.Uint64() //nolint:gosec // no secret
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // to be repeatable
	for range 300 {
		rule := randomRule(random)
		rule.NoData = []alert.NoData{alert.NoDataCounts, alert.NoDataBreaches, alert.NoDataKeeps}[random.IntN(3)]
		state, groups := enabled(alert.NotFiring), []alert.Group(nil)
		now := noon
		for range 30 {
			now = now.Add(time.Duration(1+random.IntN(20)) * time.Minute)
			check := randomGroupCheck(random, rule)
			whole := rule.DecideGroups(state, groups, check, now)
			var changes []alert.GroupChange
			for isDone := false; !isDone; {
				part := rule.DecideGroups(state, groups, check, now)
				if isDone = len(part.Changes) <= 1; !isDone {
					part.PutOff(1)
				}
				changes = append(changes, part.Changes...)
				state, groups = part.State, part.Groups
			}
			slices.SortFunc(changes, func(a, b alert.GroupChange) int { return strings.Compare(a.After.Value, b.After.Value) })
			require.Equal(t, whole.Groups, groups)
			require.Equal(t, told(whole), told(alert.GroupsDecision{Changes: changes}))
			require.Equal(t, whole.State, state)
			again := rule.DecideGroups(state, groups, check, now)
			require.Empty(t, again.Changes)
			require.Equal(t, groups, again.Groups)
			require.LessOrEqual(t, len(groups), check.Limits.AtMost)
		}
	}
}

func randomGroupCheck(random *rand.Rand, rule alert.Rule) alert.GroupsCheck {
	counts := map[string][]int64{}
	for _, value := range []string{"a", "b", "c", "d", "e"} {
		of := make([]int64, rule.Periods)
		for k := range of {
			of[k] = int64(random.IntN(6))
		}
		if random.IntN(2) == 0 && slices.Max(of) > 0 {
			counts[value] = of
		}
	}
	check := groupCheck(counts)
	check.IsQuiet = random.IntN(5) == 0
	return check
}

func TestSleepingAlertsHaveSleepingGroups(t *testing.T) {
	rule := aboveTen()
	groups := []alert.Group{{Value: "a", Name: alert.NotFiring, FirstSeenAt: noon.Add(-time.Hour), SeenAt: noon.Add(-time.Hour)}}
	asleep := enabled(alert.Snoozed)
	asleep.SnoozeUntil = noon
	check := groupCheck(map[string][]int64{"a": {11}})
	d := rule.DecideGroups(asleep, groups, check, noon.Add(-1))
	assert.Equal(t, groups, d.Groups)
	assert.Equal(t, asleep, d.State)
	d = rule.DecideGroups(asleep, groups, check, noon)
	assert.Equal(t, "a firing firing", told(d))
	assert.Equal(t, alert.Firing, d.State.Name)
	assert.True(t, d.State.SnoozeUntil.IsZero())
}

func TestSimulateGroups(t *testing.T) {
	rule := aboveTen()
	counts := map[time.Time]map[string][]int64{
		noon.Add(5 * time.Minute):  {"a": {11}, "b": {3}},
		noon.Add(10 * time.Minute): {"a": {12}, "b": {40}},
		noon.Add(15 * time.Minute): {"b": {2}},
	}
	checks := alert.SimulateGroups(rule, noon, noon.Add(20*time.Minute), groupCheck(nil).Limits, func(windows []alert.Span) map[string][]int64 {
		return counts[windows[0].To]
	})
	var got []string
	for _, check := range checks {
		got = append(got, fmt.Sprintf("%d %s %s (%s)", check.Count, check.SimulatedCheck.State, check.Notification, check.Reason))
	}
	assert.Equal(t, []string{
		"0 not_firing  (no records)",
		"11 firing firing (a: 11 > 10: fired)",
		"40 firing firing (b: 40 > 10: fired)",
		"0 not_firing resolved (a: 0 ≤ 10: resolved)",
		"0 not_firing  (no records)",
	}, got)
}
