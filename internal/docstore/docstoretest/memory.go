package docstoretest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/docketlog/docket/internal/docstore"
)

var _ docstore.Store = (*Memory)(nil)

// Memory keeps documents in memory, for tests that make very many of them. It passes
// Run, as every implementation does.
type Memory struct {
	mu        sync.Mutex
	documents map[[2]string]docstore.Document
	version   int64
}

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{documents: map[[2]string]docstore.Document{}} }

// Get implements docstore.Store.
func (m *Memory) Get(ctx context.Context, collection, id string) (docstore.Document, error) {
	if err := docstore.ValidateName(collection, id); err != nil {
		return docstore.Document{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	found, ok := m.documents[[2]string{collection, id}]
	if err := ctx.Err(); err != nil {
		return docstore.Document{}, err
	}
	if !ok {
		return docstore.Document{}, fmt.Errorf("%w: %s/%s", docstore.ErrNotFound, collection, id)
	}
	return copied(found), nil
}

// List implements docstore.Store.
func (m *Memory) List(ctx context.Context, collection, prefix string) ([]docstore.Document, error) {
	if err := docstore.ValidatePrefix(collection, prefix); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var found []docstore.Document
	for name, document := range m.documents {
		if name[0] == collection && strings.HasPrefix(name[1], prefix) {
			found = append(found, copied(document))
		}
	}
	slices.SortFunc(found, func(a, b docstore.Document) int { return strings.Compare(a.ID, b.ID) })
	return found, nil
}

// Create implements docstore.Store.
func (m *Memory) Create(ctx context.Context, document docstore.Document) (docstore.Document, error) {
	return m.put(ctx, document, func(_ docstore.Document, ok bool) error {
		if ok {
			return docstore.ErrExists
		}
		return nil
	})
}

// Update implements docstore.Store.
func (m *Memory) Update(ctx context.Context, document docstore.Document) (docstore.Document, error) {
	return m.put(ctx, document, sameVersion(document.Version))
}

// Delete implements docstore.Store.
func (m *Memory) Delete(ctx context.Context, collection, id string, version int64) error {
	if err := docstore.ValidateName(collection, id); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	found, ok := m.documents[[2]string{collection, id}]
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := sameVersion(version)(found, ok); err != nil {
		return fmt.Errorf("%w: %s/%s", err, collection, id)
	}
	delete(m.documents, [2]string{collection, id})
	return nil
}

func (m *Memory) put(
	ctx context.Context, document docstore.Document, check func(found docstore.Document, ok bool) error,
) (docstore.Document, error) {
	if err := docstore.ValidateDocument(document); err != nil {
		return docstore.Document{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return docstore.Document{}, err
	}
	name := [2]string{document.Collection, document.ID}
	found, ok := m.documents[name]
	if err := check(found, ok); err != nil {
		return docstore.Document{}, fmt.Errorf("%w: %s/%s", err, document.Collection, document.ID)
	}
	m.version++
	document.Version = m.version
	m.documents[name] = copied(document)
	return copied(document), nil
}

// sameVersion checks that a document is there and has a version.
func sameVersion(version int64) func(docstore.Document, bool) error {
	return func(found docstore.Document, ok bool) error {
		switch {
		case !ok:
			return docstore.ErrNotFound
		case found.Version != version:
			return docstore.ErrConflict
		default:
			return nil
		}
	}
}

func copied(document docstore.Document) docstore.Document {
	document.Body = slices.Clone(document.Body)
	return document
}
