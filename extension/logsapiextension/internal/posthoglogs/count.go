package posthoglogs

import (
	"context"
	"fmt"
	"time"

	"github.com/docketlog/docket/internal/logstore"
)

// CountAnswer is the answer of Count.
type CountAnswer struct {
	Count int64 `json:"count"`
}

// Count counts the records.
func (a API) Count(ctx context.Context, body Body) (CountAnswer, error) {
	_, selected, err := a.ask(body)
	if err != nil {
		return CountAnswer{}, err
	}
	count, err := a.count(ctx, selected)
	return CountAnswer{Count: count}, err
}

func (a API) count(ctx context.Context, selected logstore.Selection) (int64, error) {
	count, err := a.Reader.Count(ctx, queryOf(selected, 1))
	if err != nil {
		return 0, fmt.Errorf("count records: %w", err)
	}
	return count, nil
}

// HasLogsAnswer is the answer of HasLogs.
type HasLogsAnswer struct {
	HasLogs bool `json:"hasLogs"`
}

// HasLogs tells whether the project has any record.
func (a API) HasLogs(ctx context.Context) (HasLogsAnswer, error) {
	found, err := a.search(ctx, logstore.Query{ProjectID: a.ProjectID, Limit: 1})
	return HasLogsAnswer{HasLogs: len(found) > 0}, err
}

// Numbers of buckets that a client may ask CountRanges for.
const (
	defaultTargetBuckets = 10
	maxTargetBuckets     = 100
)

// CountRangesAnswer is the answer of CountRanges.
type CountRangesAnswer struct {
	// Ranges are those with records, the oldest first.
	Ranges []CountRange `json:"ranges"`
	// Interval is how long a range is, such as 5m.
	Interval string `json:"interval"`
}

// CountRange is how many records are of a range of time, from DateFrom to DateTo, both
// inclusive: as a dateRange, the two select these very records.
type CountRange struct {
	DateFrom string `json:"date_from"`
	DateTo   string `json:"date_to"`
	Count    int64  `json:"count"`
}

// CountRanges counts the records by time, in about as many ranges as asked for. They
// are within that of the question.
func (a API) CountRanges(ctx context.Context, body Body) (CountRangesAnswer, error) {
	q, selected, err := a.ask(body)
	if err != nil {
		return CountRangesAnswer{}, err
	}
	target, err := q.integer("targetBuckets", defaultTargetBuckets)
	if err != nil {
		return CountRangesAnswer{}, err
	}
	buckets, err := a.histogram(ctx, selected, max(1, min(target, maxTargetBuckets)), nil, false)
	if err != nil {
		return CountRangesAnswer{}, err
	}
	answer := CountRangesAnswer{Ranges: make([]CountRange, len(buckets.found)), Interval: intervalText(buckets.interval)}
	for i, bucket := range buckets.found {
		answer.Ranges[i] = CountRange{
			DateFrom: timeText(later(bucket.Start, selected.From)),
			DateTo:   earlier(bucket.Start.Add(buckets.interval-1), selected.To).UTC().Format(wholeTime),
			Count:    bucket.Count,
		}
	}
	return answer, nil
}

// wholeTime is the layout of a time with all digits of its fraction: with fewer, a
// dateRange would reach to the end of what they name.
const wholeTime = "2006-01-02T15:04:05.000000000Z07:00"

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// earlier returns the earlier of two times; a zero b is no time.
func earlier(a, b time.Time) time.Time {
	if !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
