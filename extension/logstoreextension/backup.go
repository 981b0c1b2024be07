package logstoreextension

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/folderformat"
	"github.com/docketlog/docket/internal/logstore"
)

const (
	// backupPattern names the folder in which a backup is put together, in the data
	// folder, so that it is on the same disk.
	backupPattern = "backup-*"
	// adminKeyFile is the project_key extension's; a backup without it would lock its
	// owner out.
	adminKeyFile = "admin.key"

	// retryBackup is how soon to ask for a backup while another is being made.
	retryBackup = time.Minute
)

// Backup writes a tar archive of the data folder as it is at one moment, with all
// that is acknowledged by then. Unpacked into an empty folder, it is a data folder.
// Records wait while the moment lasts, a fraction of a second; the rest happens
// while everything goes on. The format version comes last, so that a folder that
// was not unpacked completely is refused.
//
// One backup is made at a time; the error for another is a
// *logstore.UnavailableError.
func (s *store) Backup(ctx context.Context, w io.Writer) (err error) {
	if s.records == nil {
		return errNotStarted
	}
	if s.backend.embedded == nil {
		return logstore.ErrNoBackup
	}
	if !s.backingUp.TryLock() {
		return &logstore.UnavailableError{Reason: "another backup is being made", RetryAfter: retryBackup}
	}
	defer s.backingUp.Unlock()
	folder, err := os.MkdirTemp(s.config.Directory, backupPattern)
	if err != nil {
		return fmt.Errorf("make a folder for the backup: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if err := s.records.Backup(ctx, folder, recordsFolder); err != nil {
		return err
	}
	// After the records, so that every record's project is there.
	if err := s.backend.embedded.Backup(ctx, filepath.Join(folder, documentsFile)); err != nil {
		return err
	}
	archive := tar.NewWriter(w)
	if err := archive.AddFS(contextFS{ctx, os.DirFS(folder)}); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	for _, name := range []string{adminKeyFile, folderformat.FileName} {
		if err := addFile(archive, s.config.Directory, name); err != nil {
			return fmt.Errorf("write the backup: %w", err)
		}
	}
	if err := archive.Close(); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	return nil
}

// addFile adds a small file of the data folder, if it is there.
func addFile(archive *tar.Writer, directory, name string) error {
	content, err := os.ReadFile(filepath.Join(directory, name)) //nolint:gosec // our own folder
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(content))}); err != nil {
		return err
	}
	_, err = archive.Write(content)
	return err
}

// contextFS is a file system that cannot be read any more when a context ends.
type contextFS struct {
	ctx context.Context //nolint:containedctx // that is what it is for
	fs.FS
}

func (f contextFS) Open(name string) (fs.File, error) {
	if err := f.ctx.Err(); err != nil {
		return nil, err
	}
	return f.FS.Open(name)
}

// removeUnfinishedBackups removes what a crash in the midst of a backup has left.
func (s *store) removeUnfinishedBackups() error {
	folders, err := filepath.Glob(filepath.Join(s.config.Directory, backupPattern))
	if err != nil {
		return err
	}
	for _, folder := range folders {
		s.settings.Logger.Info("removing an unfinished backup", zap.String("directory", folder))
		if err := os.RemoveAll(folder); err != nil {
			return fmt.Errorf("remove an unfinished backup: %w", err)
		}
	}
	return nil
}
