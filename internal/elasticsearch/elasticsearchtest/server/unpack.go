package server

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// unpack writes the files of a zip archive below a folder. All may read them; those that
// may be run in the archive may be run.
func unpack(ctx context.Context, archive, folder string) (err error) {
	reader, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer func() { _ = reader.Close() }()
	for _, file := range reader.File {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !filepath.IsLocal(file.Name) {
			return fmt.Errorf("the archive has the path %q", file.Name)
		}
		if err := unpackFile(file, filepath.Join(folder, filepath.FromSlash(file.Name))); err != nil {
			return fmt.Errorf("%s: %w", file.Name, err)
		}
	}
	return nil
}

func unpackFile(file *zip.File, path string) error {
	if file.FileInfo().IsDir() {
		if err := os.MkdirAll(path, 0o755); err != nil { //nolint:gosec // another user reads it
			return err
		}
		return os.Chmod(path, 0o755) //nolint:gosec // the same, whatever the umask
	}
	source, err := file.Open()
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	target, err := os.Create(path) //nolint:gosec // local, checked above
	if err != nil {
		return err
	}
	if _, err := io.Copy(target, source); err != nil { //nolint:gosec // an archive that is trusted to be run
		_ = target.Close()
		return err
	}
	if err := target.Close(); err != nil {
		return err
	}
	if file.Mode().Perm()&0o100 != 0 {
		return os.Chmod(path, 0o755) //nolint:gosec // another user runs it
	}
	return os.Chmod(path, 0o644) //nolint:gosec // another user reads it
}
