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

// Count implements logstore.Backend.
func (b *Backend) Count(ctx context.Context, query logstore.Query) (int64, error) {
	done, err := b.use(ctx)
	if err != nil {
		return 0, err
	}
	defer done()

	selected, isEmpty, err := b.selectRows(ctx, query)
	if err != nil || isEmpty {
		return 0, wrap("count", err)
	}
	count, err := b.rows.count(ctx, selected)
	return count, wrap("count", err)
}

// Search implements logstore.Backend. It finds first which rows the page has (see
// page), of columns that are fast to read, and then reads these rows whole.
func (b *Backend) Search(ctx context.Context, query logstore.Query) ([]record.Record, error) {
	done, err := b.use(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	if query.Limit < 0 || query.Offset < 0 {
		return nil, fmt.Errorf("search: limit %d and offset %d must not be negative", query.Limit, query.Offset)
	}

	selected, isEmpty, err := b.selectRows(ctx, query)
	if err != nil || isEmpty || query.Limit == 0 {
		return nil, wrap("search", err)
	}
	// No rows are outside this, and the search for the page starts at an end.
	selected.from = max(selected.from, b.rows.oldest())
	selected.to = min(selected.to, b.newest.Load())
	keys, err := page{rows: b.rows, selection: selected, order: query.Order}.find(ctx, query.Offset, query.Limit)
	if err != nil {
		return nil, wrap("search", err)
	}
	records, err := b.fetch(ctx, selected.tenant, keys)
	return records, wrap("search", err)
}

func wrap(doing string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// selectRows translates a query; isEmpty is true when it can select nothing.
func (b *Backend) selectRows(ctx context.Context, query logstore.Query) (selected selection, isEmpty bool, err error) {
	tenant, err := tenantOf(query.ProjectID)
	if err != nil {
		return selection{}, false, err
	}
	times := newTimeRange(query.From, query.To)
	if times.isEmpty() {
		return selection{}, true, nil
	}
	rows, err := compile(query.Filter)
	if err != nil {
		return selection{}, false, err
	}
	if query.Filter != nil {
		if rows, err = b.withLargeRecords(ctx, tenant, times, query.Filter, rows); err != nil {
			return selection{}, false, err
		}
	}
	rows.condition = and(rows.condition, times.condition())
	return selection{tenant: tenant, span: times.span(), compiled: rows}, false, nil
}

// foundKey identifies a record. An id would do, if senders could be trusted.
type foundKey struct {
	time int64
	id   string
}

// fetch returns the records of rows, in their order. A row that was removed
// meanwhile is left out.
func (b *Backend) fetch(ctx context.Context, tenant tenantID, keys []rowOrder) ([]record.Record, error) {
	found := make(map[foundKey]record.Record, len(keys))
	for chunk := range slices.Chunk(keys, maxIDsPerQuery) {
		if err := b.fetchChunk(ctx, tenant, chunk, found); err != nil {
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

func (b *Backend) fetchChunk(ctx context.Context, tenant tenantID, keys []rowOrder, found map[foundKey]record.Record) error {
	ids := make([]string, len(keys))
	selected := selection{tenant: tenant, span: span{keys[0].time, keys[0].time}}
	for i, key := range keys {
		ids[i] = key.id
		selected.from, selected.to = min(selected.from, key.time), max(selected.to, key.time)
	}
	selected.condition = in(columnID, ids)

	var large []largeRecord
	var decodeErr error
	err := b.rows.read(ctx, selected, nil, func(block *logstorage.DataBlock) {
		for time, row := range rowsOf(block) {
			id := row[columnID]
			if parts := row[columnParts]; parts != "" {
				large = append(large, largeRecord{tenant: tenant, id: id, time: time, parts: parts})
				continue
			}
			r, err := decodeRow(time, row)
			if err != nil {
				decodeErr = fmt.Errorf("record %s: %w", id, err)
				return
			}
			found[foundKey{time, id}] = r
		}
	})
	if err == nil {
		err = decodeErr
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
	}
	return nil
}

// rowsOf yields the time and the columns of each row of a block. The texts are
// copies.
func rowsOf(block *logstorage.DataBlock) iter.Seq2[int64, columns] {
	return func(yield func(int64, columns) bool) {
		times, _ := block.GetTimestamps(nil)
		all := block.GetColumns(false)
		names := make([]string, len(all))
		for n, column := range all {
			names[n] = strings.Clone(column.Name)
		}
		for i, time := range times {
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
