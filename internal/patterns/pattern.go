package patterns

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// Kind is what a placeholder stands for.
type Kind string

// The kinds. A pattern has them in angle brackets.
const (
	// Timestamp is a date, a time of day or both.
	Timestamp Kind = "timestamp"
	// UUID is a UUID.
	UUID Kind = "uuid"
	// Email is an address of electronic mail.
	Email Kind = "email"
	// IP is an address of IPv4 or IPv6.
	IP Kind = "ip"
	// Hex are hex digits after 0x, or at least eight that are not all decimal.
	Hex Kind = "hex"
	// Number is a number, with or without a fraction.
	Number Kind = "num"
	// ID is a word in which letters and digits alternate.
	ID Kind = "id"
	// String is what stands in quotes and is not a key of JSON.
	String Kind = "str"
)

// part is a part of a pattern: a literal, or a placeholder.
type part struct {
	literal string
	// kind is "" for a literal.
	kind Kind
}

// Pattern is a text with placeholders for what varies.
type Pattern struct {
	parts []part
	// isCut is true if only the text's start was looked at.
	isCut bool
}

// Of returns the pattern of a text. White space counts as one space, and none at the
// ends; only the first 1024 bytes are regarded.
func Of(text string) Pattern {
	text, isCut := prepare(text)
	p := Pattern{isCut: isCut}
	at := 0
	for {
		found, ok := nextVariable(text, at)
		if !ok {
			break
		}
		p.addLiteral(text[at:found.start])
		p.addVariable(text, found)
		at = found.end
	}
	p.addLiteral(text[at:])
	return p
}

// String returns the pattern with the placeholders in angle brackets.
func (p Pattern) String() string {
	var text strings.Builder
	for _, part := range p.parts {
		if part.kind == "" {
			text.WriteString(part.literal)
		} else {
			text.WriteString("<" + string(part.kind) + ">")
		}
	}
	return text.String()
}

// Literal returns the longest part of the pattern without placeholders, in which
// texts of the pattern are alike; "" if that has less than three characters.
func (p Pattern) Literal() string {
	const minLength = 3
	longest := ""
	for _, part := range p.parts {
		if literal := strings.TrimSpace(part.literal); utf8.RuneCountInString(literal) > utf8.RuneCountInString(longest) {
			longest = literal
		}
	}
	if utf8.RuneCountInString(longest) < minLength {
		return ""
	}
	return longest
}

// Regexp returns a regular expression of RE2 that finds texts of the pattern, "" if
// the pattern has no Literal: it would find about everything.
func (p Pattern) Regexp() string {
	if p.Literal() == "" {
		return ""
	}
	var expression strings.Builder
	expression.WriteString(`^\s*`)
	for _, part := range p.parts {
		if part.kind == "" {
			words := strings.Split(part.literal, " ")
			for i, word := range words {
				words[i] = regexp.QuoteMeta(word)
			}
			expression.WriteString(strings.Join(words, `\s+`))
		} else {
			expression.WriteString(expressionOf(part.kind))
		}
	}
	if !p.isCut {
		expression.WriteString(`\s*$`)
	}
	return expression.String()
}

// addVariable adds what nextVariable has found in a text.
func (p *Pattern) addVariable(text string, found match) {
	switch found.shape {
	case shapeQuoted:
		p.addQuoted(text, found)
	case shapeTimestamp:
		p.addPlaceholder(Timestamp)
	case shapeUUID:
		p.addPlaceholder(UUID)
	case shapeEmail:
		p.addPlaceholder(Email)
	case shapeIP:
		if isAddress(text, found) {
			p.addPlaceholder(IP)
		} else {
			p.addWords(text[found.start:found.end])
		}
	default: // shapeWord
		p.addWord(text[found.start:found.end])
	}
}

// addQuoted adds what stands in quotes, as it is if it is a key of JSON.
func (p *Pattern) addQuoted(text string, found match) {
	start, end := found.start, found.end
	isKey := text[start] == '"' && strings.HasPrefix(strings.TrimLeft(text[end:], " "), ":")
	if isKey || end-start == len(`""`) {
		p.addLiteral(text[start:end])
		return
	}
	p.addLiteral(text[start : start+1])
	p.addPlaceholder(String)
	p.addLiteral(text[end-1 : end])
}

func (p *Pattern) addLiteral(text string) {
	if text == "" {
		return
	}
	if last := len(p.parts) - 1; last >= 0 && p.parts[last].kind == "" {
		p.parts[last].literal += text
		return
	}
	p.parts = append(p.parts, part{literal: text})
}

func (p *Pattern) addPlaceholder(kind Kind) { p.parts = append(p.parts, part{kind: kind}) }
