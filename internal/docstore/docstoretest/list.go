package docstoretest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/docketlog/docket/internal/docstore"
)

func list(t *testing.T, store docstore.Store, collection, prefix string) []docstore.Document {
	t.Helper()
	documents, err := store.List(t.Context(), collection, prefix)
	require.NoError(t, err)
	return documents
}

func listIDs(t *testing.T, store docstore.Store, collection, prefix string) []string {
	t.Helper()
	ids := []string{}
	for _, found := range list(t, store, collection, prefix) {
		require.Equal(t, collection, found.Collection)
		ids = append(ids, found.ID)
	}
	return ids
}

func testListOrder(t *testing.T, store docstore.Store) {
	t.Helper()
	require.Empty(t, list(t, store, "keys", ""), "a collection that was never written to is empty")
	for _, id := range []string{"b", "10", "a", "B", "2", "aa", "~", " "} {
		create(t, store, "keys", id, fmt.Sprintf(`{"id":%q}`, id))
	}
	require.Equal(t, []string{" ", "10", "2", "B", "a", "aa", "b", "~"}, listIDs(t, store, "keys", ""))
	for _, found := range list(t, store, "keys", "") {
		require.JSONEq(t, fmt.Sprintf(`{"id":%q}`, found.ID), string(found.Body))
		require.Positive(t, found.Version)
	}
}

func testListPrefix(t *testing.T, store docstore.Store) {
	t.Helper()
	for _, id := range []string{"1/a", "1/b", "10/a", "1", "*a", "**", "a%b", "a_b", "aXb", `a\b`, "A", "~~", "~~~"} {
		create(t, store, "views", id, `{}`)
	}
	tests := []struct {
		prefix string
		want   []string
	}{
		{"1", []string{"1", "1/a", "1/b", "10/a"}},
		{"1/", []string{"1/a", "1/b"}},
		{"1/a", []string{"1/a"}},
		{"1/aa", []string{}},
		{"*", []string{"**", "*a"}},
		{"a_", []string{"a_b"}},
		{"a%", []string{"a%b"}},
		{`a\`, []string{`a\b`}},
		{"a", []string{"a%b", "aXb", `a\b`, "a_b"}},
		{"~~", []string{"~~", "~~~"}},
		{"?", []string{}},
	}
	for _, test := range tests {
		t.Run(test.prefix, func(t *testing.T) {
			require.Equal(t, test.want, listIDs(t, store, "views", test.prefix))
		})
	}
}

func testListSeesChanges(t *testing.T, store docstore.Store) {
	t.Helper()
	for n := range 10 {
		id := fmt.Sprintf("id-%d", n)
		created := create(t, store, "keys", id, `{"n":1}`)
		require.Equal(t, []string{id}, listIDs(t, store, "keys", ""))
		created.Body = []byte(`{"n":2}`)
		updated, err := store.Update(t.Context(), created)
		require.NoError(t, err)
		require.JSONEq(t, `{"n":2}`, string(list(t, store, "keys", "")[0].Body))
		require.NoError(t, store.Delete(t.Context(), "keys", id, updated.Version))
		require.Empty(t, list(t, store, "keys", ""))
	}
}

func testListMany(t *testing.T, store docstore.Store) {
	t.Helper()
	const count = 600
	var group errgroup.Group
	group.SetLimit(16)
	want := make([]string, count)
	for n := range count {
		want[n] = fmt.Sprintf("%05d", n)
		group.Go(func() error {
			_, err := store.Create(t.Context(), document("keys", want[n], fmt.Sprintf(`{"n":%d}`, n)))
			return err
		})
	}
	require.NoError(t, group.Wait())
	require.True(t, slices.IsSorted(want))
	require.Equal(t, want, listIDs(t, store, "keys", ""))
}
