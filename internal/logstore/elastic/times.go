package elastic

import (
	"math"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

// timeRange is the timestamps from and to and all between them. It is empty when
// from is later.
type timeRange struct{ from, to pcommon.Timestamp }

func noTimes() timeRange  { return timeRange{from: 1, to: 0} }
func allTimes() timeRange { return timeRange{from: 0, to: math.MaxUint64} }

// newTimeRange returns the timestamps between two times, both inclusive; zero times
// leave a side open.
func newTimeRange(from, to time.Time) timeRange {
	times := allTimes()
	if !from.IsZero() {
		times = times.and(comparedTimes(filter.GreaterOrEqual, from))
	}
	if !to.IsZero() {
		times = times.and(comparedTimes(filter.LessOrEqual, to))
	}
	return times
}

// comparedTimes returns which timestamps are to a time as the order says.
func comparedTimes(order filter.Order, t time.Time) timeRange {
	first, last := record.TimeOf(0), record.TimeOf(math.MaxUint64)
	isBefore, isAfter := t.Before(first), t.After(last)
	switch order {
	case filter.Less, filter.LessOrEqual:
		switch {
		case isBefore, order == filter.Less && t.Equal(first):
			return noTimes()
		case isAfter:
			return allTimes()
		}
		times := timeRange{to: nearTimestamp(t)}
		if order == filter.Less {
			times.to--
		}
		return times
	case filter.Greater, filter.GreaterOrEqual:
		switch {
		case isAfter, order == filter.Greater && t.Equal(last):
			return noTimes()
		case isBefore:
			return allTimes()
		}
		times := timeRange{from: nearTimestamp(t), to: math.MaxUint64}
		if order == filter.Greater {
			times.from++
		}
		return times
	default:
		return noTimes()
	}
}

// nearTimestamp returns the timestamp of a time for which there is one.
func nearTimestamp(t time.Time) pcommon.Timestamp {
	return pcommon.Timestamp(uint64(t.Unix())*uint64(time.Second) + uint64(t.Nanosecond())) //nolint:gosec // not negative
}

func (r timeRange) isEmpty() bool { return r.from > r.to }

// and returns the timestamps that are in both ranges.
func (r timeRange) and(other timeRange) timeRange {
	return timeRange{max(r.from, other.from), min(r.to, other.to)}
}

// condition returns the condition that the timestamp is in the range. The date is in
// it too, as the cluster skips indices by it.
func (r timeRange) condition() condition {
	dates := condition{"format": "epoch_millis"}
	if r.from > 0 {
		dates["gte"] = millisecondsOf(r.from)
	}
	if r.to < math.MaxUint64 {
		dates["lte"] = millisecondsOf(r.to)
	}
	exact := r.conditionOn(fieldTime)
	if exact.isAll() || exact.isNone() {
		return exact
	}
	return and(isBetween(fieldTimestamp, dates), exact)
}

// conditionOn returns the condition that a field, such as fieldTime, is in the range.
func (r timeRange) conditionOn(field string) condition {
	if r.isEmpty() {
		return matchNone()
	}
	limits := condition{}
	if r.from > 0 {
		limits["gte"] = timeNumber(r.from)
	}
	if r.to < math.MaxUint64 {
		limits["lte"] = timeNumber(r.to)
	}
	if len(limits) == 0 {
		return matchAll()
	}
	return isBetween(field, limits)
}

func millisecondsOf(timestamp pcommon.Timestamp) string {
	return strconv.FormatUint(uint64(timestamp)/uint64(time.Millisecond), 10)
}
