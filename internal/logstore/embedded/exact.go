package embedded

import (
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/record"
)

// maxInvertibleDepth is the number of levels that maps and slices may have.
const maxInvertibleDepth = 64

// isInvertible reports whether parseText makes the same value again of its type
// and its text, the filter.Text. Not so: text that is not UTF-8, NaN (there are several),
// and in maps and slices infinities, bytes and keys that are not unique.
func isInvertible(v pcommon.Value, text string, depth int) bool {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return text == v.Str() // as it is if what Text looks at is UTF-8
	case pcommon.ValueTypeDouble:
		return !math.IsNaN(v.Double())
	case pcommon.ValueTypeMap, pcommon.ValueTypeSlice:
		return isInvertibleInJSON(v, depth)
	default:
		return true
	}
}

func isInvertibleInJSON(v pcommon.Value, depth int) bool {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return isValidText(v.Str())
	case pcommon.ValueTypeDouble:
		return !math.IsNaN(v.Double()) && !math.IsInf(v.Double(), 0)
	case pcommon.ValueTypeBytes:
		return false
	case pcommon.ValueTypeMap:
		if depth == 0 || !hasUniqueKeys(v.Map()) {
			return false
		}
		for key, value := range v.Map().All() {
			if !isValidText(key) || !isInvertibleInJSON(value, depth-1) {
				return false
			}
		}
		return true
	case pcommon.ValueTypeSlice:
		if depth == 0 {
			return false
		}
		for _, value := range v.Slice().All() {
			if !isInvertibleInJSON(value, depth-1) {
				return false
			}
		}
		return true
	default:
		return true
	}
}

func isValidText(s string) bool { return utf8.ValidString(s) }

// hasUniqueKeys reports whether no key of the map is there twice. Decoding OTLP
// does not ensure that.
func hasUniqueKeys(m pcommon.Map) bool {
	const few = 32
	if m.Len() > few {
		keys := make(map[string]struct{}, m.Len())
		for key := range m.All() {
			keys[key] = struct{}{}
		}
		return len(keys) == m.Len()
	}
	var keys [few]string
	count := 0
	for key := range m.All() {
		for _, other := range keys[:count] {
			if key == other {
				return false
			}
		}
		keys[count] = key
		count++
	}
	return true
}

// marshalRecord returns a record as OTLP protobuf: a request of one record.
func marshalRecord(r record.Record) ([]byte, error) {
	data, err := (&plog.ProtoMarshaler{}).MarshalLogs(r.Copy())
	if err != nil {
		return nil, fmt.Errorf("encode the record as protobuf: %w", err)
	}
	return data, nil
}

// unmarshalRecord is the inverse of marshalRecord.
func unmarshalRecord(data []byte) (record.Record, error) {
	logs, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(data)
	if err != nil {
		return record.Record{}, fmt.Errorf("decode the record from protobuf: %w", err)
	}
	for r := range record.All(logs) {
		return r, nil
	}
	return record.Record{}, errors.New("decode the record from protobuf: there is none in it")
}
