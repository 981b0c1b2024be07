package journaled_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/embedded"
	"github.com/docketlog/docket/internal/logstore/journaled"
)

const mebibyte = 1 << 20

// disk is a file system whose free space the test decides on.
type disk struct {
	free  atomic.Int64
	err   atomic.Pointer[error]
	looks atomic.Int64
}

func diskWith(mebibytes int64) *disk {
	d := &disk{}
	d.free.Store(mebibytes * mebibyte)
	return d
}

func (d *disk) freeBytes(context.Context, string) (int64, error) {
	d.looks.Add(1)
	if err := d.err.Load(); err != nil {
		return 0, *err
	}
	return d.free.Load(), nil
}

// now changes the free space and returns when the store has looked at it.
func (d *disk) now(t *testing.T, mebibytes int64) {
	t.Helper()
	d.free.Store(mebibytes * mebibyte)
	d.wait(t)
}

// wait returns when a whole look, two directories, has begun and ended.
func (d *disk) wait(t *testing.T) {
	t.Helper()
	before := d.looks.Load()
	eventually(t, func() bool { return d.looks.Load() >= before+6 }, "the store looks at the disk")
}

// reserve keeps 100 MiB of the disk free.
func (d *disk) reserve() journaled.Reserve {
	return journaled.Reserve{Bytes: 100 * mebibyte, Directory: "data", FreeBytes: d.freeBytes, Interval: time.Millisecond}
}

func assertNearlyFull(t *testing.T, err error) {
	t.Helper()
	var unavailable *logstore.UnavailableError
	require.ErrorAs(t, err, &unavailable)
	require.ErrorIs(t, err, journaled.ErrNearlyFull)
	assert.Equal(t, "the store is unavailable: the disk is nearly full", unavailable.Error())
	assert.GreaterOrEqual(t, unavailable.RetryAfter, time.Second)
}

func TestNearlyFullDiskRefusesRecordsUntilThereIsRoom(t *testing.T) {
	d, backend, reported := diskWith(100), &memory{}, make(chan error, 100)
	s := open(t, journaled.Config{Backend: backend, Reserve: d.reserve(), OnHealth: func(err error) { reported <- err }})
	require.NoError(t, s.Append(t.Context(), logs("before")))
	eventually(t, func() bool { return len(backend.ids()) == 1 }, "it is applied")
	require.NoError(t, s.Health())
	assert.EqualValues(t, 100*mebibyte, s.Stats().FreeBytes)
	assert.EqualValues(t, 100*mebibyte, s.Stats().ReserveBytes)

	for _, mebibytes := range []int64{99, 0, 100, 124} { // not yet a quarter more
		d.now(t, mebibytes)
		assertNearlyFull(t, s.Append(t.Context(), logs("refused")))
		require.ErrorIs(t, s.Health(), journaled.ErrNearlyFull)
		require.ErrorContains(t, s.Health(), fmt.Sprintf("%d MiB are free", mebibytes))
		require.ErrorContains(t, s.Health(), "until 125 MiB are")
		count, err := s.Count(t.Context(), logstore.Query{ProjectID: 1})
		require.NoError(t, err)
		assert.EqualValues(t, 1, count)
		_, err = s.Search(t.Context(), logstore.Query{ProjectID: 1, Limit: 1})
		require.NoError(t, err)
	}

	for _, mebibytes := range []int64{125, 100} { // the whole reserve is enough again
		d.now(t, mebibytes)
		require.NoError(t, s.Health())
		require.NoError(t, s.Append(t.Context(), logs(fmt.Sprint("after ", mebibytes))))
	}
	eventually(t, func() bool { return len(backend.ids()) == 3 }, "all are applied")
	assert.Equal(t, []string{"before", "after 125", "after 100"}, backend.ids())
	require.ErrorIs(t, <-reported, journaled.ErrNearlyFull)
	require.NoError(t, <-reported)
	assert.Empty(t, reported, "it is said once when it begins and once when it ends")
}

// What is acknowledged before is applied, made durable, and given back by the
// journal: that is what the reserve is for.
func TestNearlyFullDiskDoesNotStopTheApplier(t *testing.T) {
	d, backend := diskWith(1000), &memory{hold: make(chan struct{})}
	s := open(t, journaled.Config{Backend: backend, Reserve: d.reserve(), CheckpointInterval: 5 * time.Millisecond})
	ids := sequence("r", 20)
	for _, id := range ids {
		require.NoError(t, s.Append(t.Context(), logs(id)))
	}
	d.now(t, 0)
	assertNearlyFull(t, s.Append(t.Context(), logs("refused")))
	assert.Positive(t, s.Stats().JournalBytes)
	close(backend.hold)
	eventually(t, func() bool { return len(backend.crash().applied) == len(ids) && s.Stats().JournalBytes == 0 }, "the journal is empty")
	assert.Equal(t, ids, backend.ids())
}

// A checkpoint comes when half the reserve is applied, however long its interval
// and however large the journal may be.
func TestReserveBoundsWhatIsAppliedWithoutCheckpoint(t *testing.T) {
	d, backend := diskWith(1000), &memory{}
	reserve := d.reserve()
	reserve.Bytes = 2000
	s := open(t, journaled.Config{Backend: backend, Reserve: reserve, CheckpointInterval: time.Hour})
	for _, id := range sequence("r", 50) { // some forty bytes each
		require.NoError(t, s.Append(t.Context(), logs(id)))
	}
	eventually(t, func() bool { return len(backend.crash().applied) > 0 && s.Stats().JournalBytes < 1000 }, "a checkpoint comes")
}

func TestNearlyFullDiskAtTheStart(t *testing.T) {
	d := diskWith(10)
	reserve := d.reserve()
	reserve.Interval = time.Hour
	s := open(t, journaled.Config{Backend: &memory{}, Reserve: reserve})
	assertNearlyFull(t, s.Append(t.Context(), logs("refused")))
}

// The journal and the backend may be on disks of their own; each needs the room.
func TestEveryDirectoryNeedsTheReserve(t *testing.T) {
	for _, test := range []struct{ full, other string }{{"journal", "data"}, {"data", "journal"}} {
		t.Run(test.full, func(t *testing.T) {
			root := t.TempDir()
			s := open(t, journaled.Config{
				Directory: root, Backend: &memory{},
				Reserve: journaled.Reserve{
					Bytes: 100 * mebibyte, Directory: filepath.Join(root, "data"),
					FreeBytes: func(_ context.Context, directory string) (int64, error) {
						if filepath.Base(directory) == test.full {
							return 7 * mebibyte, nil
						}
						return 1000 * mebibyte, nil
					},
				},
			})
			assertNearlyFull(t, s.Append(t.Context(), logs("refused")))
			require.ErrorContains(t, s.Health(), "7 MiB are free in "+filepath.Join(root, test.full))
			assert.EqualValues(t, 7*mebibyte, s.Stats().FreeBytes)
		})
	}
}

// Whoever cannot find out stays with what was known.
func TestFailingLookIsReportedAndChangesNothing(t *testing.T) {
	d, failure := diskWith(1000), errors.New("the disk was pulled out")
	s := open(t, journaled.Config{Backend: &memory{}, Reserve: d.reserve()})
	d.err.Store(&failure)
	d.wait(t)
	require.ErrorIs(t, s.Health(), failure)
	require.NoError(t, s.Append(t.Context(), logs("taken")))

	d.err.Store(nil)
	d.now(t, 1)
	d.err.Store(&failure)
	d.wait(t)
	assertNearlyFull(t, s.Append(t.Context(), logs("refused")))
	require.ErrorIs(t, s.Health(), failure)
	require.ErrorIs(t, s.Health(), journaled.ErrNearlyFull)

	d.err.Store(nil)
	d.now(t, 1000)
	require.NoError(t, s.Health())
	require.NoError(t, s.Append(t.Context(), logs("taken")))
}

func TestNoReserveRefusesNothing(t *testing.T) {
	d := diskWith(0)
	reserve := d.reserve()
	reserve.Bytes = 0
	s := open(t, journaled.Config{Backend: &memory{}, Reserve: reserve})
	d.wait(t)
	require.NoError(t, s.Append(t.Context(), logs("taken")))
	require.NoError(t, s.Health())
}

// The embedded engine with its own goroutines under the reserve: what was
// acknowledged is found, nothing that was refused is.
func TestNearlyFullDiskWithTheEngine(t *testing.T) {
	directory, d := t.TempDir(), diskWith(1000)
	backend, err := embedded.Open(embedded.Config{Directory: filepath.Join(directory, "records"), Logger: zap.NewNop()})
	require.NoError(t, err)
	s := open(t, journaled.Config{Directory: directory, Backend: backend, Reserve: d.reserve()})
	acknowledged, refused := int64(0), 0
	for n := range 60 {
		switch n % 20 { // refused are 10 to 19, 30 to 39 and 50 to 59
		case 0:
			d.now(t, 1000)
		case 10:
			d.now(t, 50)
		}
		if err := s.Append(t.Context(), event(fmt.Sprint("event ", n))); err != nil {
			assertNearlyFull(t, err)
			refused++
			continue
		}
		acknowledged++
	}
	assert.Equal(t, 30, refused)
	eventually(t, func() bool {
		count, err := s.Count(t.Context(), logstore.Query{ProjectID: 1})
		require.NoError(t, err)
		return count == acknowledged
	}, "everything acknowledged is found while records are refused")
}
