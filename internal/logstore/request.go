package logstore

import (
	"context"
	"crypto/sha256"
	"time"
)

// Request is what is remembered of a client's request that came with an
// Idempotency-Key: enough to recognize it when it is sent again, and to answer it
// as the first time.
type Request struct {
	// ProjectID and Key identify it: a key belongs to the project that it stored
	// records in. A request that stored records in several projects is remembered
	// in each, with the records of that one.
	ProjectID int64
	Key       string
	// Digest is that of the request's body; a request with the same key and
	// another digest is another request.
	Digest [sha256.Size]byte
	// Receipts are the records that were stored, by their position in the request.
	Receipts []Receipt
}

// Receipt is what a client was told of one record.
type Receipt struct {
	// Position is the record's place in its request, from 0. Places of refused
	// records are missing.
	Position int
	// ID and Hash are record.Record's.
	ID, Hash string
	// ReceivedAt is the record's observed time.
	ReceivedAt time.Time
}

// RequestLifetime is how long a request is remembered, at least, counted from its
// records' observed time.
const RequestLifetime = 24 * time.Hour

// RequestFinder finds requests that have stored records. A request is known from
// the moment on in which its records are durable, and never without them, also
// after a crash.
type RequestFinder interface {
	// FindRequest returns false when no request of the project with this key has
	// stored anything in the last RequestLifetime. It may be asked while an Append
	// of the same request is under way; then either answer is right.
	FindRequest(ctx context.Context, projectID int64, key string) (Request, bool, error)
}
