package patterns

import (
	"strings"
	"unicode/utf8"
)

// maxLength is how much of a text is looked at, in bytes.
const maxLength = 1024

// prepare returns the start of a text, with single spaces and in UTF-8.
func prepare(text string) (prepared string, isCut bool) {
	if isPrepared(text) {
		return text, false
	}
	var b strings.Builder
	space := false
	for _, r := range text {
		if isSpace(r) {
			space = b.Len() > 0
			continue
		}
		if b.Len() >= maxLength {
			return withoutLastWord(b.String()), true
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	return b.String(), false
}

// isPrepared reports whether prepare would return a text as it is.
func isPrepared(text string) bool {
	if len(text) > maxLength || !utf8.ValidString(text) {
		return false
	}
	afterSpace := true
	for i := range len(text) {
		c := text[i]
		if isSpace(rune(c)) && (c != ' ' || afterSpace) {
			return false
		}
		afterSpace = c == ' '
	}
	return text == "" || !afterSpace
}

// withoutLastWord returns a text without its last word, which may be cut.
func withoutLastWord(text string) string {
	if space := strings.LastIndexByte(text, ' '); space > 0 {
		return text[:space]
	}
	return text
}

// isSpace reports what \s is in RE2.
func isSpace(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\f' || r == '\r' }
