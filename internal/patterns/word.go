package patterns

import (
	"regexp"
	"strings"
)

// wordWithDigit finds the next word that has digits.
var wordWithDigit = regexp.MustCompile(word) //nolint:gochecknoglobals // a constant

// addWords adds a text that may have words with digits.
func (p *Pattern) addWords(text string) {
	at := 0
	for _, span := range wordWithDigit.FindAllStringIndex(text, -1) {
		p.addLiteral(text[at:span[0]])
		p.addWord(text[span[0]:span[1]])
		at = span[1]
	}
	p.addLiteral(text[at:])
}

// addWord adds a word that has digits, with the fraction that may follow it.
func (p *Pattern) addWord(text string) {
	end := strings.IndexAny(text, ".,")
	if end < 0 {
		end = len(text)
	}
	word, fraction := text[:end], text[end:]
	const maxUnit = 3 // letters, as in 12ms
	letters := leading(word, isNoDigit)
	digits := leading(word[letters:], isDigit)
	rest := len(word) - letters - digits
	switch {
	case digits == len(word): // 42, 4.2
		p.addPlaceholder(Number)
		return
	case isHex(word):
		p.addPlaceholder(Hex)
	case rest == 0: // user42
		p.addLiteral(word[:letters])
		p.addPlaceholder(Number)
		return
	case letters == 0 && rest <= maxUnit && leading(word[digits:], isNoDigit) == rest: // 12ms
		p.addPlaceholder(Number)
		p.addLiteral(word[digits:])
	default:
		p.addPlaceholder(ID)
	}
	if fraction != "" {
		p.addLiteral(fraction[:1])
		p.addPlaceholder(Number)
	}
}

// isHex reports whether a word with digits is one of hex digits: after 0x, or so many
// with letters among them that it is no word or number.
func isHex(word string) bool {
	const minDigits = 8
	digits := strings.TrimPrefix(strings.TrimPrefix(word, "0x"), "0X")
	hasPrefix := len(digits) < len(word)
	return leading(digits, isHexDigit) == len(digits) && (hasPrefix && digits != "" || len(digits) >= minDigits)
}

// leading returns how many bytes at the start of a text are of a kind.
func leading(text string, is func(c byte) bool) int {
	for i := range len(text) {
		if !is(text[i]) {
			return i
		}
	}
	return len(text)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isNoDigit(c byte) bool { return !isDigit(c) }

func isHexDigit(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F' }

// isWordByte reports whether a byte is one of a word, as \w and letters outside ASCII.
func isWordByte(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c >= 0x80
}
