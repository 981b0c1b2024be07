package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/gofrs/flock"
)

// lockFile is what Docket holds a lock on while it runs: in its data folder, in
// which the journal is, and in the journal's own folder when that is elsewhere.
const lockFile = "LOCK"

// lock takes Docket's locks, where there are any, and fails with ErrInUse when
// somebody has one of them.
func lock(directories ...string) (unlock func() error, err error) {
	var locks []*flock.Flock
	unlock = func() error {
		var errs []error
		for _, l := range locks {
			errs = append(errs, l.Unlock())
		}
		return errors.Join(errs...)
	}
	var taken []fs.FileInfo
	for _, directory := range directories {
		path := filepath.Join(directory, lockFile)
		file, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) || slices.ContainsFunc(taken, func(t fs.FileInfo) bool { return os.SameFile(t, file) }) {
			continue
		}
		l := flock.New(path)
		locked, err := l.TryLock()
		if err == nil && !locked {
			err = ErrInUse
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), unlock())
		}
		locks, taken = append(locks, l), append(taken, file)
	}
	return unlock, nil
}
