package embedded

import (
	"cmp"
	"container/heap"
	"context"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	"golang.org/x/sync/errgroup"

	"github.com/docketlog/docket/internal/logstore"
)

// page finds a stretch of the selected rows in the query's order.
//
// The engine can sort, but it reads everything to find the newest fifty. So page
// reads one window of time after the other, from the end where the order starts,
// until it has enough. Windows grow, but for those that hold too many rows.
// How many a window holds is known beforehand: counting rows regardless of the
// condition takes next to no time.
type page struct {
	rows *rows
	selection
	order logstore.Order
}

const (
	// firstWindow is the length of the first window.
	firstWindow = int64(time.Second)
	// windowGrowth is how much longer the next window is.
	windowGrowth = 4
	// windowShrinkage is how much shorter a window becomes that holds too much.
	windowShrinkage = 16
	// maxRead is the number of rows that may be looked at for a condition at first.
	// The next window may have twice as many as the largest before it, so that
	// looking through everything is fast, and not much more is read than needed.
	maxRead = 65_536
	// fewRows is the number of rows that are always worth reading.
	fewRows = 4096
)

// rowOrder is by what rows are ordered. The texts of exact times sort as the
// times do.
type rowOrder struct {
	time      int64
	exactTime string
	id        string
}

func (k rowOrder) compare(other rowOrder) int {
	return cmp.Or(
		cmp.Compare(k.time, other.time),
		strings.Compare(k.exactTime, other.exactTime),
		strings.Compare(k.id, other.id),
	)
}

// find returns the rows from offset on, at most limit.
func (p page) find(ctx context.Context, offset, limit int) ([]rowOrder, error) {
	var found []rowOrder
	rest := p.span
	wanted := min(limit, math.MaxInt-offset)
	maxWindow := p.maxWindow(wanted)
	for window := firstWindow; !rest.isEmpty() && len(found) < offset+wanted; {
		next, after := p.cut(rest, window)
		count, err := p.rows.count(ctx, selection{tenant: p.tenant, span: next})
		if err != nil {
			return nil, err
		}
		rows := int(count)
		isPassed := p.isUnconditional() && len(found) == 0 && rows <= offset
		if !isPassed && rows > maxWindow && next.length() > 1 {
			window = max(1, next.length()/windowShrinkage)
			continue
		}
		window, rest = grow(window), after
		if isPassed {
			offset -= rows
		}
		if isPassed || rows == 0 {
			continue
		}
		first, matching, err := p.read(ctx, next, rows, offset+wanted-len(found))
		maxWindow = max(maxWindow, 2*rows)
		switch {
		case err != nil:
			return nil, err
		case len(found) == 0 && matching <= offset:
			offset -= matching
		default:
			found = append(found, first...)
		}
	}
	return found[min(offset, len(found)):], nil
}

func (p page) isUnconditional() bool { return p.condition == conditionAll && len(p.bodies) == 0 }

// maxWindow returns the largest number of rows that a window may have to be read.
func (p page) maxWindow(wanted int) int {
	if p.isUnconditional() {
		return max(wanted, fewRows)
	}
	return maxRead
}

// cut splits a span into its start, in the query's order, of at most the given
// length, and the rest.
func (p page) cut(in span, window int64) (start, rest span) {
	if window >= in.length() {
		return in, noSpan()
	}
	if p.order == logstore.OldestFirst {
		border := in.from + window
		return span{in.from, border - 1}, span{border, in.to}
	}
	border := in.to - window
	return span{border + 1, in.to}, span{in.from, border}
}

func grow(window int64) int64 { return min(window, maxEngineTime/windowGrowth) * windowGrowth }

// read returns the first matching rows of a span in the query's order, at most
// limit, and how many there are. The span has about the given number of rows.
func (p page) read(ctx context.Context, in span, rows, limit int) (sorted []rowOrder, matching int, err error) {
	first := firstRows{limit: limit, before: func(a, b rowOrder) bool { return a.compare(b) < 0 }}
	if p.order == logstore.NewestFirst {
		first.before = func(a, b rowOrder) bool { return a.compare(b) > 0 }
	}
	var adding sync.Mutex
	names := []string{columnTime, columnExactTime, columnID}
	group, ctx := errgroup.WithContext(ctx)
	for _, part := range in.split(readers(rows)) {
		selected := p.selection
		selected.span = part
		group.Go(func() error {
			return p.rows.readByBody(ctx, selected, names, func(block *logstorage.DataBlock, indexes []int) {
				adding.Lock()
				defer adding.Unlock()
				matching += len(indexes)
				first.addBlock(block, indexes)
			})
		})
	}
	err = group.Wait()
	return first.sorted(), matching, err
}

// readers returns how many queries should read a span at the same time. One query
// alone uses one core for some 200,000 rows of a day.
func readers(rows int) int {
	if rows <= fewRows {
		return 1
	}
	return runtime.GOMAXPROCS(0)
}

// firstRows keeps the first of the rows that are added: a heap with the last of
// them on top.
type firstRows struct {
	limit  int
	before func(a, b rowOrder) bool
	rows   []rowOrder
}

// addBlock adds rows of a block.
func (f *firstRows) addBlock(block *logstorage.DataBlock, indexes []int) {
	times, ids, exactTimes := valuesOf(block, columnTime), valuesOf(block, columnID), valuesOf(block, columnExactTime)
	for _, i := range indexes {
		time, _ := logstorage.TryParseTimestampRFC3339Nano(times[i])
		f.add(rowOrder{time, exactTimes[i], ids[i]})
	}
}

// add adds a row; it copies its texts.
func (f *firstRows) add(key rowOrder) {
	isFull := len(f.rows) == f.limit
	if isFull && !f.before(key, f.rows[0]) {
		return
	}
	key.id, key.exactTime = strings.Clone(key.id), strings.Clone(key.exactTime)
	if isFull {
		f.rows[0] = key
		heap.Fix(f, 0)
		return
	}
	heap.Push(f, key)
}

// sorted returns the rows in order.
func (f *firstRows) sorted() []rowOrder {
	slices.SortFunc(f.rows, func(a, b rowOrder) int {
		switch {
		case f.before(a, b):
			return -1
		case f.before(b, a):
			return 1
		default:
			return 0
		}
	})
	return f.rows
}

// Len, Less, Swap, Push and Pop implement heap.Interface.

func (f *firstRows) Len() int           { return len(f.rows) }
func (f *firstRows) Less(i, j int) bool { return f.before(f.rows[j], f.rows[i]) }
func (f *firstRows) Swap(i, j int)      { f.rows[i], f.rows[j] = f.rows[j], f.rows[i] }
func (f *firstRows) Push(key any)       { f.rows = append(f.rows, key.(rowOrder)) } //nolint:forcetypeassert // only add pushes

func (f *firstRows) Pop() any {
	last := f.rows[len(f.rows)-1]
	f.rows = f.rows[:len(f.rows)-1]
	return last
}
