package embedded_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap/zaptest"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/embedded"
	"github.com/docketlog/docket/internal/logstore/logstoretest"
	"github.com/docketlog/docket/internal/record"
)

func openWithLimits(t *testing.T, change func(*embedded.Limits)) *embedded.Backend {
	t.Helper()
	limits := embedded.DefaultLimits()
	change(&limits)
	backend, err := embedded.Open(embedded.Config{Directory: t.TempDir(), Logger: zaptest.NewLogger(t), Limits: &limits})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, backend.Close()) })
	return backend
}

// numbered returns records a minute apart, the last of them at day.
func numbered(count, bodyBytes int) []record.Record {
	records := make([]record.Record, count)
	for i := range records {
		at := day.Add(time.Duration(i-count+1) * time.Minute)
		records[i] = newRecord(project, pcommon.NewTimestampFromTime(at), fmt.Sprintf("number %d %s", i, strings.Repeat("x", bodyBytes)))
	}
	return records
}

// What is found does not depend on the slices in which it is.
func TestConformanceInSlices(t *testing.T) {
	logstoretest.Conformance(t, logstoretest.Options{Rounds: 1, Questions: 5}, func(t *testing.T) logstoretest.Backend {
		t.Helper()
		backend := open(t, t.TempDir())
		backend.CutInto(50)
		return backend
	})
}

func TestRowsOfAQueryAreBounded(t *testing.T) {
	backend := openWithLimits(t, func(l *embedded.Limits) { l.MaxRows = 500 })
	backend.CutInto(100)
	store(t, backend, numbered(1000, 0)...)
	contains := filter.BodyContains("number 99")
	count := func(from time.Time) (int64, error) {
		return backend.Count(t.Context(), logstore.Query{ProjectID: project, Filter: contains, From: from})
	}
	_, err := count(time.Time{})
	var expensive *logstore.TooExpensiveError
	require.ErrorAs(t, err, &expensive)
	assert.Contains(t, expensive.Reason, "more than 500 records")
	assert.False(t, expensive.IsPageTooLarge)

	found, err := count(day.Add(-20 * time.Minute))
	require.NoError(t, err, "each query has its own")
	assert.EqualValues(t, 10, found)
	found, err = backend.Count(t.Context(), logstore.Query{ProjectID: project})
	require.NoError(t, err, "counting all looks at none")
	assert.EqualValues(t, 1000, found)
}

func TestMemoryOfAPageIsBounded(t *testing.T) {
	backend := openWithLimits(t, func(l *embedded.Limits) { l.MaxMemoryBytes = 1 << 20 })
	store(t, backend, append(numbered(8, 300_000), newRecord(project, pcommon.NewTimestampFromTime(day.Add(time.Second)), strings.Repeat("y", 3<<20)))...)
	query := logstore.Query{ProjectID: project, Limit: 9}
	_, err := backend.Search(t.Context(), query)
	var expensive *logstore.TooExpensiveError
	require.ErrorAs(t, err, &expensive)
	assert.True(t, expensive.IsPageTooLarge)
	assert.Contains(t, expensive.Reason, "more than 1 MiB of memory: ask for fewer at a time")

	query.Limit = 1
	found, err := backend.Search(t.Context(), query)
	require.NoError(t, err, "a record alone is found, whatever its size")
	assert.Len(t, found, 1)

	all := 0
	require.NoError(t, logstore.Scan(t.Context(), backend, logstore.Query{ProjectID: project}, func(record.Record) error { all++; return nil }))
	assert.Equal(t, 9, all)
}

func TestMemoryOfCountsIsBounded(t *testing.T) {
	backend := openWithLimits(t, func(l *embedded.Limits) { l.MaxMemoryBytes = 1 << 20 })
	backend.CutInto(10)
	store(t, backend, numbered(100, 20_000)...)
	_, _, err := backend.Values(t.Context(), logstore.ValuesQuery{
		Selection: logstore.Selection{ProjectID: project}, Field: filter.Field{Place: filter.PlaceBody}, Limit: 1,
	})
	var expensive *logstore.TooExpensiveError
	require.ErrorAs(t, err, &expensive)
	assert.Contains(t, expensive.Reason, "what it counts takes more than 1 MiB")
	assert.False(t, expensive.IsPageTooLarge)
}

// However many ask, those who may are answered, and the others are told to come back.
func TestQueriesOfABackendAreBounded(t *testing.T) {
	backend := openWithLimits(t, func(l *embedded.Limits) { l.MaxQueries = 4 })
	backend.CutInto(10)
	store(t, backend, numbered(500, 0)...)
	var mu sync.Mutex
	answered, refused := 0, 0
	var asking sync.WaitGroup
	for range 20 {
		asking.Go(func() {
			count, err := backend.Count(t.Context(), logstore.Query{ProjectID: project, Filter: filter.BodyContains("number 4")})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				answered++
				assert.EqualValues(t, 111, count)
				return
			}
			var tooMany *logstore.TooManyQueriesError
			assert.ErrorAs(t, err, &tooMany)
			refused++
		})
	}
	asking.Wait()
	assert.GreaterOrEqual(t, answered, 2)
	assert.Equal(t, 20, answered+refused)
}

// A client that goes ends its query, in whatever it is.
func TestQueriesEndWithTheirContext(t *testing.T) {
	backend := openWithLimits(t, func(*embedded.Limits) {})
	backend.CutInto(5)
	store(t, backend, numbered(5000, 0)...)
	for _, after := range []time.Duration{0, time.Millisecond, 5 * time.Millisecond, 20 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(t.Context(), after)
		began := time.Now()
		_, err := backend.Count(ctx, logstore.Query{ProjectID: project, Filter: filter.BodyContains("number 4")})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Less(t, time.Since(began), after+time.Second)
		cancel()
	}
	found, err := backend.Search(t.Context(), logstore.Query{ProjectID: project, Limit: 50})
	require.NoError(t, err, "the places are free again")
	assert.Len(t, found, 50)
}

// The applier asks which records are there already. It takes no turns, so that it never
// waits for those who read.
func TestReplayWaitsForNoQuery(t *testing.T) {
	backend := openWithLimits(t, func(l *embedded.Limits) { l.MaxQueries = 2 })
	records := numbered(10, 0)
	store(t, backend, records...)
	release := backend.HoldGate()
	defer release()
	_, err := backend.Count(t.Context(), logstore.Query{ProjectID: project, Filter: filter.BodyContains("number 4")})
	var tooMany *logstore.TooManyQueriesError
	require.ErrorAs(t, err, &tooMany)

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(t, backend.Apply(ctx, records, true))
	require.NoError(t, backend.Sync(ctx))
	require.NoError(t, backend.DeleteProjects(ctx, day, []int64{project}))
}

func TestLimitsSayWhatIsWrong(t *testing.T) {
	for want, change := range map[string]func(*embedded.Limits){
		"queries must be at least 2":     func(l *embedded.Limits) { l.MaxQueries = 1 },
		"rows of a query must":           func(l *embedded.Limits) { l.MaxRows = -1 },
		"memory of a query must":         func(l *embedded.Limits) { l.MaxMemoryBytes = 1000 },
		"must be a share of more than 0": func(l *embedded.Limits) { l.CPUShare = 0 },
		"and at most 1, not 1.5":         func(l *embedded.Limits) { l.CPUShare = 1.5 },
	} {
		limits := embedded.DefaultLimits()
		require.NoError(t, limits.Validate())
		change(&limits)
		_, err := embedded.Open(embedded.Config{Directory: t.TempDir(), Logger: zaptest.NewLogger(t), Limits: &limits})
		require.ErrorContains(t, err, want)
	}
}
