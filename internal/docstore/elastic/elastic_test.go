package elastic_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/docstore/docstoretest"
	"github.com/docketlog/docket/internal/docstore/elastic"
	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
)

func TestMain(m *testing.M) { elasticsearchtest.Main(m) }

// open returns a store, as one of perhaps several replicas does.
func open(t *testing.T, client *elasticsearch.Client, prefix string) *elastic.Store {
	t.Helper()
	store, err := elastic.Open(t.Context(), elastic.Config{Client: client, Prefix: prefix})
	require.NoError(t, err)
	return store
}

func document(id, body string) docstore.Document {
	return docstore.Document{Collection: "keys", ID: id, Body: json.RawMessage(body)}
}

func TestStore(t *testing.T) {
	for n, server := range elasticsearchtest.Servers(t) {
		t.Run(string(server.Product.Name), func(t *testing.T) {
			t.Parallel()
			docstoretest.Run(t, func(t *testing.T) docstore.Store {
				t.Helper()
				server := elasticsearchtest.Servers(t)[n]
				return open(t, server.Client, server.Prefix)
			})
		})
	}
}

// TestRequests shows all requests that a store makes.
func TestRequests(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		recorder := &elasticsearchtest.Recorder{}
		golden := func(name string) {
			t.Helper()
			recorder.Golden(t, server, name, regexp.MustCompile(`[A-Z2-7]{26}`))
		}
		store := open(t, server.NewClient(t, elasticsearch.Config{Transport: recorder}), server.Prefix)
		golden("open")
		created, err := store.Create(t.Context(), document("a/1", `{"name":"<&> größe"}`))
		require.NoError(t, err)
		golden("create")
		_, err = store.Get(t.Context(), "keys", "a/1")
		require.NoError(t, err)
		golden("get")
		updated, err := store.Update(t.Context(), created)
		require.NoError(t, err)
		golden("update")
		_, err = store.Update(t.Context(), created)
		require.ErrorIs(t, err, docstore.ErrConflict)
		golden("update_conflict")
		_, err = store.List(t.Context(), "keys", "a/")
		require.NoError(t, err)
		golden("list")
		require.NoError(t, store.Delete(t.Context(), "keys", "a/1", updated.Version))
		golden("delete")
		open(t, server.NewClient(t, elasticsearch.Config{Transport: recorder}), server.Prefix)
		golden("open_again")
	})
}

// TestReplicasStartAtOnce is about stores that all find no index.
func TestReplicasStartAtOnce(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		const replicas = 6
		var group errgroup.Group
		for n := range replicas {
			group.Go(func() error {
				store, err := elastic.Open(t.Context(), elastic.Config{Client: server.Client, Prefix: server.Prefix})
				if err != nil {
					return err
				}
				if _, err := store.Create(t.Context(), document(fmt.Sprint(n), `{}`)); err != nil {
					return err
				}
				found, err := store.List(t.Context(), "keys", fmt.Sprint(n))
				if len(found) != 1 {
					return errors.Join(err, fmt.Errorf("replica %d found %d documents", n, len(found)))
				}
				return err
			})
		}
		require.NoError(t, group.Wait())
		found, err := open(t, server.Client, server.Prefix).List(t.Context(), "keys", "")
		require.NoError(t, err)
		require.Len(t, found, replicas)
	})
}

// TestTwoReplicas creates and edits the same documents from two stores at once. Each
// change of which a store says that it was made is there as it was made, and none else.
func TestTwoReplicas(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		replicas := []*elastic.Store{
			open(t, server.Client, server.Prefix),
			open(t, server.NewClient(t, elasticsearch.Config{}), server.Prefix),
		}
		for round := range 5 {
			id := fmt.Sprint(round)
			winner, current := race(t, replicas, docstore.ErrExists, func(store *elastic.Store, n int) (docstore.Document, error) {
				return store.Create(t.Context(), document(id, half(n)))
			})
			requireStored(t, replicas, current, half(winner))
			for range 3 {
				seen := current
				winner, current = race(t, replicas, docstore.ErrConflict, func(store *elastic.Store, n int) (docstore.Document, error) {
					change := document(id, half(n))
					change.Version = seen.Version
					return store.Update(t.Context(), change)
				})
				require.Greater(t, current.Version, seen.Version)
				requireStored(t, replicas, current, half(winner))
			}
		}
	})
}

// half is a body that is not the same in its halves when two are mixed.
func half(replica int) string {
	text := strings.Repeat(fmt.Sprint(replica), 10_000)
	return fmt.Sprintf(`{"first":%q,"second":%q}`, text, text)
}

// race makes a change in both stores at once. One must win, the other be refused.
func race(
	t *testing.T, replicas []*elastic.Store, refusal error, change func(*elastic.Store, int) (docstore.Document, error),
) (winner int, changed docstore.Document) {
	t.Helper()
	documents, errs := make([]docstore.Document, len(replicas)), make([]error, len(replicas))
	var group errgroup.Group
	for n, store := range replicas {
		group.Go(func() error {
			documents[n], errs[n] = change(store, n)
			return nil
		})
	}
	require.NoError(t, group.Wait())
	if errs[0] != nil {
		winner = 1
	}
	require.NoError(t, errs[winner])
	require.ErrorIs(t, errs[1-winner], refusal)
	require.ErrorContains(t, errs[1-winner], "keys/"+documents[winner].ID)
	return winner, documents[winner]
}

func requireStored(t *testing.T, replicas []*elastic.Store, want docstore.Document, body string) {
	t.Helper()
	require.Equal(t, body, string(want.Body))
	for _, store := range replicas {
		got, err := store.Get(t.Context(), want.Collection, want.ID)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

// TestBodiesStayAsTheyAre has JSON that the products would refuse or change if it was
// part of their own.
func TestBodiesStayAsTheyAre(t *testing.T) {
	bodies := []string{
		`{"a":1,"a":2}`,
		`{"a":"\ud800"}`,
		` { "a" : 1.0e+0, "b": 123456789012345678901234567890.1 } `,
		`{"":{"":{"":null}},".":1,"a..b":2}`,
		`{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`,
		`{"a":` + strings.Repeat("9", 5000) + `}`,
		`{"` + strings.Repeat("n", 60_000) + `":1}`,
		`{"date":"2026-11-21","number":"1","collection":"other","id":"other"}`,
	}
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		store := open(t, server.Client, server.Prefix)
		for n, body := range bodies {
			_, err := store.Create(t.Context(), document(fmt.Sprint(n), body))
			require.NoError(t, err)
			found, err := store.Get(t.Context(), "keys", fmt.Sprint(n))
			require.NoError(t, err)
			require.Equal(t, body, string(found.Body))
		}
		found, err := store.List(t.Context(), "keys", "")
		require.NoError(t, err)
		require.Len(t, found, len(bodies))
		for n, listed := range found {
			require.Equal(t, bodies[n], string(listed.Body))
		}
		mapping, err := server.Client.Do(t.Context(), http.MethodGet, "/"+server.Prefix+"-documents/_mapping", nil, nil)
		require.NoError(t, err)
		require.NotContains(t, string(mapping), "number", "the mapping does not grow")
	})
}

// TestListInParts lists more documents than one request can bring.
func TestListInParts(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		open(t, server.Client, server.Prefix)
		const count = 2345
		var bulk strings.Builder
		want := make([]string, count)
		for n := range count {
			want[n] = fmt.Sprintf("%06d", n)
			_, _ = fmt.Fprintf(&bulk, "{\"create\":{}}\n"+`{"collection":"many","id":"%s","change":"","body":"{\"n\":%d,\"text\":\"%0200d\"}"}`+"\n", want[n], n, n)
		}
		_, err := server.Client.Do(t.Context(), http.MethodPost, "/"+server.Prefix+"-documents/_bulk", nil, []byte(bulk.String()))
		require.NoError(t, err)

		// An answer with all that fits into 100 KB has less than 1000 of these.
		for _, limit := range []int64{0, 100_000} {
			store := open(t, server.NewClient(t, elasticsearch.Config{MaxAnswerBytes: limit}), server.Prefix)
			found, err := store.List(t.Context(), "many", "")
			require.NoError(t, err)
			ids := make([]string, 0, count)
			for _, listed := range found {
				ids = append(ids, listed.ID)
			}
			require.Equal(t, want, ids)
			found, err = store.List(t.Context(), "many", "0010")
			require.NoError(t, err)
			require.Len(t, found, 100)
		}
		store := open(t, server.NewClient(t, elasticsearch.Config{MaxAnswerBytes: 400}), server.Prefix)
		_, err = store.List(t.Context(), "many", "")
		require.ErrorIs(t, err, elasticsearch.ErrAnswerTooLarge, "not even one fits")
	})
}

// TestMissingIndex is about an index that somebody deleted: nothing is stored anywhere
// else, and no document is said to be missing.
func TestMissingIndex(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		store := open(t, server.Client, server.Prefix)
		created, err := store.Create(t.Context(), document("one", `{}`))
		require.NoError(t, err)
		index, _ := elastic.Definition(server.Prefix)
		_, err = server.Client.Do(t.Context(), http.MethodDelete, "/"+index, nil, nil)
		require.NoError(t, err)

		errs := map[string]error{}
		_, errs["get"] = store.Get(t.Context(), "keys", "one")
		_, errs["list"] = store.List(t.Context(), "keys", "")
		_, errs["create"] = store.Create(t.Context(), document("two", `{}`))
		_, errs["update"] = store.Update(t.Context(), created)
		errs["delete"] = store.Delete(t.Context(), "keys", "one", created.Version)
		for name, err := range errs {
			require.Error(t, err, name)
			require.NotErrorIs(t, err, docstore.ErrNotFound, name)
			require.Equal(t, http.StatusNotFound, elasticsearch.StatusOf(err), name)
		}
		exists, err := server.Client.Exists(t.Context(), "/"+server.Prefix+"-documents")
		require.NoError(t, err)
		require.False(t, exists)
	})
}

func TestSetupByHand(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		config := elastic.Config{Client: server.Client, Prefix: server.Prefix, SetupOff: true}
		_, err := elastic.Open(t.Context(), config)
		require.ErrorContains(t, err, "there is no alias "+server.Prefix+"-documents")

		index, body := elastic.Definition(server.Prefix)
		_, err = server.Client.Do(t.Context(), http.MethodPut, "/"+index, nil, body)
		require.NoError(t, err)
		store, err := elastic.Open(t.Context(), config)
		require.NoError(t, err)
		_, err = store.Create(t.Context(), document("one", `{}`))
		require.NoError(t, err)
	})
}

func TestClose(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		store := open(t, server.Client, server.Prefix)
		created, err := store.Create(t.Context(), document("one", `{}`))
		require.NoError(t, err)
		require.NoError(t, store.Close())
		require.NoError(t, store.Close())
		_, err = store.Get(t.Context(), "keys", "one")
		require.ErrorIs(t, err, docstore.ErrClosed)
		_, err = store.List(t.Context(), "keys", "")
		require.ErrorIs(t, err, docstore.ErrClosed)
		_, err = store.Create(t.Context(), document("two", `{}`))
		require.ErrorIs(t, err, docstore.ErrClosed)
		_, err = store.Update(t.Context(), created)
		require.ErrorIs(t, err, docstore.ErrClosed)
		assert.ErrorIs(t, store.Delete(t.Context(), "keys", "one", created.Version), docstore.ErrClosed)
	})
}
