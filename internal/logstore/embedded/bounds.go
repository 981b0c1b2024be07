package embedded

import (
	"strings"

	"github.com/docketlog/docket/internal/filter"
)

// bounds are two LogsQL conditions around an expression: rows that it matches meet
// the upper one, and rows that meet the lower one it matches. They are what is said of
// a part to say something of its opposite.
type bounds struct {
	upper, lower string
	// isExact is true when both select the same.
	isExact bool
}

func exactly(condition string) bounds { return bounds{condition, condition, true} }

// atMost returns the bounds of an expression of which only an upper one is known.
func atMost(condition string) bounds {
	if condition == conditionNone {
		return exactly(conditionNone)
	}
	return bounds{upper: condition, lower: conditionNone}
}

// binder finds the bounds of expressions on rows without parts.
type binder struct {
	// areAttributesKnown is true for rows of which columns tell all attributes.
	areAttributesKnown bool
}

// of returns the bounds of a normalized expression.
func (b binder) of(normal filter.Expression) bounds {
	switch e := normal.(type) {
	case filter.And:
		return b.ofParts(e, and)
	case filter.Or:
		return b.ofParts(e, or)
	case filter.Not:
		part := b.of(e.Part)
		return bounds{not(part.lower), not(part.upper), part.isExact}
	default:
		return b.ofLeaf(e)
	}
}

func (b binder) ofParts(parts []filter.Expression, join func(...string) string) bounds {
	uppers, lowers := make([]string, len(parts)), make([]string, len(parts))
	isExact := true
	for i, part := range parts {
		one := b.of(part)
		uppers[i], lowers[i] = one.upper, one.lower
		isExact = isExact && one.isExact
	}
	return bounds{join(uppers...), join(lowers...), isExact}
}

func (b binder) ofLeaf(leaf filter.Expression) bounds {
	if times, ok := timesOf(leaf); ok {
		return exactly(times.rowCondition())
	}
	field, matches, ok := filter.Predicate(leaf)
	switch {
	case !ok:
		return exactly(conditionNone)
	case field.Place == filter.PlaceTimestamp:
		return atMost(conditionAll)
	case field.Place == filter.PlaceObservedTime:
		bound := atMost(has(columnObservedTime))
		if _, isExists := leaf.(filter.Exists); isExists {
			bound = exactly(bound.upper)
		}
		return bound
	case !field.IsAttribute():
		return ofText(ownColumnOf(field.Place), leaf)
	case !b.areAttributesKnown:
		return atMost(conditionAll)
	case field.Place == filter.PlaceAttribute:
		log := ofAttribute(sectionLog, field.Key, leaf, matches)
		resource := ofAttribute(sectionResource, field.Key, leaf, matches)
		return bounds{upper: or(log.upper, resource.upper), lower: log.lower} // the resource's counts only sometimes
	default:
		return ofAttribute(sectionOf(field.Place), field.Key, leaf, matches)
	}
}

// ofText returns the bounds of a leaf about a field that has a value when its column is
// not empty, and has the column's text.
func ofText(column string, leaf filter.Expression) bounds {
	switch e := leaf.(type) {
	case filter.Exists:
		return exactly(has(column))
	case filter.Equal:
		return equalBounds(column, e.Values)
	}
	if isPacked(column) {
		return atMost(has(column))
	}
	switch e := leaf.(type) {
	case filter.Compare:
		return compareBounds(column, e)
	case filter.Contains:
		return containsBounds(column, e.Parts)
	case filter.Wildcard:
		return atMost(and(has(column), wildcardCondition(column, e.Parts)))
	default:
		return atMost(has(column))
	}
}

// equalBounds returns the bounds of a filter.Equal of a column's text. As a column has
// only texts that the engine keeps, no other text is the same number to it.
func equalBounds(column string, values []string) bounds {
	stored := make([]string, len(values))
	for i, value := range values {
		stored[i] = storedIn(column, value)
	}
	return exactly(inNonEmpty(column, stored))
}

// ofAttribute returns the bounds of a leaf about an attribute of a section, on rows
// whose columns tell all attributes. If its column is empty, the attribute can be there
// all the same: empty, or as a map in another attribute, of which there is no column.
func ofAttribute(s section, key string, leaf filter.Expression, matches func(text string) bool) bounds {
	mayBeInner := isPath(key) && mayMatchMap(leaf)
	var hidden []string
	if matches("") {
		hidden = append(hidden, mentions(columnShape, key))
	}
	if isPath(key) && (matches("") || mayBeInner) {
		hidden = append(hidden, mentions(columnPaths, key))
	}
	column, ok := columnName(s, key)
	if !ok { // all that can be there is a map in another attribute
		return atMost(or(hidden...))
	}
	known := ofText(column, leaf)
	if len(hidden) == 0 {
		return known
	}
	return bounds{upper: or(known.upper, and(lacks(column), or(hidden...))), lower: and(known.lower, has(column))}
}

// isPath reports whether a key can find something in a map.
func isPath(key string) bool { return strings.Contains(key, ".") }

// mayMatchMap reports whether a leaf may match the text of a map.
func mayMatchMap(leaf filter.Expression) bool {
	switch e := leaf.(type) {
	case filter.Equal:
		for _, value := range e.Values {
			if strings.HasPrefix(value, "{") {
				return true
			}
		}
		return false
	case filter.EqualNumber, filter.Compare, filter.CompareTime:
		return false
	default:
		return true
	}
}

// mentions returns a condition that columnShape or columnPaths meets if the key is in
// it.
func mentions(column, key string) string {
	if key == "" {
		return has(column)
	}
	return substring(column, string(appendShapeKey(nil, key)))
}

// sectionOf returns the section of the attributes of a place.
func sectionOf(place filter.Place) section {
	if place == filter.PlaceResourceAttribute {
		return sectionResource
	}
	return sectionLog
}

// ownColumnOf returns the column that has the text of a place without keys; "" for
// times, of which columns have other texts.
func ownColumnOf(place filter.Place) string {
	switch place {
	case filter.PlaceBody:
		return columnBody
	case filter.PlaceLevel:
		return columnLevel
	case filter.PlaceSeverityNumber:
		return columnSeverityNumber
	case filter.PlaceService:
		return columnService
	case filter.PlaceEventName:
		return columnEventName
	case filter.PlaceTraceID:
		return columnTraceID
	case filter.PlaceSpanID:
		return columnSpanID
	case filter.PlaceID:
		return columnID
	case filter.PlaceHash:
		return columnHash
	default:
		return ""
	}
}
