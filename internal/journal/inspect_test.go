package journal_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/journal"
)

// small makes a closed journal of three segments: entries 1 to 3, 4 to 6 and 7 to
// 9, all but the sealing ones small. The checkpoint is 2.
func small(t *testing.T) (directory string) {
	t.Helper()
	directory = filepath.Join(journal.FastDirectory(t), "journal")
	j, err := journal.Open(directory, journal.Options{SegmentBytes: journal.MinSegmentBytes})
	require.NoError(t, err)
	for index := uint64(1); index <= 9; index++ {
		size := 100 + int(index)
		if index == 3 || index == 6 {
			size = journal.MinSegmentBytes
		}
		fill(t, j, index, index, size)
	}
	require.NoError(t, j.SetCheckpoint("backend", 2))
	require.NoError(t, j.Close())
	return directory
}

// smallPayload is the payload of an entry of small's.
func smallPayload(index uint64) string {
	size := 100 + int(index)
	if index == 3 || index == 6 {
		size = journal.MinSegmentBytes
	}
	return string(payload(index, size))
}

func segmentPaths(t *testing.T, directory string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(directory, "*.wal"))
	require.NoError(t, err)
	return paths
}

// copyOf copies a closed journal.
func copyOf(t *testing.T, directory string) string {
	t.Helper()
	image := filepath.Join(journal.FastDirectory(t), "journal")
	require.NoError(t, os.CopyFS(image, os.DirFS(directory)))
	return image
}

func TestInspectHealthyJournal(t *testing.T) {
	directory := small(t)
	report, err := journal.Inspect(t.Context(), directory)
	require.NoError(t, err)
	assert.True(t, report.Healthy(), "%v", report.Damages)
	assert.EqualValues(t, 1, report.FirstIndex)
	assert.EqualValues(t, 9, report.LastIndex)
	assert.EqualValues(t, 9, report.Entries)
	assert.Equal(t, map[string]uint64{"backend": 2}, report.Checkpoints)
	assert.EqualValues(t, 2, report.Applied)
	assert.Nil(t, report.TornTail)
	require.Len(t, report.Segments, 3)
	for n, s := range report.Segments {
		assert.EqualValues(t, 3*n+1, s.BaseIndex)
		assert.EqualValues(t, 3, s.Entries)
		assert.Equal(t, n < 2, s.Sealed)
		assert.Equal(t, filepath.Base(segmentPaths(t, directory)[n]), s.File)
	}
	want := uint64(4)
	require.NoError(t, report.Visit(t.Context(), 4, 8, func(e journal.Entry) error {
		assert.Equal(t, want, e.Index)
		assert.Equal(t, smallPayload(want), string(e.Payload))
		want++
		return nil
	}))
	assert.EqualValues(t, 9, want)
}

func TestInspectFindsAndNamesDamage(t *testing.T) {
	const commit, frame = 8, 144 // of entries 1 and 2
	first := "00000000000000000001-0000000000000000.wal"
	second := "00000000000000000004-0000000000000001.wal"
	tail := "00000000000000000007-0000000000000002.wal"
	for name, test := range map[string]struct {
		damage func(t *testing.T, directory string)
		want   []journal.Damage
		found  string
		// readable is how many entries can still be read.
		readable uint64
	}{
		"entry that is applied": {
			func(t *testing.T, d string) {
				t.Helper()
				overwrite(t, filepath.Join(d, first), 32+frame+commit+50, []byte("garbage"))
			},
			[]journal.Damage{{File: first, Offset: 32 + frame + commit, Bytes: frame + commit, FirstIndex: 2, LastIndex: 2}},
			"entry 2 has checksum", 8,
		},
		"entries that are not applied": {
			func(t *testing.T, d string) {
				t.Helper()
				overwrite(t, filepath.Join(d, second), 32+50, make([]byte, 200))
			},
			[]journal.Damage{{File: second, Offset: 32, Bytes: 2 * (frame + commit + 8), FirstIndex: 4, LastIndex: 5, FirstLost: 4}},
			"entry 4 has format 0", 7,
		},
		"across the checkpoint": {
			func(t *testing.T, d string) {
				t.Helper()
				overwrite(t, filepath.Join(d, first), 32, make([]byte, 1000))
			},
			[]journal.Damage{{File: first, Offset: 32, Bytes: 65888, FirstIndex: 1, LastIndex: 3, FirstLost: 3}},
			"there are zeros", 6,
		},
		"a missing file": {
			func(t *testing.T, d string) {
				t.Helper()
				require.NoError(t, os.Remove(filepath.Join(d, second)))
			},
			[]journal.Damage{{File: second, FirstIndex: 4, LastIndex: 6, FirstLost: 4}},
			"the file is missing", 6,
		},
		"a file that has been cut": {
			func(t *testing.T, d string) {
				t.Helper()
				require.NoError(t, os.Truncate(filepath.Join(d, second), 32+frame+commit+8+50))
			},
			[]journal.Damage{{File: second, Offset: 32 + frame + commit + 8, Bytes: 50, FirstIndex: 5, LastIndex: 6, FirstLost: 5}},
			"an entry's frame says", 7,
		},
		"in the newest file": {
			func(t *testing.T, d string) {
				t.Helper()
				overwrite(t, filepath.Join(d, tail), 32+50, []byte("garbage"))
			},
			[]journal.Damage{{File: tail, Offset: 32, Bytes: frame + commit + 8, FirstIndex: 7, LastIndex: 7, FirstLost: 7}},
			"entry 7 has checksum", 8,
		},
		"an entry's frame": {
			func(t *testing.T, d string) {
				t.Helper()
				overwrite(t, filepath.Join(d, first), 32, []byte("garbage!"))
			},
			[]journal.Damage{{File: first, Offset: 32, Bytes: frame, FirstIndex: 1, LastIndex: 1, Recoverable: true}},
			"the entry itself is", 9,
		},
		"a file's header": {
			func(t *testing.T, d string) {
				t.Helper()
				overwrite(t, filepath.Join(d, second), 10, []byte("garbage"))
			},
			[]journal.Damage{{File: second, Bytes: 32, FirstIndex: 4, LastIndex: 6, Recoverable: true}},
			"the file's header", 9,
		},
		"the list of segments": {
			func(t *testing.T, d string) {
				t.Helper()
				require.NoError(t, os.Remove(filepath.Join(d, "wal-meta.db")))
			},
			[]journal.Damage{{File: "wal-meta.db", Recoverable: true}},
			"the file is missing, although there are segment files", 9,
		},
		"no format version": {
			func(t *testing.T, d string) {
				t.Helper()
				require.NoError(t, os.Remove(filepath.Join(d, "FORMAT")))
			},
			[]journal.Damage{{File: "FORMAT", Recoverable: true}},
			"no such file", 9,
		},
		"a format version that is none": {
			func(t *testing.T, d string) {
				t.Helper()
				overwrite(t, filepath.Join(d, "FORMAT"), 0, []byte("garbage"))
			},
			[]journal.Damage{{File: "FORMAT", Bytes: 17, Recoverable: true}},
			`has format version "garbagejournal 1\n" of docket-journal`, 9,
		},
	} {
		t.Run(name, func(t *testing.T) {
			directory := small(t)
			test.damage(t, directory)
			report, err := journal.Inspect(t.Context(), directory)
			require.NoError(t, err)
			assert.Equal(t, test.readable, report.Entries)
			require.NotEmpty(t, report.Damages)
			assert.Contains(t, report.Damages[0].Found, test.found)
			report.Damages[0].Found = ""
			assert.Equal(t, test.want[0], report.Damages[0])
			assert.Nil(t, report.TornTail)
		})
	}
}

func TestInspectReportsATornTail(t *testing.T) {
	directory := small(t)
	path, end := newestSegment(t, directory)
	require.NoError(t, os.Truncate(path, int64(end-50)))
	report, err := journal.Inspect(t.Context(), directory)
	require.NoError(t, err)
	assert.True(t, report.Healthy(), "%v", report.Damages)
	assert.EqualValues(t, 8, report.Entries)
	require.NotNil(t, report.TornTail)
	assert.Equal(t, filepath.Base(path), report.TornTail.File)

	j := open(t, directory, journal.Options{})
	assert.EqualValues(t, 8, j.LastIndex(), "open cuts what the report calls torn")
}

func TestInspectOfAnOpenJournalIsRefused(t *testing.T) {
	directory := t.TempDir()
	j := open(t, directory, journal.Options{})
	fill(t, j, 1, 1, 10)
	_, err := journal.Inspect(t.Context(), directory)
	require.ErrorIs(t, err, journal.ErrInUse)
	_, err = journal.Inspect(t.Context(), t.TempDir())
	require.ErrorContains(t, err, "there is no journal in")
}

// After a crash, files of released segments may be left over; they are no damage.
func TestInspectIgnoresWhatIsReleased(t *testing.T) {
	directory := small(t)
	first := segmentPaths(t, directory)[0]
	content, err := os.ReadFile(first)
	require.NoError(t, err)
	j, err := journal.Open(directory, journal.Options{SegmentBytes: journal.MinSegmentBytes})
	require.NoError(t, err)
	require.NoError(t, j.SetCheckpoint("backend", 5))
	require.NoError(t, j.Release(5))
	require.NoError(t, j.Close())
	require.NoError(t, os.WriteFile(first, content, 0o600))

	report, err := journal.Inspect(t.Context(), directory)
	require.NoError(t, err)
	assert.True(t, report.Healthy(), "%v", report.Damages)
	assert.EqualValues(t, 6, report.FirstIndex)
	assert.EqualValues(t, 4, report.Entries)
	open(t, directory, journal.Options{})
	assert.NoFileExists(t, first)
}
