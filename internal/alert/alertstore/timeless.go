package alertstore

import (
	"slices"

	"github.com/docketlog/docket/internal/filter"
)

// IsTimeless reports whether the filters of an alert, as they were read, are the same at any
// other time: dates in them may be relative to it.
func IsTimeless(selected filter.Expression) bool { return isTimeless(filter.Normalize(selected)) }

func isTimeless(normal filter.Expression) bool {
	switch e := normal.(type) {
	case filter.And:
		return !slices.ContainsFunc(e, hasTime)
	case filter.Or:
		return !slices.ContainsFunc(e, hasTime)
	case filter.Not:
		return isTimeless(e.Part)
	case filter.CompareTime:
		return false
	default:
		field, _, ok := filter.Predicate(normal)
		return !ok || !field.IsTime()
	}
}

func hasTime(normal filter.Expression) bool { return !isTimeless(normal) }
