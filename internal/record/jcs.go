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
	for i := lengthOfPlain(s); i < len(s); i += lengthOfPlain(s[i:]) {
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
		dst = append(dst, s[copied:i]...)
		dst = appendEscape(dst, c)
		i++
		copied = i
	}
	dst = append(dst, s[copied:]...)
	return append(dst, '"')
}

// lengthOfPlain is how many bytes at the start of s stand for themselves in a JSON
// string and are ASCII. That is all of most texts, so it looks at eight at a time.
func lengthOfPlain(s string) int {
	const word = 8
	i := 0
	for i+word <= len(s) && isPlain(wordAt(s[i:])) {
		i += word
	}
	if rest := len(s) - i; rest < word && rest > 0 && i > 0 && isPlain(wordAt(s[len(s)-word:])) {
		return len(s)
	}
	for i < len(s) && s[i] >= ' ' && s[i] < utf8.RuneSelf && s[i] != '"' && s[i] != '\\' {
		i++
	}
	return i
}

// wordAt reads the first eight bytes of s.
func wordAt(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

const (
	everyByte = 0x01_01_01_01_01_01_01_01 // times a byte: a word of eight of it
	highBits  = everyByte * 0x80
)

// isPlain reports whether none of the eight bytes of a word is a control character, a
// quote, a backslash or beyond ASCII. Subtracting borrows from a byte's highest bit
// exactly when the byte is smaller; what that does to the next byte does not matter,
// because then the answer is no already.
func isPlain(word uint64) bool {
	control := word - everyByte*' '
	quote := (word ^ everyByte*'"') - everyByte
	backslash := (word ^ everyByte*'\\') - everyByte
	return (word|control|quote|backslash)&highBits == 0
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
