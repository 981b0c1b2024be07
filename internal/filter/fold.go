package filter

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// containsFold reports whether text contains part under simple case folding.
func containsFold(text, part string) bool {
	return strings.Contains(fold(text), fold(part))
}

// Fold maps every letter to one representative of those that differ from it only in
// case, a lower-case one as a rule, and every byte that is not UTF-8 to U+FFFD. So a
// text contains a part without regard to case exactly when Fold(text) contains
// Fold(part). It is for backends that keep folded texts, of which most are lower-case
// already and stay as they are.
func Fold(text string) string {
	for i := range len(text) {
		if c := text[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return strings.Map(foldLower, text)
		}
	}
	return text
}

func foldLower(r rune) rune {
	switch {
	case 'A' <= r && r <= 'Z':
		return r - 'A' + 'a'
	case r < utf8.RuneSelf:
		return r
	}
	folded := foldRune(r)
	if lower := unicode.ToLower(folded); foldRune(lower) == folded {
		return lower
	}
	return folded // as the lower case of İ is i, which is another letter
}

// fold maps every letter to one representative of those that differ from it only
// in case, and every byte that is not UTF-8 to U+FFFD.
func fold(text string) string { return strings.Map(foldRune, text) }

func foldRune(r rune) rune {
	if r < unicode.MaxASCII && r != 'k' && r != 's' && r != 'K' && r != 'S' {
		return unicode.ToUpper(r) // k and s have relatives outside ASCII
	}
	smallest := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		smallest = min(smallest, next)
	}
	return smallest
}
