package logstoreextension

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

const lockFile = "LOCK"

// lockDirectory makes the folder (mode 0700) if need be and takes an exclusive
// lock on it, which ends with the process if not by unlock. The lock file stays.
func lockDirectory(directory string) (unlock func() error, err error) {
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	lock := flock.New(filepath.Join(directory, lockFile), flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the folder %s: %w", directory, err)
	}
	if !locked {
		return nil, fmt.Errorf("the folder %s is in use by another process: stop that one, or configure another folder", directory)
	}
	return lock.Unlock, nil
}
