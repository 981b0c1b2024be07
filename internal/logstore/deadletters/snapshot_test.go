package deadletters_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/logstore"
)

// A snapshot has what was there when it began, and nothing of what came later.
func TestSnapshot(t *testing.T) {
	store := openNew(t)
	before := ids(add(t, store, letter(1, "a"), letter(2, "b")))
	snapshot, err := store.Snapshot()
	require.NoError(t, err)
	require.NoError(t, store.Remove(t.Context(), before[0]))
	add(t, store, letter(1, "c"))

	var file bytes.Buffer
	written, err := snapshot.WriteTo(&file)
	require.NoError(t, err)
	assert.Equal(t, snapshot.Size(), written)
	assert.Equal(t, int64(file.Len()), written)
	require.NoError(t, snapshot.Close())

	path := filepath.Join(t.TempDir(), "dead_letters.db")
	require.NoError(t, os.WriteFile(path, file.Bytes(), 0o600))
	restored := open(t, path)
	assert.Equal(t, before, ids(list(t, restored, logstore.DeadLetterQuery{})))
	assert.Equal(t, int64(2), restored.Count())
	assert.Equal(t, before[:1], ids(add(t, restored, letter(1, "a"))), "what is kept is recognized there too")
}
