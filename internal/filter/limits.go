package filter

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"unicode/utf8"
)

// Limits of what a request may ask for. Parsers check them where they can say which
// part of the request it is.
const (
	// MaxDepth is how deep groups may be nested.
	MaxDepth = 16
	// MaxConditions is the largest number of conditions and groups in a filter.
	MaxConditions = 256
	// MaxValues is the largest number of values in one condition.
	MaxValues = 256
	// MaxLength is the length of the longest value or key, in characters.
	MaxLength = 1024
	// MaxTotalLength is how long all values of a filter together may be, in
	// characters.
	MaxTotalLength = 32 << 10

	// maxProgram is the largest number of instructions of a regular expression. It
	// bounds how long one character of a text can take.
	maxProgram = 2000
)

// Limits of what Compile takes. What a parser makes within its limits is within these.
const (
	maxTreeDepth = 64
	maxTreeNodes = 4096
)

// Error says what is wrong with a filter that a client sent, and where.
type Error struct {
	// Path is the way to the wrong part, such as
	// filterGroup.values[0].values[2].operator; "" if it is the filter as a whole.
	Path string
	// Column is where in a text of the search box, in characters from 1; 0 if the wrong
	// part is no such text.
	Column int
	// Problem says what is wrong and what to send instead.
	Problem string
}

func (e *Error) Error() string {
	switch {
	case e.Path == "":
		return e.Problem
	case e.Column > 0:
		return fmt.Sprintf("%s: column %d: %s", e.Path, e.Column, e.Problem)
	default:
		return e.Path + ": " + e.Problem
	}
}

// ParseRegexp returns the pattern that a regular expression of RE2 describes. The
// error completes the sentence "the regular expression …".
func ParseRegexp(expression string) (*regexp.Regexp, error) {
	if utf8.RuneCountInString(expression) > MaxLength {
		return nil, fmt.Errorf("is longer than %d characters", MaxLength)
	}
	tree, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("is not one of RE2: %w", err)
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, fmt.Errorf("is not one of RE2: %w", err)
	}
	if len(program.Inst) > maxProgram {
		return nil, fmt.Errorf("is too complex: repeat less than {%d}", maxProgram)
	}
	pattern, err := regexp.Compile(expression)
	if err != nil {
		return nil, fmt.Errorf("is not one of RE2: %w", err)
	}
	return pattern, nil
}
