package journal

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// badDisk is a file in which some bytes cannot be read.
type badDisk struct {
	*bytes.Reader
	bad span
}

func (d badDisk) ReadAt(content []byte, offset int64) (int, error) {
	if offset < d.bad.offset+d.bad.bytes && d.bad.offset < offset+int64(len(content)) {
		return 0, syscall.EIO
	}
	return d.Reader.ReadAt(content, offset)
}

func TestWindowGoesOnBehindBadBlocks(t *testing.T) {
	content := make([]byte, 3*windowBytes+100)
	for i := range content {
		content[i] = byte(i%251) + 1
	}
	bad := span{windowBytes + 5*blockBytes, 2 * blockBytes}
	w := newWindow(badDisk{bytes.NewReader(content), bad}, int64(len(content)))
	want := bytes.Clone(content)
	clear(want[bad.offset : bad.offset+bad.bytes])
	var got []byte
	for at := int64(0); at < w.size; {
		piece := w.at(at, 1+rand.Int64N(200_000))
		got = append(got, piece...)
		at += int64(len(piece))
	}
	assert.True(t, bytes.Equal(want, got))
	require.ErrorIs(t, w.failure, syscall.EIO)
	assert.True(t, w.isUnreadable(bad.offset+1, 1))
	assert.False(t, w.isUnreadable(0, windowBytes))
	assert.Empty(t, w.at(w.size, 10))
	assert.Equal(t, content[w.size-10:], w.at(w.size-10, 100))
}

func TestEndOfData(t *testing.T) {
	content := make([]byte, windowBytes+1000)
	w := newWindow(bytes.NewReader(content), int64(len(content)))
	assert.EqualValues(t, 32, w.endOfData(32))
	content[windowBytes+3] = 1
	w = newWindow(bytes.NewReader(content), int64(len(content)))
	assert.EqualValues(t, windowBytes+8, w.endOfData(32))
}

// Whatever is in a file: the walk ends, and what it finds can be read again.
func FuzzScanSegment(f *testing.F) {
	directory := f.TempDir()
	j, err := Open(directory, Options{SegmentBytes: MinSegmentBytes})
	require.NoError(f, err)
	for n := range 5 {
		_, err := j.Append(f.Context(), bytes.Repeat([]byte{'x'}, 30*n))
		require.NoError(f, err)
	}
	require.NoError(f, j.Close())
	segments, err := filepath.Glob(filepath.Join(directory, "*.wal"))
	require.NoError(f, err)
	content, err := os.ReadFile(segments[0])
	require.NoError(f, err)
	f.Add(content[:1000], true)
	f.Add(content[:1000], false)
	f.Add([]byte{}, true)
	f.Add(bytes.Repeat([]byte{1, 0, 0, 0}, 100), false)
	f.Add(bytes.Repeat([]byte{3, 0, 0, 0, 0, 0, 0, 0}, 100), true)
	f.Add(append(make([]byte, 32), 2, 0, 0, 0, 4, 0, 0, 0, 32, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 9, 9, 9, 9), false)
	f.Add(append(make([]byte, 32), 1, 0, 0, 0, 0xff, 0xff, 0xff, 0x3f, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x7f), true)
	f.Fuzz(func(t *testing.T, content []byte, mayBeTorn bool) {
		w := newWindow(bytes.NewReader(content), int64(len(content)))
		s := scanSegment(w, 1, -1, 0, mayBeTorn)
		for _, r := range s.runs {
			require.NoError(t, visitRun(w, r, func(found) error { return nil }))
		}
	})
}
