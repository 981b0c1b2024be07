package evaluation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/alert/evaluation"
	"github.com/docketlog/docket/internal/docstore/docstoretest"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/dates"
	"github.com/docketlog/docket/internal/filter/posthog"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/logstoretest"
	"github.com/docketlog/docket/internal/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const interval = time.Minute

// propagation is how long it takes in the tests until every replica knows an edit.
const propagation = 15 * time.Second

// world is a store of records, alerts on them, and two replicas with one clock.
type world struct {
	t       *testing.T
	random  *rand.Rand
	now     time.Time
	records *logstoretest.Reference
	all     []record.Record
	alerts  *alertstore.Store
	// replicas check alerts, one of them at a time.
	replicas [2]*evaluation.Evaluator
	// delivered counts how often each transition was delivered.
	delivered map[string]int
	// tagging are the alerts as the processors know them.
	tagging []alertstore.Alert
	// dieAt makes the delivery fail that is so many away; 0 none.
	dieAt int
	// isTagging is false if no processor tags records.
	isTagging bool
	// queries counts the questions to the store.
	queries int
	// onQuery is called for each of them, unless it is nil.
	onQuery func(ctx context.Context)
	// failing makes counts fail.
	failing error
	// isQuiet says that it is a quiet hour.
	isQuiet bool
}

var errDied = fmt.Errorf("the process died")

func newWorld(t *testing.T, random *rand.Rand) *world {
	t.Helper()
	documents := docstoretest.NewMemory()
	w := &world{
		t: t, random: random, now: time.Date(2026, 7, 1, 23, 30, 0, 0, time.UTC),
		records: logstoretest.NewReference(), delivered: map[string]int{}, isTagging: random.IntN(4) > 0,
	}
	w.alerts = alertstore.New(documents, func() time.Time { return w.now })
	for i := range w.replicas {
		w.start(i)
	}
	return w
}

// start starts a replica, or starts it again.
func (w *world) start(replica int) {
	w.replicas[replica] = evaluation.New(evaluation.Config{
		Alerts: w.alerts, Records: w, Interval: interval, IsTagging: func() bool { return w.isTagging }, QueryTimeout: time.Minute,
		Compile: func(filters json.RawMessage) (filter.Expression, error) {
			return posthog.ParseAlert(filters, dates.Clock{Now: w.now})
		},
		IsQuiet:  func(json.RawMessage, time.Time) bool { return w.isQuiet },
		Announce: func(alertstore.Alert, *alertstore.Transition) {},
		Deliver: func(_ context.Context, _ alertstore.Alert, t alertstore.Transition) error {
			if w.dieAt--; w.dieAt == 0 {
				return errDied
			}
			w.delivered[t.ID]++
			return nil
		},
		Now: func() time.Time { return w.now }, Logger: zaptest.NewLogger(w.t),
	})
}

// Histogram is that of the records, unless counting is to fail.
func (w *world) Histogram(ctx context.Context, query logstore.HistogramQuery) ([]logstore.Bucket, error) {
	w.queries++
	if w.onQuery != nil {
		w.onQuery(ctx)
	}
	if w.failing != nil {
		return nil, w.failing
	}
	return w.records.Histogram(ctx, query)
}

// check makes a replica check; another may have done so since it last did.
func (w *world) check(replica int) error {
	w.replicas[replica].Forget()
	return w.replicas[replica].Check(w.t.Context())
}

// create makes an alert, which records are tagged for from later on.
func (w *world) create(settings alertstore.Settings) alertstore.Alert {
	w.t.Helper()
	made, err := w.alerts.Create(w.t.Context(), alertstore.Alert{
		ProjectID: 1, Settings: settings, FilterVersion: 1, TaggedFrom: w.now.Add(propagation),
		State: alertstore.State{Name: alert.NotFiring},
	}, 0)
	require.NoError(w.t, err)
	return made
}

// receive stores a record that happened before now, tagged as a processor tags it that
// knows the alerts of a moment within the propagation.
func (w *world) receive(service string, late time.Duration) {
	r := record.New()
	r.Resource.Attributes().PutInt(record.AttributeProjectID, 1)
	r.Resource.Attributes().PutStr("service.name", service)
	r.Log.SetSeverityNumber(plog.SeverityNumberError)
	r.Log.SetTimestamp(pcommon.NewTimestampFromTime(w.now.Add(-late)))
	r.Log.Attributes().PutStr(record.AttributeID, fmt.Sprintf("%08d", len(w.all)))
	var tags []any
	for _, a := range w.tagging {
		selected, err := posthog.ParseAlert(a.Filters, dates.Clock{Now: w.now})
		require.NoError(w.t, err)
		if filter.Matches(selected, r) {
			tags = append(tags, a.Tag())
		}
	}
	if tags != nil && w.isTagging {
		require.NoError(w.t, r.Log.Attributes().PutEmptySlice(record.AttributeAlertMatches).FromRaw(tags))
	}
	require.NoError(w.t, w.records.Apply(w.t.Context(), []record.Record{r}, false))
	w.all = append(w.all, r)
}

// learn makes the processors know the alerts as they are.
func (w *world) learn() {
	all, err := w.alerts.All(w.t.Context())
	require.NoError(w.t, err)
	w.tagging = all
}

// count counts what a window has, the slow and obvious way.
func (w *world) count(a alertstore.Alert, window alert.Span) (count int64) {
	selected, err := posthog.ParseAlert(a.Filters, dates.Clock{Now: w.now})
	require.NoError(w.t, err)
	for _, r := range w.all {
		at := r.Log.Timestamp().AsTime()
		if !at.Before(window.From) && at.Before(window.To) && filter.Matches(selected, r) {
			count++
		}
	}
	return count
}

// reference is what an alert should be, by a recount at every tick.
type reference struct {
	alertstore.Alert

	state   alert.State
	planned time.Time
	events  []string
}

// check makes the checks of the reference that are due.
func (f *reference) check(w *world) {
	if f.planned.IsZero() {
		isAsleep := f.state.Name == alert.Snoozed && f.state.SnoozeUntil.After(w.now)
		if f.state.Enabled && !isAsleep {
			f.tick(w, w.now.Truncate(time.Second))
			f.planned = w.now.Truncate(interval).Add(interval)
		}
		return
	}
	for ; !f.planned.After(w.now); f.planned = f.planned.Add(interval) {
		if f.state.Enabled && f.state.Name != alert.Broken {
			f.tick(w, f.planned)
		}
	}
}

func (f *reference) tick(w *world, tick time.Time) {
	rule := f.Rule(interval)
	var counts []int64
	for _, window := range rule.Windows(tick.Add(-rule.Delay)) {
		counts = append(counts, w.count(f.Alert, window))
	}
	d := rule.Decide(f.state, alert.Check{Counts: counts}, tick)
	if d.State.Name != f.state.Name {
		f.events = append(f.events, fmt.Sprintf("%s %s to %s: %d, %s", tick.Format(time.TimeOnly), f.state.Name, d.State.Name, counts[0], d.Notification))
	}
	f.state = d.State
}

func randomSettings(random *rand.Rand) alertstore.Settings {
	pick := func(of ...int) int { return of[random.IntN(len(of))] }
	settings := alertstore.Settings{
		Name: "x", Enabled: true, Filters: randomFilters(random), ThresholdCount: int64(pick(0, 1, 2, 5)),
		Operator: []alert.Operator{alert.Above, alert.Above, alert.Below}[random.IntN(3)], WindowMinutes: pick(5, 5, 10),
		Periods: 1 + random.IntN(3), CooldownMin: int64(pick(0, 0, 3, 10)), DelaySeconds: int64(pick(0, 0, 20, 90)),
	}
	settings.Datapoints = 1 + random.IntN(settings.Periods)
	if random.IntN(4) == 0 {
		recovery := settings.ThresholdCount
		settings.Recovery = &recovery
	}
	return settings
}

func randomFilters(random *rand.Rand) json.RawMessage {
	services := []string{`"a"`, `"b"`, `"a","b"`}
	return json.RawMessage(`{"serviceNames":[` + services[random.IntN(len(services))] + `]}`)
}

// Random schedules of records, late records, edits, snoozes, deaths and take-overs end
// with the history that a recount at every tick gives, each entry delivered.
func TestOracle(t *testing.T) {
	schedules := 300
	if os.Getenv("DOCKET_TEST_LONG") != "" {
		schedules = 10_000
	}
	seed := rand.Uint64() //nolint:gosec // no secret
	t.Logf("seed %d", seed)
	fired := 0
	for schedule := range schedules {
		random := rand.New(rand.NewPCG(seed, uint64(schedule))) //nolint:gosec // to be repeatable
		t.Run(fmt.Sprintf("schedule %d", schedule), func(t *testing.T) { fired += runSchedule(t, random) })
	}
	assert.Greater(t, fired, schedules, "alerts fire, or this shows nothing")
}

func runSchedule(t *testing.T, random *rand.Rand) (fired int) {
	t.Helper()
	w := newWorld(t, random)
	for range 1 + random.IntN(4) {
		w.create(randomSettings(random))
		w.now = w.now.Add(time.Duration(random.IntN(20)) * time.Second)
	}
	all, err := w.alerts.All(t.Context())
	require.NoError(t, err)
	references := map[string]*reference{}
	for _, a := range all {
		references[a.ID] = &reference{Alert: a, state: a.Now()}
	}
	for range 40 {
		w.step(references)
	}
	w.dieAt = 0
	require.NoError(t, w.check(0))
	for _, f := range references {
		f.check(w)
		fired += w.compare(f)
	}
	return fired
}

// step lets something happen, and half a minute pass.
func (w *world) step(references map[string]*reference) {
	for range w.random.IntN(4) {
		// At most as late as the check may know; what is later changes verdicts and has a
		// test of its own.
		w.receive([]string{"a", "b", "c"}[w.random.IntN(3)], 0)
	}
	ids := make([]string, 0, len(references))
	for id := range references {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	f := references[ids[w.random.IntN(len(ids))]]
	switch w.random.IntN(12) {
	case 0:
		w.snooze(f, w.now.Add(time.Duration(w.random.IntN(300))*time.Second))
	case 1:
		w.edit(f, randomFilters(w.random))
	case 2:
		w.start(w.random.IntN(2)) // a restart
	case 3:
		w.dieAt = 1 + w.random.IntN(2)
	case 4: // an hour-long pause is too long for the reference's patience; minutes do
		w.now = w.now.Add(time.Duration(w.random.IntN(10)) * time.Minute)
	}
	w.now = w.now.Add(propagation)
	w.learn()
	w.now = w.now.Add(time.Duration(w.random.IntN(30)) * time.Second)
	err := w.check(w.random.IntN(2))
	if err != nil {
		require.ErrorIs(w.t, err, errDied)
		require.NoError(w.t, w.check(w.random.IntN(2)), "another replica goes on")
	}
	for _, f := range references {
		f.check(w)
	}
}

func (w *world) snooze(f *reference, until time.Time) {
	w.change(f, func(state alert.State) alert.State {
		after, _ := state.After(alert.Edit{Enabled: true, Snooze: true, SnoozeUntil: until})
		return after
	})
}

func (w *world) edit(f *reference, filters json.RawMessage) {
	if string(filters) == string(f.Filters) {
		return
	}
	f.Filters = filters
	w.change(f, func(state alert.State) alert.State {
		after, _ := state.After(alert.Edit{Enabled: true, Condition: true})
		return after
	})
}

func (w *world) change(f *reference, change func(alert.State) alert.State) {
	_, err := w.alerts.Change(w.t.Context(), 1, f.ID, func(a *alertstore.Alert) error {
		if string(a.Filters) != string(f.Filters) {
			a.Filters = f.Filters
			a.FilterVersion++
			a.TaggedFrom = w.now.Add(propagation)
		}
		a.Become(change(a.Now()))
		return nil
	})
	require.NoError(w.t, err)
	planned := f.state.NextCheckAt
	f.state.NextCheckAt = w.now // any but none
	f.state = change(f.state)
	if f.state.NextCheckAt.IsZero() {
		f.planned = time.Time{}
	}
	f.state.NextCheckAt = planned
}

// compare requires of an alert what the reference is, and returns how often it fired.
func (w *world) compare(f *reference) (fired int) {
	got, err := w.alerts.Get(w.t.Context(), 1, f.ID)
	require.NoError(w.t, err)
	require.Equal(w.t, f.state.Name, got.State.Name)
	require.Empty(w.t, got.Outbox)
	events, err := w.alerts.Events(w.t.Context(), 1, f.ID)
	require.NoError(w.t, err)
	var history []string
	for _, event := range slices.Backward(events) {
		if event.Before == event.After {
			continue
		}
		history = append(history, fmt.Sprintf("%s %s to %s: %d, %s",
			event.At.Format(time.TimeOnly), event.Before, event.After, *event.Count, event.Notification))
		require.NotZero(w.t, w.delivered[event.ID])
		if event.Notification == alert.Fire {
			fired++
		}
	}
	require.Equal(w.t, f.events, history, "%+v", f.Settings)
	return fired
}
