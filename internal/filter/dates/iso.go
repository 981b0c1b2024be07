package dates

import "time"

// Parse returns the first and the last nanosecond that an ISO 8601 timestamp names.
//
// It takes calendar dates, extended (2026-11-21T10:00:00.5+01:00) or basic
// (20261121T100000.5+0100), with or without a time of day, which may leave out
// seconds and minutes; t, z and a space for the T, as RFC 3339 allows; and any
// number of digits of a fraction, of which nine count. A timestamp without a zone is
// in the given one. Not taken: week and ordinal dates, months and years alone,
// 24:00, leap seconds, Unix times.
func Parse(text string, zone *time.Location) (first, last time.Time, ok bool) {
	s := scanner{rest: text, ok: true}
	year := s.digits(4)
	isExtended := s.skip('-')
	month := s.digits(2)
	if isExtended {
		s.expect('-')
	}
	day := s.digits(2)
	if !s.ok {
		return time.Time{}, time.Time{}, false
	}
	if s.rest == "" {
		first = time.Date(year, time.Month(month), day, 0, 0, 0, 0, zone)
		last = time.Date(year, time.Month(month), day+1, 0, 0, 0, 0, zone).Add(-1)
		return first, last, isDay(year, month, day)
	}
	if !s.skip('T') && !s.skip('t') && (!isExtended || !s.skip(' ')) {
		return time.Time{}, time.Time{}, false
	}
	hour, minute, second, nanosecond, unit := s.timeOfDay(isExtended)
	zone = s.zone(zone)
	if !s.ok || s.rest != "" || !isDay(year, month, day) || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, time.Time{}, false
	}
	first = time.Date(year, time.Month(month), day, hour, minute, second, nanosecond, zone)
	return first, first.Add(unit - 1), true
}

// isDay reports whether there is such a day.
func isDay(year, month, day int) bool {
	if month < 1 || month > 12 || day < 1 {
		return false
	}
	return day <= time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// scanner reads a timestamp from left to right. ok is false once something is not
// as it must be.
type scanner struct {
	rest string
	ok   bool
}

// digits reads a number of exactly so many digits.
func (s *scanner) digits(count int) int {
	if len(s.rest) < count {
		s.ok = false
		return 0
	}
	value := 0
	for i := range count {
		c := s.rest[i]
		if !isDigit(c) {
			s.ok = false
			return 0
		}
		value = 10*value + int(c-'0')
	}
	s.rest = s.rest[count:]
	return value
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func (s *scanner) startsWithDigit() bool { return s.rest != "" && isDigit(s.rest[0]) }

// skip reads the character if it is next, and reports whether it was.
func (s *scanner) skip(c byte) bool {
	if s.rest == "" || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

func (s *scanner) expect(c byte) {
	if !s.skip(c) {
		s.ok = false
	}
}

// timeOfDay reads hours and what follows of minutes, seconds and a fraction; unit is
// the length of the smallest that is there.
func (s *scanner) timeOfDay(isExtended bool) (hour, minute, second, nanosecond int, unit time.Duration) {
	hour, unit = s.digits(2), time.Hour
	if !s.hasMore(isExtended) {
		return hour, 0, 0, 0, unit
	}
	minute, unit = s.digits(2), time.Minute
	if !s.hasMore(isExtended) {
		return hour, minute, 0, 0, unit
	}
	second, unit = s.digits(2), time.Second
	if s.skip('.') || s.skip(',') {
		nanosecond, unit = s.fraction()
	}
	return hour, minute, second, nanosecond, unit
}

// hasMore reports whether minutes or seconds follow, and reads the colon before them.
func (s *scanner) hasMore(isExtended bool) bool {
	if isExtended {
		return s.skip(':')
	}
	return s.startsWithDigit()
}

func (s *scanner) fraction() (nanosecond int, unit time.Duration) {
	if !s.startsWithDigit() {
		s.ok = false
		return 0, 1
	}
	unit = time.Second
	for s.startsWithDigit() {
		if unit > 1 {
			unit /= 10
			nanosecond += int(s.rest[0]-'0') * int(unit)
		}
		s.rest = s.rest[1:]
	}
	return nanosecond, unit
}

// zone reads a zone designator, and returns the given zone if there is none.
func (s *scanner) zone(otherwise *time.Location) *time.Location {
	sign := 1
	switch {
	case s.rest == "":
		return otherwise
	case s.skip('Z') || s.skip('z'):
		return time.UTC
	case s.skip('+'):
	case s.skip('-'):
		sign = -1
	default:
		s.ok = false
		return otherwise
	}
	hours, minutes := s.digits(2), 0
	if s.skip(':') || s.startsWithDigit() {
		minutes = s.digits(2)
	}
	if hours > 23 || minutes > 59 {
		s.ok = false
	}
	if hours == 0 && minutes == 0 {
		return time.UTC
	}
	return time.FixedZone("", sign*(hours*60+minutes)*60)
}
