package elastic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

const (
	// maxCells is the largest number of cells that one request asks for, well below the
	// products' search.max_buckets (65,536), of which the levels above cells take some.
	maxCells = 20_000
	// maxSourceCells is the largest number of them in a page of a composite aggregation.
	maxSourceCells = 10_000
	// maxBreakdownRequests is how many requests a breakdown may take, each of which looks
	// at all its documents.
	maxBreakdownRequests = 100
	// documentsPerRequest is how many documents are read in about the time of one of
	// these requests.
	documentsPerRequest = 500
)

// errTooWide says that a breakdown would take more than maxBreakdownRequests.
var errTooWide = errors.New("there are too many different texts to break down by")

// breakdown counts documents by their times and the texts of fields: each combination
// that there is of a bucket of time and of texts is a cell. Its numbers are exact, which
// aggregations are not by themselves when there are many different texts:
//
//   - Times and keywords are the sources of a composite aggregation, which is paged
//     through.
//   - Attributes are in one list together, and so need terms aggregations that include
//     only those of the field. Which ones there are is asked first; then so many of them
//     are asked for at once as there may be cells.
//   - By times and one attribute there is a shorter way: see timesRun.
type breakdown struct {
	at        *point
	documents condition
	// interval is the width of the buckets of time, 0 for none; they begin at offset plus
	// multiples of it. Both are whole numbers of milliseconds.
	interval, offset time.Duration
	// fields are those by whose texts to count; all must be aggregable.
	fields []filter.Field
	// sums are the aggregations of each cell, of those that cell knows.
	sums aggregations
	// known are the texts of each of the fields that are wanted, if it is known which, and
	// count is how many documents have them at most. There may be cells of other texts of
	// fields of the record itself nevertheless.
	known [][]string
	count int64
	// cells is how many cells one request asks for; 0 means maxCells.
	cells int
}

// aggregations are some by their names.
type aggregations map[string]any

// cell is the documents of a combination, or what leads to some.
type cell struct {
	Key   json.RawMessage `json:"key"`
	Count int64           `json:"doc_count"`

	// These are there if breakdown.sums has them. First and Last are only near the least
	// and the greatest fieldTime, as the products add up in float64.
	Errors struct {
		Count int64 `json:"doc_count"`
	} `json:"errors"`
	BodyBytes aggregated `json:"body_bytes"`
	First     aggregated `json:"first"`
	Last      aggregated `json:"last"`
	// These are exact: see groups_times.go.
	FirstHit  extreme   `json:"first_hit"`
	LastHit   extreme   `json:"last_hit"`
	FirstTime firstTime `json:"first_time"`
	LastTime  firstTime `json:"last_time"`

	// Starts leads to the cells of the buckets of time: see timesRun.
	Starts struct {
		Buckets []cell `json:"buckets"`
	} `json:"starts"`

	// These lead to the cells of the next attribute: see attribute.
	Log      branchAnswer `json:"log"`
	Resource branchAnswer `json:"resource"`
	None     *cell        `json:"none"`
}

type aggregated struct {
	Value float64 `json:"value"`
}

type branchAnswer struct {
	Texts textsAnswer `json:"texts"`
}

// textsAnswer is the answer of a terms aggregation. It has all texts and the right
// counts if isWhole.
type textsAnswer struct {
	Others  int64  `json:"sum_other_doc_count"`
	Error   int64  `json:"doc_count_error_upper_bound"`
	Buckets []cell `json:"buckets"`
}

func (a textsAnswer) isWhole() bool { return a.Others == 0 && a.Error == 0 }

// isAggregable reports whether a breakdown can be by the texts of a field.
func isAggregable(field filter.Field) bool {
	if field.IsAttribute() {
		return len(termPrefix(filter.PlaceLogAttribute, field.Key)) <= maxPrefixBytes // the longer one
	}
	return field.Place != filter.PlaceBody
}

func areAggregable(fields []filter.Field) bool {
	return !slices.ContainsFunc(fields, func(field filter.Field) bool { return !isAggregable(field) })
}

// visitCell is called with the bucket's start in milliseconds since 1970, 0 if there
// are no buckets, with the texts of the fields, "" for those without a value, and with
// the cell. The texts are only there until it returns.
type visitCell func(start int64, texts []string, c *cell) error

// visit visits all cells, some of them more than once if a text is missing in some
// records and empty in others: their numbers must be added. It returns the error of
// visit, errTooWide, perhaps after some cells, or that of the cluster.
func (b breakdown) visit(ctx context.Context, visit visitCell) error {
	if b.isByTimes() {
		return b.visitByTimes(ctx, visit)
	}
	return b.visitByTexts(ctx, visit)
}

// visitByTexts is visit by asking which texts there are, and then for some of them at once.
func (b breakdown) visitByTexts(ctx context.Context, visit visitCell) error {
	var attributes []attribute
	for place, field := range b.fields {
		if !field.IsAttribute() {
			continue
		}
		one, err := b.attribute(ctx, field, place)
		if err != nil {
			return err
		}
		attributes = append(attributes, one)
	}
	combinations, err := combinationsOf(attributes, b.cellsAtOnce())
	if err != nil {
		return err
	}
	if requests := int64(len(combinations)); requests > 1 && attributes[0].documents < requests*documentsPerRequest {
		return errTooWide
	}
	requests := 0
	for _, c := range combinations {
		run := breakdownRun{breakdown: b, attributes: c.parts, width: c.width, visit: visit, requests: &requests}
		if err := run.all(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (b breakdown) cellsAtOnce() int {
	if b.cells > 0 {
		return b.cells
	}
	return maxCells
}

// breakdownRun asks for the cells of some of the texts of attributes.
type breakdownRun struct {
	breakdown

	attributes []attribute
	// width is how many cells there may be of each combination of the sources.
	width int
	visit visitCell
	// requests is how many there were.
	requests *int

	texts []string
}

func (r breakdownRun) all(ctx context.Context) error {
	r.texts = make([]string, len(r.fields))
	sources := r.sources()
	if len(sources) == 0 {
		found := &cell{}
		if err := r.ask(ctx, r.under(r.attributes), found); err != nil {
			return err
		}
		return r.visitCells(0, found, r.attributes)
	}
	cells := r.cellsAtOnce()
	size := max(1, min(cells/max(1, r.width), maxSourceCells/len(sources), cells))
	p := pager{at: r.at, documents: r.documents, sources: sources, size: size, inner: r.under(r.attributes), requests: r.requests}
	return p.visit(ctx, func(found *cell) error {
		start, err := r.readKey(found.Key)
		if err != nil {
			return err
		}
		return r.visitCells(start, found, r.attributes)
	})
}

// ask asks for aggregations once.
func (r breakdownRun) ask(ctx context.Context, wanted aggregations, answer any) error {
	if *r.requests++; *r.requests > maxBreakdownRequests {
		return errTooWide
	}
	_, err := r.at.aggregate(ctx, r.documents, wanted, answer)
	return err
}

// nameOfStart is the name of the source of times. That of a field is its place among
// breakdown.fields.
const nameOfStart = "start"

func nameOfSource(place int) string { return fmt.Sprintf("field%d", place) }

// sources returns the sources of the composite aggregation.
func (r breakdownRun) sources() []aggregations {
	var sources []aggregations
	if r.interval > 0 {
		sources = append(sources, aggregations{nameOfStart: aggregations{"date_histogram": aggregations{
			"field": fieldTimestamp, "fixed_interval": milliseconds(r.interval.Milliseconds()), "offset": milliseconds(r.offsetMilliseconds()),
		}}})
	}
	for place, field := range r.fields {
		if field.IsAttribute() {
			continue
		}
		source := aggregations{"field": sourceField(field.Place), "missing_bucket": true}
		sources = append(sources, aggregations{nameOfSource(place): aggregations{"terms": source}})
	}
	return sources
}

// sourceField returns the field of documents for a field of the record itself.
func sourceField(place filter.Place) string {
	switch place {
	case filter.PlaceTimestamp:
		return fieldTime
	case filter.PlaceObservedTime:
		return fieldObservedTime
	default:
		return ownName(place)
	}
}

func milliseconds(count int64) string { return fmt.Sprintf("%dms", count) }

// readKey reads the texts of the sources and returns the start.
func (r breakdownRun) readKey(key json.RawMessage) (start int64, err error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(key, &members); err != nil {
		return 0, fmt.Errorf("decode the key of a bucket: %w", err)
	}
	if r.interval > 0 {
		if err := json.Unmarshal(members[nameOfStart], &start); err != nil {
			return 0, fmt.Errorf("decode the start of a bucket: %w", err)
		}
	}
	for place, field := range r.fields {
		if field.IsAttribute() {
			continue
		}
		if r.texts[place], err = sourceText(field, members[nameOfSource(place)]); err != nil {
			return 0, err
		}
	}
	return start, nil
}

// sourceText returns the text of a field of the record itself in the key of a bucket,
// where null is no value.
func sourceText(field filter.Field, key json.RawMessage) (text string, err error) {
	if !field.IsTime() {
		if err := json.Unmarshal(key, &text); err != nil {
			return "", fmt.Errorf("decode the text of a bucket: %w", err)
		}
		return text, nil
	}
	number := timeNumber(0)
	if err := json.Unmarshal(key, &number); err != nil {
		return "", fmt.Errorf("decode the time of a bucket: %w", err)
	}
	return timeText(number), nil
}

// timeText returns the text of a time for a value of fieldTime or fieldObservedTime.
func timeText(number int64) string {
	timestamp := timestampOfNumber(number)
	if timestamp == 0 {
		return ""
	}
	return record.TimeOf(timestamp).Format(time.RFC3339Nano)
}

// under returns the aggregations below which the cells by some attributes are.
func (r breakdownRun) under(attributes []attribute) aggregations {
	if len(attributes) == 0 {
		return r.sums
	}
	first, inner := attributes[0], r.under(attributes[1:])
	wanted := aggregations{}
	for _, part := range first.branches {
		// A shard that tells as many as it was asked for could have more.
		size := len(part.terms) + 1
		wanted[placeKey(part.place)] = nested(aggregations{"filter": part.documents}, aggregations{
			"texts": nested(aggregations{"terms": aggregations{
				"field": fieldTerms, "include": part.terms, "size": size, "shard_size": size,
				"execution_hint": executionHint(first.documents), "collect_mode": "depth_first",
			}}, inner),
		})
	}
	if first.hasNone {
		wanted["none"] = nested(aggregations{"filter": first.none}, inner)
	}
	return wanted
}

// nested returns an aggregation with others in it.
func nested(outer, inner aggregations) aggregations {
	if len(inner) > 0 {
		outer["aggs"] = inner
	}
	return outer
}

// visitCells visits the cells that are below one.
func (r breakdownRun) visitCells(start int64, found *cell, attributes []attribute) error {
	if found.Count == 0 && found.Key != nil {
		return nil
	}
	if len(attributes) == 0 {
		return r.visit(start, r.texts, found)
	}
	first, rest := attributes[0], attributes[1:]
	for _, part := range first.branches {
		answer := found.Log.Texts
		if part.place == filter.PlaceResourceAttribute {
			answer = found.Resource.Texts
		}
		if !answer.isWhole() {
			return errors.New("the cluster has not counted all of the texts that it was asked for")
		}
		for i := range answer.Buckets {
			next := &answer.Buckets[i]
			term, err := textOf(next.Key)
			if err != nil {
				return err
			}
			r.texts[first.index] = strings.TrimPrefix(term, part.prefix())
			if err := r.visitCells(start, next, rest); err != nil {
				return err
			}
		}
	}
	if found.None == nil || found.None.Count == 0 {
		return nil
	}
	r.texts[first.index] = ""
	return r.visitCells(start, found.None, rest)
}

// start returns the start that the key of a bucket of time is.
func (c *cell) start() (start int64, err error) {
	if err := json.Unmarshal(c.Key, &start); err != nil {
		return 0, fmt.Errorf("decode the start of a bucket: %w", err)
	}
	return start, nil
}

// textOf returns the text that the key of a bucket is.
func textOf(key json.RawMessage) (string, error) {
	var text string
	if err := json.Unmarshal(key, &text); err != nil {
		return "", fmt.Errorf("decode the key of a bucket: %w", err)
	}
	return text, nil
}
