package embedded

import (
	"slices"
	"strconv"
	"strings"
)

// LogsQL conditions that all rows and no rows meet.
const (
	conditionAll  = "*"
	conditionNone = "!*"
)

// maxIDsPerQuery is the number of ids that one query asks for.
const maxIDsPerQuery = 1000

// and returns the condition that rows meet which meet all of the conditions; "" is
// met by all.
func and(conditions ...string) string {
	if slices.Contains(conditions, conditionNone) {
		return conditionNone
	}
	conditions = slices.DeleteFunc(slices.Clone(conditions), func(c string) bool { return c == "" || c == conditionAll })
	return join(conditions, " ", conditionAll)
}

// or returns the condition that rows meet which meet one of the conditions.
func or(conditions ...string) string {
	if slices.Contains(conditions, conditionAll) {
		return conditionAll
	}
	conditions = slices.DeleteFunc(slices.Clone(conditions), func(c string) bool { return c == conditionNone })
	return join(conditions, " or ", conditionNone)
}

func join(conditions []string, operator, none string) string {
	switch len(conditions) {
	case 0:
		return none
	case 1:
		return conditions[0]
	default:
		return "(" + strings.Join(conditions, operator) + ")"
	}
}

// not returns the condition that rows meet which do not meet the condition.
func not(condition string) string {
	switch condition {
	case conditionAll:
		return conditionNone
	case conditionNone:
		return conditionAll
	default:
		return "!(" + condition + ")"
	}
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

// inNonEmpty is in, but for "", which it leaves out.
func inNonEmpty(column string, values []string) string {
	return in(column, slices.DeleteFunc(slices.Clone(values), func(value string) bool { return value == "" }))
}

// has returns the condition that rows have a column.
func has(column string) string {
	switch column {
	case columnBody: // to the engine, "_msg":* is all rows
		return not(lacks(column))
	case columnLevel: // all that have no parts
		return conditionAll
	default:
		return quote(column) + ":*"
	}
}

// lacks returns the condition that rows lack a column.
func lacks(column string) string { return quote(column) + `:=""` }

// substring returns the condition that a column contains a text that is not empty.
func substring(column, text string) string { return quote(column) + ":*" + quote(text) + "*" }

// quote returns a literal of LogsQL, which reads them as Go does.
func quote(text string) string { return strconv.Quote(text) }

// validUTF8 replaces each byte that is not UTF-8 by U+FFFD.
func validUTF8(text string) string {
	return strings.Map(func(r rune) rune { return r }, text)
}
