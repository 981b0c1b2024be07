package filter

import (
	"regexp"
	"strings"
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

// What Fold chooses must tell the same letters apart.
func TestFoldForBackends(t *testing.T) {
	chosen := map[rune]rune{} // by what fold chooses
	for r := range rune(unicode.MaxRune) {
		if lower, ok := chosen[foldRune(r)]; ok && lower != foldLower(r) {
			t.Fatalf("%U differs only in case from a letter that becomes %U", r, lower)
		}
		chosen[foldRune(r)] = foldLower(r)
		if foldLower(r) != r && !folds(foldLower(r), r) {
			t.Fatalf("%U and %U differ in more than case", r, foldLower(r))
		}
	}
	for text, want := range map[string]string{
		"": "", "user 17": "user 17", "User": "user", "K\u212ak S\u017fs": "kkk sss", "\u0130\u0131I": "\u0130\u0131i",
		"\u03a3\u03c2\u03c3": "\u03c3\u03c3\u03c3", "a\xffB\xff": "a\ufffdb\ufffd", "\xff": "\ufffd",
	} {
		assert.Equal(t, want, Fold(text), "%q", text)
		assert.Equal(t, want, Fold(Fold(text)), "%q", text)
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
		assert.Equal(t, want, strings.Contains(Fold(text), Fold(part)))
	})
}
