package text

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/dates"
	"github.com/docketlog/docket/internal/record"
)

// Format returns a text that Parse reads as a filter which selects the same records;
// ok is false if there is none, because the language has no words for a part of the
// filter or the text is beyond its limits. Dates in it are absolute.
func Format(expression filter.Expression) (text string, ok bool) {
	normal := filter.Normalize(expression)
	if all, isAnd := normal.(filter.And); isAnd && len(all) == 0 {
		return "", true
	}
	w := writer{ok: true}
	w.write(normal, false)
	if !w.ok || !utf8.ValidString(w.text.String()) {
		return "", false
	}
	text = w.text.String()
	_, err := Parse(text, dates.Clock{})
	return text, err == nil
}

// writer writes an expression. ok is false once there is a part that it cannot.
type writer struct {
	text strings.Builder
	ok   bool
}

// write writes a normalized expression, in parentheses if it must stay together.
func (w *writer) write(expression filter.Expression, isTogether bool) {
	switch e := expression.(type) {
	case filter.And:
		w.join(e, " ", isTogether)
	case filter.Or:
		w.join(e, " "+wordOr+" ", isTogether || len(e) == 0)
	case filter.Not:
		w.text.WriteByte('-')
		w.write(e.Part, true)
	default:
		w.leaf(expression)
	}
}

func (w *writer) join(parts []filter.Expression, between string, isTogether bool) {
	if len(parts) == 0 {
		w.ok = false
		return
	}
	if isTogether {
		w.text.WriteByte('(')
	}
	for i, part := range parts {
		if i > 0 {
			w.text.WriteString(between)
		}
		_, isOr := part.(filter.Or)
		w.write(part, isOr)
	}
	if isTogether {
		w.text.WriteByte(')')
	}
}

func (w *writer) leaf(expression filter.Expression) {
	switch e := expression.(type) {
	case filter.Exists:
		w.condition(e.Field, ":", "*")
	case filter.Equal:
		w.equal(e)
	case filter.EqualNumber:
		w.equalNumber(e)
	case filter.Contains:
		if e.Field == bodyField() && len(e.Parts) == 1 {
			w.text.WriteString(written(e.Parts[0]))
			return
		}
		w.condition(e.Field, "~", writtenAll(e.Parts)...)
	case filter.Wildcard:
		w.wildcard(e)
	case filter.Regexp:
		w.condition(e.Field, "=~", quote(e.Pattern.String()))
	case filter.Compare:
		// Levels and times are not compared with numbers.
		w.check(e.Field.Place != filter.PlaceLevel && !e.Field.IsTime() && !math.IsNaN(e.Number) && !math.IsInf(e.Number, 0))
		w.condition(e.Field, e.Order.String(), formatNumber(e.Number))
	case filter.CompareTime:
		w.check(e.Field.Place != filter.PlaceLevel)
		w.condition(e.Field, e.Order.String(), e.Time.UTC().Format("2006-01-02T15:04:05.000000000Z"))
	default:
		w.ok = false
	}
}

// check notes whether there are words for a part.
func (w *writer) check(ok bool) { w.ok = w.ok && ok }

// condition writes a field, an operator and values.
func (w *writer) condition(field filter.Field, operator string, values ...string) {
	name, ok := fieldName(field)
	w.check(ok && len(values) > 0)
	w.text.WriteString(written(name))
	w.text.WriteString(operator)
	if len(values) == 1 {
		w.text.WriteString(values[0])
		return
	}
	w.text.WriteByte('(')
	w.text.WriteString(strings.Join(values, " "+wordOr+" "))
	w.text.WriteByte(')')
}

// written returns a name or a value, in quotes unless it means the same without.
func written(text string) string {
	if _, isNumber := filter.Number(text); isNumber || !isPlain(text) {
		return quote(text)
	}
	return text
}

func writtenAll(texts []string) []string {
	all := slices.Clone(texts)
	for i := range all {
		all[i] = written(all[i])
	}
	return all
}

// isPlain reports whether no part of a text has a meaning of its own.
func isPlain(text string) bool {
	switch text {
	case "", wordAnd, wordOr, wordNot:
		return false
	}
	return text[0] != '-' && !strings.ContainsFunc(text, func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("._-/@$", c)
	})
}

func (w *writer) equal(e filter.Equal) {
	isReadAs := func(string) bool { return true }
	switch e.Field.Place {
	case filter.PlaceLevel:
		isReadAs = func(text string) bool {
			level, ok := record.ParseLevel(text)
			return ok && string(level) == text
		}
	case filter.PlaceTimestamp, filter.PlaceObservedTime:
		isReadAs = func(string) bool { return false }
	case filter.PlaceTraceID, filter.PlaceSpanID:
		isReadAs = func(text string) bool {
			id, err := filter.ParseID(e.Field, text)
			return err == nil && id == text && strings.Trim(id, "0") != ""
		}
	case filter.PlaceID, filter.PlaceHash:
		isReadAs = func(text string) bool { return strings.ToLower(text) == text }
	case filter.PlaceService:
		isReadAs = func(text string) bool { return text != "" }
	}
	for _, text := range e.Values {
		w.check(isReadAs(text))
	}
	w.condition(e.Field, "=", writtenAll(e.Values)...)
}

func (w *writer) equalNumber(e filter.EqualNumber) {
	w.check(e.Field.IsAttribute() || e.Field.Place == filter.PlaceSeverityNumber)
	values := make([]string, len(e.Values))
	for i, number := range e.Values {
		values[i] = formatNumber(number)
		_, ok := filter.EqualityNumber(values[i])
		w.check(ok)
	}
	w.condition(e.Field, "=", values...)
}

func formatNumber(number float64) string { return strconv.FormatFloat(number, 'g', -1, 64) }

// wildcard writes a value with stars, or a regular expression where a star would mean
// something else.
func (w *writer) wildcard(e filter.Wildcard) {
	if len(e.Parts) < 2 || e.Field == bodyField() || strings.Join(e.Parts, "") == "" {
		w.condition(e.Field, "=~", quote(asRegexp(e.Parts)))
		return
	}
	escaped := make([]string, len(e.Parts))
	for i, part := range e.Parts {
		escaped[i] = escape(part)
	}
	w.condition(e.Field, ":", strings.Join(escaped, "*"))
}

// escape returns a text in which no character has a meaning in a word.
func escape(text string) string {
	var escaped strings.Builder
	for _, c := range text {
		if isEscapable(c) {
			escaped.WriteByte('\\')
		}
		escaped.WriteRune(c)
	}
	return escaped.String()
}

// quote returns a text in quotes.
func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
