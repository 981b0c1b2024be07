package embedded

import (
	"encoding/base32"
	"encoding/hex"
	"strings"
)

// Columns of ids and hashes have these in another form, which is shorter on disk. It
// begins with what the text is:
//
//	uuid…  a UUID with hyphens, its bytes in base 32
//	hex_…  hex digits, their bytes in base 32
//	text…  anything else, as it is
//
// All hex digits are lower-case, as in any other case the text would not come back as it was.
//
// The engine compresses what it stores, but a column in which nothing repeats it leaves as it
// is: the 32 random bytes of a hash would take 64 bytes as hex digits. The first letters are
// what repeats. Base 32 takes fewer bytes than hex digits, has no hyphens, which would make
// five words of an id, and its texts sort as the bytes do.
const (
	packedUUID  = "uuid"
	packedHex   = "hex_"
	packedOther = "text"
	packedStart = 4
	// maxPacked is the number of bytes of the longest text of hex digits that is packed.
	maxPacked = 64
)

var packing = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding) //nolint:gochecknoglobals // a constant

// isPacked reports whether a column has its texts in their packed form.
func isPacked(column string) bool {
	switch column {
	case columnID, columnHash, columnTraceID, columnSpanID:
		return true
	default:
		return false
	}
}

// pack returns the packed form of a text; "" of "".
func pack(text string) string {
	if text == "" {
		return ""
	}
	var room [maxPacked]byte
	if isHyphenated(text) {
		if id, ok := appendUnhexed(room[:0], text[:8]+text[9:13]+text[14:18]+text[19:23]+text[24:]); ok {
			return packBytes(packedUUID, id)
		}
	}
	if len(text) <= hex.EncodedLen(maxPacked) {
		if bytes, ok := appendUnhexed(room[:0], text); ok {
			return packBytes(packedHex, bytes)
		}
	}
	return packedOther + text
}

// packBytes returns the packed form of at most maxPacked bytes.
func packBytes(kind string, bytes []byte) string {
	var room [packedStart + (maxPacked*8+4)/5]byte
	return string(packing.AppendEncode(append(room[:0], kind...), bytes))
}

// unpack is the inverse of pack. What is damaged it returns as it is.
func unpack(packed string) string {
	if len(packed) < packedStart {
		return packed
	}
	kind, rest := packed[:packedStart], packed[packedStart:]
	if kind == packedOther {
		return rest
	}
	var room [maxPacked]byte
	bytes, err := packing.AppendDecode(room[:0], []byte(rest))
	if err != nil {
		return packed
	}
	digits := hex.EncodeToString(bytes)
	if kind == packedUUID && len(bytes) == 16 {
		return digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:]
	}
	return digits
}

// comparePacked compares two texts by their packed forms.
func comparePacked(a, b string) int {
	if strings.HasPrefix(a, packedUUID) && strings.HasPrefix(b, packedUUID) {
		return strings.Compare(a, b)
	}
	return strings.Compare(unpack(a), unpack(b))
}

func isHyphenated(text string) bool {
	return len(text) == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-'
}

// appendUnhexed appends the bytes of lower-case hex digits; ok is false if the text is
// something else.
func appendUnhexed(dst []byte, digits string) (bytes []byte, ok bool) {
	if len(digits)%2 != 0 {
		return dst, false
	}
	for len(digits) > 1 {
		high, low := unhexed[digits[0]], unhexed[digits[1]]
		if high|low > 0xf {
			return dst, false
		}
		dst, digits = append(dst, high<<4|low), digits[2:]
	}
	return dst, true
}

// unhexed has the values of lower-case hex digits, and more than 15 for anything else.
var unhexed = func() (values [256]byte) { //nolint:gochecknoglobals // a constant
	for i := range values {
		values[i] = 0xff
	}
	for value, digit := range []byte("0123456789abcdef") {
		values[digit] = byte(value)
	}
	return values
}()
