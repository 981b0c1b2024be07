package elastic

import (
	"context"
	"time"

	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/tally"
)

// Histogram implements logstore.Analyst.
func (b *Backend) Histogram(ctx context.Context, query logstore.HistogramQuery) ([]logstore.Bucket, error) {
	done, err := b.use(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	total, err := tally.NewBuckets(query)
	if err != nil {
		return nil, err
	}
	var by []filter.Field
	if query.By != nil {
		by = []filter.Field{*query.By}
	}
	p, isEmpty, err := newPlan(query.Selection, by...)
	if err != nil || isEmpty {
		return nil, wrap("histogram", err)
	}
	err = b.atOnePoint(ctx, func(at *point) error {
		c := counting{at: at, plan: p, all: total}
		if query.Offset%time.Millisecond == 0 && areAggregable(by) {
			cells := breakdown{
				at: at, documents: p.certain(), interval: query.Interval, offset: query.Offset, fields: by,
				sums: b.histogramSums(query.WithBodyBytes),
			}
			c.byCluster = func(ctx context.Context) error { return cells.countBuckets(ctx, total) }
		}
		return c.count(ctx)
	})
	if err != nil {
		return nil, wrap("histogram", err)
	}
	return total.Answer(), nil
}

// histogramSums returns the aggregations of buckets. A sum is exact up to 2^53.
func (b *Backend) histogramSums(withBodyBytes bool) aggregations {
	if !withBodyBytes && !b.needsSums() {
		return nil
	}
	name := "body_bytes"
	if !withBodyBytes {
		name = "unused"
	}
	return aggregations{name: aggregations{"sum": aggregations{"field": fieldBodyBytes}}}
}

// needsSums reports whether there must be something in the buckets of a composite
// aggregation: for those of times alone OpenSearch 2 takes a short cut, which fails where a
// shard has none (status 500, "Index 0 out of bounds for length 0").
func (b *Backend) needsSums() bool {
	return b.product.Name == elasticsearch.OpenSearch && b.product.Major < 3
}

func (b breakdown) countBuckets(ctx context.Context, total *tally.Buckets) error {
	return b.visit(ctx, func(start int64, texts []string, c *cell) error {
		text := ""
		if len(texts) > 0 {
			text = texts[0]
		}
		return total.Add(time.UnixMilli(start), text, c.Count, int64(c.BodyBytes.Value))
	})
}
