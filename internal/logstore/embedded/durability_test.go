package embedded_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// batchOf returns records on several days.
func batchOf(size int) []record.Record {
	batch := make([]record.Record, size)
	for i := range batch {
		at := day.AddDate(0, 0, -i%3).Add(time.Duration(i))
		batch[i] = newRecord(project, pcommon.NewTimestampFromTime(at), fmt.Sprintf("text %d", i))
	}
	return batch
}

// crash returns a copy of the directory as it is on disk while the backend is
// open, as a crash would leave it.
func crash(t *testing.T, directory string) string {
	t.Helper()
	image := t.TempDir()
	require.NoError(t, os.CopyFS(image, os.DirFS(directory)))
	return image
}

func TestSyncedRecordsSurviveACrash(t *testing.T) {
	directory := t.TempDir()
	backend := open(t, directory)
	var all []record.Record
	for range 5 {
		for range 4 {
			batch := batchOf(500)
			require.NoError(t, backend.Apply(t.Context(), batch, false))
			all = append(all, batch...)
		}
		require.NoError(t, backend.Sync(t.Context()))
		requireSame(t, all, search(t, open(t, crash(t, directory)), logstore.Query{}))
	}
}

// Without Sync, records are lost: what the test above proves is not that the
// engine writes at once.
func TestUnsyncedRecordsMayBeLost(t *testing.T) {
	directory := t.TempDir()
	backend := open(t, directory)
	require.NoError(t, backend.Apply(t.Context(), batchOf(500), false))
	assert.Empty(t, search(t, open(t, crash(t, directory)), logstore.Query{}))
}

func TestReplay(t *testing.T) {
	large := newRecord(project, pcommon.NewTimestampFromTime(day), strings.Repeat("large ", 500_000))
	other := newRecord(project+1, pcommon.NewTimestampFromTime(day), "another project")

	t.Run("after a crash", func(t *testing.T) {
		directory := t.TempDir()
		backend := open(t, directory)
		kept, lost := append(batchOf(2500), large), append(batchOf(700), other)
		store(t, backend, kept...)
		require.NoError(t, backend.Apply(t.Context(), lost, false))

		after := open(t, crash(t, directory))
		all := slices.Concat(kept, lost)
		for chunk := 0; chunk < len(all); chunk += 999 {
			require.NoError(t, after.Apply(t.Context(), all[chunk:min(chunk+999, len(all))], true))
		}
		require.NoError(t, after.Sync(t.Context()))
		requireSame(t, all[:len(all)-1], search(t, after, logstore.Query{}))
		requireSame(t, all[len(all)-1:], search(t, after, logstore.Query{ProjectID: project + 1}))
	})
	t.Run("of what was only just applied", func(t *testing.T) {
		backend := open(t, t.TempDir())
		batch := append(batchOf(300), large)
		require.NoError(t, backend.Apply(t.Context(), batch[:200], false))
		require.NoError(t, backend.Apply(t.Context(), batch[100:250], true))
		require.NoError(t, backend.Apply(t.Context(), batch[220:], true))
		require.NoError(t, backend.Apply(t.Context(), batch, true))
		require.NoError(t, backend.Sync(t.Context()))
		requireSame(t, batch, search(t, backend, logstore.Query{}))
	})
	t.Run("of a batch that has records twice", func(t *testing.T) {
		backend := open(t, t.TempDir())
		batch := append(batchOf(10), large)
		require.NoError(t, backend.Apply(t.Context(), append(batch, batch...), true))
		require.NoError(t, backend.Sync(t.Context()))
		requireSame(t, batch, search(t, backend, logstore.Query{}))
	})
	t.Run("leaves records as they are", func(t *testing.T) {
		backend := open(t, t.TempDir())
		r := newRecord(project, pcommon.NewTimestampFromTime(day), "first")
		store(t, backend, r)
		changed := record.New()
		r.Resource.CopyTo(changed.Resource)
		r.Log.CopyTo(changed.Log)
		changed.Log.Body().SetStr("second")
		require.NoError(t, backend.Apply(t.Context(), []record.Record{changed}, true))
		require.NoError(t, backend.Sync(t.Context()))
		requireSame(t, []record.Record{r}, search(t, backend, logstore.Query{}))
	})
}

// More replayed rows than are remembered.
func TestLongReplay(t *testing.T) {
	backend := open(t, t.TempDir())
	all := batchOf(25_000)
	for chunk := 0; chunk < len(all); chunk += 5000 {
		end := min(chunk+5000, len(all))
		require.NoError(t, backend.Apply(t.Context(), all[chunk:end], true))
		require.NoError(t, backend.Apply(t.Context(), all[chunk:end], true))
	}
	require.NoError(t, backend.Apply(t.Context(), all[:1000], true))
	require.NoError(t, backend.Sync(t.Context()))
	assert.Equal(t, int64(len(all)), count(t, backend, logstore.Query{}))
}

func TestSnapshotsOfACrashedSyncAreRemoved(t *testing.T) {
	directory := t.TempDir()
	backend := open(t, directory)
	store(t, backend, batchOf(10)...)
	backend.LeaveSnapshots()
	require.NotEmpty(t, backend.Snapshots())
	assert.Empty(t, open(t, crash(t, directory)).Snapshots())
}
