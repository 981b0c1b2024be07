package savedviews_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/docketlog/docket/extension/logsapiextension/internal/savedviews"
	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/docstore/embedded"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var author = savedviews.Author{UUID: "0197d1f2-0000-5000-8000-00000000000a", Name: "ci"}

func openStore(t *testing.T) docstore.Store {
	t.Helper()
	store, err := embedded.Open(filepath.Join(t.TempDir(), "documents.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

func content(name string) savedviews.Content {
	return savedviews.Content{Name: name, Filters: json.RawMessage(`{}`)}
}

func create(t *testing.T, views *savedviews.Views, project int64, name string) savedviews.View {
	t.Helper()
	view, err := views.Create(t.Context(), project, author, content(name))
	require.NoError(t, err)
	return view
}

func names(t *testing.T, views *savedviews.Views, project int64) []string {
	t.Helper()
	listed, err := views.List(t.Context(), project)
	require.NoError(t, err)
	names := []string{}
	for _, view := range listed {
		names = append(names, view.Name)
	}
	return names
}

func TestLifeOfAView(t *testing.T) {
	store := openStore(t)
	views, replica := savedviews.New(store), savedviews.New(store)
	made, err := views.Create(t.Context(), 1, author, savedviews.Content{
		Name: "Errors", Filters: json.RawMessage(`{"a":1.0}`), Pinned: true, Columns: []savedviews.Column{{ID: "c", Type: "level", Width: 80}},
	})
	require.NoError(t, err)
	id, err := uuid.Parse(made.ID)
	require.NoError(t, err)
	require.Equal(t, uuid.Version(7), id.Version())
	require.Regexp(t, `^[a-z2-7]{8}$`, made.ShortID)
	require.WithinDuration(t, time.Now(), made.CreatedAt, time.Minute)
	require.Equal(t, made.CreatedAt, made.UpdatedAt)
	require.Equal(t, author, made.CreatedBy)

	seen, err := replica.Get(t.Context(), 1, made.ShortID)
	require.NoError(t, err)
	require.Equal(t, made, seen)

	changed, err := replica.Change(t.Context(), 1, made.ShortID, func(c *savedviews.Content) error {
		c.Name, c.Columns = "Failures", []savedviews.Column{}
		return nil
	})
	require.NoError(t, err)
	require.True(t, changed.UpdatedAt.After(made.UpdatedAt))
	want := made
	want.Name, want.Columns, want.UpdatedAt = "Failures", []savedviews.Column{}, changed.UpdatedAt
	require.Equal(t, want, changed)
	seen, err = views.Get(t.Context(), 1, made.ShortID)
	require.NoError(t, err)
	require.Equal(t, want, seen)

	deleted, err := replica.Delete(t.Context(), 1, made.ShortID)
	require.NoError(t, err)
	require.Equal(t, want, deleted)
	for _, views := range []*savedviews.Views{views, replica} {
		requireMissing(t, views, 1, made.ShortID)
		require.Empty(t, names(t, views, 1))
	}
}

func requireMissing(t *testing.T, views *savedviews.Views, project int64, shortID string) {
	t.Helper()
	_, err := views.Get(t.Context(), project, shortID)
	require.ErrorIs(t, err, savedviews.ErrNotFound, shortID)
	_, err = views.Change(t.Context(), project, shortID, func(*savedviews.Content) error { return nil })
	require.ErrorIs(t, err, savedviews.ErrNotFound, shortID)
	_, err = views.Delete(t.Context(), project, shortID)
	require.ErrorIs(t, err, savedviews.ErrNotFound, shortID)
}

func TestProjectsAreApart(t *testing.T) {
	views := savedviews.New(openStore(t))
	one, eleven := create(t, views, 1, "one"), create(t, views, 11, "eleven")
	require.Equal(t, []string{"one"}, names(t, views, 1))
	require.Equal(t, []string{"eleven"}, names(t, views, 11))
	require.Empty(t, names(t, views, 2))
	requireMissing(t, views, 11, one.ShortID)
	requireMissing(t, views, 1, eleven.ShortID)
	for _, shortID := range []string{"", "1/" + one.ShortID, "../1/" + one.ShortID, one.ID, "é", "a b", strings.Repeat("a", 13), "unknown"} {
		requireMissing(t, views, 1, shortID)
	}
}

func TestNewestFirst(t *testing.T) {
	views := savedviews.New(openStore(t))
	var want []string
	for n := range 50 {
		name := fmt.Sprint(n)
		create(t, views, 1, name)
		want = append(want, name)
	}
	slices.Reverse(want)
	require.Equal(t, want, names(t, views, 1))
	listed, err := views.List(t.Context(), 1)
	require.NoError(t, err)
	_, err = views.Change(t.Context(), 1, listed[49].ShortID, func(c *savedviews.Content) error { c.Pinned = true; return nil })
	require.NoError(t, err)
	require.Equal(t, want, names(t, views, 1), "neither a change nor a pin moves a view")
}

// What is in the filters is nobody's business, and comes back as it was.
func TestFiltersAreKeptAsWritten(t *testing.T) {
	views := savedviews.New(openStore(t))
	for _, filters := range []string{
		`{}`, `{"n":[1.0,1e400,-0,123456789012345678901234567890,0.1000]}`, `{"z":1,"a":2,"z":3}`, `{"<&>":"\u003c \ud800 é"}`,
		`{"deep":` + strings.Repeat("[", 500) + strings.Repeat("]", 500) + `}`,
	} {
		asWritten := content("x")
		asWritten.Filters = json.RawMessage(filters)
		view, err := views.Create(t.Context(), 1, author, asWritten)
		require.NoError(t, err)
		require.Equal(t, filters, string(view.Filters))
		view, err = views.Change(t.Context(), 1, view.ShortID, func(c *savedviews.Content) error { c.Name = "y"; return nil })
		require.NoError(t, err)
		require.Equal(t, filters, string(view.Filters))
		view, err = views.Get(t.Context(), 1, view.ShortID)
		require.NoError(t, err)
		require.Equal(t, filters, string(view.Filters))
	}
}

// Changes at the same time are all made, each to what the others have left.
func TestChangesAtTheSameTime(t *testing.T) {
	store := openStore(t)
	view := create(t, savedviews.New(store), 1, "")
	const replicas, changes = 4, 10
	var changing sync.WaitGroup
	for range replicas {
		changing.Go(func() {
			views := savedviews.New(store)
			for range changes {
				_, err := views.Change(context.Background(), 1, view.ShortID, func(c *savedviews.Content) error {
					c.Name += "x"
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	changing.Wait()
	require.Equal(t, []string{strings.Repeat("x", replicas*changes)}, names(t, savedviews.New(store), 1))

	var deleted sync.WaitGroup
	outcomes := make([]error, replicas)
	for n := range replicas {
		deleted.Go(func() { _, outcomes[n] = savedviews.New(store).Delete(context.Background(), 1, view.ShortID) })
	}
	deleted.Wait()
	done := 0
	for _, err := range outcomes {
		if err == nil {
			done++
		} else {
			require.ErrorIs(t, err, savedviews.ErrNotFound)
		}
	}
	require.Equal(t, 1, done)
}

func TestFailedChanges(t *testing.T) {
	views := savedviews.New(openStore(t))
	view := create(t, views, 1, "a")
	errOwn := errors.New("no")
	_, err := views.Change(t.Context(), 1, view.ShortID, func(c *savedviews.Content) error { c.Name = "b"; return errOwn })
	require.ErrorIs(t, err, errOwn)
	large := content(strings.Repeat("x", savedviews.MaxViewBytes))
	_, err = views.Create(t.Context(), 1, author, large)
	var tooLarge *savedviews.TooLargeError
	require.ErrorAs(t, err, &tooLarge)
	require.Greater(t, tooLarge.Bytes, savedviews.MaxViewBytes)
	_, err = views.Change(t.Context(), 1, view.ShortID, func(c *savedviews.Content) error { *c = large; return nil })
	require.ErrorAs(t, err, &tooLarge)
	require.ErrorContains(t, err, "at most 524288 are allowed")
	require.Equal(t, []string{"a"}, names(t, views, 1))

	ended, end := context.WithCancel(t.Context())
	end()
	_, err = views.Create(ended, 1, author, content("x"))
	require.ErrorIs(t, err, context.Canceled)
	_, err = views.List(ended, 1)
	require.ErrorIs(t, err, context.Canceled)
}

func TestFieldsOfANewerVersionStay(t *testing.T) {
	store := openStore(t)
	views := savedviews.New(store)
	view := create(t, views, 1, "a")
	stored, err := store.Get(t.Context(), "views", "1/"+view.ShortID)
	require.NoError(t, err)
	stored.Body = append([]byte(`{"from_the_future":{"a":[1.0]},`), stored.Body[1:]...)
	_, err = store.Update(t.Context(), stored)
	require.NoError(t, err)
	_, err = views.Change(t.Context(), 1, view.ShortID, func(c *savedviews.Content) error { c.Name = "b"; return nil })
	require.NoError(t, err)
	stored, err = store.Get(t.Context(), "views", "1/"+view.ShortID)
	require.NoError(t, err)
	require.Contains(t, string(stored.Body), `"from_the_future":{"a":[1.0]}`)
	require.Contains(t, string(stored.Body), `"name":"b"`)
}

// takenStore has every short id once.
type takenStore struct {
	docstore.Store
	refused int
}

func (s *takenStore) Create(ctx context.Context, document docstore.Document) (docstore.Document, error) {
	if s.refused < 3 {
		s.refused++
		return docstore.Document{}, docstore.ErrExists
	}
	return s.Store.Create(ctx, document)
}

func TestTakenShortIDs(t *testing.T) {
	store := &takenStore{Store: openStore(t)}
	create(t, savedviews.New(store), 1, "a")
	require.Equal(t, 3, store.refused)
}

// A document that is no view is told, and hides no other project's views.
func TestUnreadableView(t *testing.T) {
	store := openStore(t)
	views := savedviews.New(store)
	create(t, views, 1, "a")
	_, err := store.Create(t.Context(), docstore.Document{Collection: "views", ID: "2/broken", Body: json.RawMessage(`{"name":1}`)})
	require.NoError(t, err)
	_, err = views.List(t.Context(), 2)
	require.ErrorContains(t, err, "2/broken")
	_, err = views.Get(t.Context(), 2, "broken")
	require.ErrorContains(t, err, "2/broken")
	require.Equal(t, []string{"a"}, names(t, views, 1))
}
