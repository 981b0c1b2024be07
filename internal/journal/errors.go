package journal

import (
	"errors"
	"fmt"
	"strings"
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
	// ErrUnknown: it failed while the entry was being written, so that the entry may
	// be there when the journal is opened again, or not. Comes with ErrFailed.
	ErrUnknown = errors.New("it is not known whether the entry is stored")
	// ErrNotFound: no entry has this index, or it has been released.
	ErrNotFound = errors.New("journal entry not found")
	// ErrCorrupt: what is on disk is not what was written.
	ErrCorrupt = errors.New("the journal is corrupt")
	// ErrInUse: another process has the journal open, or this one has it twice.
	ErrInUse = errors.New("the journal is in use: stop the Docket that has it open first")
)

// PayloadTooLargeError says that an entry can never be stored.
type PayloadTooLargeError struct {
	// Bytes is the payload's size, Limit the largest size allowed.
	Bytes, Limit int
}

func (e *PayloadTooLargeError) Error() string {
	return fmt.Sprintf("the journal takes entries of at most %d bytes, this one has %d", e.Limit, e.Bytes)
}

// DamageError says that the journal is not as it was written. It is an ErrCorrupt.
type DamageError struct {
	Directory string
	// Damages are all that an inspection has found; none when it has found nothing
	// beside what Cause says.
	Damages []Damage
	// Cause is what was met first.
	Cause error
}

func (e *DamageError) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "the journal in %s is damaged: ", e.Directory)
	if len(e.Damages) == 0 {
		text.WriteString(e.Cause.Error())
	} else {
		text.WriteString(e.worst().String())
	}
	if more := len(e.Damages) - 1; more > 0 {
		fmt.Fprintf(&text, "; and %d more", more)
	}
	fmt.Fprintf(&text, ". The folder was left as it is. Run \"docket-journal verify %[1]s\" to see all of it, "+
		"and \"docket-journal repair %[1]s\" to recover what can be read", e.Directory)
	return text.String()
}

// worst is the damage that loses most.
func (e *DamageError) worst() Damage {
	worst := e.Damages[0]
	for _, d := range e.Damages[1:] {
		if d.Lost() > worst.Lost() || d.Lost() == worst.Lost() && worst.FirstIndex == 0 && d.FirstIndex > 0 {
			worst = d
		}
	}
	return worst
}

func (e *DamageError) Unwrap() []error { return []error{ErrCorrupt, e.Cause} }
