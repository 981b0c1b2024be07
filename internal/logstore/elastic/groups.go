package elastic

import (
	"context"
	"errors"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/tally"
	"github.com/docketlog/docket/internal/record"
)

// Groups implements logstore.Analyst.
func (b *Backend) Groups(ctx context.Context, query logstore.GroupsQuery) (logstore.Groups, error) {
	done, err := b.use(ctx)
	if err != nil {
		return logstore.Groups{}, err
	}
	defer done()
	total, err := tally.NewGroups(query)
	if err != nil {
		return logstore.Groups{}, err
	}
	p, isEmpty, err := newPlan(query.Selection, query.By...)
	if err != nil || isEmpty {
		return logstore.Groups{}, wrap("groups", err)
	}
	var answer logstore.Groups
	err = b.atOnePoint(ctx, func(at *point) error {
		g := grouping{at: at, plan: p, by: query.By, total: total}
		answer, err = g.answer(ctx, query)
		return err
	})
	return answer, wrap("groups", err)
}

// grouping answers a question for groups. The cluster counts them and tells their first
// and last times roughly; only for those that are returned it is asked for exact ones.
type grouping struct {
	at    *point
	plan  plan
	by    []filter.Field
	total *tally.Groups
}

func (g grouping) answer(ctx context.Context, query logstore.GroupsQuery) (logstore.Groups, error) {
	counted, err := tally.NewGroups(query)
	if err != nil {
		return logstore.Groups{}, err
	}
	read, err := tally.NewGroups(query)
	if err != nil {
		return logstore.Groups{}, err
	}
	c := counting{at: g.at, plan: g.plan, all: read}
	if areAggregable(g.by) {
		c.byCluster = func(ctx context.Context) error {
			err := g.countGroups(ctx, counted)
			if errors.Is(err, errTooWide) {
				counted.Reset()
			}
			return err
		}
	}
	if err := c.count(ctx); err != nil {
		return logstore.Groups{}, err
	}
	if err := errors.Join(g.total.Merge(counted), g.total.Merge(read)); err != nil {
		return logstore.Groups{}, err
	}
	answer := g.total.Answer()
	return answer, g.setTimes(ctx, answer.Groups, counted, read)
}

// groupSums returns the aggregations of groups.
func groupSums() aggregations {
	errorLevels := []string{string(record.LevelError), string(record.LevelFatal)}
	return aggregations{
		"errors": aggregations{"filter": termIn(fieldLevel, errorLevels)},
		"first":  aggregations{"min": aggregations{"field": fieldTime}},
		"last":   aggregations{"max": aggregations{"field": fieldTime}},
	}
}

// countGroups counts the groups of what the plan is certain about, with rough times.
func (g grouping) countGroups(ctx context.Context, counted *tally.Groups) error {
	cells := breakdown{at: g.at, documents: g.plan.certain(), fields: g.by, sums: groupSums()}
	return cells.visit(ctx, func(_ int64, texts []string, c *cell) error {
		return counted.Add(texts, tally.GroupCount{
			Count: c.Count, Errors: c.Errors.Count, First: roughTimestamp(c.First.Value), Last: roughTimestamp(c.Last.Value),
		})
	})
}
