package journal

import (
	"errors"
	"fmt"
)

// Errors of a Journal; test with errors.Is.
var (
	// ErrClosed: the journal is closed or closing.
	ErrClosed = errors.New("the journal is closed")
	// ErrFull: the entry does not fit beside what is not released yet. It will
	// when Release has been called; nothing was stored.
	ErrFull = errors.New("the journal is full")
	// ErrFailed: a write or an fsync failed, so the journal takes nothing until it
	// is opened again. What it has acknowledged can still be read.
	ErrFailed = errors.New("the journal has failed and must be opened again")
	// ErrNotFound: no entry has this index, or it has been released.
	ErrNotFound = errors.New("journal entry not found")
	// ErrCorrupt: what is on disk is not what was written.
	ErrCorrupt = errors.New("the journal is corrupt")
)

// PayloadTooLargeError says that an entry can never be stored.
type PayloadTooLargeError struct {
	// Bytes is the payload's size, Limit the largest size allowed.
	Bytes, Limit int
}

func (e *PayloadTooLargeError) Error() string {
	return fmt.Sprintf("the journal takes entries of at most %d bytes, this one has %d", e.Limit, e.Bytes)
}

// FormatError says that a directory holds a journal of another format version.
type FormatError struct {
	Directory string
	// Found is the version in the directory, or what stands in its place.
	Found string
	// Supported is the version that this program reads and writes.
	Supported int
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("the journal in %s has format version %s, this program supports version %d: "+
		"start the version of Docket that wrote it, or move the folder away", e.Directory, e.Found, e.Supported)
}
