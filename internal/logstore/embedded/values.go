package embedded

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/tally"
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
	values := make([]logstore.ValueCount, 0, counts.Len())
	for text, count := range counts.All() {
		values = append(values, logstore.ValueCount{Text: text, Count: *count})
	}
	slices.SortFunc(values, func(a, b logstore.ValueCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Text, b.Text))
	})
	return tally.Page(values, query.Limit, query.Offset), len(values), nil
}

func newValueTally() *tally.Tally[int64] {
	return tally.New[int64]("values", "ask for a shorter time, for values that contain some text, or with a filter")
}

func (b *Backend) countValues(ctx context.Context, query logstore.ValuesQuery) (*tally.Tally[int64], error) {
	total := newValueTally()
	having := query.Selection
	// Contains "" is that there is a value.
	having.Filter = filter.And{query.Filter, filter.Contains{Field: query.Field, Parts: []string{query.Contains}}}
	p, isEmpty, err := b.newPlan(ctx, having, query.Field)
	if err != nil || isEmpty {
		return total, err
	}
	rest := scan{backend: b, plan: p, fields: []filter.Field{query.Field}}
	if column := addableColumn(query.Field); column != "" {
		left, err := rest.countColumn(ctx, query, column, total)
		switch {
		case err == nil:
			rest.plain = left
		case isFinal(ctx, err):
			return nil, err
		}
	}
	added := rest
	if added.addUp("", nil) {
		if err := added.countValues(ctx, total); err == nil || isFinal(ctx, err) {
			return total, err
		}
	}
	if err := rest.countValues(ctx, total); err != nil {
		return nil, err
	}
	return total, nil
}

// countColumn makes the engine count the texts of a column, in plain rows in which it is
// not empty. It returns the condition of the plain rows that are left.
func (s scan) countColumn(
	ctx context.Context, query logstore.ValuesQuery, column string, total *tally.Tally[int64],
) (left string, err error) {
	uncounted := s.plain
	left = conditionNone
	if query.Field.IsAttribute() { // what is empty may be a value too
		left = and(lacks(column), s.plain)
	}
	s.plain, s.other, s.fields = and(s.plain, has(column)), conditionNone, nil
	isAll := false
	if query.Contains == "" {
		all, _, err := s.backend.newPlan(ctx, query.Selection, query.Field)
		if err != nil {
			return "", err
		}
		s.residual = all.residual
		if all.residual == nil { // then it takes less to look at the empty ones than to leave them out
			s.plain, isAll = all.plain, true
		}
	}
	if !s.addUp("", []string{quote(column)}, column) {
		return uncounted, nil
	}
	collectors, err := s.run(ctx, func() collector {
		return &columnCollector{valueCollector: valueCollector{query.Field, newValueTally()}, column: column}
	})
	if err != nil {
		return "", err
	}
	for _, c := range collectors {
		part := c.(*columnCollector) //nolint:forcetypeassert // see above
		isAll = isAll && !part.hasEmpty
		if err := part.addTo(total); err != nil {
			return "", err
		}
	}
	if isAll {
		return conditionNone, nil
	}
	return left, nil
}

// countValues adds the values of the scan's field.
func (s scan) countValues(ctx context.Context, total *tally.Tally[int64]) error {
	field := s.fields[0]
	collectors, err := s.run(ctx, func() collector { return &valueCollector{field, newValueTally()} })
	if err != nil {
		return err
	}
	for _, c := range collectors {
		part := c.(*valueCollector) //nolint:forcetypeassert // see above
		if err := part.addTo(total); err != nil {
			return err
		}
	}
	return nil
}

// valueCollector counts the values of a field, which all records have.
type valueCollector struct {
	field filter.Field
	*tally.Tally[int64]
}

func (c *valueCollector) addTo(total *tally.Tally[int64]) error {
	return total.AddAll(c.Tally, func(to *int64, count int64) { *to += count })
}

func (c *valueCollector) addRows(found foundRows) error {
	var last string
	var count *int64
	counts := found.counts()
	for i, text := range found.texts[0] {
		if count == nil || text != last {
			var err error
			if count, _, err = c.Of(text); err != nil {
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
	count, _, err := c.Of(text)
	if err == nil {
		*count++
	}
	return err
}

// columnCollector counts the texts of a column of rows that were added up by it.
type columnCollector struct {
	valueCollector

	column string
	// hasEmpty is true if it is empty in some rows, which are not counted.
	hasEmpty bool
}

func (c *columnCollector) addRows(found foundRows) error {
	texts, counts := textsOf(found.block, c.column), found.counts()
	for _, row := range found.indexes {
		if texts[row] == "" {
			c.hasEmpty = true
			continue
		}
		count, _, err := c.Of(textIn(c.column, texts[row]))
		if err != nil {
			return err
		}
		*count += counts(row)
	}
	return nil
}
