package logstoretest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

var (
	_ logstore.Store   = (*Reference)(nil)
	_ logstore.Analyst = (*Reference)(nil)
)

// Reference keeps records in a slice. The zero value is empty. It is safe for
// concurrent use, as long as nobody changes the records.
type Reference struct {
	mu      sync.RWMutex
	records []record.Record
}

// NewReference returns a reference with the records, which it does not copy.
func NewReference(records ...record.Record) *Reference {
	return &Reference{records: slices.Clone(records)}
}

// Append implements logstore.Writer.
func (s *Reference) Append(_ context.Context, logs plog.Logs) error {
	kept := plog.NewLogs()
	logs.CopyTo(kept)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records = slices.AppendSeq(s.records, record.All(kept))
	return nil
}

// Apply is that of logstore.Backend; records are the same when their project, their
// timestamp and their id are. It does not copy them.
func (s *Reference) Apply(_ context.Context, batch []record.Record, replayed bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range batch {
		isSame := func(other record.Record) bool { return isSameRecord(r, other) }
		if !replayed || !slices.ContainsFunc(s.records, isSame) {
			s.records = append(s.records, r)
		}
	}
	return nil
}

func isSameRecord(a, b record.Record) bool {
	return a.ProjectID() == b.ProjectID() && a.Log.Timestamp() == b.Log.Timestamp() && a.ID() == b.ID()
}

// Search implements logstore.Reader.
func (s *Reference) Search(ctx context.Context, query logstore.Query) ([]record.Record, error) {
	if query.Limit < 0 || query.Offset < 0 {
		return nil, fmt.Errorf("search: limit %d and offset %d must not be negative", query.Limit, query.Offset)
	}
	found, err := s.selected(ctx, selectionOf(query))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b record.Record) int { return compare(query.Order, placeOf(a), placeOf(b)) })
	if query.After != nil {
		found = slices.DeleteFunc(found, func(r record.Record) bool {
			return compare(query.Order, placeOf(r), *query.After) <= 0
		})
	}
	found = found[min(query.Offset, len(found)):]
	return found[:min(query.Limit, len(found))], nil
}

// Count implements logstore.Reader. It regards After, which leaves records out.
func (s *Reference) Count(ctx context.Context, query logstore.Query) (int64, error) {
	query.Limit, query.Offset = int(^uint(0)>>1), 0
	found, err := s.Search(ctx, query)
	return int64(len(found)), err
}

func selectionOf(query logstore.Query) logstore.Selection {
	return logstore.Selection{ProjectID: query.ProjectID, From: query.From, To: query.To, Filter: query.Filter}
}

// selected returns the records that a selection selects, in the order in which they
// came.
func (s *Reference) selected(ctx context.Context, selection logstore.Selection) ([]record.Record, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var found []record.Record
	for _, r := range s.records {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if selects(selection, r) {
			found = append(found, r)
		}
	}
	return found, nil
}

func selects(selection logstore.Selection, r record.Record) bool {
	t := timeOf(r)
	return r.ProjectID() == selection.ProjectID &&
		(selection.From.IsZero() || !t.Before(selection.From)) &&
		(selection.To.IsZero() || !t.After(selection.To)) &&
		filter.Matches(selection.Filter, r)
}

// timeOf returns the timestamp of a record, 1970 if it has none.
func timeOf(r record.Record) time.Time {
	t, _ := filter.Field{Place: filter.PlaceTimestamp}.Time(r)
	return t
}

func placeOf(r record.Record) logstore.Place { return logstore.Place{Timestamp: timeOf(r), ID: r.ID()} }

// compare is negative when a comes before b in the order.
func compare(order logstore.Order, a, b logstore.Place) int {
	if order == logstore.NewestFirst {
		a, b = b, a
	}
	return cmp.Or(a.Timestamp.Compare(b.Timestamp), strings.Compare(a.ID, b.ID))
}
