package embedded

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
)

// tenantID separates rows: a query sees those of one tenant.
type tenantID = logstorage.TenantID

// dayFormat is that of the names of the engine's partitions.
const dayFormat = "20060102"

// rows is the engine's storage.
type rows struct{ storage *logstorage.Storage }

// add hands rows to the engine. They can be found about a second later, or after
// flush.
func (s *rows) add(added []row) {
	batch := logstorage.GetLogRows(nil, nil, nil, nil, "")
	defer logstorage.PutLogRows(batch)
	for _, r := range added {
		batch.MustAdd(r.tenant, r.time, r.fields, -1)
		if batch.NeedFlush() {
			s.storage.MustAddRows(batch)
			batch.ResetKeepSettings()
		}
	}
	s.storage.MustAddRows(batch)
}

// flush makes all rows that were added findable.
func (s *rows) flush() { s.storage.DebugFlush() }

// selection is the rows of a tenant in a span that meet a condition in LogsQL; "" is
// met by all.
type selection struct {
	tenant tenantID
	span
	condition string
}

// count returns the number of selected rows.
func (s *rows) count(ctx context.Context, selected selection) (int64, error) {
	const column = "rows"
	var total int64
	var parseErr error
	err := s.query(ctx, selected, "stats count() as "+column, func(block *logstorage.DataBlock) {
		for _, text := range valuesOf(block, column) {
			count, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				parseErr = fmt.Errorf("read the engine's count: %w", err)
			}
			total += count
		}
	})
	if err != nil {
		return 0, err
	}
	return total, parseErr
}

// read calls visit with the named columns of all rows that meet the condition of
// the selection, block by block; never at the same time. What it reads must not be
// kept (strings.Clone). Without names, it reads all columns.
func (s *rows) read(ctx context.Context, selected selection, names []string, visit func(block *logstorage.DataBlock)) error {
	pipe := "delete _stream, _stream_id"
	if len(names) > 0 {
		pipe = fields(names)
	}
	return s.query(ctx, selected, pipe, visit)
}

// fields returns the pipe that keeps only the named columns.
func fields(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = quote(name)
	}
	return "fields " + strings.Join(quoted, ", ")
}

func (s *rows) query(ctx context.Context, selected selection, pipe string, visit func(block *logstorage.DataBlock)) error {
	var visiting sync.Mutex
	return s.queryAtOnce(ctx, selected, pipe, func(_ uint, block *logstorage.DataBlock) {
		visiting.Lock()
		defer visiting.Unlock()
		visit(block)
	})
}

// queryAtOnce calls visit for several blocks at the same time, but for each worker only
// for one. Workers are numbered from 0.
func (s *rows) queryAtOnce(
	ctx context.Context, selected selection, pipe string, visit func(worker uint, block *logstorage.DataBlock),
) error {
	query, err := s.parse(selected, pipe)
	if err != nil {
		return err
	}
	err = s.storage.RunQuery(s.queryContext(ctx, selected, query), logstorage.WriteDataBlockFunc(visit))
	if err != nil {
		return fmt.Errorf("query the storage engine: %w", err)
	}
	return ctx.Err() // the engine ends a canceled query without an error
}

func (s *rows) parse(selected selection, pipe string) (*logstorage.Query, error) {
	condition := selected.condition
	if condition == "" {
		condition = conditionAll
	}
	text := condition
	if pipe != "" {
		text += " | " + pipe
	}
	query, err := logstorage.ParseQuery(text)
	if err != nil {
		return nil, fmt.Errorf("parse the query made for the storage engine: %w", err)
	}
	query.AddTimeFilter(selected.from, selected.to)
	return query, nil
}

func (s *rows) queryContext(ctx context.Context, selected selection, query *logstorage.Query) *logstorage.QueryContext {
	return logstorage.NewQueryContext(ctx, &logstorage.QueryStats{}, []tenantID{selected.tenant}, query, false, nil)
}

// days returns the days that the storage has, the oldest first.
func (s *rows) days() []int64 {
	names := s.storage.PartitionList() // sorted
	days := make([]int64, 0, len(names))
	for _, name := range names {
		if day, err := time.Parse(dayFormat, name); err == nil { // else the engine had not opened it
			days = append(days, dayOf(day.UnixNano()))
		}
	}
	return days
}

// oldest returns a time before which there are no rows.
func (s *rows) oldest() int64 {
	if days := s.days(); len(days) > 0 {
		return spanOfDay(days[0]).from
	}
	return 0
}

// newest returns the time of the newest row, or a later one; 0 if there is none.
func (s *rows) newest() int64 {
	var stats logstorage.StorageStats
	s.storage.UpdateStats(&stats)
	days := s.days()
	switch {
	case stats.RowsCount() == 0:
		return 0
	case stats.MaxTimestamp < 0: // the newest day has no rows (any more)
		return spanOfDay(days[len(days)-1]).to
	default:
		return stats.MaxTimestamp
	}
}

// columnNames returns the names of the columns that the tenant's rows have. It
// reads only the engine's indexes.
func (s *rows) columnNames(ctx context.Context, tenant tenantID, in span) ([]string, error) {
	all := selection{tenant: tenant, span: in}
	query, err := s.parse(all, "")
	if err != nil {
		return nil, err
	}
	found, err := s.storage.GetFieldNames(s.queryContext(ctx, all, query), "")
	if err != nil {
		return nil, fmt.Errorf("query the storage engine: %w", err)
	}
	names := make([]string, len(found))
	for i, name := range found {
		names[i] = name.Value
	}
	return names, ctx.Err()
}

// existing adds to found the ids, of those given, that selected rows have.
func (s *rows) existing(ctx context.Context, selected selection, ids []string, found map[string]struct{}) error {
	for chunk := range slices.Chunk(ids, maxIDsPerQuery) {
		selected.condition = in(columnID, chunk)
		err := s.read(ctx, selected, []string{columnID}, func(block *logstorage.DataBlock) {
			for _, id := range valuesOf(block, columnID) {
				found[strings.Clone(id)] = struct{}{}
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// valuesOf returns a column of a block; nil if the block lacks it.
func valuesOf(block *logstorage.DataBlock, name string) []string {
	if column := block.GetColumnByName(name); column != nil {
		return column.Values
	}
	return nil
}
