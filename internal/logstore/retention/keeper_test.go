package retention

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// The embedded store's engine has goroutines of its own that never end.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m, engineGoroutines()...) }

// fakeStore has some bytes for each project and day.
type fakeStore struct {
	days map[time.Time]map[int64]int64
	// failing is the day that cannot be deleted.
	failing time.Time
	// deletions counts the calls that delete.
	deletions int
}

var errDisk = errors.New("the disk fails")

func (f *fakeStore) Days(ctx context.Context) ([]time.Time, error) {
	return slices.SortedFunc(maps.Keys(f.days), time.Time.Compare), ctx.Err()
}

func (f *fakeStore) DayBytes(ctx context.Context, day time.Time) (total int64, _ error) {
	for _, bytes := range f.days[day] {
		total += bytes
	}
	return total, ctx.Err()
}

func (f *fakeStore) Projects(ctx context.Context, day time.Time) ([]int64, error) {
	return slices.Sorted(maps.Keys(f.days[day])), ctx.Err()
}

func (f *fakeStore) DeleteDay(ctx context.Context, day time.Time) error {
	if day.Equal(f.failing) {
		return errDisk
	}
	f.deletions++
	delete(f.days, day)
	return ctx.Err()
}

func (f *fakeStore) DeleteProjects(ctx context.Context, day time.Time, projects []int64) error {
	if day.Equal(f.failing) {
		return errDisk
	}
	f.deletions++
	for _, project := range projects {
		delete(f.days[day], project)
	}
	if len(f.days[day]) == 0 {
		delete(f.days, day)
	}
	return ctx.Err()
}

// newFakeStore returns a store in which each of ten days has 100 bytes of each of
// three projects.
func newFakeStore() *fakeStore {
	store := &fakeStore{days: map[time.Time]map[int64]int64{}}
	for ago := range 10 {
		store.days[daysAgo(ago)] = map[int64]int64{1: 100, 2: 100, 3: 100}
	}
	return store
}

func newKeeper(t *testing.T, store Store, policy Policy) (*Keeper, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zap.InfoLevel)
	keeper, err := New(Config{Store: store, Policy: policy, Now: func() time.Time { return now }, Logger: zap.New(core)})
	require.NoError(t, err)
	return keeper, logs
}

func TestZeroPolicyDoesNothing(t *testing.T) {
	store := newFakeStore()
	keeper, _ := newKeeper(t, store, Policy{Ages: map[int64]time.Duration{1: 0}})
	keeper.Run(t.Context())
	require.NoError(t, keeper.RunOnce(t.Context()))
	assert.Zero(t, store.deletions)
}

func TestRunOnceByAge(t *testing.T) {
	store := newFakeStore()
	keeper, logs := newKeeper(t, store, Policy{DefaultAge: 5 * MinAge, Ages: map[int64]time.Duration{1: 0, 2: 3 * MinAge}})
	delete(store.days[daysAgo(8)], 1)
	require.NoError(t, keeper.RunOnce(t.Context()))
	assert.Len(t, store.days, 9)
	for ago, want := range map[int][]int64{9: {1}, 7: {1}, 6: {1}, 5: {1, 3}, 4: {1, 3}, 3: {1, 2, 3}, 0: {1, 2, 3}} {
		got, err := store.Projects(t.Context(), daysAgo(ago))
		require.NoError(t, err)
		assert.Equal(t, want, got, "%d days ago", ago)
	}
	assert.Equal(t, Stats{Runs: 1, DeletedDays: 1, DeletedParts: 5, DeletedBytes: 1000}, keeper.Stats())
	require.Equal(t, 6, logs.Len())
	assert.Equal(t, map[string]any{
		"day": "2026-11-12", "projects": []any{int64(2), int64(3)}, "whole_day": false, "bytes": int64(200), "reason": "they are past their age",
	}, logs.All()[0].ContextMap())
	require.NoError(t, keeper.RunOnce(t.Context()))
	assert.Equal(t, 6, store.deletions, "what is done is not done again")
}

func TestRunOnceBySize(t *testing.T) {
	store := newFakeStore()
	keeper, logs := newKeeper(t, store, Policy{DefaultAge: 8 * MinAge, MaxBytes: 2000})
	require.NoError(t, keeper.RunOnce(t.Context()))
	assert.Len(t, store.days, 6)
	assert.NotContains(t, store.days, daysAgo(6))
	assert.Equal(t, Stats{Runs: 1, DeletedDays: 4, DeletedBytes: 1200}, keeper.Stats())
	require.Equal(t, 4, logs.Len())
	assert.Equal(t, "they are past their age", logs.All()[0].ContextMap()["reason"])
	assert.Equal(t, "the store takes more of the disk than it may", logs.All()[3].ContextMap()["reason"])
}

func TestSizeThatCannotBeMet(t *testing.T) {
	store := newFakeStore()
	keeper, logs := newKeeper(t, store, Policy{MaxBytes: 1})
	require.NoError(t, keeper.RunOnce(t.Context()))
	assert.Len(t, store.days, 1)
	warnings := logs.FilterLevelExact(zap.WarnLevel)
	require.Equal(t, 1, warnings.Len())
	assert.Equal(t, map[string]any{"max_bytes": int64(1), "excess_bytes": int64(299)}, warnings.All()[0].ContextMap())
}

func TestFailureKeepsNothingElseBack(t *testing.T) {
	for name, policy := range map[string]Policy{"age": {DefaultAge: 5 * MinAge}, "size": {MaxBytes: 1800}} {
		t.Run(name, func(t *testing.T) {
			store := newFakeStore()
			store.failing = daysAgo(8)
			keeper, _ := newKeeper(t, store, policy)
			err := keeper.RunOnce(t.Context())
			require.ErrorIs(t, err, errDisk)
			require.ErrorContains(t, err, "2026-11-13")
			assert.Len(t, store.days, 7)
			assert.Equal(t, int64(1), keeper.Stats().Failures)
			store.failing = time.Time{}
			require.NoError(t, keeper.RunOnce(t.Context()))
			assert.Len(t, store.days, 6)
		})
	}
}

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newFakeStore()
		store.failing = daysAgo(9)
		reported := make(chan error, 10)
		keeper, err := New(Config{
			Store: store, Policy: Policy{DefaultAge: 5 * MinAge}, Now: func() time.Time { return now },
			OnHealth: func(err error) {
				reported <- err
				store.failing = time.Time{}
			},
		})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		finished := make(chan struct{})
		go func() { defer close(finished); keeper.Run(ctx) }()

		time.Sleep(firstRunAfter - time.Second)
		synctest.Wait()
		assert.Zero(t, keeper.Stats().Runs)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		assert.Equal(t, int64(1), keeper.Stats().Runs)
		require.Len(t, reported, 1)
		require.ErrorIs(t, <-reported, errDisk)
		time.Sleep(DefaultInterval)
		synctest.Wait()
		require.Len(t, reported, 1)
		require.NoError(t, <-reported)
		assert.Equal(t, Stats{Runs: 2, Failures: 1, DeletedDays: 4, DeletedBytes: 1200}, keeper.Stats())
		cancel()
		<-finished
		assert.Empty(t, reported)
	})
}
