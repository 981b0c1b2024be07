package journaled

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/docketlog/docket/internal/logstore"
)

// Snapshotter is a backend that can be backed up while it runs.
type Snapshotter interface {
	// Snapshot makes a copy of everything that was applied before the call, and of
	// nothing else, in a new folder on the backend's disk.
	Snapshot(ctx context.Context, directory string) error
}

// frozen is a file's content at one moment.
type frozen interface {
	io.WriterTo
	Close() error
}

// Backup makes a copy of the store at one moment (Cut): the backend's folder with
// the given name, and the store's own files but for the journal, which has nothing
// that these lack. Opened as a store, the folder has exactly what was acknowledged
// at that moment, and remembers the same requests.
func (s *Store) Backup(ctx context.Context, directory, backendFolder string) (err error) {
	backend, ok := s.backend.(Snapshotter)
	if !ok {
		return logstore.ErrNoBackup
	}
	files := map[string]frozen{}
	defer func() {
		for _, file := range files {
			err = errors.Join(err, file.Close())
		}
	}()
	err = s.Cut(ctx, func(ctx context.Context) error {
		if err := backend.Snapshot(ctx, filepath.Join(directory, backendFolder)); err != nil {
			return err
		}
		index, err := s.requests.index.Snapshot()
		if err != nil {
			return err
		}
		files[requestsFile] = index
		letters, err := s.refused.kept.Snapshot()
		if err != nil {
			return err
		}
		files[deadLettersFile] = letters
		return nil
	})
	if err != nil {
		return fmt.Errorf("back up the store: %w", err)
	}
	// At once, and not as somebody downloads them: meanwhile the files cannot grow.
	for name, file := range files {
		if err := writeFile(filepath.Join(directory, name), file); err != nil {
			return fmt.Errorf("back up %s: %w", name, err)
		}
	}
	return nil
}

func writeFile(path string, content io.WriterTo) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // in the backup's folder
	if err != nil {
		return err
	}
	_, err = content.WriteTo(file)
	return errors.Join(err, file.Close())
}
