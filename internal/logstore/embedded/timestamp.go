package embedded

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

// maxEngineTime is 2200-01-01T00:00:00Z in nanoseconds. Rows of later records
// carry this time, and the exact one in columnExactTime. (The engine computes in
// int64 nanoseconds, which end in 2262, and adds its retention to the clock.)
const maxEngineTime = 7_258_118_400_000_000_000

// nanosecondsPerDay is the length of the engine's partitions.
const nanosecondsPerDay = int64(24 * time.Hour)

// retention is how long the engine keeps records: longer than since 1970, before
// which OpenTelemetry has no timestamps, so for ever.
const retention = 200 * 365 * 24 * time.Hour

// futureRetention is how far ahead of now the engine has to take records: so far
// that they may have any time up to maxEngineTime even when the clock, wrong when
// the storage is opened, is set back by ten years. The sum with the clock has to
// stay within int64.
func futureRetention(now time.Time) time.Duration {
	const tenYears = 10 * 365 * 24 * time.Hour
	sinceEpoch := time.Duration(max(now.UnixNano(), 0))
	return time.Duration(maxEngineTime) - sinceEpoch + min(tenYears, sinceEpoch) + 48*time.Hour
}

// isTaken reports whether the engine takes rows of a day, given the clock.
func isTaken(day int64, now time.Time, futureRetention time.Duration) bool {
	earliest := now.Add(-retention).UnixNano() / nanosecondsPerDay
	latest := (now.UnixNano() + int64(futureRetention)) / nanosecondsPerDay // negative if it overflows
	return earliest <= day && day <= latest
}

// engineTime is the time of the row of a record.
func engineTime(timestamp pcommon.Timestamp) int64 {
	return int64(min(timestamp, maxEngineTime)) //nolint:gosec // cannot overflow
}

// dayOf returns the number since 1970 of the day of a row.
func dayOf(engineTime int64) int64 { return engineTime / nanosecondsPerDay }

// exactTime is the text of columnExactTime: "" for a timestamp that the engine
// can take. Texts have one length, so that they sort as the timestamps do, and
// start with a letter, so that the engine takes them for texts.
func exactTime(timestamp pcommon.Timestamp) string {
	if timestamp < maxEngineTime {
		return ""
	}
	return fmt.Sprintf("t%020d", uint64(timestamp))
}

// parseExactTime is the inverse of exactTime for texts that are not empty.
func parseExactTime(text string) (pcommon.Timestamp, error) {
	digits, _ := strings.CutPrefix(text, "t")
	timestamp, err := strconv.ParseUint(digits, 10, 64)
	return pcommon.Timestamp(timestamp), err
}

// sinceRow is the text of columnObservedTime: how much later, in nanoseconds, the record
// was observed than the time of its row is. It is a small number, where the time itself would
// take eight bytes. Differences that do not fit into int64 wrap around, and so come back.
func sinceRow(observed pcommon.Timestamp, row int64) string {
	return strconv.FormatInt(int64(observed)-row, 10) //nolint:gosec // see above
}

// parseSinceRow is the inverse of sinceRow.
func parseSinceRow(text string, row int64) (pcommon.Timestamp, error) {
	since, err := strconv.ParseInt(text, 10, 64)
	return pcommon.Timestamp(row + since), err //nolint:gosec // see sinceRow
}

// timeRange is the timestamps from and to and all between them. It is empty when
// from is later.
type timeRange struct{ from, to pcommon.Timestamp }

// newTimeRange returns the timestamps between two times, both inclusive; zero
// times leave a side open.
func newTimeRange(from, to time.Time) timeRange {
	bounds := timeRange{from: 0, to: math.MaxUint64}
	if !from.IsZero() {
		bounds.from = timestampOf(from)
	}
	if !to.IsZero() {
		if to.Before(time.Unix(0, 0)) {
			return timeRange{from: 1, to: 0}
		}
		bounds.to = timestampOf(to)
	}
	return bounds
}

// timestampOf returns the timestamp of a time, or the nearest that there is.
func timestampOf(t time.Time) pcommon.Timestamp {
	const nanosecondsPerSecond = uint64(time.Second)
	seconds := t.Unix()
	switch {
	case seconds < 0:
		return 0
	case uint64(seconds) > math.MaxUint64/nanosecondsPerSecond,
		uint64(seconds) == math.MaxUint64/nanosecondsPerSecond && t.Nanosecond() > int(math.MaxUint64%nanosecondsPerSecond):
		return math.MaxUint64
	default:
		return pcommon.Timestamp(uint64(seconds)*nanosecondsPerSecond + uint64(t.Nanosecond())) //nolint:gosec // not negative
	}
}

func (r timeRange) isEmpty() bool { return r.from > r.to }

func (r timeRange) has(t pcommon.Timestamp) bool { return r.from <= t && t <= r.to }

// and returns the timestamps that are in both ranges.
func (r timeRange) and(other timeRange) timeRange {
	return timeRange{max(r.from, other.from), min(r.to, other.to)}
}

// timesOf returns which timestamps a comparison of a time of the record itself
// matches; ok is false if the leaf is none of PlaceTimestamp.
func timesOf(leaf filter.Expression) (times timeRange, ok bool) {
	if e, isComparison := leaf.(filter.CompareTime); isComparison && e.Field.Place == filter.PlaceTimestamp {
		return comparedTimes(e), true
	}
	return timeRange{}, false
}

// comparedTimes returns which timestamps are to the time of a comparison as its order
// says. 0 is none.
func comparedTimes(e filter.CompareTime) timeRange {
	times := timeRange{from: 1, to: math.MaxUint64}
	// No timestamp is outside these.
	first, last := record.TimeOf(0), record.TimeOf(math.MaxUint64)
	switch e.Order {
	case filter.Less:
		times.to = timestampOf(e.Time) - 1
		if !e.Time.After(first) {
			return timeRange{from: 1, to: 0}
		}
		if e.Time.After(last) {
			times.to = math.MaxUint64
		}
	case filter.LessOrEqual:
		times.to = timestampOf(e.Time)
		if e.Time.Before(first) {
			return timeRange{from: 1, to: 0}
		}
	case filter.Greater:
		if !e.Time.Before(last) {
			return timeRange{from: 1, to: 0}
		}
		if !e.Time.Before(first) {
			times.from = timestampOf(e.Time) + 1
		}
	case filter.GreaterOrEqual:
		if e.Time.After(last) {
			return timeRange{from: 1, to: 0}
		}
		times.from = max(1, timestampOf(e.Time))
	default:
		return timeRange{from: 1, to: 0}
	}
	return times
}

// rowCondition is the LogsQL condition that rows meet whose timestamp is in the range.
func (r timeRange) rowCondition() string {
	if r.isEmpty() {
		return conditionNone
	}
	rows := r.span()
	bound := func(at int64) string { return time.Unix(0, at).UTC().Format("2006-01-02T15:04:05.000000000Z") }
	return and(columnTime+":["+bound(rows.from)+", "+bound(rows.to)+"]", r.condition())
}

// span returns the times of the rows in the range.
func (r timeRange) span() span { return span{engineTime(r.from), engineTime(r.to)} }

// condition is the LogsQL condition that rows of the span must meet in addition;
// "" when the span says it all.
func (r timeRange) condition() string {
	var conditions []string
	name := quote(columnExactTime)
	if r.from > maxEngineTime {
		conditions = append(conditions, fmt.Sprintf("%s:string_range(%s,%s)", name, quote(exactTime(r.from)), quote("u")))
	}
	if r.to >= maxEngineTime && r.to < math.MaxUint64 {
		conditions = append(conditions, fmt.Sprintf("%s:string_range(%s,%s)", name, quote(""), quote(exactTime(r.to+1))))
	}
	return strings.Join(conditions, " ")
}

// spanOfDay returns the times of the rows of a day.
func spanOfDay(day int64) span {
	return span{day * nanosecondsPerDay, (day+1)*nanosecondsPerDay - 1}
}

// nameOfDay returns the name of the engine's partition of a day.
func nameOfDay(day int64) string {
	return startOfDay(day).Format(dayFormat)
}

func startOfDay(day int64) time.Time { return time.Unix(0, day*nanosecondsPerDay).UTC() }

// span is the row times from and to and all between them. It is empty when from
// is later.
type span struct{ from, to int64 }

func noSpan() span { return span{from: 1, to: 0} }

func (s span) isEmpty() bool { return s.from > s.to }

// length is the number of nanoseconds in the span.
func (s span) length() int64 { return s.to - s.from + 1 }

// split cuts the span into parts of about equal length, at most count.
func (s span) split(count int) []span {
	var parts []span
	step := (s.length()-1)/int64(count) + 1
	for from := s.from; from <= s.to; from += step {
		parts = append(parts, span{from, min(s.to, from+step-1)})
	}
	return parts
}
