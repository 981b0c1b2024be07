package elastic

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/record"
)

// maxJSONDepth is the number of levels that maps and slices may have for the record
// to be written as JSON, of which readers bound the depth.
const maxJSONDepth = 64

// appendRecord appends the member with the record itself.
func appendRecord(dst []byte, r record.Record) ([]byte, error) {
	logs := r.Copy()
	if isExactInJSON(r) {
		text, err := (&plog.JSONMarshaler{}).MarshalLogs(logs)
		if err != nil {
			return dst, refusal(fmt.Sprintf("it cannot be encoded as JSON: %v", err))
		}
		return append(appendName(dst, fieldRecord), text...), nil
	}
	data, err := (&plog.ProtoMarshaler{}).MarshalLogs(logs)
	if err != nil {
		return dst, refusal(fmt.Sprintf("it cannot be encoded as protobuf: %v", err))
	}
	dst = append(appendName(dst, fieldProtobuf), '"')
	dst = base64.StdEncoding.AppendEncode(dst, data)
	return append(dst, '"'), nil
}

// errNoRecord says that a document does not have what newDocument writes.
var errNoRecord = errors.New("the document has no record")

// decodeSource returns the record of a document from its source, of which it needs
// fieldRecord and fieldProtobuf. It is exactly the record of which the document was
// made, also when the cluster has written the source anew, as it does to filter it.
func decodeSource(source []byte) (record.Record, error) {
	// As a rule there is nothing else in what was asked for.
	if only, ok := bytes.CutPrefix(source, []byte(`{"`+fieldRecord+`":`)); ok {
		return decodeJSON(only)
	}
	var members struct {
		Record   json.RawMessage `json:"record"`
		Protobuf []byte          `json:"record_protobuf"`
	}
	if err := json.Unmarshal(source, &members); err != nil {
		return record.Record{}, fmt.Errorf("decode the document: %w", err)
	}
	switch {
	case len(members.Protobuf) > 0:
		logs, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(members.Protobuf)
		return onlyRecord(logs, err)
	case len(members.Record) > 0:
		return decodeJSON(members.Record)
	default:
		return record.Record{}, errNoRecord
	}
}

// decodeJSON reads the record from its OTLP/JSON, whatever follows that.
func decodeJSON(text []byte) (record.Record, error) {
	logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(text)
	return onlyRecord(logs, err)
}

// onlyRecord returns the record of a document, unless decoding it has failed.
func onlyRecord(logs plog.Logs, err error) (record.Record, error) {
	if err != nil {
		return record.Record{}, fmt.Errorf("decode the record of the document: %w", err)
	}
	for r := range record.All(logs) {
		return r, nil
	}
	return record.Record{}, errNoRecord
}

// isExactInJSON reports whether the record is the same when it is read from its JSON.
// Not so: text that is not UTF-8, NaN (there are several), and -0, which a cluster may
// make an integer.
func isExactInJSON(r record.Record) bool {
	return isValidText(r.Log.SeverityText()) && isValidText(r.Log.EventName()) &&
		isValidText(r.Scope.Name()) && isValidText(r.Scope.Version()) &&
		isExactValue(r.Log.Body(), maxJSONDepth) && isExactMap(r.Log.Attributes(), maxJSONDepth) &&
		isExactMap(r.Resource.Attributes(), maxJSONDepth) && isExactMap(r.Scope.Attributes(), maxJSONDepth)
}

func isExactValue(v pcommon.Value, depth int) bool {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return isValidText(v.Str())
	case pcommon.ValueTypeDouble:
		number := v.Double()
		return !math.IsNaN(number) && (number != 0 || !math.Signbit(number))
	case pcommon.ValueTypeMap:
		return depth > 0 && isExactMap(v.Map(), depth-1)
	case pcommon.ValueTypeSlice:
		if depth == 0 {
			return false
		}
		for _, element := range v.Slice().All() {
			if !isExactValue(element, depth-1) {
				return false
			}
		}
	}
	return true
}

func isExactMap(m pcommon.Map, depth int) bool {
	for key, value := range m.All() {
		if !isValidText(key) || !isExactValue(value, depth) {
			return false
		}
	}
	return true
}

func isValidText(s string) bool { return utf8.ValidString(s) }
