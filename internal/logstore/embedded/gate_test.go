package embedded

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/logstore"
)

func newTestGate(change func(*Limits)) *gate {
	limits := DefaultLimits()
	if change != nil {
		change(&limits)
	}
	return newGate(limits)
}

// keepBusy brings records until the test ends.
func keepBusy(t *testing.T, g *gate) {
	t.Helper()
	g.intake.add(2*busyIntake, time.Now())
	ctx, stop := context.WithCancel(t.Context())
	var bringing sync.WaitGroup
	bringing.Go(func() {
		for ctx.Err() == nil {
			time.Sleep(10 * time.Millisecond)
			g.intake.add(busyIntake/50, time.Now())
		}
	})
	t.Cleanup(func() { stop(); bringing.Wait() })
}

// beginLong returns a query that has left the short lane.
func beginLong(t *testing.T, g *gate, project int64) *query {
	t.Helper()
	q, err := g.begin(project)
	require.NoError(t, err)
	q.worked = shortQuery
	return q
}

func TestShortQueriesDoNotWaitBehindLongOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newTestGate(nil)
		keepBusy(t, g)
		var working sync.WaitGroup
		for range 10 {
			long := beginLong(t, g, 1)
			working.Go(func() {
				defer g.end(long)
				for range 5 {
					turn, err := g.wait(t.Context(), long)
					if !assert.NoError(t, err) { //nolint:testifylint // not the test's goroutine
						return
					}
					time.Sleep(sliceTime)
					g.done(turn)
				}
			})
		}
		time.Sleep(10 * time.Millisecond)
		for range 20 {
			short, err := g.begin(1)
			require.NoError(t, err)
			began := time.Now()
			turn, err := g.wait(t.Context(), short)
			require.NoError(t, err)
			assert.Zero(t, time.Since(began))
			time.Sleep(2 * time.Millisecond)
			g.done(turn)
			g.end(short)
		}
		working.Wait()
	})
}

// A query becomes a long one by working for long, in however many slices.
func TestQueriesBecomeLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newTestGate(nil)
		q, err := g.begin(1)
		require.NoError(t, err)
		var lanes []bool
		for range 5 {
			turn, err := g.wait(t.Context(), q)
			require.NoError(t, err)
			lanes = append(lanes, turn.lane == &g.long)
			time.Sleep(shortQuery / 3)
			g.done(turn)
		}
		assert.Equal(t, []bool{false, false, false, false, true}, lanes, "thirds are rounded down")
		g.end(q)
	})
}

// One project's queries, however many, leave the other its turns.
func TestProjectsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newTestGate(nil)
		keepBusy(t, g)
		finished := map[int64]int{}
		var mu sync.Mutex
		ctx, stop := context.WithTimeout(t.Context(), 200*sliceTime)
		defer stop()
		var working sync.WaitGroup
		work := func(project int64) {
			q := beginLong(t, g, project)
			working.Go(func() {
				defer g.end(q)
				for {
					turn, err := g.wait(ctx, q)
					if err != nil {
						assert.ErrorIs(t, err, context.DeadlineExceeded)
						return
					}
					time.Sleep(sliceTime)
					g.done(turn)
					mu.Lock()
					finished[project]++
					mu.Unlock()
				}
			})
		}
		for range 20 {
			work(1)
		}
		time.Sleep(20 * sliceTime)
		mu.Lock()
		alone := finished[1]
		mu.Unlock()
		work(2)
		working.Wait()
		assert.Greater(t, finished[2], 5)
		assert.InDelta(t, finished[1]-alone, finished[2], 2)
	})
}

func TestLongQueriesLeaveTheirShare(t *testing.T) {
	work := func(t *testing.T, g *gate, length time.Duration) (share float64) {
		t.Helper()
		ctx, stop := context.WithTimeout(t.Context(), length)
		defer stop()
		var working sync.WaitGroup
		var worked atomic.Int64
		for range 3 * runtime.GOMAXPROCS(0) {
			q := beginLong(t, g, 1)
			working.Go(func() {
				defer g.end(q)
				for {
					turn, err := g.wait(ctx, q)
					if err != nil {
						return
					}
					time.Sleep(sliceTime)
					worked.Add(int64(g.done(turn)))
				}
			})
		}
		working.Wait()
		return float64(worked.Load()) / float64(length) / float64(runtime.GOMAXPROCS(0))
	}
	for _, share := range []float64{0.1, 0.25, 0.5, 1} {
		limit := func(l *Limits) { l.CPUShare = share }
		synctest.Test(t, func(t *testing.T) {
			g := newTestGate(limit)
			keepBusy(t, g)
			places := max(1, int(share*float64(runtime.GOMAXPROCS(0))))
			most := min(share, float64(places)/float64(runtime.GOMAXPROCS(0)))
			assert.InDelta(t, most, work(t, g, time.Minute), 0.02)
		})
		synctest.Test(t, func(t *testing.T) {
			assert.InDelta(t, 1, work(t, newTestGate(limit), time.Minute), 0.02, "while nothing comes")
		})
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newTestGate(nil)
		keepBusy(t, g)
		first, second := beginLong(t, g, 1), beginLong(t, g, 1)
		var turns []*turn
		for range g.longPlaces() {
			turn, err := g.wait(t.Context(), first)
			require.NoError(t, err)
			turns = append(turns, turn)
		}

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := g.wait(ctx, second)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, err = g.wait(ctx, second)
		require.ErrorIs(t, err, context.DeadlineExceeded, "at once")
		assert.Empty(t, g.long.waiting)

		// One whose turn has come, but not its time, gives it up too.
		for _, turn := range turns {
			g.done(turn)
		}
		ctx, cancel = context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if g.long.restUntil.After(time.Now().Add(time.Millisecond)) {
			_, err = g.wait(ctx, second)
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
		assert.Zero(t, g.long.running)
		turn, err := g.wait(t.Context(), second)
		require.NoError(t, err)
		g.done(turn)
		g.end(first)
		g.end(second)
	})
}

func TestQueriesAreBounded(t *testing.T) {
	g := newTestGate(func(l *Limits) { l.MaxQueries = 5 })
	begin := func(project int64) *query {
		t.Helper()
		q, err := g.begin(project)
		require.NoError(t, err)
		return q
	}
	refused := func(project int64, reason string) {
		t.Helper()
		_, err := g.begin(project)
		var tooMany *logstore.TooManyQueriesError
		require.ErrorAs(t, err, &tooMany)
		assert.GreaterOrEqual(t, tooMany.RetryAfter, time.Second)
		assert.Equal(t, reason, tooMany.Reason)
	}
	queries := []*query{begin(1), begin(1), begin(1)}
	refused(1, "3 of the project are being answered")
	queries = append(queries, begin(2), begin(3))
	refused(2, "5 are being answered")
	g.end(queries[0])
	queries[0] = begin(2)
	for _, q := range queries {
		g.end(q)
	}
	assert.Zero(t, g.queries)
	assert.Empty(t, g.projects)
}

func TestMemoryIsBounded(t *testing.T) {
	g := newTestGate(func(l *Limits) { l.MaxMemoryBytes = 1 << 20 })
	var queries []*query
	for project := range int64(maxMemoryShares) {
		q, err := g.begin(project)
		require.NoError(t, err)
		queries = append(queries, q)
		require.NoError(t, q.hold(1<<20))
		var expensive *logstore.TooExpensiveError
		require.ErrorAs(t, q.hold(1), &expensive)
		assert.False(t, expensive.IsPageTooLarge)
		assert.Contains(t, expensive.Reason, "more than 1 MiB")
		require.ErrorAs(t, q.holdPage(1), &expensive)
		assert.True(t, expensive.IsPageTooLarge)
	}
	q, err := g.begin(9)
	require.NoError(t, err)
	var tooMany *logstore.TooManyQueriesError
	require.ErrorAs(t, q.hold(1), &tooMany)
	g.end(queries[0])
	require.NoError(t, q.hold(1))
	for _, one := range append(queries[1:], q) {
		g.end(one)
	}
	assert.Zero(t, g.memory)
	require.NoError(t, (*query)(nil).hold(1<<40), "nobody's")
}

// Whatever is begun, waited for and given up, every place is given back, and there are
// never more slices than places.
func TestGateUnderRandomUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newTestGate(func(l *Limits) { l.MaxQueries = 10 })
		var using sync.WaitGroup
		var running atomic.Int64
		for user := range uint64(40) {
			random := rand.New(rand.NewPCG(user, 1))
			using.Go(func() {
				for range 50 {
					q, err := g.begin(random.Int64N(4))
					if err != nil {
						time.Sleep(time.Duration(random.Int64N(int64(retryQuery))))
						continue
					}
					if random.IntN(2) == 0 {
						g.intake.add(random.IntN(3000), time.Now())
					}
					for range random.IntN(5) {
						ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.Int64N(int64(sliceTime))))
						if turn, err := g.wait(ctx, q); err == nil {
							assert.LessOrEqual(t, running.Add(1), 2*int64(processors()))
							time.Sleep(time.Duration(random.Int64N(int64(sliceTime))))
							running.Add(-1)
							g.done(turn)
						}
						cancel()
					}
					g.end(q)
				}
			})
		}
		using.Wait()
		assert.Zero(t, g.queries)
		assert.Empty(t, g.projects)
		assert.Zero(t, g.short.running+g.long.running)
		assert.Empty(t, g.short.waiting)
		assert.Empty(t, g.long.waiting)
	})
}

func TestIntake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var i intake
		assert.Zero(t, i.busy(time.Now()))
		for range 1000 {
			time.Sleep(10 * time.Millisecond)
			i.add(1, time.Now())
		}
		assert.InDelta(t, 0.5, i.busy(time.Now()), 0.02)
		i.add(1_000_000, time.Now())
		assert.InDelta(t, 1, i.busy(time.Now()), 0)
		time.Sleep(20 * time.Second)
		assert.Less(t, i.busy(time.Now()), 0.02)
	})
}
