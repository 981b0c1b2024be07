package logsapiextension

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// memoryStore is a logstore.Store that keeps to the interface's promises and
// evaluates every query over all records.
type memoryStore struct {
	mu      sync.Mutex
	records []record.Record
	// searches and counts are how often each question was asked.
	searches, counts int
	// failure is returned by every question.
	failure error
	// slow makes every question last until its context ends.
	slow bool
}

var _ logstore.Store = (*memoryStore)(nil)

// Append implements logstore.Writer.
func (s *memoryStore) Append(_ context.Context, logs plog.Logs) error {
	kept := plog.NewLogs()
	logs.CopyTo(kept)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records = slices.AppendSeq(s.records, record.All(kept))
	return nil
}

// Search implements logstore.Reader.
func (s *memoryStore) Search(ctx context.Context, query logstore.Query) ([]record.Record, error) {
	s.mu.Lock()
	s.searches++
	s.mu.Unlock()
	found, err := s.selected(ctx, query)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b record.Record) int {
		return cmp.Or(cmp.Compare(b.Log.Timestamp(), a.Log.Timestamp()), cmp.Compare(b.ID(), a.ID()))
	})
	if query.Order == logstore.OldestFirst {
		slices.Reverse(found)
	}
	found = found[min(query.Offset, len(found)):]
	return found[:min(query.Limit, len(found))], nil
}

// asked is how many searches have begun.
func (s *memoryStore) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.searches
}

// Count implements logstore.Reader.
func (s *memoryStore) Count(ctx context.Context, query logstore.Query) (int64, error) {
	s.mu.Lock()
	s.counts++
	s.mu.Unlock()
	found, err := s.selected(ctx, query)
	return int64(len(found)), err
}

func (s *memoryStore) selected(ctx context.Context, query logstore.Query) ([]record.Record, error) {
	s.mu.Lock()
	records, failure, slow := slices.Clone(s.records), s.failure, s.slow
	s.mu.Unlock()
	if slow {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if failure != nil {
		return nil, failure
	}
	return slices.DeleteFunc(records, func(r record.Record) bool { return !selects(query, r) }), nil
}

func selects(query logstore.Query, r record.Record) bool {
	at := r.Log.Timestamp().AsTime()
	return r.ProjectID() == query.ProjectID &&
		(query.From.IsZero() || !at.Before(query.From)) &&
		(query.To.IsZero() || !at.After(query.To)) &&
		filter.Matches(query.Filter, r)
}
