// Package docstore keeps Docket's own documents (projects, keys, views, alerts)
// as versioned JSON with compare-and-set, so that several replicas may change
// them at once and none overwrites what it has not seen.
package docstore

import (
	"context"
	"encoding/json"
	"errors"
)

// Document is one JSON document. It is identified by its collection and its id.
type Document struct {
	// Collection is a lower-case word such as "keys" or "alert_events": at most
	// MaxCollectionBytes of a-z, 0-9 and _, beginning with a letter.
	Collection string
	// ID is unique in its collection: 1 to MaxIDBytes of printable ASCII.
	ID string
	// Version is set by the store: at least 1, and larger after every change,
	// also when the document was deleted and created again in between. So a
	// version that was read once never names another content.
	Version int64
	// Body is a JSON object of at most 1 MiB.
	Body json.RawMessage
}

// Store keeps documents. Every change that has returned nil is on disk. A
// change whose ctx ends while it is being made may have been made or not.
//
// A document, id or prefix that breaks the limits of Document is refused with
// ErrInvalid. Bodies are copied: neither side sees what the other does to its
// bytes later.
type Store interface {
	// Get returns the document, or ErrNotFound.
	Get(ctx context.Context, collection, id string) (Document, error)
	// List returns all documents of a collection whose id starts with prefix,
	// ordered by id (by bytes). It sees every change that has returned.
	List(ctx context.Context, collection, prefix string) ([]Document, error)
	// Create adds a document and returns it with its version, or ErrExists.
	Create(ctx context.Context, document Document) (Document, error)
	// Update replaces the body if the stored version equals document.Version;
	// otherwise ErrConflict, or ErrNotFound when it is gone.
	Update(ctx context.Context, document Document) (Document, error)
	// Delete removes the document if the stored version equals version;
	// otherwise ErrConflict, or ErrNotFound when it is gone.
	Delete(ctx context.Context, collection, id string, version int64) error
}

// Errors of a Store, wrapped with the document's name; test with errors.Is.
var (
	ErrNotFound = errors.New("document not found")
	ErrExists   = errors.New("document exists already")
	ErrConflict = errors.New("document was changed by another writer")
	// ErrInvalid is about the request alone; repeating it cannot help.
	ErrInvalid = errors.New("invalid document")
	// ErrClosed is returned by every method after the store was closed.
	ErrClosed = errors.New("the document store is closed")
)
