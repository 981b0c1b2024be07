package boltfile_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A snapshot has what was there when it began, and nothing of what came later.
func TestSnapshotIsOfOneMoment(t *testing.T) {
	file := openNew(t)
	require.NoError(t, file.Update(t.Context(), put("a", "before")))
	snapshot, err := file.Snapshot()
	require.NoError(t, err)
	require.NoError(t, file.Update(t.Context(), put("a", "after")))
	require.NoError(t, file.Update(t.Context(), put("b", "new")))

	var content bytes.Buffer
	written, err := snapshot.WriteTo(&content)
	require.NoError(t, err)
	assert.Equal(t, snapshot.Size(), written)
	assert.Equal(t, int64(content.Len()), written)
	require.NoError(t, snapshot.Close())

	path := filepath.Join(t.TempDir(), "copy.db")
	require.NoError(t, os.WriteFile(path, content.Bytes(), 0o600))
	restored := open(t, path)
	assert.Equal(t, "before", get(t, restored, "a"))
	assert.Empty(t, get(t, restored, "b"))
	assert.Equal(t, "after", get(t, file, "a"))
	require.NoError(t, restored.Update(t.Context(), put("b", "own")))
	assert.Equal(t, "own", get(t, restored, "b"))
}

func TestSnapshotNeedNotBeWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "box.db")
	snapshot, err := open(t, path).Snapshot()
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.LessOrEqual(t, snapshot.Size(), info.Size())
	require.NoError(t, snapshot.Close())
	require.ErrorContains(t, snapshot.Close(), "close a snapshot of the box: ", "it is closed")
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("the disk is gone") }

func TestSnapshotThatCannotBeWritten(t *testing.T) {
	snapshot, err := openNew(t).Snapshot()
	require.NoError(t, err)
	_, err = snapshot.WriteTo(brokenWriter{})
	require.ErrorContains(t, err, "write a snapshot of the box: ")
	require.ErrorContains(t, err, "the disk is gone")
	require.NoError(t, snapshot.Close())
}

// TestSnapshotStopsNobodyBelowMappedBytes: of 1 MiB, more than half is written while
// a snapshot is open, in a file that would otherwise be mapped in smaller steps.
func TestSnapshotStopsNobodyBelowMappedBytes(t *testing.T) {
	file := openNew(t)
	snapshot, err := file.Snapshot()
	require.NoError(t, err)
	value := strings.Repeat("x", 600<<10)
	require.NoError(t, file.Update(t.Context(), put("large", value)))
	assert.Equal(t, value, get(t, file, "large"))
	require.NoError(t, snapshot.Close())
}

func TestCloseWaitsForSnapshots(t *testing.T) {
	file := openNew(t)
	snapshot, err := file.Snapshot()
	require.NoError(t, err)
	closed := make(chan error, 1)
	go func() { closed <- file.Close() }()
	select {
	case err := <-closed:
		require.Fail(t, "it was closed", err)
	case <-time.After(20 * time.Millisecond):
	}
	_, err = snapshot.WriteTo(new(bytes.Buffer))
	require.NoError(t, err)
	require.NoError(t, snapshot.Close())
	require.NoError(t, <-closed)
}
