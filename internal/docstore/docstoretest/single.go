package docstoretest

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/docstore"
)

func testCreateAndGet(t *testing.T, store docstore.Store) {
	t.Helper()
	const body = `{"name":"größe \u0000 \"x\"","number":9007199254740993,"none":null,"list":[1,{"a":{}}]}`
	created := create(t, store, "keys", "a b/c?d", body)
	require.Equal(t, "keys", created.Collection)
	require.Equal(t, "a b/c?d", created.ID)
	require.Positive(t, created.Version)
	require.JSONEq(t, body, string(created.Body))

	stored, err := store.Get(t.Context(), "keys", "a b/c?d")
	require.NoError(t, err)
	require.Equal(t, created.Version, stored.Version)
	require.JSONEq(t, body, string(stored.Body))
	require.Contains(t, string(stored.Body), "9007199254740993", "a number keeps all of its digits")
}

func testCreateExisting(t *testing.T, store docstore.Store) {
	t.Helper()
	create(t, store, "keys", "one", `{"n":1}`)
	_, err := store.Create(t.Context(), document("keys", "one", `{"n":2}`))
	requireError(t, err, docstore.ErrExists, "keys/one")
	requireBody(t, store, "keys", "one", `{"n":1}`)
}

func testMissing(t *testing.T, store docstore.Store) {
	t.Helper()
	// Once in a collection that was never written to, once in one that was.
	for range 2 {
		_, err := store.Get(t.Context(), "keys", "none")
		requireError(t, err, docstore.ErrNotFound, "keys/none")
		missing := document("keys", "none", `{}`)
		missing.Version = 1
		_, err = store.Update(t.Context(), missing)
		requireError(t, err, docstore.ErrNotFound, "keys/none")
		requireError(t, store.Delete(t.Context(), "keys", "none", 1), docstore.ErrNotFound, "keys/none")
		create(t, store, "keys", "another"+strings.Repeat("r", len(list(t, store, "keys", ""))), `{}`)
	}
}

func testUpdate(t *testing.T, store docstore.Store) {
	t.Helper()
	seen := create(t, store, "keys", "one", `{"n":1}`)

	change := document("keys", "one", `{"n":2}`)
	change.Version = seen.Version
	updated, err := store.Update(t.Context(), change)
	require.NoError(t, err)
	require.Greater(t, updated.Version, seen.Version)
	require.Equal(t, `{"n":2}`, string(updated.Body))
	requireBody(t, store, "keys", "one", `{"n":2}`)

	for _, version := range []int64{seen.Version, updated.Version + 1, 0, -1} {
		change = document("keys", "one", `{"n":3}`)
		change.Version = version
		_, err = store.Update(t.Context(), change)
		requireError(t, err, docstore.ErrConflict, "keys/one")
	}
	requireBody(t, store, "keys", "one", `{"n":2}`)

	// What List and Get return can be used for the next change as well.
	listed := list(t, store, "keys", "")[0]
	require.Equal(t, updated.Version, listed.Version)
	_, err = store.Update(t.Context(), listed)
	require.NoError(t, err, "an update without a difference is an update")
}

func testDelete(t *testing.T, store docstore.Store) {
	t.Helper()
	seen := create(t, store, "keys", "one", `{}`)
	create(t, store, "keys", "two", `{}`)
	requireError(t, store.Delete(t.Context(), "keys", "one", seen.Version+1), docstore.ErrConflict, "keys/one")
	requireBody(t, store, "keys", "one", `{}`)

	require.NoError(t, store.Delete(t.Context(), "keys", "one", seen.Version))
	_, err := store.Get(t.Context(), "keys", "one")
	require.ErrorIs(t, err, docstore.ErrNotFound)
	requireError(t, store.Delete(t.Context(), "keys", "one", seen.Version), docstore.ErrNotFound, "keys/one")
	requireBody(t, store, "keys", "two", `{}`)
}

func testCollections(t *testing.T, store docstore.Store) {
	t.Helper()
	one := create(t, store, "keys", "same", `{"in":"keys"}`)
	create(t, store, "keys_2", "same", `{"in":"keys_2"}`)
	require.NoError(t, store.Delete(t.Context(), "keys", "same", one.Version))
	requireBody(t, store, "keys_2", "same", `{"in":"keys_2"}`)
	require.Empty(t, list(t, store, "keys", ""))
	require.Len(t, list(t, store, "keys_2", ""), 1)
}

// testVersionsNeverGoBack is about a writer that was away: what it saw must not
// come to name another content.
func testVersionsNeverGoBack(t *testing.T, store docstore.Store) {
	t.Helper()
	seen := create(t, store, "keys", "one", `{"life":0}`)
	highest := seen.Version
	for range 5 {
		current, err := store.Get(t.Context(), "keys", "one")
		require.NoError(t, err)
		updated, err := store.Update(t.Context(), current)
		require.NoError(t, err)
		require.Greater(t, updated.Version, highest)
		require.NoError(t, store.Delete(t.Context(), "keys", "one", updated.Version))
		again := create(t, store, "keys", "one", `{"life":1}`)
		require.Greater(t, again.Version, updated.Version)
		highest = again.Version

		stale := seen
		_, err = store.Update(t.Context(), stale)
		require.ErrorIs(t, err, docstore.ErrConflict)
		require.ErrorIs(t, store.Delete(t.Context(), "keys", "one", stale.Version), docstore.ErrConflict)
	}
}

func testBodiesAreCopied(t *testing.T, store docstore.Store) {
	t.Helper()
	given := document("keys", "one", `{"n":1}`)
	created, err := store.Create(t.Context(), given)
	require.NoError(t, err)
	read, err := store.Get(t.Context(), "keys", "one")
	require.NoError(t, err)
	listed := list(t, store, "keys", "")[0]
	for _, body := range [][]byte{given.Body, created.Body, read.Body, listed.Body} {
		copy(body, "garbage")
	}
	requireBody(t, store, "keys", "one", `{"n":1}`)

	given.Body = []byte(`{"n":2}`)
	given.Version = created.Version
	updated, err := store.Update(t.Context(), given)
	require.NoError(t, err)
	copy(given.Body, "garbage")
	require.Equal(t, `{"n":2}`, string(updated.Body))
	requireBody(t, store, "keys", "one", `{"n":2}`)
}

func testInvalid(t *testing.T, store docstore.Store) {
	t.Helper()
	tests := []struct {
		name     string
		document docstore.Document
		message  string
	}{
		{"no collection", document("", "id", `{}`), "collection name has 0 bytes"},
		{"upper case collection", document("Keys", "id", `{}`), `"Keys" is not a lower-case word`},
		{"collection begins with a digit", document("2keys", "id", `{}`), "lower-case word"},
		{"collection with a slash", document("a/b", "id", `{}`), "lower-case word"},
		{"long collection", document(strings.Repeat("a", 64), "id", `{}`), "64 bytes"},
		{"no id", document("keys", "", `{}`), "id is empty"},
		{"long id", document("keys", strings.Repeat("a", 256), `{}`), "256 bytes, at most 255"},
		{"control character in id", document("keys", "a\nb", `{}`), "byte 1 of the id"},
		{"id outside ASCII", document("keys", "grün", `{}`), "printable ASCII"},
		{"no body", document("keys", "id", ``), "not valid JSON"},
		{"broken body", document("keys", "id", `{"a":`), "not valid JSON"},
		{"two values", document("keys", "id", `{}{}`), "not valid JSON"},
		{"array", document("keys", "id", ` []`), "not a JSON object"},
		{"null", document("keys", "id", `null`), "not a JSON object"},
		{"invalid UTF-8", document("keys", "id", "{\"a\":\"\xff\"}"), "not valid UTF-8"},
		{"large body", document("keys", "id", bodyOf(docstore.MaxBodyBytes+1)), "at most 1048576"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := store.Create(t.Context(), test.document)
			requireError(t, err, docstore.ErrInvalid, test.message)
			test.document.Version = 1
			_, err = store.Update(t.Context(), test.document)
			requireError(t, err, docstore.ErrInvalid, test.message)
		})
	}
	_, err := store.Get(t.Context(), "keys", "")
	require.ErrorIs(t, err, docstore.ErrInvalid)
	_, err = store.List(t.Context(), "no/word", "")
	require.ErrorIs(t, err, docstore.ErrInvalid)
	require.ErrorIs(t, store.Delete(t.Context(), "keys", "", 1), docstore.ErrInvalid)
}

func testLargest(t *testing.T, store docstore.Store) {
	t.Helper()
	collection, id := strings.Repeat("c", docstore.MaxCollectionBytes), strings.Repeat("~", docstore.MaxIDBytes)
	body := bodyOf(docstore.MaxBodyBytes)
	create(t, store, collection, id, body)
	requireBody(t, store, collection, id, body)
}

// bodyOf returns a JSON object of that many bytes.
func bodyOf(size int) string {
	return `{"a":"` + strings.Repeat("x", size-len(`{"a":""}`)) + `"}`
}

func testEndedContext(t *testing.T, store docstore.Store) {
	t.Helper()
	stored := create(t, store, "keys", "one", `{"n":1}`)
	ended, end := context.WithCancel(t.Context())
	end()

	_, err := store.Get(ended, "keys", "one")
	require.ErrorIs(t, err, context.Canceled)
	_, err = store.List(ended, "keys", "")
	require.ErrorIs(t, err, context.Canceled)
	_, err = store.Create(ended, document("keys", "two", `{}`))
	require.ErrorIs(t, err, context.Canceled)
	change := document("keys", "one", `{"n":2}`)
	change.Version = stored.Version
	_, err = store.Update(ended, change)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, store.Delete(ended, "keys", "one", stored.Version), context.Canceled)

	documents := list(t, store, "keys", "")
	require.Len(t, documents, 1)
	assert.Equal(t, stored.Version, documents[0].Version)
	assert.JSONEq(t, `{"n":1}`, string(documents[0].Body))
}
