package evaluation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/alert/evaluation"
	"github.com/docketlog/docket/internal/filter/dates"
	"github.com/docketlog/docket/internal/filter/posthog"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

func byHost(count int64) alertstore.Settings {
	settings := moreThan(count)
	settings.GroupBy = &posthog.FieldName{Type: "log_attribute", Key: "host"}
	return settings
}

// receiveFrom stores records of hosts that happen now.
func (w *world) receiveFrom(hosts ...string) {
	w.t.Helper()
	var batch []record.Record
	for _, host := range hosts {
		r := record.New()
		r.Resource.Attributes().PutInt(record.AttributeProjectID, 1)
		r.Resource.Attributes().PutStr("service.name", "a")
		r.Log.SetTimestamp(pcommon.NewTimestampFromTime(w.now))
		r.Log.Attributes().PutStr(record.AttributeID, fmt.Sprintf("%08d", len(w.all)))
		r.Log.Attributes().PutStr("host", host)
		batch = append(batch, r)
		w.all = append(w.all, r)
	}
	require.NoError(w.t, w.records.Apply(w.t.Context(), batch, false))
}

// The worked example of docs/alerts.md.
func TestGroupsOfTheDocumentation(t *testing.T) {
	w := calm(t)
	w.limits = alert.GroupLimits{AtMost: 100, Memory: alert.GroupMemory}
	w.start(0)
	w.now = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	settings := byHost(2)
	a := w.create(settings)
	w.pass(1)
	w.receiveFrom("web-1", "web-1", "web-1", "web-2")
	w.pass(1)
	w.receiveFrom("web-2", "web-2")
	w.pass(1)
	w.pass(5)
	events, err := w.alerts.Events(t.Context(), 1, a.ID)
	require.NoError(t, err)
	var got []string
	for _, event := range slices.Backward(events) {
		got = append(got, fmt.Sprintf("%s %s %s %d, alert %s", event.At.Format("15:04"), event.Group.Value, event.Notification, *event.Count, event.After))
	}
	assert.Equal(t, []string{
		"12:02 web-1 firing 3, alert firing",
		"12:03 web-2 firing 3, alert firing",
		"12:07 web-1 resolved 0, alert firing",
		"12:07 web-2 resolved 2, alert not_firing",
	}, got)
}

// Alerts with groups cost one question each, and the others one together.
func TestOneQuestionForEachAlertWithGroups(t *testing.T) {
	w := calm(t)
	for i := range 20 {
		settings := moreThan(int64(i))
		if i < 3 {
			settings = byHost(int64(i))
		}
		w.create(settings)
	}
	w.pass(25) // until what checks look back on is tagged
	w.receiveFrom("web-1", "web-2")
	queries := w.queries
	w.pass(1)
	assert.Equal(t, queries+4, w.queries)
}

func TestTooManyValuesAreTold(t *testing.T) {
	w := calm(t)
	a := w.create(byHost(1))
	w.receiveFrom("a", "b", "c", "c", "d", strings.Repeat("x", alert.MaxGroupBytes+1))
	w.now = w.now.Add(time.Second)
	w.pass(1)
	got := w.get(a)
	require.Len(t, got.Groups, 2)
	assert.Equal(t, "c", got.Groups[1].Value, "the worst has room")
	assert.Equal(t, 3, got.GroupsLeftOut)
	event := w.newest(a)
	assert.Equal(t, alert.KindGroupsLeftOut, event.Kind)
	assert.Contains(t, event.Error, "3 values of host are not watched: an alert has at most 2 groups")
	w.pass(1)
	assert.Equal(t, event, w.newest(a), "it is told once")
	w.pass(5)
	assert.Zero(t, w.get(a).GroupsLeftOut)
	assert.Empty(t, w.get(a).Groups)
}

// An alert is one document, whatever happens to how many groups at once; and whoever dies in
// the middle leaves the rest to be told.
func TestManyGroupsAtOnce(t *testing.T) {
	w := calm(t)
	w.limits = alert.GroupLimits{AtMost: alert.MaxGroups, Memory: time.Hour}
	w.announced = json.RawMessage(`"` + strings.Repeat("x", 4<<10) + `"`)
	w.start(0)
	w.start(1)
	a := w.create(byHost(0))
	w.pass(1)
	var hosts []string
	for i := range alert.MaxGroups {
		hosts = append(hosts, fmt.Sprintf("%03d%s", i, strings.Repeat("x", alert.MaxGroupBytes-3)))
	}
	w.receiveFrom(hosts...)
	w.now = w.now.Add(time.Minute)
	w.dieAt = 300
	require.ErrorIs(t, w.replicas[0].Check(t.Context()), errDied)
	require.NoError(t, w.replicas[1].Check(t.Context()))
	got := w.get(a)
	require.Equal(t, alert.MaxGroups, len(got.Groups)) //nolint:testifylint // it would tell of all of them
	assert.Equal(t, alert.Firing, got.State.Name)
	events, err := w.alerts.Events(t.Context(), 1, a.ID)
	require.NoError(t, err)
	fired := map[string]int{}
	for _, event := range events {
		if event.Notification == alert.Fire {
			fired[event.Group.Value]++
			require.NotZero(t, w.delivered[event.ID])
		}
	}
	require.Equal(t, alert.MaxGroups, len(fired)) //nolint:testifylint // it would tell of all of them
	for host, times := range fired {
		require.Equal(t, 1, times, host)
	}
}

func TestFailedCountsOfGroups(t *testing.T) {
	w := calm(t)
	a := w.create(byHost(0))
	w.receiveFrom("web-1")
	w.now = w.now.Add(time.Second)
	w.pass(1)
	require.Equal(t, alert.Firing, w.get(a).State.Name)
	w.failing = &logstore.TooExpensiveError{Reason: "too many values"}
	w.pass(1)
	assert.Equal(t, alert.Failed, w.newest(a).Notification)
	assert.True(t, w.get(a).Groups[0].IsFiring(), "a failure says nothing of a group")
	w.pass(alert.BrokenAfter - 1)
	got := w.get(a)
	assert.Equal(t, alert.Broken, got.State.Name)
	assert.False(t, got.Groups[0].IsFiring(), "no group fires of an alert that does not")
}

func TestEditedMeanwhile(t *testing.T) {
	w := calm(t)
	a := w.create(byHost(0))
	w.pass(1)
	w.receiveFrom("web-1")
	w.now = w.now.Add(time.Minute)
	w.onQuery = func(ctx context.Context) {
		_, err := w.alerts.Change(ctx, 1, a.ID, func(a *alertstore.Alert) error { a.SetGroupBy(nil); return nil })
		require.NoError(t, err)
	}
	require.NoError(t, w.replicas[0].Check(t.Context()))
	w.onQuery = nil
	assert.Empty(t, w.get(a).Groups, "what was counted of another field says nothing")
	w.pass(1)
	assert.Nil(t, w.newest(a).Group)
	assert.Equal(t, alert.Firing, w.get(a).State.Name)
}

// On the same records, a simulation does what the evaluator does.
func TestSimulateIsWhatTheEvaluatorDoes(t *testing.T) {
	seed := rand.Uint64() //nolint:gosec // no secret
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // to be repeatable
	notifications := 0
	for range 60 {
		w := newWorld(t, random)
		w.now = w.now.Truncate(interval)
		settings := randomSettings(random)
		settings.DelaySeconds = 0
		a := w.create(settings)
		start := w.now
		require.NoError(t, w.replicas[0].Check(t.Context()))
		for range 40 {
			w.now = w.now.Add(time.Duration(1+random.IntN(29)) * time.Second)
			w.learn()
			for range random.IntN(4) {
				w.receive([]string{"a", "b", "c"}[random.IntN(3)], 0)
			}
			w.now = w.now.Truncate(interval).Add(interval)
			require.NoError(t, w.replicas[0].Check(t.Context()))
		}
		events, err := w.alerts.Events(t.Context(), 1, a.ID)
		require.NoError(t, err)
		var did []string
		for _, event := range events {
			if event.Kind == alert.KindGroupsLeftOut {
				continue
			}
			value := ""
			if event.Group != nil {
				value = event.Group.Value
			}
			did = append(did, fmt.Sprintf("%s [%s] %d %s", event.At.Format(time.TimeOnly), value, *event.Count, event.Notification))
			notifications++
		}
		assert.ElementsMatch(t, simulated(w, settings, start), did, "%+v", settings)
	}
	assert.NotZero(t, notifications)
}

// simulated returns what a simulation changes.
func simulated(w *world, settings alertstore.Settings, from time.Time) (changes []string) {
	selected, err := posthog.ParseAlert(settings.Filters, dates.Clock{Now: w.now})
	require.NoError(w.t, err)
	tell := func(at time.Time, value string, count int64, notification alert.Notification) {
		changes = append(changes, fmt.Sprintf("%s [%s] %d %s", at.Format(time.TimeOnly), value, count, notification))
	}
	rule := settings.Rule(interval)
	if settings.GroupBy == nil {
		checks, err := evaluation.Simulate(w.t.Context(), w, 1, selected, rule, from, w.now)
		require.NoError(w.t, err)
		before := alert.NotFiring
		for _, check := range checks {
			if check.State != before {
				tell(check.At, "", check.Count, check.Notification)
			}
			before = check.State
		}
		return changes
	}
	by, err := settings.GroupBy.GroupField()
	require.NoError(w.t, err)
	checks, err := evaluation.SimulateGroups(w.t.Context(), w, 1, selected, by, rule, w.limits, from, w.now)
	require.NoError(w.t, err)
	for _, check := range checks {
		for _, change := range check.Changes {
			tell(check.At, change.After.Value, change.After.Count, change.Notification)
		}
	}
	return changes
}
