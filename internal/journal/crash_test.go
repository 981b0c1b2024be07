package journal_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/journal"
)

// crashCopy copies the files of an open journal: what is left after a kill.
func crashCopy(t *testing.T, directory string) string {
	t.Helper()
	image := t.TempDir()
	require.NoError(t, os.CopyFS(image, os.DirFS(directory)))
	return image
}

// newestSegment returns the path of the last segment and the offset behind its
// last frame; frames have a multiple of eight bytes.
func newestSegment(t *testing.T, directory string) (path string, end int) {
	t.Helper()
	segments, err := filepath.Glob(filepath.Join(directory, "*.wal"))
	require.NoError(t, err)
	require.NotEmpty(t, segments)
	path = segments[len(segments)-1]
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return path, (len(bytes.TrimRight(content, "\x00")) + 7) / 8 * 8
}

// overwrite replaces bytes of a file.
func overwrite(t *testing.T, path string, offset int, content []byte) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = file.WriteAt(content, int64(offset))
	require.NoError(t, err)
	require.NoError(t, file.Close())
}

func TestKilledJournalGoesOn(t *testing.T) {
	directory := t.TempDir()
	j := open(t, directory, journal.Options{})
	const size = 3000
	for last := uint64(1); last <= 60; last++ {
		fill(t, j, last, last, size)
		if last%7 == 0 {
			recovered := open(t, crashCopy(t, directory), journal.Options{})
			verify(t, recovered, 1, last, size)
			fill(t, recovered, last+1, last+30, size)
			verify(t, recovered, 1, last+30, size)
		}
	}
}

// A torn tail is what the last, never acknowledged write of a crashed process
// leaves: it is cut off, and nothing in front of it is lost.
func TestTornTailIsCut(t *testing.T) {
	const size, last = 1000, 10
	const frame = 1048 // the last entry with its headers and padding; an 8-byte commit frame follows
	for name, tear := range map[string]func(t *testing.T, path string, end int){
		"file ends inside the last entry": func(t *testing.T, path string, end int) {
			t.Helper()
			require.NoError(t, os.Truncate(path, int64(end-frame/2)))
		},
		"last entry is garbled": func(t *testing.T, path string, end int) {
			t.Helper()
			overwrite(t, path, end-frame/2, []byte("garbage"))
		},
		"last entry's header is garbled": func(t *testing.T, path string, end int) {
			t.Helper()
			overwrite(t, path, end-frame-8, bytes.Repeat([]byte{0xff}, 8))
		},
		"last entry never reached the disk": func(t *testing.T, path string, end int) {
			t.Helper()
			overwrite(t, path, end-frame-8, make([]byte, frame)) // but the commit frame did
		},
		"commit frame is missing": func(t *testing.T, path string, end int) {
			t.Helper()
			overwrite(t, path, end-8, make([]byte, 8))
		},
	} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			j := open(t, directory, journal.Options{})
			fill(t, j, 1, last, size)
			image := crashCopy(t, directory)
			path, end := newestSegment(t, image)
			tear(t, path, end)

			recovered, err := journal.Open(image, journal.Options{SegmentBytes: journal.MinSegmentBytes})
			require.NoError(t, err)
			verify(t, recovered, 1, last-1, size)
			_, end = newestSegment(t, image)
			assert.Equal(t, 32+(last-1)*(frame+8), end, "nothing torn stays behind the last commit")
			fill(t, recovered, last, last+100, size)
			require.NoError(t, recovered.Close())

			recovered = open(t, image, journal.Options{})
			verify(t, recovered, 1, last+100, size)
		})
	}
}

// A crash between the commit that seals a segment and the change of the list of
// segments leaves a sealed segment that is not listed as such.
func TestCrashBeforeRotation(t *testing.T) {
	const sealing = journal.MinSegmentBytes + 1
	image := func(t *testing.T) (directory, segment string) {
		t.Helper()
		directory = t.TempDir()
		j := open(t, directory, journal.Options{})
		fill(t, j, 1, 2, 500)
		list, err := os.ReadFile(filepath.Join(directory, "wal-meta.db"))
		require.NoError(t, err)
		fill(t, j, 3, 3, sealing)
		fill(t, j, 4, 4, 500) // waits for the rotation

		directory = crashCopy(t, directory)
		require.NoError(t, os.WriteFile(filepath.Join(directory, "wal-meta.db"), list, 0o600))
		newest, _ := newestSegment(t, directory)
		require.NoError(t, os.Remove(newest))
		segment, _ = newestSegment(t, directory)
		return directory, segment
	}
	read := func(t *testing.T, j *journal.Journal, index uint64, size int) {
		t.Helper()
		got, err := j.Read(index)
		require.NoError(t, err)
		require.Equal(t, string(payload(index, size)), string(got))
	}

	t.Run("sealing commit is whole", func(t *testing.T) {
		directory, _ := image(t)
		for range 2 { // recovering again changes nothing
			j, err := journal.Open(directory, journal.Options{SegmentBytes: journal.MinSegmentBytes})
			require.NoError(t, err)
			require.EqualValues(t, 3, j.LastIndex())
			require.NoError(t, j.Close())
		}
		j := open(t, directory, journal.Options{})
		fill(t, j, 4, 10, 500)
		read(t, j, 2, 500)
		read(t, j, 3, sealing)
		read(t, j, 4, 500)
	})
	t.Run("sealing commit is torn", func(t *testing.T) {
		directory, segment := image(t)
		overwrite(t, segment, 30_000, []byte("garbage"))
		j, err := journal.Open(directory, journal.Options{SegmentBytes: journal.MinSegmentBytes})
		require.NoError(t, err)
		require.EqualValues(t, 2, j.LastIndex())
		fill(t, j, 3, 300, 500)
		require.NoError(t, j.Close())
		verify(t, open(t, directory, journal.Options{}), 1, 300, 500)
	})
}

// An entry whose bytes have changed since they were written is never handed out.
func TestCorruptEntryIsNoticedWhenRead(t *testing.T) {
	directory := t.TempDir()
	j, err := journal.Open(directory, journal.Options{SegmentBytes: journal.MinSegmentBytes})
	require.NoError(t, err)
	fill(t, j, 1, 10, 1000)
	require.NoError(t, j.Close())
	segment, _ := newestSegment(t, directory)
	overwrite(t, segment, 3500, []byte("garbage")) // inside entry 4

	j = open(t, directory, journal.Options{})
	_, err = j.Read(4)
	require.ErrorIs(t, err, journal.ErrCorrupt)
	got, err := j.Read(5)
	require.NoError(t, err)
	assert.Equal(t, payload(5, 1000), got)
}

// What looks like a torn write but has a whole commit behind it is damage, and
// cutting it off would lose acknowledged entries.
func TestDamageIsNotTakenForATornWrite(t *testing.T) {
	const header, frame = 32, 1048 // of the segment; of an entry, an 8-byte commit frame follows
	for name, test := range map[string]struct{ entry, offset, bytes int }{
		"header of an entry":          {5, 0, 8},
		"header of the first entry":   {1, 0, 8},
		"commit frame":                {5, frame, 8},
		"next to last commit frame":   {9, frame, 8},
		"half an entry":               {5, 0, 500},
		"several entries":             {5, 300, 3 * frame},
		"header of last but one":      {9, 0, 8},
		"everything before the last":  {1, 0, 9*(frame+8) - 8},
		"file header and first entry": {1, -header, 100},
	} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			j, err := journal.Open(directory, journal.Options{SegmentBytes: journal.MinSegmentBytes})
			require.NoError(t, err)
			fill(t, j, 1, 10, 1000)
			require.NoError(t, j.Close())
			segment, _ := newestSegment(t, directory)
			before, err := os.ReadFile(segment)
			require.NoError(t, err)
			overwrite(t, segment, header+(test.entry-1)*(frame+8)+test.offset, bytes.Repeat([]byte{0xee}, test.bytes))
			damaged, err := os.ReadFile(segment)
			require.NoError(t, err)
			require.NotEqual(t, before, damaged)

			_, err = journal.Open(directory, journal.Options{SegmentBytes: journal.MinSegmentBytes})
			require.ErrorIs(t, err, journal.ErrCorrupt)
			after, err := os.ReadFile(segment)
			require.NoError(t, err)
			assert.Equal(t, damaged, after, "the damaged file is left as it is")
		})
	}
}

// A journal that has lost what an applier has applied must not start: it would
// give indexes out again, and the applier would take new entries for old ones.
func TestLostEntriesBelowACheckpointAreNoticed(t *testing.T) {
	directory := t.TempDir()
	j := open(t, directory, journal.Options{})
	fill(t, j, 1, 10, 1000)
	require.NoError(t, j.SetCheckpoint("backend", 10))
	image := crashCopy(t, directory)
	path, end := newestSegment(t, image)
	require.NoError(t, os.Truncate(path, int64(end-500)))

	recovered := open(t, image, journal.Options{})
	_, err := recovered.Checkpoint("backend")
	require.ErrorIs(t, err, journal.ErrCorrupt)
	assert.ErrorContains(t, err, "has applied entry 10, but the last entry is 9")
}
