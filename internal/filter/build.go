package filter

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/docketlog/docket/internal/record"
)

// All returns the expression for the records that all parts select. A part that is nil
// selects every record, and so does the answer if it is nil.
func All(parts ...Expression) Expression {
	all := And(slices.DeleteFunc(slices.Clone(parts), func(part Expression) bool { return part == nil }))
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	default:
		return all
	}
}

// LevelsInOrder returns the expression for the levels that are less severe, more
// severe and so on than the given one. LevelUnspecified is in no order with others.
func LevelsInOrder(order Order, level record.Level) Expression {
	ranked := []record.Level{
		record.LevelTrace, record.LevelDebug, record.LevelInfo, record.LevelWarn, record.LevelError, record.LevelFatal,
	}
	rank := -1
	for i, other := range ranked {
		if other == level {
			rank = i
		}
	}
	equal := Equal{Field: Field{Place: PlaceLevel}}
	for i, other := range ranked {
		if rank >= 0 && order.holds(i-rank) {
			equal.Values = append(equal.Values, string(other))
		}
	}
	if rank < 0 && (order == LessOrEqual || order == GreaterOrEqual) {
		equal.Values = []string{string(level)}
	}
	return equal
}

// CompareDate returns the expression for times that are before, after and so on all
// that a date names, which is from its first to its last nanosecond.
func CompareDate(field Field, order Order, first, last time.Time) Expression {
	t := first
	if order == Greater || order == LessOrEqual {
		t = last
	}
	return CompareTime{Field: field, Order: order, Time: t}
}

// ParseID returns the text of a trace or span id, in a field of that place, which is
// given in hex or in base64. The error completes the sentence "… is no id: …".
func ParseID(field Field, given string) (id string, err error) {
	size := 16
	if field.Place == PlaceSpanID {
		size = 8
	}
	if id, err := hex.DecodeString(given); err == nil && len(id) == size {
		return strings.ToLower(given), nil
	}
	if id, err := base64.StdEncoding.DecodeString(given); err == nil && len(id) == size {
		return hex.EncodeToString(id), nil
	}
	return "", fmt.Errorf("send %d hex digits, or %d bytes in base64", 2*size, size)
}

// EqualIDs returns the expression for records with one of the trace or span ids that
// ParseID returned. The id of zeros only, by which some write that there is none, is
// that of records without one.
func EqualIDs(field Field, ids []string) Expression {
	equal := Equal{Field: field, Values: ids}
	for _, id := range ids {
		if strings.Trim(id, "0") == "" {
			return Or{equal, Not{Exists{field}}}
		}
	}
	return equal
}
