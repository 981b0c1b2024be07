package journaled

import (
	"context"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// Search implements logstore.Reader.
func (s *Store) Search(ctx context.Context, query logstore.Query) ([]record.Record, error) {
	return read(ctx, s, query, s.backend.Search)
}

// Count implements logstore.Reader.
func (s *Store) Count(ctx context.Context, query logstore.Query) (int64, error) {
	return read(ctx, s, query, s.backend.Count)
}

// Histogram implements logstore.Analyst.
func (s *Store) Histogram(ctx context.Context, query logstore.HistogramQuery) ([]logstore.Bucket, error) {
	return read(ctx, s, query, s.backend.Histogram)
}

// Values implements logstore.Analyst.
func (s *Store) Values(ctx context.Context, query logstore.ValuesQuery) (values []logstore.ValueCount, total int, err error) {
	values, err = read(ctx, s, query, func(ctx context.Context, query logstore.ValuesQuery) ([]logstore.ValueCount, error) {
		values, total, err = s.backend.Values(ctx, query)
		return values, err
	})
	return values, total, err
}

// Keys implements logstore.Analyst.
func (s *Store) Keys(ctx context.Context, query logstore.KeysQuery) (keys []logstore.KeyCount, total int, err error) {
	keys, err = read(ctx, s, query, func(ctx context.Context, query logstore.KeysQuery) ([]logstore.KeyCount, error) {
		keys, total, err = s.backend.Keys(ctx, query)
		return keys, err
	})
	return keys, total, err
}

// Groups implements logstore.Analyst.
func (s *Store) Groups(ctx context.Context, query logstore.GroupsQuery) (logstore.Groups, error) {
	return read(ctx, s, query, s.backend.Groups)
}

// read asks the backend, once that has what was acknowledged, until the store closes.
func read[Q, T any](ctx context.Context, s *Store, query Q, call func(context.Context, Q) (T, error)) (T, error) {
	return whileOpen(s, func() (T, error) {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		defer context.AfterFunc(s.closing, func() { cancel(logstore.ErrClosed) })()
		if s.findsAtOnce {
			s.applier.awaitAcknowledged(ctx)
		}
		return call(ctx, query)
	})
}
