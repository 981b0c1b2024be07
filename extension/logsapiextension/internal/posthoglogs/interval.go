package posthoglogs

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
)

const day = 24 * time.Hour

// maxBuckets is how many buckets an answer has at most: where days would make more,
// buckets are several days.
const maxBuckets = 100

// intervals are the widths that buckets may have, the least first.
func intervals() []time.Duration {
	return []time.Duration{
		time.Second, 5 * time.Second, 10 * time.Second,
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour, 12 * time.Hour, day,
	}
}

// intervalFor returns the width that is nearest to a share of a range, and the smaller
// of two that are equally near.
func intervalFor(from, to time.Time, buckets int) time.Duration {
	// A time.Duration does not reach over every range.
	const secondsPerDay = int64(day / time.Second)
	seconds := to.Unix() - from.Unix()
	if days := (seconds + maxBuckets*secondsPerDay - 1) / (maxBuckets * secondsPerDay); days > 1 {
		return time.Duration(days) * day
	}
	ideal := time.Duration(seconds) * time.Second / time.Duration(buckets)
	best := time.Second
	for _, interval := range intervals() {
		if (interval - ideal).Abs() < (best - ideal).Abs() {
			best = interval
		}
	}
	return best
}

// intervalText returns a width as 30s, 5m, 1h or 1d.
func intervalText(interval time.Duration) string {
	for _, unit := range []struct {
		width time.Duration
		name  string
	}{{day, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
		if interval%unit.width == 0 {
			return strconv.FormatInt(int64(interval/unit.width), 10) + unit.name
		}
	}
	return strconv.FormatInt(int64(interval/time.Second), 10) + "s"
}

// buckets are the records of a selection by time.
type buckets struct {
	interval time.Duration
	// first and last are the starts of the first and the last bucket of the range,
	// whether or not they have records.
	first, last time.Time
	found       []logstore.Bucket
}

// histogram counts the records of a selection in about so many buckets.
func (a API) histogram(
	ctx context.Context, selected logstore.Selection, target int, by *filter.Field, withBodyBytes bool,
) (buckets, error) {
	from, to, err := a.span(ctx, selected)
	if err != nil {
		return buckets{}, err
	}
	b := buckets{interval: intervalFor(from, to, target)}
	b.first, b.last = startOf(from, b.interval), startOf(to, b.interval)
	b.found, err = a.Analyst.Histogram(ctx, logstore.HistogramQuery{
		Selection: selected, Interval: b.interval, By: by, WithBodyBytes: withBodyBytes,
	})
	if err != nil {
		return buckets{}, fmt.Errorf("count records by time: %w", err)
	}
	return b, nil
}

// widened returns the records in buckets of the next width of which theirs is a part.
func (b buckets) widened() buckets {
	wide := buckets{interval: 2 * b.interval}
	for _, interval := range intervals() {
		if interval > b.interval && interval%b.interval == 0 {
			wide.interval = interval
			break
		}
	}
	wide.first, wide.last = startOf(b.first, wide.interval), startOf(b.last, wide.interval)
	sums := bucketSums{}
	for _, bucket := range b.found {
		sums.add(bucketKey{startOf(bucket.Start, wide.interval), bucket.Text}, bucket)
	}
	wide.found = sums.inOrder()
	return wide
}

// bucketKey tells buckets apart.
type bucketKey struct {
	start time.Time
	text  string
}

// bucketSums are buckets that others are added to.
type bucketSums map[bucketKey]*logstore.Bucket

func (sums bucketSums) add(key bucketKey, bucket logstore.Bucket) {
	sum := sums[key]
	if sum == nil {
		sum = &logstore.Bucket{Start: key.start, Text: key.text}
		sums[key] = sum
	}
	sum.Count += bucket.Count
	sum.BodyBytes += bucket.BodyBytes
}

// inOrder returns the buckets by their start, then by their text.
func (sums bucketSums) inOrder() []logstore.Bucket {
	var all []logstore.Bucket
	for _, bucket := range sums {
		all = append(all, *bucket)
	}
	slices.SortFunc(all, func(a, b logstore.Bucket) int {
		return cmp.Or(a.Start.Compare(b.Start), strings.Compare(a.Text, b.Text))
	})
	return all
}

// startOf returns the start of the bucket that a time is in.
func startOf(t time.Time, interval time.Duration) time.Time {
	since, width := t.UnixMilli(), interval.Milliseconds()
	return time.UnixMilli(since - (since%width+width)%width).UTC()
}

// span returns the range of a selection, which begins with the oldest record if it has
// no beginning of its own.
func (a API) span(ctx context.Context, selected logstore.Selection) (from, to time.Time, err error) {
	from, to = selected.From, selected.To
	if !from.IsZero() {
		return from, to, nil
	}
	query := queryOf(selected, 1)
	query.Order = logstore.OldestFirst
	found, err := a.search(ctx, query)
	if err != nil {
		return from, to, err
	}
	from = to
	if len(found) > 0 {
		from = logstore.PlaceOf(found[0]).Timestamp
	}
	return from, to, nil
}
