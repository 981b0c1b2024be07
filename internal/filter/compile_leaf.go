package filter

import (
	"regexp"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter/dates"
	"github.com/docketlog/docket/internal/record"
)

// test says whether the value of a field is what a leaf looks for. Its three methods
// agree about values that have the same text.
type test interface {
	text(text string) bool
	integer(value int64) bool
	double(value float64) bool
}

// valueLeaf is a test on a field that has a value of some type.
type valueLeaf struct {
	field Field
	test  test
	price int
}

// ownLeaf is a test on any other field.
type ownLeaf valueLeaf

// compileTest returns the node of a leaf; price is what the test costs beside finding
// the field.
func compileTest(field Field, leaf test, price int) node {
	switch field.Place {
	case PlaceLogAttribute, PlaceResourceAttribute, PlaceAttribute:
		return valueLeaf{field, leaf, costAttribute + price}
	case PlaceBody:
		return valueLeaf{field, leaf, costText + price}
	default:
		return ownLeaf{field, leaf, costAttribute + price}
	}
}

func (n valueLeaf) cost() int { return n.price }
func (n ownLeaf) cost() int   { return n.price }

func (n ownLeaf) matches(r record.Record) bool {
	if n.field.Place == PlaceSeverityNumber {
		number := r.Log.SeverityNumber()
		return number != 0 && n.test.integer(int64(number))
	}
	text := n.field.own(r)
	return text != "" && n.test.text(text)
}

func (n valueLeaf) matches(r record.Record) bool {
	var value pcommon.Value
	if n.field.Place == PlaceBody {
		value = r.Log.Body()
		if value.Type() == pcommon.ValueTypeEmpty {
			return false
		}
	} else {
		var ok bool
		if value, ok = n.field.attribute(r); !ok {
			return false
		}
	}
	switch value.Type() {
	case pcommon.ValueTypeInt:
		return n.test.integer(value.Int())
	case pcommon.ValueTypeDouble:
		return n.test.double(value.Double())
	default:
		text := Text(value)
		return (text != "" || n.field.IsAttribute()) && n.test.text(text)
	}
}

// decimal is the text of an integer in decimal, in place.
type decimal [20]byte

func (d *decimal) of(value int64) []byte { return strconv.AppendInt(d[:0], value, 10) }

// textOf returns the Text of a double.
func textOf(value float64) string { return pcommon.NewValueDouble(value).AsString() }

// anyText is the test of an Exists.
type anyText struct{}

func (anyText) text(string) bool    { return true }
func (anyText) integer(int64) bool  { return true }
func (anyText) double(float64) bool { return true }

// fewTexts is up to how many texts are compared one by one.
const fewTexts = 4

// equalFew and equalMany are the tests of an Equal.
type (
	equalFew  []string
	equalMany map[string]struct{}
)

func newEqualTest(values []string) test {
	if len(values) <= fewTexts {
		return equalFew(values)
	}
	set := make(equalMany, len(values))
	for _, value := range values {
		set[value] = struct{}{}
	}
	return set
}

func (t equalFew) text(text string) bool     { return slices.Contains(t, text) }
func (t equalFew) double(value float64) bool { return t.text(textOf(value)) }

func (t equalFew) integer(value int64) bool {
	var digits decimal
	text := digits.of(value)
	for _, other := range t {
		if string(text) == other {
			return true
		}
	}
	return false
}

func (t equalMany) double(value float64) bool { return t.text(textOf(value)) }

func (t equalMany) text(text string) bool {
	_, ok := t[text]
	return ok
}

func (t equalMany) integer(value int64) bool {
	var digits decimal
	_, ok := t[string(digits.of(value))]
	return ok
}

// equalNumber is the test of an EqualNumber.
type equalNumber []float64

func (t equalNumber) integer(value int64) bool  { return slices.Contains(t, float64(value)) }
func (t equalNumber) double(value float64) bool { return isFinite(value) && slices.Contains(t, value) }

func (t equalNumber) text(text string) bool {
	number, ok := Number(text)
	return ok && slices.Contains(t, number)
}

// isFinite reports whether the text of a double is a number.
func isFinite(value float64) bool { return value-value == 0 }

// compareTest is the test of a Compare.
type compareTest struct {
	order  Order
	number float64
}

func (t compareTest) integer(value int64) bool {
	return compareNumber(float64(value), t.order, t.number)
}

func (t compareTest) double(value float64) bool {
	return isFinite(value) && compareNumber(value, t.order, t.number)
}

func (t compareTest) text(text string) bool {
	number, ok := Number(text)
	return ok && compareNumber(number, t.order, t.number)
}

// timeTest is the test of a CompareTime.
type timeTest struct {
	order Order
	time  time.Time
}

func (t timeTest) integer(value int64) bool  { return t.text(strconv.FormatInt(value, 10)) }
func (t timeTest) double(value float64) bool { return t.text(textOf(value)) }

func (t timeTest) text(text string) bool {
	first, _, ok := dates.Parse(text, time.UTC)
	return ok && t.order.holds(first.Compare(t.time))
}

// regexpTest is the test of a Regexp.
type regexpTest struct{ pattern *regexp.Regexp }

func (t regexpTest) text(text string) bool     { return t.pattern.MatchString(text) }
func (t regexpTest) double(value float64) bool { return t.text(textOf(value)) }

func (t regexpTest) integer(value int64) bool {
	return t.text(strconv.FormatInt(value, 10))
}

// containsTest is the test of a Contains.
type containsTest []*Finder

func compileContains(e Contains) containsTest {
	finders := make(containsTest, len(e.Parts))
	for i, part := range e.Parts {
		finders[i] = NewFinder(BodyContains(part))
	}
	return finders
}

func (t containsTest) integer(value int64) bool  { return t.text(strconv.FormatInt(value, 10)) }
func (t containsTest) double(value float64) bool { return t.text(textOf(value)) }

func (t containsTest) text(text string) bool {
	for _, finder := range t {
		if finder.In(text) {
			return true
		}
	}
	return false
}

// wildcardTest is the test of a Wildcard: folded letters at the start, texts between,
// and folded letters, the last one first, at the end.
type wildcardTest struct {
	start   []rune
	between []*Finder
	end     []rune
	// isWhole is true if there is nothing but the start.
	isWhole bool
}

func compileWildcard(parts []string) wildcardTest {
	last := len(parts) - 1
	t := wildcardTest{start: []rune(fold(parts[0])), isWhole: last == 0}
	if t.isWhole {
		return t
	}
	for _, part := range parts[1:last] {
		if part != "" {
			t.between = append(t.between, NewFinder(BodyContains(part)))
		}
	}
	t.end = []rune(fold(parts[last]))
	slices.Reverse(t.end)
	return t
}

func (t wildcardTest) integer(value int64) bool  { return t.text(strconv.FormatInt(value, 10)) }
func (t wildcardTest) double(value float64) bool { return t.text(textOf(value)) }

func (t wildcardTest) text(text string) bool {
	rest, ok := cutLetters(text, t.start)
	if !ok || t.isWhole {
		return ok && rest == ""
	}
	if len(t.between) == 0 {
		return isPreceded(rest, t.end)
	}
	// The end is cut off first, so that it is not found between.
	if !isPreceded(rest, t.end) {
		return false
	}
	for range t.end {
		_, size := utf8.DecodeLastRuneInString(rest)
		rest = rest[:len(rest)-size]
	}
	for _, finder := range t.between {
		if rest, ok = finder.cut(rest); !ok {
			return false
		}
	}
	return true
}
