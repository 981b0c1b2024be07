package embedded_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"
	"go.uber.org/zap/zaptest/observer"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/embedded"
	"github.com/docketlog/docket/internal/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, engineGoroutines()...) }

// project is the project of the tests' records.
const project = 7

// day is the time of most of the tests' records.
var day = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func open(tb testing.TB, directory string) *embedded.Backend {
	tb.Helper()
	backend, err := embedded.Open(embedded.Config{Directory: directory, Logger: zaptest.NewLogger(tb)})
	require.NoError(tb, err)
	tb.Cleanup(func() {
		if err := backend.Close(); err != nil {
			require.ErrorIs(tb, err, logstore.ErrClosed)
		}
	})
	return backend
}

// store applies the records and makes them findable.
func store(tb testing.TB, backend *embedded.Backend, records ...record.Record) {
	tb.Helper()
	require.NoError(tb, backend.Apply(tb.Context(), records, false))
	require.NoError(tb, backend.Sync(tb.Context()))
}

func search(tb testing.TB, backend *embedded.Backend, query logstore.Query) []record.Record {
	tb.Helper()
	if query.ProjectID == 0 {
		query.ProjectID = project
	}
	if query.Limit == 0 {
		query.Limit = 100_000
	}
	found, err := backend.Search(tb.Context(), query)
	require.NoError(tb, err)
	return found
}

func count(tb testing.TB, backend *embedded.Backend, query logstore.Query) int64 {
	tb.Helper()
	query.ProjectID = project
	found, err := backend.Count(tb.Context(), query)
	require.NoError(tb, err)
	return found
}

func idsOf(records []record.Record) []string {
	ids := make([]string, len(records))
	for i, r := range records {
		ids[i] = r.ID()
	}
	return ids
}

func randomSource(tb testing.TB) *rand.Rand {
	tb.Helper()
	seed := uint64(time.Now().UnixNano())
	tb.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func TestConfig(t *testing.T) {
	logger := zaptest.NewLogger(t)
	for name, config := range map[string]embedded.Config{
		"no directory":    {Logger: logger},
		"no logger":       {Directory: t.TempDir()},
		"negative memory": {Directory: t.TempDir(), Logger: logger, MemoryLimitBytes: -1},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := embedded.Open(config)
			require.Error(t, err)
			assert.Equal(t, config.Validate(), err)
		})
	}
}

func TestOpenWhatCannotBeADirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := embedded.Open(embedded.Config{Directory: file, Logger: zaptest.NewLogger(t)})
	require.Error(t, err)
}

func TestOpenTwice(t *testing.T) {
	directory := t.TempDir()
	open(t, directory)
	core, logs := observer.New(zap.InfoLevel)
	_, err := embedded.Open(embedded.Config{Directory: directory, Logger: zap.New(core)})
	require.ErrorContains(t, err, "exclusive access")
	require.Equal(t, 1, logs.Len(), "the engine's log goes to the backend's")
	assert.Contains(t, logs.All()[0].Message, "storage engine: FATAL: cannot create lock file")
	assert.Equal(t, "panic", logs.All()[0].ContextMap()["engine_level"])
}

func TestFoundSoonWithoutSync(t *testing.T) {
	backend := open(t, t.TempDir())
	r := newRecord(project, pcommon.NewTimestampFromTime(day), "hello")
	require.NoError(t, backend.Apply(t.Context(), []record.Record{r}, false))
	assert.Eventually(t, func() bool {
		return len(search(t, backend, logstore.Query{})) == 1
	}, 2*time.Second, 20*time.Millisecond)
}

func TestReopen(t *testing.T) {
	directory := t.TempDir()
	backend := open(t, directory)
	r := newRecord(project, pcommon.NewTimestampFromTime(day), "hello")
	require.NoError(t, backend.Apply(t.Context(), []record.Record{r}, false))
	require.NoError(t, backend.Close())

	assert.Equal(t, []string{r.ID()}, idsOf(search(t, open(t, directory), logstore.Query{})))
}

func TestClosed(t *testing.T) {
	backend := open(t, t.TempDir())
	require.NoError(t, backend.Close())

	require.ErrorIs(t, backend.Close(), logstore.ErrClosed)
	require.ErrorIs(t, backend.Apply(t.Context(), nil, false), logstore.ErrClosed)
	require.ErrorIs(t, backend.Sync(t.Context()), logstore.ErrClosed)
	_, err := backend.Search(t.Context(), logstore.Query{ProjectID: 1, Limit: 1})
	require.ErrorIs(t, err, logstore.ErrClosed)
	_, err = backend.Count(t.Context(), logstore.Query{ProjectID: 1})
	require.ErrorIs(t, err, logstore.ErrClosed)
}

// Close must wait for queries: the engine would panic under them.
func TestCloseDuringQueries(t *testing.T) {
	backend := open(t, t.TempDir())
	store(t, backend, newRecord(project, pcommon.NewTimestampFromTime(day), "hello"))
	ended := make(chan error)
	for range 4 {
		go func() {
			for {
				found, err := backend.Search(context.Background(), logstore.Query{ProjectID: project, Limit: 10})
				if err == nil && len(found) != 1 {
					err = assert.AnError
				}
				if err != nil {
					ended <- err
					return
				}
			}
		}()
	}
	time.Sleep(50 * time.Millisecond)
	require.NoError(t, backend.Close())
	for range 4 {
		require.ErrorIs(t, <-ended, logstore.ErrClosed)
	}
}

// Close must wait for merges: the engine would take from them what they read. The race
// detector sees it, if anything does.
func TestCloseDuringMerges(t *testing.T) {
	for range 20 {
		files := 8
		backend := open(t, t.TempDir())
		for n := range files {
			store(t, backend, newRecord(project, pcommon.NewTimestampFromTime(day), fmt.Sprint(n)))
		}
		require.NoError(t, backend.Close())
	}
}

func TestCanceled(t *testing.T) {
	backend := open(t, t.TempDir())
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := backend.Search(canceled, logstore.Query{ProjectID: project, Limit: 1})
	require.ErrorIs(t, err, context.Canceled)
	_, err = backend.Count(canceled, logstore.Query{ProjectID: project})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, backend.Apply(canceled, []record.Record{newRecord(project, 1, "x")}, false), context.Canceled)
	require.ErrorIs(t, backend.Sync(canceled), context.Canceled)

	// What follows goes straight to the engine.
	_, err = backend.CountExact(canceled, project)
	require.ErrorIs(t, err, context.Canceled)
}

func TestProjectsAreApart(t *testing.T) {
	backend := open(t, t.TempDir())
	one, other := newRecord(1, 5, "x"), newRecord(4294967295, 5, "x")
	store(t, backend, one, other)
	for _, r := range []record.Record{one, other} {
		found := search(t, backend, logstore.Query{ProjectID: r.ProjectID(), Filter: filter.BodyContains("x")})
		assert.Equal(t, []string{r.ID()}, idsOf(found))
	}
	assert.Empty(t, search(t, backend, logstore.Query{ProjectID: 2}))
	for _, impossible := range []int64{-1, 4294967296, 4294967297} {
		_, err := backend.Search(t.Context(), logstore.Query{ProjectID: impossible, Limit: 1})
		require.ErrorContains(t, err, "project id")
	}
}
