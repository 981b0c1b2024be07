package cluster

import (
	"context"
	"time"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// records is the Backend that the cluster has, once it is connected.
type records struct{ cluster *Cluster }

var _ Backend = records{}

// Records returns the backend. It belongs to the caller, who closes it after the
// Cluster.
func (c *Cluster) Records() Backend { return records{c} }

// ask calls a method of the connected backend that reads, a few times if the error is
// passing.
func ask[Q, T any](ctx context.Context, r records, query Q, call func(Backend, context.Context, Q) (T, error)) (answer T, err error) {
	connected, err := r.cluster.stores()
	if err != nil {
		return answer, err
	}
	for pause := firstPause; ; pause *= 2 {
		answer, err = call(connected.Records, ctx, query)
		if err == nil || pause > lastPause || !r.cluster.config.IsPassing(err) || !sleep(ctx, pause) {
			return answer, r.cluster.translate(err)
		}
	}
}

// do calls a method that changes something, or needs to be called once only.
func (r records) do(call func(Backend) error) error {
	connected, err := r.cluster.stores()
	if err != nil {
		return err
	}
	return r.cluster.translate(call(connected.Records))
}

// counted is an answer of two parts.
type counted[T any] struct {
	found T
	total int
}

func askCounted[Q, T any](
	ctx context.Context, r records, query Q, call func(Backend, context.Context, Q) (T, int, error),
) (found T, total int, err error) {
	both, err := ask(ctx, r, query, func(backend Backend, ctx context.Context, query Q) (both counted[T], err error) {
		both.found, both.total, err = call(backend, ctx, query)
		return both, err
	})
	return both.found, both.total, err
}

func (r records) Search(ctx context.Context, query logstore.Query) ([]record.Record, error) {
	return ask(ctx, r, query, Backend.Search)
}

func (r records) Count(ctx context.Context, query logstore.Query) (int64, error) {
	return ask(ctx, r, query, Backend.Count)
}

func (r records) Histogram(ctx context.Context, query logstore.HistogramQuery) ([]logstore.Bucket, error) {
	return ask(ctx, r, query, Backend.Histogram)
}

func (r records) Values(ctx context.Context, query logstore.ValuesQuery) ([]logstore.ValueCount, int, error) {
	return askCounted(ctx, r, query, Backend.Values)
}

func (r records) Keys(ctx context.Context, query logstore.KeysQuery) ([]logstore.KeyCount, int, error) {
	return askCounted(ctx, r, query, Backend.Keys)
}

func (r records) Groups(ctx context.Context, query logstore.GroupsQuery) (logstore.Groups, error) {
	return ask(ctx, r, query, Backend.Groups)
}

func (r records) Apply(ctx context.Context, batch []record.Record, replayed bool) error {
	return r.do(func(backend Backend) error { return backend.Apply(ctx, batch, replayed) })
}

// Sync has nothing to do for a cluster that was never connected: nothing was applied.
func (r records) Sync(ctx context.Context) error {
	connected := r.cluster.connected.Load()
	if connected == nil {
		return nil
	}
	return connected.Records.Sync(ctx)
}

func (r records) Close() error {
	connected := r.cluster.connected.Load()
	if connected == nil {
		return nil
	}
	return connected.Records.Close()
}

func (r records) Days(ctx context.Context) (days []time.Time, err error) {
	err = r.do(func(backend Backend) error { days, err = backend.Days(ctx); return err })
	return days, err
}

func (r records) DayBytes(ctx context.Context, day time.Time) (int64, error) {
	return ask(ctx, r, day, Backend.DayBytes)
}

func (r records) Projects(ctx context.Context, day time.Time) ([]int64, error) {
	return ask(ctx, r, day, Backend.Projects)
}

func (r records) DeleteDay(ctx context.Context, day time.Time) error {
	return r.do(func(backend Backend) error { return backend.DeleteDay(ctx, day) })
}

func (r records) DeleteProjects(ctx context.Context, day time.Time, projects []int64) error {
	return r.do(func(backend Backend) error { return backend.DeleteProjects(ctx, day, projects) })
}
