package explain

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/docketlog/docket/internal/docstore"
)

const (
	// CacheLifetime is how long an explanation is kept.
	CacheLifetime = time.Hour
	collection    = "explanations"
)

// Cache keeps explanations as documents, so that all replicas have them.
type Cache struct {
	Documents docstore.Store
	// Now is the clock.
	Now func() time.Time
}

// Key names a record.
type Key struct {
	ProjectID int64
	ID        string
	Timestamp time.Time
}

func (k Key) documentID() string {
	digest := sha256.Sum256(fmt.Appendf(nil, "%d/%d/%s", k.ProjectID, k.Timestamp.UnixNano(), k.ID))
	return hex.EncodeToString(digest[:])
}

// Cached is an explanation and when it was made.
type Cached struct {
	Explanation Explanation `json:"explanation"`
	MadeAt      time.Time   `json:"made_at"`
}

// Get returns the explanation of a record; ok is false if there is none that is young
// enough.
func (c Cache) Get(ctx context.Context, key Key) (found Cached, ok bool, err error) {
	document, err := c.Documents.Get(ctx, collection, key.documentID())
	if errors.Is(err, docstore.ErrNotFound) {
		return Cached{}, false, nil
	}
	if err != nil {
		return Cached{}, false, err
	}
	if err := json.Unmarshal(document.Body, &found); err != nil {
		return Cached{}, false, fmt.Errorf("read a cached explanation: %w", err)
	}
	return found, c.isFresh(found), nil
}

func (c Cache) isFresh(cached Cached) bool {
	age := c.Now().Sub(cached.MadeAt)
	return age >= 0 && age < CacheLifetime
}

// Put keeps an explanation in place of any other of the record, and drops some that are
// too old. When two do so at once, either stays.
func (c Cache) Put(ctx context.Context, key Key, explanation Explanation) (Cached, error) {
	cached := Cached{Explanation: explanation, MadeAt: c.Now().UTC()}
	body, err := json.Marshal(cached)
	if err != nil {
		return Cached{}, err
	}
	_, err = docstore.Put(ctx, c.Documents, collection, key.documentID(), func(document *docstore.Document) error {
		document.Body = body
		return nil
	})
	if err != nil {
		return Cached{}, err
	}
	return cached, c.dropOld(ctx)
}

// dropOld looks at the explanations of a 16th of all names, which is as good as any
// sixteenth: names are digests.
func (c Cache) dropOld(ctx context.Context) error {
	const digits = "0123456789abcdef"
	prefix := string(digits[c.Now().UnixNano()/int64(time.Microsecond)%int64(len(digits))])
	documents, err := c.Documents.List(ctx, collection, prefix)
	if err != nil {
		return err
	}
	for _, document := range documents {
		var cached Cached
		if json.Unmarshal(document.Body, &cached) == nil && c.isFresh(cached) {
			continue
		}
		err := c.Documents.Delete(ctx, collection, document.ID, document.Version)
		if err != nil && !errors.Is(err, docstore.ErrConflict) && !errors.Is(err, docstore.ErrNotFound) {
			return err
		}
	}
	return nil
}
