package embedded

import (
	"context"
	"slices"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// plan is how the records that a filter selects are found.
//
// There are plain rows, whose columns tell all that the filter, and whoever reads the
// rows, asks for. The engine finds those that meet a condition, and what it cannot
// tell is looked at in their columns. Of the other rows, few as a rule, the records
// are read, and the filter is evaluated on these:
//
//   - rows that do not tell all attributes by columns, if the question is about some;
//   - rows of large records, which tell nothing;
//   - rows in which an attribute that is asked for is a map in another attribute.
type plan struct {
	tenant tenantID
	span
	// plain is a condition that those plain rows meet that match, and residual decides
	// on those that meet it; nil if they all match.
	plain    string
	residual residual
	// unclear is a condition that all of these rows meet that do not match.
	unclear string
	// isPartial is true if plain rows may be undecided.
	isPartial bool
	// isSelective is true if hardly any rows can match, so that the engine looks through
	// all of them faster than through one window of time after the other.
	isSelective bool
	// other is a condition that all other rows meet that match.
	other   string
	matcher *filter.Matcher
	// after leaves out rows that do not come after a place, in the order in which the
	// plan is for; nil none.
	after *afterPlace
}

// newPlan returns the plan for a selection, to be asked for some fields too; isEmpty
// is true when it can select nothing.
func (b *Backend) newPlan(ctx context.Context, selected logstore.Selection, fields ...filter.Field) (p plan, isEmpty bool, err error) {
	if p.tenant, err = tenantOf(selected.ProjectID); err != nil {
		return plan{}, false, err
	}
	if p.matcher, err = filter.Compile(selected.Filter); err != nil {
		return plan{}, false, err
	}
	normal := filter.Normalize(selected.Filter)
	times, err := b.timesOf(ctx, p.tenant, selected, normal)
	if err != nil || times.isEmpty() {
		return plan{}, err == nil, err
	}
	p.span = times.span()

	isAttribute := func(field filter.Field) bool { return field.IsAttribute() }
	asksAttributes := usesAttributes(normal) || slices.ContainsFunc(fields, isAttribute)
	isAnyRow := len(fields) == 0 && isAll(normal)
	p.plain, p.other = p.conditions(normal, asksAttributes)
	if asksAttributes {
		mayHave, err := b.mayHave(ctx, &b.incomplete, p.tenant, columnExact, columnOmitted)
		if err != nil {
			return plan{}, false, err
		}
		if !mayHave { // one that comes now is no plain row, and left out
			p.other = conditionNone
		}
	}
	p.residual = binder{areAttributesKnown: true}.residualOf(normal)
	p.unclear = unclearOf(normal)
	p.isPartial, p.isSelective = asksAttributes, isSelective(normal)
	if !isAnyRow {
		p.plain = and(p.plain, lacks(columnParts))
		hasLarge, err := b.hasLarge(ctx, p.tenant, p.span, times.condition())
		if err != nil {
			return plan{}, false, err
		}
		if hasLarge {
			p.other = or(has(columnParts), p.other)
		}
	}
	p.plain, p.other = and(p.plain, times.condition()), and(p.other, times.condition())
	return p, p.plain == conditionNone && p.other == conditionNone, nil
}

// timesOf returns a range in which all timestamps are of the records of a selection.
func (b *Backend) timesOf(ctx context.Context, tenant tenantID, selected logstore.Selection, normal filter.Expression) (timeRange, error) {
	times := newTimeRange(selected.From, selected.To).and(boundsOfTime(normal))
	byID := times.and(boundsOfIDs(normal))
	if byID == times {
		return times, nil
	}
	mayHaveStrays, err := b.mayHave(ctx, &b.strays, tenant, columnStray)
	if mayHaveStrays {
		return times, err
	}
	return byID, err
}

// isAll reports whether a normalized expression matches every record.
func isAll(normal filter.Expression) bool {
	parts, ok := normal.(filter.And)
	return ok && len(parts) == 0
}

// isSelective reports whether a normalized expression says that an id is one of a few.
func isSelective(normal filter.Expression) bool {
	if parts, ok := normal.(filter.And); ok {
		return slices.ContainsFunc(parts, isSelective)
	}
	equal, ok := normal.(filter.Equal)
	if !ok {
		return false
	}
	switch equal.Field.Place {
	case filter.PlaceID, filter.PlaceHash, filter.PlaceTraceID, filter.PlaceSpanID:
		return true
	default:
		return false
	}
}

// boundsOfTime returns a range in which all timestamps are that a normalized
// expression matches.
func boundsOfTime(normal filter.Expression) timeRange {
	times := newTimeRange(time.Time{}, time.Time{})
	if compared, ok := timesOf(normal); ok {
		return compared
	}
	if parts, ok := normal.(filter.And); ok {
		for _, part := range parts {
			if compared, ok := timesOf(part); ok {
				times = times.and(compared)
			}
		}
	}
	return times
}

// boundsOfIDs returns a range in which all timestamps are that a normalized expression matches,
// of records that are not strays, as far as their ids tell.
func boundsOfIDs(normal filter.Expression) timeRange {
	all := newTimeRange(time.Time{}, time.Time{})
	switch e := normal.(type) {
	case filter.And:
		for _, part := range e {
			all = all.and(boundsOfIDs(part))
		}
	case filter.Equal:
		if e.Field.Place != filter.PlaceID || len(e.Values) == 0 {
			return all
		}
		times := timeRange{from: all.to, to: all.from}
		for _, id := range e.Values {
			first, last, ok := record.TimesOfID(id)
			if !ok {
				return all
			}
			times.from, times.to = min(times.from, timestampOf(first)), max(times.to, timestampOf(last))
		}
		return times
	}
	return all
}

// conditions returns the conditions of plain and of other rows, large ones aside.
func (p plan) conditions(normal filter.Expression, asksAttributes bool) (plain, other string) {
	plain = binder{areAttributesKnown: true}.of(normal).upper
	if !asksAttributes {
		return plain, conditionNone
	}
	return and(plain, lacks(columnExact), lacks(columnOmitted)), and(or(has(columnExact), has(columnOmitted)), binder{}.of(normal).upper)
}

// mayHave reports whether a tenant may have rows with one of some columns, the parts of large
// records aside.
func (b *Backend) mayHave(ctx context.Context, known *tenantsWith, tenant tenantID, columns ...string) (bool, error) {
	return known.mayHave(tenant, func() (bool, error) {
		names, err := b.rows.columnNames(ctx, tenant, span{0, maxEngineTime})
		return slices.ContainsFunc(columns, func(column string) bool { return slices.Contains(names, column) }), err
	})
}

// isAboutAll reports whether the plan selects all rows of its span, or all that come
// after a place.
func (p plan) isAboutAll() bool {
	return p.plain == conditionAll && p.residual == nil && p.other == conditionNone
}

// isUnconditional reports whether the plan selects all rows of its span.
func (p plan) isUnconditional() bool { return p.isAboutAll() && p.after == nil }

// isConditionOnly reports whether the rows that meet the condition of plain rows are
// what the plan selects.
func (p plan) isConditionOnly() bool {
	return p.residual == nil && p.other == conditionNone && p.after == nil
}

// columns returns the columns that judgeIn needs.
func (p plan) columns() []string {
	var names []string
	if p.residual != nil {
		names = p.residual.columns()
	}
	if p.after != nil {
		names = append(names, orderColumns()...)
	}
	return names
}

// matches reports whether a record that was read is one that the plan selects. That it
// is in the span is known.
func (p plan) matches(r record.Record) bool {
	return (p.after == nil || p.after.isBefore(orderOf(r))) && p.matcher.Matches(r)
}

// judgeIn prepares to judge plain rows of a block.
func (p plan) judgeIn(block *logstorage.DataBlock) judge {
	decide := func(int) verdict { return yes }
	if p.residual != nil {
		decide = p.residual.in(block)
	}
	if p.after == nil {
		return decide
	}
	isAfter := p.after.in(block)
	return func(row int) verdict {
		if !isAfter(row) {
			return no
		}
		return decide(row)
	}
}
