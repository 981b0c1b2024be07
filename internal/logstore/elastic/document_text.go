package elastic

import (
	"iter"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/docketlog/docket/internal/filter"
)

// Names of the places of attributes in fieldTerms, fieldKeys and fieldCut.
const (
	placeLog      = "attributes"
	placeResource = "resource"
)

// nameBody is the name of the body in fieldCut.
const nameBody = "body"

// placeName returns the name of PlaceLogAttribute or PlaceResourceAttribute.
func placeName(place filter.Place) string {
	if place == filter.PlaceResourceAttribute {
		return placeResource
	}
	return placeLog
}

// termPrefix returns what fieldTerms has before the text of an attribute of
// PlaceLogAttribute or PlaceResourceAttribute, and of no other. fieldFolded has the same
// before the text that filter.Fold returns, fieldNumbers before that of sortableNumber.
func termPrefix(place filter.Place, key string) string {
	return placeName(place) + "." + escapeKey(key) + "="
}

// escapeKey returns the key as it is in terms: with \\ for \, \= for = and, as terms
// are UTF-8, \xff for a byte that is not.
func escapeKey(key string) string {
	if strings.IndexByte(key, '\\') < 0 && strings.IndexByte(key, '=') < 0 && utf8.ValidString(key) {
		return key
	}
	return string(appendEscapedKey(nil, key))
}

func appendEscapedKey(dst []byte, key string) []byte {
	const hex = "0123456789abcdef"
	for i := 0; i < len(key); {
		c := key[i]
		r, size := utf8.DecodeRuneInString(key[i:])
		switch {
		case c == '\\' || c == '=':
			dst = append(dst, '\\', c)
		case r == utf8.RuneError && size == 1:
			dst = append(dst, '\\', 'x', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, key[i:i+size]...)
		}
		i += size
	}
	return dst
}

// wordsOf returns the words of a text, folded by filter.Fold, in their order and as
// often as they are there. A word is a longest run of letters, marks and digits, or
// other numbers, of the folded text; whatever else stands between words.
//
// So if a text contains a part without regard to case, then each word of the part is
// a word of the text, but for the first when the part begins with it, which is one
// that ends so, and for the last when the part ends with it, which is one that begins
// so; a part that is all one word is in the midst of one.
//
// fieldWords has all words of the body, each once, unless fieldCut has "body": then
// some are missing.
func wordsOf(text string) []string { return slices.Collect(words(filter.Fold(text))) }

// words yields the words of a folded text.
func words(folded string) iter.Seq[string] {
	return strings.FieldsFuncSeq(folded, func(r rune) bool { return !isWordRune(r) })
}

// isWordRune reports whether a folded rune is part of a word.
func isWordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || '0' <= r && r <= '9'
	}
	return unicode.In(r, unicode.L, unicode.M, unicode.N)
}

// firstBytes returns the start of a text that is UTF-8, at most so many bytes.
func firstBytes(text string, count int) string {
	if len(text) <= count {
		return text
	}
	return strings.ToValidUTF8(text[:count], "")
}

// sortableNumber returns 16 hex digits that compare as the numbers do. 0 and -0 are
// the same; NaN is no number that a text can be.
func sortableNumber(number float64) string {
	return string(appendSortable(make([]byte, 0, 16), number))
}

func appendSortable(dst []byte, number float64) []byte {
	const hex = "0123456789abcdef"
	if number == 0 {
		number = 0 // not -0
	}
	bits := math.Float64bits(number)
	if bits>>63 == 1 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	for shift := 60; shift >= 0; shift -= 4 {
		dst = append(dst, hex[bits>>shift&15])
	}
	return dst
}

// appendName appends the name of a member of an object, after a comma when it is not
// the first.
func appendName(dst []byte, name string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = append(dst, '"')
	dst = append(dst, name...)
	return append(dst, '"', ':')
}

// appendString appends a JSON string of a text that is UTF-8.
func appendString(dst []byte, text string) []byte {
	dst = append(dst, '"')
	dst = appendEscaped(dst, text)
	return append(dst, '"')
}

// appendEscaped appends what is between the quotes of a JSON string.
func appendEscaped[T string | []byte](dst []byte, text T) []byte {
	const hex = "0123456789abcdef"
	copied := 0 // text up to here is in dst
	for i := range len(text) {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, text[copied:i]...)
		copied = i + 1
		if c < ' ' {
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		} else {
			dst = append(dst, '\\', c)
		}
	}
	return append(dst, text[copied:]...)
}
