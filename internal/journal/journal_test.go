package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/docketlog/docket/internal/folderformat"
	"github.com/docketlog/docket/internal/journal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open opens a journal with small segments and closes it with the test.
func open(tb testing.TB, directory string, options journal.Options) *journal.Journal {
	tb.Helper()
	if options.SegmentBytes == 0 {
		options.SegmentBytes = journal.MinSegmentBytes
	}
	j, err := journal.Open(directory, options)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, j.Close()) })
	return j
}

// payload is the recognisable payload of the entry at index.
func payload(index uint64, size int) []byte {
	text := fmt.Sprintf("entry %d ", index)
	return []byte(text + strings.Repeat("x", max(0, size-len(text))))
}

// fill appends the entries of the given indexes, each of the given size.
func fill(tb testing.TB, j *journal.Journal, from, to uint64, size int) {
	tb.Helper()
	for index := from; index <= to; index++ {
		got, err := j.Append(tb.Context(), payload(index, size))
		require.NoError(tb, err)
		require.Equal(tb, index, got)
	}
}

// verify reads every entry from first to last and checks it.
func verify(tb testing.TB, j *journal.Journal, first, last uint64, size int) {
	tb.Helper()
	require.Equal(tb, last, j.LastIndex())
	for index := first; index <= last; index++ {
		got, err := j.Read(index)
		require.NoError(tb, err)
		require.Equal(tb, string(payload(index, size)), string(got))
	}
}

func TestAppendedEntriesAreReadAfterReopening(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "journal")
	const size, perRound = 5000, 50 // several segments a round

	for round := range uint64(4) {
		j, err := journal.Open(directory, journal.Options{SegmentBytes: journal.MinSegmentBytes})
		require.NoError(t, err)
		require.Equal(t, round*perRound, j.LastIndex())
		fill(t, j, round*perRound+1, (round+1)*perRound, size)
		verify(t, j, 1, (round+1)*perRound, size)
		require.NoError(t, j.Close())
	}
	j := open(t, directory, journal.Options{})
	verify(t, j, 1, 4*perRound, size)
	first, err := j.FirstIndex()
	require.NoError(t, err)
	assert.Equal(t, uint64(1), first)

	_, err = j.Read(4*perRound + 1)
	require.ErrorIs(t, err, journal.ErrNotFound)
}

func TestPayloadsOfEverySizeComeBack(t *testing.T) {
	directory := t.TempDir()
	sizes := []int{0, 1, 7, 8, 9, 1000, 64 << 10, 5 << 20}
	j, err := journal.Open(directory, journal.Options{})
	require.NoError(t, err)
	for _, size := range sizes {
		_, err := j.Append(t.Context(), bytes.Repeat([]byte{'a'}, size))
		require.NoError(t, err)
	}
	require.NoError(t, j.Close())

	j = open(t, directory, journal.Options{})
	for i, size := range sizes {
		got, err := j.Read(uint64(i + 1))
		require.NoError(t, err)
		assert.Len(t, got, size)
	}
	_, err = j.Append(t.Context(), make([]byte, journal.MaxPayloadBytes+1))
	var tooLarge *journal.PayloadTooLargeError
	require.ErrorAs(t, err, &tooLarge)
	assert.Equal(t, journal.MaxPayloadBytes, tooLarge.Limit)
}

func TestConcurrentAppendsShareCommitsAndLoseNothing(t *testing.T) {
	directory := t.TempDir()
	j, err := journal.Open(directory, journal.Options{SegmentBytes: 1 << 20})
	require.NoError(t, err)
	const writers, each = 32, 100

	var group sync.WaitGroup
	var mu sync.Mutex
	stored := map[uint64]string{}
	for writer := range writers {
		group.Go(func() {
			for n := range each {
				content := fmt.Sprintf("%d/%d %s", writer, n, strings.Repeat("x", 400))
				index, err := j.Append(t.Context(), []byte(content))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				stored[index] = content
				mu.Unlock()
			}
		})
	}
	// A reader follows in the meantime.
	group.Go(func() {
		for index := uint64(1); index <= writers*each; index++ {
			if err := j.Wait(t.Context(), index-1); err != nil {
				t.Error(err)
				return
			}
			_, err := j.Read(index)
			assert.NoError(t, err)
		}
	})
	group.Wait()

	stats := j.Stats()
	assert.EqualValues(t, writers*each, stats.Appends)
	assert.Less(t, stats.Commits, stats.Appends/2, "callers must share commits")
	require.NoError(t, j.Close())

	j = open(t, directory, journal.Options{})
	require.Len(t, stored, writers*each)
	for index, content := range stored {
		got, err := j.Read(index)
		require.NoError(t, err)
		require.Equal(t, content, string(got))
	}
}

func TestAppendEndsWithItsContext(t *testing.T) {
	j := open(t, t.TempDir(), journal.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := j.Append(ctx, payload(1, 10))
	require.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, j.LastIndex())
	require.ErrorIs(t, j.Wait(ctx, 0), context.Canceled)
	fill(t, j, 1, 1, 10)
}

func TestFullJournalRefusesUntilReleased(t *testing.T) {
	directory := t.TempDir()
	const size, limit = 10_000, 100_000
	j := open(t, directory, journal.Options{MaxBytes: limit})
	fill(t, j, 1, 10, size)

	_, err := j.Append(t.Context(), payload(11, size))
	require.ErrorIs(t, err, journal.ErrFull)
	used, bound := j.Size()
	assert.EqualValues(t, limit, used)
	assert.EqualValues(t, limit, bound)

	require.NoError(t, j.Release(3))
	fill(t, j, 11, 13, size)
	_, err = j.Append(t.Context(), payload(14, size))
	require.ErrorIs(t, err, journal.ErrFull)

	require.NoError(t, j.Release(13))
	used, _ = j.Size()
	assert.Zero(t, used)
	fill(t, j, 14, 23, size)
}

func TestReleaseDropsSegmentsAndSurvivesReopening(t *testing.T) {
	directory := t.TempDir()
	const size = 20_000
	j, err := journal.Open(directory, journal.Options{SegmentBytes: journal.MinSegmentBytes})
	require.NoError(t, err)
	fill(t, j, 1, 40, size)
	segments := countSegments(t, directory)
	require.NoError(t, j.SetCheckpoint("backend", 30))
	require.NoError(t, j.Release(30))
	assert.Less(t, countSegments(t, directory), segments)
	_, err = j.Read(30)
	require.ErrorIs(t, err, journal.ErrNotFound)
	require.NoError(t, j.Close())

	j, err = journal.Open(directory, journal.Options{SegmentBytes: journal.MinSegmentBytes})
	require.NoError(t, err)
	verify(t, j, 31, 40, size)
	used, _ := j.Size()
	assert.EqualValues(t, 10*size, used)
	checkpoint, err := j.Checkpoint("backend")
	require.NoError(t, err)
	assert.EqualValues(t, 30, checkpoint)

	// Even when all is released, the indexes go on after reopening: an index that
	// were given out twice would look applied.
	require.NoError(t, j.Release(40))
	require.NoError(t, j.Close())
	j = open(t, directory, journal.Options{})
	require.EqualValues(t, 40, j.LastIndex())
	fill(t, j, 41, 42, size)
	verify(t, j, 40, 42, size)
	before, err := j.Position(40)
	require.NoError(t, err)
	after, err := j.Position(42)
	require.NoError(t, err)
	assert.EqualValues(t, 2*size, after-before)
	assert.EqualValues(t, 42*size, after)
}

func TestCheckpoints(t *testing.T) {
	j := open(t, t.TempDir(), journal.Options{})
	index, err := j.Checkpoint("a")
	require.NoError(t, err)
	assert.Zero(t, index)

	fill(t, j, 1, 3, 100)
	require.NoError(t, j.SetCheckpoint("a", 2))
	require.NoError(t, j.SetCheckpoint("b", 3))
	index, err = j.Checkpoint("a")
	require.NoError(t, err)
	assert.EqualValues(t, 2, index)
	require.Error(t, j.SetCheckpoint("a", 4), "an entry that does not exist cannot be applied")
}

func TestClosedJournal(t *testing.T) {
	j, err := journal.Open(t.TempDir(), journal.Options{})
	require.NoError(t, err)
	fill(t, j, 1, 1, 10)
	waited := make(chan error)
	go func() { waited <- j.Wait(context.Background(), 1) }()
	time.Sleep(10 * time.Millisecond)
	require.NoError(t, j.Close())
	require.ErrorIs(t, <-waited, journal.ErrClosed)
	require.NoError(t, j.Close(), "closing twice is fine")
	_, err = j.Append(t.Context(), payload(2, 10))
	require.ErrorIs(t, err, journal.ErrClosed)
	require.ErrorIs(t, j.Release(1), journal.ErrClosed)
	require.ErrorIs(t, j.SetCheckpoint("a", 1), journal.ErrClosed)
}

func TestOpenRefusesOtherFormats(t *testing.T) {
	for name, test := range map[string]struct {
		content, found string
	}{
		"newer version":         {"docket-journal 2\n", "version 2 of docket-journal,"},
		"not ours":              {"something else", `version "something else" of docket-journal,`},
		"empty":                 {"", `version "" of docket-journal,`},
		"version is not number": {"docket-journal one", `version "docket-journal one" of docket-journal,`},
	} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(directory, "FORMAT"), []byte(test.content), 0o600))
			_, err := journal.Open(directory, journal.Options{})
			var format *folderformat.Error
			require.ErrorAs(t, err, &format)
			assert.Equal(t, 1, format.Supported)
			require.ErrorContains(t, err, "open the journal: "+directory+" has format "+test.found)
			require.ErrorContains(t, err, "supports version 1")
		})
	}
}

func TestOpenRefusesAJournalWithoutItsFormat(t *testing.T) {
	directory := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(directory, "wal-meta.db"), nil, 0o600))
	_, err := journal.Open(directory, journal.Options{})
	var missing *folderformat.MissingError
	require.ErrorAs(t, err, &missing)
	require.ErrorContains(t, err, "open the journal: "+directory+" holds wal-meta.db, but no file FORMAT")
}

func TestOpenRefusesBadOptions(t *testing.T) {
	for name, options := range map[string]journal.Options{
		"segment too small":           {SegmentBytes: 1},
		"segment too large":           {SegmentBytes: journal.MaxSegmentBytes + 1},
		"limit smaller than segments": {MaxBytes: journal.DefaultSegmentBytes - 1},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := journal.Open(t.TempDir(), options)
			require.Error(t, err)
		})
	}
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := journal.Open(file, journal.Options{})
	require.Error(t, err)
}

func countSegments(tb testing.TB, directory string) int {
	tb.Helper()
	segments, err := filepath.Glob(filepath.Join(directory, "*.wal"))
	require.NoError(tb, err)
	return len(segments)
}

func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			j, err := journal.Open(b.TempDir(), journal.Options{})
			require.NoError(b, err)
			content := payload(1, 430)
			b.SetBytes(int64(len(content)))
			b.ResetTimer()
			var group sync.WaitGroup
			next := make(chan struct{}, writers)
			for range writers {
				group.Go(func() {
					for range next {
						if _, err := j.Append(b.Context(), content); err != nil && !errors.Is(err, context.Canceled) {
							b.Error(err)
						}
					}
				})
			}
			for range b.N {
				next <- struct{}{}
			}
			close(next)
			group.Wait()
			b.StopTimer()
			stats := j.Stats()
			b.ReportMetric(float64(stats.Appends)/float64(stats.Commits), "appends/fsync")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
			require.NoError(b, j.Close())
		})
	}
}

func BenchmarkRead(b *testing.B) {
	directory := b.TempDir()
	j, err := journal.Open(directory, journal.Options{MaxBytes: 16 << 30})
	require.NoError(b, err)
	const entries = 2000
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			for range entries / 50 {
				_, err := j.Append(b.Context(), payload(1, 430))
				assert.NoError(b, err)
			}
		})
	}
	group.Wait()
	read := func(b *testing.B, j *journal.Journal) {
		b.Helper()
		for n := range b.N {
			if _, err := j.Read(uint64(n%entries) + 1); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("recent", func(b *testing.B) { read(b, j) })
	require.NoError(b, j.Close())
	j = open(b, directory, journal.Options{SegmentBytes: journal.DefaultSegmentBytes})
	b.Run("disk", func(b *testing.B) { read(b, j) })
}
