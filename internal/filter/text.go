package filter

import (
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Text returns a value as filters see it, always in UTF-8: strings as they are,
// integers in decimal, doubles in their shortest form, true and false, bytes in
// base64, "" for no value, and maps and slices as compact JSON. That JSON keeps
// the order of keys, and a double in it always has a point or an exponent, so
// that reading it back tells doubles from integers. JSON has no form for bytes
// and for doubles that are not finite: in it, they are strings.
func Text(v pcommon.Value) string {
	switch v.Type() {
	case pcommon.ValueTypeMap, pcommon.ValueTypeSlice:
		return string(appendJSON(nil, v))
	case pcommon.ValueTypeStr:
		return validUTF8(v.Str())
	default:
		return v.AsString()
	}
}

func appendJSON(dst []byte, v pcommon.Value) []byte {
	switch v.Type() {
	case pcommon.ValueTypeEmpty:
		return append(dst, "null"...)
	case pcommon.ValueTypeInt, pcommon.ValueTypeBool:
		return append(dst, v.AsString()...)
	case pcommon.ValueTypeDouble:
		return appendJSONDouble(dst, v)
	case pcommon.ValueTypeMap:
		dst = append(dst, '{')
		first := true
		for key, value := range v.Map().All() {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = appendJSONString(dst, key)
			dst = append(dst, ':')
			dst = appendJSON(dst, value)
		}
		return append(dst, '}')
	case pcommon.ValueTypeSlice:
		dst = append(dst, '[')
		for i, value := range v.Slice().All() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(dst, value)
		}
		return append(dst, ']')
	default: // strings, and bytes in base64
		return appendJSONString(dst, v.AsString())
	}
}

func appendJSONDouble(dst []byte, v pcommon.Value) []byte {
	text := v.AsString()
	switch {
	case strings.ContainsAny(text, "NI"): // NaN, Infinity, -Infinity
		return appendJSONString(dst, text)
	case strings.ContainsAny(text, ".e"):
		return append(dst, text...)
	default:
		dst = append(dst, text...)
		return append(dst, ".0"...)
	}
}

// appendJSONString appends a JSON string that escapes only what it must, so that
// text can be found in it.
func appendJSONString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	s = validUTF8(s)
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// validUTF8 replaces each byte that is not UTF-8 by U+FFFD.
func validUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.Map(func(r rune) rune { return r }, s)
}
