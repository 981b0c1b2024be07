package posthog

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/docketlog/docket/internal/filter"
)

// The types of leaves.
const (
	typeLog                  = "log"
	typeLogAttribute         = "log_attribute"
	typeLogResourceAttribute = "log_resource_attribute"
)

func leafTypes() []string { return []string{typeLog, typeLogAttribute, typeLogResourceAttribute} }

// logKeys is for messages: the keys that placeOf knows, without their other names.
const logKeys = "message, severity_level, service_name, trace_id, span_id, severity_number, event_name, timestamp, observed_timestamp, uuid or hash"

// placeOf returns the place that a leaf of the type log has as its key.
func placeOf(key string) (filter.Place, bool) {
	switch key {
	case "message", "body":
		return filter.PlaceBody, true
	case "severity_level", "severity_text", "level":
		return filter.PlaceLevel, true
	case "service_name":
		return filter.PlaceService, true
	case "trace_id":
		return filter.PlaceTraceID, true
	case "span_id":
		return filter.PlaceSpanID, true
	case "severity_number":
		return filter.PlaceSeverityNumber, true
	case "event_name":
		return filter.PlaceEventName, true
	case "timestamp":
		return filter.PlaceTimestamp, true
	case "observed_timestamp":
		return filter.PlaceObservedTime, true
	case "uuid":
		return filter.PlaceID, true
	case "hash":
		return filter.PlaceHash, true
	default:
		return 0, false
	}
}

// leaf reads a leaf of a type; nil if it has no value but needs one.
func (p *parser) leaf(path string, object map[string]any, kind string) (filter.Expression, error) {
	key, err := p.requiredString(path, object, nameKey)
	if err != nil {
		return nil, err
	}
	field, err := fieldOf(path, key, kind)
	if err != nil {
		return nil, err
	}
	name, err := p.requiredString(path, object, nameOperator)
	if err != nil {
		return nil, err
	}
	return p.condition(path, field, name, object[nameValue])
}

// fieldOf returns the field that a type and a key name at a path.
func fieldOf(path, key, kind string) (filter.Field, error) {
	switch kind {
	case typeLog:
		place, ok := placeOf(key)
		if !ok {
			return filter.Field{}, problem(path+"."+nameKey, "%s is no field of a log: send %s, or a type of attribute", quote(key), logKeys)
		}
		return filter.Field{Place: place}, nil
	case typeLogAttribute:
		return filter.Field{Place: filter.PlaceLogAttribute, Key: key}, nil
	case typeLogResourceAttribute:
		return filter.Field{Place: filter.PlaceResourceAttribute, Key: key}, nil
	default:
		return filter.Field{}, problem(path+"."+nameType, "%s is no type of filter: send %s", quote(kind), strings.Join(leafTypes(), ", "))
	}
}

// condition is a leaf with its values as texts.
type condition struct {
	*parser
	path   string
	field  filter.Field
	values []string
}

func (p *parser) condition(path string, field filter.Field, name string, value any) (filter.Expression, error) {
	operator, isNegative, ok := operatorOf(name)
	if !ok {
		return nil, problem(path+"."+nameOperator, "%s is no operator: send one of %s", quote(name), strings.Join(operatorNames(), ", "))
	}
	c := condition{parser: p, path: path + "." + nameValue, field: field}
	if !operator.isBare {
		isEmpty, err := c.read(value)
		if err != nil || isEmpty {
			return nil, err
		}
		if operator.count > 0 && len(c.values) != operator.count {
			return nil, problem(c.path, "has %d values: for %s, send %d", len(c.values), name, operator.count)
		}
	}
	positive, err := operator.build(c)
	if err != nil {
		return nil, err
	}
	if isNegative {
		return filter.Not{Part: positive}, nil
	}
	return positive, nil
}

// read reads the values; isEmpty is true if there are none.
func (c *condition) read(value any) (isEmpty bool, err error) {
	list, isList := value.([]any)
	switch {
	case value == nil, value == "", isList && len(list) == 0:
		return true, nil
	case len(list) > filter.MaxValues:
		return false, problem(c.path, "has %d values: send at most %d", len(list), filter.MaxValues)
	case !isList:
		text, err := c.scalar(c.path, value)
		c.values = []string{text}
		return false, err
	}
	c.values = make([]string, len(list))
	for i, element := range list {
		if c.values[i], err = c.scalar(index(c.path, i), element); err != nil {
			return false, err
		}
	}
	return false, nil
}

// scalar returns the text of a string, a number or a boolean.
func (c *condition) scalar(path string, value any) (string, error) {
	var text string
	switch v := value.(type) {
	case string:
		text = v
	case json.Number:
		text = v.String()
	case bool:
		text = strconv.FormatBool(v)
	default:
		return "", problem(path, "is %s: send a string, a number or a boolean", kindOf(value))
	}
	return text, c.count(path, text)
}

// at returns the path of a value.
func (c *condition) at(i int) string {
	if len(c.values) == 1 {
		return c.path
	}
	return index(c.path, i)
}
