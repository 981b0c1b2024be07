package filter

import (
	"strings"
	"unicode"
)

// containsFold reports whether text contains part under simple case folding.
func containsFold(text, part string) bool {
	return strings.Contains(fold(text), fold(part))
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
