package embedded

import (
	"slices"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"github.com/docketlog/docket/internal/filter"
)

// verdict says whether a row's record matches.
type verdict uint8

const (
	no verdict = iota
	yes
	// undecided means that the columns do not say it and the record must be read.
	undecided
)

// residual is what is left of an expression to be looked at in the columns of rows
// that meet a condition of LogsQL; nil if nothing is.
type residual interface {
	// columns returns the columns that it needs.
	columns() []string
	// in prepares to judge the rows of a block.
	in(block *logstorage.DataBlock) judge
}

// judge judges a row of a block.
type judge func(row int) verdict

// residualOf returns what is left of a normalized expression when rows are known to
// meet the upper bound of it that a binder finds.
func (b binder) residualOf(normal filter.Expression) residual {
	if b.of(normal).isExact {
		return nil
	}
	parts, isAnd := normal.(filter.And)
	if !isAnd {
		return newResidual(normal)
	}
	var rest filter.And
	for _, part := range parts {
		if !b.of(part).isExact {
			rest = append(rest, part)
		}
	}
	return newResidual(rest)
}

func newResidual(normal filter.Expression) residual {
	switch e := normal.(type) {
	case filter.And:
		return allResidual(newResiduals(e))
	case filter.Or:
		return someResidual(newResiduals(e))
	case filter.Not:
		return notResidual{newResidual(e.Part)}
	default:
		return newLeafResidual(normal)
	}
}

func newResiduals(parts []filter.Expression) []residual {
	residuals := make([]residual, len(parts))
	for i, part := range parts {
		residuals[i] = newResidual(part)
	}
	return residuals
}

func columnsOf(parts []residual) []string {
	var names []string
	for _, part := range parts {
		names = append(names, part.columns()...)
	}
	return names
}

func judges(parts []residual, block *logstorage.DataBlock) []judge {
	prepared := make([]judge, len(parts))
	for i, part := range parts {
		prepared[i] = part.in(block)
	}
	return prepared
}

type allResidual []residual

func (r allResidual) columns() []string { return columnsOf(r) }

func (r allResidual) in(block *logstorage.DataBlock) judge {
	parts := judges(r, block)
	return func(row int) verdict {
		all := yes
		for _, part := range parts {
			switch part(row) {
			case no:
				return no
			case undecided:
				all = undecided
			}
		}
		return all
	}
}

type someResidual []residual

func (r someResidual) columns() []string { return columnsOf(r) }

func (r someResidual) in(block *logstorage.DataBlock) judge {
	parts := judges(r, block)
	return func(row int) verdict {
		some := no
		for _, part := range parts {
			switch part(row) {
			case yes:
				return yes
			case undecided:
				some = undecided
			}
		}
		return some
	}
}

type notResidual struct{ residual }

func (r notResidual) in(block *logstorage.DataBlock) judge {
	part := r.residual.in(block)
	return func(row int) verdict {
		switch part(row) {
		case yes:
			return no
		case no:
			return yes
		default:
			return undecided
		}
	}
}

// leafResidual is a leaf.
type leafResidual struct {
	reader  fieldReader
	matches func(text string) bool
	// isExists is true if the text does not matter.
	isExists bool
}

// newLeafResidual returns the residual of a leaf that Normalize returns.
func newLeafResidual(leaf filter.Expression) residual {
	if e, ok := leaf.(filter.CompareTime); ok && e.Field.IsTime() {
		return timeResidual{fieldReader{Field: e.Field}, comparedTimes(e)}
	}
	field, matches, ok := filter.Predicate(leaf)
	if !ok {
		return someResidual{} // nothing matches
	}
	_, isExists := leaf.(filter.Exists)
	reader := fieldReader{Field: field}
	if field.IsAttribute() && field.Place != filter.PlaceAttribute {
		mayBeHidden := matches("") || isPath(field.Key) && mayMatchMap(leaf)
		reader.isByColumn = !mayBeHidden
	}
	return leafResidual{reader, matches, isExists}
}

func (r leafResidual) columns() []string { return r.reader.columns() }

func (r leafResidual) in(block *logstorage.DataBlock) judge {
	read := r.reader.in(block)
	var seen seenTexts
	return func(row int) verdict {
		text, has := read(row)
		switch {
		case has == absent:
			return no
		case r.isExists:
			return yes
		case has == inner:
			return undecided
		}
		if seen.matches(text, r.matches) {
			return yes
		}
		return no
	}
}

// seenTexts remembers of some texts whether they match: a column often has few different
// ones, or the same in one row after the other.
type seenTexts [16]struct {
	isSeen, matches bool
	text            string
}

func (s *seenTexts) matches(text string, matches func(text string) bool) bool {
	place := len(text)
	if place > 0 {
		place += int(text[place-1])
	}
	seen := &s[place%len(s)]
	if !seen.isSeen || seen.text != text {
		seen.isSeen, seen.text, seen.matches = true, text, matches(text)
	}
	return seen.matches
}

// timeResidual is a comparison of a time of the record itself.
type timeResidual struct {
	reader fieldReader
	times  timeRange
}

func (r timeResidual) columns() []string { return r.reader.columns() }

func (r timeResidual) in(block *logstorage.DataBlock) judge {
	timestamp := timestampsIn(block, r.reader.Place)
	return func(row int) verdict {
		if r.times.has(timestamp(row)) {
			return yes
		}
		return no
	}
}

// usesAttributes reports whether an expression is about attributes.
func usesAttributes(normal filter.Expression) bool {
	switch e := normal.(type) {
	case filter.And:
		return slices.ContainsFunc(e, usesAttributes)
	case filter.Or:
		return slices.ContainsFunc(e, usesAttributes)
	case filter.Not:
		return usesAttributes(e.Part)
	default:
		field, _, _ := filter.Predicate(normal)
		return field.IsAttribute()
	}
}
