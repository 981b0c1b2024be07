package filter

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestFinder(t *testing.T) {
	tests := map[string]struct {
		part, text string
		want       bool
	}{
		"empty":                     {"", "", true},
		"empty in some":             {"", "x", true},
		"some in empty":             {"x", "", false},
		"same":                      {"Logged", "User LOGGED in", true},
		"at the start":              {"USER", "user logged in", true},
		"at the end":                {"IN", "user logged in", true},
		"cut off at the end":        {"logged in", "user logged i", false},
		"cut off at the start":      {"user logged", "ser logged", false},
		"after a false start":       {"aab", "aaab", true},
		"after many false starts":   {"xylophone", "xyl xylo xylop xYlOphonE", true},
		"anchor again and again":    {"zzzz", "zz zzz ZzZz", true},
		"upper case before lower":   {"v1", "Vx v1", true},
		"Kelvin sign in text":       {"ok", "o\u212a", true},
		"Kelvin sign in part":       {"\u212a", "K", true},
		"long s":                    {"SS", "\u017fs", true},
		"sharp s":                   {"stra\u00dfe", "STRA\u1e9eE", true},
		"sharp s is not ss":         {"strasse", "stra\u00dfe", false},
		"ring":                      {"\u00c5", "\u00e5", true},
		"angstrom sign":             {"\u00e5", "\u212b", true},
		"a ring is not an a":        {"a", "\u00c5", false},
		"combining ring":            {"\u00e5", "a\u030a", false},
		"sigmas":                    {"\u03c3\u03c2\u03a3", "\u03a3\u03c3\u03c2", true},
		"dotless i":                 {"\u0131", "I", false},
		"dotted I":                  {"\u0130", "i", false},
		"titlecase":                 {"\u01c4", "\u01c5", true},
		"Cyrillic":                  {"\u041e\u0428\u0418", "\u043e\u0448\u0438\u0431\u043a\u0430", true},
		"metacharacters":            {`.*(x)[y]\E$`, `a.*(X)[Y]\e$`, true},
		"metacharacters, literally": {`.`, `x`, false},
		"replacement character":     {"a\xffb", "A\ufffdB", true},
		"zero":                      {"\x00A", "\x00a", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, NewFinder(BodyContains(test.part)).In(test.text))
			assert.Equal(t, test.want, containsFold(test.text, test.part))
		})
	}
}

// Every letter must be found in each of its spellings, alone and between others.
func TestFinderFindsEverySpelling(t *testing.T) {
	for r := range rune(unicode.MaxRune) {
		if unicode.SimpleFold(r) == r || !utf8.ValidRune(r) {
			continue
		}
		alone, between := NewFinder(BodyContains(string(r))), NewFinder(BodyContains("q"+string(r)+"x"))
		for _, spelling := range Spellings(r) {
			text := strings.Repeat("-", 3) + "Q" + string(spelling) + "X"
			if !alone.In(text) || !between.In(text) {
				t.Fatalf("%U is not found as %U", r, spelling)
			}
		}
	}
}

func FuzzFinder(f *testing.F) {
	f.Add("User logged in", "LOGGED")
	f.Add("\u017ftra\u00dfe \u212a", "STRA\u1e9eE k")
	f.Add("aaab", "aab")
	f.Add("a.b\xff", "\xfe")
	f.Fuzz(func(t *testing.T, text, part string) {
		text = validUTF8(text)
		assert.Equal(t, containsFold(text, part), NewFinder(BodyContains(part)).In(text))
	})
}
