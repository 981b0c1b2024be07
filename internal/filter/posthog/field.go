package posthog

import (
	"unicode/utf8"

	"github.com/docketlog/docket/internal/filter"
)

// maxGroupKeyBytes is the longest key of an attribute to group by.
const maxGroupKeyBytes = 512

// FieldName names a field as a leaf of a filter does.
type FieldName struct {
	// Type is log, log_attribute or log_resource_attribute.
	Type string `json:"type"`
	// Key is a field of the record itself, such as service_name, or the key of an attribute.
	Key string `json:"key"`
}

// GroupField returns the field by whose values records are grouped. Errors: *filter.Error
// for a name that names none, and for a field that has another value in each record.
func (n FieldName) GroupField() (filter.Field, error) {
	const path = "group_by"
	if n.Key == "" || len(n.Key) > maxGroupKeyBytes || !utf8.ValidString(n.Key) {
		return filter.Field{}, problem(path+"."+nameKey, "send a key of 1 to %d bytes", maxGroupKeyBytes)
	}
	field, err := fieldOf(path, n.Key, n.Type)
	if err != nil {
		return filter.Field{}, err
	}
	switch field.Place {
	case filter.PlaceBody, filter.PlaceTimestamp, filter.PlaceObservedTime, filter.PlaceID, filter.PlaceHash:
		return filter.Field{}, problem(path+"."+nameKey, "%s has another value in each record: send one that records share", quote(n.Key))
	}
	return field, nil
}
