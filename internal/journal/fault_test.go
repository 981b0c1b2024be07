package journal

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"github.com/hashicorp/raft-wal/fs"
	"github.com/hashicorp/raft-wal/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// faultyFiles makes writes or fsyncs of segments fail, or hold, from the moment
// it is told to.
type faultyFiles struct {
	types.VFS
	failWrite, failSync, failCreate atomic.Bool
	// hold, when set, blocks fsyncs until it can be locked.
	hold sync.RWMutex
}

var errDisk = errors.New("input/output error")

func (f *faultyFiles) Create(directory, name string, size uint64) (types.WritableFile, error) {
	if f.failCreate.Load() {
		return nil, errDisk
	}
	file, err := f.VFS.Create(directory, name, size)
	if err != nil {
		return nil, err
	}
	return &faultyFile{file, f}, nil
}

func (f *faultyFiles) OpenWriter(directory, name string) (types.WritableFile, error) {
	file, err := f.VFS.OpenWriter(directory, name)
	if err != nil {
		return nil, err
	}
	return &faultyFile{file, f}, nil
}

type faultyFile struct {
	types.WritableFile
	files *faultyFiles
}

func (f *faultyFile) WriteAt(content []byte, offset int64) (int, error) {
	if f.files.failWrite.Load() {
		half := len(content) / 2
		n, _ := f.WritableFile.WriteAt(content[:half], offset)
		return n, errDisk
	}
	return f.WritableFile.WriteAt(content, offset)
}

func (f *faultyFile) Sync() error {
	f.files.hold.RLock()
	defer f.files.hold.RUnlock()
	if f.files.failSync.Load() {
		return errDisk
	}
	return f.WritableFile.Sync()
}

func TestFailedDiskPoisonsTheJournal(t *testing.T) {
	for name, fail := range map[string]func(*faultyFiles, bool){
		"fsync": func(files *faultyFiles, on bool) { files.failSync.Store(on) },
		"write": func(files *faultyFiles, on bool) { files.failWrite.Store(on) },
	} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			files := &faultyFiles{VFS: fs.New()}
			j, err := open(directory, Options{SegmentBytes: MinSegmentBytes}, files)
			require.NoError(t, err)
			for range 5 {
				_, err := j.Append(t.Context(), []byte("good"))
				require.NoError(t, err)
			}
			fail(files, true)
			_, err = j.Append(t.Context(), []byte("bad"))
			require.ErrorIs(t, err, ErrFailed)
			require.ErrorIs(t, err, errDisk)

			// That the disk works again changes nothing.
			fail(files, false)
			_, err = j.Append(t.Context(), []byte("later"))
			require.ErrorIs(t, err, ErrFailed)
			require.ErrorIs(t, j.Err(), ErrFailed)
			assert.EqualValues(t, 5, j.LastIndex())
			got, err := j.Read(5)
			require.NoError(t, err)
			assert.Equal(t, "good", string(got))
			require.ErrorIs(t, j.Close(), ErrFailed)

			// Opened again, it has everything that was acknowledged and goes on. The
			// entry whose fsync failed may be there, as if it had just been too slow.
			j, err = Open(directory, Options{SegmentBytes: MinSegmentBytes})
			require.NoError(t, err)
			last := j.LastIndex()
			assert.Contains(t, []uint64{5, 6}, last)
			index, err := j.Append(t.Context(), []byte("new"))
			require.NoError(t, err)
			assert.Equal(t, last+1, index)
			require.NoError(t, j.Close())
		})
	}
}

// When there is no room for the next segment, raft-wal only logs that, and every
// append after it fails.
func TestSegmentThatCannotBeMadePoisonsTheJournal(t *testing.T) {
	directory := t.TempDir()
	files := &faultyFiles{VFS: fs.New()}
	core, logged := observer.New(zap.WarnLevel)
	j, err := open(directory, Options{SegmentBytes: MinSegmentBytes, Logger: zap.New(core)}, files)
	require.NoError(t, err)
	files.failCreate.Store(true)
	large := make([]byte, MinSegmentBytes)
	_, err = j.Append(t.Context(), large)
	require.NoError(t, err, "it fills the segment, and is in it")
	_, err = j.Append(t.Context(), []byte("next"))
	require.ErrorIs(t, err, ErrFailed)
	assert.Equal(t, 1, logged.FilterMessage("journal segments: rotate error").Len())
	require.ErrorIs(t, j.Close(), ErrFailed)

	j, err = Open(directory, Options{SegmentBytes: MinSegmentBytes})
	require.NoError(t, err)
	got, err := j.Read(1)
	require.NoError(t, err)
	assert.Equal(t, large, got)
	index, err := j.Append(t.Context(), []byte("next"))
	require.NoError(t, err)
	assert.EqualValues(t, 2, index)
	require.NoError(t, j.Close())
}

func TestAllWhoWaitLearnOfTheFailure(t *testing.T) {
	files := &faultyFiles{VFS: fs.New()}
	j, err := open(t.TempDir(), Options{}, files)
	require.NoError(t, err)
	files.hold.Lock()
	files.failSync.Store(true)
	var group sync.WaitGroup
	appendOne := func(isWritten bool) {
		group.Go(func() {
			_, err := j.Append(t.Context(), []byte("x"))
			assert.Equal(t, []bool{true, isWritten}, []bool{errors.Is(err, ErrFailed), errors.Is(err, ErrUnknown)})
		})
	}
	appendOne(true)
	require.Eventually(t, func() bool {
		j.mu.Lock()
		defer j.mu.Unlock()
		return j.accepted == 1 && len(j.waiting) == 0
	}, time.Second, time.Millisecond, "it is in its fsync")
	for range 9 {
		appendOne(false)
	}
	require.Eventually(t, func() bool {
		j.mu.Lock()
		defer j.mu.Unlock()
		return len(j.waiting) == 9
	}, time.Second, time.Millisecond, "the others wait")
	files.hold.Unlock()
	group.Wait()
	require.ErrorIs(t, j.Close(), ErrFailed)
}

func TestWaitingEntryIsWithdrawnWithItsContext(t *testing.T) {
	files := &faultyFiles{VFS: fs.New()}
	j, err := open(t.TempDir(), Options{}, files)
	require.NoError(t, err)
	files.hold.Lock()
	var group sync.WaitGroup
	appendOne := func(content string) {
		group.Go(func() {
			_, err := j.Append(t.Context(), []byte(content))
			assert.NoError(t, err)
		})
		assert.Eventually(t, func() bool {
			j.mu.Lock()
			defer j.mu.Unlock()
			return j.accepted >= int64(len(content)) && len(j.waiting) == 0
		}, time.Second, time.Millisecond)
	}
	appendOne("first") // in its fsync

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = j.Append(ctx, []byte(strings.Repeat("x", 1000)))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	size, _ := j.Size()
	assert.EqualValues(t, len("first"), size)

	files.hold.Unlock()
	group.Wait()
	assert.EqualValues(t, 1, j.LastIndex())
	require.NoError(t, j.Close())
}

func FuzzParseEntry(f *testing.F) {
	header := make([]byte, headerBytes)
	putHeader(header, checksum([]byte("hello")), 7, 5)
	f.Add(uint64(7), header, []byte("hello"))
	f.Add(uint64(8), header, []byte("hello"))
	f.Add(uint64(7), header, []byte("hellO"))
	f.Add(uint64(1), []byte{}, []byte{})
	f.Fuzz(func(t *testing.T, index uint64, header, payload []byte) {
		e, err := parseEntry(index, &raft.Log{Extensions: header, Data: payload})
		if err != nil {
			require.ErrorIs(t, err, ErrCorrupt)
			return
		}
		again := make([]byte, headerBytes)
		putHeader(again, checksum(payload), index, e.position)
		require.Equal(t, header, again)
	})
}
