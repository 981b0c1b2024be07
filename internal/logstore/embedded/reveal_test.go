package embedded_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// What was applied is found by the queries that begin after that, of every kind.
func TestQueriesFindWhatWasJustApplied(t *testing.T) {
	backend := open(t, t.TempDir())
	for n := range 20 {
		r := newRecord(project, pcommon.NewTimestampFromTime(day.Add(time.Duration(n)*time.Hour)), fmt.Sprintf("event %d", n))
		require.NoError(t, backend.Apply(t.Context(), []record.Record{r}, false))
		found, err := backend.Search(t.Context(), logstore.Query{ProjectID: project, Limit: 1, Filter: filter.BodyContains(fmt.Sprintf("event %d", n))})
		require.NoError(t, err)
		require.Len(t, found, 1, "event %d", n)
		count, err := backend.Count(t.Context(), logstore.Query{ProjectID: project})
		require.NoError(t, err)
		require.EqualValues(t, n+1, count)
	}
}

// BenchmarkReveal is the search that comes after a batch, and so makes its records findable.
func BenchmarkReveal(b *testing.B) {
	for _, size := range []int{1, 100, 1000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			backend := open(b, b.TempDir())
			random := rand.New(rand.NewPCG(1, 2))
			for ago := range 30 { // a folder for each day
				require.NoError(b, backend.Apply(b.Context(), benchmarkBatch(random, day.AddDate(0, 0, -ago), 100), false))
			}
			for b.Loop() {
				b.StopTimer()
				batch := benchmarkBatch(random, day, size)
				require.NoError(b, backend.Apply(b.Context(), batch, false))
				b.StartTimer()
				backend.Reveal()
			}
		})
	}
}
