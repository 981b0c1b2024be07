package logsapiextension

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/logstoretest"
	"github.com/docketlog/docket/internal/record"
)

// memoryStore is a store that counts what it is asked, and can fail and be slow.
type memoryStore struct {
	logstoretest.Reference

	mu sync.Mutex
	// searches and counts are how often each question was asked.
	searches, counts int
	// failure is returned by every question.
	failure error
	// slow makes every question last until its context ends; ended is how many have.
	slow  bool
	ended atomic.Int64
	// pages answers searches instead of the records, if it is there.
	pages func(ctx context.Context, query logstore.Query) ([]record.Record, error)
}

var (
	_ logstore.Store   = (*memoryStore)(nil)
	_ logstore.Analyst = (*memoryStore)(nil)
)

// begin returns the error of a question that fails.
func (s *memoryStore) begin(ctx context.Context, asked *int) error {
	s.mu.Lock()
	if asked != nil {
		*asked++
	}
	failure, slow := s.failure, s.slow
	s.mu.Unlock()
	if slow {
		<-ctx.Done()
		s.ended.Add(1)
		return ctx.Err()
	}
	return failure
}

// asked is how many searches have begun.
func (s *memoryStore) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.searches
}

// Search implements logstore.Reader.
func (s *memoryStore) Search(ctx context.Context, query logstore.Query) ([]record.Record, error) {
	if err := s.begin(ctx, &s.searches); err != nil {
		return nil, err
	}
	if s.pages != nil {
		return s.pages(ctx, query)
	}
	return s.Reference.Search(ctx, query)
}

// Count implements logstore.Reader.
func (s *memoryStore) Count(ctx context.Context, query logstore.Query) (int64, error) {
	if err := s.begin(ctx, &s.counts); err != nil {
		return 0, err
	}
	return s.Reference.Count(ctx, query)
}

// Histogram implements logstore.Analyst.
func (s *memoryStore) Histogram(ctx context.Context, query logstore.HistogramQuery) ([]logstore.Bucket, error) {
	if err := s.begin(ctx, nil); err != nil {
		return nil, err
	}
	return s.Reference.Histogram(ctx, query)
}

// Values implements logstore.Analyst.
func (s *memoryStore) Values(ctx context.Context, query logstore.ValuesQuery) ([]logstore.ValueCount, int, error) {
	if err := s.begin(ctx, nil); err != nil {
		return nil, 0, err
	}
	return s.Reference.Values(ctx, query)
}

// Keys implements logstore.Analyst.
func (s *memoryStore) Keys(ctx context.Context, query logstore.KeysQuery) ([]logstore.KeyCount, int, error) {
	if err := s.begin(ctx, nil); err != nil {
		return nil, 0, err
	}
	return s.Reference.Keys(ctx, query)
}

// Groups implements logstore.Analyst.
func (s *memoryStore) Groups(ctx context.Context, query logstore.GroupsQuery) (logstore.Groups, error) {
	if err := s.begin(ctx, nil); err != nil {
		return logstore.Groups{}, err
	}
	return s.Reference.Groups(ctx, query)
}
