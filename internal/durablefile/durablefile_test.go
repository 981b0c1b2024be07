package durablefile_test

import (
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/durablefile"
)

func TestSyncFolder(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, durablefile.SyncFolder(folder))
	missing := filepath.Join(folder, "missing")
	err := durablefile.SyncFolder(missing)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, missing)
}
