package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/journal"
)

// readAll opens a journal and reads every entry behind after by Verify and by
// Read. It closes the journal again.
func readAll(t *testing.T, directory string, after uint64) (map[uint64]string, error) {
	t.Helper()
	j, err := journal.Open(directory, journal.Options{SegmentBytes: journal.MinSegmentBytes})
	if err != nil {
		return nil, err
	}
	defer func() { require.NoError(t, j.Close()) }()
	entries := map[uint64]string{}
	next := after + 1
	err = j.Verify(t.Context(), after, func(index uint64, payload []byte) error {
		require.Equal(t, next, index)
		next++
		entries[index] = string(payload)
		return nil
	})
	first, firstErr := j.FirstIndex()
	require.NoError(t, firstErr)
	for index := first; index <= j.LastIndex(); index++ {
		payload, readErr := j.Read(index)
		if readErr != nil {
			require.ErrorIs(t, readErr, journal.ErrCorrupt)
			if index > after {
				require.Error(t, err, "verify lets entry %d pass, which cannot be read: %v", index, readErr)
			}
			continue
		}
		if verified, isVerified := entries[index]; isVerified {
			require.Equal(t, verified, string(payload))
		}
	}
	return entries, err
}

// contents are the payloads of a repaired journal, in order.
func contents(t *testing.T, directory string) []string {
	t.Helper()
	entries, err := readAll(t, directory, 0)
	require.NoError(t, err)
	list := make([]string, len(entries))
	for index, payload := range entries {
		list[index-1] = payload
	}
	return list
}

// isLong says that tests may take long.
func isLong() bool { return os.Getenv("DOCKET_TEST_LONG") != "" }

// Whatever single byte changes: nothing wrong is handed out, what cannot be read
// is refused, and repair leaves every other entry in a journal that opens.
func TestEveryByteThatChanges(t *testing.T) {
	original := small(t)
	for n, path := range segmentPaths(t, original) {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		if n == 2 {
			content = content[:1000] // zeros follow
		}
		for at := 0; at < len(content); at++ {
			if at == 620 {
				at = max(at, len(content)-150) // the rest is the long entry, and zeros
			}
			if n == 1 && at%7 != 0 && !isLong() {
				continue // it is much like the first
			}
			broken := bytes.Clone(content)
			broken[at] ^= 1 << (at % 8)
			require.NoError(t, os.WriteFile(path, broken, 0o600))
			checkBroken(t, original, n == 2, isLong() || at%41 == 0, isLong() || at%123 == 0)
			if t.Failed() {
				t.Fatalf("segment %d, byte %d", n, at)
			}
		}
		require.NoError(t, os.WriteFile(path, content, 0o600))
	}
}

// checkBroken checks small's journal after a change that concerns one entry.
func checkBroken(t *testing.T, original string, inTail, open, repair bool) {
	t.Helper()
	report, err := journal.Inspect(t.Context(), original)
	require.NoError(t, err)
	lost := uint64(0)
	for _, d := range report.Damages {
		lost += d.Lost()
	}
	require.LessOrEqual(t, lost, uint64(1))
	require.GreaterOrEqual(t, report.Entries, uint64(8))
	require.NoError(t, report.Visit(t.Context(), 0, math.MaxUint64, func(e journal.Entry) error {
		require.Equal(t, smallPayload(e.Index), string(e.Payload))
		return nil
	}))
	if !open {
		return
	}
	directory, image := copyOf(t, original), copyOf(t, original)
	defer func() {
		require.NoError(t, os.RemoveAll(filepath.Dir(directory)))
		require.NoError(t, os.RemoveAll(filepath.Dir(image)))
	}()
	entries, err := readAll(t, image, 2)
	for index, payload := range entries {
		require.Equal(t, smallPayload(index), payload)
	}
	if err != nil {
		var damage *journal.DamageError
		require.ErrorAs(t, err, &damage)
		require.ErrorIs(t, err, journal.ErrCorrupt)
		require.NotEmpty(t, damage.Damages)
		require.ErrorContains(t, err, "docket-journal repair "+image)
		require.False(t, report.Healthy())
	} else {
		if inTail { // the last commit may look torn
			require.GreaterOrEqual(t, len(entries), 6)
		} else {
			require.Len(t, entries, 7)
		}
		require.Zero(t, lost)
	}
	if !repair {
		return
	}
	repaired, err := journal.Repair(t.Context(), directory)
	require.NoError(t, err)
	require.Equal(t, !report.Healthy(), repaired.Changed)
	require.Equal(t, lost, repaired.Lost)
	if !repaired.Changed {
		return
	}
	got := contents(t, directory)
	require.Len(t, got, 7-int(lost))
	next := 0
	for index := uint64(3); index <= 9 && next < len(got); index++ {
		if got[next] == smallPayload(index) {
			next++
		}
	}
	require.Len(t, got, next, "in their order, and with their bytes")
}

// Blocks that a disk loses, or writes to a wrong place.
func TestBlocksThatChange(t *testing.T) {
	original := filepath.Join(t.TempDir(), "journal")
	const entries, size = 300, 700
	j, err := journal.Open(original, journal.Options{SegmentBytes: journal.MinSegmentBytes})
	require.NoError(t, err)
	fill(t, j, 1, entries, size)
	require.NoError(t, j.Close())
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for range 15 {
		directory := copyOf(t, original)
		paths := segmentPaths(t, directory)
		path := paths[random.IntN(len(paths)-1)]
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		blocks := len(content) / 4096
		at, from := random.IntN(blocks)*4096, random.IntN(blocks)*4096
		block := make([]byte, 4096)
		switch random.IntN(3) {
		case 0: // zeros
		case 1:
			copy(block, content[from:from+4096])
		case 2:
			for i := range block {
				block[i] = byte(random.Uint32())
			}
		}
		if bytes.Equal(block, content[at:at+4096]) {
			continue
		}
		copy(content[at:], block)
		require.NoError(t, os.WriteFile(path, content, 0o600))

		_, err = readAll(t, directory, 0)
		require.ErrorIs(t, err, journal.ErrCorrupt)
		repaired, err := journal.Repair(t.Context(), directory)
		require.NoError(t, err)
		assert.LessOrEqual(t, repaired.Lost, uint64(4096/size+2), "%v", repaired.Report.Damages)
		got := contents(t, directory)
		require.Len(t, got, entries-int(repaired.Lost))
		isLost := map[uint64]bool{}
		for _, d := range repaired.Report.Damages {
			for index := d.FirstLost; index > 0 && index <= d.LastIndex; index++ {
				isLost[index] = true
			}
		}
		next := 0
		for index := uint64(1); index <= entries; index++ {
			if !isLost[index] {
				require.Equal(t, string(payload(index, size)), got[next])
				next++
			}
		}
	}
}

// raft-wal deletes segment files that wal-meta.db does not list. When it has been
// lost, or is an old copy, these are what was acknowledged.
func TestFilesThatAreNotListedAreNotDeleted(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, directory string){
		"list is missing": func(t *testing.T, directory string) {
			t.Helper()
			require.NoError(t, os.Remove(filepath.Join(directory, "wal-meta.db")))
		},
		"list is garbage": func(t *testing.T, directory string) {
			t.Helper()
			require.NoError(t, os.WriteFile(filepath.Join(directory, "wal-meta.db"), bytes.Repeat([]byte("garbage "), 4096), 0o600))
		},
		"list is empty": func(t *testing.T, directory string) {
			t.Helper()
			require.NoError(t, os.Truncate(filepath.Join(directory, "wal-meta.db"), 0))
		},
	} {
		t.Run(name, func(t *testing.T) {
			directory := small(t)
			damage(t, directory)
			_, err := journal.Open(directory, journal.Options{})
			var damaged *journal.DamageError
			require.ErrorAs(t, err, &damaged)
			assert.Contains(t, damaged.Damages[0].File, "wal-meta.db")
			require.Len(t, segmentPaths(t, directory), 3)

			repaired, err := journal.Repair(t.Context(), directory)
			require.NoError(t, err)
			assert.Zero(t, repaired.Lost)
			got := contents(t, directory)
			require.Len(t, got, 9, "what is applied is not known, so all of it is kept")
			for n, content := range got {
				assert.Equal(t, smallPayload(uint64(n+1)), content)
			}
		})
	}
}

// Bolt panics at some of what it has not written.
func TestEveryByteOfTheListThatChanges(t *testing.T) {
	original := small(t)
	content, err := os.ReadFile(filepath.Join(original, "wal-meta.db"))
	require.NoError(t, err)
	for at := range content {
		if !isLong() && at%97 != 0 && (content[at] == 0 || at%23 != 0) {
			continue
		}
		directory := copyOf(t, original)
		broken := bytes.Clone(content)
		broken[at] ^= 1 << (at % 8)
		require.NoError(t, os.WriteFile(filepath.Join(directory, "wal-meta.db"), broken, 0o600))
		before := len(segmentPaths(t, directory))
		entries, err := readAll(t, directory, 2)
		for index, payload := range entries {
			require.Equal(t, smallPayload(index), payload, "byte %d", at)
		}
		require.GreaterOrEqual(t, len(segmentPaths(t, directory)), before, "byte %d", at)
		if err != nil {
			require.ErrorIs(t, err, journal.ErrCorrupt, "byte %d", at)
		}
		_, err = journal.Inspect(t.Context(), directory)
		require.NoError(t, err, "byte %d", at)
		require.NoError(t, os.RemoveAll(filepath.Dir(directory)))
	}
}

// A checkpoint that were too high would skip entries.
func TestCheckpointThatChangesIsNoticed(t *testing.T) {
	original := small(t)
	content, err := os.ReadFile(filepath.Join(original, "wal-meta.db"))
	require.NoError(t, err)
	value := append([]byte("checkpoint/backend"), 2, 0, 0, 0, 0, 0, 0, 0)
	require.Equal(t, 1, bytes.Count(content, value))
	at := bytes.Index(content, value) + len(value) - 8
	for n := range 12 {
		directory := copyOf(t, original)
		broken := bytes.Clone(content)
		broken[at+n] ^= 1
		require.NoError(t, os.WriteFile(filepath.Join(directory, "wal-meta.db"), broken, 0o600))
		_, err := journal.Open(directory, journal.Options{})
		require.ErrorIs(t, err, journal.ErrCorrupt)
		require.ErrorContains(t, err, "wal-meta.db")
	}
}

func TestVerify(t *testing.T) {
	directory := small(t)
	j := open(t, directory, journal.Options{})
	visited := uint64(2)
	require.NoError(t, j.Verify(t.Context(), 2, func(index uint64, content []byte) error {
		visited++
		assert.Equal(t, visited, index)
		assert.Equal(t, smallPayload(index), string(content))
		return nil
	}))
	assert.EqualValues(t, 9, visited)

	errStop := errors.New("stop")
	require.ErrorIs(t, j.Verify(t.Context(), 0, func(uint64, []byte) error { return errStop }), errStop)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	nothing := func(uint64, []byte) error { return nil }
	require.ErrorIs(t, j.Verify(canceled, 0, nothing), context.Canceled)
	require.NoError(t, j.Verify(t.Context(), 9, nothing))
	require.NoError(t, j.Verify(t.Context(), 99, nothing))
}

func TestVerifyRefusesDamageBehindTheCheckpointOnly(t *testing.T) {
	directory := small(t)
	overwrite(t, segmentPaths(t, directory)[0], 32+152+50, []byte("garbage")) // entry 2
	j := open(t, directory, journal.Options{})
	visited := 0
	count := func(uint64, []byte) error { visited++; return nil }
	require.NoError(t, j.Verify(t.Context(), 2, count))
	assert.Equal(t, 7, visited)

	err := j.Verify(t.Context(), 0, count)
	var damaged *journal.DamageError
	require.ErrorAs(t, err, &damaged)
	require.ErrorContains(t, err, "00000000000000000001-0000000000000000.wal, offset 184, 152 bytes: "+
		"entry 2 cannot be read, and nothing of it is applied yet")
	require.ErrorContains(t, err, "The folder was left as it is.")
	assert.ErrorContains(t, err, `"docket-journal repair `+directory+`"`)
}

func BenchmarkVerify(b *testing.B) {
	for _, size := range []int{430, 20_000} {
		b.Run(fmt.Sprintf("bytes=%d", size), func(b *testing.B) {
			directory := b.TempDir()
			j, err := journal.Open(directory, journal.Options{})
			require.NoError(b, err)
			const total = 256 << 20
			fillConcurrently(b, j, total/size, size)
			require.NoError(b, j.Close())
			j = open(b, directory, journal.Options{SegmentBytes: journal.DefaultSegmentBytes})
			b.SetBytes(total)
			for b.Loop() {
				require.NoError(b, j.Verify(b.Context(), 0, func(uint64, []byte) error { return nil }))
			}
		})
	}
}

func fillConcurrently(tb testing.TB, j *journal.Journal, entries, size int) {
	tb.Helper()
	const writers = 64
	var group sync.WaitGroup
	content := payload(1, size)
	for range writers {
		group.Go(func() {
			for range entries / writers {
				_, err := j.Append(tb.Context(), content)
				assert.NoError(tb, err)
			}
		})
	}
	group.Wait()
}
