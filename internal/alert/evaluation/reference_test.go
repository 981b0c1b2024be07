package evaluation_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/dates"
	"github.com/docketlog/docket/internal/filter/posthog"
	"github.com/docketlog/docket/internal/record"
)

// judgedAgain is how many checks back verdicts are compared with what came later.
const judgedAgain = 15

// reference is what an alert should be, by a recount of all records at every tick. Only
// what follows from counts is left to alert.Rule.Decide, which has a reference of its own.
type reference struct {
	alertstore.Alert

	state   alert.State
	planned time.Time
	// groups are those of an alert with groups, by their value.
	groups  map[string]*group
	leftOut int
	// events are its history, as texts.
	events []string
	// judged are the newest checks of the replica that checks now.
	judged []verdict
	// maybe are events that a replica may have told before it died.
	maybe map[string]bool
}

type group struct {
	state       alert.State
	first, seen time.Time
	count       int64
}

// verdict is what a check has found: of each group, or of "" for the alert itself.
type verdict struct {
	tick   time.Time
	isMet  map[string]bool
	first  map[string]time.Time
	isFull bool
}

func newReference(a alertstore.Alert) *reference {
	return &reference{Alert: a, state: a.Now(), groups: map[string]*group{}, maybe: map[string]bool{}}
}

// check makes the checks that are due. Died says that a replica died while it made them.
func (f *reference) check(w *world, died bool) {
	var due []time.Time
	isAsleep := f.state.Name == alert.Snoozed && f.state.SnoozeUntil.After(w.now)
	switch {
	case f.planned.IsZero() && f.state.Enabled && !isAsleep:
		due = append(due, w.now.Truncate(time.Second))
		f.planned = w.now.Truncate(interval).Add(interval)
	case !f.planned.IsZero():
		for ; !f.planned.After(w.now); f.planned = f.planned.Add(interval) {
			if f.state.Enabled {
				due = append(due, f.planned)
			}
		}
	}
	// While it sleeps nothing is judged, neither now nor again.
	if len(due) == 0 || isAsleep {
		return
	}
	f.judgeAgain(w, died)
	for _, tick := range due {
		switch {
		case f.state.Name == alert.Snoozed && f.state.SnoozeUntil.After(tick):
		case f.GroupBy == nil:
			f.tick(w, tick)
		default:
			f.tickGroups(w, tick)
		}
	}
}

func newVerdict(tick time.Time) verdict {
	return verdict{tick: tick, isMet: map[string]bool{}, first: map[string]time.Time{}}
}

func (f *reference) remember(v verdict) {
	f.judged = append(f.judged, v)
	f.judged = f.judged[max(0, len(f.judged)-judgedAgain):]
}

// tell notes an event of a check.
func (f *reference) tell(tick time.Time, kind alert.Kind, value string, before, after alert.Name, count int64, told alert.Notification) {
	f.events = append(f.events, fmt.Sprintf("%s %s [%s] %s to %s: %d, %s", tick.Format(time.TimeOnly), kind, value, before, after, count, told))
}

func (f *reference) tick(w *world, tick time.Time) {
	counts := f.counts(w, tick, "")
	before := f.state
	d := f.Rule(interval).Decide(before, alert.Check{Counts: counts}, tick)
	f.state = d.State
	if w.isQuiet && d.Notification != alert.NoNotification {
		d.Notification, f.state.LastNotifiedAt = alert.NoNotification, before.LastNotifiedAt
	}
	if d.State.Name != before.Name {
		f.tell(tick, alert.KindCheck, "", before.Name, d.State.Name, counts[0], d.Notification)
	}
	v := newVerdict(tick)
	v.isMet[""] = f.Rule(interval).IsMet(counts)
	f.remember(v)
}

// tickGroups makes a check of each group, those first that are known.
func (f *reference) tickGroups(w *world, tick time.Time) {
	known := maps.Clone(f.groups)
	for _, value := range slices.Sorted(maps.Keys(known)) {
		if !f.tickGroup(w, value, f.groups[value], tick) {
			delete(f.groups, value)
		}
	}
	f.leftOut = 0
	for _, value := range f.newcomers(w, known, tick) {
		if len(f.groups) >= groupLimits().AtMost {
			f.leftOut++
			continue
		}
		g := &group{state: alert.State{Name: alert.NotFiring, Enabled: true}}
		f.groups[value] = g
		f.tickGroup(w, value, g, tick)
	}
	v := newVerdict(tick)
	v.isFull = f.leftOut > 0
	f.state.Name, f.state.Failures, f.state.LastCheckedAt = alert.NotFiring, 0, tick
	for value, g := range f.groups {
		if g.state.Name == alert.Firing {
			f.state.Name = alert.Firing
		}
		if !g.first.IsZero() {
			v.first[value], v.isMet[value] = g.first, f.isMet(w, value, g.first, tick)
		}
	}
	f.remember(v)
}

// newcomers returns the values with records in the windows of a tick that were no groups
// before it, the most urgent first.
func (f *reference) newcomers(w *world, known map[string]*group, tick time.Time) []string {
	var values []string
	total, urgent := map[string]int64{}, map[string]int{}
	for _, value := range f.values(w) {
		for _, count := range f.counts(w, tick, value) {
			total[value] += count
		}
		if f.isMet(w, value, tick, tick) {
			urgent[value] = 1
		}
		if total[value] > 0 && known[value] == nil {
			values = append(values, value)
		}
	}
	slices.SortFunc(values, func(a, b string) int {
		return cmp.Or(urgent[b]-urgent[a], cmp.Compare(total[b], total[a]), strings.Compare(a, b))
	})
	return values
}

// tickGroup makes a check of a group; isKept is false if it is not known any more.
func (f *reference) tickGroup(w *world, value string, g *group, tick time.Time) (isKept bool) {
	rule, limits := f.Rule(interval), groupLimits()
	counts := f.counts(w, tick, value)
	g.count = counts[0]
	has := slices.Max(counts) > 0
	if has {
		g.seen = tick
		if g.first.IsZero() {
			g.first = tick
		}
	}
	before := g.state
	kind, told := alert.KindCheck, alert.NoNotification
	cools := func() bool {
		return rule.Cooldown > 0 && !g.state.LastNotifiedAt.IsZero() && tick.Sub(g.state.LastNotifiedAt) < rule.Cooldown
	}
	if !has && tick.Sub(g.seen) >= limits.Memory {
		if g.state.Name == alert.Firing {
			kind = alert.KindGroupGone
			if !cools() {
				told, g.state.LastNotifiedAt = alert.Resolve, tick
			}
		}
		g.state.Name, g.first, g.seen = alert.NotFiring, time.Time{}, time.Time{}
	} else {
		d := rule.Decide(g.state, alert.Check{Counts: f.judgedCounts(w, value, g.first, tick)}, tick)
		g.state, told = d.State, d.Notification
	}
	if w.isQuiet && told != alert.NoNotification {
		told, g.state.LastNotifiedAt = alert.NoNotification, before.LastNotifiedAt
	}
	if g.state.Name != before.Name {
		f.tell(tick, kind, value, before.Name, g.state.Name, g.count, told)
	}
	if told != alert.NoNotification { // in case that the alert is to have no groups later
		f.state.LastNotifiedAt = tick
	}
	remembersCooldown := cools() && tick.Sub(g.state.LastNotifiedAt) < limits.Memory
	return has || g.state.Name == alert.Firing || remembersCooldown || !g.seen.IsZero() && rule.Breaches(0)
}

// judgedCounts leaves out what says nothing of a group that was first seen at a tick.
func (f *reference) judgedCounts(w *world, value string, first, tick time.Time) []int64 {
	rule := f.Rule(interval)
	counts := f.counts(w, tick, value)
	for k, window := range rule.Windows(tick.Add(-rule.Delay)) {
		wasThere := !window.From.Before(first.Add(-rule.Delay))
		if !wasThere && (rule.Operator == alert.Below || counts[k] == 0 && rule.NoData == alert.NoDataBreaches) {
			counts[k] = alert.Unjudged
		}
	}
	return counts
}

func (f *reference) isMet(w *world, value string, first, tick time.Time) bool {
	return f.Rule(interval).IsMet(f.judgedCounts(w, value, first, tick))
}

// judgeAgain compares the verdicts of checks with what is known now.
func (f *reference) judgeAgain(w *world, died bool) {
	for _, v := range f.judged {
		values := slices.Collect(maps.Keys(v.isMet))
		if f.GroupBy != nil && !v.isFull {
			values = append(values, f.values(w)...)
		}
		slices.Sort(values)
		for _, value := range slices.Compact(values) {
			f.judgeOneAgain(w, v, value, died)
		}
	}
}

func (f *reference) judgeOneAgain(w *world, v verdict, value string, died bool) {
	counts := f.counts(w, v.tick, value)
	isMet := f.Rule(interval).IsMet(counts)
	if f.GroupBy != nil {
		first, ok := v.first[value]
		if !ok {
			first = v.tick
		}
		isMet = f.isMet(w, value, first, v.tick)
		if isMet != v.isMet[value] {
			v.first[value] = first
		}
	}
	if isMet == v.isMet[value] {
		return
	}
	v.isMet[value] = isMet
	would := "been clear"
	if isMet {
		would = "fired"
	}
	text := fmt.Sprintf("%s verdict_changed [%s] check of %s would have %s: %d",
		w.now.Format(time.TimeOnly), value, v.tick.Format(time.RFC3339), would, counts[0])
	if died {
		f.maybe[text] = true
	} else {
		f.events = append(f.events, text)
	}
}

// values returns the values that records of the alert have in its field.
func (f *reference) values(w *world) []string {
	by, err := f.GroupBy.GroupField()
	require.NoError(w.t, err)
	var values []string
	for _, r := range w.selected(f.Alert) {
		if text, _ := by.Text(r); text != "" {
			values = append(values, text)
		}
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// counts counts what the windows of a tick have of a value, or of all for an alert without
// groups, the slow and obvious way.
func (f *reference) counts(w *world, tick time.Time, value string) []int64 {
	rule := f.Rule(interval)
	windows := rule.Windows(tick.Add(-rule.Delay))
	counts := make([]int64, len(windows))
	for _, r := range w.selected(f.Alert) {
		if f.GroupBy != nil {
			by, err := f.GroupBy.GroupField()
			require.NoError(w.t, err)
			if text, _ := by.Text(r); text != value {
				continue
			}
		}
		at := r.Log.Timestamp().AsTime()
		for k, window := range windows {
			if !at.Before(window.From) && at.Before(window.To) {
				counts[k]++
			}
		}
	}
	return counts
}

// selected returns the records that an alert selects.
func (w *world) selected(a alertstore.Alert) []record.Record {
	selected, err := posthog.ParseAlert(a.Filters, dates.Clock{Now: w.now})
	require.NoError(w.t, err)
	var found []record.Record
	for _, r := range w.all {
		if filter.Matches(selected, r) {
			found = append(found, r)
		}
	}
	return found
}
