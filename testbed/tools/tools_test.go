package tools

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What is not whole is not kept, so that the next run tries again.
func TestWhatFailsIsNotKept(t *testing.T) {
	base := t.TempDir()
	folder, err := folderOf(base, "dlt")
	require.NoError(t, err)
	unreachable := errors.New("no route to host")
	err = fillAside(base, folder, "dlt", func(aside string) error {
		assert.FileExists(t, filepath.Join(aside, "requirements.txt"))
		return fromRegistry("PIP_INDEX_URL", unreachable)
	})
	require.ErrorIs(t, err, unreachable)
	require.ErrorContains(t, err, "PIP_INDEX_URL")
	left, err := os.ReadDir(base)
	require.NoError(t, err)
	assert.Empty(t, left)

	for range 2 { // the second is another process that was slower
		require.NoError(t, fillAside(base, folder, "dlt", func(aside string) error {
			return os.WriteFile(filepath.Join(aside, "program"), nil, 0o600)
		}))
	}
	assert.FileExists(t, filepath.Join(folder, "program"))
	left, err = os.ReadDir(base)
	require.NoError(t, err)
	assert.Len(t, left, 1)
}

func TestToolsHaveFoldersOfTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, tool := range []string{"dlt", "openapi_ts", "posthog_cli", "schemathesis", "ui"} {
		folder, err := folderOf("base", tool)
		require.NoError(t, err)
		assert.Regexp(t, `^base/`+tool+`-[0-9a-f]{12}$`, folder)
		assert.False(t, seen[folder])
		seen[folder] = true
	}
	_, err := folderOf("base", "unknown")
	require.Error(t, err)
}
