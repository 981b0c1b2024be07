package elastic

import (
	"context"
	"strings"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/tally"
)

// Values implements logstore.Analyst.
func (b *Backend) Values(ctx context.Context, query logstore.ValuesQuery) ([]logstore.ValueCount, int, error) {
	done, err := b.use(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer done()
	total, err := tally.NewValues(query)
	if err != nil {
		return nil, 0, err
	}
	// Contains "" is that there is a value.
	query.Filter = filter.And{query.Filter, filter.Contains{Field: query.Field, Parts: []string{query.Contains}}}
	p, isEmpty, err := newPlan(query.Selection, query.Field)
	if err != nil || isEmpty {
		return nil, 0, wrap("values", err)
	}
	err = b.atOnePoint(ctx, func(at *point) error {
		c := counting{at: at, plan: p, all: total}
		if isAggregable(query.Field) {
			c.byCluster = func(ctx context.Context) error { return at.countValues(ctx, p.certain(), query.Field, total) }
		}
		return c.count(ctx)
	})
	if err != nil {
		return nil, 0, wrap("values", err)
	}
	values, count := total.Answer()
	return values, count, nil
}

// countValues counts the values of a field, which all the documents have.
func (at *point) countValues(ctx context.Context, documents condition, field filter.Field, total *tally.Values) error {
	if field.IsAttribute() {
		for _, part := range branchesOf(field) {
			prefix := part.prefix()
			_, err := at.distinct(ctx, and(documents, part.documents), fieldTerms, prefix, func(term string, count int64) error {
				return total.Add(strings.TrimPrefix(term, prefix), count)
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
	if name := ownName(field.Place); name != "" {
		_, err := at.distinct(ctx, documents, name, "", total.Add)
		return err
	}
	cells := breakdown{at: at, documents: documents, fields: []filter.Field{field}}
	return cells.visit(ctx, func(_ int64, texts []string, c *cell) error { return total.Add(texts[0], c.Count) })
}
