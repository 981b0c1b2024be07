package record

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	hexDigits   = "0123456789abcdef"
	replacement = "\uFFFD"
)

// appendString appends a JSON string as RFC 8785 section 3.2.2.2 writes it: only
// the quote, the backslash and U+0000 to U+001F are escaped, the latter by their
// short form where JSON has one, else as \u00 and two lower-case hex digits.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	copied := 0 // s up to here is in dst
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(dst, s[copied:i]...)
				dst = append(dst, replacement...)
				copied = i + 1
			}
			i += size
			continue
		}
		if c < ' ' || c == '"' || c == '\\' {
			dst = append(dst, s[copied:i]...)
			dst = appendEscape(dst, c)
			copied = i + 1
		}
		i++
	}
	dst = append(dst, s[copied:]...)
	return append(dst, '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\t':
		return append(dst, '\\', 't')
	case '\n':
		return append(dst, '\\', 'n')
	case '\f':
		return append(dst, '\\', 'f')
	case '\r':
		return append(dst, '\\', 'r')
	default:
		return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
	}
}

// appendDouble appends a number as ECMAScript's Number::toString writes it
// (RFC 8785 section 3.2.2.3), and as OTLP/JSON's strings what JSON has no number
// for.
func appendDouble(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(dst, `"-Infinity"`...)
	case f == 0:
		return append(dst, '0') // also for -0
	}
	if magnitude := math.Abs(f); magnitude >= 1e-6 && magnitude < 1e21 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	// Go writes at least two digits of exponent: 1e-07 becomes 1e-7.
	if n := len(dst); dst[n-4] == 'e' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}

// validUTF8 returns s with each byte that is not part of valid UTF-8 replaced by
// U+FFFD, as appendString does.
func validUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var valid strings.Builder
	for _, r := range s { // yields U+FFFD for each such byte
		valid.WriteRune(r)
	}
	return valid.String()
}
