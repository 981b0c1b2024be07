package embedded

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	"golang.org/x/sync/errgroup"
)

const (
	// sliceTime is how long a slice is to take.
	sliceTime = 100 * time.Millisecond
	// maxSliceGrowth is how many times as many rows the next slice has at most.
	maxSliceGrowth = 8
)

// sliceSizes are numbers of rows.
type sliceSizes struct {
	// first is what hardly takes longer than sliceTime, whatever is done with the rows;
	// firstByEngine if the engine does it all, and firstSelective if it can leave out most
	// rows.
	first, firstByEngine, firstSelective int64
	// least is what is worth a slice: the engine reads whole blocks of some thousand
	// rows, and those at the border of two slices for both. No slice has more than most.
	least, most int64
}

func defaultSliceSizes() sliceSizes {
	return sliceSizes{first: 64 << 10, firstByEngine: 1 << 20, firstSelective: 4 << 20, least: 16 << 10, most: 64 << 20}
}

// sliced does what a query asks of the engine slice by slice: each is the rows of a part of
// the time, as many as take about sliceTime, read by one goroutine. What is found does not
// depend on that, since visits come in no order.
//
// The engine itself would read with as many goroutines as it has processors, until it is
// done or canceled. It cannot be told to let others go first.
type sliced struct {
	rows     *rows
	query    *query
	selected selection
	pipe     string
	visit    func(worker uint, block *logstorage.DataBlock)

	mu sync.Mutex
	// size is how many rows the next slice is to have. It belongs to mu.
	size int64
}

// slice is a part of the time with about so many rows.
type slice struct {
	span
	rows int64
}

func newSliced(
	s *rows, q *query, selected selection, pipe string, visit func(worker uint, block *logstorage.DataBlock),
) *sliced {
	size := q.gate.sizes.first
	switch {
	case selected.isSelective:
		size = q.gate.sizes.firstSelective
	case q.gate.isBusy():
		size = q.gate.sizes.least
	case selected.isByEngine:
		size = q.gate.sizes.firstByEngine
	}
	return &sliced{rows: s, query: q, selected: selected, pipe: pipe, visit: visit, size: size}
}

func (s *sliced) run(ctx context.Context) error {
	all := slice{s.selected.span, s.selected.rows}
	if all.rows == 0 {
		all.rows = s.rows.most.Load()
		if all.rows > s.size {
			var err error
			if all.rows, err = s.rows.countAll(ctx, s.selected.tenant, s.selected.span); err != nil {
				return err
			}
		}
	}
	if all.rows <= s.size {
		return s.runOne(ctx, all, asMany, func(worker uint) uint { return worker })
	}
	if days := s.rows.days(); len(days) > 0 { // there are no rows outside
		all.from = max(all.from, spanOfDay(days[0]).from)
		all.to = min(all.to, spanOfDay(days[len(days)-1]).to)
	}
	group, ctx := errgroup.WithContext(ctx)
	next := make(chan slice)
	group.Go(func() error {
		defer close(next)
		return s.divide(ctx, all, next)
	})
	readers := uint(processors())
	for reader := range readers {
		group.Go(func() error {
			for one := range next {
				// The engine may visit at once also what one goroutine has read.
				err := s.runOne(ctx, one, alone, func(worker uint) uint { return worker*readers + reader })
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// divide sends the slices of what is given, which may be one. It cuts between days if it
// can, as the engine keeps each apart.
func (s *sliced) divide(ctx context.Context, whole slice, next chan<- slice) error {
	if whole.rows <= 0 { // as rows have come meanwhile, there may be some
		count, err := s.rows.countAll(ctx, s.selected.tenant, whole.span)
		if err != nil || count == 0 {
			return err
		}
		whole.rows = count
	}
	if whole.rows <= s.wanted() || whole.length() == 1 {
		select {
		case next <- whole:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	first, second := whole.halve()
	count, err := s.rows.countAll(ctx, s.selected.tenant, first)
	if err != nil {
		return err
	}
	if count > 0 {
		if err := s.divide(ctx, slice{first, count}, next); err != nil {
			return err
		}
	}
	return s.divide(ctx, slice{second, whole.rows - count}, next)
}

// halve cuts a span of more than a nanosecond in two, at the end of a day if it has one.
func (s span) halve() (first, second span) {
	last := s.from + (s.length()-1)/2 // of the first half
	if border := spanOfDay(dayOf(last)).to; border < s.to {
		last = border
	} else if border := spanOfDay(dayOf(last)).from - 1; border >= s.from {
		last = border
	}
	return span{s.from, last}, span{last + 1, s.to}
}

// runOne waits for a turn and takes it.
func (s *sliced) runOne(ctx context.Context, one slice, with concurrency, workerOf func(uint) uint) error {
	turn, err := s.query.gate.wait(ctx, s.query)
	if err != nil {
		return fmt.Errorf("wait for other queries: %w", err)
	}
	if turn.isAlone {
		with = alone
	}
	selected := s.selected
	selected.span = one.span
	looked, err := s.rows.run(ctx, selected, s.pipe, with, func(worker uint, block *logstorage.DataBlock) {
		s.visit(workerOf(worker), block)
	})
	s.adapt(one.rows, s.query.gate.done(turn))
	if err != nil {
		return err
	}
	return s.query.look(min(looked, one.rows)) // the engine counts whole blocks
}

func (s *sliced) wanted() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.size
}

// adapt says how many rows the next slice is to have, after one that took so long.
func (s *sliced) adapt(rows int64, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if rows < s.size/2 && took < sliceTime { // which says little
		return
	}
	fitting := int64(float64(rows) * sliceTime.Seconds() / max(took, time.Microsecond).Seconds())
	sizes := s.query.gate.sizes
	s.size = max(sizes.least, s.size/maxSliceGrowth, min(fitting, s.size*maxSliceGrowth, sizes.most))
}
