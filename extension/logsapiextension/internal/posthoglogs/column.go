package posthoglogs

import (
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

// Prefixes of columns that have a key.
const (
	prefixAttribute         = "attributes."
	prefixResourceAttribute = "resource_attributes."
	prefixBody              = "body."
)

// column is a part of a record under the name by which a client asks for it.
type column struct {
	name string
	// value returns a string, a number, a map of strings, or nil for none.
	value func(r record.Record) any
}

// parseColumn reads the name of a column: a member of Row, service_name, hash, or one
// of the prefixes with a key. A key is a path, as those of filters are; for body, it
// leads into the body's map or the JSON that its text is.
func parseColumn(name string) (column, bool) {
	for _, prefix := range []struct {
		text  string
		place filter.Place
	}{
		{prefixAttribute, filter.PlaceLogAttribute}, {prefixResourceAttribute, filter.PlaceResourceAttribute},
	} {
		if key, ok := strings.CutPrefix(name, prefix.text); ok && key != "" {
			return column{name, fieldValue(filter.Field{Place: prefix.place, Key: key})}, true
		}
	}
	if path, ok := strings.CutPrefix(name, prefixBody); ok && path != "" {
		return column{name, func(r record.Record) any { return bodyValue(r.Log.Body(), path) }}, true
	}
	value, ok := rowValue(name)
	return column{name, value}, ok
}

// parseColumns reads the names of columns.
func parseColumns(names []string) ([]column, error) {
	columns := make([]column, len(names))
	for i, name := range names {
		var ok bool
		if columns[i], ok = parseColumn(name); !ok {
			return nil, problem("%q is no column: use %s, attributes.<key>, resource_attributes.<key> or body.<path>",
				name, strings.Join(rowColumns(), ", "))
		}
	}
	return columns, nil
}

// membersOf returns columns of a record.
func membersOf(columns []column, r record.Record) []member {
	members := make([]member, len(columns))
	for i, c := range columns {
		members[i] = member{c.name, c.value(r)}
	}
	return members
}

// fieldValue returns the text of a field, nil if it has no value.
func fieldValue(field filter.Field) func(r record.Record) any {
	return func(r record.Record) any {
		if text, ok := field.Text(r); ok {
			return text
		}
		return nil
	}
}

// rowColumns are the columns without a key, for messages.
func rowColumns() []string {
	return []string{
		"uuid", "timestamp", "observed_timestamp", "severity_text", "severity_number", "level", "service_name", "body",
		"trace_id", "span_id", "event_name", "hash", "attributes", "resource_attributes", "resource_fingerprint", "instrumentation_scope",
	}
}

// isRowMember reports whether every row has a member of this name.
func isRowMember(name string) bool {
	return slices.Contains(rowColumns(), name) && name != "service_name" && name != "hash"
}

// rowValue returns how to get a column without a key.
func rowValue(name string) (value func(r record.Record) any, ok bool) {
	switch name {
	case "uuid":
		return func(r record.Record) any { return r.ID() }, true
	case "timestamp":
		return func(r record.Record) any { return timestampText(r, filter.PlaceTimestamp) }, true
	case "observed_timestamp":
		return func(r record.Record) any { return timestampText(r, filter.PlaceObservedTime) }, true
	case "severity_text", "level":
		return fieldValue(filter.Field{Place: filter.PlaceLevel}), true
	case "severity_number":
		return func(r record.Record) any { return int32(r.Log.SeverityNumber()) }, true
	case "service_name":
		return func(r record.Record) any { return filter.Service(r) }, true
	case "body", "message":
		return func(r record.Record) any { return filter.Text(r.Log.Body()) }, true
	case "trace_id":
		return func(r record.Record) any { return traceID(r) }, true
	case "span_id":
		return func(r record.Record) any { return spanID(r) }, true
	case "event_name":
		return func(r record.Record) any { return r.Log.EventName() }, true
	case "hash":
		return func(r record.Record) any { return r.Hash() }, true
	default:
		return resourceValue(name)
	}
}

// resourceValue is rowValue for columns that are more than a field.
func resourceValue(name string) (value func(r record.Record) any, ok bool) {
	switch name {
	case "attributes":
		return func(r record.Record) any { return textsOf(r.Log.Attributes()) }, true
	case "resource_attributes":
		return func(r record.Record) any { return textsOf(r.Resource.Attributes()) }, true
	case "resource_fingerprint":
		return func(r record.Record) any { return fingerprintOf(textsOf(r.Resource.Attributes())) }, true
	case "instrumentation_scope":
		return func(r record.Record) any { return scopeOf(r) }, true
	default:
		return nil, false
	}
}

// bodyValue returns the text of what a path of keys and indexes, joined by dots, leads
// to in a body; nil if there is nothing.
func bodyValue(body pcommon.Value, path string) any {
	text := filter.Text(body)
	if text == "" || text[0] != '{' && text[0] != '[' {
		return nil
	}
	value, err := decodeJSON([]byte(text))
	if err != nil {
		return nil
	}
	for step := range strings.SplitSeq(path, ".") {
		switch container := value.(type) {
		case map[string]any:
			value = container[step]
		case []any:
			index, err := strconv.Atoi(step)
			if err != nil || index < 0 || index >= len(container) {
				return nil
			}
			value = container[index]
		default:
			return nil
		}
	}
	return valueText(value)
}

// valueText returns a value of JSON as a text, nil for null.
func valueText(value any) any {
	switch v := value.(type) {
	case nil:
		return nil
	case string:
		return v
	default:
		text, err := marshal(v)
		if err != nil {
			return nil
		}
		return string(text)
	}
}
