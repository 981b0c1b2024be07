package text

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/docketlog/docket/internal/filter"
)

// MaxLength is the length of the longest text, in characters.
const MaxLength = 8192

// Words of the grammar.
const (
	wordAnd = "AND"
	wordOr  = "OR"
	wordNot = "NOT"
)

// Error says what is wrong with a text.
type Error struct {
	// Column is where, in characters from 1.
	Column int
	// Problem says what was expected there.
	Problem string
}

func (e *Error) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Problem) }

// problem returns an error at a place, counted from 0.
func problem(at int, format string, arguments ...any) error {
	return &Error{Column: at + 1, Problem: fmt.Sprintf(format, arguments...)}
}

// scanner reads a text from left to right.
type scanner struct {
	input []rune
	at    int
}

func (s *scanner) isAtEnd() bool { return s.at == len(s.input) }

// peek returns the character that is so far ahead, or 0.
func (s *scanner) peek(ahead int) rune {
	if s.at+ahead < len(s.input) {
		return s.input[s.at+ahead]
	}
	return 0
}

// isBreak reports whether a word ends before the place: at white space, a parenthesis
// or the end.
func (s *scanner) isBreak(at int) bool {
	return at >= len(s.input) || unicode.IsSpace(s.input[at]) || s.input[at] == '(' || s.input[at] == ')'
}

func (s *scanner) skipSpace() {
	for !s.isAtEnd() && unicode.IsSpace(s.input[s.at]) {
		s.at++
	}
}

// skip reads the character if it is next, and reports whether it was.
func (s *scanner) skip(c rune) bool {
	if s.peek(0) != c || s.isAtEnd() {
		return false
	}
	s.at++
	return true
}

// skipWord reads a word of the grammar if it is next, and reports whether it was.
func (s *scanner) skipWord(word string) bool {
	end := s.at + len(word)
	if end > len(s.input) || string(s.input[s.at:end]) != word || !s.isBreak(end) {
		return false
	}
	s.at = end
	return true
}

// found says what is next, for messages.
func (s *scanner) found() string {
	if s.isAtEnd() {
		return "the end"
	}
	if unicode.IsSpace(s.input[s.at]) {
		return "a space"
	}
	return string(s.input[s.at])
}

// operators are those of conditions; one goes before those that it starts with.
func operators() []string { return []string{"!=", "=~", ">=", "<=", ":", "=", "~", ">", "<"} }

// operator returns the operator that is next, or "".
func (s *scanner) operator() string {
	for _, operator := range operators() {
		letters := []rune(operator)
		if s.peek(0) == letters[0] && (len(letters) == 1 || s.peek(1) == letters[1]) {
			return operator
		}
	}
	return ""
}

// value is a value as it was written.
type value struct {
	// at is where it starts.
	at int
	// parts is the text between stars that stand for any text.
	parts []string
	// isQuoted is true if it was in quotes.
	isQuoted bool
}

// text returns the value with stars that stand for themselves.
func (v value) text() string { return strings.Join(v.parts, "*") }

// hasStar reports whether a star stands for any text.
func (v value) hasStar() bool { return len(v.parts) > 1 }

// isAny reports whether the value stands for any text.
func (v value) isAny() bool { return v.hasStar() && strings.Join(v.parts, "") == "" }

// checkLength returns the value if it is not too long.
func (v value) checkLength() (value, error) {
	if length := len([]rune(v.text())); length > filter.MaxLength {
		return v, problem(v.at, "expected at most %d characters in a value, not %d", filter.MaxLength, length)
	}
	return v, nil
}

// quoted reads a text in quotes, of which the first is next.
func (s *scanner) quoted() (value, error) {
	v := value{at: s.at, isQuoted: true}
	var text strings.Builder
	for s.at++; !s.isAtEnd(); s.at++ {
		switch c := s.input[s.at]; {
		case c == '"':
			s.at++
			v.parts = []string{text.String()}
			return v.checkLength()
		case c == '\\' && (s.peek(1) == '"' || s.peek(1) == '\\'):
			s.at++
			text.WriteRune(s.input[s.at])
		default:
			text.WriteRune(c)
		}
	}
	return v, problem(s.at, `expected a closing " for the one in column %d`, v.at+1)
}

// word reads up to a break, or to an operator if it may be the name of a field.
func (s *scanner) word(isName bool) (value, error) {
	v := value{at: s.at}
	var text strings.Builder
	for ; !s.isBreak(s.at) && (!isName || s.operator() == ""); s.at++ {
		switch c := s.input[s.at]; {
		case c == '*':
			v.parts = append(v.parts, text.String())
			text.Reset()
		case c == '\\' && isEscapable(s.peek(1)):
			s.at++
			text.WriteRune(s.input[s.at])
		default:
			text.WriteRune(c)
		}
	}
	v.parts = append(v.parts, text.String())
	return v.checkLength()
}

// isEscapable reports whether a backslash takes a character's meaning away.
func isEscapable(c rune) bool {
	return unicode.IsSpace(c) || c > ' ' && c < unicode.MaxASCII && !unicode.IsLetter(c) && !unicode.IsDigit(c)
}

// pattern reads a regular expression that is not in quotes: up to white space, or to a
// closing parenthesis of which the opening one is not in it.
func (s *scanner) pattern() (value, error) {
	v := value{at: s.at}
	open := 0
	for ; !s.isAtEnd() && !unicode.IsSpace(s.input[s.at]); s.at++ {
		c := s.input[s.at]
		if c == ')' && open == 0 {
			break
		}
		switch {
		case c == '\\' && s.peek(1) != 0 && !unicode.IsSpace(s.peek(1)):
			s.at++
		case c == '(':
			open++
		case c == ')':
			open--
		}
	}
	v.parts = []string{string(s.input[v.at:s.at])}
	return v.checkLength()
}
