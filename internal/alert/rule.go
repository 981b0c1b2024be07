package alert

import (
	"time"
)

// MaxPeriods is the largest number of windows that a check looks at.
const MaxPeriods = 10

// Operator is how a count breaches a threshold.
type Operator string

// The operators. A count that equals the threshold never breaches it.
const (
	Above Operator = "above"
	Below Operator = "below"
)

// NoData is what a window without a matching record means.
type NoData string

// The meanings of no data.
const (
	// NoDataCounts counts as 0, so that Below fires on silence; "" is the same.
	NoDataCounts NoData = "count"
	// NoDataBreaches is a breach, whatever the operator.
	NoDataBreaches NoData = "breach"
	// NoDataKeeps leaves the alert as it is when the newest window has no record.
	NoDataKeeps NoData = "keep"
)

// Unjudged is instead of a count of a window that says nothing. It breaches no threshold.
const Unjudged = -1

// Rule is when an alert fires.
type Rule struct {
	Operator  Operator
	Threshold int64
	// Window is the width of a window, Interval the time between two checks.
	Window, Interval time.Duration
	// Periods (M) is how many windows a check looks at, each an interval before the
	// next, and Datapoints (N) how many of them must breach.
	Periods, Datapoints int
	// Cooldown is the least time between two notifications of firing or resolving.
	Cooldown time.Duration

	// Delay is how much later than its windows a check runs, for records that come
	// late.
	Delay time.Duration
	// Recovery, if there is one, is what the newest count must reach before a firing
	// alert resolves: at most this for Above, at least this for Below.
	Recovery *int64
	// NoData is what no record means.
	NoData NoData
}

// Equal reports whether two rules say the same.
func (r Rule) Equal(other Rule) bool {
	if (r.Recovery == nil) != (other.Recovery == nil) || r.Recovery != nil && *r.Recovery != *other.Recovery {
		return false
	}
	r.Recovery, other.Recovery = nil, nil
	return r == other
}

// Breaches reports whether a count breaches the threshold.
func (r Rule) Breaches(count int64) bool {
	switch {
	case count == Unjudged:
		return false
	case count == 0 && r.NoData == NoDataBreaches:
		return true
	case count == 0 && r.NoData == NoDataKeeps:
		return false
	case r.Operator == Below:
		return count < r.Threshold
	default:
		return count > r.Threshold
	}
}

// IsMet reports whether enough of the counts breach.
func (r Rule) IsMet(counts []int64) bool { return r.countBreaches(counts) >= max(1, r.Datapoints) }

func (r Rule) countBreaches(counts []int64) int {
	breaches := 0
	for _, count := range counts {
		if r.Breaches(count) {
			breaches++
		}
	}
	return breaches
}

// hasRecovered reports whether the newest count lets a firing alert resolve.
func (r Rule) hasRecovered(newest int64) bool {
	switch {
	case r.Recovery == nil:
		return true
	case r.Operator == Below:
		return newest >= *r.Recovery
	default:
		return newest <= *r.Recovery
	}
}

// Span is a time, from From up to and without To.
type Span struct{ From, To time.Time }

// Windows returns the windows of a check that is anchored at a moment, the newest
// first.
func (r Rule) Windows(anchor time.Time) []Span {
	windows := make([]Span, max(1, r.Periods))
	for k := range windows {
		end := anchor.Add(-time.Duration(k) * r.Interval)
		windows[k] = Span{From: end.Add(-r.Window), To: end}
	}
	return windows
}

// Lookback is how far before its anchor a check looks.
func (r Rule) Lookback() time.Duration {
	return r.Window + time.Duration(max(1, r.Periods)-1)*r.Interval
}
