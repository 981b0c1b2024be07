package savedviews_test

import (
	"encoding/json"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/extension/logsapiextension/internal/savedviews"
	"github.com/docketlog/docket/internal/docstore/docstoretest"
	"github.com/docketlog/docket/internal/provision"
)

const place = "extensions::logs_api::views"

func wanted(key, name string) savedviews.Provisioned {
	return savedviews.Provisioned{Key: key, ProjectID: 1, Content: savedviews.Content{Name: name, Filters: json.RawMessage(`{"n":1.0}`)}}
}

// provisionViews requires that each change is told once.
func provisionViews(t *testing.T, views *savedviews.Views, place string, all ...savedviews.Provisioned) (provision.Outcome, []savedviews.View) {
	t.Helper()
	var told provision.Outcome
	done, err := views.Provision(t.Context(), place, all, func(c savedviews.ProvisionedChange) {
		assert.EqualValues(t, 1, c.ProjectID)
		assert.Contains(t, c.By, place+"::")
		switch {
		case c.Before == nil:
			told.Made++
		case c.After == nil:
			told.Removed++
		default:
			told.Changed++
			assert.NotEqual(t, c.Before.Content, c.After.Content)
		}
	})
	require.NoError(t, err)
	assert.Equal(t, done, told)
	listed, err := views.List(t.Context(), 1)
	require.NoError(t, err)
	return done, listed
}

func TestProvision(t *testing.T) {
	views := savedviews.New(docstoretest.NewMemory())
	mine, err := views.Create(t.Context(), 1, savedviews.Author{Name: "me"}, savedviews.Content{Name: "mine", Filters: json.RawMessage(`{}`)})
	require.NoError(t, err)
	done, all := provisionViews(t, views, place, wanted("a", "A"), wanted("b", "B"))
	assert.Equal(t, provision.Outcome{Made: 2}, done)
	require.Len(t, all, 3)
	_, again := provisionViews(t, views, place, wanted("a", "A"), wanted("b", "B"))
	assert.Equal(t, all, again, "nothing is written")

	before, err := views.Get(t.Context(), 1, wanted("a", "").ShortID())
	require.NoError(t, err)
	done, _ = provisionViews(t, views, place, wanted("a", "other"), wanted("b", "B"))
	assert.Equal(t, provision.Outcome{Changed: 1}, done)
	after, err := views.Get(t.Context(), 1, before.ShortID)
	require.NoError(t, err)
	assert.Equal(t, "other", after.Name)
	assert.Equal(t, before.ID, after.ID)
	assert.Equal(t, before.CreatedAt, after.CreatedAt)
	assert.True(t, after.UpdatedAt.After(before.UpdatedAt))
	assert.Equal(t, place+"::a", after.ProvisionedBy)

	_, err = views.Change(t.Context(), 1, after.ShortID, func(*savedviews.Content) error { return nil })
	var refused *savedviews.ProvisionedError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, place+"::a", refused.By)
	_, err = views.Delete(t.Context(), 1, after.ShortID)
	require.ErrorAs(t, err, &refused)

	provisionViews(t, views, "extensions::logs_api/other::views", wanted("c", "C"))
	count, err := views.CountProvisioned(t.Context(), place)
	require.NoError(t, err)
	assert.Equal(t, 2, count)
	done, all = provisionViews(t, views, place)
	assert.Equal(t, provision.Outcome{Removed: 2}, done)
	require.Len(t, all, 2)
	assert.Contains(t, all, mine, "what people have made stays, and what another extension has")
}

// Replicas with the same configuration that start at once make the same of it.
func TestProvisionAtOnce(t *testing.T) {
	documents := docstoretest.NewMemory()
	provisionViews(t, savedviews.New(documents), place, wanted("gone", "x"), wanted("a", "old"))
	var starting sync.WaitGroup
	var told atomic.Int64
	for range 4 {
		starting.Go(func() {
			for range 5 {
				all := []savedviews.Provisioned{wanted("a", "A"), wanted("b", "B")}
				_, err := savedviews.New(documents).Provision(t.Context(), place, all, func(savedviews.ProvisionedChange) { told.Add(1) })
				assert.NoError(t, err)
			}
		})
	}
	starting.Wait()
	assert.EqualValues(t, 3, told.Load(), "one is made, one changed and one removed, once")
	_, all := provisionViews(t, savedviews.New(documents), place, wanted("a", "A"), wanted("b", "B"))
	require.Len(t, all, 2)
	for _, view := range all {
		assert.Contains(t, []string{"A", "B"}, view.Name)
	}
}

// A view that somebody has made under the short id is not taken from them.
func TestProvisionLeavesOthersAlone(t *testing.T) {
	documents := docstoretest.NewMemory()
	views := savedviews.New(documents)
	mine, err := views.Create(t.Context(), 1, savedviews.Author{}, savedviews.Content{Name: "mine", Filters: json.RawMessage(`{}`)})
	require.NoError(t, err)
	document, err := documents.Get(t.Context(), "views", "1/"+mine.ShortID)
	require.NoError(t, err)
	document.ID = "1/" + wanted("a", "A").ShortID()
	_, err = documents.Create(t.Context(), document)
	require.NoError(t, err)
	_, err = views.Provision(t.Context(), place, []savedviews.Provisioned{wanted("a", "A")}, func(savedviews.ProvisionedChange) { t.Error("nothing is changed") })
	require.ErrorContains(t, err, "write another key")
}
