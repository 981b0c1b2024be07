package logsapiextension

import (
	"math"
	"regexp"
	"strconv"
	"time"
)

// What parseTimestamp takes of ISO 8601: the calendar date, extended or basic,
// with or without a time of day. Also taken: lower-case t and z and a space for
// T, as RFC 3339 allows, and a space for the + of an offset, which is what a query
// string makes of a + that was not percent-encoded.
//
// The groups are year, month, day, hour, minute, second, fraction and zone.
var (
	extendedTimestamp = regexp.MustCompile(
		`^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d)(?::(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?([Zz]|[-+ ]\d\d(?::?\d\d)?)?)?$`)
	basicTimestamp = regexp.MustCompile(
		`^(\d{4})(\d\d)(\d\d)(?:[Tt](\d\d)(?:(\d\d)(?:(\d\d)(?:[.,](\d+))?)?)?([Zz]|[-+ ]\d\d(?::?\d\d)?)?)?$`)
)

// parseTimestamp returns the first and the last nanosecond of what an ISO 8601
// timestamp names: 2023-10-27 is a day, 2023-10-27T10:00Z a minute,
// 2023-10-27T10:00:00.5Z a tenth of a second. Without a zone it is UTC. Times
// that no record can have become the nearest that one can.
//
// Not taken: week and ordinal dates, months and years alone, 24:00, leap seconds.
func parseTimestamp(text string) (first, last time.Time, ok bool) {
	part := extendedTimestamp.FindStringSubmatch(text)
	if part == nil {
		part = basicTimestamp.FindStringSubmatch(text)
	}
	if part == nil {
		return time.Time{}, time.Time{}, false
	}
	month, day := number(part[2]), number(part[3])
	hour, minute, second := number(part[4]), number(part[5]), number(part[6])
	nanosecond, unit := precision(part)
	offset, ok := zoneOffset(part[8])
	if !ok || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, time.Time{}, false
	}
	first = time.Date(number(part[1]), time.Month(month), day, hour, minute, second, nanosecond, time.UTC)
	if first.Month() != time.Month(month) || first.Day() != day { // such as February 30
		return time.Time{}, time.Time{}, false
	}
	first = first.Add(-offset)
	return clampTimestamp(first), clampTimestamp(first.Add(unit - 1)), true
}

// precision returns the fraction in nanoseconds, and how long the smallest unit
// is that the timestamp states.
func precision(part []string) (nanosecond int, unit time.Duration) {
	const digits = 9
	switch fraction := part[7]; {
	case part[4] == "":
		return 0, 24 * time.Hour
	case part[5] == "":
		return 0, time.Hour
	case part[6] == "":
		return 0, time.Minute
	default:
		fraction = fraction[:min(len(fraction), digits)]
		nanosecond, unit = number(fraction), time.Second
		for range fraction {
			unit /= 10
		}
		return nanosecond * int(unit), unit
	}
}

// zoneOffset returns how far east of UTC a zone designator is.
func zoneOffset(zone string) (time.Duration, bool) {
	if len(zone) <= 1 { // none, or Z
		return 0, true
	}
	hours, minutes := number(zone[1:3]), 0
	if len(zone) > 3 {
		minutes = number(zone[len(zone)-2:])
	}
	offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if zone[0] == '-' {
		offset = -offset
	}
	return offset, hours <= 23 && minutes <= 59
}

// number returns the value of at most nine digits; none are 0.
func number(digits string) int {
	value, _ := strconv.Atoi(digits) // the expressions let only digits pass
	return value
}

// clampTimestamp returns the nearest time that a record can have: nanoseconds
// since 1970 in 63 bits.
func clampTimestamp(t time.Time) time.Time {
	earliest, latest := time.Unix(0, 0).UTC(), time.Unix(0, math.MaxInt64).UTC()
	switch {
	case t.Before(earliest):
		return earliest
	case t.After(latest):
		return latest
	default:
		return t
	}
}
