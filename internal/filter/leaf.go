package filter

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/docketlog/docket/internal/filter/dates"
	"github.com/docketlog/docket/internal/record"
)

// Exists matches a record in which the field has a value.
type Exists struct{ Field Field }

// Equal matches a record in which the field has a value whose text is one of the
// listed ones, byte by byte. An empty list matches no record.
type Equal struct {
	Field  Field
	Values []string
}

// EqualNumber matches a record in which the field has a value whose text is a number,
// as Number reads it, that equals one of the listed ones. An empty list matches no
// record.
type EqualNumber struct {
	Field  Field
	Values []float64
}

// Contains matches a record in which the field has a value whose text contains one of
// the parts, without regard to case (Unicode simple case folding). Bytes of parts that
// are not UTF-8 count as U+FFFD, as they do in texts. Every text contains "". An empty
// list matches no record.
type Contains struct {
	Field Field
	Parts []string
}

// Wildcard matches a record in which the field has a value whose text is the parts in
// their order with any text, or none, between each two of them, without regard to case
// as in Contains. So {"a", ""} is what starts with a, {"", "a"} what ends with it, and
// {"a"} what differs from a at most in case. An empty list matches no record.
type Wildcard struct {
	Field Field
	Parts []string
}

// Regexp matches a record in which the field has a value in whose text the pattern
// finds something. A nil pattern matches no record. ParseRegexp makes patterns of
// bounded cost.
type Regexp struct {
	Field   Field
	Pattern *regexp.Regexp
}

// Compare matches a record in which the field has a value whose text is a number, as
// Number reads it, that is to the given one as the order says. NaN is in no order.
type Compare struct {
	Field  Field
	Order  Order
	Number float64
}

// CompareTime matches a record in which the field has a value whose text is a time of
// ISO 8601, as dates.Parse reads it in UTC, of which the first nanosecond is to the
// given time as the order says.
type CompareTime struct {
	Field Field
	Order Order
	Time  time.Time
}

// Order is how what a record has must be to what a filter says.
type Order int

// The orders.
const (
	Less Order = iota
	LessOrEqual
	Greater
	GreaterOrEqual
)

// String returns the order as it is written.
func (o Order) String() string {
	switch o {
	case Less:
		return "<"
	case LessOrEqual:
		return "<="
	case Greater:
		return ">"
	case GreaterOrEqual:
		return ">="
	default:
		return fmt.Sprintf("Order(%d)", int(o))
	}
}

// holds reports whether something that compares so (as cmp.Compare tells) is in the
// order.
func (o Order) holds(compared int) bool {
	switch o {
	case Less:
		return compared < 0
	case LessOrEqual:
		return compared <= 0
	case Greater:
		return compared > 0
	case GreaterOrEqual:
		return compared >= 0
	default:
		return false
	}
}

func (l Exists) matches(r record.Record) bool {
	_, ok := l.Field.Text(r)
	return ok
}

func (l Equal) matches(r record.Record) bool {
	text, ok := l.Field.Text(r)
	return ok && slices.Contains(l.Values, text)
}

func (l EqualNumber) matches(r record.Record) bool {
	number, ok := l.Field.number(r)
	return ok && slices.Contains(l.Values, number)
}

func (l Contains) matches(r record.Record) bool {
	text, ok := l.Field.Text(r)
	return ok && slices.ContainsFunc(l.Parts, func(part string) bool { return containsFold(text, part) })
}

func (l Wildcard) matches(r record.Record) bool {
	text, ok := l.Field.Text(r)
	return ok && matchesWildcard(fold(text), l.Parts)
}

func (l Regexp) matches(r record.Record) bool {
	text, ok := l.Field.Text(r)
	return ok && l.Pattern != nil && l.Pattern.MatchString(text)
}

func (l Compare) matches(r record.Record) bool {
	number, ok := l.Field.number(r)
	return ok && compareNumber(number, l.Order, l.Number)
}

func (l CompareTime) matches(r record.Record) bool {
	text, ok := l.Field.Text(r)
	if !ok {
		return false
	}
	first, _, ok := dates.Parse(text, time.UTC)
	return ok && l.Order.holds(first.Compare(l.Time))
}

// number returns the number that is the text of the field.
func (f Field) number(r record.Record) (float64, bool) {
	text, ok := f.Text(r)
	if !ok {
		return 0, false
	}
	return Number(text)
}

func compareNumber(a float64, order Order, b float64) bool {
	switch order {
	case Less:
		return a < b
	case LessOrEqual:
		return a <= b
	case Greater:
		return a > b
	case GreaterOrEqual:
		return a >= b
	default:
		return false
	}
}

// matchesWildcard reports whether the folded text is the parts with any text between
// them. What stands first is the best choice for all parts but the last.
func matchesWildcard(folded string, parts []string) bool {
	if len(parts) == 0 {
		return false
	}
	last := len(parts) - 1
	if last == 0 {
		return folded == fold(parts[0])
	}
	rest, ok := strings.CutPrefix(folded, fold(parts[0]))
	if !ok {
		return false
	}
	for _, part := range parts[1:last] {
		if _, rest, ok = strings.Cut(rest, fold(part)); !ok {
			return false
		}
	}
	return strings.HasSuffix(rest, fold(parts[last]))
}
