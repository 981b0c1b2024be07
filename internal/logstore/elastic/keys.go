package elastic

import (
	"context"
	"strings"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/tally"
)

// Keys implements logstore.Analyst.
func (b *Backend) Keys(ctx context.Context, query logstore.KeysQuery) ([]logstore.KeyCount, int, error) {
	done, err := b.use(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer done()
	total, err := tally.NewKeys(query)
	if err != nil {
		return nil, 0, err
	}
	// Of which key does not matter: where one is in no list, the place is named.
	p, isEmpty, err := newPlan(query.Selection, filter.Field{Place: query.Place})
	if err != nil || isEmpty {
		return nil, 0, wrap("keys", err)
	}
	prefix := placeName(query.Place) + "."
	err = b.atOnePoint(ctx, func(at *point) error {
		return counting{at: at, plan: p, all: total, byCluster: func(ctx context.Context) error {
			_, err := at.distinct(ctx, p.certain(), fieldKeys, prefix, func(key string, count int64) error {
				return total.Add(strings.TrimPrefix(key, prefix), count)
			})
			return err
		}}.count(ctx)
	})
	if err != nil {
		return nil, 0, wrap("keys", err)
	}
	keys, count := total.Answer()
	return keys, count, nil
}
