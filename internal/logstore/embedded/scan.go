package embedded

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

// scan reads all that a plan selects.
type scan struct {
	backend *Backend
	plan
	// rows is about how many rows the span has; 0 if that is not known.
	rows int64
	// fields are what to read of each record, and names further columns of plain rows.
	fields []filter.Field
	names  []string
	// by is set if the engine is to add rows up first, by what is in it in LogsQL, to the
	// numbers in sums, or if that is "", by columns alone, to columnRows; nil if not. All that
	// residual and fields need must be in it.
	by   []string
	sums string
	// textColumn is the column in it that is asked for; "" none.
	textColumn string
}

// Columns of rows that the engine has added up.
const (
	columnRows = "hits" // as the engine names it
	// sumRows makes it, and sumBytes a columnBodyBytes for all of them as well.
	sumRows  = "count() as " + columnRows
	sumBytes = sumRows + ", sum(" + columnBodyBytes + ") as " + columnBodyBytes
)

// collector takes what a scan selects. Each is used by one goroutine at a time. An
// error ends the scan.
type collector interface {
	// addRows takes plain rows of a block by their indexes. What is in the block must
	// not be kept (strings.Clone).
	addRows(found foundRows) error
	// addRecord takes the record of any other row.
	addRecord(r record.Record) error
}

// foundRows are rows of a block.
type foundRows struct {
	block *logstorage.DataBlock
	// indexes are those of the rows.
	indexes []int
	// texts are the texts of the fields that the scan is to read, by field and then by
	// place in indexes; isPresent says which of them are values.
	texts     [][]string
	isPresent [][]bool
}

// counts prepares to tell how many rows each row stands for, by its index.
func (f foundRows) counts() func(row int) int64 {
	counts := valuesOf(f.block, columnRows)
	if counts == nil {
		return func(int) int64 { return 1 }
	}
	return func(row int) int64 { return int64(parseDecimal(counts[row])) } //nolint:gosec // counts rows
}

// run reads plain rows at once, each goroutine into a collector of its own, and then
// the others one by one. It returns all collectors.
func (s scan) run(ctx context.Context, newCollector func() collector) ([]collector, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	collectors := collectorList{query: queryOf(ctx), newCollector: newCollector}
	isPartial, err := s.readPlain(ctx, func(worker uint, found foundRows) {
		if err := collectors.of(worker).addRows(found); err != nil {
			cancel(err)
		}
	})
	if err == nil {
		err = s.readOthers(ctx, isPartial, collectors.of(0).addRecord)
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return collectors.list(), err
}

// readPlain calls visit for blocks of plain rows; at once, but for one worker only one
// after the other. isPartial is true if some rows are left to readOthers.
func (s scan) readPlain(ctx context.Context, visit func(worker uint, found foundRows)) (isPartial bool, err error) {
	if s.plain == conditionNone {
		return false, nil
	}
	selected := selection{
		tenant: s.tenant, span: s.span, condition: s.plain, rows: s.rows,
		isSelective: s.isSelective, isByEngine: s.by != nil || s.residual == nil && len(s.fields) == 0,
	}
	var mu sync.Mutex
	err = s.backend.rows.queryAtOnce(ctx, selected, s.pipe(), func(worker uint, block *logstorage.DataBlock) {
		if ctx.Err() != nil {
			return
		}
		found, isBlockPartial := s.choose(ctx, block)
		if isBlockPartial {
			mu.Lock()
			isPartial = true
			mu.Unlock()
		}
		if len(found.indexes) > 0 {
			visit(worker, found)
		}
	})
	return isPartial, err
}

// pipe returns what the engine does with plain rows.
func (s scan) pipe() string {
	switch by := "by (" + strings.Join(s.by, ", ") + ") "; {
	case s.by == nil:
	case s.sums == "": // a fifth faster than to say count()
		return "uniq " + by + "with hits"
	default:
		return pipeStats + by + s.sums
	}
	names := append(s.neededColumns(), s.names...)
	if len(names) == 0 {
		names = []string{columnLevel} // the engine has no blocks without columns
	}
	slices.Sort(names)
	return fields(slices.Compact(names))
}

// neededColumns are the columns that tell whether a row is selected, and its fields.
func (s scan) neededColumns() []string {
	names := s.columns()
	for _, field := range s.fields {
		names = append(names, fieldReader{Field: field}.columns()...)
	}
	return names
}

// rowsUntilCheck is after how many rows it is looked whether the context has ended. A
// pattern can take long for each.
const rowsUntilCheck = 256

// choose returns the rows of a block of plain rows that the plan selects; isPartial is
// true if it left out some of which columns do not tell all.
func (s scan) choose(ctx context.Context, block *logstorage.DataBlock) (found foundRows, isPartial bool) {
	count := block.RowsCount()
	found = foundRows{
		block: block, indexes: make([]int, 0, count), texts: make([][]string, len(s.fields)), isPresent: make([][]bool, len(s.fields)),
	}
	judged := s.judgeIn(block)
	readers := make([]readText, len(s.fields))
	for f, field := range s.fields {
		readers[f] = fieldReader{Field: field}.in(block)
		found.texts[f], found.isPresent[f] = make([]string, 0, count), make([]bool, 0, count)
	}
	for row := range count {
		if row%rowsUntilCheck == 0 && ctx.Err() != nil {
			break // nobody waits for it
		}
		switch judged(row) {
		case no:
			continue
		case undecided:
			isPartial = true
			continue
		}
		if !found.add(row, readers) {
			isPartial = true
		}
	}
	return found, isPartial
}

// add adds a row unless one of its fields cannot be read.
func (f *foundRows) add(row int, readers []readText) bool {
	for i, read := range readers {
		text, has := read(row)
		if has == inner {
			for undo := range i {
				f.texts[undo] = f.texts[undo][:len(f.indexes)]
				f.isPresent[undo] = f.isPresent[undo][:len(f.indexes)]
			}
			return false
		}
		f.texts[i] = append(f.texts[i], text)
		f.isPresent[i] = append(f.isPresent[i], has == present)
	}
	f.indexes = append(f.indexes, row)
	return true
}

// readOthers calls visit with the records of all rows that are not plain; with those
// that readPlain has left too, if it has left any.
func (s scan) readOthers(ctx context.Context, isPartial bool, visit func(r record.Record) error) error {
	condition := s.other
	if isPartial {
		condition = or(condition, and(s.plain, has(columnPaths)))
	}
	if condition == conditionNone {
		return nil
	}
	selected := selection{tenant: s.tenant, span: s.span, condition: condition, rows: s.rows, isSelective: true}
	// Mostly there are none, which the engine knows without reading any.
	if count, err := s.backend.rows.count(ctx, selected); err != nil || count == 0 {
		return err
	}
	selected.isSelective = s.isSelective
	var large []largeRecord
	var failure error
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	err := s.backend.rows.read(ctx, selected, nil, func(block *logstorage.DataBlock) {
		if failure != nil {
			return
		}
		var found []largeRecord
		if found, failure = s.readOtherRows(ctx, block, visit); failure != nil {
			cancel()
		}
		large = append(large, found...)
	})
	if failure != nil {
		return failure
	}
	if err != nil {
		return err
	}
	for _, one := range large {
		r, err := s.backend.readLarge(ctx, one)
		if errors.Is(err, errRemoved) {
			continue
		}
		if err != nil {
			return err
		}
		if err := s.visitMatch(r, visit); err != nil {
			return err
		}
	}
	return nil
}

func (s scan) visitMatch(r record.Record, visit func(r record.Record) error) error {
	if !s.matches(r) {
		return nil
	}
	return visit(r)
}

// readOtherRows reads the records of those rows of a block that are not plain, but for
// large ones, which it returns.
func (s scan) readOtherRows(
	ctx context.Context, block *logstorage.DataBlock, visit func(r record.Record) error,
) (large []largeRecord, err error) {
	parts, exact, omitted := textsOf(block, columnParts), textsOf(block, columnExact), textsOf(block, columnOmitted)
	isDecided := s.decidedIn(block)
	isWanted := func(row int) bool {
		return ctx.Err() == nil &&
			(parts[row] != "" || s.isPartial && (exact[row] != "" || omitted[row] != "") || !isDecided(row))
	}
	for time, row := range rowsOf(block, isWanted) {
		id := row[columnID]
		if parts := row[columnParts]; parts != "" {
			large = append(large, largeRecord{tenant: s.tenant, id: id, time: time, parts: parts})
			continue
		}
		r, err := decodeRow(time, row)
		if err != nil {
			return nil, fmt.Errorf("record %s: %w", unpack(id), err)
		}
		if err := s.visitMatch(r, visit); err != nil {
			return nil, err
		}
	}
	return large, nil
}

// decidedIn prepares to tell whether the columns of a block's rows say all that is
// asked for.
func (s scan) decidedIn(block *logstorage.DataBlock) func(row int) bool {
	judged := s.judgeIn(block)
	readers := make([]readText, len(s.fields))
	for f, field := range s.fields {
		readers[f] = fieldReader{Field: field}.in(block)
	}
	return func(row int) bool {
		verdict := judged(row)
		if verdict != yes {
			return verdict == no
		}
		return !slices.ContainsFunc(readers, func(read readText) bool {
			_, has := read(row)
			return has == inner
		})
	}
}
