package testbed

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/testbed/client"
	"github.com/docketlog/docket/testbed/collector"
)

// exactFilters are such that a store which reads numbers as such would change them.
const exactFilters = `{"z":1.0,"a":[123456789012345678901234567890,1e400,-0],"searchTerm":"\u003cb\u003e"}`

// replicaKnowsWithin is when a replica has read what another one has written: in two
// seconds, if the cluster, which all tests share, answers at once.
const replicaKnowsWithin = 30 * time.Second

// A view is as it was after the process was killed.
func TestViewsSurviveARestart(t *testing.T) { onEachBackend(t, testViewsSurviveARestart) }

func testViewsSurviveARestart(t *testing.T, b *backend) {
	t.Helper()
	docket, c := b.start(t)
	first, err := c.CreateView(t.Context(), "1", "first", exactFilters)
	require.NoError(t, err)
	second, err := c.CreateView(t.Context(), "1", "second", `{}`)
	require.NoError(t, err)
	deleted, err := c.CreateView(t.Context(), "1", "deleted", `{}`)
	require.NoError(t, err)
	second, err = c.ChangeView(t.Context(), "1", second.ShortID, map[string]any{"pinned": true})
	require.NoError(t, err)
	require.NoError(t, c.DeleteView(t.Context(), "1", deleted.ShortID))
	docket.Kill()
	docket.Restart()

	views, err := c.Views(t.Context(), "1")
	require.NoError(t, err)
	assert.Equal(t, []client.View{second, first}, views)
	kept, err := c.GetView(t.Context(), "1", first.ShortID)
	require.NoError(t, err)
	assert.Equal(t, exactFilters, string(kept.Filters)) //nolint:testifylint // also the numbers as they are written
}

// Two replicas on one cluster have the same views: each sees at once what the other has
// done, and no change of either is lost.
func TestViewsOfTwoReplicas(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		replicas := make([]*client.Client, 2)
		for n := range replicas {
			options := collector.InCluster(t, server.URL.String(), server.Prefix)
			options.AdminKey = adminKey
			replicas[n] = newClient(t, collector.Start(t, options), adminKey)
		}
		one, other := replicas[0], replicas[1]
		made, err := one.CreateView(t.Context(), "1", "made on one", exactFilters)
		require.NoError(t, err)
		seen, err := other.GetView(t.Context(), "1", made.ShortID)
		require.NoError(t, err)
		assert.Equal(t, made, seen)
		views, err := other.Views(t.Context(), "1")
		require.NoError(t, err)
		assert.Equal(t, []client.View{made}, views)

		var changing sync.WaitGroup
		for n, field := range []map[string]any{{"name": "changed"}, {"pinned": true}, {"columns": []any{}}, {"filters": map[string]any{"x": 1}}} {
			changing.Go(func() {
				_, err := replicas[n%2].ChangeView(t.Context(), "1", made.ShortID, field)
				assert.NoError(t, err)
			})
		}
		changing.Wait()
		for _, replica := range replicas {
			changed, err := replica.GetView(t.Context(), "1", made.ShortID)
			require.NoError(t, err)
			assert.Equal(t, "changed", changed.Name)
			assert.True(t, changed.Pinned)
			assert.JSONEq(t, `[]`, string(changed.Columns))
			assert.JSONEq(t, `{"x":1}`, string(changed.Filters))
		}
		require.NoError(t, other.DeleteView(t.Context(), "1", made.ShortID))
		views, err = one.Views(t.Context(), "1")
		require.NoError(t, err)
		assert.Empty(t, views)

		testRollOnTwoReplicas(t, one, other)
	})
}

// testRollOnTwoReplicas rolls a key on one replica, after which the other refuses the old
// value, and takes the new one, as soon as it would a revoked and a new key.
func testRollOnTwoReplicas(t *testing.T, one, other *client.Client) {
	t.Helper()
	key, err := one.CreateKey(t.Context(), "rolled", []string{"logs:read"}, 1)
	require.NoError(t, err)
	rolled, err := one.RollKey(t.Context(), key.ID)
	require.NoError(t, err)
	for _, value := range []struct {
		key    string
		status int
	}{{key.Value, http.StatusUnauthorized}, {rolled.Value, http.StatusOK}} {
		asking := *other
		asking.Key = value.key
		assert.EventuallyWithT(t, func(t *assert.CollectT) {
			response, err := asking.Get(context.Background(), "/api/users/@me/")
			if assert.NoError(t, err) {
				assert.Equal(t, value.status, response.Status, "%s", response)
			}
		}, replicaKnowsWithin, 100*time.Millisecond)
	}
}

// A rolled key goes on under its new value, and the old one is refused at once.
func TestRolledKey(t *testing.T) {
	docket, admin := start(t)
	project, err := admin.GetProject(t.Context(), "1")
	require.NoError(t, err)
	key, err := admin.CreateKey(t.Context(), "rolled", []string{"logs:write"}, project.ID)
	require.NoError(t, err)
	before := newClient(t, docket, key.Value)
	rolled, err := before.RollKey(t.Context(), "@current")
	require.NoError(t, err)
	assert.Equal(t, key.ID, rolled.ID)
	assert.NotEqual(t, key.Value, rolled.Value)
	after := newClient(t, docket, rolled.Value)
	for _, format := range formats() {
		response, err := format.send(t.Context(), before, project, "with the old value")
		require.NoError(t, err)
		require.Equal(t, http.StatusUnauthorized, response.Status, response)
		response, err = format.send(t.Context(), after, project, "with the new value")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, response.Status, response)
	}
	docket.Kill()
	docket.Restart()
	current, err := after.GetKey(t.Context(), "@current")
	require.NoError(t, err)
	assert.Empty(t, current.Value, "a value is shown once")
	response, err := before.Get(t.Context(), "/api/users/@me/")
	require.NoError(t, err)
	assert.Equal(t, http.StatusUnauthorized, response.Status, response)
}
