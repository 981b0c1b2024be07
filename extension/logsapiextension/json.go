package logsapiextension

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// appendName appends a name of a JSON object, after a comma if it is not the
// object's first.
func appendName(dst []byte, name string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return append(appendString(dst, name), ':')
}

// appendString appends a JSON string. What is not valid UTF-8 becomes U+FFFD.
func appendString(dst []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return appendUnusualString(dst, text)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, text...)
	return append(dst, '"')
}

// appendUnusualString appends a string that has more than printable ASCII.
func appendUnusualString(dst []byte, text string) []byte {
	buffer := bytes.NewBuffer(dst)
	encoder := json.NewEncoder(buffer)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a string into memory cannot fail
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))
}

// appendValue appends an attribute's value with its type: maps are objects, bytes
// are base64, numbers that JSON does not have are the strings that OTLP/JSON has
// for them, and no value is null.
func appendValue(dst []byte, value pcommon.Value) []byte {
	switch value.Type() {
	case pcommon.ValueTypeStr:
		return appendString(dst, value.Str())
	case pcommon.ValueTypeBool:
		return strconv.AppendBool(dst, value.Bool())
	case pcommon.ValueTypeInt:
		return strconv.AppendInt(dst, value.Int(), 10)
	case pcommon.ValueTypeDouble:
		return appendDouble(dst, value)
	case pcommon.ValueTypeMap:
		return appendMap(dst, value.Map())
	case pcommon.ValueTypeSlice:
		return appendSlice(dst, value.Slice())
	case pcommon.ValueTypeBytes:
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, value.Bytes().AsRaw())
		return append(dst, '"')
	default: // pcommon.ValueTypeEmpty
		return append(dst, "null"...)
	}
}

// appendDouble appends a number as AsString writes it, which is JSON for all that
// JSON has.
func appendDouble(dst []byte, value pcommon.Value) []byte {
	if number := value.Double(); math.IsNaN(number) || math.IsInf(number, 0) {
		return appendString(dst, value.AsString())
	}
	return append(dst, value.AsString()...)
}

func appendMap(dst []byte, values pcommon.Map) []byte {
	dst = append(dst, '{')
	for name, value := range values.All() {
		dst = appendValue(appendName(dst, name), value)
	}
	return append(dst, '}')
}

func appendSlice(dst []byte, values pcommon.Slice) []byte {
	dst = append(dst, '[')
	for n, value := range values.All() {
		if n > 0 {
			dst = append(dst, ',')
		}
		dst = appendValue(dst, value)
	}
	return append(dst, ']')
}

// writeJSON answers with a small value.
func writeJSON(w http.ResponseWriter, status int, value any) error {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	startJSON(w, status)
	// An error here means that the client has gone; nobody is left to tell.
	_, _ = w.Write(bytes.TrimSuffix(buffer.Bytes(), []byte("\n")))
	return nil
}
