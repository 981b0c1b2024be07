package posthoglogs

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
)

// sparklineBuckets is how many buckets a sparkline has, about.
const sparklineBuckets = 50

// maxSparklineRows is how many rows a sparkline has at most; where it would have more,
// its buckets are wider.
const maxSparklineRows = 1000

// maxSparklineServices is how many services a sparkline shows beside the others.
const maxSparklineServices = 9

// otherServices is the name of those that are not shown.
const otherServices = "other"

// SparklineRow is the records of a bucket with one label. A bucket without records has
// one row, with the label "".
type SparklineRow struct {
	Time  time.Time
	Label string
	// LabelName is severity or service.
	LabelName string
	Count     int64
	// Bytes is how long their bodies are.
	Bytes int64
}

// MarshalJSON implements json.Marshaler.
func (r SparklineRow) MarshalJSON() ([]byte, error) {
	return marshalMembers([]member{
		{"time", timeText(r.Time)},
		{r.LabelName, r.Label},
		{"count", r.Count},
		{"bytes_uncompressed", r.Bytes},
	})
}

// Sparkline counts the records by time and by severity or service.
func (a API) Sparkline(ctx context.Context, body Body) ([]SparklineRow, error) {
	q, selected, err := a.ask(body)
	if err != nil {
		return nil, err
	}
	label, err := q.choice("sparklineBreakdownBy", "severity", "service")
	if err != nil {
		return nil, err
	}
	rank, err := q.choice("sparklineRankBy", "count", "bytes")
	if err != nil {
		return nil, err
	}
	by := &filter.Field{Place: filter.PlaceLevel}
	if label == "service" {
		by = &filter.Field{Place: filter.PlaceService}
	}
	b, err := a.histogram(ctx, selected, sparklineBuckets, by, true)
	if err != nil {
		return nil, err
	}
	if label == "service" {
		b.found = collapse(b.found, func(bucket logstore.Bucket) int64 {
			if rank == "bytes" {
				return bucket.BodyBytes
			}
			return bucket.Count
		})
	}
	rows := b.rows(label)
	for len(rows) > maxSparklineRows {
		b = b.widened()
		rows = b.rows(label)
	}
	return rows, nil
}

// collapse puts the texts that have less than others together, so that there are no
// more than a sparkline shows.
func collapse(found []logstore.Bucket, weight func(logstore.Bucket) int64) []logstore.Bucket {
	weights := map[string]int64{}
	for _, bucket := range found {
		weights[bucket.Text] += weight(bucket)
	}
	if len(weights) <= maxSparklineServices+1 {
		return found
	}
	ranked := slices.SortedFunc(maps.Keys(weights), func(a, b string) int {
		return cmp.Or(cmp.Compare(weights[b], weights[a]), strings.Compare(a, b))
	})
	shown := ranked[:maxSparklineServices]
	sums := bucketSums{}
	for _, bucket := range found {
		key := bucketKey{bucket.Start, bucket.Text}
		if !slices.Contains(shown, bucket.Text) {
			key.text = otherServices
		}
		sums.add(key, bucket)
	}
	return sums.inOrder()
}

// rows returns the rows of all buckets of the range, also of those without records.
func (b buckets) rows(labelName string) []SparklineRow {
	rows := []SparklineRow{}
	at := 0
	for start := b.first; !start.After(b.last); start = start.Add(b.interval) {
		if at == len(b.found) || b.found[at].Start.After(start) {
			rows = append(rows, SparklineRow{Time: start, LabelName: labelName})
			continue
		}
		for ; at < len(b.found) && !b.found[at].Start.After(start); at++ {
			bucket := b.found[at]
			rows = append(rows, SparklineRow{
				Time: start, LabelName: labelName, Label: bucket.Text, Count: bucket.Count, Bytes: bucket.BodyBytes,
			})
		}
	}
	return rows
}
