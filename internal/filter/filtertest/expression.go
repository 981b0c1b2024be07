package filtertest

import (
	"math"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

// maxDepth is how deep expressions are nested.
const maxDepth = 4

// Expression returns an expression of any nodes. Where it names values, about half
// are those of the given records, or parts of them.
func Expression(random *rand.Rand, records ...record.Record) filter.Expression {
	g := generator{random: random, records: records}
	return g.expression(maxDepth)
}

// Leaf returns an expression that is no And, Or or Not, as Expression does.
func Leaf(random *rand.Rand, records ...record.Record) filter.Expression {
	g := generator{random: random, records: records}
	return g.leaf()
}

// generator makes expressions.
type generator struct {
	random  *rand.Rand
	records []record.Record
}

func (g generator) chance(of int) bool { return g.random.IntN(of) == 0 }

func (g generator) expression(depth int) filter.Expression {
	if depth == 0 {
		return g.leaf()
	}
	switch g.random.IntN(8) {
	case 0, 1:
		return filter.And(g.expressions(depth - 1))
	case 2, 3:
		return filter.Or(g.expressions(depth - 1))
	case 4:
		return filter.Not{Part: g.expression(depth - 1)}
	case 5:
		if g.chance(10) {
			return nil
		}
		return g.short()
	default:
		return g.leaf()
	}
}

func (g generator) expressions(depth int) []filter.Expression {
	parts := make([]filter.Expression, g.random.IntN(4))
	for i := range parts {
		parts[i] = g.expression(depth)
	}
	return parts
}

// short returns a Levels, a Services or a BodyContains.
func (g generator) short() filter.Expression {
	switch g.random.IntN(3) {
	case 0:
		var levels filter.Levels
		for range g.random.IntN(4) {
			levels = append(levels, record.Level(g.level()))
		}
		return levels
	case 1:
		return filter.Services(g.texts(filter.Field{Place: filter.PlaceService}))
	default:
		return filter.BodyContains(g.part(filter.Field{Place: filter.PlaceBody}))
	}
}

func (g generator) level() string {
	return pick(g.random, []string{"unspecified", "trace", "debug", "info", "warn", "error", "fatal"})
}

// field returns a field; about half are attributes.
func (g generator) field() filter.Field {
	place := filter.Place(g.random.IntN(int(filter.PlaceAttribute) + 1))
	if g.chance(3) {
		place = pick(g.random, []filter.Place{filter.PlaceLogAttribute, filter.PlaceResourceAttribute, filter.PlaceAttribute})
	}
	field := filter.Field{Place: place}
	if field.IsAttribute() {
		field.Key = g.key()
	}
	return field
}

// key returns a key, or a path of several.
func (g generator) key() string {
	steps := []string{pick(g.random, keys())}
	for g.chance(3) {
		steps = append(steps, pick(g.random, keys()))
	}
	return strings.Join(steps, ".")
}

func (g generator) leaf() filter.Expression {
	field := g.field()
	switch g.random.IntN(10) {
	case 0:
		return filter.Exists{Field: field}
	case 1, 2:
		return filter.Equal{Field: field, Values: g.texts(field)}
	case 3:
		return filter.EqualNumber{Field: field, Values: g.numbers(field)}
	case 4, 5:
		parts := make([]string, g.random.IntN(3))
		for i := range parts {
			parts[i] = g.part(field)
		}
		return filter.Contains{Field: field, Parts: parts}
	case 6:
		return filter.Wildcard{Field: field, Parts: g.wildcard(field)}
	case 7:
		return filter.Regexp{Field: field, Pattern: g.pattern(field)}
	case 8:
		return filter.Compare{Field: field, Order: g.order(), Number: g.number(field)}
	default:
		return filter.CompareTime{Field: field, Order: g.order(), Time: g.time(field)}
	}
}

func (g generator) order() filter.Order {
	return pick(g.random, []filter.Order{filter.Less, filter.LessOrEqual, filter.Greater, filter.GreaterOrEqual})
}

// text returns a text that a record may have in the field.
func (g generator) text(field filter.Field) string {
	if len(g.records) > 0 && !g.chance(3) {
		if text, ok := field.Text(pick(g.random, g.records)); ok {
			return text
		}
	}
	switch {
	case field.Place == filter.PlaceLevel:
		return g.level()
	case g.chance(5):
		return number(g.random)
	default:
		return text(g.random)
	}
}

func (g generator) texts(field filter.Field) []string {
	values := make([]string, g.random.IntN(4))
	if g.chance(10) {
		values = make([]string, 8) // many are compared in another way than few
	}
	for i := range values {
		values[i] = g.text(field)
	}
	return values
}

// part returns a part of a text, often in another case.
func (g generator) part(field filter.Field) string {
	letters := []rune(g.text(field))
	if len(letters) > 0 && !g.chance(4) {
		start := g.random.IntN(len(letters))
		letters = letters[start : start+g.random.IntN(min(len(letters)-start, 12)+1)]
	}
	return g.inOtherCase(string(letters))
}

func (g generator) inOtherCase(text string) string {
	switch g.random.IntN(5) {
	case 0:
		return strings.ToUpper(text)
	case 1:
		return strings.ToLower(text)
	case 2:
		return strings.Map(unicode.SimpleFold, text)
	default:
		return text
	}
}

// wildcard returns a text with parts left out.
func (g generator) wildcard(field filter.Field) []string {
	letters := []rune(g.text(field))
	parts := []string{""}
	for len(letters) > 0 {
		size := g.random.IntN(len(letters)) + 1
		parts[len(parts)-1] += g.inOtherCase(string(letters[:size]))
		letters = letters[size:]
		if g.chance(2) {
			parts = append(parts, "")
			letters = letters[g.random.IntN(len(letters)+1):]
		}
	}
	if g.chance(20) {
		return nil
	}
	return parts
}

// pattern returns a regular expression that may find a part of a text.
func (g generator) pattern(field filter.Field) *regexp.Regexp {
	if g.chance(30) {
		return nil
	}
	part := regexp.QuoteMeta(g.part(field))
	pattern := pick(g.random, []string{"", "^", "(?i)", `\b`, "(?s)^.*", `^\w*`}) + part + pick(g.random, []string{"", "$", "+", `\b`, "[^a]", ".*x?", `|\d{2}`})
	compiled, err := regexp.Compile(pattern)
	if err != nil { // such as a + after nothing
		return regexp.MustCompile(part)
	}
	return compiled
}

func (g generator) number(field filter.Field) float64 {
	if value, ok := filter.Number(g.text(field)); ok {
		return value + pick(g.random, []float64{0, 0, 0.5, -1})
	}
	if g.chance(10) {
		return pick(g.random, []float64{math.NaN(), math.Inf(1), math.Inf(-1)})
	}
	value, _ := strconv.ParseFloat(number(g.random), 64)
	return value
}

func (g generator) numbers(field filter.Field) []float64 {
	values := make([]float64, g.random.IntN(4))
	for i := range values {
		values[i] = g.number(field)
	}
	return values
}

func (g generator) time(field filter.Field) time.Time {
	if len(g.records) > 0 && field.IsTime() && !g.chance(4) {
		if t, ok := field.Time(pick(g.random, g.records)); ok {
			return t.Add(pick(g.random, []time.Duration{0, 0, 1, -1, time.Second}))
		}
	}
	return Start().Add(pick(g.random, []time.Duration{0, 1, time.Second, -10 * time.Hour, 14 * time.Hour, 500 * time.Millisecond}))
}
