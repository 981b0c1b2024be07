package embedded

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// Values implements logstore.Analyst.
func (b *Backend) Values(ctx context.Context, query logstore.ValuesQuery) ([]logstore.ValueCount, int, error) {
	ctx, done, err := b.ask(ctx, query.ProjectID)
	if err != nil {
		return nil, 0, err
	}
	defer done()
	if query.Limit < 0 || query.Offset < 0 {
		return nil, 0, fmt.Errorf("values: limit %d and offset %d must not be negative", query.Limit, query.Offset)
	}
	counts, err := b.countValues(ctx, query)
	if err != nil {
		return nil, 0, wrap("values", err)
	}
	values := make([]logstore.ValueCount, 0, len(counts))
	for text, count := range counts {
		values = append(values, logstore.ValueCount{Text: text, Count: *count})
	}
	slices.SortFunc(values, func(a, b logstore.ValueCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Text, b.Text))
	})
	return pageOf(values, query.Limit, query.Offset), len(values), nil
}

func newValueTally() *tally[int64] {
	return newTally[int64]("values", "ask for a shorter time, for values that contain some text, or with a filter")
}

func (b *Backend) countValues(ctx context.Context, query logstore.ValuesQuery) (map[string]*int64, error) {
	unfiltered := query.Filter
	// Contains "" is that there is a value.
	query.Filter = filter.And{query.Filter, filter.Contains{Field: query.Field, Parts: []string{query.Contains}}}
	p, isEmpty, err := b.newPlan(ctx, query.Selection, query.Field)
	if err != nil || isEmpty {
		return nil, err
	}
	total := newValueTally()
	s := scan{backend: b, plan: p, fields: []filter.Field{query.Field}}
	if column := addableColumn(query.Field); column != "" {
		inColumn := s
		inColumn.plain, inColumn.other = and(p.plain, has(column)), conditionNone
		if query.Contains == "" {
			inColumn.residual = binder{areAttributesKnown: true}.residualOf(filter.Normalize(unfiltered))
		}
		if inColumn.addUp(sumRows, []string{quote(column)}, column) {
			switch err := inColumn.countValues(ctx, total); {
			case err == nil && query.Field.IsAttribute():
				s.plain = and(lacks(column), p.plain) // what is empty may be a value too
			case err == nil:
				s.plain = conditionNone
			case isFinal(ctx, err):
				return nil, err
			}
		}
	} else if added := s; query.Field.IsAttribute() && added.addUp(sumRows, nil) {
		// The filter asks for all columns that the field needs.
		if err := added.countValues(ctx, total); err == nil || isFinal(ctx, err) {
			return total.all, err
		}
	}
	if err := s.countValues(ctx, total); err != nil {
		return nil, err
	}
	return total.all, nil
}

// countValues adds the values of the scan's field.
func (s scan) countValues(ctx context.Context, total *tally[int64]) error {
	field := s.fields[0]
	collectors, err := s.run(ctx, func() collector { return &valueCollector{field, newValueTally()} })
	if err != nil {
		return err
	}
	for _, c := range collectors {
		part := c.(*valueCollector) //nolint:forcetypeassert // see above
		if err := total.addAll(part.tally, func(to *int64, count int64) { *to += count }); err != nil {
			return err
		}
	}
	return nil
}

// valueCollector counts the values of a field, which all records have.
type valueCollector struct {
	field filter.Field
	*tally[int64]
}

func (c *valueCollector) addRows(found foundRows) error {
	var last string
	var count *int64
	counts := found.counts()
	for i, text := range found.texts[0] {
		if count == nil || text != last {
			var err error
			if count, _, err = c.of(text); err != nil {
				return err
			}
			last = text
		}
		*count += counts(found.indexes[i])
	}
	return nil
}

func (c *valueCollector) addRecord(r record.Record) error {
	text, _ := c.field.Text(r)
	count, _, err := c.of(text)
	if err == nil {
		*count++
	}
	return err
}
