package elastic

import (
	"slices"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// plan is how the documents of records that a selection selects are found. Some
// certainly are what it selects, others may be and have to be read:
//
//   - those that meet the upper and not the lower bound of the filter;
//   - those in which a text that is asked for was too long for the lists.
type plan struct {
	// base is met by all documents of the project and the time.
	base condition
	// upper and lower are the bounds of the filter, which say nothing of documents that
	// meet cut.
	upper, lower condition
	isExact      bool
	cut          condition
	matcher      *filter.Matcher
}

// newPlan returns the plan for a selection; isEmpty is true when it can select
// nothing. Documents are undecided too if they do not tell one of the given fields,
// that are asked for beside the filter.
func newPlan(selected logstore.Selection, fields ...filter.Field) (p plan, isEmpty bool, err error) {
	if p.matcher, err = filter.Compile(selected.Filter); err != nil {
		return plan{}, false, err
	}
	times := newTimeRange(selected.From, selected.To)
	if times.isEmpty() {
		return plan{}, true, nil
	}
	normal := filter.Normalize(selected.Filter)
	bound := fittingBounds(normal)
	p.base = and(termIs(fieldProject, selected.ProjectID), times.condition())
	p.upper, p.lower, p.isExact = bound.upper, bound.lower, bound.isExact
	p.cut = cutOf(append(fieldsOf(normal), fields...))
	return p, p.candidates().isNone(), nil
}

// certain returns the condition of documents that the plan certainly selects.
func (p plan) certain() condition { return and(p.base, p.lower, not(p.cut)) }

// undecided returns the condition of those other documents that the plan may select;
// ok is false when there can be none.
func (p plan) undecided() (undecided condition, ok bool) {
	undecided = p.cut
	if !p.isExact {
		undecided = or(p.cut, and(p.upper, not(p.lower)))
	}
	undecided = and(p.base, undecided)
	return undecided, !undecided.isNone()
}

// candidates returns the condition of all documents that the plan may select.
func (p plan) candidates() condition { return and(p.base, or(p.upper, p.cut)) }

// matches reports whether a record of a candidate is one that the plan selects. That
// its project and its time are is known.
func (p plan) matches(r record.Record) bool { return p.matcher.Matches(r) }

// cutOf returns the condition of documents that do not tell one of the fields.
func cutOf(fields []filter.Field) condition {
	var names []string
	for _, field := range fields {
		names = append(names, cutNames(field)...)
	}
	slices.Sort(names)
	return termIn(fieldCut, slices.Compact(names))
}

// fieldsOf returns the fields that a normalized expression is about.
func fieldsOf(normal filter.Expression) []filter.Field {
	var parts []filter.Expression
	switch e := normal.(type) {
	case filter.And:
		parts = e
	case filter.Or:
		parts = e
	case filter.Not:
		parts = []filter.Expression{e.Part}
	default:
		field, _, ok := filter.Predicate(normal)
		if !ok {
			return nil
		}
		return []filter.Field{field}
	}
	var fields []filter.Field
	for _, part := range parts {
		fields = append(fields, fieldsOf(part)...)
	}
	return fields
}
