package filter

import (
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/record"
)

// Place is where in a record a field is.
type Place int

// The places. Those without a key are fields of the record itself; they have no
// value when their text is empty.
const (
	// PlaceBody is the body. Its text is that of Text.
	PlaceBody Place = iota
	// PlaceLevel is the level, which every record has. Its text is a record.Level.
	PlaceLevel
	// PlaceSeverityNumber is the severity number in decimal; 0 is no value.
	PlaceSeverityNumber
	// PlaceService is the service, as Service returns it.
	PlaceService
	// PlaceEventName is the event's name.
	PlaceEventName
	// PlaceTimestamp and PlaceObservedTime are times. Their text is RFC 3339 in UTC
	// with as many digits of fraction as there are; 0 is no value.
	PlaceTimestamp
	PlaceObservedTime
	// PlaceTraceID and PlaceSpanID are lower-case hex digits; the id of zeros only is
	// no value.
	PlaceTraceID
	PlaceSpanID
	// PlaceID and PlaceHash are the record's id and hash, as record.Record returns
	// them.
	PlaceID
	PlaceHash

	// PlaceLogAttribute is the log attribute with the field's key.
	PlaceLogAttribute
	// PlaceResourceAttribute is the resource attribute with the field's key.
	PlaceResourceAttribute
	// PlaceAttribute is the log attribute with the field's key or, when there is none,
	// the resource attribute.
	PlaceAttribute
)

// Field is a place in a record and, for an attribute, its key.
//
// An attribute has a value when the record has its key, even if that value is empty.
// Its text is that of Text, so a list is its JSON. The key is first looked for as it
// is. When there is no such attribute, it is a path into attributes that are maps: the
// first value, in the order of the record, that is not an attribute itself and to
// which the keys on the way, joined by dots, are the field's key. So user.id finds
// the attribute user.id, else the id in the map user. Lists have no paths into them.
type Field struct {
	Place Place
	// Key is "" unless the place is one of attributes.
	Key string
}

// IsAttribute reports whether the field is an attribute, which has a key.
func (f Field) IsAttribute() bool { return f.Place >= PlaceLogAttribute }

// IsTime reports whether the field is a time of the record itself.
func (f Field) IsTime() bool { return f.Place == PlaceTimestamp || f.Place == PlaceObservedTime }

// Text returns the text of the field's value; ok is false if it has none.
func (f Field) Text(r record.Record) (text string, ok bool) {
	if f.IsAttribute() {
		value, ok := f.attribute(r)
		if !ok {
			return "", false
		}
		return Text(value), true
	}
	text = f.own(r)
	return text, text != ""
}

// Time returns the time of a field that IsTime; ok is false if it has no value.
func (f Field) Time(r record.Record) (t time.Time, ok bool) {
	timestamp := r.Log.Timestamp()
	if f.Place == PlaceObservedTime {
		timestamp = r.Log.ObservedTimestamp()
	}
	return record.TimeOf(timestamp), timestamp != 0
}

// own returns the text of a field that is not an attribute.
func (f Field) own(r record.Record) string {
	switch f.Place {
	case PlaceBody:
		return Text(r.Log.Body())
	case PlaceLevel:
		return string(record.LevelOf(r.Log.SeverityNumber()))
	case PlaceSeverityNumber:
		if number := r.Log.SeverityNumber(); number != 0 {
			return strconv.Itoa(int(number))
		}
	case PlaceService:
		return Service(r)
	case PlaceEventName:
		return validUTF8(r.Log.EventName())
	case PlaceTimestamp, PlaceObservedTime:
		if t, ok := f.Time(r); ok {
			return t.Format(time.RFC3339Nano)
		}
	case PlaceTraceID:
		if id := r.Log.TraceID(); !id.IsEmpty() {
			return hex.EncodeToString(id[:])
		}
	case PlaceSpanID:
		if id := r.Log.SpanID(); !id.IsEmpty() {
			return hex.EncodeToString(id[:])
		}
	case PlaceID:
		return validUTF8(r.ID())
	case PlaceHash:
		return validUTF8(r.Hash())
	}
	return ""
}

// attribute returns the value of a field that is an attribute.
func (f Field) attribute(r record.Record) (pcommon.Value, bool) {
	if f.Place != PlaceResourceAttribute {
		if value, ok := find(r.Log.Attributes(), f.Key); ok || f.Place == PlaceLogAttribute {
			return value, ok
		}
	}
	return find(r.Resource.Attributes(), f.Key)
}

// find returns the value of a key, or that to which it is a path.
func find(attributes pcommon.Map, key string) (pcommon.Value, bool) {
	if value, ok := attributes.Get(key); ok || strings.IndexByte(key, '.') < 0 {
		return value, ok
	}
	return findNested(attributes, key)
}

// findNested returns the first value in the maps of a map to which the text is a
// path.
func findNested(m pcommon.Map, path string) (pcommon.Value, bool) {
	for key, value := range m.All() {
		if value.Type() != pcommon.ValueTypeMap || !isStep(key, path) {
			continue
		}
		if found, ok := findAt(value.Map(), path[len(key)+1:]); ok {
			return found, true
		}
	}
	return pcommon.Value{}, false
}

// findAt returns the first value of a map, or of the maps in it, to which the text is
// a path.
func findAt(m pcommon.Map, path string) (pcommon.Value, bool) {
	for key, value := range m.All() {
		if key == path {
			return value, true
		}
		if value.Type() == pcommon.ValueTypeMap && isStep(key, path) {
			if found, ok := findAt(value.Map(), path[len(key)+1:]); ok {
				return found, true
			}
		}
	}
	return pcommon.Value{}, false
}

// isStep reports whether the path goes on after a key.
func isStep(key, path string) bool {
	return len(path) > len(key) && path[len(key)] == '.' && path[:len(key)] == key
}
