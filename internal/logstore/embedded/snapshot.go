package embedded

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/docketlog/docket/internal/durablefile"
)

// Snapshot makes a copy of everything that was applied up to one moment of the
// call, and of nothing that was applied later, in a directory that must be new or
// empty: Open finds the same records there. The files are shared with the backend
// by hard links, as they never change; if the directory is on another file system,
// they are copied. The caller deletes the directory, also after an error, when
// part of the copy may be there.
//
//	Sync
//	for each day          the engine makes a snapshot: hard links, fsync
//	hold writing:
//	  sync
//	  for each day with rows added since the first step: once more
//	rename each snapshot to directory/partitions/<day>, fsync
func (b *Backend) Snapshot(ctx context.Context, directory string) error {
	done, err := b.useAlone(ctx, b.moving)
	if err != nil {
		return err
	}
	defer done()
	return wrap("make a snapshot", b.snapshot(ctx, directory))
}

func (b *Backend) snapshot(ctx context.Context, directory string) (err error) {
	directory, err = filepath.Abs(directory)
	if err != nil {
		return err
	}
	if err := makeEmptyFolder(directory); err != nil {
		return err
	}
	days := filepath.Join(directory, partitionsFolder)
	if err := makeEmptyFolder(days); err != nil {
		return err
	}

	taken := daySnapshots{rows: b.rows, paths: map[int64]string{}}
	defer func() { err = errors.Join(err, taken.delete()) }()
	if err := b.beginSnapshot(ctx); err != nil {
		return err
	}
	err = taken.takeAll(ctx, b.rows.days())
	if err = errors.Join(err, b.endSnapshot(ctx, &taken, err == nil)); err != nil {
		return err
	}
	return taken.moveTo(ctx, days)
}

// beginSnapshot begins to note which days rows are added to.
func (b *Backend) beginSnapshot(ctx context.Context) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	if err := b.sync(ctx); err != nil {
		return err
	}
	b.touched = map[int64]struct{}{}
	return nil
}

// endSnapshot ends that, and takes the snapshots of these days if wanted.
func (b *Backend) endSnapshot(ctx context.Context, taken *daySnapshots, isWanted bool) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	touched := b.touched
	b.touched = nil
	if !isWanted || len(touched) == 0 {
		return nil
	}
	// Rows of a part that is being merged in memory would be left out.
	if err := b.sync(ctx); err != nil {
		return err
	}
	for day := range touched {
		if err := taken.take(day); err != nil {
			return err
		}
	}
	return nil
}

// daySnapshots are the engine's snapshots of days.
type daySnapshots struct {
	rows  *rows
	paths map[int64]string
}

func (s *daySnapshots) takeAll(ctx context.Context, days []int64) error {
	for _, day := range days {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.take(day); err != nil {
			return err
		}
	}
	return nil
}

// take makes the snapshot of a day, instead of an older one if there is one.
func (s *daySnapshots) take(day int64) error {
	older, hasOlder := s.paths[day]
	paths := s.rows.storage.PartitionSnapshotMustCreate(nameOfDay(day))
	if len(paths) != 1 {
		return fmt.Errorf("there is no day %s any more", nameOfDay(day))
	}
	s.paths[day] = paths[0]
	if hasOlder {
		return s.rows.storage.PartitionSnapshotDelete(older)
	}
	return nil
}

// moveTo moves the snapshots to a folder, each under the name of its day.
func (s *daySnapshots) moveTo(ctx context.Context, folder string) error {
	for day, path := range s.paths {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := moveOrCopyFolder(path, filepath.Join(folder, nameOfDay(day))); err != nil {
			return err
		}
	}
	return durablefile.SyncFolder(folder)
}

// delete deletes the snapshots that were not moved.
func (s *daySnapshots) delete() error {
	var errs []error
	present := map[string]struct{}{}
	for _, path := range s.rows.storage.PartitionSnapshotList() {
		present[path] = struct{}{}
	}
	for _, path := range s.paths {
		if _, isPresent := present[path]; isPresent {
			errs = append(errs, s.rows.storage.PartitionSnapshotDelete(path))
		}
	}
	return errors.Join(errs...)
}
