package embedded

import (
	"context"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/tally"
	"github.com/docketlog/docket/internal/record"
)

// Groups implements logstore.Analyst.
func (b *Backend) Groups(ctx context.Context, query logstore.GroupsQuery) (logstore.Groups, error) {
	ctx, done, err := b.ask(ctx, query.ProjectID)
	if err != nil {
		return logstore.Groups{}, err
	}
	defer done()
	total, err := tally.NewGroups(query)
	if err != nil {
		return logstore.Groups{}, err
	}
	if err := b.countGroups(ctx, query, total); err != nil {
		return logstore.Groups{}, wrap("groups", err)
	}
	return total.Answer(), nil
}

func (b *Backend) countGroups(ctx context.Context, query logstore.GroupsQuery, total *tally.Groups) error {
	p, isEmpty, err := b.newPlan(ctx, query.Selection, query.By...)
	if err != nil || isEmpty {
		return err
	}
	s := scan{backend: b, plan: p, fields: query.By, names: []string{columnTime, columnExactTime, columnLevel}}
	collectors, err := s.run(ctx, func() collector { return &groupCollector{Groups: total.Another()} })
	if err != nil {
		return err
	}
	for _, c := range collectors {
		part := c.(*groupCollector) //nolint:forcetypeassert // see above
		if err := total.Merge(part.Groups); err != nil {
			return err
		}
	}
	return nil
}

// groupCollector counts groups.
type groupCollector struct {
	*tally.Groups

	// texts are those of a row.
	texts []string
}

func (c *groupCollector) addRows(found foundRows) error {
	timestamp := timestampsIn(found.block, filter.PlaceTimestamp)
	levels := textsOf(found.block, columnLevel)
	for i, row := range found.indexes {
		c.texts = c.texts[:0]
		for _, texts := range found.texts {
			c.texts = append(c.texts, texts[i])
		}
		if err := c.Add(c.texts, tally.CountOf(timestamp(row), record.Level(levels[row]))); err != nil {
			return err
		}
	}
	clear(c.texts) // they are the block's
	return nil
}

func (c *groupCollector) addRecord(r record.Record) error { return c.AddRecord(r) }
