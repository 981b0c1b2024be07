package elastic

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/docketlog/docket/internal/filter"
)

// The products refuse patterns that take too much work to prepare. These are well below
// what they take.
const (
	// maxPatternLetters is how many letters are looked for behind the first star.
	maxPatternLetters = 150
	// maxStars is how many stars there are.
	maxStars = 24
	// maxStartLetters is how many letters are looked for at the start of a text, where
	// they take no work. With maxPrefixBytes before them they are fewer than 1000.
	maxStartLetters = 250
	// maxOpenLetters is how many letters may be left open, each of which may double the
	// work.
	maxOpenLetters = 8
)

// patternOf returns the pattern of a text that is some parts, at least two, with any
// text between them. When that would take too much work, it leaves out most of them, and
// isWhole is false.
func patternOf(parts []string) (pattern string, isWhole bool) {
	stars, letters := len(parts)-1, 0
	for _, part := range parts[1:] {
		letters += utf8.RuneCountInString(part)
	}
	start := firstLetters(parts[0], maxStartLetters)
	if start == parts[0] && stars <= maxStars && letters <= maxPatternLetters {
		escaped := make([]string, len(parts))
		for i, part := range parts {
			escaped[i] = escapePattern(part)
		}
		return strings.Join(escaped, "*"), true
	}
	longest := slices.MaxFunc(parts[1:], func(a, b string) int { return cmp.Compare(len(a), len(b)) })
	return escapePattern(start) + "*" + escapePattern(firstLetters(longest, maxPatternLetters)) + "*", false
}

// openPattern returns patternOf with any letter in place of those that have a spelling
// outside ASCII; ok is false if there are many.
func openPattern(parts []string) (pattern string, ok bool) {
	var opened strings.Builder
	count := 0
	for i, part := range parts {
		if i > 0 {
			opened.WriteByte('*')
		}
		for _, letter := range part {
			if isOutsideASCII(letter) {
				opened.WriteByte('?')
				count++
			} else {
				opened.WriteString(escapePattern(string(letter)))
			}
		}
	}
	return opened.String(), count <= maxOpenLetters
}

// isOutsideASCII reports whether one of several spellings of a letter is outside ASCII.
func isOutsideASCII(letter rune) bool {
	spellings := filter.Spellings(letter)
	return len(spellings) > 1 && slices.ContainsFunc(spellings, func(r rune) bool { return r >= utf8.RuneSelf })
}

// escapePattern returns a pattern that only the text is like.
func escapePattern(text string) string {
	if !strings.ContainsAny(text, `*?\`) {
		return text
	}
	var escaped strings.Builder
	for _, letter := range text {
		if strings.ContainsRune(`*?\`, letter) {
			escaped.WriteByte('\\')
		}
		escaped.WriteRune(letter)
	}
	return escaped.String()
}

// firstLetters returns the start of a text, at most so many letters.
func firstLetters(text string, count int) string {
	for at := range text {
		if count == 0 {
			return text[:at]
		}
		count--
	}
	return text
}
