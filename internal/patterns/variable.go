package patterns

import (
	"net/netip"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Expressions of what varies; those of expressionOf and of variable.
const (
	timeOfDay = `\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)`
	iso       = `\d{4}-\d{2}-\d{2}(?:[Tt ]` + timeOfDay + `(?: ?(?:Z|UTC|[+-]\d{2}:?\d{2}))?)?`
	clf       = `\d{2}/[A-Z][a-z]{2}/\d{4}:` + timeOfDay + `(?: [+-]\d{4})?` // of access logs
	timestamp = `(?:` + iso + `|` + clf + `|` + timeOfDay + `)`
	uuid      = `[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`
	email     = `[\w.+-]+@[\w-]+(?:\.[\w-]+)+`
	ip        = `(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7})`
	word      = `\w*\d\w*(?:[.,]\d+)*`
)

// variable finds the next thing that may vary and stands in no quotes. Its groups are
// the shapes.
var variable = regexp.MustCompile( //nolint:gochecknoglobals // a constant
	`(` + timestamp + `\b)|(` + uuid + `\b)|(` + email + `)|(` + ip + `)|(` + word + `)`)

// shape is what something that may vary looks like.
type shape int

const (
	shapeQuoted shape = iota
	shapeTimestamp
	shapeUUID
	shapeEmail
	shapeIP
	shapeWord
)

// match is where something that may vary is in a text.
type match struct {
	shape      shape
	start, end int
}

// nextVariable returns the next thing that may vary, from a place in the text on. Most
// of a text does not, and the expression is slow; so it looks only at what stands
// around a digit or an @.
func nextVariable(text string, at int) (match, bool) {
	for from := at; ; {
		next := strings.IndexAny(text[from:], `"'@0123456789`)
		if next < 0 {
			return match{}, false
		}
		next += from
		if quote := text[next]; quote == '"' || quote == '\'' {
			if end, ok := endOfQuoted(text, next); ok {
				return match{shapeQuoted, next, end}, true
			}
			from = next + 1
			continue
		}
		start, end := aroundOf(text, at, next)
		if found, ok := wordIn(text, start, end); ok {
			return found, true
		}
		if found, ok := variableIn(text, start, end); ok {
			return found, true
		}
		from = end
	}
}

// endOfQuoted returns where what a quote opens ends; ok is false if it opens nothing,
// as an apostrophe.
func endOfQuoted(text string, start int) (end int, ok bool) {
	quote := text[start]
	if quote == '\'' && start > 0 && isWordByte(text[start-1]) {
		return 0, false
	}
	for i := start + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case quote:
			return i + 1, true
		}
	}
	return 0, false
}

// aroundOf returns the bounds of what stands around a place without a space or other
// punctuation than that of addresses; it does not begin before another place.
func aroundOf(text string, earliest, place int) (start, end int) {
	isPart := func(c byte) bool { return isWordByte(c) && c < utf8.RuneSelf || strings.IndexByte(".+-:@", c) >= 0 }
	for start = place; start > earliest && isPart(text[start-1]); start-- {
	}
	for end = place; end < len(text) && isPart(text[end]); end++ {
	}
	return start, end
}

// wordIn returns what is within bounds if that is nothing but a word, as most is.
func wordIn(text string, start, end int) (match, bool) {
	const dayOfMonth = 2 // of a timestamp in an access log
	isDate := end-start == dayOfMonth && end < len(text) && text[end] == '/'
	if isDate || leading(text[start:end], isWordByte) < end-start {
		return match{}, false
	}
	for end+1 < len(text) && (text[end] == ',' || text[end] == '.') && isDigit(text[end+1]) { // a fraction
		end += 1 + leading(text[end+1:], isDigit)
	}
	return match{shapeWord, start, end}, true
}

// variableIn returns the first thing that may vary and that begins within bounds. Only
// a timestamp goes on behind a space or a slash.
func variableIn(text string, start, end int) (match, bool) {
	const longestTimestamp = 45
	groups := variable.FindStringSubmatchIndex(text[start:min(len(text), end+longestTimestamp)])
	if groups == nil || start+groups[0] >= end {
		return match{}, false
	}
	found := match{shape: shapeTimestamp, start: start + groups[0], end: start + groups[1]}
	for groups[2*found.shape] < 0 {
		found.shape++
	}
	return found, true
}

// expressionOf returns the expression that finds what a placeholder stands for.
func expressionOf(kind Kind) string {
	switch kind {
	case Timestamp:
		return timestamp
	case UUID:
		return uuid
	case Email:
		return email
	case IP:
		return ip
	case Hex:
		return `(?:0[xX])?[0-9a-fA-F]+`
	case Number:
		return `\d+(?:[.,]\d+)*`
	case ID:
		return `\w+`
	default: // String, without its quotes
		return `(?s:.*?)`
	}
}

// isAddress reports whether what looks like an address of IP is one, and not a part of
// something longer, of a name with :: or of a version such as Chrome/139.0.0.0.
func isAddress(text string, found match) bool {
	start, end := found.start, found.end
	if start > 0 && isWordByte(text[start-1]) || end < len(text) && isWordByte(text[end]) {
		return false
	}
	if start > 1 && text[start-1] == '/' && isWordByte(text[start-2]) {
		return false
	}
	if end+1 < len(text) && text[end] == '.' && isDigit(text[end+1]) {
		return false
	}
	_, err := netip.ParseAddr(text[start:end])
	return err == nil && strings.ContainsAny(text[start:end], "0123456789")
}
