package evaluation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertform"
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

// groupLimits are tight, so that schedules reach them.
func groupLimits() alert.GroupLimits { return alert.GroupLimits{AtMost: 2, Memory: 8 * time.Minute} }

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
	// limits are those of groups.
	limits alert.GroupLimits
	// announced is what a notification tells.
	announced json.RawMessage
	// queries counts the questions to the store.
	queries int
	// reader reads records for many alerts, unless it is nil.
	reader logstore.Reader
	// onQuery is called for each of them, unless it is nil.
	onQuery func(ctx context.Context)
	// failing makes counts fail.
	failing error
	// maxBuckets is how many a histogram may have, 0 for any number.
	maxBuckets int
	// isQuiet says that it is a quiet hour.
	isQuiet bool
	// latest is the latest time that there was.
	latest time.Time
	// holder is the replica that checks; isFresh is true if it has forgotten its checks.
	holder  int
	isFresh bool

	deaths, takeOvers, setBack int
}

var errDied = fmt.Errorf("the process died")

func newWorld(t *testing.T, random *rand.Rand) *world {
	t.Helper()
	documents := docstoretest.NewMemory()
	w := &world{
		t: t, random: random, now: time.Date(2026, 7, 1, 23, 30, 0, 0, time.UTC),
		records: logstoretest.NewReference(), delivered: map[string]int{}, isTagging: random.IntN(4) > 0,
		limits: groupLimits(),
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
		Alerts: w.alerts, Records: w, Reader: w.reader, Interval: interval, IsTagging: func() bool { return w.isTagging },
		Groups: w.limits, QueryTimeout: time.Minute,
		Compile: func(filters json.RawMessage) (filter.Expression, error) {
			return posthog.ParseAlert(filters, dates.Clock{Now: w.now})
		},
		IsQuiet:  func(json.RawMessage, time.Time) bool { return w.isQuiet },
		Announce: func(_ alertstore.Alert, t *alertstore.Transition) { t.Announced = w.announced },
		Deliver: func(_ context.Context, _ alertstore.Alert, all []alertstore.Transition) error {
			for _, t := range all {
				if w.dieAt--; w.dieAt == 0 {
					return errDied
				}
				w.delivered[t.ID]++
			}
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
	buckets, err := w.records.Histogram(ctx, query)
	if w.maxBuckets > 0 && len(buckets) > w.maxBuckets {
		return nil, &logstore.TooExpensiveError{Reason: "too many"}
	}
	return buckets, err
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
	if zone := w.random.IntN(3); zone > 0 {
		r.Resource.Attributes().PutStr("zone", fmt.Sprint("z", zone))
	}
	if host := w.random.IntN(5); host > 0 {
		r.Log.Attributes().PutStr("host", []string{"", "h1", "h2", "h3"}[host-1])
	}
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

func randomSettings(random *rand.Rand) alertstore.Settings {
	pick := func(of ...int) int { return of[random.IntN(len(of))] }
	settings := alertstore.Settings{
		Name: "x", Enabled: true, Filters: randomFilters(random), ThresholdCount: int64(pick(0, 1, 2, 5)),
		Operator: []alert.Operator{alert.Above, alert.Above, alert.Below}[random.IntN(3)], WindowMinutes: pick(5, 5, 10),
		Periods: 1 + random.IntN(3), CooldownMin: int64(pick(0, 0, 3, 10)), DelaySeconds: int64(pick(0, 0, 20, 90)),
		NoData:  []alert.NoData{"", "", "", alert.NoDataCounts, alert.NoDataBreaches, alert.NoDataKeeps}[random.IntN(6)],
		GroupBy: randomGroupBy(random),
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

// randomGroupBy is none for half of all alerts.
func randomGroupBy(random *rand.Rand) *posthog.FieldName {
	names := []*posthog.FieldName{
		{Type: "log", Key: "service_name"}, {Type: "log_attribute", Key: "host"}, {Type: "log_resource_attribute", Key: "zone"},
	}
	return append(names, nil, nil, nil)[random.IntN(6)]
}

// Random schedules of records, late records, edits, snoozes, quiet hours, set clocks,
// failures, deaths and take-overs end with the history that a recount at every tick gives,
// each entry delivered: of alerts and of each of their groups.
func TestOracle(t *testing.T) {
	schedules := 300
	if os.Getenv("DOCKET_TEST_LONG") != "" {
		schedules = 10_000
	}
	seed := rand.Uint64() //nolint:gosec // no secret
	if text := os.Getenv("DOCKET_TEST_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("seed %d, %d schedules", seed, schedules)
	var all told
	for schedule := range schedules {
		random := rand.New(rand.NewPCG(seed, uint64(schedule))) //nolint:gosec // to be repeatable
		t.Run(fmt.Sprintf("schedule %d", schedule), func(t *testing.T) { runSchedule(t, random, &all) })
	}
	t.Logf("%+v", all)
	for what, count := range map[string]int{
		"fired": all.fired, "groups fired": all.groupsFired, "late": all.late, "gone": all.gone, "left out": all.leftOut, "deaths": all.deaths,
		"take-overs": all.takeOvers, "clocks set back": all.setBack,
	} {
		assert.Greater(t, count, schedules/100, "%s: they happen, or this shows nothing", what)
	}
}

// told counts what schedules have shown.
type told struct{ fired, groupsFired, late, gone, leftOut, deaths, takeOvers, setBack int }

func runSchedule(t *testing.T, random *rand.Rand, all *told) {
	t.Helper()
	w := newWorld(t, random)
	for range 1 + random.IntN(4) {
		w.create(randomSettings(random))
		w.now = w.now.Add(time.Duration(random.IntN(20)) * time.Second)
	}
	made, err := w.alerts.All(t.Context())
	require.NoError(t, err)
	var references []*reference
	for _, a := range made {
		references = append(references, newReference(a))
	}
	w.latest = w.now
	for range 40 {
		w.step(references)
	}
	w.dieAt = 0
	w.now = w.latest
	w.checkAs(w.holder, references, false)
	require.NoError(t, w.replicas[w.holder].Check(t.Context()))
	for _, f := range references {
		w.compare(f, all)
	}
	all.deaths += w.deaths
	all.takeOvers += w.takeOvers
	all.setBack += w.setBack
}

// step lets something happen, and half a minute pass.
func (w *world) step(references []*reference) {
	for range w.random.IntN(4) {
		late := time.Duration(0)
		if w.random.IntN(4) == 0 { // later than any check waits
			late = time.Duration(w.random.IntN(600)) * time.Second
		}
		w.receive([]string{"a", "b", "c"}[w.random.IntN(3)], late)
	}
	w.happen(references[w.random.IntN(len(references))])
	w.now = w.now.Add(propagation)
	w.learn()
	w.now = w.now.Add(time.Duration(w.random.IntN(30)) * time.Second)
	w.latest = later(w.latest, w.now)
	replica := w.holder
	if w.random.IntN(6) == 0 {
		replica = w.random.IntN(2)
	}
	w.checkAs(replica, references, true)
}

// happen lets one thing happen to an alert, to a replica or to the clock.
func (w *world) happen(f *reference) {
	what := w.random.IntN(18)
	w.t.Logf("%s: %d happens to %s", w.now.Format(time.TimeOnly), what, f.ID)
	switch what {
	case 0:
		w.edit(f, func(c *alertform.Change) {
			c.Snoozes, c.SnoozeUntil = true, w.now.Add(time.Duration(w.random.IntN(300))*time.Second)
		})
	case 1:
		w.edit(f, func(c *alertform.Change) { c.Snoozes = true })
	case 2:
		w.edit(f, func(c *alertform.Change) { c.Settings.Filters = randomFilters(w.random) })
	case 3:
		w.edit(f, func(c *alertform.Change) { c.Settings.ThresholdCount = int64(w.random.IntN(4)) })
	case 4:
		w.edit(f, func(c *alertform.Change) { c.Settings.GroupBy = randomGroupBy(w.random) })
	case 5:
		w.edit(f, func(c *alertform.Change) { c.Settings.CooldownMin = int64(w.random.IntN(8)) })
	case 6, 7:
		if !f.Enabled || !w.now.Before(w.latest) {
			w.edit(f, func(c *alertform.Change) { c.Settings.Enabled = !f.Enabled })
		}
	case 8:
		w.restart(w.random.IntN(2))
	case 9:
		w.dieAt = 1 + w.random.IntN(2)
	case 10: // an hour-long pause is too long for the reference's patience; minutes do
		w.now = w.now.Add(time.Duration(w.random.IntN(10)) * time.Minute)
	case 11:
		// As far as records may be dated later than they are received.
		w.now = w.latest.Add(-time.Duration(w.random.IntN(50)) * time.Second)
		w.setBack++
	case 12:
		w.isQuiet = !w.isQuiet
	}
	w.latest = later(w.latest, w.now)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// restart starts a replica again, which then knows nothing.
func (w *world) restart(replica int) {
	w.start(replica)
	if replica == w.holder {
		w.isFresh = true
	}
}

// checkAs makes a replica check, and the references too. When telling fails, either the
// same replica goes on, or it has died and the other one does.
func (w *world) checkAs(replica int, references []*reference, mayDie bool) {
	if replica != w.holder {
		w.replicas[replica].Forget()
		w.holder, w.isFresh = replica, true
		w.takeOvers++
	}
	if w.isFresh {
		for _, f := range references {
			f.judged = nil // only those of its own checks are judged again
		}
		w.isFresh = false
	}
	w.t.Logf("%s: replica %d checks", w.now.Format(time.TimeOnly), replica)
	err := w.replicas[replica].Check(w.t.Context())
	hasDied := false
	if err != nil {
		require.ErrorIs(w.t, err, errDied)
		require.True(w.t, mayDie)
		if hasDied = w.random.IntN(2) == 0; hasDied {
			w.deaths++
			w.holder = 1 - replica
			w.replicas[w.holder].Forget()
		}
		w.dieAt = 0
		w.t.Logf("%s: replica %d goes on", w.now.Format(time.TimeOnly), w.holder)
		require.NoError(w.t, w.replicas[w.holder].Check(w.t.Context()), "somebody goes on")
	}
	for _, f := range references {
		f.check(w, hasDied)
	}
	if hasDied { // what it has judged again is not known here
		w.restart(0)
		w.restart(1)
	}
}

// edit makes an edit of an alert, and of the reference.
func (w *world) edit(f *reference, change func(*alertform.Change)) {
	c := alertform.NewChange(f.Settings)
	change(c)
	_, err := w.alerts.Change(w.t.Context(), 1, f.ID, func(a *alertstore.Alert) error {
		c.Apply(a, w.now)
		return nil
	})
	require.NoError(w.t, err)
	old, next := f.Settings, c.Settings
	isFiltered, isGrouped := string(old.Filters) != string(next.Filters), !old.IsGroupedAs(next)
	edit := alert.Edit{
		Enabled: next.Enabled, Snooze: c.Snoozes, SnoozeUntil: c.SnoozeUntil,
		Condition: isFiltered || isGrouped || old.ThresholdCount != next.ThresholdCount,
	}
	f.state.NextCheckAt = w.now // any but none
	f.state, _ = f.state.After(edit)
	if f.state.NextCheckAt.IsZero() {
		f.planned = time.Time{}
	}
	f.Settings = next
	if isGrouped {
		f.groups, f.leftOut = map[string]*group{}, 0
	}
	for _, g := range f.groups {
		if f.state.Name != alert.Firing {
			g.state.Name = alert.NotFiring
		}
		if isFiltered {
			g.first, g.seen = time.Time{}, time.Time{}
		}
	}
	if edit.Condition || old.CooldownMin != next.CooldownMin {
		f.judged = nil
	}
}

// compare requires of an alert what the reference is.
func (w *world) compare(f *reference, all *told) {
	got, err := w.alerts.Get(w.t.Context(), 1, f.ID)
	require.NoError(w.t, err)
	require.Equal(w.t, f.state.Name, got.State.Name)
	require.Empty(w.t, got.Outbox)
	require.Equal(w.t, f.leftOut, got.GroupsLeftOut)
	w.compareGroups(f, got.Groups)
	events, err := w.alerts.Events(w.t.Context(), 1, f.ID)
	require.NoError(w.t, err)
	slices.SortFunc(events, func(a, b alertstore.Event) int { return strings.Compare(a.ID, b.ID) }) // clocks were set
	name := alert.NotFiring
	var history []string
	for _, event := range events {
		require.Equal(w.t, name, event.Before, "each goes on where the one before it ended: %+v", event)
		name = event.After
		require.NotZero(w.t, w.delivered[event.ID])
		if event.Kind == alert.KindGroupsLeftOut {
			all.leftOut++
		}
		text := textOf(event)
		if text == "" || f.maybe[text] && !slices.Contains(f.events, text) {
			continue
		}
		history = append(history, text)
		all.note(event)
	}
	require.ElementsMatch(w.t, f.events, history, "%s %+v", f.ID, f.Settings)
}

func (w *world) compareGroups(f *reference, groups []alert.Group) {
	var got, want []string
	for _, g := range groups {
		got = append(got, fmt.Sprintf("%s %s %d %s", g.Value, g.Name, g.Count, g.SeenAt.Format(time.TimeOnly)))
	}
	for _, value := range slices.Sorted(maps.Keys(f.groups)) {
		g := f.groups[value]
		want = append(want, fmt.Sprintf("%s %s %d %s", value, g.state.Name, g.count, g.seen.Format(time.TimeOnly)))
	}
	require.Equal(w.t, want, got)
}

// textOf returns an event as the reference has it; "" for one that it does not.
func textOf(event alertstore.Event) string {
	value, before, after := "", event.Before, event.After
	if event.Group != nil {
		value, before, after = event.Group.Value, event.Group.Before, event.Group.After
	}
	switch {
	case event.Kind == alert.KindVerdictChanged:
		_, verdict, _ := strings.Cut(event.Error, ", the ")
		return fmt.Sprintf("%s verdict_changed [%s] %s: %d", event.At.Format(time.TimeOnly), value, verdict, *event.Count)
	case event.Count == nil || before == after:
		return ""
	default:
		return fmt.Sprintf("%s %s [%s] %s to %s: %d, %s",
			event.At.Format(time.TimeOnly), event.Kind, value, before, after, *event.Count, event.Notification)
	}
}

func (c *told) note(event alertstore.Event) {
	switch {
	case event.Kind == alert.KindVerdictChanged:
		c.late++
	case event.Kind == alert.KindGroupGone:
		c.gone++
	case event.Notification == alert.Fire && event.Group != nil:
		c.groupsFired++
	case event.Notification == alert.Fire:
		c.fired++
	}
}
