package embedded

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
)

// tenantID separates rows: a query sees those of one tenant.
type tenantID = logstorage.TenantID

// dayFormat is that of the names of the engine's partitions.
const dayFormat = "20060102"

// rows is the engine's storage.
type rows struct {
	storage *logstorage.Storage
	// most is how many rows there are, or more.
	most     atomic.Int64
	revealer *revealer
	// adding has no rows but during add. The engine's pool of them would be emptied with
	// each garbage collection.
	adding *logstorage.LogRows
}

func newRows(storage *logstorage.Storage) *rows {
	s := &rows{storage: storage, revealer: newRevealer(storage.DebugFlush), adding: logstorage.GetLogRows(nil, nil, nil, nil, "")}
	var stats logstorage.StorageStats
	storage.UpdateStats(&stats)
	s.most.Store(int64(stats.RowsCount())) //nolint:gosec // counts rows
	return s
}

// add hands rows to the engine. It is not safe for concurrent use. Queries can find them once they are revealed, by
// themselves about a second later, or after flush; those of one record, of which the main
// row is the last, all at once.
func (s *rows) add(added []row) {
	defer s.revealer.hide()
	batch := s.adding
	defer batch.ResetKeepSettings()
	s.most.Add(int64(len(added)))
	for _, r := range added {
		batch.MustAdd(r.tenant, r.time, r.fields, -1)
		if batch.NeedFlush() && r.tenant.AccountID != partsAccount {
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
	// rows is about how many rows of the tenant are in the span, whether or not they meet
	// the condition; 0 if that is not known.
	rows int64
	// isSelective is true if hardly any rows meet the condition, so that the engine can
	// leave out most of them unread.
	isSelective bool
	// isByEngine is true if hardly anything is done with the rows but by the engine.
	isByEngine bool
}

const (
	// pipeStats starts each pipe that adds rows up.
	pipeStats = "stats "
	pipeCount = pipeStats + "count() as " + columnRows
)

// count returns the number of selected rows.
func (s *rows) count(ctx context.Context, selected selection) (int64, error) {
	if selected.condition == "" || selected.condition == conditionAll {
		return s.countAll(ctx, selected.tenant, selected.span)
	}
	var total counted
	selected.isByEngine = true
	err := s.query(ctx, selected, pipeCount, total.add)
	return total.result(err)
}

// countAll returns the number of a tenant's rows in a span. It takes next to no time, as
// the engine reads only the heads of blocks, and so no turn either.
func (s *rows) countAll(ctx context.Context, tenant tenantID, in span) (int64, error) {
	var total counted
	var adding sync.Mutex
	_, err := s.run(ctx, selection{tenant: tenant, span: in}, pipeCount, asMany, func(_ uint, block *logstorage.DataBlock) {
		adding.Lock()
		defer adding.Unlock()
		total.add(block)
	})
	return total.result(err)
}

// counted adds up the answers of pipeCount.
type counted struct {
	total int64
	err   error
}

func (c *counted) add(block *logstorage.DataBlock) {
	for _, text := range valuesOf(block, columnRows) {
		count, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			c.err = fmt.Errorf("read the engine's count: %w", err)
		}
		c.total += count
	}
}

// result is the total, unless the query has failed.
func (c *counted) result(err error) (int64, error) {
	if err == nil {
		err = c.err
	}
	if err != nil {
		return 0, err
	}
	return c.total, nil
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
// for one. Workers are numbered from 0. What it visits may be cut into slices of the span,
// each with an answer of its own, if the context has a query. Visit must ask nothing.
func (s *rows) queryAtOnce(
	ctx context.Context, selected selection, pipe string, visit func(worker uint, block *logstorage.DataBlock),
) error {
	if q := queryOf(ctx); q != nil {
		return newSliced(s, q, selected, pipe, visit).run(ctx)
	}
	_, err := s.run(ctx, selected, pipe, asMany, visit)
	return err
}

// concurrency is with how many goroutines the engine reads.
type concurrency string

const (
	// asMany is more than there are processors.
	asMany concurrency = ""
	alone  concurrency = "options(concurrency=1) "
)

// run asks the engine, and returns how many rows it has looked at.
func (s *rows) run(
	ctx context.Context, selected selection, pipe string, with concurrency, visit func(worker uint, block *logstorage.DataBlock),
) (looked int64, err error) {
	query, err := s.parse(selected, pipe, with)
	if err != nil {
		return 0, err
	}
	asked := s.queryContext(ctx, selected, query)
	if err := s.storage.RunQuery(asked, logstorage.WriteDataBlockFunc(visit)); err != nil {
		return 0, fmt.Errorf("query the storage engine: %w", err)
	}
	// The engine ends a canceled query without an error.
	return int64(asked.QueryStats.RowsProcessed), ctx.Err() //nolint:gosec // counts rows
}

func (s *rows) parse(selected selection, pipe string, with concurrency) (*logstorage.Query, error) {
	condition := selected.condition
	if condition == "" {
		condition = conditionAll
	}
	text := string(with) + condition
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
	query, err := s.parse(all, "", asMany)
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
