package embedded

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/docketlog/docket/internal/filter"
)

// LogsQL conditions that all rows and no rows meet.
const (
	conditionAll  = "*"
	conditionNone = "!*"
)

// maxIDsPerQuery is the number of ids that one query asks for.
const maxIDsPerQuery = 1000

// compiled is a filter in the form in which it is evaluated: a row is selected
// that meets the condition and whose body contains the texts of all finders.
type compiled struct {
	// condition is in LogsQL.
	condition string
	bodies    []*filter.Finder
	// hasLarge is true when the condition alone decides on large records, which
	// have no body in their rows.
	hasLarge bool
}

// compile returns the form of the expression that selects the rows of exactly
// those records that it matches; large records, of which rows say nothing, aside.
func compile(expression filter.Expression) (compiled, error) {
	switch e := expression.(type) {
	case nil:
		return compiled{condition: conditionAll}, nil
	case filter.And:
		return compileAnd(e)
	case filter.Levels:
		return compiled{condition: in(columnLevel, e)}, nil
	case filter.Services:
		return compiled{condition: in(columnService, e)}, nil
	case filter.BodyContains:
		condition, finder := compileBodyContains(e)
		if finder == nil {
			return compiled{condition: condition}, nil
		}
		return compiled{condition: condition, bodies: []*filter.Finder{finder}}, nil
	default:
		return compiled{}, fmt.Errorf("the embedded store cannot evaluate the filter %T", expression)
	}
}

func compileAnd(parts filter.And) (compiled, error) {
	var all compiled
	conditions := make([]string, 0, len(parts))
	for _, part := range parts {
		one, err := compile(part)
		if err != nil {
			return compiled{}, err
		}
		conditions = append(conditions, one.condition)
		all.bodies = append(all.bodies, one.bodies...)
	}
	all.condition = and(conditions...)
	return all, nil
}

// and returns the condition that rows meet which meet all of the conditions.
func and(conditions ...string) string {
	conditions = slices.DeleteFunc(slices.Clone(conditions), func(c string) bool { return c == "" || c == conditionAll })
	if len(conditions) == 0 {
		return conditionAll
	}
	return "(" + strings.Join(conditions, " ") + ")"
}

// in returns the condition that a column has one of the values; "" stands for no
// such column.
func in[T ~string](column string, values []T) string {
	if len(values) == 0 {
		return conditionNone
	}
	quoted := make([]string, len(values))
	for i, value := range values {
		quoted[i] = quote(string(value))
	}
	return quote(column) + ":in(" + strings.Join(quoted, ",") + ")"
}

// quote returns a literal of LogsQL, which reads them as Go does.
func quote(text string) string { return strconv.Quote(text) }

// validUTF8 replaces each byte that is not UTF-8 by U+FFFD.
func validUTF8(text string) string {
	return strings.Map(func(r rune) rune { return r }, text)
}
