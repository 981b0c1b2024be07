// Package boltfile opens a bbolt file as every store in this program needs it.
//
// bbolt is a B+tree with copy-on-write pages in one file, which one process has
// open: any number of readers, each of which sees the file as it was when it
// began, and one writer at a time, whose change is fsynced before it returns. A
// store has its own buckets and keys, and reads and writes them by transactions of
// bbolt's. What is here is the same for all of them:
//
//   - a new file survives a crash, and one that is in use is refused with a message
//     that says what to do;
//   - waiting for another writer ends with the context;
//   - after Close, the error is the store's own;
//   - a Snapshot is the whole file as it was at one moment, for a backup.
package boltfile

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/docketlog/docket/internal/durablefile"
)

// lockTimeout is how long Open waits for another process to let go of the file;
// long enough for a predecessor that is just shutting down.
const lockTimeout = 2 * time.Second

// Options are what differs from store to store.
type Options struct {
	// Name is what the file is called in errors: "the document store".
	Name string
	// Closed is the error of what is called after Close; nil leaves bbolt's own.
	Closed error
	// MappedBytes of the file are mapped from the start, as far as it reaches, which
	// takes address space and no memory. To map more, bbolt's writer waits for all
	// that read, a Snapshot too, and whoever wants to read then waits for the writer.
	// 0 maps 32 KiB, and doubles as the file grows.
	MappedBytes int
	// Freelist is how bbolt keeps the free pages in memory: as an array when empty,
	// or as bbolt.FreelistMapType, which is quicker when there are many.
	Freelist bbolt.FreelistType
}

// File is an open bbolt file. Only one process can have it open; all methods may be
// called at once.
type File struct {
	database *bbolt.DB
	name     string
	closed   error
	// writing is held by the one writer that bbolt allows. It is a channel and not
	// bbolt's own lock, so that waiting for it ends with the context.
	writing chan struct{}
}

// Open opens or creates the file at path, with mode 0600; its folder must exist.
//
// A new file survives a crash from here on: bbolt writes and fsyncs its first
// pages, then the folder is fsynced.
func Open(path string, options Options) (*File, error) {
	database, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: lockTimeout, NoStatistics: true, InitialMmapSize: options.MappedBytes, FreelistType: options.Freelist,
	})
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, fmt.Errorf("open %s %q: another process has it open; stop that one, or give this one its own data folder", options.Name, path)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s %q: %w", options.Name, path, err)
	}
	if err := durablefile.SyncFolder(filepath.Dir(path)); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s %q: %w", options.Name, path, err), database.Close())
	}
	return &File{database: database, name: options.Name, closed: options.Closed, writing: make(chan struct{}, 1)}, nil
}

// Close waits for what is going on, snapshots too, and releases the file. It may be
// called again.
func (f *File) Close() error {
	if err := f.database.Close(); err != nil {
		return fmt.Errorf("close %s: %w", f.name, err)
	}
	return nil
}

// View calls read with a transaction that only reads, unless ctx has ended. It
// returns read's error, ctx's, or Options.Closed. What read takes from the
// transaction is valid only until it returns.
func (f *File) View(ctx context.Context, read func(*bbolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return f.translate(f.database.View(read))
}

// Update calls change with a transaction that also writes, one call at a time. When
// it returns nil, the change is on disk; otherwise nothing is changed. It returns
// change's error, ctx's when that ends before it is change's turn, Options.Closed,
// or one of writing the file.
func (f *File) Update(ctx context.Context, change func(*bbolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case f.writing <- struct{}{}:
		defer func() { <-f.writing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return f.translate(f.database.Update(change))
}

// translate gives bbolt's error for a closed file the store's name.
func (f *File) translate(err error) error {
	if f.closed != nil && errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return f.closed
	}
	return err
}
