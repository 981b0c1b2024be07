package requestbody

import (
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Text is a string, without the white space around it. A number is taken as it is
// written; a boolean is refused.
type Text struct {
	Into *string
	// MaxLength is the number of characters that it may have; 0 is any number.
	MaxLength int
	// MayBeBlank allows a text of no characters.
	MayBeBlank bool
}

func (t Text) clear() { *t.Into = "" }

func (t Text) read(given value) *Error {
	text, ok := textOf(given.scalar())
	if !ok {
		return Wrong(CodeInvalidInput, "must be a string")
	}
	switch text = strings.TrimSpace(text); {
	case text == "" && !t.MayBeBlank:
		return Wrong(CodeBlank, "must not be blank")
	case t.MaxLength > 0 && utf8.RuneCountInString(text) > t.MaxLength:
		return Wrong(CodeMaxLength, "must have no more than %d characters", t.MaxLength)
	case strings.ContainsRune(text, 0):
		return Wrong(CodeNullCharacters, "must not have NUL characters")
	}
	*t.Into = text
	return nil
}

// textOf returns a JSON string, or a JSON number as it is written.
func textOf(raw json.RawMessage) (string, bool) {
	switch c := raw[0]; {
	case c == '"':
		var text string
		err := json.Unmarshal(raw, &text)
		return text, err == nil
	case c == '-' || '0' <= c && c <= '9':
		return string(raw), true
	default:
		return "", false
	}
}

// Integer is an integer of 64 bits: 10, 10.0, 1e1, "10" or "10.0", but not 1.5.
type Integer struct {
	Into *int64
	// Min and Max are included; nil is no bound.
	Min, Max *int64
}

func (i Integer) clear() { *i.Into = 0 }

func (i Integer) read(given value) *Error {
	integer, ok := integerOf(given.scalar())
	switch {
	case !ok:
		return Wrong(CodeInvalidInput, "must be an integer")
	case i.Min != nil && integer < *i.Min:
		return Wrong(CodeMinValue, "must be at least %d", *i.Min)
	case i.Max != nil && integer > *i.Max:
		return Wrong(CodeMaxValue, "must be at most %d", *i.Max)
	}
	*i.Into = integer
	return nil
}

// zeroFraction is what an integer may have behind it.
var zeroFraction = regexp.MustCompile(`\.0*$`)

// maxExact is the first power of ten from which on the framework writes a number
// with an exponent, and then takes it for no integer.
const maxExact = 1e16

func integerOf(raw json.RawMessage) (int64, bool) {
	text, ok := textOf(raw)
	if !ok {
		return 0, false
	}
	integer, err := strconv.ParseInt(zeroFraction.ReplaceAllString(strings.TrimSpace(text), ""), 10, 64)
	if err == nil {
		return integer, true
	}
	if raw[0] == '"' {
		return 0, false
	}
	float, err := strconv.ParseFloat(text, 64)
	return int64(float), err == nil && float == math.Trunc(float) && math.Abs(float) < maxExact
}

// Boolean is true or false; also 1 or 0, and in any case "true", "t", "yes", "y",
// "on", "1" or "false", "f", "no", "n", "off", "0".
type Boolean struct{ Into *bool }

func (b Boolean) clear() { *b.Into = false }

func (b Boolean) read(given value) *Error {
	switch strings.ToLower(strings.TrimSpace(booleanText(given.scalar()))) {
	case "true", "t", "yes", "y", "on", "1":
		*b.Into = true
	case "false", "f", "no", "n", "off", "0":
		*b.Into = false
	default:
		return Wrong(CodeInvalidInput, "must be a boolean")
	}
	return nil
}

func booleanText(raw json.RawMessage) string {
	switch integer, isInteger := integerOf(raw); {
	case raw[0] == 't' || raw[0] == 'f':
		return string(raw)
	case raw[0] != '"' && isInteger:
		return strconv.FormatInt(integer, 10)
	case raw[0] == '"':
		text, _ := textOf(raw)
		return text
	default:
		return ""
	}
}

// Choice is one of several texts, in their own case.
type Choice[T ~string] struct {
	Into *T
	Of   []T
}

func (c Choice[T]) clear() { *c.Into = "" }

func (c Choice[T]) read(given value) *Error {
	text, ok := textOf(given.scalar())
	if !ok || !slices.Contains(c.Of, T(text)) {
		names := make([]string, len(c.Of))
		for n, name := range c.Of {
			names[n] = string(name)
		}
		return Wrong(CodeInvalidChoice, "must be one of %s", strings.Join(names, ", "))
	}
	*c.Into = T(text)
	return nil
}

// Time is a date and time of ISO 8601. Without a zone it is UTC, and without a
// time of day it is midnight.
type Time struct{ Into *time.Time }

func (t Time) clear() { *t.Into = time.Time{} }

func (t Time) read(given value) *Error {
	raw := given.scalar()
	if text, ok := textOf(raw); ok && raw[0] == '"' {
		for _, layout := range timeLayouts() {
			if parsed, err := time.Parse(layout, strings.Replace(strings.TrimSpace(text), " ", "T", 1)); err == nil {
				*t.Into = parsed.UTC()
				return nil
			}
		}
	}
	return Wrong(CodeInvalidInput, "must be a date and time such as 2026-11-21T10:00:00Z")
}

// timeLayouts are those of package time, which takes a fraction behind any second.
func timeLayouts() []string {
	return []string{
		time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04Z0700",
		"2006-01-02T15:04", "2006-01-02",
	}
}
