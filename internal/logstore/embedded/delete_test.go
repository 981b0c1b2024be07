package embedded_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/embedded"
	"github.com/docketlog/docket/internal/record"
)

// midnight is the start of the day of most records.
var midnight = day.Truncate(24 * time.Hour)

func daysAgo(days int) time.Time { return midnight.AddDate(0, 0, -days) }

// batchOn returns records of a project on a day, among them a large one.
func batchOn(project int64, start time.Time, size int) []record.Record {
	batch := make([]record.Record, size)
	for i := range batch {
		at := start.Add(time.Duration(i) * 24 * time.Hour / time.Duration(size))
		batch[i] = newRecord(project, pcommon.NewTimestampFromTime(at), fmt.Sprintf("text %d", i))
	}
	batch[size/2].Log.Body().SetStr(strings.Repeat("large ", 500_000))
	return batch
}

func days(t *testing.T, backend *embedded.Backend) []time.Time {
	t.Helper()
	found, err := backend.Days(t.Context())
	require.NoError(t, err)
	return found
}

func projects(t *testing.T, backend *embedded.Backend, day time.Time) []int64 {
	t.Helper()
	found, err := backend.Projects(t.Context(), day)
	require.NoError(t, err)
	return found
}

func requireRecords(t *testing.T, backend *embedded.Backend, project int64, want ...[]record.Record) {
	t.Helper()
	requireSame(t, slices.Concat(want...), search(t, backend, logstore.Query{ProjectID: project}))
	count, err := backend.Count(t.Context(), logstore.Query{ProjectID: project})
	require.NoError(t, err)
	require.Equal(t, int64(len(slices.Concat(want...))), count)
}

func TestDaysAndProjects(t *testing.T) {
	backend := open(t, t.TempDir())
	assert.Empty(t, days(t, backend))
	store(t, backend, batchOn(9, daysAgo(0), 5)...)
	store(t, backend, batchOn(2, daysAgo(3), 5)...)
	require.NoError(t, backend.Apply(t.Context(), batchOn(5, daysAgo(3), 5), false)) // not synced
	assert.Equal(t, []time.Time{daysAgo(3), daysAgo(0)}, days(t, backend))
	assert.Equal(t, []int64{9}, projects(t, backend, daysAgo(0)))
	assert.Equal(t, []int64{2, 5}, projects(t, backend, daysAgo(3)))
	assert.Empty(t, projects(t, backend, daysAgo(1)))
	bytes, err := backend.DayBytes(t.Context(), daysAgo(3))
	require.NoError(t, err)
	assert.Positive(t, bytes)
	bytes, err = backend.DayBytes(t.Context(), daysAgo(1))
	require.NoError(t, err)
	assert.Zero(t, bytes)
}

func TestDeleteDay(t *testing.T) {
	directory := t.TempDir()
	backend := open(t, directory)
	kept, gone := batchOn(project, daysAgo(0), 50), batchOn(project, daysAgo(1), 50)
	store(t, backend, kept...)
	store(t, backend, gone[:30]...)
	require.NoError(t, backend.Apply(t.Context(), gone[30:], false)) // some are in memory
	require.NoError(t, backend.DeleteDay(t.Context(), daysAgo(1)))
	require.NoError(t, backend.DeleteDay(t.Context(), daysAgo(1)), "once more is no error")
	requireRecords(t, backend, project, kept)
	assert.Equal(t, []time.Time{daysAgo(0)}, days(t, backend))
	assert.NoFileExists(t, filepath.Join(directory, "deleted"))

	// The day can have records again.
	store(t, backend, gone[:10]...)
	requireRecords(t, backend, project, kept, gone[:10])
	require.NoError(t, backend.Close())
	requireRecords(t, open(t, directory), project, kept, gone[:10])
}

func TestDeleteTheNewestDay(t *testing.T) {
	directory := t.TempDir()
	backend := open(t, directory)
	kept := batchOn(project, daysAgo(1), 50)
	store(t, backend, kept...)
	store(t, backend, batchOn(project, daysAgo(0), 50)...)
	require.NoError(t, backend.DeleteDay(t.Context(), daysAgo(0)))
	requireRecords(t, backend, project, kept)
	require.NoError(t, backend.Close())
	requireRecords(t, open(t, directory), project, kept)
}

func TestDeleteProjects(t *testing.T) {
	t.Parallel() // it waits for the engine, mostly
	directory := t.TempDir()
	backend := open(t, directory)
	kept := map[int64][]record.Record{3: batchOn(3, daysAgo(1), 200), 5: batchOn(5, daysAgo(0), 40)}
	var all []record.Record
	for _, id := range []int64{9, 5, 3, 11} {
		batch := batchOn(id, daysAgo(1), 200)
		if id == 3 {
			batch = kept[3]
		}
		all = append(all, batch...)
	}
	for i := range 20 { // parts with records of all of them
		var batch []record.Record
		for n := i; n < len(all); n += 20 {
			batch = append(batch, all[n])
		}
		store(t, backend, batch...)
	}
	require.NoError(t, backend.Apply(t.Context(), kept[5], false))
	require.NoError(t, backend.DeleteProjects(t.Context(), daysAgo(1), []int64{11, 5, 9, 77}))

	check := func(backend *embedded.Backend) {
		assert.Equal(t, []int64{3}, projects(t, backend, daysAgo(1)))
		requireRecords(t, backend, 3, kept[3])
		requireRecords(t, backend, 5, kept[5])
		requireRecords(t, backend, 9)
	}
	check(backend)
	backend.ForceMerge()
	check(backend)
	rows := len(kept[3]) + len(kept[5]) + 2*3 // the large ones have three parts
	assert.Equal(t, uint64(rows), backend.Rows(), "nothing is left of the deleted records")
	require.NoError(t, backend.Close())
	check(open(t, directory))
}

func TestDeletingAllProjectsDeletesTheDay(t *testing.T) {
	t.Parallel() // it waits for the engine, mostly
	backend := open(t, t.TempDir())
	store(t, backend, batchOn(3, daysAgo(1), 20)...)
	store(t, backend, batchOn(5, daysAgo(1), 20)...)
	require.NoError(t, backend.DeleteProjects(t.Context(), daysAgo(1), []int64{3}))
	assert.Equal(t, []time.Time{daysAgo(1)}, days(t, backend))
	// What only the index knows of does not keep the day.
	require.NoError(t, backend.DeleteProjects(t.Context(), daysAgo(1), []int64{5}))
	assert.Empty(t, days(t, backend))

	// Records that nobody has flushed do.
	store(t, backend, batchOn(3, daysAgo(1), 20)...)
	late := batchOn(5, daysAgo(1), 20)
	require.NoError(t, backend.Apply(t.Context(), late, false))
	require.NoError(t, backend.DeleteProjects(t.Context(), daysAgo(1), []int64{3}))
	requireRecords(t, backend, 5, late)
}

// The newest day may have no records left: they must not be looked for there.
func TestReopenWithAnEmptyNewestDay(t *testing.T) {
	t.Parallel() // it waits for the engine, mostly
	directory := t.TempDir()
	backend := open(t, directory)
	kept := batchOn(project, daysAgo(1), 20)
	store(t, backend, kept...)
	store(t, backend, batchOn(3, daysAgo(0), 20)...)
	store(t, backend, batchOn(5, daysAgo(0), 20)...)
	require.NoError(t, backend.DeleteProjects(t.Context(), daysAgo(0), []int64{3}))
	store(t, backend, newRecord(3, pcommon.NewTimestampFromTime(day), "late"))
	require.NoError(t, backend.DeleteProjects(t.Context(), daysAgo(0), []int64{5}))
	require.NoError(t, backend.LeaveRewrite(t.Context(), 3, daysAgo(-1)))
	require.Eventually(t, func() bool { return len(projects(t, backend, daysAgo(0))) == 0 }, 10*time.Second, 20*time.Millisecond)
	require.Len(t, days(t, backend), 2, "there is an empty day")
	require.NoError(t, backend.Close())
	requireRecords(t, open(t, directory), project, kept)
}

// A task of the engine's that a crash left is not taken up by the next start.
func TestCrashDuringDeleteProjects(t *testing.T) {
	t.Parallel() // it waits for the engine, mostly
	directory := t.TempDir()
	backend := open(t, directory)
	batch := batchOn(project, daysAgo(1), 20)
	store(t, backend, batch...)
	require.NoError(t, backend.LeaveRewrite(t.Context(), project, daysAgo(0)))
	image := crash(t, directory)
	after := open(t, image)
	time.Sleep(1500 * time.Millisecond) // the engine looks for tasks once a second
	requireRecords(t, after, project, batch)
	require.NoError(t, after.DeleteProjects(t.Context(), daysAgo(1), []int64{project}))
	requireRecords(t, after, project)
}

// DeleteDay has taken the folder out of the storage when it crashes.
func TestCrashDuringDeleteDay(t *testing.T) {
	directory := t.TempDir()
	backend := open(t, directory)
	kept := batchOn(project, daysAgo(0), 20)
	store(t, backend, kept...)
	store(t, backend, batchOn(project, daysAgo(1), 20)...)
	image := crash(t, directory)
	name := daysAgo(1).Format("20060102")
	require.NoError(t, os.Mkdir(filepath.Join(image, "deleted"), 0o700))
	require.NoError(t, os.Rename(filepath.Join(image, "partitions", name), filepath.Join(image, "deleted", name)))
	require.NoError(t, os.RemoveAll(filepath.Join(image, "deleted", name, "indexdb")))
	requireRecords(t, open(t, image), project, kept)
	assert.NoFileExists(t, filepath.Join(image, "deleted"))
}

// While a query reads a day that is being deleted, the query gets to its end,
// others go on without the day, and what is applied is not lost.
func TestDeleteDayWhileItIsRead(t *testing.T) {
	backend := open(t, t.TempDir())
	store(t, backend, batchOn(project, daysAgo(1), 20)...)
	release := backend.HoldDay(t.Context(), project, daysAgo(1))
	deleted, applied := make(chan error, 1), make(chan error, 1)
	go func() { deleted <- backend.DeleteDay(t.Context(), daysAgo(1)) }()
	require.Eventually(t, func() bool { return len(days(t, backend)) == 0 }, 5*time.Second, time.Millisecond)
	today, late := batchOn(project, daysAgo(0), 20), batchOn(project, daysAgo(1), 20)
	store(t, backend, today...)
	requireRecords(t, backend, project, today)

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, backend.Apply(ctx, late, false), context.DeadlineExceeded)
	go func() { applied <- backend.Apply(t.Context(), late, false) }()
	require.Empty(t, deleted)
	release()
	require.NoError(t, <-deleted)
	require.NoError(t, <-applied)
	require.NoError(t, backend.Sync(t.Context()))
	requireRecords(t, backend, project, today, late)
}

func TestDeletionsBesideEverythingElse(t *testing.T) {
	t.Parallel() // it waits for the engine, mostly
	backend := open(t, t.TempDir())
	const kept = 3
	ctx, cancel := context.WithCancel(t.Context())
	applied, searched := make(chan []record.Record, 1), make(chan error, 1)
	go func() {
		var all []record.Record
		for ctx.Err() == nil {
			keep := batchOn(kept, daysAgo(1), 20)
			all = append(all, keep...)
			batch := slices.Concat(keep, batchOn(project, daysAgo(1), 20), batchOn(project, daysAgo(2), 20))
			if backend.Apply(context.WithoutCancel(ctx), batch, len(all)%40 == 0) != nil ||
				backend.Sync(context.WithoutCancel(ctx)) != nil {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		applied <- all
	}()
	go func() {
		var err error
		for ctx.Err() == nil && err == nil {
			_, err = backend.Search(context.WithoutCancel(ctx), logstore.Query{ProjectID: project, Limit: 1000})
			time.Sleep(10 * time.Millisecond) // else nothing else gets far
		}
		searched <- err
	}()
	rounds := 2
	if isLong() {
		rounds = 10
	}
	for range rounds {
		time.Sleep(100 * time.Millisecond)
		require.NoError(t, backend.DeleteDay(t.Context(), daysAgo(2)))
		require.NoError(t, backend.DeleteProjects(t.Context(), daysAgo(1), []int64{project}))
	}
	cancel()
	all := <-applied
	require.NoError(t, <-searched)
	require.NotEmpty(t, all)
	requireRecords(t, backend, kept, all)
	require.NoError(t, backend.DeleteProjects(t.Context(), daysAgo(1), []int64{project}))
	assert.Equal(t, []int64{kept}, projects(t, backend, daysAgo(1)))
}

func TestCanceledDeletion(t *testing.T) {
	t.Parallel() // it waits for the engine, mostly
	backend := open(t, t.TempDir())
	store(t, backend, batchOn(3, daysAgo(1), 20)...)
	store(t, backend, batchOn(5, daysAgo(1), 20)...)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, backend.DeleteProjects(ctx, daysAgo(1), []int64{3}), context.DeadlineExceeded)
	require.ErrorIs(t, backend.DeleteDay(ctx, daysAgo(1)), context.DeadlineExceeded)
	require.NoError(t, backend.DeleteProjects(t.Context(), daysAgo(1), []int64{3}))
	assert.Equal(t, []int64{5}, projects(t, backend, daysAgo(1)))
}

func TestMaintenanceOfAClosedBackend(t *testing.T) {
	backend := open(t, t.TempDir())
	require.NoError(t, backend.Close())
	_, err := backend.Days(t.Context())
	require.ErrorIs(t, err, logstore.ErrClosed)
	_, err = backend.DayBytes(t.Context(), day)
	require.ErrorIs(t, err, logstore.ErrClosed)
	_, err = backend.Projects(t.Context(), day)
	require.ErrorIs(t, err, logstore.ErrClosed)
	require.ErrorIs(t, backend.DeleteDay(t.Context(), day), logstore.ErrClosed)
	require.ErrorIs(t, backend.DeleteProjects(t.Context(), day, nil), logstore.ErrClosed)
	require.ErrorIs(t, backend.Snapshot(t.Context(), t.TempDir()), logstore.ErrClosed)
}

// A folder that somebody puts there is not part of the storage yet, and the
// engine would drop rows for it.
func TestFolderAddedWhileRunning(t *testing.T) {
	directory := t.TempDir()
	backend := open(t, directory)
	store(t, backend, batchOf(10)...)
	folder := filepath.Join(directory, "partitions", daysAgo(9).Format("20060102"))
	require.NoError(t, os.Mkdir(folder, 0o700))
	batch := batchOn(project, daysAgo(9), 5)
	require.ErrorContains(t, backend.Apply(t.Context(), batch, false), folder)
	require.NoError(t, os.Remove(folder))
	require.NoError(t, backend.Apply(t.Context(), batch, false))
}
