// Package folderformat keeps a folder's format version in a file of it, so that a
// program does not touch what another version has written.
package folderformat

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/docketlog/docket/internal/durablefile"
)

// FileName is the name of the file.
const FileName = "FORMAT"

// maxEchoed is how many characters of an unknown file an error repeats.
const maxEchoed = 40

// Format is what a kind of folder says of itself: "docket-journal 1".
type Format struct {
	// Name is the kind of the folder, a word.
	Name string
	// Version is the one that this program reads and writes.
	Version int
	// Traces are names of which at least one is in every folder of the kind that
	// has been used. A folder with one of them and without the file is refused.
	Traces []string
}

// Error says that a folder is of another version, or of none that is known.
type Error struct {
	Directory string
	// Name is the kind of folder that was expected.
	Name string
	// Found is the version in the folder, or what stands in its place.
	Found string
	// IsVersion says that Found is a version: the folder is one of the kind.
	IsVersion bool
	// Supported is the version that this program reads and writes.
	Supported int
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s has format version %s of %s, this program supports version %d: "+
		"start the version of Docket that wrote it, or move the folder away", e.Directory, e.Found, e.Name, e.Supported)
}

// MissingError says that a folder has been used, but lacks its format version: it
// is not ours, or it was not copied as a whole.
type MissingError struct {
	Directory string
	// Trace is the name of what is there.
	Trace string
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("%s holds %s, but no file %s: a copy or a restored backup is not complete; copy it again, or move the folder away",
		e.Directory, e.Trace, FileName)
}

// Settle checks the version of a folder that exists, and gives one to a folder that
// has not been used. The file is on disk before it returns; call it before anything
// else is written there. The error is an *Error or a *MissingError when it is about
// the folder's content.
//
//	openat(FORMAT.new), write, fsync → renameat(FORMAT.new, FORMAT) → fsync(directory)
func (f Format) Settle(directory string) error {
	content, err := os.ReadFile(filepath.Join(directory, FileName)) //nolint:gosec // the configured folder
	switch {
	case err == nil:
		return f.Check(directory, content)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("read the format version: %w", err)
	}
	entries, err := os.ReadDir(directory)
	if err != nil {
		return fmt.Errorf("look for a format version: %w", err)
	}
	for _, entry := range entries {
		if slices.Contains(f.Traces, entry.Name()) {
			return &MissingError{Directory: directory, Trace: entry.Name()}
		}
	}
	if err := f.write(directory); err != nil {
		return fmt.Errorf("write the format version: %w", err)
	}
	return nil
}

// Content is what the file says.
func (f Format) Content() string { return f.Name + " " + strconv.Itoa(f.Version) + "\n" }

// Check returns an *Error unless content, which was read from the directory's file,
// says this version.
func (f Format) Check(directory string, content []byte) error {
	number, isOurs := strings.CutPrefix(strings.TrimSpace(string(content)), f.Name+" ")
	version, err := strconv.Atoi(number)
	isVersion := isOurs && err == nil
	if isVersion && version == f.Version {
		return nil
	}
	found := strconv.Itoa(version)
	if !isVersion {
		found = strconv.Quote(string(content[:min(len(content), maxEchoed)]))
	}
	return &Error{Directory: directory, Name: f.Name, Found: found, IsVersion: isVersion, Supported: f.Version}
}

func (f Format) write(directory string) error {
	path := filepath.Join(directory, FileName)
	file, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // the configured folder
	if err != nil {
		return err
	}
	_, err = file.WriteString(f.Content())
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return durablefile.SyncFolder(directory)
}
