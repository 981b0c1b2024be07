package embedded

import (
	"context"
	"errors"
	"slices"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
)

// addableColumn returns the column that has the text of a field in all plain rows in
// which it is not empty, if there are likely to be few texts, so that the engine can
// add up rows by them; "" if there is none. For filter.PlaceAttribute it is that of the
// record's own.
func addableColumn(field filter.Field) string {
	switch field.Place {
	case filter.PlaceLevel, filter.PlaceSeverityNumber, filter.PlaceService, filter.PlaceEventName:
		return ownColumnOf(field.Place)
	case filter.PlaceLogAttribute, filter.PlaceResourceAttribute, filter.PlaceAttribute:
		if name, ok := columnName(sectionOf(field.Place), field.Key); ok && isAddable(name) {
			return name
		}
	}
	return ""
}

// isAddable reports whether a column is likely to have few texts.
func isAddable(column string) bool {
	switch column {
	case columnBody, columnID, columnHash, columnTraceID, columnSpanID, columnTime, columnExactTime, columnObservedTime:
		return false
	default:
		return true
	}
}

// addUp makes the engine add up the plain rows to sums, see scan, by what is given in LogsQL
// and by the columns that are still to be looked at, but for the known ones, which are given.
// It does nothing and returns false if that would leave too many rows, or none is asked for.
func (s *scan) addUp(sums string, by []string, known ...string) bool {
	if s.after != nil || s.plain == conditionNone {
		return false
	}
	for _, name := range s.neededColumns() {
		switch {
		case slices.Contains(known, name):
		case !isAddable(name):
			return false
		default:
			by = append(by, quote(name))
			known = append(known, name)
		}
	}
	s.by, s.sums = by, sums
	return true
}

// isFinal reports whether an error of a scan that adds up ends the question. Others do
// not, above all the engine's that it has not the memory for it: then the rows are read
// one by one.
func isFinal(ctx context.Context, err error) bool {
	var expensive *logstore.TooExpensiveError
	return ctx.Err() != nil || errors.As(err, &expensive)
}
