package elastic

import (
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/filter"
)

func TestSortableNumbersSort(t *testing.T) {
	numbers := []float64{
		math.Inf(-1), -math.MaxFloat64, -1e300, -2, -1.5, -1, -5e-324, 0, 5e-324, 1e-10, 1, math.Nextafter(1, 2), 1.5, 2, 1 << 53, 1e300, math.MaxFloat64, math.Inf(1),
	}
	var texts []string
	for _, number := range numbers {
		text := sortableNumber(number)
		assert.Len(t, text, 16)
		texts = append(texts, text)
	}
	assert.True(t, slices.IsSorted(texts))
	assert.Len(t, slices.Compact(slices.Clone(texts)), len(numbers))
	assert.Equal(t, sortableNumber(0), sortableNumber(math.Copysign(0, -1)))
}

func FuzzSortableNumber(f *testing.F) {
	f.Add(1.0, -2.5)
	f.Fuzz(func(t *testing.T, a, b float64) {
		if math.IsNaN(a) || math.IsNaN(b) {
			return
		}
		assert.Equal(t, a < b, sortableNumber(a) < sortableNumber(b))
		assert.Equal(t, a == b, sortableNumber(a) == sortableNumber(b))
	})
}

// unescapeKey is the inverse of escapeKey.
func unescapeKey(escaped string) string {
	if strings.IndexByte(escaped, '\\') < 0 {
		return escaped
	}
	key := make([]byte, 0, len(escaped))
	for i := 0; i < len(escaped); i++ {
		c := escaped[i]
		switch {
		case c != '\\' || i+1 == len(escaped):
			key = append(key, c)
		case escaped[i+1] == 'x' && i+3 < len(escaped):
			key = append(key, hexDigit(escaped[i+2])<<4|hexDigit(escaped[i+3]))
			i += 3
		default:
			key = append(key, escaped[i+1])
			i++
		}
	}
	return string(key)
}

func hexDigit(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c - 'a' + 10
}

func FuzzEscapeKey(f *testing.F) {
	for _, key := range []string{"", "a", "a=b", `a\b`, `\xff`, "a\xff=", "ключ", `\`} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		escaped := escapeKey(key)
		assert.Equal(t, key, unescapeKey(escaped))
		assert.True(t, utf8.ValidString(escaped))
		// No term of one key is one of another.
		for i := range len(escaped) {
			if escaped[i] == '=' {
				assert.Equal(t, byte('\\'), escaped[i-1])
			}
		}
	})
}

// requireWords asserts what wordsOf says about the words of a text and of its part.
func requireWords(tb testing.TB, text, part string) {
	tb.Helper()
	if !strings.Contains(filter.Fold(text), filter.Fold(part)) {
		return
	}
	has, folded := wordsOf(text), filter.Fold(part)
	want := wordsOf(part)
	for i, word := range want {
		isFirst := i == 0 && strings.HasPrefix(folded, word)
		isLast := i == len(want)-1 && strings.HasSuffix(folded, word)
		require.True(tb, slices.ContainsFunc(has, func(other string) bool {
			switch {
			case isFirst && isLast:
				return strings.Contains(other, word)
			case isFirst:
				return strings.HasSuffix(other, word)
			case isLast:
				return strings.HasPrefix(other, word)
			default:
				return other == word
			}
		}), "%q in %q: %q", word, text, has)
	}
}

func TestWords(t *testing.T) {
	for text, want := range map[string][]string{
		"":                             nil,
		" -- ":                         nil,
		"User logged in":               {"user", "logged", "in"},
		"user_id=7, USER 7":            {"user", "id", "7", "user", "7"},
		"GET /api/v1/users?id=4711":    {"get", "api", "v1", "users", "id", "4711"},
		"stra\u1e9ee STRASSE \u212a":   {"stra\u00dfe", "strasse", "k"},
		"日本語 text, cafe\u0301 \u0967":  {"日本語", "text", "cafe\u0301", "\u0967"},
		"not \xff UTF-8":               {"not", "utf", "8"},
		"\u0130stanbul \u0131s İ":      {"\u0130stanbul", "\u0131s", "\u0130"},
		"{\"user\":{\"name\":\"Ann\"}": {"user", "name", "ann"},
	} {
		assert.Equal(t, want, wordsOf(text), "%q", text)
	}
}

func TestWordsOfParts(t *testing.T) {
	random := newSeededRandom(t)
	for _, text := range []string{"User logged in, user LOGGED out", "user_id=7 Straße \u212aelvin Σίσυφος ΣΊΣΥΦΟΣ", "a.b\u0345.c\ufffd1.d日本語", "\xff a\xff"} {
		for range 500 {
			start := random.IntN(len(text))
			end := start + random.IntN(len(text)-start+1)
			for _, part := range []string{text[start:end], strings.ToUpper(text[start:end])} {
				requireWords(t, text, part)
			}
		}
	}
}

func FuzzWords(f *testing.F) {
	f.Add("User logged in", 3, 9)
	f.Add("a\u0345b ı", 0, 4)
	f.Fuzz(func(t *testing.T, text string, start, end int) {
		if start < 0 || end < start || end > len(text) {
			return
		}
		requireWords(t, text, text[start:end])
	})
}
