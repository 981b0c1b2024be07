package embedded

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"github.com/docketlog/docket/internal/filter"
)

// countByBody counts the selected rows by looking at their bodies.
func (s *rows) countByBody(ctx context.Context, selected selection) (int64, error) {
	var total atomic.Int64
	err := s.queryAtOnce(ctx, selected, fields(selected.bodyColumns()), func(block *logstorage.DataBlock) {
		total.Add(int64(len(selected.indexes(block))))
	})
	return total.Load(), err
}

// readByBody calls visit with the named columns of blocks that have selected
// rows, and the indexes of these; never at the same time. What it reads must
// not be kept.
func (s *rows) readByBody(
	ctx context.Context, selected selection, names []string, visit func(block *logstorage.DataBlock, selected []int),
) error {
	names = slices.Concat(names, selected.bodyColumns())
	var visiting sync.Mutex
	return s.queryAtOnce(ctx, selected, fields(names), func(block *logstorage.DataBlock) {
		indexes := selected.indexes(block)
		if len(indexes) == 0 {
			return
		}
		visiting.Lock()
		defer visiting.Unlock()
		visit(block, indexes)
	})
}

// bodyColumns returns the columns that indexes needs.
func (c compiled) bodyColumns() []string {
	switch {
	case len(c.bodies) == 0:
		return nil
	case c.hasLarge:
		return []string{columnBody, columnParts}
	default:
		return []string{columnBody}
	}
}

// indexes returns which rows of a block, all of which meet the condition, have the
// bodies that are selected.
func (c compiled) indexes(block *logstorage.DataBlock) []int {
	selected := make([]int, 0, block.RowsCount())
	bodies, parts := valuesOf(block, columnBody), valuesOf(block, columnParts)
	for i := range block.RowsCount() {
		isKnown := len(c.bodies) == 0 || c.hasLarge && parts[i] != ""
		if isKnown || containsAll(bodies[i], c.bodies) {
			selected = append(selected, i)
		}
	}
	return selected
}

func containsAll(text string, finders []*filter.Finder) bool {
	for _, finder := range finders {
		if !finder.In(text) {
			return false
		}
	}
	return true
}
