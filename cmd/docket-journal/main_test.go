package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/journal"
)

func TestExitCodes(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "docket-journal")
	output, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, string(output))
	run := func(arguments ...string) int {
		command := exec.CommandContext(t.Context(), binary, arguments...)
		output, _ := command.CombinedOutput()
		t.Log(string(output))
		return command.ProcessState.ExitCode()
	}
	directory := filepath.Join(t.TempDir(), "journal")
	j, err := journal.Open(directory, journal.Options{SegmentBytes: journal.MinSegmentBytes})
	require.NoError(t, err)
	// A record, and one behind an envelope.
	for _, payload := range []string{"\x0a\x00", "\x01\x00\x00\x0a\x00"} {
		_, err = j.Append(t.Context(), []byte(payload))
		require.NoError(t, err)
	}
	require.NoError(t, j.Close())
	assert.Equal(t, 0, run("verify", directory))
	assert.Equal(t, 0, run("dump", directory))
	assert.Equal(t, 2, run("verify"))
	assert.Equal(t, 2, run("verify", filepath.Join(directory, "nowhere")))

	require.NoError(t, os.Remove(filepath.Join(directory, "wal-meta.db")))
	assert.Equal(t, 1, run("verify", directory))
	assert.Equal(t, 0, run("repair", directory))
	assert.Equal(t, 0, run("verify", directory))
}
