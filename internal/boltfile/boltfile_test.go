package boltfile_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
	"go.uber.org/goleak"

	"github.com/docketlog/docket/internal/boltfile"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errClosed = errors.New("the box is closed")
	options   = boltfile.Options{Name: "the box", Closed: errClosed, MappedBytes: 1 << 20}
)

func open(t *testing.T, path string) *boltfile.File {
	t.Helper()
	file, err := boltfile.Open(path, options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close()) })
	return file
}

func openNew(t *testing.T) *boltfile.File {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "box.db"))
}

// put is a change that puts a value.
func put(key, value string) func(*bbolt.Tx) error {
	return func(tx *bbolt.Tx) error {
		bucket, err := tx.CreateBucketIfNotExists([]byte("box"))
		if err != nil {
			return err
		}
		return bucket.Put([]byte(key), []byte(value))
	}
}

// get returns a value, "" when there is none.
func get(t *testing.T, file *boltfile.File, key string) string {
	t.Helper()
	value := ""
	require.NoError(t, file.View(t.Context(), func(tx *bbolt.Tx) error {
		if bucket := tx.Bucket([]byte("box")); bucket != nil {
			value = string(bucket.Get([]byte(key)))
		}
		return nil
	}))
	return value
}

func TestChangesSurviveReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "box.db")
	for _, freelist := range []bbolt.FreelistType{"", bbolt.FreelistMapType, bbolt.FreelistArrayType} {
		file, err := boltfile.Open(path, boltfile.Options{Name: "the box", Freelist: freelist})
		require.NoError(t, err)
		require.NoError(t, file.Update(t.Context(), put("freelist "+string(freelist), "yes")))
		require.NoError(t, file.Close())
	}
	file := open(t, path)
	assert.Equal(t, "yes", get(t, file, "freelist "))
	assert.Equal(t, "yes", get(t, file, "freelist hashmap"))
	assert.Equal(t, "yes", get(t, file, "freelist array"))
}

func TestAFailedUpdateChangesNothing(t *testing.T) {
	file := openNew(t)
	wrong := errors.New("wrong")
	require.ErrorIs(t, file.Update(t.Context(), func(tx *bbolt.Tx) error {
		return errors.Join(put("a", "1")(tx), wrong)
	}), wrong)
	assert.Empty(t, get(t, file, "a"))
	require.ErrorIs(t, file.View(t.Context(), func(*bbolt.Tx) error { return wrong }), wrong)
}

func TestOnlyTheOwnerCanReadTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "box.db")
	open(t, path)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestOpenRefusesAFileThatIsInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "box.db")
	open(t, path)
	_, err := boltfile.Open(path, options)
	require.EqualError(t, err, `open the box "`+path+`": another process has it open; stop that one, or give this one its own data folder`)
}

// A predecessor that is just shutting down lets go of the file.
func TestOpenWaitsForAPredecessor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "box.db")
	predecessor := open(t, path)
	closed := make(chan error)
	go func() {
		time.Sleep(50 * time.Millisecond)
		closed <- predecessor.Close()
	}()
	open(t, path)
	require.NoError(t, <-closed)
}

func TestOpenRefusesWhatIsNoBoltFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "zeros")
	require.NoError(t, os.WriteFile(path, make([]byte, 1<<16), 0o600))
	_, err := boltfile.Open(path, options)
	require.ErrorIs(t, err, berrors.ErrInvalid)
	require.ErrorContains(t, err, `open the box "`+path+`": `)

	path = filepath.Join(t.TempDir(), "missing", "box.db")
	_, err = boltfile.Open(path, options)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, `open the box "`+path+`": `)
}

func TestClosedFile(t *testing.T) {
	file := openNew(t)
	require.NoError(t, file.Close())
	require.NoError(t, file.Close(), "closing again does nothing")
	assertClosed(t, file, errClosed)

	file, err := boltfile.Open(filepath.Join(t.TempDir(), "box.db"), boltfile.Options{Name: "the box"})
	require.NoError(t, err)
	require.NoError(t, file.Close())
	assertClosed(t, file, berrors.ErrDatabaseNotOpen)
}

func assertClosed(t *testing.T, file *boltfile.File, want error) {
	t.Helper()
	require.ErrorIs(t, file.View(t.Context(), fail), want)
	require.ErrorIs(t, file.Update(t.Context(), fail), want)
	_, err := file.Snapshot()
	require.ErrorIs(t, err, want)
}

// fail is for where nothing is to be read or changed.
func fail(*bbolt.Tx) error { return errors.New("it was called") }

func TestEndedContext(t *testing.T) {
	file := openNew(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, file.View(ctx, fail), context.Canceled)
	require.ErrorIs(t, file.Update(ctx, fail), context.Canceled)
}

func TestWaitingForAnotherWriterEndsWithTheContext(t *testing.T) {
	file := openNew(t)
	isWriting, mayEnd := make(chan struct{}), make(chan struct{})
	var writing sync.WaitGroup
	writing.Go(func() {
		assert.NoError(t, file.Update(t.Context(), func(tx *bbolt.Tx) error {
			close(isWriting)
			<-mayEnd
			return put("first", "1")(tx)
		}))
	})
	<-isWriting
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, file.Update(ctx, fail), context.DeadlineExceeded)
	assert.Empty(t, get(t, file, "first"), "readers need not wait")

	close(mayEnd)
	require.NoError(t, file.Update(t.Context(), put("second", "2")), "the lock is free again")
	writing.Wait()
	assert.Equal(t, "1", get(t, file, "first"))
	assert.Equal(t, "2", get(t, file, "second"))
}

// TestManyAtOnce: each change sees the one before.
func TestManyAtOnce(t *testing.T) {
	file := openNew(t)
	const writers, changes = 8, 10
	var writing sync.WaitGroup
	for range writers {
		writing.Go(func() {
			for range changes {
				if !assert.NoError(t, file.Update(t.Context(), func(tx *bbolt.Tx) error {
					bucket, err := tx.CreateBucketIfNotExists([]byte("box"))
					if err != nil {
						return err
					}
					_, err = bucket.NextSequence()
					return err
				})) {
					return
				}
			}
		})
	}
	writing.Wait()
	require.NoError(t, file.View(t.Context(), func(tx *bbolt.Tx) error {
		assert.Equal(t, uint64(writers*changes), tx.Bucket([]byte("box")).Sequence())
		return nil
	}))
}
