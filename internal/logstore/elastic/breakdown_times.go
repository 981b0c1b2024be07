package elastic

import (
	"context"
	"strings"
	"time"

	"github.com/docketlog/docket/internal/filter"
)

// bucketOfTime is a bucket of time that has documents.
type bucketOfTime struct {
	// start is in milliseconds since 1970.
	start, documents int64
}

// timesRun breaks documents down by their times and an attribute of one place, of which a
// document has at most one text. Each request is for some buckets of time, and looks at the
// documents of those alone: so all together look at each document once, however many cells
// there are.
type timesRun struct {
	breakdown

	branch   branch
	visit    visitCell
	requests int
}

// isByTimes reports whether a timesRun can break the documents down.
func (b breakdown) isByTimes() bool {
	return b.interval > 0 && b.known == nil && len(b.fields) == 1 &&
		(b.fields[0].Place == filter.PlaceLogAttribute || b.fields[0].Place == filter.PlaceResourceAttribute)
}

// visitByTimes is visit for a breakdown that isByTimes.
func (b breakdown) visitByTimes(ctx context.Context, visit visitCell) error {
	buckets, largest, err := b.bucketsOfTime(ctx)
	if err != nil || len(buckets) == 0 {
		return err
	}
	r := timesRun{breakdown: b, branch: branchesOf(b.fields[0])[0], visit: visit}
	texts, err := r.some(ctx, buckets[largest:largest+1])
	if err != nil {
		return err
	}
	// The others will hardly have far more texts than the largest.
	atOnce := max(1, r.cellsAtOnce()/(texts+texts/4+1))
	for _, rest := range [][]bucketOfTime{buckets[:largest], buckets[largest+1:]} {
		for len(rest) > 0 {
			next := min(atOnce, len(rest))
			if _, err := r.some(ctx, rest[:next]); err != nil {
				return err
			}
			rest = rest[next:]
		}
	}
	return nil
}

// bucketsOfTime returns the buckets that have documents, in their order, and which one has
// the most.
func (b breakdown) bucketsOfTime(ctx context.Context) (buckets []bucketOfTime, largest int, err error) {
	b.fields = nil
	err = b.visit(ctx, func(start int64, _ []string, c *cell) error {
		if len(buckets) > 0 && c.Count > buckets[largest].documents {
			largest = len(buckets)
		}
		buckets = append(buckets, bucketOfTime{start, c.Count})
		return nil
	})
	return buckets, largest, err
}

// timesAnswer is the answer to a request of a timesRun.
type timesAnswer struct {
	Texts textsAnswer `json:"texts"`
	None  cell        `json:"none"`
}

// some visits the cells of some buckets, and returns how many texts there are in them. If
// those are too many, it asks for fewer buckets at once, and then for some of the texts.
func (r *timesRun) some(ctx context.Context, buckets []bucketOfTime) (texts int, err error) {
	if r.requests++; r.requests > maxBreakdownRequests {
		return 0, errTooWide
	}
	documents, total := r.of(buckets), int64(0)
	for _, one := range buckets {
		total += one.documents
	}
	var answer timesAnswer
	if _, err := r.at.aggregate(ctx, documents, r.wanted(len(buckets), total), &answer); err != nil {
		return 0, err
	}
	switch half := len(buckets) / 2; {
	case answer.Texts.isWhole():
		return len(answer.Texts.Buckets), r.visitAll(buckets, &answer)
	case half > 0:
		if texts, err = r.some(ctx, buckets[:half]); err != nil {
			return 0, err
		}
		more, err := r.some(ctx, buckets[half:])
		return max(texts, more), err
	default:
		one := r.breakdown
		one.documents = documents
		return r.cellsAtOnce(), one.visitByTexts(ctx, r.visit)
	}
}

// of returns the condition of the documents of some buckets, and of none of the others but
// those between them, which have no documents.
func (r *timesRun) of(buckets []bucketOfTime) condition {
	end := buckets[len(buckets)-1].start + r.interval.Milliseconds()
	return and(r.documents, isBetween(fieldTimestamp, condition{"gte": buckets[0].start, "lt": end, "format": "epoch_millis"}))
}

// wanted returns the aggregations for so many buckets with so many documents.
func (r *timesRun) wanted(buckets int, documents int64) aggregations {
	inner, size := r.sums, r.cellsAtOnce()/buckets
	if buckets > 1 {
		inner = aggregations{"starts": nested(aggregations{"date_histogram": aggregations{
			"field": fieldTimestamp, "fixed_interval": milliseconds(r.interval.Milliseconds()),
			"offset": milliseconds(r.offsetMilliseconds()), "min_doc_count": 1, "format": "epoch_millis",
		}}, r.sums)}
	}
	wanted := aggregations{"texts": nested(aggregations{"terms": aggregations{
		"field": fieldTerms, "include": prefixPattern(r.branch.prefix()), "size": size, "shard_size": size,
		"execution_hint": executionHint(documents),
	}}, inner)}
	if len(r.sums) > 0 {
		wanted["none"] = nested(aggregations{"filter": not(r.branch.isThere())}, inner)
	}
	return wanted
}

// visitAll visits the cells of an answer.
func (r *timesRun) visitAll(buckets []bucketOfTime, answer *timesAnswer) error {
	prefix, left := r.branch.prefix(), map[int64]int64{}
	for _, one := range buckets {
		left[one.start] = one.documents
	}
	for i := range answer.Texts.Buckets {
		found := &answer.Texts.Buckets[i]
		term, err := textOf(found.Key)
		if err != nil {
			return err
		}
		text, ok := strings.CutPrefix(term, prefix)
		if !ok { // the pattern is only the beginning of a long prefix
			continue
		}
		if err := r.visitStarts(buckets, text, found, left); err != nil {
			return err
		}
	}
	if len(r.sums) > 0 {
		return r.visitStarts(buckets, "", &answer.None, left)
	}
	for _, one := range buckets {
		if none := left[one.start]; none > 0 {
			if err := r.visit(one.start, []string{""}, &cell{Count: none}); err != nil {
				return err
			}
		}
	}
	return nil
}

// visitStarts visits the cells of a text, and takes them from the documents that are left.
func (r *timesRun) visitStarts(buckets []bucketOfTime, text string, found *cell, left map[int64]int64) error {
	texts := []string{text}
	if len(buckets) == 1 {
		if found.Count == 0 {
			return nil
		}
		left[buckets[0].start] -= found.Count
		return r.visit(buckets[0].start, texts, found)
	}
	for i := range found.Starts.Buckets {
		next := &found.Starts.Buckets[i]
		start, err := next.start()
		if err != nil {
			return err
		}
		left[start] -= next.Count
		if err := r.visit(start, texts, next); err != nil {
			return err
		}
	}
	return nil
}

// offsetMilliseconds returns by how much the buckets of time are moved, which is less than
// one of them.
func (b breakdown) offsetMilliseconds() int64 {
	width := b.interval / time.Millisecond
	return int64(((b.offset/time.Millisecond)%width + width) % width)
}
