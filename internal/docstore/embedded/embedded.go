// Package embedded keeps documents in one bbolt file: a B+tree with
// copy-on-write pages, where every change is a transaction that is fsynced
// before it returns.
//
// A collection is a bucket and an id is a key, so that bbolt's order of keys is
// the order of List. A value is the document's version (8 bytes, big endian)
// followed by its body.
//
// A bucket's sequence is the largest version that any deleted document of the
// collection had. A new document starts above it, so that versions never go
// back, without a tombstone for each deleted document.
package embedded

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"

	"github.com/docketlog/docket/internal/boltfile"
	"github.com/docketlog/docket/internal/docstore"
)

const (
	// mappedBytes is more than documents need, so that no change waits for a Backup.
	mappedBytes = 256 << 20
	// versionBytes is the length of the version in front of a stored body.
	versionBytes = 8
	// listCheckInterval is the number of documents that List reads between two
	// looks at its context.
	listCheckInterval = 256
)

// Store is a docstore.Store in one file. Only one process can have it open.
type Store struct{ file *boltfile.File }

var _ docstore.Store = (*Store)(nil)

// Open opens or creates the file at path, with mode 0600, and its folder. A new file
// survives a crash from here on.
func Open(path string) (*Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("create the folder of the document store: %w", err)
	}
	file, err := boltfile.Open(path, boltfile.Options{
		Name: "the document store", Closed: docstore.ErrClosed, MappedBytes: mappedBytes,
	})
	if err != nil {
		return nil, err
	}
	return &Store{file}, nil
}

// Close waits for what is going on and releases the file. It may be called again.
func (s *Store) Close() error { return s.file.Close() }

// Backup writes all documents as they are now into a new file, which is a store.
func (s *Store) Backup(ctx context.Context, path string) error {
	if err := s.file.View(ctx, func(tx *bbolt.Tx) error { return tx.CopyFile(path, 0o600) }); err != nil {
		return fmt.Errorf("back up the document store: %w", err)
	}
	return nil
}

// Get implements docstore.Store.
func (s *Store) Get(ctx context.Context, collection, id string) (docstore.Document, error) {
	if err := docstore.ValidateName(collection, id); err != nil {
		return docstore.Document{}, err
	}
	document := docstore.Document{Collection: collection, ID: id}
	err := s.file.View(ctx, func(tx *bbolt.Tx) error {
		var err error
		document, err = load(tx.Bucket([]byte(collection)), document)
		return err
	})
	if err != nil {
		return docstore.Document{}, fmt.Errorf("get %s/%s: %w", collection, id, err)
	}
	return document, nil
}

// List implements docstore.Store.
func (s *Store) List(ctx context.Context, collection, prefix string) ([]docstore.Document, error) {
	if err := docstore.ValidatePrefix(collection, prefix); err != nil {
		return nil, err
	}
	var documents []docstore.Document
	err := s.file.View(ctx, func(tx *bbolt.Tx) error {
		bucket := tx.Bucket([]byte(collection))
		if bucket == nil {
			return nil
		}
		cursor := bucket.Cursor()
		for key, value := cursor.Seek([]byte(prefix)); bytes.HasPrefix(key, []byte(prefix)) && key != nil; key, value = cursor.Next() {
			if len(documents)%listCheckInterval == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			document, err := decode(value, docstore.Document{Collection: collection, ID: string(key)})
			if err != nil {
				return fmt.Errorf("document %q: %w", key, err)
			}
			documents = append(documents, document)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", collection, err)
	}
	return documents, nil
}

// Create implements docstore.Store.
func (s *Store) Create(ctx context.Context, document docstore.Document) (docstore.Document, error) {
	if err := docstore.ValidateDocument(document); err != nil {
		return docstore.Document{}, err
	}
	err := s.file.Update(ctx, func(tx *bbolt.Tx) error {
		bucket, err := tx.CreateBucketIfNotExists([]byte(document.Collection))
		if err != nil {
			return err
		}
		if bucket.Get([]byte(document.ID)) != nil {
			return docstore.ErrExists
		}
		document.Version = int64(bucket.Sequence()) + 1 //nolint:gosec // counts changes, far below 2^63
		return save(bucket, document)
	})
	if err != nil {
		return docstore.Document{}, fmt.Errorf("create %s/%s: %w", document.Collection, document.ID, err)
	}
	document.Body = bytes.Clone(document.Body)
	return document, nil
}

// Update implements docstore.Store.
func (s *Store) Update(ctx context.Context, document docstore.Document) (docstore.Document, error) {
	if err := docstore.ValidateDocument(document); err != nil {
		return docstore.Document{}, err
	}
	err := s.file.Update(ctx, func(tx *bbolt.Tx) error {
		bucket := tx.Bucket([]byte(document.Collection))
		if err := checkVersion(bucket, document.Collection, document.ID, document.Version); err != nil {
			return err
		}
		document.Version++
		return save(bucket, document)
	})
	if err != nil {
		return docstore.Document{}, fmt.Errorf("update %s/%s: %w", document.Collection, document.ID, err)
	}
	document.Body = bytes.Clone(document.Body)
	return document, nil
}

// Delete implements docstore.Store.
func (s *Store) Delete(ctx context.Context, collection, id string, version int64) error {
	if err := docstore.ValidateName(collection, id); err != nil {
		return err
	}
	err := s.file.Update(ctx, func(tx *bbolt.Tx) error {
		bucket := tx.Bucket([]byte(collection))
		if err := checkVersion(bucket, collection, id, version); err != nil {
			return err
		}
		highest := max(bucket.Sequence(), uint64(version)) //nolint:gosec // a stored version is positive
		if err := bucket.SetSequence(highest); err != nil {
			return err
		}
		return bucket.Delete([]byte(id))
	})
	if err != nil {
		return fmt.Errorf("delete %s/%s: %w", collection, id, err)
	}
	return nil
}

// load fills in version and body; the bucket is nil when nothing was ever
// created in the collection.
func load(bucket *bbolt.Bucket, document docstore.Document) (docstore.Document, error) {
	if bucket == nil {
		return document, docstore.ErrNotFound
	}
	value := bucket.Get([]byte(document.ID))
	if value == nil {
		return document, docstore.ErrNotFound
	}
	return decode(value, document)
}

func checkVersion(bucket *bbolt.Bucket, collection, id string, version int64) error {
	stored, err := load(bucket, docstore.Document{Collection: collection, ID: id})
	if err != nil {
		return err
	}
	if stored.Version != version {
		return docstore.ErrConflict
	}
	return nil
}

func save(bucket *bbolt.Bucket, document docstore.Document) error {
	value := make([]byte, versionBytes, versionBytes+len(document.Body))
	binary.BigEndian.PutUint64(value, uint64(document.Version)) //nolint:gosec // positive
	return bucket.Put([]byte(document.ID), append(value, document.Body...))
}

// decode copies the body: bbolt's memory is only valid inside the transaction.
func decode(value []byte, document docstore.Document) (docstore.Document, error) {
	if len(value) < versionBytes {
		return document, fmt.Errorf("the stored value is damaged: it has %d bytes", len(value))
	}
	document.Version = int64(binary.BigEndian.Uint64(value)) //nolint:gosec // written by save
	document.Body = json.RawMessage(bytes.Clone(value[versionBytes:]))
	return document, nil
}
