package embedded

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// Histogram implements logstore.Analyst.
func (b *Backend) Histogram(ctx context.Context, query logstore.HistogramQuery) ([]logstore.Bucket, error) {
	ctx, done, err := b.ask(ctx, query.ProjectID)
	if err != nil {
		return nil, err
	}
	defer done()
	if query.Interval <= 0 || query.Interval%time.Millisecond != 0 {
		return nil, fmt.Errorf("histogram: the interval %s is no whole number of milliseconds", query.Interval)
	}
	buckets, err := b.histogram(ctx, query)
	slices.SortFunc(buckets, func(a, b logstore.Bucket) int {
		return cmp.Or(a.Start.Compare(b.Start), strings.Compare(a.Text, b.Text))
	})
	return buckets, wrap("histogram", err)
}

// bucket is the numbers of a logstore.Bucket.
type bucket struct{ count, bytes int64 }

func (b *bucket) add(other bucket) {
	b.count += other.count
	b.bytes += other.bytes
}

func newBucketTally() *tally[bucket] {
	return newTally[bucket]("buckets", "ask for a shorter time, longer buckets, or no breakdown")
}

func (b *Backend) histogram(ctx context.Context, query logstore.HistogramQuery) ([]logstore.Bucket, error) {
	var by []filter.Field
	if query.By != nil {
		by = []filter.Field{*query.By}
	}
	// Without a field to ask for, large records would be left to their rows.
	p, isEmpty, err := b.newPlan(ctx, query.Selection, append(by, filter.Field{Place: filter.PlaceBody})...)
	if err != nil || isEmpty {
		return nil, err
	}
	times := bucketTimes{query.Interval, query.Offset}
	total := newBucketTally()
	s := scan{backend: b, plan: p, fields: by, names: []string{columnTime, columnExactTime}}
	if query.WithBodyBytes {
		s.names = append(s.names, columnBody)
	}
	if added, rest, ok := s.addedUpByTime(times, query); ok {
		switch err := added.countBuckets(ctx, times, query, total); {
		case err == nil:
			s.plain = rest
		case isFinal(ctx, err):
			return nil, err
		}
	}
	if err := s.countBuckets(ctx, times, query, total); err != nil {
		return nil, err
	}
	buckets := make([]logstore.Bucket, 0, len(total.all))
	for key, one := range total.all {
		number := int64(binary.BigEndian.Uint64([]byte(key[:8]))) //nolint:gosec // both ways
		buckets = append(buckets, logstore.Bucket{Start: times.start(number), Text: key[8:], Count: one.count, BodyBytes: one.bytes})
	}
	return buckets, nil
}

// addedUpByTime returns the scan of those plain rows of which the engine knows the times
// and how long the bodies are, added up by buckets, and the condition of the other plain
// rows; ok is false if they cannot be added up.
func (s scan) addedUpByTime(times bucketTimes, query logstore.HistogramQuery) (added scan, rest string, ok bool) {
	if times.offset%times.interval != 0 {
		return scan{}, "", false
	}
	sums, special := sumRows, has(columnExactTime)
	added = s
	added.plain, added.other = and(s.plain, lacks(columnExactTime)), conditionNone
	if query.WithBodyBytes {
		sums, special = sumBytes, or(special, has(columnMarked))
		added.plain = and(added.plain, lacks(columnMarked))
	}
	rest = and(s.plain, special)
	buckets := fmt.Sprintf("%s:%dms", columnTime, times.interval.Milliseconds())
	if query.By == nil {
		return added, rest, added.addUp(sums, []string{buckets})
	}
	column := addableColumn(*query.By)
	if column == "" || isPath(query.By.Key) {
		return scan{}, "", false
	}
	// Where the column is empty, so is the text.
	added.fields, added.textColumn = nil, column
	return added, rest, added.addUp(sums, []string{buckets, quote(column)}, column)
}

// countBuckets adds the buckets of the scan's rows.
func (s scan) countBuckets(ctx context.Context, times bucketTimes, query logstore.HistogramQuery, total *tally[bucket]) error {
	collectors, err := s.run(ctx, func() collector {
		return &bucketCollector{times: times, by: query.By, textColumn: s.textColumn, withBytes: query.WithBodyBytes, tally: newBucketTally()}
	})
	if err != nil {
		return err
	}
	for _, c := range collectors {
		part := c.(*bucketCollector) //nolint:forcetypeassert // see above
		if err := total.addAll(part.tally, (*bucket).add); err != nil {
			return err
		}
	}
	return nil
}

// bucketTimes are the times of buckets, which are numbered.
type bucketTimes struct{ interval, offset time.Duration }

// number returns the number of the bucket that has a time. It counts in milliseconds,
// since nanoseconds do not reach far enough.
func (b bucketTimes) number(timestamp pcommon.Timestamp) int64 {
	since, width := timeOf(timestamp).Add(-b.offset).UnixMilli(), b.interval.Milliseconds()
	number := since / width
	if since%width < 0 {
		number--
	}
	return number
}

// start returns the first moment of a bucket.
func (b bucketTimes) start(number int64) time.Time {
	return time.UnixMilli(number * b.interval.Milliseconds()).Add(b.offset).UTC()
}

// bucketCollector counts buckets by their numbers and texts.
type bucketCollector struct {
	times bucketTimes
	// by is the field that is asked for; nil none.
	by *filter.Field
	// textColumn is the column that has the texts of rows that were added up; "" none.
	textColumn string
	withBytes  bool
	*tally[bucket]

	key []byte
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
		if err := c.addTo(timestamp(row), text, bucket{counts(row), bytes(row)}); err != nil {
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
	if sums := valuesOf(block, columnBodyBytes); sums != nil {
		return func(row int) int64 { return int64(parseDecimal(sums[row])) } //nolint:gosec // counts bytes
	}
	bodies := textsOf(block, columnBody)
	return func(row int) int64 { return int64(len(textIn(columnBody, bodies[row]))) }
}

func (c *bucketCollector) addRecord(r record.Record) error {
	text := ""
	if c.by != nil {
		text, _ = c.by.Text(r)
	}
	one := bucket{count: 1}
	if c.withBytes {
		one.bytes = int64(len(filter.Text(r.Log.Body())))
	}
	return c.addTo(r.Log.Timestamp(), text, one)
}

// addTo adds to the bucket of a time and text.
func (c *bucketCollector) addTo(timestamp pcommon.Timestamp, text string, one bucket) error {
	c.key = binary.BigEndian.AppendUint64(c.key[:0], uint64(c.times.number(timestamp))) //nolint:gosec // both ways
	to, _, err := c.ofBytes(append(c.key, text...))
	if err == nil {
		to.add(one)
	}
	return err
}
