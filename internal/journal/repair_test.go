package journal_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/folderformat"
	"github.com/docketlog/docket/internal/journal"
)

// damagedSmall is small's journal without a readable entry 5.
func damagedSmall(t *testing.T) (directory string) {
	t.Helper()
	directory = small(t)
	overwrite(t, segmentPaths(t, directory)[1], 250, []byte("garbage"))
	return directory
}

// assertRepaired checks that entries 3 to 9 but the fifth are there.
func assertRepaired(t *testing.T, directory string) {
	t.Helper()
	var want []string
	for _, index := range []uint64{3, 4, 6, 7, 8, 9} {
		want = append(want, smallPayload(index))
	}
	assert.Equal(t, want, contents(t, directory))
}

func TestRepair(t *testing.T) {
	directory := damagedSmall(t)
	before := map[string][]byte{}
	for _, path := range segmentPaths(t, directory) {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		before[filepath.Base(path)] = content
	}
	repaired, err := journal.Repair(t.Context(), directory)
	require.NoError(t, err)
	assert.True(t, repaired.Changed)
	assert.EqualValues(t, 6, repaired.Entries)
	assert.EqualValues(t, 1, repaired.Lost)
	assert.EqualValues(t, 5, repaired.Report.Damages[0].FirstLost)
	assert.Positive(t, repaired.Bytes)
	assertRepaired(t, directory)

	assert.Regexp(t, `\.damaged-\d{8}T\d{6}Z$`, repaired.Kept)
	for name, content := range before {
		kept, err := os.ReadFile(filepath.Join(repaired.Kept, name))
		require.NoError(t, err)
		assert.Equal(t, content, kept, "the damaged files are kept as they were")
	}
	beside, err := filepath.Glob(directory + "*")
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{directory, repaired.Kept}, beside)

	j := open(t, directory, journal.Options{})
	checkpoint, err := j.Checkpoint("backend")
	require.NoError(t, err)
	assert.Zero(t, checkpoint, "all of it is applied as replayed")
}

func TestRepairOfAHealthyJournalDoesNothing(t *testing.T) {
	directory := small(t)
	repaired, err := journal.Repair(t.Context(), directory)
	require.NoError(t, err)
	assert.False(t, repaired.Changed)
	assert.Empty(t, repaired.Kept)
	require.Len(t, contents(t, directory), 9)

	_, err = journal.Repair(t.Context(), t.TempDir())
	require.ErrorContains(t, err, "there is no journal in")
	require.NoError(t, os.WriteFile(filepath.Join(directory, "FORMAT"), []byte("docket-journal 2\n"), 0o600))
	_, err = journal.Repair(t.Context(), directory)
	var format *folderformat.Error
	require.ErrorAs(t, err, &format)
}

func TestRepairOfAJournalWithoutReadableEntries(t *testing.T) {
	directory := small(t)
	for _, path := range segmentPaths(t, directory) {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		for i := 32; i < len(content); i++ {
			content[i] = 0xee
		}
		require.NoError(t, os.WriteFile(path, content, 0o600))
	}
	repaired, err := journal.Repair(t.Context(), directory)
	require.NoError(t, err)
	assert.Zero(t, repaired.Entries)
	assert.Positive(t, repaired.Lost)
	fill(t, open(t, directory, journal.Options{}), 1, 3, 10)
}

// Docket locks its data folder, in which the journal is, or the journal's folder
// when that is elsewhere.
func TestRepairIsRefusedWhileDocketRuns(t *testing.T) {
	directory := damagedSmall(t)
	for _, folder := range []string{directory, filepath.Dir(directory)} {
		running := flock.New(filepath.Join(folder, "LOCK"))
		locked, err := running.TryLock()
		require.NoError(t, err)
		require.True(t, locked)
		_, err = journal.Repair(t.Context(), directory)
		require.ErrorIs(t, err, journal.ErrInUse)
		require.NoError(t, running.Unlock())
	}
	repaired, err := journal.Repair(t.Context(), directory)
	require.NoError(t, err)
	require.True(t, repaired.Changed)
	assert.FileExists(t, filepath.Join(directory, "LOCK"))
	assertRepaired(t, directory)
}

// At each point at which a repair can end, the next one makes the same of it, and
// no Docket starts on an empty journal meanwhile.
func TestRepairAfterACrash(t *testing.T) {
	for name, test := range map[string]struct {
		crash func(t *testing.T, directory, repaired string)
		// inPlace says that the damaged journal is still in place.
		inPlace bool
	}{
		"while the new one is written": {func(t *testing.T, directory, repaired string) {
			t.Helper()
			require.NoError(t, os.CopyFS(directory+".repairing", os.DirFS(repaired)))
			require.NoError(t, os.Remove(segmentPaths(t, directory+".repairing")[0]))
		}, true},
		"when the new one is complete": {func(t *testing.T, directory, repaired string) {
			t.Helper()
			require.NoError(t, os.CopyFS(directory+".repaired", os.DirFS(repaired)))
		}, true},
		"when the damaged one is away": {func(t *testing.T, directory, repaired string) {
			t.Helper()
			require.NoError(t, os.CopyFS(directory+".repaired", os.DirFS(repaired)))
			require.NoError(t, os.Rename(directory, directory+".damaged-20260101T000000Z"))
		}, false},
		"and Docket was started": {func(t *testing.T, directory, repaired string) {
			t.Helper()
			require.NoError(t, os.CopyFS(directory+".repaired", os.DirFS(repaired)))
			require.NoError(t, os.Rename(directory, directory+".damaged-20260101T000000Z"))
			require.NoError(t, os.Mkdir(directory, 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(directory, "LOCK"), nil, 0o600))
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			directory := damagedSmall(t)
			done := copyOf(t, directory)
			_, err := journal.Repair(t.Context(), done)
			require.NoError(t, err)
			test.crash(t, directory, done)

			if !test.inPlace {
				_, err := journal.Open(directory, journal.Options{})
				require.ErrorIs(t, err, journal.ErrCorrupt)
				require.ErrorContains(t, err, "a repair of "+directory+" was interrupted")
				require.ErrorContains(t, err, `run "docket-journal repair `)
			}
			repaired, err := journal.Repair(t.Context(), directory)
			require.NoError(t, err)
			assert.True(t, repaired.Changed)
			assertRepaired(t, directory)
			assert.NoDirExists(t, directory+".repairing")
			assert.NoDirExists(t, directory+".repaired")
			kept, err := filepath.Glob(directory + ".damaged-*")
			require.NoError(t, err)
			assert.Len(t, kept, 1)
		})
	}
}
