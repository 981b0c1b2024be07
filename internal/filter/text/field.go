package text

import (
	"strings"

	"github.com/docketlog/docket/internal/filter"
)

// Starts of the names of attributes that are only looked for in one place, or whose
// key has a meaning as a name.
const (
	prefixLog      = "attributes."
	prefixResource = "resource."
	prefixAny      = "any."
)

func bodyField() filter.Field { return filter.Field{Place: filter.PlaceBody} }

// placeOf returns the field of the record itself that has the name.
func placeOf(name string) (filter.Place, bool) {
	for _, place := range []filter.Place{
		filter.PlaceBody, filter.PlaceLevel, filter.PlaceSeverityNumber, filter.PlaceService, filter.PlaceEventName, filter.PlaceTimestamp,
		filter.PlaceObservedTime, filter.PlaceTraceID, filter.PlaceSpanID, filter.PlaceID, filter.PlaceHash,
	} {
		if nameOf(place) == name {
			return place, true
		}
	}
	return 0, false
}

// nameOf returns the name of a field of the record itself.
func nameOf(place filter.Place) string {
	switch place {
	case filter.PlaceBody:
		return "message"
	case filter.PlaceLevel:
		return "level"
	case filter.PlaceSeverityNumber:
		return "severity_number"
	case filter.PlaceService:
		return "service"
	case filter.PlaceEventName:
		return "event"
	case filter.PlaceTimestamp:
		return "timestamp"
	case filter.PlaceObservedTime:
		return "observed_timestamp"
	case filter.PlaceTraceID:
		return "trace_id"
	case filter.PlaceSpanID:
		return "span_id"
	case filter.PlaceID:
		return "id"
	case filter.PlaceHash:
		return "hash"
	default:
		return ""
	}
}

// fieldOf returns the field of a name; ok is false if its key is missing.
func fieldOf(name string) (field filter.Field, ok bool) {
	if place, ok := placeOf(name); ok {
		return filter.Field{Place: place}, true
	}
	field = filter.Field{Place: filter.PlaceAttribute, Key: name}
	if key, ok := strings.CutPrefix(name, prefixLog); ok {
		field = filter.Field{Place: filter.PlaceLogAttribute, Key: key}
	} else if key, ok := strings.CutPrefix(name, prefixResource); ok {
		field = filter.Field{Place: filter.PlaceResourceAttribute, Key: key}
	} else if key, ok := strings.CutPrefix(name, prefixAny); ok {
		field.Key = key
	}
	return field, field.Key != ""
}

// fieldName returns the name of a field; ok is false if it has none.
func fieldName(field filter.Field) (name string, ok bool) {
	switch field.Place {
	case filter.PlaceLogAttribute:
		name = prefixLog + field.Key
	case filter.PlaceResourceAttribute:
		name = prefixResource + field.Key
	case filter.PlaceAttribute:
		name = field.Key
		if same, _ := fieldOf(name); same != field {
			name = prefixAny + field.Key
		}
	default:
		return nameOf(field.Place), nameOf(field.Place) != ""
	}
	return name, field.Key != ""
}
