// Package filter is Docket's filter language: one syntax tree, built once from a
// request and evaluated by every backend in the same way.
//
// Matches is the definition of what an expression means. A backend that
// translates expressions into a language of its own must agree with it record by
// record, which a property test beside each of them checks.
package filter

import "github.com/docketlog/docket/internal/record"

// Expression is a node of the tree. A nil Expression matches every record. The
// set of nodes is closed: And, Levels, Services and BodyContains.
type Expression interface {
	matches(r record.Record) bool
}

// And matches a record that all of its parts match. An empty And matches every
// record.
type And []Expression

// Levels matches a record whose level is one of the listed ones. An empty list
// matches no record.
type Levels []record.Level

// Services matches a record whose service, as Service returns it, equals one of
// the listed names exactly; "" matches a record without a service. An empty list
// matches no record.
type Services []string

// BodyContains matches a record whose body, as Text returns it, contains the
// string, without regard to case (Unicode simple case folding). "" matches every
// record. Bytes that are not UTF-8 count as U+FFFD, on both sides.
type BodyContains string
