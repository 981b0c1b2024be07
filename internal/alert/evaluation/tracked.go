package evaluation

import (
	"time"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/percolator"
)

const (
	// maxCaughtUp is how many missed ticks are caught up at most, the newest.
	maxCaughtUp = 60
	// maxJudged is how many ticks back a check looks for records that came late.
	maxJudged = 15
)

// tracked is what is known of an alert between its checks.
type tracked struct {
	alertstore.Alert
	filters

	rule alert.Rule
	// planned is the tick of the next check; zero is none, so at once.
	planned time.Time
	// judged are the newest checks that have succeeded, the oldest first.
	judged []judgement
}

// filters are what the settings of an alert select.
type filters struct {
	selected filter.Expression
	compiled *percolator.Filter
	// by is the field of an alert with groups.
	by filter.Field
	// invalid is why the filters cannot be evaluated; nil if they can.
	invalid error
	// isLasting is true if they would be the same, read at any other time.
	isLasting bool
}

// judgement is what a check has found.
type judgement struct {
	tick  time.Time
	isMet bool
	// groups is that of each group instead; isFull is true if there were more values than
	// groups.
	groups map[string]groupJudgement
	isFull bool
}

// isEdited reports whether an alert was edited so that counts or verdicts of it as it was
// known are void.
func (t *tracked) isEdited(now alertstore.Alert, interval time.Duration) bool {
	return now.FilterVersion != t.FilterVersion || !now.Rule(interval).Equal(t.rule) || !now.IsGroupedAs(t.Settings)
}

// ticks returns the ticks that are due, the oldest first, and the one after them.
func (t *tracked) ticks(now time.Time, interval time.Duration) (due []time.Time, next time.Time) {
	state := t.Now()
	state.NextCheckAt = t.planned
	if !state.IsDue(now) {
		if state.IsAsleep(now) && !t.planned.IsZero() && !t.planned.After(now) {
			t.planned = alert.NextCheck(t.planned, now, interval, 0) // what is slept through is not caught up
		}
		return nil, t.planned
	}
	if t.planned.IsZero() {
		// The first check is not on the grid. Whole seconds make counting cheaper.
		return []time.Time{now.Truncate(time.Second)}, alert.NextCheck(time.Time{}, now, interval, 0)
	}
	next = alert.NextCheck(t.planned, now, interval, 0)
	for tick := t.planned; !tick.After(now) && tick.Before(next); tick = alert.NextCheck(tick, tick, interval, 0) {
		due = append(due, tick)
	}
	return due[max(0, len(due)-maxCaughtUp):], next
}

// windows returns the windows of a tick, the newest first.
func (t *tracked) windows(tick time.Time) []alert.Span {
	return t.rule.Windows(tick.Add(-t.rule.Delay))
}

// allWindows returns those of some ticks and of the checks that are judged again.
func (t *tracked) allWindows(ticks []time.Time) []alert.Span {
	var all []alert.Span
	for _, tick := range ticks {
		all = append(all, t.windows(tick)...)
	}
	for _, judged := range t.judged {
		all = append(all, t.windows(judged.tick)...)
	}
	return all
}

// isTagged reports whether all records of some windows were tagged with the alert's
// present filters, if they match: they were received when every replica knew them. Records
// may be dated somewhat later than they are received.
func (t *tracked) isTagged(windows []alert.Span) bool {
	const clockSkew = time.Minute
	for _, window := range windows {
		if window.From.Before(t.TaggedFrom.Add(clockSkew)) {
			return false
		}
	}
	return true
}

// remember keeps a judgement.
func (t *tracked) remember(j judgement) {
	t.judged = append(t.judged, j)
	t.judged = t.judged[max(0, len(t.judged)-maxJudged):]
}
