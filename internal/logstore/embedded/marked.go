package embedded

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// mark is put behind a text in a column that the engine might not keep as it is, so
// that it does.
//
// The engine stores a column as numbers, addresses or times where all texts of a block
// look like such, and makes texts of them again when it reads them. These are not always
// the same: 1.50 comes back as 1.5, 1_0 as 10, and some numbers are rounded another way,
// 15.883 to 15.883000000000001. With the mark, a text looks like nothing.
const mark = "\x1f"

// marked returns the text that a column has for a text, with the mark if it needs one.
// Different texts stay different.
func marked(text string) string {
	if isKept(text) {
		return text
	}
	return text + mark
}

// storedIn returns what a column has for the text of a field or an attribute: packed, or
// marked if need be.
func storedIn(column, text string) string {
	if isPacked(column) {
		return pack(text)
	}
	return marked(text)
}

// textIn is the inverse of storedIn.
func textIn(column, stored string) string {
	if isPacked(column) {
		return unpack(stored)
	}
	return strings.TrimSuffix(stored, mark)
}

// isKept reports whether the engine surely keeps a text as it is in all columns. It
// follows the engine's own conditions, so far as they matter.
func isKept(text string) bool {
	if strings.HasSuffix(text, mark) {
		return false
	}
	if looksLikeText(text) {
		return true
	}
	switch {
	case strings.Contains(text, "_"): // it may stand anywhere among digits, and is left out
		return strings.ContainsAny(text, ":TZ ")
	case strings.ContainsAny(text, ":TZ "):
		return isKeptTime(text)
	case strings.Count(text, ".") == 3:
		return isKeptAddress(text)
	default:
		return isKeptNumber(text)
	}
}

// looksLikeText reports whether a text has a character that is in no number, address or
// time of the engine. Most texts begin with one.
func looksLikeText(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case c >= '0' && c <= '9', c == '.', c == '-', c == '_', c == ':', c == 'T', c == 'Z', c == ' ':
		default:
			return true
		}
	}
	return false
}

// isKeptTime is isKept for a text of the letters of times, of which the engine knows one
// form.
func isKeptTime(text string) bool {
	const form = "2006-01-02T15:04:05.000Z"
	if len(text) != len(form) {
		return true
	}
	at, err := time.Parse(form, text)
	return err == nil && at.Format(form) == text &&
		time.Unix(0, math.MinInt64).Before(at) && at.Before(time.Unix(0, math.MaxInt64))
}

// isKeptAddress is isKept for a text of four parts.
func isKeptAddress(text string) bool {
	for part := range strings.SplitSeq(text, ".") {
		if len(part) > 1 && part[0] == '0' {
			return false
		}
	}
	return true
}

// isKeptNumber is isKept for a text of digits, points and minuses.
func isKeptNumber(text string) bool {
	digits, isNegative := strings.CutPrefix(text, "-")
	whole, fraction, hasPoint := strings.Cut(digits, ".")
	if !hasPoint {
		return text != "-0" // all others that the engine takes for integers are spelled as it does
	}
	wholeNumber, err := strconv.ParseUint(whole, 10, 64)
	if err != nil || len(whole) > 1 && whole[0] == '0' {
		return true // no number to the engine
	}
	fractionNumber, err := strconv.ParseUint(fraction, 10, 64)
	if err != nil {
		return true
	}
	// This is how the engine reads it, which is not always the nearest number.
	number := math.FMA(float64(fractionNumber), math.Pow10(-len(fraction)), float64(wholeNumber))
	if isNegative {
		number = -number
	}
	return strconv.FormatFloat(number, 'f', -1, 64) == text
}
