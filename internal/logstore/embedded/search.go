package embedded

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// Count implements logstore.Backend. It regards After, which leaves records out.
func (b *Backend) Count(ctx context.Context, query logstore.Query) (int64, error) {
	ctx, done, err := b.ask(ctx, query.ProjectID)
	if err != nil {
		return 0, err
	}
	defer done()

	p, isEmpty, err := b.planOf(ctx, query)
	if err != nil || isEmpty {
		return 0, wrap("count", err)
	}
	count, err := b.count(ctx, p)
	return count, wrap("count", err)
}

// Search implements logstore.Backend. It finds first which rows the page has (see
// page), of columns that are fast to read, and then reads these rows whole.
func (b *Backend) Search(ctx context.Context, query logstore.Query) ([]record.Record, error) {
	ctx, done, err := b.ask(ctx, query.ProjectID)
	if err != nil {
		return nil, err
	}
	defer done()
	if query.Limit < 0 || query.Offset < 0 {
		return nil, fmt.Errorf("search: limit %d and offset %d must not be negative", query.Limit, query.Offset)
	}

	p, isEmpty, err := b.planOf(ctx, query)
	if err != nil || isEmpty || query.Limit == 0 {
		return nil, wrap("search", err)
	}
	// No rows are outside this, and the search for the page starts at an end.
	p.from = max(p.from, b.rows.oldest())
	p.to = min(p.to, b.newest.Load())
	keys, err := page{backend: b, plan: p, order: query.Order}.find(ctx, query.Offset, query.Limit)
	if err != nil {
		return nil, wrap("search", err)
	}
	records, err := b.fetch(ctx, p.tenant, keys)
	return records, wrap("search", err)
}

// planOf returns the plan for a query; isEmpty is true when it can select nothing.
func (b *Backend) planOf(ctx context.Context, query logstore.Query) (p plan, isEmpty bool, err error) {
	p, isEmpty, err = b.newPlan(ctx, logstore.Selection{
		ProjectID: query.ProjectID, From: query.From, To: query.To, Filter: query.Filter,
	})
	if err != nil || isEmpty {
		return plan{}, isEmpty, err
	}
	return p, p.startAfter(query.Order, query.After), nil
}

// count returns how many records a plan selects.
func (b *Backend) count(ctx context.Context, p plan) (int64, error) {
	if p.isConditionOnly() {
		return b.rows.count(ctx, selection{tenant: p.tenant, span: p.span, condition: p.plain})
	}
	var total int64
	s := scan{backend: b, plan: p}
	switch {
	case p.plain == conditionNone || p.after != nil:
	case p.residual == nil:
		count, err := b.rows.count(ctx, selection{tenant: p.tenant, span: p.span, condition: p.plain})
		if err != nil {
			return 0, err
		}
		total, s.plain = count, conditionNone
	default:
		count, isCertain, err := b.countCertain(ctx, p)
		if err != nil {
			return 0, err
		}
		if isCertain {
			total, s.plain = count, conditionNone
		}
	}
	collectors, err := s.run(ctx, func() collector { return new(counter) })
	for _, c := range collectors {
		total += int64(*c.(*counter)) //nolint:forcetypeassert // see above
	}
	return total, err
}

// counter counts records.
type counter int64

func (c *counter) addRows(found foundRows) error {
	*c += counter(len(found.indexes))
	return nil
}

func (c *counter) addRecord(record.Record) error {
	*c++
	return nil
}

func wrap(doing string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// foundKey identifies a record. An id would do, if senders could be trusted.
type foundKey struct {
	time int64
	id   string
}

// fetch returns the records of rows, in their order. A row that was removed
// meanwhile is left out.
func (b *Backend) fetch(ctx context.Context, tenant tenantID, keys []rowOrder) ([]record.Record, error) {
	hold := queryOf(ctx).holdPage
	if len(keys) == 1 {
		hold = func(int64) error { return nil } // whatever it takes, it cannot be less
	}
	found := make(map[foundKey]record.Record, len(keys))
	for chunk := range slices.Chunk(keys, maxIDsPerQuery) {
		if err := b.fetchChunk(ctx, tenant, chunk, found, hold); err != nil {
			return nil, err
		}
	}
	records := make([]record.Record, 0, len(keys))
	for _, key := range keys {
		if r, ok := found[foundKey{key.time, key.id}]; ok {
			records = append(records, r)
		}
	}
	return records, nil
}

// fetchChunk adds what it reads to found, and tells hold about how many bytes that takes.
func (b *Backend) fetchChunk(
	ctx context.Context, tenant tenantID, keys []rowOrder, found map[foundKey]record.Record, hold func(bytes int64) error,
) error {
	ids := make([]string, len(keys))
	selected := selection{tenant: tenant, span: span{keys[0].time, keys[0].time}, isSelective: true}
	for i, key := range keys {
		ids[i] = key.id
		selected.from, selected.to = min(selected.from, key.time), max(selected.to, key.time)
	}
	selected.condition = in(columnID, ids)

	var large []largeRecord
	reading, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	err := b.rows.read(reading, selected, nil, func(block *logstorage.DataBlock) {
		for time, row := range rowsOf(block, func(int) bool { return reading.Err() == nil }) {
			id := row[columnID]
			if parts := row[columnParts]; parts != "" {
				large = append(large, largeRecord{tenant: tenant, id: id, time: time, parts: parts})
				continue
			}
			r, err := decodeRow(time, row)
			if err != nil {
				cancel(fmt.Errorf("record %s: %w", unpack(id), err))
				return
			}
			found[foundKey{time, id}] = r
			if err := hold(int64(logstore.ApproximateSize(r))); err != nil {
				cancel(err)
				return
			}
		}
	})
	if cause := context.Cause(reading); cause != nil {
		err = cause
	}
	if err != nil {
		return err
	}
	for _, large := range large {
		r, err := b.readLarge(ctx, large)
		if errors.Is(err, errRemoved) {
			continue
		}
		if err != nil {
			return err
		}
		found[foundKey{large.time, large.id}] = r
		if err := hold(int64(logstore.ApproximateSize(r))); err != nil {
			return err
		}
	}
	return nil
}

// rowsOf yields the time and the columns of each wanted row of a block. The texts are
// copies.
func rowsOf(block *logstorage.DataBlock, isWanted func(row int) bool) iter.Seq2[int64, columns] {
	return func(yield func(int64, columns) bool) {
		times, _ := block.GetTimestamps(nil)
		all := block.GetColumns(false)
		names := make([]string, len(all))
		for n, column := range all {
			names[n] = strings.Clone(column.Name)
		}
		for i, time := range times {
			if !isWanted(i) {
				continue
			}
			row := columns{}
			for n, column := range all {
				if value := column.Values[i]; value != "" {
					row[names[n]] = strings.Clone(value)
				}
			}
			if !yield(time, row) {
				return
			}
		}
	}
}
