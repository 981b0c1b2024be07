// Package logstore is the interface at which writers, backends and readers of
// records meet. The exporter appends, the query API reads; neither knows whether
// an embedded engine or a cluster is behind it.
//
//	exporter ── Append ──▶ Store ── journal, fsync ──▶ 2xx
//	                         └── applier ── Apply ──▶ Backend ◀── Search, Count ── query API
package logstore

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

// Store takes records and finds them again.
type Store interface {
	Writer
	Reader
}

// Writer takes records.
type Writer interface {
	// Append returns nil only when every record of logs is on disk. Each record
	// must be sealed (record.Seal) and have a project. Records become findable
	// within two seconds after that; in a store of its own for the next search already,
	// unless they come faster than they can be applied. Append keeps logs,
	// which must not be changed any more, and does not change them.
	//
	// When the store cannot take records now, but may later, the error is an
	// *UnavailableError and nothing was stored. When ctx ends first, and with
	// ErrOutcomeUnknown, the records may or may not have been stored.
	Append(ctx context.Context, logs plog.Logs) error
}

// Reader finds records.
type Reader interface {
	// Search returns the records that the query selects, in its order.
	Search(ctx context.Context, query Query) ([]record.Record, error)
	// Count returns how many records the query selects, regardless of its Limit and
	// Offset.
	Count(ctx context.Context, query Query) (int64, error)
}

// Backend keeps records and finds them. Its writes come from one applier at a
// time, in the order of the journal.
type Backend interface {
	Reader
	Analyst
	// Apply adds the records of a batch, or none of them when it fails; but with a
	// *RefusedError it has added all others. When replayed is true, some may be
	// there already; those are left as they are.
	Apply(ctx context.Context, batch []record.Record, replayed bool) error
	// Sync returns when everything applied before the call survives a crash.
	Sync(ctx context.Context) error
	// Close syncs and releases the backend.
	Close() error
}

// Order is the order of found records.
type Order int

const (
	// NewestFirst sorts by timestamp, then by id, both descending.
	NewestFirst Order = iota
	// OldestFirst is the exact reverse of NewestFirst.
	OldestFirst
)

// Query selects records of one project.
type Query struct {
	// ProjectID is the project; required.
	ProjectID int64
	// From and To bound the timestamp, both inclusive, to the nanosecond. A zero
	// time leaves that side open.
	From, To time.Time
	// Filter is nil for every record.
	Filter filter.Expression
	Order  Order
	// Limit is the largest number of records to return; required.
	Limit int
	// Offset is the number of leading records to leave out.
	Offset int
	// After leaves out the record at this place, whether or not there is one, and all
	// that come before it in the order; nil none. So pages neither repeat nor skip a
	// record, whatever is added between them.
	After *Place
}

// Place is a place in the order of records.
type Place struct {
	Timestamp time.Time
	ID        string
}

// UnavailableError says that records cannot be taken now and when to try again.
type UnavailableError struct {
	// Reason completes the sentence "the store is unavailable: …".
	Reason string
	// RetryAfter is how long a client should wait; at least one second.
	RetryAfter time.Duration
	// Overload is true when records come faster than they can be stored (HTTP 429),
	// and false when something is wrong with the store (503).
	Overload bool
}

func (e *UnavailableError) Error() string {
	return "the store is unavailable: " + e.Reason
}

var (
	// ErrClosed is returned by every method after Close.
	ErrClosed = errors.New("the store is closed")
	// ErrOutcomeUnknown says that records may have been stored or not. Storing them
	// again may double them.
	ErrOutcomeUnknown = errors.New("it is not known whether the records were stored")
	// ErrNoBackup says that a store's backend has to be backed up by its own means.
	ErrNoBackup = errors.New("this store has to be backed up by the means of its backend")
)
