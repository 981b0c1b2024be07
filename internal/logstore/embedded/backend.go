package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/logstore"
)

// DefaultMemoryLimitBytes is the memory limit of a Config without one.
const DefaultMemoryLimitBytes = 256 << 20

// flushInterval is how long rows may stay in memory without a Sync.
const flushInterval = 5 * time.Second

// Config describes an embedded backend.
type Config struct {
	// Directory holds the records; it is made if it is missing. Only one backend,
	// in one process, can have it open. Required.
	Directory string
	// MemoryLimitBytes is the memory that the engine's caches and queries may
	// take; 0 means DefaultMemoryLimitBytes. The first backend that a process
	// opens decides for all of them. The engine ends the process if it is more
	// than the machine has.
	MemoryLimitBytes int64
	// Limits bound what queries may take; nil means DefaultLimits.
	Limits *Limits
	// Logger gets the engine's warnings and errors; with several open backends in
	// a process, only the one opened last does, for all of them. Required.
	Logger *zap.Logger
}

// Validate returns an error that says what is missing.
func (c Config) Validate() error {
	if c.Directory == "" {
		return errors.New("the embedded store needs a directory")
	}
	if c.MemoryLimitBytes < 0 {
		return fmt.Errorf("the memory limit of the embedded store must be positive, or 0 for the default; not %d", c.MemoryLimitBytes)
	}
	if c.Logger == nil {
		return errors.New("the embedded store needs a logger")
	}
	if c.Limits != nil {
		return c.Limits.Validate()
	}
	return nil
}

// Backend is a logstore.Backend that keeps records in a directory.
type Backend struct {
	rows *rows
	gate *gate
	// directory is the absolute path of the engine's folder.
	directory    string
	removeLogger func()
	// futureRetention is what the engine was opened with.
	futureRetention time.Duration
	// newest is the row time of the newest row, or a later one.
	newest atomic.Int64
	// large are the tenants that may have large records, and incomplete those that may have
	// other rows that do not tell all attributes by columns; strays are those with rows of
	// columnStray.
	large, incomplete, strays tenantsWith

	// inUse is read-locked by every running method and locked by Close, which so
	// waits for them.
	inUse sync.RWMutex
	// isClosed belongs to inUse.
	isClosed bool

	// deleting is held by each deletion for its entire duration, so that there is one
	// at a time. moving is held by Snapshot, and by a deletion while it moves a day
	// out of the storage, so that no day goes away while it is copied. They are taken
	// in this order, and before writing.
	deleting, moving semaphore

	// writing is held by Apply and by Sync for their entire duration, so that
	// after Sync has flushed no rows are added behind it; by Snapshot and deletions
	// only for moments.
	writing sync.Mutex
	// What follows belongs to writing.

	encoder *encoder
	// replayed is the rows that replays have added since the last flush, which a
	// query may not find yet.
	replayed map[rowKey]struct{}
	// mayHide is true when other rows were added since the last flush.
	mayHide bool
	// unsynced are the days of the rows that were added since the last Sync.
	unsynced map[int64]struct{}
	// touched are the days of the rows that were added since Snapshot began; nil
	// when none is running.
	touched map[int64]struct{}
	// closed is the day that no rows may be added to, as it is being deleted; nil
	// if there is none.
	closed *closedDay
}

var (
	_ logstore.Backend = (*Backend)(nil)
	_ logstore.Analyst = (*Backend)(nil)
)

// Open opens the directory, which then is locked until Close.
func Open(config Config) (*Backend, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	if config.MemoryLimitBytes == 0 {
		config.MemoryLimitBytes = DefaultMemoryLimitBytes
	}
	if err := engine.configure(config.MemoryLimitBytes); err != nil {
		return nil, err
	}
	// Else the engine would panic, or worse, over what an operator can mend.
	directory, err := filepath.Abs(config.Directory)
	if err != nil {
		return nil, fmt.Errorf("open the embedded store: %w", err)
	}
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, fmt.Errorf("open the embedded store: %w", err)
	}
	if err := emptyTrash(directory); err != nil { // a crash during DeleteDay leaves some
		return nil, fmt.Errorf("open the embedded store: %w", err)
	}
	removeLogger := engine.addLogger(config.Logger)
	future := futureRetention(time.Now())
	storage, err := openStorage(directory, future)
	if err != nil {
		removeLogger()
		return nil, fmt.Errorf("open the embedded store: %w", err)
	}
	storage.MustDeleteStalePartitionSnapshots(0) // a crash during Sync leaves some
	if err := stopRewrites(context.Background(), storage); err != nil {
		storage.MustClose()
		removeLogger()
		return nil, fmt.Errorf("open the embedded store: %w", err)
	}

	all := newRows(storage)
	limits := DefaultLimits()
	if config.Limits != nil {
		limits = *config.Limits
	}
	b := &Backend{
		rows:         all,
		gate:         newGate(limits),
		directory:    directory,
		removeLogger: removeLogger,

		futureRetention: future,

		deleting: make(semaphore, 1),
		moving:   make(semaphore, 1),

		encoder:    newEncoder(&columnSets{rows: all, sets: map[columnSetKey]*columnSet{}}),
		large:      tenantsWith{has: map[tenantID]bool{}},
		incomplete: tenantsWith{has: map[tenantID]bool{}},
		strays:     tenantsWith{has: map[tenantID]bool{}},
		replayed:   map[rowKey]struct{}{},
		unsynced:   map[int64]struct{}{},
	}
	b.newest.Store(all.newest())
	return b, nil
}

func openStorage(directory string, futureRetention time.Duration) (storage *logstorage.Storage, err error) {
	defer func() {
		if failure := recover(); failure != nil {
			err = fmt.Errorf("%v", failure)
		}
	}()
	return logstorage.MustOpenStorage(directory, &logstorage.StorageConfig{
		Retention:       retention,
		FutureRetention: futureRetention,
		FlushInterval:   flushInterval,
	}), nil
}

// use keeps the backend open until done is called.
func (b *Backend) use(ctx context.Context) (done func(), err error) {
	b.inUse.RLock()
	if b.isClosed {
		b.inUse.RUnlock()
		return nil, logstore.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		b.inUse.RUnlock()
		return nil, err
	}
	return b.inUse.RUnlock, nil
}

// Close implements logstore.Backend. It waits for running calls.
func (b *Backend) Close() error {
	b.inUse.Lock()
	defer b.inUse.Unlock()
	if b.isClosed {
		return logstore.ErrClosed
	}
	b.isClosed = true
	b.rows.letMergesEnd()
	b.rows.storage.MustClose() // writes and syncs what is in memory
	b.removeLogger()
	return nil
}
