package text

import (
	"slices"
	"unicode/utf8"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/dates"
)

// Parse returns the filter that a text describes, or nil if it is blank. The clock is
// for dates that are relative or have no zone. The error is an *Error.
func Parse(text string, clock dates.Clock) (filter.Expression, error) {
	if length := utf8.RuneCountInString(text); length > MaxLength {
		return nil, problem(MaxLength, "expected at most %d characters, not %d", MaxLength, length)
	}
	p := parser{scanner: scanner{input: []rune(text)}, clock: clock}
	p.skipSpace()
	if p.isAtEnd() {
		return nil, nil //nolint:nilnil // nil is the expression for every record
	}
	expression, err := p.or(1)
	if err != nil {
		return nil, err
	}
	if !p.isAtEnd() { // at a closing parenthesis, as all else is taken
		return nil, problem(p.at, "expected a condition or the end, not ): no ( is open")
	}
	return expression, nil
}

type parser struct {
	scanner
	clock dates.Clock
	// conditions is the number of conditions so far.
	conditions int
}

func (p *parser) or(depth int) (filter.Expression, error) {
	var parts filter.Or
	for {
		part, err := p.and(depth)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
		if !p.skipWord(wordOr) {
			break
		}
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return parts, nil
}

// and reads conditions up to an OR, a closing parenthesis or the end; at least one.
func (p *parser) and(depth int) (filter.Expression, error) {
	var parts filter.And
	for {
		p.skipSpace()
		part, err := p.not(depth)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
		p.skipSpace()
		if p.skipWord(wordAnd) {
			continue
		}
		if p.isAtEnd() || p.peek(0) == ')' || p.isNext(wordOr) {
			break
		}
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return parts, nil
}

// isNext reports whether a word of the grammar is next.
func (p *parser) isNext(word string) bool {
	ahead := p.scanner
	return ahead.skipWord(word)
}

func (p *parser) not(depth int) (filter.Expression, error) {
	isNegative := false
	for p.skipNot() {
		isNegative = !isNegative
	}
	part, err := p.primary(depth)
	if err != nil || !isNegative {
		return part, err
	}
	return filter.Not{Part: part}, nil
}

// skipNot reads a - or a NOT if it is next, and reports whether it was.
func (p *parser) skipNot() bool {
	if p.skipWord(wordNot) {
		p.skipSpace()
		return true
	}
	return p.skip('-')
}

func (p *parser) primary(depth int) (filter.Expression, error) {
	switch {
	case p.isAtEnd() || p.peek(0) == ')' || p.isBreak(p.at) && p.peek(0) != '(':
		return nil, problem(p.at, "expected a condition, not %s", p.found())
	case p.isNext(wordOr) || p.isNext(wordAnd):
		return nil, problem(p.at, `expected a condition before %s; write "%[1]s" to look for the word`, p.nextWord())
	case p.peek(0) == '(':
		return p.group(depth)
	}
	if p.conditions++; p.conditions > filter.MaxConditions {
		return nil, problem(p.at, "expected at most %d conditions", filter.MaxConditions)
	}
	return p.condition()
}

// nextWord returns the word of the grammar that is next.
func (p *parser) nextWord() string {
	if p.isNext(wordOr) {
		return wordOr
	}
	return wordAnd
}

func (p *parser) group(depth int) (filter.Expression, error) {
	start := p.at
	if depth >= filter.MaxDepth {
		return nil, problem(start, "expected at most %d parentheses in each other", filter.MaxDepth-1)
	}
	p.at++
	part, err := p.or(depth + 1)
	if err != nil {
		return nil, err
	}
	if !p.skip(')') {
		return nil, problem(p.at, "expected a closing ) for the ( in column %d, not %s", start+1, p.found())
	}
	return part, nil
}

// condition reads a word, a quoted text, or a field with an operator and values.
func (p *parser) condition() (filter.Expression, error) {
	var name value
	var err error
	if p.peek(0) == '"' {
		name, err = p.quoted()
	} else {
		name, err = p.word(true)
	}
	if err != nil {
		return nil, err
	}
	operator := p.operator()
	if operator == "" {
		if name.isQuoted && !p.isBreak(p.at) {
			return nil, problem(p.at, `expected a space after the closing ", not %s`, p.found())
		}
		return condition{field: bodyField(), operator: ":", values: []value{name}, clock: p.clock}.contains()
	}
	if name.text() == "" {
		return nil, problem(p.at, "expected the name of a field before %s", operator)
	}
	field, ok := fieldOf(name.text())
	if !ok {
		return nil, problem(name.at, "expected a key after %s", name.text())
	}
	p.at += len(operator)
	// path:>=5 is the same as path>=5.
	if following := p.operator(); operator == ":" && slices.Contains([]string{">", ">=", "<", "<="}, following) {
		operator = following
		p.at += len(operator)
	}
	values, err := p.values(operator)
	if err != nil {
		return nil, err
	}
	return condition{field: field, operator: operator, values: values, clock: p.clock}.build()
}

// values reads a value, or a list of several in parentheses.
func (p *parser) values(operator string) ([]value, error) {
	start := p.at
	if p.peek(0) != '(' || operator == "=~" {
		v, err := p.value(operator)
		return []value{v}, err
	}
	if !slices.Contains([]string{":", "=", "!=", "~"}, operator) {
		return nil, problem(p.at, "expected one value after %s, not a list", operator)
	}
	p.at++
	var all []value
	for {
		p.skipSpace()
		v, err := p.value(operator)
		if err != nil {
			return nil, err
		}
		if all = append(all, v); len(all) > filter.MaxValues {
			return nil, problem(v.at, "expected at most %d values", filter.MaxValues)
		}
		p.skipSpace()
		switch {
		case p.skip(')'):
			return all, nil
		case p.isAtEnd():
			return nil, problem(p.at, "expected OR or a closing ) for the ( in column %d, not the end", start+1)
		case !p.skipWord(wordOr):
			return nil, problem(p.at, "expected OR between the values of a list, or a closing ), not %s", p.found())
		}
	}
}

func (p *parser) value(operator string) (value, error) {
	switch {
	case p.peek(0) == '"':
		v, err := p.quoted()
		if err == nil && !p.isBreak(p.at) {
			err = problem(p.at, `expected a space after the closing ", not %s`, p.found())
		}
		return v, err
	case p.isAtEnd() || p.isBreak(p.at) && (operator != "=~" || p.peek(0) != '('):
		return value{}, problem(p.at, "expected a value after %s, not %s", operator, p.found())
	case operator == "=~":
		return p.pattern()
	default:
		return p.word(false)
	}
}
