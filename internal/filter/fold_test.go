package filter

import (
	"regexp"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
)

// The representatives that fold chooses must partition letters exactly as the
// case folding of package regexp does, on which backends build.
func TestFoldIsSimpleFolding(t *testing.T) {
	for r := range rune(unicode.MaxRune) {
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			if foldRune(r) != foldRune(other) {
				t.Fatalf("%U and %U differ only in case", r, other)
			}
		}
		if representative := foldRune(r); representative != r && !folds(representative, r) {
			t.Fatalf("%U and its representative %U differ in more than case", r, representative)
		}
	}
}

func folds(a, b rune) bool {
	for r := unicode.SimpleFold(a); r != a; r = unicode.SimpleFold(r) {
		if r == b {
			return true
		}
	}
	return false
}

func FuzzContainsFold(f *testing.F) {
	f.Add("User logged in", "LOGGED")
	f.Add("ſtraße K", "STRAẞE k")
	f.Add("a.b", ".")
	f.Fuzz(func(t *testing.T, text, part string) {
		text, part = validUTF8(text), validUTF8(part)
		want := regexp.MustCompile("(?i)" + regexp.QuoteMeta(part)).MatchString(text)
		assert.Equal(t, want, containsFold(text, part))
	})
}
