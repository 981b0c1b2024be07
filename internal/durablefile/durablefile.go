// Package durablefile makes changes to files survive a crash.
//
// What a file holds is on disk once the file is fsynced. That it is there, and
// under which name, is its folder's content, so a file that was made, renamed or
// removed is certain to stay so only once its folder is fsynced too.
package durablefile

import (
	"errors"
	"os"
)

// SyncFolder fsyncs a folder: which names it has, and of which files. Not what the
// files hold, nor what is in the folders within it.
func SyncFolder(path string) error {
	folder, err := os.Open(path) //nolint:gosec // the caller's folder
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
