package filter

import "strconv"

// maxExactInteger is the number up to which every integer is a float64 of its own.
const maxExactInteger = 1 << 53

// Number returns the number that a text is in decimal, such as 42, -0.5, +7, .5, 007
// and 1e3; rounded to the nearest float64. ok is false for any other text, also with
// spaces around a number, and for a number that no float64 is near to.
func Number(text string) (number float64, ok bool) {
	if !isDecimal(text) {
		return 0, false
	}
	number, err := strconv.ParseFloat(text, 64)
	return number, err == nil
}

// EqualityNumber returns the number as which a value from a filter is compared for
// equality; ok is false if it is compared as text instead: when it is not a number, or
// too large (from 2^53) for different integers to stay different, as long ids are.
func EqualityNumber(text string) (number float64, ok bool) {
	number, ok = Number(text)
	return number, ok && number > -maxExactInteger && number < maxExactInteger
}

// isDecimal reports whether the text is a sign or none, digits with a point among
// them or none, and an exponent or none.
func isDecimal(text string) bool {
	at := 0
	skipSign := func() {
		if at < len(text) && (text[at] == '+' || text[at] == '-') {
			at++
		}
	}
	skipDigits := func() int {
		start := at
		for at < len(text) && '0' <= text[at] && text[at] <= '9' {
			at++
		}
		return at - start
	}
	skipSign()
	count := skipDigits()
	if at < len(text) && text[at] == '.' {
		at++
		count += skipDigits()
	}
	if count == 0 {
		return false
	}
	if at < len(text) && (text[at] == 'e' || text[at] == 'E') {
		at++
		skipSign()
		if skipDigits() == 0 {
			return false
		}
	}
	return at == len(text)
}
