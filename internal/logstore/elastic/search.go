package elastic

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// Search implements logstore.Backend.
func (b *Backend) Search(ctx context.Context, query logstore.Query) ([]record.Record, error) {
	if query.Limit < 0 || query.Offset < 0 {
		return nil, fmt.Errorf("search: limit %d and offset %d must not be negative", query.Limit, query.Offset)
	}
	done, err := b.use(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	p, isEmpty, err := planOf(query)
	if err != nil || isEmpty || query.Limit == 0 {
		return nil, wrap("search", err)
	}
	found, err := p.page(ctx, b, query)
	return found, wrap("search", err)
}

// Count implements logstore.Backend. It regards After, which leaves records out.
func (b *Backend) Count(ctx context.Context, query logstore.Query) (int64, error) {
	done, err := b.use(ctx)
	if err != nil {
		return 0, err
	}
	defer done()
	p, isEmpty, err := planOf(query)
	if err != nil || isEmpty {
		return 0, wrap("count", err)
	}
	count, err := b.count(ctx, p)
	return count, wrap("count", err)
}

// planOf returns the plan for a query; isEmpty is true when it can select nothing.
func planOf(query logstore.Query) (p plan, isEmpty bool, err error) {
	p, isEmpty, err = newPlan(logstore.Selection{
		ProjectID: query.ProjectID, From: query.From, To: query.To, Filter: query.Filter,
	})
	if err != nil || isEmpty || query.After == nil {
		return p, isEmpty, err
	}
	p.base = and(p.base, isAfter(*query.After, query.Order))
	return p, p.base.isNone(), nil
}

// isAfter returns the condition that a document comes after a place in an order.
func isAfter(place logstore.Place, order logstore.Order) condition {
	beyond, limit := filter.Less, "lt"
	if order == logstore.OldestFirst {
		beyond, limit = filter.Greater, "gt"
	}
	later := comparedTimes(beyond, place.Timestamp)
	same := comparedTimes(filter.LessOrEqual, place.Timestamp).and(comparedTimes(filter.GreaterOrEqual, place.Timestamp))
	if same.isEmpty() {
		return later.condition()
	}
	// All that follows is within one range, by which the cluster skips indices.
	within := timeRange{min(later.from, same.from), max(later.to, same.to)}
	if later.isEmpty() {
		within = same
	}
	isLater := or(
		not(termIs(fieldTime, timeNumber(same.from))),
		isBetween(fieldID, condition{limit: place.ID}),
	)
	return and(within.condition(), isLater)
}

// page returns the records that the plan selects from an offset on, at most limit.
func (p plan) page(ctx context.Context, b *Backend, query logstore.Query) ([]record.Record, error) {
	if _, isPartial := p.undecided(); !isPartial {
		return p.certainPage(ctx, b, query)
	}
	if query.Offset > largestFirstPage {
		// As a rule none are undecided, and nothing needs to be read to skip it.
		_, undecided, err := b.countParts(ctx, p)
		if err != nil {
			return nil, err
		}
		if undecided == 0 {
			return p.certainPage(ctx, b, query)
		}
	}
	r := reader{search: b.search, selected: p.candidates(), order: query.Order}
	first := min(largestFirstPage, query.Limit) + min(largestFirstPage, query.Offset)
	skipped, others := 0, 0
	var found []record.Record
	err := r.records(ctx, first, func(one record.Record) error {
		switch {
		case !p.matches(one):
			if others++; others > maxRead {
				return tooExpensive()
			}
			return nil
		case skipped < query.Offset:
			skipped++
			return nil
		}
		if found = append(found, one); len(found) == query.Limit {
			return errEnough
		}
		return nil
	})
	return found, err
}

// certainPage is page of what the plan certainly selects.
func (p plan) certainPage(ctx context.Context, b *Backend, query logstore.Query) ([]record.Record, error) {
	r := reader{search: b.search, selected: p.certain(), order: query.Order, limit: query.Limit}
	hasMore, err := r.skip(ctx, query.Offset)
	if err != nil || !hasMore {
		return nil, err
	}
	var found []record.Record
	err = r.records(ctx, min(query.Limit, largestFirstPage), func(one record.Record) error {
		found = append(found, one)
		return nil
	})
	return found, err
}

// count returns how many records a plan selects.
func (b *Backend) count(ctx context.Context, p plan) (int64, error) {
	certain, undecided, err := b.countParts(ctx, p)
	if err != nil || undecided == 0 {
		return certain, err
	}
	var total int64
	err = b.atOnePoint(ctx, func(at *point) error {
		if certain := p.certain(); !certain.isNone() {
			found, err := at.search(ctx, countOf(certain))
			if err != nil {
				return err
			}
			total = found.Hits.Total.Value
		}
		return at.decide(ctx, p, func(record.Record) error {
			total++
			return nil
		})
	})
	return total, err
}

// countParts returns how many documents the plan certainly selects, and how many it is
// undecided on. As a rule there are none of these, and one request will do.
func (b *Backend) countParts(ctx context.Context, p plan) (certain, undecided int64, err error) {
	if _, isPartial := p.undecided(); !isPartial {
		found, err := b.search(ctx, countOf(p.certain()))
		return found.Hits.Total.Value, 0, err
	}
	const name = "certain"
	body := countOf(p.candidates())
	body["aggs"] = map[string]any{name: map[string]any{"filter": and(p.lower, not(p.cut))}}
	found, err := b.search(ctx, body)
	if err != nil || found.Aggregations == nil {
		return 0, 0, err
	}
	var counted map[string]struct {
		Count int64 `json:"doc_count"`
	}
	if err := json.Unmarshal(found.Aggregations, &counted); err != nil {
		return 0, 0, fmt.Errorf("decode counts: %w", err)
	}
	return counted[name].Count, found.Hits.Total.Value - counted[name].Count, nil
}

// countOf returns the body of a search that counts all that meets a condition.
func countOf(selected condition) map[string]any {
	return map[string]any{"query": selected, "size": 0, "track_total_hits": true}
}

func wrap(doing string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
