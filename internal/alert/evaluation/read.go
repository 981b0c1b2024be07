package evaluation

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/percolator"
	"github.com/docketlog/docket/internal/record"
)

const (
	// manyUntagged is for how many alerts it is looked at whether reading records is less
	// than counting for each.
	manyUntagged = 20
	// readPerAlert is how many records are read in less time than one count takes.
	readPerAlert = 25
)

// untagged is an alert that is counted by its filters, in some windows.
type untagged struct {
	*pending

	windows []alert.Span
}

// countUntagged counts by the alerts' own filters. For many alerts, as when they have just
// been made, it reads the records once and matches them with all filters, if there are not
// too many.
func (e *Evaluator) countUntagged(ctx context.Context, projectID int64, all []untagged) {
	if e.Reader != nil && len(all) >= manyUntagged {
		start := time.Now()
		isDone, err := e.readAndCount(ctx, projectID, all)
		if isDone {
			for _, u := range all {
				u.took = time.Since(start)
			}
			return
		}
		if err != nil {
			e.Logger.Debug("records cannot be read for many alerts; counting for each", zap.Int64("project", projectID), zap.Error(err))
		}
	}
	for _, u := range all {
		e.countOne(ctx, projectID, u.pending, u.windows)
	}
}

// readAndCount reads the records of all windows; isDone is false if there are too many, or
// with an error.
func (e *Evaluator) readAndCount(ctx context.Context, projectID int64, all []untagged) (isDone bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, e.QueryTimeout)
	defer cancel()
	var windows []alert.Span
	filters := make([]*percolator.Filter, len(all))
	for i, u := range all {
		windows = append(windows, u.windows...)
		filters[i] = u.compiled
	}
	f := frameOf(windows)
	total, err := countFilter(ctx, e.Records, projectID, f, nil)
	if err != nil || total.before[f.steps] > int64(readPerAlert*len(all)) {
		return false, err
	}
	counts, matching := make([][]int64, len(all)), percolator.Of(filters)
	var matches []int
	selected := f.query(projectID, nil).Selection
	err = logstore.Scan(ctx, e.Reader, logstore.Query{
		ProjectID: projectID, From: selected.From, To: selected.To, Filter: selected.Filter, Order: logstore.OldestFirst,
	}, func(r record.Record) error {
		place, ok := f.place(record.TimeOf(r.Log.Timestamp()))
		if !ok {
			return nil
		}
		matches = matching.Match(matches[:0], r)
		for _, index := range matches {
			if counts[index] == nil {
				counts[index] = make([]int64, f.steps)
			}
			counts[index][place]++
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	for i, u := range all {
		u.counts = series{frame: f}
		if counts[i] != nil {
			u.counts = newSeries(f, counts[i])
		}
	}
	return true, nil
}
