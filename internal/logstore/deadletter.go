package logstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
)

// Refusal is one record of a batch that a backend will never take.
type Refusal struct {
	// Position is the record's place in the batch, from 0.
	Position int
	// Reason says to an operator what is wrong with the record.
	Reason string
}

// RefusedError is returned by Backend.Apply when the backend has applied a batch
// but for some records, which it would refuse again however often it is asked.
type RefusedError struct {
	// Refusals are in the order of their positions; at least one.
	Refusals []Refusal
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("%d records are refused for good, the first because %s", len(e.Refusals), e.Refusals[0].Reason)
}

// DeadLetter is a record that was acknowledged and that the backend refuses for
// good. It is kept until somebody replays or deletes it.
type DeadLetter struct {
	// ID is a UUIDv7 of the dead letter's own: they sort by the time of refusal.
	ID string
	// ProjectID is the record's project; 0 when it cannot be told.
	ProjectID int64
	// RecordID is the record's id; empty when it cannot be told.
	RecordID string
	// RefusedAt is when the backend refused it, Reason why.
	RefusedAt time.Time
	Reason    string
	// Logs holds the record alone. It is empty when Undecodable has something.
	Logs plog.Logs
	// Undecodable is a batch that this program cannot read, as it lay in the
	// journal.
	Undecodable []byte
}

// DeadLetterQuery selects dead letters.
type DeadLetterQuery struct {
	// Projects are those whose dead letters are selected; nil selects all, with
	// those of no project.
	Projects []int64
	// After is the ID of the last dead letter of the page before; "" for the first.
	After string
	// Limit is the largest number of dead letters to return; required.
	Limit int
}

// DeadLetters are the dead letters of a store, the oldest first.
type DeadLetters interface {
	// ListDeadLetters returns the selected ones. Large ones end a page early: only an
	// empty page is certainly the last.
	ListDeadLetters(ctx context.Context, query DeadLetterQuery) ([]DeadLetter, error)
	// CountDeadLetters counts those of projects; nil counts all, with those of no
	// project.
	CountDeadLetters(ctx context.Context, projects []int64) (int64, error)
	// DeadLetter returns one, or ErrNoDeadLetter.
	DeadLetter(ctx context.Context, id string) (DeadLetter, error)
	// ReplayDeadLetter appends the record to the store once more, with its id, and
	// removes the dead letter when it is durable there. The backend may refuse it
	// again, which makes a new dead letter. Errors: ErrNoDeadLetter, ErrUndecodable,
	// and those of Writer.Append.
	ReplayDeadLetter(ctx context.Context, id string) error
	// DeleteDeadLetter removes one for good, or returns ErrNoDeadLetter.
	DeleteDeadLetter(ctx context.Context, id string) error
}

// Errors of DeadLetters; test with errors.Is.
var (
	ErrNoDeadLetter = errors.New("there is no such dead letter")
	ErrUndecodable  = errors.New("this version of Docket cannot read the dead letter")
)
