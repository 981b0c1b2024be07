package faults_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/testbed/faults"
)

// A log is read while it is written, and the calls of several threads are mixed.
func TestLog(t *testing.T) {
	log := faults.Log{Path: filepath.Join(t.TempDir(), "log")}
	calls, err := log.Next()
	require.NoError(t, err)
	assert.Empty(t, calls)

	file, err := os.Create(log.Path)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	_, err = file.WriteString(`71 write(4</d/FORMAT>, "= 1\n", 4) = 4
72 fsync(11</d/journal> <unfinished ...>
71 +++ exited with 0 +++
73 unlinkat(AT_FDCWD</>, "/d/gone", 0) = -1 ENOENT (No such file or directory)
72 <... fsync resumed>)            = -1 EIO (Input/output error) (INJECTED)
74 openat(AT_FD`)
	require.NoError(t, err)
	calls, err = log.Next()
	require.NoError(t, err)
	assert.Equal(t, []faults.Call{
		{Thread: "71", Name: "write", Text: `71 write(4</d/FORMAT>, "= 1\n", 4) = 4`},
		{Thread: "73", Name: "unlinkat", Text: `73 unlinkat(AT_FDCWD</>, "/d/gone", 0) = -1 ENOENT (No such file or directory)`},
		{Thread: "72", Name: "fsync", Text: `72 fsync(11</d/journal>)            = -1 EIO (Input/output error) (INJECTED)`, Injected: true},
	}, calls)

	_, err = file.WriteString("CWD, \"/d/x\", O_RDONLY) = 5</d/x>\n72 +++ killed by SIGKILL +++\n")
	require.NoError(t, err)
	calls, err = log.Next()
	require.NoError(t, err)
	assert.Equal(t, []faults.Call{
		{Thread: "74", Name: "openat", Text: `74 openat(AT_FDCWD, "/d/x", O_RDONLY) = 5</d/x>`},
	}, calls)
}

// strace itself writes what is read, and makes calls fail.
func TestInjection(t *testing.T) {
	faults.Install(t)
	folder := t.TempDir()
	path, logPath := filepath.Join(folder, "file"), filepath.Join(folder, "log")
	injection := faults.Injection{Call: "openat", Effect: "error=ENOSPC", When: "2", Paths: []string{path}}
	binary, arguments := injection.Command(logPath, "sh", []string{"-c", `true >>"$0"; true >>"$0"; true >>"$0"`, path})
	output, err := exec.CommandContext(t.Context(), binary, arguments...).CombinedOutput()
	require.NoError(t, err, "%s", output)
	assert.Contains(t, string(output), "No space left on device")

	log := faults.Log{Path: logPath}
	calls, err := log.Next()
	require.NoError(t, err)
	require.Len(t, calls, 3)
	for i, call := range calls {
		assert.Equal(t, "openat", call.Name)
		assert.Equal(t, i == 1, call.Injected, call.Text)
		assert.Contains(t, call.Text, path)
	}
}

func TestInjectedSignal(t *testing.T) {
	faults.Install(t)
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	injection := faults.Injection{Call: "openat", Effect: "signal=SIGKILL", When: "2", Paths: []string{path}}
	binary, arguments := injection.Command(filepath.Join(folder, "log"), "sh", []string{"-c", `true >>"$0"; echo one; true >>"$0"; echo two`, path})
	output, err := exec.CommandContext(t.Context(), binary, arguments...).CombinedOutput()
	require.ErrorContains(t, err, "killed")
	assert.Equal(t, "one\n", string(output))
}
