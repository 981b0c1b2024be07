package dates

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Clock is what relative dates are relative to.
type Clock struct {
	// Now is the current time.
	Now time.Time
	// Zone is that of days, months and timestamps without a zone; nil is UTC.
	Zone *time.Location
}

// maxCount is the largest number in a relative date: no unit is too short for it to
// reach over any log.
const maxCount = 999_999

// Parse returns the first and the last nanosecond that a date names: an ISO 8601
// timestamp, as the function Parse takes it, or one that is relative to now.
//
// A relative date is a number and a unit, with or without a minus before it, and
// means so long ago: -1h, -7d. The units are s, M (minutes), h, d, w, m (months), q
// (13 weeks) and y. m is a month and M a minute, as in PostHog. Start or End after
// the unit moves the time to the first or the last nanosecond of its second, minute
// and so on, where weeks begin on Mondays and a q is a quarter of a year; then the
// number may be left out: dStart is today's midnight, -1mEnd the end of last month.
// "now" is now. A time before 1970 is the start of 1970.
//
// The error completes the sentence "the date …".
func (c Clock) Parse(text string) (first, last time.Time, err error) {
	zone := c.Zone
	if zone == nil {
		zone = time.UTC
	}
	if first, last, ok := Parse(text, zone); ok {
		return first, last, nil
	}
	now := c.Now.In(zone)
	if text == "now" {
		return now, now, nil
	}
	t, ok := relative(text, now)
	if !ok {
		return time.Time{}, time.Time{}, fmt.Errorf("%s is neither ISO 8601 (2026-11-21T10:00:00Z) nor relative (-1h, -7d, -30M, dStart)", quote(text))
	}
	if epoch := time.Unix(0, 0).In(zone); t.Before(epoch) {
		t = epoch
	}
	return t, t, nil
}

// quote returns a text for an error message, shortened.
func quote(text string) string {
	const maxQuoted = 40
	if utf8.RuneCountInString(text) > maxQuoted {
		text = string([]rune(text)[:maxQuoted]) + "…"
	}
	return fmt.Sprintf("%q", text)
}

func relative(text string, now time.Time) (time.Time, bool) {
	text = strings.TrimPrefix(text, "-")
	text, isStart := strings.CutSuffix(text, "Start")
	isEnd := false
	if !isStart {
		text, isEnd = strings.CutSuffix(text, "End")
	}
	if text == "" {
		return now, false
	}
	digits, unit := text[:len(text)-1], text[len(text)-1]
	count := 0
	for i := range len(digits) {
		if !isDigit(digits[i]) {
			return now, false
		}
		if count = 10*count + int(digits[i]-'0'); count > maxCount {
			return now, false
		}
	}
	if digits == "" && !isStart && !isEnd {
		return now, false
	}
	t, ok := before(now, count, unit)
	switch {
	case isStart:
		t = startOf(t, unit)
	case isEnd:
		t = next(startOf(t, unit), unit).Add(-1)
	}
	return t, ok
}

// before returns the time that is so many units before another.
func before(t time.Time, count int, unit byte) (time.Time, bool) {
	const weeksPerQuarter = 13
	switch unit {
	case 's':
		return t.Add(-time.Duration(count) * time.Second), true
	case 'M':
		return t.Add(-time.Duration(count) * time.Minute), true
	case 'h':
		return t.Add(-time.Duration(count) * time.Hour), true
	case 'd':
		return t.AddDate(0, 0, -count), true
	case 'w':
		return t.AddDate(0, 0, -7*count), true
	case 'q':
		return t.AddDate(0, 0, -7*weeksPerQuarter*count), true
	case 'm':
		return monthsBefore(t, count), true
	case 'y':
		return monthsBefore(t, 12*count), true
	default:
		return t, false
	}
}

// monthsBefore returns the same day and time some months earlier, or the last day of
// that month if it is shorter.
func monthsBefore(t time.Time, count int) time.Time {
	year, month, day := t.Date()
	lastDay := time.Date(year, month-time.Month(count)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return time.Date(year, month-time.Month(count), min(day, lastDay),
		t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
}

// startOf returns the first nanosecond of the unit that a time is in.
func startOf(t time.Time, unit byte) time.Time {
	year, month, day := t.Date()
	midnight := func(month time.Month, day int) time.Time {
		return time.Date(year, month, day, 0, 0, 0, 0, t.Location())
	}
	switch unit {
	case 's':
		return t.Add(-time.Duration(t.Nanosecond()))
	case 'M':
		return startOf(t, 's').Add(-time.Duration(t.Second()) * time.Second)
	case 'h':
		return startOf(t, 'M').Add(-time.Duration(t.Minute()) * time.Minute)
	case 'w':
		return midnight(month, day-(int(t.Weekday())+6)%7)
	case 'm':
		return midnight(month, 1)
	case 'q':
		return midnight((month-1)/3*3+1, 1)
	case 'y':
		return midnight(time.January, 1)
	default: // days
		return midnight(month, day)
	}
}

// next returns the start of the following unit, given the start of one.
func next(start time.Time, unit byte) time.Time {
	switch unit {
	case 's':
		return start.Add(time.Second)
	case 'M':
		return start.Add(time.Minute)
	case 'h':
		return start.Add(time.Hour)
	case 'w':
		return start.AddDate(0, 0, 7)
	case 'm':
		return start.AddDate(0, 1, 0)
	case 'q':
		return start.AddDate(0, 3, 0)
	case 'y':
		return start.AddDate(1, 0, 0)
	default: // days
		return start.AddDate(0, 0, 1)
	}
}
