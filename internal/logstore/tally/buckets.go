package tally

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// Buckets counts the records of a histogram.
type Buckets struct {
	times     bucketTimes
	by        *filter.Field
	withBytes bool
	tally     *Tally[bucket]

	key []byte
}

// bucket is the numbers of a logstore.Bucket.
type bucket struct{ count, bytes int64 }

func (b *bucket) add(other bucket) {
	b.count += other.count
	b.bytes += other.bytes
}

// NewBuckets returns the tally of a question, or what is wrong with the question.
func NewBuckets(query logstore.HistogramQuery) (*Buckets, error) {
	if query.Interval <= 0 || query.Interval%time.Millisecond != 0 {
		return nil, fmt.Errorf("histogram: the interval %s is no whole number of milliseconds", query.Interval)
	}
	return &Buckets{
		times: bucketTimes{query.Interval, query.Offset}, by: query.By, withBytes: query.WithBodyBytes,
		tally: New[bucket]("buckets", "ask for a shorter time, longer buckets, or no breakdown"),
	}, nil
}

// AddRecord counts a record.
func (b *Buckets) AddRecord(r record.Record) error {
	text, bytes := "", int64(0)
	if b.by != nil {
		text, _ = b.by.Text(r)
	}
	if b.withBytes {
		bytes = int64(len(filter.Text(r.Log.Body())))
	}
	return b.Add(record.TimeOf(r.Log.Timestamp()), text, 1, bytes)
}

// Add counts so many records of a text, with so many bytes of bodies together, in the
// bucket that has a time.
func (b *Buckets) Add(at time.Time, text string, count, bytes int64) error {
	b.key = binary.BigEndian.AppendUint64(b.key[:0], uint64(b.times.number(at))) //nolint:gosec // both ways
	b.key = append(b.key, text...)
	to, _, err := b.tally.OfBytes(b.key)
	if err == nil {
		to.add(bucket{count, bytes})
	}
	return err
}

// Another returns an empty tally of the same question.
func (b *Buckets) Another() *Buckets {
	return &Buckets{times: b.times, by: b.by, withBytes: b.withBytes, tally: b.tally.another()}
}

// HeldBytes returns about how much memory the tally takes.
func (b *Buckets) HeldBytes() int64 { return b.tally.HeldBytes() }

// Reset makes the tally empty.
func (b *Buckets) Reset() { b.tally.Reset() }

// Merge adds what another tally of the same question has counted.
func (b *Buckets) Merge(other *Buckets) error { return b.tally.AddAll(other.tally, (*bucket).add) }

// Answer returns the buckets in the order of the answer.
func (b *Buckets) Answer() []logstore.Bucket {
	all := make([]logstore.Bucket, 0, b.tally.Len())
	for key, one := range b.tally.All() {
		number := int64(binary.BigEndian.Uint64([]byte(key[:8]))) //nolint:gosec // both ways
		all = append(all, logstore.Bucket{Start: b.times.start(number), Text: key[8:], Count: one.count, BodyBytes: one.bytes})
	}
	slices.SortFunc(all, func(a, b logstore.Bucket) int {
		return cmp.Or(a.Start.Compare(b.Start), strings.Compare(a.Text, b.Text))
	})
	return all
}

// bucketTimes are the times of buckets, which are numbered: they begin at offset plus
// multiples of interval, a whole number of milliseconds.
type bucketTimes struct{ interval, offset time.Duration }

// number returns the number of the bucket that has a time. It counts in milliseconds,
// since nanoseconds do not reach far enough.
func (b bucketTimes) number(at time.Time) int64 {
	since, width := at.Add(-b.offset).UnixMilli(), b.interval.Milliseconds()
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
