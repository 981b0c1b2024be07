package embedded

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/docketlog/docket/internal/durablefile"
)

const (
	// partitionsFolder is the engine's folder with a folder for each day.
	partitionsFolder = "partitions"
	// snapshotsFolder is the engine's folder, in that of a day, with hard links.
	snapshotsFolder = "snapshots"
	// trashFolder has days that are being deleted. It is beside partitionsFolder;
	// the engine does not look at it.
	trashFolder = "deleted"
)

// folderOf returns the folder of a day.
func (b *Backend) folderOf(day int64) string {
	return filepath.Join(b.directory, partitionsFolder, nameOfDay(day))
}

// trash takes the folder of a day, which the engine must not have open, out of
// the storage:
//
//	rename partitions/<day> to deleted/<day>
//	fsync deleted, partitions
//
// A crash leaves the day either whole or in the trash.
func trash(directory string, day int64) error {
	if err := emptyTrash(directory); err != nil {
		return err
	}
	bin, days := filepath.Join(directory, trashFolder), filepath.Join(directory, partitionsFolder)
	if err := os.Mkdir(bin, 0o700); err != nil {
		return err
	}
	name := nameOfDay(day)
	return moveFolder(filepath.Join(days, name), filepath.Join(bin, name))
}

// emptyTrash deletes what is in the trash, if there is anything.
func emptyTrash(directory string) error {
	return os.RemoveAll(filepath.Join(directory, trashFolder))
}

// moveFolder renames a folder and syncs the folders that it was and is in.
func moveFolder(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return errors.Join(durablefile.SyncFolder(filepath.Dir(to)), durablefile.SyncFolder(filepath.Dir(from)))
}

// moveOrCopyFolder does the same by copying when the file system cannot rename
// across the two places; then from stays.
func moveOrCopyFolder(from, to string) error {
	err := moveFolder(from, to)
	if errors.Is(err, syscall.EXDEV) || errors.Is(err, syscall.EPERM) {
		return errors.Join(copyFolder(from, to), durablefile.SyncFolder(filepath.Dir(to)))
	}
	return err
}

// copyFolder copies a folder of files and folders to a new one and syncs each.
func copyFolder(from, to string) error {
	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		copyEntry := copyFile
		if entry.IsDir() {
			copyEntry = copyFolder
		}
		if err := copyEntry(filepath.Join(from, entry.Name()), filepath.Join(to, entry.Name())); err != nil {
			return err
		}
	}
	return durablefile.SyncFolder(to)
}

func copyFile(from, to string) error {
	source, err := os.Open(from) //nolint:gosec // in the configured folder
	if err != nil {
		return err
	}
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // the caller's folder
	if err != nil {
		return errors.Join(err, source.Close())
	}
	_, err = io.Copy(target, source)
	if err == nil {
		err = target.Sync()
	}
	return errors.Join(err, target.Close(), source.Close())
}

// makeEmptyFolder makes a folder, or takes one that is empty.
func makeEmptyFolder(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		return fmt.Errorf("the folder %s is not empty", folder)
	}
	return durablefile.SyncFolder(filepath.Dir(folder))
}

// bytesOf returns the size of all files of a day's folder. Files that the engine
// deletes meanwhile may or may not count.
func bytesOf(folder string) (int64, error) {
	var total int64
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if path != folder && entry.Name() == snapshotsFolder && filepath.Dir(path) == folder {
				return fs.SkipDir // the same files once more
			}
			return nil
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		total += info.Size()
		return nil
	})
	return total, err
}
