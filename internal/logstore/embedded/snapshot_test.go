package embedded_test

import (
	"context"
	"crypto/sha256"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/embedded"
	"github.com/docketlog/docket/internal/record"
)

// filesOf returns the digests of all files of a directory.
func filesOf(t *testing.T, directory string) map[string][sha256.Size]byte {
	t.Helper()
	files := map[string][sha256.Size]byte{}
	require.NoError(t, filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		files[path] = sha256.Sum256(data)
		return err
	}))
	return files
}

func TestSnapshot(t *testing.T) {
	parent := t.TempDir()
	backend := open(t, filepath.Join(parent, "store"))
	all := append(batchOf(2000), batchOn(project, daysAgo(5), 50)...)
	store(t, backend, all[:1000]...)
	require.NoError(t, backend.Apply(t.Context(), all[1000:], false)) // in memory
	copied := filepath.Join(parent, "a", "copy")
	require.NoError(t, backend.Snapshot(t.Context(), copied))
	before := filesOf(t, copied)
	assert.NotEmpty(t, before)
	assert.Empty(t, backend.Snapshots())

	// What becomes of the source does not reach the copy.
	more := batchOf(500)
	store(t, backend, more...)
	backend.ForceMerge()
	require.NoError(t, backend.DeleteDay(t.Context(), daysAgo(5)))
	require.NoError(t, backend.DeleteProjects(t.Context(), daysAgo(1), []int64{project}))
	assert.Equal(t, before, filesOf(t, copied))
	requireRecords(t, open(t, copied), project, all)

	// Nor the other way round.
	second := filepath.Join(parent, "second")
	require.NoError(t, backend.Snapshot(t.Context(), second))
	source := search(t, backend, logstore.Query{})
	other := open(t, second)
	other.ForceMerge()
	require.NoError(t, other.DeleteDay(t.Context(), daysAgo(0)))
	require.NoError(t, other.Close())
	require.NoError(t, os.RemoveAll(second))
	requireRecords(t, backend, project, source)
}

func TestSnapshotOfNothing(t *testing.T) {
	backend := open(t, t.TempDir())
	copied := t.TempDir()
	require.NoError(t, backend.Snapshot(t.Context(), copied))
	requireRecords(t, open(t, copied), project)
}

// The copy has the batches up to one, whole, and none after it.
func TestSnapshotBesideApply(t *testing.T) {
	backend := open(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	finished := make(chan struct{})
	batches := make(chan []record.Record, 10_000)
	go func() {
		defer close(finished)
		for ctx.Err() == nil {
			batch := batchOf(30)
			if backend.Apply(context.WithoutCancel(ctx), batch, false) != nil {
				return
			}
			batches <- batch
			time.Sleep(5 * time.Millisecond)
		}
	}()
	var copies []string
	var appliedBefore []int
	for range 4 {
		time.Sleep(50 * time.Millisecond)
		copies, appliedBefore = append(copies, t.TempDir()), append(appliedBefore, len(batches))
		require.NoError(t, backend.Snapshot(t.Context(), copies[len(copies)-1]))
	}
	cancel()
	<-finished
	close(batches)
	var order [][]record.Record
	for batch := range batches {
		order = append(order, batch)
	}
	for i, directory := range copies {
		found := search(t, open(t, directory), logstore.Query{})
		require.Zero(t, len(found)%30)
		require.GreaterOrEqual(t, len(found)/30, appliedBefore[i])
		requireSame(t, slices.Concat(order[:len(found)/30]...), found)
	}
	require.NoError(t, backend.Sync(t.Context()))
	requireRecords(t, backend, project, order...)
}

func TestSnapshotIntoAFullFolder(t *testing.T) {
	backend := open(t, t.TempDir())
	batch := batchOf(10)
	store(t, backend, batch...)
	directory := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(directory, "file"), nil, 0o600))
	require.ErrorContains(t, backend.Snapshot(t.Context(), directory), "is not empty")
	require.Error(t, backend.Snapshot(t.Context(), filepath.Join(directory, "file")))
	requireRecords(t, backend, project, batch)
}

func TestFailedSnapshotLeavesNothingBehind(t *testing.T) {
	directory := t.TempDir()
	backend := open(t, directory)
	store(t, backend, batchOf(10)...)
	target := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, backend.Snapshot(ctx, target), context.Canceled)
	assert.Empty(t, backend.Snapshots())
	require.NoError(t, backend.Snapshot(t.Context(), target))
}

func TestCopyFolder(t *testing.T) {
	directory := t.TempDir()
	backend := open(t, directory)
	batch := batchOf(50)
	store(t, backend, batch...)
	require.NoError(t, backend.Close())
	copied := filepath.Join(t.TempDir(), "copy")
	require.NoError(t, embedded.CopyFolder(directory, copied))
	require.Error(t, embedded.CopyFolder(directory, copied), "it is there already")
	require.Error(t, embedded.CopyFolder(filepath.Join(directory, "missing"), filepath.Join(copied, "x")))
	requireRecords(t, open(t, copied), project, batch)
}

// A rewrite of the engine's files may take long; a backup does not wait for it.
func TestSnapshotBesideDeletion(t *testing.T) {
	backend := open(t, t.TempDir())
	kept := batchOn(3, daysAgo(1), 50)
	store(t, backend, kept...)
	store(t, backend, batchOn(5, daysAgo(1), 50)...)
	deleted := make(chan error, 1)
	go func() { deleted <- backend.DeleteProjects(t.Context(), daysAgo(1), []int64{5}) }()
	for isDeleted := false; !isDeleted; {
		select {
		case err := <-deleted:
			require.NoError(t, err)
			isDeleted = true
		case <-time.After(100 * time.Millisecond):
		}
		copied := t.TempDir()
		require.NoError(t, backend.Snapshot(t.Context(), copied))
		other := open(t, copied)
		requireRecords(t, other, 3, kept)
		require.NoError(t, other.Close())
	}
	requireRecords(t, backend, 5)
}
