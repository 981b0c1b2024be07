package elastic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// Sizes of the pages by which records are read. A page has at most as many as are
// expected to take pageBytes, by the sizes of those before it, so that the memory that
// reading takes hardly depends on how large records are.
const (
	firstPage = 500
	// largestPage is the most that the products give at once.
	largestPage = 10_000
	// largestFirstPage is the most that are read without knowing how large they are.
	largestFirstPage = 500
	// pageGrowth is how many times as many a page has as the one before it: the first ones
	// may be enough.
	pageGrowth = 4
	pageBytes  = 8 << 20
)

// maxRead is the largest number of records that a question may take to be decided in
// memory.
const maxRead = 1_000_000

func tooExpensive() error {
	return &logstore.TooExpensiveError{Reason: fmt.Sprintf(
		"the index cannot decide on more than %d records that would have to be read: ask for a shorter time, or with conditions that say more", maxRead)}
}

// reader reads what meets a condition page by page, each after the last document of
// the one before, in the order of records.
type reader struct {
	search   func(ctx context.Context, body map[string]any) (answer, error)
	selected condition
	order    logstore.Order
	// limit is how many records are read at most; 0 all.
	limit int
	// isBounded makes it an error that there are more than maxRead.
	isBounded bool

	// after is the place after which the next page begins; nil at first.
	after json.RawMessage
}

// errEnough, returned by a visit, ends the reading without an error.
var errEnough = errors.New("enough")

// records visits the records, of which a first page has so many. It returns the error
// of visit unless that is errEnough.
func (r *reader) records(ctx context.Context, first int, visit func(record.Record) error) error {
	left, next := r.limit, first
	for {
		if left > 0 {
			next = min(next, left)
		}
		hits, size, err := r.fittingPage(ctx, next)
		if err != nil {
			return err
		}
		bytes := 0
		for i, found := range hits {
			one, err := decodeSource(found.Source)
			if err != nil {
				return err
			}
			bytes += len(found.Source)
			hits[i].Source = nil
			switch err := visit(one); {
			case errors.Is(err, errEnough):
				return nil
			case err != nil:
				return err
			}
		}
		if len(hits) < size || left > 0 && len(hits) == left {
			return nil
		}
		left = max(0, left-len(hits))
		next = max(1, min(pageBytes/max(1, bytes/len(hits)), pageGrowth*size, largestPage))
	}
}

// fittingPage returns the next documents with their records, and how many it asked
// for: fewer if they are too large.
func (r *reader) fittingPage(ctx context.Context, size int) ([]hit, int, error) {
	for {
		hits, err := r.page(ctx, size, []string{fieldRecord, fieldProtobuf})
		if size == 1 || !errors.Is(err, elasticsearch.ErrAnswerTooLarge) {
			return hits, size, err
		}
		size = max(1, size/pageGrowth)
	}
}

// skip leaves out so many documents; hasMore is false when there are not that many.
func (r *reader) skip(ctx context.Context, count int) (hasMore bool, err error) {
	for count > 0 {
		size := min(count, largestPage)
		hits, err := r.page(ctx, size, nil)
		if err != nil || len(hits) < size {
			return false, err
		}
		count -= size
	}
	return true, nil
}

// page returns the next documents, with the given fields.
func (r *reader) page(ctx context.Context, size int, fields []string) ([]hit, error) {
	body := map[string]any{
		"query": r.selected, "sort": sortOf(r.order), "size": size, "track_total_hits": false, "_source": false,
	}
	if len(fields) > 0 {
		body["_source"] = fields
	} else {
		body["stored_fields"] = "_none_" // not even the _id, for which documents would be read
	}
	isFirst := len(r.after) == 0
	if isFirst && r.isBounded {
		body["track_total_hits"] = maxRead + 1
	}
	if !isFirst {
		body["search_after"] = r.after
	}
	found, err := r.search(ctx, body)
	if err != nil {
		return nil, err
	}
	if found.Hits.Total.Value > maxRead {
		return nil, tooExpensive()
	}
	hits := found.Hits.Hits
	if len(hits) > 0 {
		r.after = hits[len(hits)-1].Sort
	}
	return hits, nil
}

// sortOf returns by what documents are sorted for an order.
func sortOf(order logstore.Order) []map[string]any {
	direction := "desc"
	if order == logstore.OldestFirst {
		direction = "asc"
	}
	return []map[string]any{
		{fieldTime: map[string]any{"order": direction}},
		{fieldID: map[string]any{"order": direction}},
	}
}
