// Package docstoretest is the definition of docstore.Store as tests. Every
// implementation runs them, so that what is built on one works on all.
package docstoretest

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/docstore"
)

// Run tests an implementation. Open returns a store without documents and
// arranges with t.Cleanup for its end; it is called once for each part.
func Run(t *testing.T, open func(t *testing.T) docstore.Store) {
	t.Helper()
	parts := []struct {
		name string
		test func(*testing.T, docstore.Store)
	}{
		{"Get returns what Create stored", testCreateAndGet},
		{"Create refuses an id that exists", testCreateExisting},
		{"a missing document is not found", testMissing},
		{"Update replaces the seen version only", testUpdate},
		{"Delete removes the seen version only", testDelete},
		{"collections are apart", testCollections},
		{"versions never go back", testVersionsNeverGoBack},
		{"bodies are copied", testBodiesAreCopied},
		{"List is ordered by id", testListOrder},
		{"List takes prefixes literally", testListPrefix},
		{"List sees every finished change", testListSeesChanges},
		{"List returns everything", testListMany},
		{"invalid requests are refused", testInvalid},
		{"the largest document is taken", testLargest},
		{"an ended context changes nothing", testEndedContext},
		{"one of several updates wins", testConcurrentUpdates},
		{"one of several creations wins", testConcurrentCreations},
		{"one of several deletions wins", testConcurrentDeletions},
		{"no increment is lost", testConcurrentIncrements},
	}
	for _, part := range parts {
		t.Run(part.name, func(t *testing.T) { part.test(t, open(t)) })
	}
}

func document(collection, id, body string) docstore.Document {
	return docstore.Document{Collection: collection, ID: id, Body: json.RawMessage(body)}
}

func create(t *testing.T, store docstore.Store, collection, id, body string) docstore.Document {
	t.Helper()
	created, err := store.Create(t.Context(), document(collection, id, body))
	require.NoError(t, err)
	return created
}

func requireBody(t *testing.T, store docstore.Store, collection, id, body string) {
	t.Helper()
	stored, err := store.Get(t.Context(), collection, id)
	require.NoError(t, err)
	require.JSONEq(t, body, string(stored.Body))
}

// requireError also asks for the document's name, without which an error from
// the middle of a request helps nobody.
func requireError(t *testing.T, err, target error, name string) {
	t.Helper()
	require.ErrorIs(t, err, target)
	require.ErrorContains(t, err, name)
}
