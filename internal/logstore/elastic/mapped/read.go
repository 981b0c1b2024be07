package mapped

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/elastic/searches"
	"github.com/docketlog/docket/internal/record"
)

// Sizes of pages: the first one, how many times as many the next may have, the most
// that the products give at once, and how long all sources of one should be.
const (
	firstPage   = 100
	pageGrowth  = 4
	largestPage = 5000
	pageBytes   = 8 << 20
)

// maxSame is how many documents with the same timestamp can be sorted.
const maxSame = 10_000

const (
	// dateFormat is how dates are told to the cluster and by it.
	dateFormat = "strict_date_optional_time_nanos"
	// dateLayout is the same for Go. All digits are there, as a cluster takes a time
	// without a fraction for all of its second.
	dateLayout = "2006-01-02T15:04:05.000000000Z"
)

type object map[string]any

// isCountable reports whether the cluster can count what a query selects: all that is in
// a time of whole milliseconds, which every date can tell.
func (b *Backend) isCountable(query logstore.Query) bool {
	parts, isAnd := filter.Normalize(query.Filter).(filter.And)
	isWhole := func(t time.Time) bool { return t.Nanosecond()%int(time.Millisecond) == 0 }
	return isAnd && len(parts) == 0 && query.After == nil && isWhole(query.From) && isWhole(query.To)
}

func (b *Backend) countAll(ctx context.Context, query logstore.Query) (int64, error) {
	if b.isClosed.Load() {
		return 0, logstore.ErrClosed
	}
	if query.ProjectID != b.config.ProjectID {
		return 0, nil
	}
	found, err := b.search(ctx, object{"query": b.within(query.From, query.To), "size": 0, "track_total_hits": true})
	return found.Hits.Total.Value, err
}

func (b *Backend) search(ctx context.Context, body object) (searches.Answer, error) {
	return searches.Do(ctx, b.config.Client, "/"+b.config.Index+"/_search",
		url.Values{"ignore_unavailable": {"true"}, "allow_no_indices": {"true"}}, body)
}

// within returns the condition that a document is in a time; zero times leave a side
// open.
func (b *Backend) within(from, to time.Time) object {
	limits := object{"format": dateFormat, "gte": time.Unix(0, 0).UTC().Format(dateLayout)}
	if from.Unix() > 0 {
		limits["gte"] = from.UTC().Format(dateLayout)
	}
	if !to.IsZero() {
		limits["lte"] = to.UTC().Format(dateLayout)
	}
	return object{"range": object{b.config.Mapping.Timestamp: limits}}
}

// scan is a query that is being answered.
type scan struct {
	backend *Backend
	query   logstore.Query
	matcher *filter.Matcher
	// narrowed is met by all documents that match.
	narrowed []object
	// same are the records that were read last, of one timestamp, and seen which
	// documents they were of, by index.
	same []record.Record
	seen map[string][]string
	read int
}

// visit visits all records that a query selects, regardless of its Limit and Offset, in
// its order. It returns the error of visit, after which nothing is visited.
func (b *Backend) visit(ctx context.Context, query logstore.Query, visit func(record.Record) error) error {
	if b.isClosed.Load() {
		return logstore.ErrClosed
	}
	matcher, err := filter.Compile(query.Filter)
	if err != nil {
		return err
	}
	if query.ProjectID != b.config.ProjectID || !query.To.IsZero() && query.To.Before(time.Unix(0, 0)) {
		return nil
	}
	s := &scan{backend: b, query: query, matcher: matcher, seen: map[string][]string{}}
	if s.narrowed, err = b.narrow(ctx, filter.Normalize(query.Filter)); err != nil {
		return err
	}
	return s.run(ctx, visit)
}

// run reads page by page, each from the last timestamp of the one before on, without the
// documents of that which were read already. So nothing but the timestamp needs to be
// sortable, and no page depends on others.
func (s *scan) run(ctx context.Context, visit func(record.Record) error) error {
	for size := firstPage; ; {
		hits, asked, err := s.page(ctx, size)
		if err != nil {
			return err
		}
		bytes := 0
		for _, found := range hits {
			bytes += len(found.Source)
			if err := s.add(found, visit); err != nil {
				return err
			}
		}
		if len(hits) < asked {
			return s.flush(visit)
		}
		size = max(1, min(pageBytes/max(1, bytes/len(hits)), pageGrowth*asked, largestPage))
	}
}

// page returns the next documents, and how many it asked for: fewer if they are too
// large.
func (s *scan) page(ctx context.Context, size int) ([]searches.Hit, int, error) {
	for {
		found, err := s.backend.search(ctx, s.body(size))
		if size == 1 || !errors.Is(err, elasticsearch.ErrAnswerTooLarge) {
			return found.Hits.Hits, size, err
		}
		size = max(1, size/pageGrowth)
	}
}

func (s *scan) body(size int) object {
	timestamp := s.backend.config.Mapping.Timestamp
	from, to, direction := s.query.From, s.query.To, "desc"
	if s.query.Order == logstore.OldestFirst {
		direction = "asc"
	}
	start := s.query.After
	if len(s.same) > 0 {
		place := logstore.PlaceOf(s.same[0])
		start = &place
	}
	switch {
	case start == nil:
	case s.query.Order == logstore.OldestFirst:
		from = later(from, start.Timestamp)
	case to.IsZero() || start.Timestamp.Before(to):
		to = start.Timestamp
	}
	selected := object{"filter": append([]object{s.backend.within(from, to)}, s.narrowed...)}
	if excluded := s.excluded(); len(excluded) > 0 {
		selected["must_not"] = excluded
	}
	return object{
		"query": object{"bool": selected}, "size": size, "track_total_hits": false,
		"sort":            []object{{timestamp: object{"order": direction, "mode": "min", "unmapped_type": "date"}}},
		"docvalue_fields": []object{{"field": timestamp, "format": dateFormat}},
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// excluded returns the conditions of the documents that were read last.
func (s *scan) excluded() []object {
	var conditions []object
	for index, ids := range s.seen {
		conditions = append(conditions, object{"bool": object{"filter": []object{
			{"term": object{"_index": index}}, {"ids": object{"values": ids}},
		}}})
	}
	return conditions
}

// add adds a document. Records of one timestamp are visited when the next one comes, as
// only then all are known.
func (s *scan) add(found searches.Hit, visit func(record.Record) error) error {
	if s.read++; s.read > s.backend.config.MaxRead {
		return &logstore.TooExpensiveError{Reason: fmt.Sprintf(
			"more than %d records would have to be read: ask for a shorter time, or for exact values of keywords", s.backend.config.MaxRead)}
	}
	r, err := s.backend.recordOf(found)
	if err != nil {
		return err
	}
	if len(s.same) > 0 && s.same[0].Log.Timestamp() != r.Log.Timestamp() {
		if err := s.flush(visit); err != nil {
			return err
		}
	}
	if len(s.same) == maxSame {
		return &logstore.TooExpensiveError{Reason: fmt.Sprintf("more than %d records have the same timestamp", maxSame)}
	}
	s.same = append(s.same, r)
	s.seen[found.Index] = append(s.seen[found.Index], found.ID)
	return nil
}

// flush visits the records of one timestamp in order.
func (s *scan) flush(visit func(record.Record) error) error {
	slices.SortFunc(s.same, func(a, b record.Record) int { return s.compare(logstore.PlaceOf(a), logstore.PlaceOf(b)) })
	for _, r := range s.same {
		if !s.selects(r) {
			continue
		}
		if err := visit(r); err != nil {
			return err
		}
	}
	s.same = s.same[:0]
	clear(s.seen)
	return nil
}

// selects reports whether a record is one that the query selects. The cluster knows
// times only as exactly as its dates do.
func (s *scan) selects(r record.Record) bool {
	place := logstore.PlaceOf(r)
	return (s.query.From.IsZero() || !place.Timestamp.Before(s.query.From)) &&
		(s.query.To.IsZero() || !place.Timestamp.After(s.query.To)) &&
		(s.query.After == nil || s.compare(place, *s.query.After) > 0) && s.matcher.Matches(r)
}

// compare is negative when a comes before b in the order.
func (s *scan) compare(a, b logstore.Place) int {
	if s.query.Order == logstore.NewestFirst {
		a, b = b, a
	}
	if compared := a.Timestamp.Compare(b.Timestamp); compared != 0 {
		return compared
	}
	return strings.Compare(a.ID, b.ID)
}
