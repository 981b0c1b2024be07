// Package filter is Docket's filter language: one syntax tree, built once from a
// request and evaluated by every backend in the same way.
//
// A tree is made of And, Or and Not, and of leaves that each say something about one
// Field of a record. To a leaf, a field either has a value or has none, and a value
// is its text; that is all that a leaf can tell. The leaves are Exists, Equal,
// EqualNumber, Contains, Wildcard, Regexp, Compare and CompareTime. A leaf never
// matches a record in which its field has no value, and Not matches exactly what its
// part does not match. So "is not 5" is Not{EqualNumber}, and matches a record
// without the field.
//
// Matches is the definition of what an expression means, written to be read. Compile
// makes a Matcher that means the same and is fast. A backend that translates
// expressions into a language of its own must agree with Matches record by record,
// which a property test beside each of them checks with package filtertest; it should
// translate Normalize(expression), which has fewer forms.
//
// Package posthog and package text read expressions from what clients send.
package filter

import "github.com/docketlog/docket/internal/record"

// Expression is a node of the tree. A nil Expression matches every record. The set
// of nodes is closed: And, Or, Not, the leaves, and the short forms Levels, Services
// and BodyContains.
type Expression interface {
	matches(r record.Record) bool
}

// And matches a record that all of its parts match. An empty And matches every
// record.
type And []Expression

// Or matches a record that at least one of its parts matches. An empty Or matches no
// record.
type Or []Expression

// Not matches a record that its part does not match.
type Not struct{ Part Expression }

// Matches reports whether the expression selects the record.
func Matches(expression Expression, r record.Record) bool {
	return expression == nil || expression.matches(r)
}

func (parts And) matches(r record.Record) bool {
	for _, part := range parts {
		if !Matches(part, r) {
			return false
		}
	}
	return true
}

func (parts Or) matches(r record.Record) bool {
	for _, part := range parts {
		if Matches(part, r) {
			return true
		}
	}
	return false
}

func (n Not) matches(r record.Record) bool { return !Matches(n.Part, r) }
