package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"testing"

	"github.com/hashicorp/raft-wal/fs"
	"github.com/hashicorp/raft-wal/types"
	"github.com/stretchr/testify/require"
)

// FastDirectory is a directory in memory where there is one: these tests fsync
// thousands of times, and it is not the disk that they test.
func FastDirectory(t *testing.T) string {
	t.Helper()
	directory, err := os.MkdirTemp("/dev/shm", "docket-journal-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(directory)) })
	return directory
}

// fault is what the k-th call of a kind meets.
type fault struct {
	call string
	// written is the part of the bytes that a failing write writes all the same.
	written float64
	err     error
}

// scriptedFiles makes one call fail.
type scriptedFiles struct {
	types.VFS
	fault fault

	mu sync.Mutex
	// left is how many calls of the kind pass before the one that fails.
	left int
	// met says that it was reached.
	met bool
}

func (f *scriptedFiles) fails(call string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.met || call != f.fault.call {
		return false
	}
	f.left--
	f.met = f.left < 0
	return f.met
}

func (f *scriptedFiles) Create(directory, name string, size uint64) (types.WritableFile, error) {
	if f.fails("create") {
		return nil, f.fault.err
	}
	file, err := f.VFS.Create(directory, name, size)
	if err == nil && f.fails("allocate") { // the file is there, but not its space
		err = errors.Join(f.fault.err, file.Close())
	}
	return &scriptedFile{file, f}, err
}

func (f *scriptedFiles) OpenWriter(directory, name string) (types.WritableFile, error) {
	if f.fails("open") {
		return nil, f.fault.err
	}
	file, err := f.VFS.OpenWriter(directory, name)
	return &scriptedFile{file, f}, err
}

func (f *scriptedFiles) OpenReader(directory, name string) (types.ReadableFile, error) {
	if f.fails("open") {
		return nil, f.fault.err
	}
	return f.VFS.OpenReader(directory, name)
}

func (f *scriptedFiles) ListDir(directory string) ([]string, error) {
	if f.fails("list") {
		return nil, f.fault.err
	}
	return f.VFS.ListDir(directory)
}

func (f *scriptedFiles) Delete(directory, name string) error {
	if f.fails("delete") {
		return f.fault.err
	}
	return f.VFS.Delete(directory, name)
}

type scriptedFile struct {
	types.WritableFile
	files *scriptedFiles
}

func (f *scriptedFile) WriteAt(content []byte, offset int64) (int, error) {
	if f.files.fails("write") {
		n, err := f.WritableFile.WriteAt(content[:int(float64(len(content))*f.files.fault.written)], offset)
		return n, errors.Join(err, f.files.fault.err)
	}
	return f.WritableFile.WriteAt(content, offset)
}

func (f *scriptedFile) Sync() error {
	if f.files.fails("sync") {
		return f.files.fault.err
	}
	if err := f.WritableFile.Sync(); err != nil {
		return err
	}
	if f.files.fails("sync directory") { // fs.File does so after the file's
		return f.files.fault.err
	}
	return nil
}

func (f *scriptedFile) ReadAt(content []byte, offset int64) (int, error) {
	if f.files.fails("read") {
		return 0, &os.PathError{Op: "read", Err: f.files.fault.err}
	}
	return f.WritableFile.ReadAt(content, offset)
}

// Whichever call fails, at whichever moment: what was acknowledged is there when
// the journal is opened again, and it does open and goes on.
func TestEveryCallThatFails(t *testing.T) {
	faults := map[string]fault{
		"write fails":                     {call: "write", err: syscall.EIO},
		"write fails in the middle":       {call: "write", written: 0.5, err: syscall.EIO},
		"write finds no space":            {call: "write", written: 0.3, err: syscall.ENOSPC},
		"write is short":                  {call: "write", written: 0.7, err: io.ErrShortWrite},
		"write is short and does not say": {call: "write", written: 0.7},
		"write writes all and fails":      {call: "write", written: 1, err: syscall.EIO},
		"fsync fails":                     {call: "sync", err: syscall.EIO},
		"fsync of the directory fails":    {call: "sync directory", err: syscall.EIO},
		"segment cannot be made":          {call: "create", err: syscall.ENOSPC},
		"segment cannot be allocated":     {call: "allocate", err: syscall.ENOSPC},
		"segment cannot be deleted":       {call: "delete", err: syscall.EIO},
		"segment cannot be opened":        {call: "open", err: syscall.EMFILE},
		"folder cannot be listed":         {call: "list", err: syscall.EIO},
		"read fails":                      {call: "read", err: syscall.EIO},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			calls := 0
			for ; ; calls++ {
				require.Less(t, calls, 1000)
				files := &scriptedFiles{VFS: fs.New(), fault: fault, left: calls}
				directory := FastDirectory(t)
				w := &workload{directory: directory, acknowledged: map[uint64][]byte{}}
				w.run(t, files)
				w.check(t)
				if !files.met {
					break
				}
			}
			require.Positive(t, calls, "the workload makes no such call")
		})
	}
}

// workload does everything that a journal does, and notes what was acknowledged.
type workload struct {
	directory    string
	acknowledged map[uint64][]byte
	released     uint64
	checkpoint   uint64
}

// run goes on after errors, as Docket does, and opens the journal twice.
func (w *workload) run(t *testing.T, files types.VFS) {
	t.Helper()
	for round := range 2 {
		j, err := open(w.directory, Options{SegmentBytes: MinSegmentBytes}, files)
		if err != nil {
			require.NotErrorIs(t, err, ErrCorrupt)
			continue
		}
		for n := range 6 {
			size := 50
			if n%3 == 2 {
				size = MinSegmentBytes // fills the segment
			}
			w.append(t, j, fmt.Appendf(nil, "%d/%d %*s", round, n, size, "x"))
		}
		if index := j.LastIndex(); index > 2 {
			if j.SetCheckpoint("backend", index-2) == nil {
				w.checkpoint = index - 2
				w.released = index - 2 // perhaps
				if err := j.Release(index - 2); err != nil {
					require.NotErrorIs(t, err, ErrCorrupt)
				}
			}
		}
		w.append(t, j, []byte("behind the release"))
		if err := j.Close(); err != nil {
			require.ErrorIs(t, err, ErrFailed)
		}
	}
}

func (w *workload) append(t *testing.T, j *Journal, payload []byte) {
	t.Helper()
	index, err := j.Append(t.Context(), payload)
	if err != nil {
		require.ErrorIs(t, err, ErrFailed)
		return
	}
	require.NotContains(t, w.acknowledged, index, "an index is given out once")
	w.acknowledged[index] = payload
}

func (w *workload) check(t *testing.T) {
	t.Helper()
	report, err := Inspect(t.Context(), w.directory)
	require.NoError(t, err)
	require.True(t, report.Healthy(), "%v", report.Damages)
	j, err := Open(w.directory, Options{SegmentBytes: MinSegmentBytes})
	require.NoError(t, err)
	checkpoint, err := j.Checkpoint("backend")
	require.NoError(t, err)
	require.Equal(t, w.checkpoint, checkpoint)
	verified := map[uint64][]byte{}
	require.NoError(t, j.Verify(t.Context(), checkpoint, func(index uint64, payload []byte) error {
		verified[index] = append([]byte{}, payload...)
		return nil
	}))
	for index, payload := range w.acknowledged {
		if index > w.released {
			require.Equal(t, payload, verified[index])
			got, err := j.Read(index)
			require.NoError(t, err)
			require.Equal(t, payload, got)
		}
	}
	index, err := j.Append(t.Context(), []byte("new"))
	require.NoError(t, err)
	require.NotContains(t, w.acknowledged, index)
	require.NoError(t, j.Close())
}
