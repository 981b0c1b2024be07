package embedded

import (
	"context"
	"fmt"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/tally"
	"github.com/docketlog/docket/internal/record"
)

// Histogram implements logstore.Analyst.
func (b *Backend) Histogram(ctx context.Context, query logstore.HistogramQuery) ([]logstore.Bucket, error) {
	ctx, done, err := b.ask(ctx, query.ProjectID)
	if err != nil {
		return nil, err
	}
	defer done()
	total, err := tally.NewBuckets(query)
	if err != nil {
		return nil, err
	}
	if err := b.countBuckets(ctx, query, total); err != nil {
		return nil, wrap("histogram", err)
	}
	return total.Answer(), nil
}

func (b *Backend) countBuckets(ctx context.Context, query logstore.HistogramQuery, total *tally.Buckets) error {
	var by []filter.Field
	if query.By != nil {
		by = []filter.Field{*query.By}
	}
	// Without a field to ask for, large records would be left to their rows.
	p, isEmpty, err := b.newPlan(ctx, query.Selection, append(by, filter.Field{Place: filter.PlaceBody})...)
	if err != nil || isEmpty {
		return err
	}
	s := scan{backend: b, plan: p, fields: by, names: []string{columnTime, columnExactTime}}
	if query.WithBodyBytes {
		s.names = append(s.names, columnBodyBytes)
	}
	if added, rest, ok := s.addedUpByTime(query); ok {
		switch err := added.countBuckets(ctx, query, total); {
		case err == nil:
			s.plain = rest
		case isFinal(ctx, err):
			return err
		}
	}
	return s.countBuckets(ctx, query, total)
}

// addedUpByTime returns the scan of those plain rows of which the engine knows the times,
// added up by buckets, and the condition of the other plain rows; ok is false if they cannot
// be added up.
func (s scan) addedUpByTime(query logstore.HistogramQuery) (added scan, rest string, ok bool) {
	if query.Offset%query.Interval != 0 {
		return scan{}, "", false
	}
	sums := sumRows
	if query.WithBodyBytes {
		sums = sumBytes
	}
	added = s
	added.plain, added.other = and(s.plain, lacks(columnExactTime)), conditionNone
	rest = and(s.plain, has(columnExactTime))
	buckets := fmt.Sprintf("%s:%dms", columnTime, query.Interval.Milliseconds())
	if query.By == nil {
		return added, rest, added.addUp(sums, []string{buckets})
	}
	column := addableColumn(*query.By)
	if column == "" || isPath(query.By.Key) || query.By.Place == filter.PlaceAttribute {
		return scan{}, "", false
	}
	// Where the column is empty, so is the text.
	added.fields, added.textColumn = nil, column
	return added, rest, added.addUp(sums, []string{buckets, quote(column)}, column)
}

// countBuckets adds the buckets of the scan's rows.
func (s scan) countBuckets(ctx context.Context, query logstore.HistogramQuery, total *tally.Buckets) error {
	collectors, err := s.run(ctx, func() collector {
		return &bucketCollector{by: query.By, textColumn: s.textColumn, withBytes: query.WithBodyBytes, Buckets: total.Another()}
	})
	if err != nil {
		return err
	}
	for _, c := range collectors {
		part := c.(*bucketCollector) //nolint:forcetypeassert // see above
		if err := total.Merge(part.Buckets); err != nil {
			return err
		}
	}
	return nil
}

// bucketCollector counts buckets.
type bucketCollector struct {
	// by is the field that is asked for; nil none.
	by *filter.Field
	// textColumn is the column that has the texts of rows that were added up; "" none.
	textColumn string
	withBytes  bool
	*tally.Buckets
}

func (c *bucketCollector) addRows(found foundRows) error {
	timestamp := timestampsIn(found.block, filter.PlaceTimestamp)
	bytes := c.bodyBytes(found.block)
	counts := found.counts()
	var texts []string
	if c.textColumn != "" {
		texts = textsOf(found.block, c.textColumn)
	}
	for i, row := range found.indexes {
		text := ""
		switch {
		case texts != nil:
			text = textIn(c.textColumn, texts[row])
		case c.by != nil:
			text = found.texts[0][i]
		}
		if err := c.Add(record.TimeOf(timestamp(row)), text, counts(row), bytes(row)); err != nil {
			return err
		}
	}
	return nil
}

// bodyBytes prepares to tell how long the bodies are that each row stands for.
func (c *bucketCollector) bodyBytes(block *logstorage.DataBlock) func(row int) int64 {
	if !c.withBytes {
		return func(int) int64 { return 0 }
	}
	const sumOfNone = "NaN" // the engine's
	counts := textsOf(block, columnBodyBytes)
	return func(row int) int64 {
		if counts[row] == sumOfNone {
			return 0
		}
		return int64(parseDecimal(counts[row])) //nolint:gosec // counts bytes
	}
}

func (c *bucketCollector) addRecord(r record.Record) error { return c.AddRecord(r) }
