package embedded_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"
	"go.uber.org/goleak"

	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/docstore/docstoretest"
	"github.com/docketlog/docket/internal/docstore/embedded"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, path string) *embedded.Store {
	t.Helper()
	store, err := embedded.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

func newDocument(id, body string) docstore.Document {
	return docstore.Document{Collection: "keys", ID: id, Body: json.RawMessage(body)}
}

func TestConformance(t *testing.T) {
	docstoretest.Run(t, func(t *testing.T) docstore.Store {
		t.Helper()
		return open(t, filepath.Join(t.TempDir(), "documents.db"))
	})
}

func TestDocumentsSurviveReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "documents.db")
	store := open(t, path)
	created, err := store.Create(t.Context(), newDocument("kept", `{"n":1}`))
	require.NoError(t, err)
	require.Equal(t, int64(1), created.Version)
	gone, err := store.Create(t.Context(), newDocument("gone", `{}`))
	require.NoError(t, err)
	for range 3 {
		gone, err = store.Update(t.Context(), gone)
		require.NoError(t, err)
	}
	require.NoError(t, store.Delete(t.Context(), "keys", "gone", gone.Version))
	require.NoError(t, store.Close())

	store = open(t, path)
	kept, err := store.Get(t.Context(), "keys", "kept")
	require.NoError(t, err)
	require.Equal(t, created, kept)
	again, err := store.Create(t.Context(), newDocument("gone", `{}`))
	require.NoError(t, err)
	require.Greater(t, again.Version, gone.Version, "versions do not go back over a restart either")
}

func TestOnlyTheOwnerCanReadTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "documents.db")
	open(t, path)
	file, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), file.Mode().Perm())
	folder, err := os.Stat(filepath.Dir(path))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), folder.Mode().Perm())
}

func TestOpenRefusesWhatIsNoStore(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "documents.db")
	require.NoError(t, os.WriteFile(path, make([]byte, 1<<16), 0o600))
	_, err := embedded.Open(path)
	require.ErrorContains(t, err, `open the document store "`+path+`": `)

	_, err = embedded.Open(filepath.Join(path, "below-a-file", "documents.db"))
	require.ErrorContains(t, err, "create the folder of the document store")
}

func TestClosedStore(t *testing.T) {
	store := open(t, filepath.Join(t.TempDir(), "documents.db"))
	require.NoError(t, store.Close())
	require.NoError(t, store.Close(), "closing again does nothing")

	_, err := store.Get(t.Context(), "keys", "one")
	require.ErrorIs(t, err, docstore.ErrClosed)
	_, err = store.List(t.Context(), "keys", "")
	require.ErrorIs(t, err, docstore.ErrClosed)
	_, err = store.Create(t.Context(), newDocument("one", `{}`))
	require.ErrorIs(t, err, docstore.ErrClosed)
	_, err = store.Update(t.Context(), newDocument("one", `{}`))
	require.ErrorIs(t, err, docstore.ErrClosed)
	require.ErrorIs(t, store.Delete(t.Context(), "keys", "one", 1), docstore.ErrClosed)
}

func TestDamagedValueIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "documents.db")
	database, err := bbolt.Open(path, 0o600, nil)
	require.NoError(t, err)
	require.NoError(t, database.Update(func(tx *bbolt.Tx) error {
		bucket, err := tx.CreateBucket([]byte("keys"))
		if err != nil {
			return err
		}
		return bucket.Put([]byte("short"), []byte("abc"))
	}))
	require.NoError(t, database.Close())

	store := open(t, path)
	_, err = store.Get(t.Context(), "keys", "short")
	require.ErrorContains(t, err, "keys/short: the stored value is damaged")
	_, err = store.List(t.Context(), "keys", "")
	require.ErrorContains(t, err, `"short": the stored value is damaged`)
}
