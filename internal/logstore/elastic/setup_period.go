package elastic

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Days that are far from today share indices: a sender whose clock is wrong, or somebody
// who brings in what is years old, would else make thousands of indices, until the cluster
// takes none any more. So there are at most those of Config.DailyAge, and these:
//
//	PREFIX-records-before-2000, PREFIX-records-2000 to -2099, PREFIX-records-after-2099
//
// A record must go to the same index whenever it is sent again, or it would be there twice:
//
//   - One that was received long before its time goes to the shared one, for ever.
//   - Of an older day, the index of the day is taken if there is one. Nobody makes one for
//     a day that is too old, so it is there when the first record went to it, or never.
const (
	// DefaultDailyAge is the age up to which days have indices of their own, of a Config
	// without one.
	DefaultDailyAge = 366 * 24 * time.Hour
	// maxAhead is how long after it was received a record's own time may be for its day to
	// have an index of its own.
	maxAhead = 48 * time.Hour

	firstYear, lastYear = 2000, 2099
	beforeYears         = "before-2000"
	afterYears          = "after-2099"
)

// period is the days whose records are in one index: one, or those of a shared one.
type period struct {
	// name is the end of the index's name.
	name string
	// last is the number since 1970 of the last day.
	last int64
}

// dayPeriod is one day.
func dayPeriod(day int64) period { return period{startOfDay(day).Format(dayFormat), day} }

// sharedPeriod is the period of the shared index for a day.
func sharedPeriod(day int64) period {
	switch year := startOfDay(day).Year(); {
	case year < firstYear:
		return period{beforeYears, firstDayOf(firstYear) - 1}
	case year > lastYear:
		return period{afterYears, dayOf(pcommon.Timestamp(1<<64 - 1))}
	default:
		return period{strconv.Itoa(year), firstDayOf(year+1) - 1}
	}
}

func firstDayOf(year int) int64 {
	return time.Date(year, time.January, 1, 0, 0, 0, 0, time.UTC).Unix() / int64(24*time.Hour/time.Second)
}

// periodOf returns the period of an index; ok is false if it is no index of ours.
func (b *Backend) periodOf(index string) (p period, ok bool) {
	name, hasPrefix := strings.CutPrefix(index, b.alias()+"-")
	if !hasPrefix {
		return period{}, false
	}
	if start, err := time.Parse(dayFormat, name); err == nil {
		p = dayPeriod(dayOfTime(start))
		return p, p.name == name
	}
	for _, day := range []int64{0, dayOf(pcommon.Timestamp(1<<64 - 1))} {
		if p = sharedPeriod(day); p.name == name {
			return p, true
		}
	}
	year, err := strconv.Atoi(name)
	if err != nil || year < firstYear || year > lastYear {
		return period{}, false
	}
	p = sharedPeriod(firstDayOf(year))
	return p, p.name == name
}

// indexName returns the name of the index of a period.
func (b *Backend) indexName(p period) string { return b.alias() + "-" + p.name }

// indicesOf returns the names of the indices whose last day is that of a time: for
// retention, that is the day of all their records.
func (b *Backend) indicesOf(t time.Time) []string {
	day := dayOfTime(t)
	names := []string{b.indexName(dayPeriod(day))}
	if shared := sharedPeriod(day); shared.last == day {
		names = append(names, b.indexName(shared))
	}
	return names
}

// isDaily reports whether a day has, or may get, an index of its own because it is not far
// from today.
func (b *Backend) isDaily(day int64) bool {
	today := dayOfTime(b.now())
	return day >= today-int64(b.config.DailyAge/(24*time.Hour)) && day <= today+int64(maxAhead/(24*time.Hour))
}

// isAhead reports whether a record has a time that is long after it was received, as far as
// that is known.
func isAhead(timestamp, observed pcommon.Timestamp) bool {
	return observed != 0 && timestamp > observed && timestamp-observed > pcommon.Timestamp(maxAhead)
}

func startOfDay(day int64) time.Time { return time.Unix(day*int64(24*time.Hour/time.Second), 0).UTC() }

// dayOfTime is the number since 1970 of the day of a time.
func dayOfTime(t time.Time) int64 {
	const perDay = int64(24 * time.Hour / time.Second)
	seconds := t.Unix()
	if seconds < 0 {
		return -1
	}
	return seconds / perDay
}

// sortedDays returns the first moments of the last days of periods, each once.
func sortedDays(periods []period) []time.Time {
	days := make([]time.Time, len(periods))
	for i, p := range periods {
		days[i] = startOfDay(p.last)
	}
	slices.SortFunc(days, time.Time.Compare)
	return slices.CompactFunc(days, time.Time.Equal)
}
