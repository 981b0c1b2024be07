package elastic

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/internal/logstore/retention"
	"github.com/docketlog/docket/internal/record"
)

// recordOf returns a record of a project and a day.
func recordOf(project int64, daysAgo, number int) record.Record {
	r := at(newTestRecord(fmt.Sprint(number)), testDay().AddDate(0, 0, -daysAgo).Add(time.Hour))
	r.Resource.Attributes().PutInt(record.AttributeProjectID, project)
	return r
}

func requireDays(tb testing.TB, b *Backend, want map[int][]int64) {
	tb.Helper()
	days, err := b.Days(tb.Context())
	require.NoError(tb, err)
	assert.True(tb, slices.IsSortedFunc(days, time.Time.Compare))
	got := map[int][]int64{}
	for _, day := range days {
		projects, err := b.Projects(tb.Context(), day)
		require.NoError(tb, err)
		got[int(testDay().Sub(day)/(24*time.Hour))] = projects
	}
	require.Equal(tb, want, got)
}

func TestRetention(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		requireDays(t, b, map[int][]int64{})
		var records []record.Record
		for project := int64(1); project <= 3; project++ {
			for ago := range 3 {
				for number := range 5 {
					records = append(records, recordOf(project, ago, number))
				}
			}
		}
		require.NoError(t, b.Apply(t.Context(), records, false))
		require.NoError(t, b.Sync(t.Context()))
		requireDays(t, b, map[int][]int64{0: {1, 2, 3}, 1: {1, 2, 3}, 2: {1, 2, 3}})
		bytes, err := b.DayBytes(t.Context(), testDay().Add(time.Hour))
		require.NoError(t, err)
		assert.Greater(t, bytes, int64(1000))

		require.NoError(t, b.DeleteProjects(t.Context(), testDay(), []int64{1, 3}))
		require.NoError(t, b.DeleteProjects(t.Context(), testDay().AddDate(0, 0, -1), []int64{1, 2, 3}))
		require.NoError(t, b.DeleteDay(t.Context(), testDay().AddDate(0, 0, -2)))
		requireDays(t, b, map[int][]int64{0: {2}})

		gone := testDay().AddDate(0, 0, -2)
		bytes, err = b.DayBytes(t.Context(), gone)
		require.NoError(t, err)
		assert.Zero(t, bytes)
		require.NoError(t, b.DeleteDay(t.Context(), gone))
		require.NoError(t, b.DeleteProjects(t.Context(), gone, []int64{1}))
		projects, err := b.Projects(t.Context(), gone)
		require.NoError(t, err)
		assert.Empty(t, projects)

		// A day that was deleted can come back.
		require.NoError(t, b.Apply(t.Context(), []record.Record{recordOf(1, 2, 9)}, true))
		require.NoError(t, b.Sync(t.Context()))
		requireDays(t, b, map[int][]int64{0: {2}, 2: {1}})
	})
}

// A crash may leave an empty index that takes no documents.
func TestEmptyDayIsDeleted(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		create(t, b, "2026.11.21", object{"settings": object{"index.blocks.write": true}})
		create(t, b, "2026.11.21-other", object{})
		requireDays(t, b, map[int][]int64{0: nil})
		require.NoError(t, b.DeleteProjects(t.Context(), testDay(), nil))
		requireDays(t, b, map[int][]int64{})
		_, err := b.client.Do(t.Context(), http.MethodGet, "/"+b.alias()+"-2026.11.21-other", nil, nil)
		require.NoError(t, err, "it is nobody's day")
	})
}

// What other Dockets write to a day while it is being deleted is not lost.
func TestDayThatIsNotEmptyAfterAll(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		one, two := newTestRecord("1"), newTestRecord("2")
		require.NoError(t, b.Apply(t.Context(), []record.Record{one}, false))
		require.NoError(t, b.deleteIfEmpty(t.Context(), indexOf(b, testDay())))
		require.NoError(t, b.Apply(t.Context(), []record.Record{two}, false))
		requireSame(t, []record.Record{one, two}, search(t, b))
	})
}

func TestKeeperOnACluster(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		var records []record.Record
		for ago := range 4 {
			records = append(records, recordOf(1, ago, 1), recordOf(2, ago, 1))
		}
		require.NoError(t, b.Apply(t.Context(), records, false))
		require.NoError(t, b.Sync(t.Context()))
		keeper, err := retention.New(retention.Config{
			Store:  b,
			Policy: retention.Policy{DefaultAge: 24 * time.Hour, Ages: map[int64]time.Duration{2: 48 * time.Hour}},
			Now:    func() time.Time { return testDay().Add(time.Hour) },
		})
		require.NoError(t, err)
		require.NoError(t, keeper.RunOnce(t.Context()))
		requireDays(t, b, map[int][]int64{0: {1, 2}, 1: {1, 2}, 2: {2}})
		assert.Equal(t, int64(1), keeper.Stats().DeletedDays)
	})
}

func TestManyRecordsAndProjectsOfADay(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		var records []record.Record
		var projects []int64
		for i := range projectsPerPage + recordsPerDeletion + 10 {
			project := int64(1 + i%(projectsPerPage+10))
			records = append(records, recordOf(project, 0, i))
			if i == int(project-1) {
				projects = append(projects, project)
			}
		}
		require.NoError(t, b.Apply(t.Context(), records, false))
		require.NoError(t, b.Sync(t.Context()))
		requireDays(t, b, map[int][]int64{0: projects})
		require.NoError(t, b.DeleteProjects(t.Context(), testDay(), projects[1:]))
		requireDays(t, b, map[int][]int64{0: {1}})
		require.NoError(t, b.DeleteProjects(t.Context(), testDay(), projects))
		requireDays(t, b, map[int][]int64{})
	})
}
