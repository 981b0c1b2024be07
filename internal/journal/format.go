package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/hashicorp/raft-wal/metadb"
)

const (
	// formatVersion is the version of what this package writes: the directory's
	// files and the layout of an entry.
	formatVersion = 1

	formatFile   = "FORMAT"
	formatPrefix = "docket-journal "
)

// settleFormat checks the directory's format version and writes it into a new
// directory. It is on disk before any other file of the journal exists, so a
// journal without it is not ours to guess at.
//
//	openat(FORMAT.new), write, fsync → renameat(FORMAT.new, FORMAT) → fsync(directory)
func settleFormat(directory string) error {
	content, err := os.ReadFile(filepath.Join(directory, formatFile)) //nolint:gosec // the configured folder
	switch {
	case err == nil:
		return checkFormat(directory, string(content))
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("read the journal's format version: %w", err)
	}
	if _, err := os.Stat(filepath.Join(directory, metadb.FileName)); err == nil {
		return &FormatError{Directory: directory, Found: "unknown (no file " + formatFile + ")", Supported: formatVersion}
	}
	if err := writeFormat(directory); err != nil {
		return fmt.Errorf("write the journal's format version: %w", err)
	}
	return nil
}

func checkFormat(directory, content string) error {
	version, err := parseFormat(content)
	if err == nil && version == formatVersion {
		return nil
	}
	found := strconv.Itoa(version)
	if err != nil {
		found = strconv.Quote(content[:min(len(content), 40)])
	}
	return &FormatError{Directory: directory, Found: found, Supported: formatVersion}
}

func parseFormat(content string) (version int, err error) {
	number, isOurs := strings.CutPrefix(strings.TrimSpace(content), formatPrefix)
	if !isOurs {
		return 0, errors.New("not the format of a journal")
	}
	return strconv.Atoi(number)
}

func writeFormat(directory string) error {
	path := filepath.Join(directory, formatFile)
	file, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // the configured folder
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, "%s%d\n", formatPrefix, formatVersion)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return syncDirectory(directory)
}

func syncDirectory(directory string) error {
	handle, err := os.Open(directory) //nolint:gosec // the configured folder
	if err != nil {
		return err
	}
	return errors.Join(handle.Sync(), handle.Close())
}
