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

	"golang.org/x/sync/errgroup"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// page finds a stretch of the selected rows in the query's order.
//
// The engine can sort, but it reads everything to find the newest fifty. So page
// reads one window of time after the other, from the end where the order starts,
// until it has enough. Windows have about as many rows as are worth reading, and more
// from one to the next the fewer of them are selected. How many a window holds is
// known beforehand: counting rows regardless of the condition takes next to no time.
type page struct {
	backend *Backend
	plan
	order logstore.Order

	// least and most are how many rows a window is to have.
	least, most int
}

const (
	// maxGrowth is how much longer a window becomes at most that holds too little.
	maxGrowth = 64
	// windowShrinkage is how much shorter a window becomes at least that holds too much.
	windowShrinkage = 4
	// leastRead and mostRead are how many rows are looked at for a condition at first,
	// and maxIncrease how many times as many the next time, or maxIncreaseByEngine if the
	// engine alone looks at them.
	leastRead           = 1024
	mostRead            = 65_536
	maxIncrease         = 16
	maxIncreaseByEngine = 64
	// surplus is how many times as many rows a window is to have as are probably enough.
	surplus = 1.25
	// fewRows is the number of rows that are always worth reading.
	fewRows = 4096
)

func (k rowOrder) compare(other rowOrder) int {
	if k.time != other.time {
		return cmp.Compare(k.time, other.time)
	}
	if k.exactTime != other.exactTime {
		return strings.Compare(k.exactTime, other.exactTime)
	}
	return comparePacked(k.id, other.id)
}

// find returns the rows from offset on, at most limit.
func (p page) find(ctx context.Context, offset, limit int) ([]rowOrder, error) {
	var found []rowOrder
	rest := p.span
	wanted := min(limit, math.MaxInt-offset)
	p.setFirst(wanted)
	for window := p.firstWindow(); !rest.isEmpty() && len(found) < offset+wanted; {
		skippable := 0
		if len(found) == 0 {
			skippable = offset
		}
		next, rows, isPassed, err := p.next(ctx, rest, window, skippable)
		if err != nil {
			return nil, err
		}
		window, rest = next.length(), p.without(rest, next)
		switch {
		case isPassed:
			offset -= rows
			window = grow(window, 1, windowShrinkage)
			continue
		case rows == 0:
			continue
		case p.after != nil && (p.after.place.time < next.from || next.to < p.after.place.time):
			p.after = nil // this window and all that follow are behind it
		}
		missing := offset + wanted - len(found)
		first, matching, err := p.read(ctx, next, rows, missing)
		if err != nil {
			return nil, err
		}
		p.setNext(rows, matching, missing)
		window = grow(window, rows, p.least)
		if len(found) == 0 && matching <= offset {
			offset -= matching
		} else {
			found = append(found, first...)
		}
	}
	return found[min(offset, len(found)):], nil
}

// setFirst says how many rows the first window is to have.
func (p *page) setFirst(wanted int) {
	switch {
	case p.isAboutAll():
		p.most = max(wanted, fewRows)
		p.least = min(wanted, p.most)
	default:
		p.least, p.most = leastRead, mostRead
	}
}

// firstWindow returns the length of the first window, which is right if the store's rows are
// spread evenly over its time.
func (p page) firstWindow() int64 {
	all := span{p.backend.rows.oldest(), max(p.backend.rows.oldest(), p.backend.newest.Load())}
	return fitting(all.length(), int(p.backend.rows.most.Load()), p.least)
}

// setNext says how many rows the next window is to have, after one of which some
// matched. So what is rare is found fast, and not much more is read than needed.
func (p *page) setNext(rows, matching, missing int) {
	if p.isAboutAll() || p.isSelective {
		return
	}
	increase := float64(maxIncrease)
	if p.residual == nil {
		increase = maxIncreaseByEngine
	}
	if matching > 0 {
		increase = min(increase, surplus*float64(missing)/float64(matching))
	}
	p.least = max(leastRead, int(float64(rows)*increase))
	p.most = max(p.most, 4*p.least)
}

// next returns the next window, which starts where the rest does, and how many rows
// there are in it; isPassed is true if all of them are to be skipped.
func (p page) next(ctx context.Context, rest span, window int64, skippable int) (next span, rows int, isPassed bool, err error) {
	if p.isSelective {
		return rest, fewRows, false, nil // however many there are
	}
	if most := int(p.backend.rows.most.Load()); p.least >= most {
		return rest, most, false, nil
	}
	small, smallRows := noSpan(), 0
	hasShrunk := false
	for {
		next, after := p.cut(rest, window)
		count, err := p.backend.rows.count(ctx, selection{tenant: p.tenant, span: next})
		if err != nil {
			return noSpan(), 0, false, err
		}
		rows := int(count)
		switch {
		case p.isUnconditional() && skippable > 0 && rows <= skippable:
			return next, rows, true, nil
		case rows > p.most && next.length() > 1:
			window = max(1, min(next.length()/windowShrinkage, fitting(next.length(), rows, p.least)))
			if !small.isEmpty() && small.length() >= window {
				return small, smallRows, false, nil
			}
			hasShrunk = true
		case rows < p.least && !after.isEmpty() && !hasShrunk:
			small, smallRows = next, rows
			window = grow(next.length(), rows, p.least)
		default:
			return next, rows, false, nil
		}
	}
}

// without returns what is left of a span without its start, in the query's order.
func (p page) without(rest, start span) span {
	_, after := p.cut(rest, start.length())
	return after
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

// grow returns the length of a window that is likely to have somewhat more than the
// least number of rows, given one that has fewer.
func grow(window int64, rows, least int) int64 {
	if window > math.MaxInt64/maxGrowth {
		return math.MaxInt64
	}
	return min(window*maxGrowth, fitting(window, rows, least))
}

// fitting returns the length of a window that is likely to have somewhat more than the least
// number of rows, given that one has some.
func fitting(window int64, rows, least int) int64 {
	length := float64(window) * surplus * float64(least) / float64(max(1, rows))
	if length >= math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(length) + 1
}

// read returns the first matching rows of a span in the query's order, at most
// limit, and how many there are. The span has about the given number of rows.
func (p page) read(ctx context.Context, in span, rows, limit int) (sorted []rowOrder, matching int, err error) {
	first := firstRows{limit: limit, before: func(a, b rowOrder) bool { return a.compare(b) < 0 }}
	if p.order == logstore.NewestFirst {
		first.before = func(a, b rowOrder) bool { return a.compare(b) > 0 }
	}
	var adding sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	parts := in.split(p.readers(rows))
	for _, part := range parts {
		s := scan{backend: p.backend, plan: p.plan, names: orderColumns()}
		s.span = part
		if !p.isSelective { // else it is not known
			s.rows = int64(max(1, rows/len(parts)))
		}
		group.Go(func() error {
			collectors, err := s.run(ctx, func() collector { return &pageCollector{firstRows: firstRows{limit: limit, before: first.before}} })
			adding.Lock()
			defer adding.Unlock()
			for _, c := range collectors {
				one := c.(*pageCollector) //nolint:forcetypeassert // see above
				matching += one.matching
				for _, key := range one.rows {
					first.add(key)
				}
			}
			return err
		})
	}
	err = group.Wait()
	return first.sorted(), matching, err
}

// pageCollector keeps the first rows and counts all.
type pageCollector struct {
	firstRows

	matching int
}

func (c *pageCollector) addRows(found foundRows) error {
	orderOf := orderIn(found.block)
	for _, row := range found.indexes {
		c.addCopy(orderOf(row))
	}
	c.matching += len(found.indexes)
	return nil
}

func (c *pageCollector) addRecord(r record.Record) error {
	c.add(orderOf(r))
	c.matching++
	return nil
}

// readers returns how many queries should read a span at the same time. One query
// alone uses one core for some 200,000 rows of a day, of which those that only the engine
// looks at take hardly any time.
func (p page) readers(rows int) int {
	if rows <= fewRows || p.residual == nil && rows <= mostRead {
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

// HeldBytes implements memoryHolder.
func (f *firstRows) HeldBytes() int64 {
	const fixed = 100 // of a row with an id as Docket's own
	return int64(len(f.rows)) * fixed
}

// addCopy adds a row; it copies its texts.
func (f *firstRows) addCopy(key rowOrder) {
	if len(f.rows) == f.limit && !f.before(key, f.rows[0]) {
		return
	}
	key.id, key.exactTime = strings.Clone(key.id), strings.Clone(key.exactTime)
	f.add(key)
}

func (f *firstRows) add(key rowOrder) {
	switch {
	case len(f.rows) < f.limit:
		heap.Push(f, key)
	case f.before(key, f.rows[0]):
		f.rows[0] = key
		heap.Fix(f, 0)
	}
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
