package directory

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/durablefile"
	"github.com/docketlog/docket/internal/tenant"
)

const (
	// keptVersion is the version of the file's format.
	keptVersion = 1
	// keptShare is how much of StaleAfter a kept snapshot may be older than the last one
	// that was read.
	keptShare = 10
)

// kept is a snapshot in a file, by which a restart while the store cannot be read
// knows who everybody is.
type kept struct {
	Version       int                                     `json:"version"`
	ReadAt        time.Time                               `json:"read_at"`
	Organizations map[string]keptRow[tenant.Organization] `json:"organizations"`
	Projects      map[string]keptRow[tenant.Project]      `json:"projects"`
	Keys          map[string]keptRow[keyDocument]         `json:"keys"`
}

type keptRow[T any] struct {
	Version int64 `json:"version"`
	Value   T     `json:"value"`
}

func keptTable[T any](from table[T]) map[string]keptRow[T] {
	rows := make(map[string]keptRow[T], len(from))
	for id, stored := range from {
		if !stored.unreadable {
			rows[id] = keptRow[T]{Version: stored.version, Value: stored.value}
		}
	}
	return rows
}

func tableOf[T any](rows map[string]keptRow[T]) table[T] {
	read := make(table[T], len(rows))
	for id, stored := range rows {
		read[id] = row[T]{version: stored.Version, value: stored.Value}
	}
	return read
}

// keeper keeps the snapshot of a directory in a file. Only the goroutine of keepFresh,
// and Start and Shutdown when it does not run, use it.
type keeper struct {
	path string
	// every is the time after which a snapshot is kept again though nothing changed, so
	// that what is kept does not grow stale.
	every  time.Duration
	logger *zap.Logger

	// generation and readAt are those of what is in the file.
	generation uint64
	readAt     time.Time
	failing    bool
}

// keep writes the snapshot down if the file lacks something of it. A failure is logged:
// nothing but a restart during an outage needs the file.
func (k *keeper) keep(known *snapshot) {
	if k.path == "" || known == nil || known.readAt.IsZero() {
		return
	}
	if known.generation == k.generation && known.readAt.Sub(k.readAt) < k.every {
		return
	}
	err := k.write(known)
	if err == nil {
		k.generation, k.readAt, k.failing = known.generation, known.readAt, false
		return
	}
	if !k.failing {
		k.logger.Warn("Cannot write down the keys; a restart while the store cannot be read would not know them",
			zap.String("path", k.path), zap.Error(err))
	}
	k.failing = true
}

// write replaces the file: write, fsync, rename, fsync of the folder.
func (k *keeper) write(known *snapshot) (err error) {
	content, err := json.Marshal(kept{
		Version: keptVersion, ReadAt: known.readAt,
		Organizations: keptTable(known.organizations), Projects: keptTable(known.projects), Keys: keptTable(known.keys),
	})
	if err != nil {
		return err
	}
	folder := filepath.Dir(k.path)
	file, err := os.CreateTemp(folder, filepath.Base(k.path)+".*") // with mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	_, err = file.Write(content)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err = os.Rename(file.Name(), k.path); err != nil {
		return err
	}
	return durablefile.SyncFolder(folder)
}

// read returns the kept snapshot, or an empty one that was never read when there is
// none.
func (k *keeper) read() (*snapshot, error) {
	content, err := os.ReadFile(k.path)
	if errors.Is(err, fs.ErrNotExist) {
		return &snapshot{}, nil
	}
	if err != nil {
		return nil, err
	}
	var found kept
	if err := json.Unmarshal(content, &found); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w", k.path, err)
	}
	if found.Version != keptVersion {
		return nil, fmt.Errorf("%s is of format version %d, not %d", k.path, found.Version, keptVersion)
	}
	known := &snapshot{
		readAt:        found.ReadAt,
		organizations: tableOf(found.Organizations), projects: tableOf(found.Projects), keys: tableOf(found.Keys),
	}
	if now := time.Now(); known.readAt.After(now) { // the clock was set back
		known.readAt = now
	}
	return known.derive(), nil
}

// startWithout starts with what is kept, because the store cannot be read.
func (d *Directory) startWithout(cause error) {
	d.logger.Warn("Stored keys cannot be read; those of the last run are believed meanwhile",
		zap.Duration("stale_after", d.options.StaleAfter), zap.Error(cause))
	known, err := d.keeper.read()
	if err != nil {
		d.logger.Warn("The keys of the last run cannot be read either; nobody is let in until the store can be read", zap.Error(err))
		known = &snapshot{}
	}
	d.changes.Lock()
	defer d.changes.Unlock()
	d.current.Store(known)
}
