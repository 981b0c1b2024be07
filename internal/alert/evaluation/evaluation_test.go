package evaluation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/logstoretest"
)

// calm is a world in which only happens what a test makes happen.
func calm(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, rand.New(rand.NewPCG(1, 1))) //nolint:gosec // to be repeatable
	w.isTagging = true
	w.start(0)
	w.start(1)
	return w
}

func moreThan(count int64) alertstore.Settings {
	return alertstore.Settings{
		Name: "x", Enabled: true, Filters: json.RawMessage(`{"serviceNames":["a"]}`), ThresholdCount: count,
		Operator: alert.Above, WindowMinutes: 5, Periods: 1, Datapoints: 1,
	}
}

// pass lets minutes pass, with a check in each.
func (w *world) pass(minutes int) {
	for range minutes {
		w.now = w.now.Add(time.Minute)
		w.learn()
		require.NoError(w.t, w.replicas[0].Check(w.t.Context()))
	}
}

func (w *world) get(a alertstore.Alert) alertstore.Alert {
	got, err := w.alerts.Get(w.t.Context(), 1, a.ID)
	require.NoError(w.t, err)
	return got
}

func (w *world) newest(a alertstore.Alert) alertstore.Event {
	w.t.Helper()
	events, err := w.alerts.Events(w.t.Context(), 1, a.ID)
	require.NoError(w.t, err)
	require.NotEmpty(w.t, events)
	return events[0]
}

func TestRecordsThatComeLateChangeTheVerdict(t *testing.T) {
	w := calm(t)
	a := w.create(moreThan(1))
	w.pass(12)
	w.receive("a", 0)
	w.pass(7)
	require.Equal(t, alert.NotFiring, w.get(a).State.Name)
	w.receive("a", 7*time.Minute+30*time.Second) // no window of a check to come has it
	w.pass(1)
	event := w.newest(a)
	assert.Equal(t, alert.KindVerdictChanged, event.Kind)
	assert.Contains(t, event.Error, "would have fired")
	assert.Equal(t, int64(2), *event.Count)
	assert.True(t, event.Breached)
	assert.Equal(t, alert.NotFiring, w.get(a).State.Name, "what is past is not announced")
	assert.Empty(t, event.Notification)
	events, err := w.alerts.Events(t.Context(), 1, a.ID)
	require.NoError(t, err)
	w.pass(3)
	later, err := w.alerts.Events(t.Context(), 1, a.ID)
	require.NoError(t, err)
	assert.Len(t, later, len(events), "each verdict changes once")
}

func TestQuietHours(t *testing.T) {
	w := calm(t)
	a := w.create(moreThan(0))
	w.pass(1)
	w.isQuiet = true
	w.receive("a", 0)
	w.pass(1)
	event := w.newest(a)
	assert.Equal(t, alert.Fire, event.Muted)
	assert.Empty(t, event.Notification)
	assert.Equal(t, alert.Firing, w.get(a).State.Name)
	assert.True(t, w.get(a).State.LastNotifiedAt.IsZero())
	w.isQuiet = false
	w.pass(1)
	assert.Equal(t, event, w.newest(a), "what was muted is not sent later")
	w.pass(5)
	assert.Equal(t, alert.Resolve, w.newest(a).Notification)
}

func TestFailedCountsAreNoBreach(t *testing.T) {
	w := calm(t)
	settings := moreThan(0)
	settings.Operator, settings.ThresholdCount = alert.Below, 1
	a := w.create(settings)
	w.receive("a", 0)
	w.pass(1)
	require.Equal(t, alert.NotFiring, w.get(a).State.Name)

	w.failing = &logstore.UnavailableError{Reason: "no cluster"}
	for range 20 {
		w.now = w.now.Add(time.Minute)
		require.ErrorIs(t, w.replicas[0].Check(t.Context()), w.failing)
	}
	got := w.get(a)
	assert.Equal(t, alert.NotFiring, got.State.Name)
	assert.Zero(t, got.State.Failures)
	w.failing = nil
	w.pass(1)
	assert.Equal(t, alert.Firing, w.get(a).State.Name, "the missed checks are caught up")
	at := w.newest(a).At
	assert.Less(t, at, w.now.Add(-10*time.Minute), "and tell when it fired")
}

func TestExpensiveCountsBreakTheAlert(t *testing.T) {
	w := calm(t)
	a := w.create(moreThan(0))
	w.failing = &logstore.TooExpensiveError{Reason: "too many"}
	w.pass(1)
	assert.Equal(t, alert.Failed, w.newest(a).Notification)
	assert.Contains(t, w.get(a).LastError, "query_performance")
	w.pass(alert.BrokenAfter - 1)
	assert.Equal(t, alert.Broken, w.get(a).State.Name)
	assert.Equal(t, alert.BrokeDown, w.newest(a).Notification)
	w.failing = nil
	queries := w.queries
	w.pass(3)
	assert.Equal(t, queries, w.queries, "a broken alert is not checked")
	assert.NotEmpty(t, w.get(a).LastError)
}

func TestBadFiltersBreakTheAlertAlone(t *testing.T) {
	w := calm(t)
	settings := moreThan(0)
	settings.Filters = json.RawMessage(`{"unknown":1}`)
	bad, good := w.create(settings), w.create(moreThan(0))
	w.receive("a", 0)
	w.pass(alert.BrokenAfter)
	assert.Equal(t, alert.Broken, w.get(bad).State.Name)
	assert.Contains(t, w.get(bad).LastError, "invalid_query")
	assert.Equal(t, alert.Firing, w.get(good).State.Name)
}

// Once records are tagged with them, a thousand alerts cost what one does.
func TestOneQuestionForAllAlerts(t *testing.T) {
	w := calm(t)
	for i := range 1000 {
		settings := moreThan(int64(i % 3))
		settings.Filters = fmt.Appendf(nil, `{"serviceNames":["a","b%d"]}`, i)
		w.create(settings)
	}
	w.pass(25) // until what checks look back on is tagged
	for range 3 {
		w.receive("a", 0)
	}
	queries := w.queries
	w.pass(1)
	assert.Equal(t, queries+1, w.queries)
	all, err := w.alerts.All(t.Context())
	require.NoError(t, err)
	for _, a := range all {
		require.Equal(t, alert.Firing, a.State.Name)
	}
}

// What is too much for one question is asked in parts, and not alert by alert.
func TestTooManyTagsForOneQuestion(t *testing.T) {
	w := calm(t)
	var all []alertstore.Alert
	for i := range 20 {
		settings := moreThan(2)
		settings.Filters = fmt.Appendf(nil, `{"serviceNames":["a%d"]}`, i)
		all = append(all, w.create(settings))
	}
	w.pass(25) // until what checks look back on is tagged
	for range 4 {
		for i := range all {
			w.receive(fmt.Sprint("a", i), 0)
		}
		w.pass(1)
	}
	w.maxBuckets = 30 // each minute has 20
	queries := w.queries
	w.receive("a7", 0)
	w.pass(1)
	assert.Less(t, w.queries-queries, len(all))
	for _, a := range all {
		require.Equal(t, alert.Firing, w.get(a).State.Name)
	}
	events, err := w.alerts.Events(t.Context(), 1, all[7].ID)
	require.NoError(t, err)
	require.Len(t, events, 1)
	assert.EqualValues(t, 3, *events[0].Count)
}

func TestDeletedMeanwhile(t *testing.T) {
	w := calm(t)
	a := w.create(moreThan(0))
	w.pass(1)
	w.receive("a", 0)
	w.now = w.now.Add(time.Minute)
	w.onQuery = func(ctx context.Context) {
		_, err := w.alerts.Delete(ctx, 1, a.ID)
		require.NoError(t, err)
	}
	require.NoError(t, w.replicas[0].Check(t.Context()))
	assert.Empty(t, w.delivered)
}

// While a clock that was set back catches up, alerts are checked at each tick once, whoever
// does so.
func TestClocksThatAreSetBack(t *testing.T) {
	w := calm(t)
	at := func(hour, minute, second int) { w.now = time.Date(2026, 7, 1, hour, minute, second, 0, time.UTC) }
	at(11, 59, 0)
	a := w.create(moreThan(1))
	check := func(replica int) alert.Name {
		w.learn()
		w.replicas[replica].Forget()
		require.NoError(t, w.replicas[replica].Check(t.Context()))
		return w.get(a).State.Name
	}
	at(12, 0, 10)
	check(0)
	at(11, 59, 20)
	_, err := w.alerts.Change(t.Context(), 1, a.ID, func(a *alertstore.Alert) error {
		a.State.NextCheckAt = time.Time{} // as an edit of the condition does
		return nil
	})
	require.NoError(t, err)
	check(0)
	at(11, 59, 30)
	w.receive("a", 0)
	at(12, 0, 5)
	require.Equal(t, alert.NotFiring, check(1), "this is the check of 12:00")
	w.receive("a", 10*time.Second)
	at(12, 0, 8)
	assert.Equal(t, alert.NotFiring, check(0), "which is not made again")
	at(12, 1, 0)
	assert.Equal(t, alert.Firing, check(1))

	at(12, 0, 20)
	_, err = w.alerts.Change(t.Context(), 1, a.ID, func(a *alertstore.Alert) error {
		a.State.NextCheckAt, a.State.Name = time.Time{}, alert.NotFiring
		return nil
	})
	require.NoError(t, err)
	w.all, w.records = nil, logstoretest.NewReference()
	check(0)
	at(12, 0, 40)
	w.receive("a", 0)
	w.receive("a", 0)
	at(12, 1, 1)
	assert.Equal(t, alert.Firing, check(1), "nor is one left out because a later one was made before")
	assert.Equal(t, "12:01:00", w.newest(a).At.Format(time.TimeOnly))
}
