package retention

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/embedded"
	"github.com/docketlog/docket/internal/record"
)

var _ Store = (*embedded.Backend)(nil)

func engineGoroutines() []goleak.Option {
	const library = "github.com/VictoriaMetrics/VictoriaMetrics/lib/"
	return []goleak.Option{
		goleak.IgnoreAnyFunction(library + "logger.newLogThrottler.func1"),
		goleak.IgnoreAnyFunction(library + "fasttime.init.0.func1"),
		goleak.IgnoreAnyFunction(library + "timeutil.init.0.func1"),
		goleak.IgnoreAnyFunction(library + "bytesutil.newInternStringMap.func1"),
		goleak.IgnoreAnyFunction(library + "blockcache.(*Cache).cleaner"),
		goleak.IgnoreAnyFunction("github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage.init.0.func1"),
		goleak.IgnoreAnyFunction("github.com/VictoriaMetrics/metrics.summariesSwapCron"),
	}
}

// newBackend returns a backend in which each of ten days has ten records of each
// of three projects.
func newBackend(t *testing.T) *embedded.Backend {
	t.Helper()
	backend, err := embedded.Open(embedded.Config{Directory: t.TempDir(), Logger: zaptest.NewLogger(t)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, backend.Close()) })
	var batch []record.Record
	for ago := range 10 {
		for project := int64(1); project <= 3; project++ {
			for hour := range 10 {
				r := record.New()
				r.Resource.Attributes().PutInt(record.AttributeProjectID, project)
				r.Log.SetTimestamp(pcommon.NewTimestampFromTime(daysAgo(ago).Add(time.Duration(hour) * time.Hour)))
				r.Log.Attributes().PutStr(record.AttributeID, record.NewID(r.Log.Timestamp()))
				batch = append(batch, r)
			}
		}
	}
	require.NoError(t, backend.Apply(t.Context(), batch, false))
	require.NoError(t, backend.Sync(t.Context()))
	return backend
}

func counts(t *testing.T, backend *embedded.Backend) [3]int64 {
	t.Helper()
	var all [3]int64
	for i := range all {
		count, err := backend.Count(t.Context(), logstore.Query{ProjectID: int64(i + 1)})
		require.NoError(t, err)
		all[i] = count
	}
	return all
}

func TestAgesOfTheEmbeddedStore(t *testing.T) {
	backend := newBackend(t)
	keeper, _ := newKeeper(t, backend, Policy{DefaultAge: 5 * MinAge, Ages: map[int64]time.Duration{2: 8 * MinAge}})
	require.NoError(t, keeper.RunOnce(t.Context()))
	assert.Equal(t, [3]int64{60, 90, 60}, counts(t, backend))
	days, err := backend.Days(t.Context())
	require.NoError(t, err)
	assert.Len(t, days, 9)
	stats := keeper.Stats()
	assert.Positive(t, stats.DeletedBytes)
	stats.DeletedBytes = 0
	assert.Equal(t, Stats{Runs: 1, DeletedDays: 1, DeletedParts: 3}, stats)
	require.NoError(t, keeper.RunOnce(t.Context()))
	assert.Equal(t, [3]int64{60, 90, 60}, counts(t, backend))
}

func TestSizeOfTheEmbeddedStore(t *testing.T) {
	backend := newBackend(t)
	keeper, _ := newKeeper(t, backend, Policy{})
	all, err := keeper.measure(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 10)
	var limit int64
	for _, d := range all[7:] {
		limit += d.bytes
	}
	keeper, logs := newKeeper(t, backend, Policy{MaxBytes: limit})
	require.NoError(t, keeper.RunOnce(t.Context()))
	assert.Equal(t, [3]int64{30, 30, 30}, counts(t, backend))
	assert.Equal(t, 7, logs.Len())
}
