package elastic

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// namesOfIndices returns the ends of the names of all indices.
func namesOfIndices(t *testing.T, b *Backend) []string {
	t.Helper()
	indices, err := b.listIndices(t.Context())
	require.NoError(t, err)
	var names []string
	for _, p := range indices {
		names = append(names, p.name)
	}
	return names
}

// Timestamps of thousands of days make few indices, and all records are found once, in
// their order, also if they are stored again.
func TestDaysThatAreFarShareIndices(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server, func(c *Config) { c.DailyAge = 3 * 24 * time.Hour })
		var records []record.Record
		for n := range 3000 {
			r := newTestRecord(fmt.Sprint(n))
			r.Log.SetTimestamp(pcommon.Timestamp(n%2000) * pcommon.Timestamp(9*24*time.Hour)) // up to 2019
			records = append(records, r)
		}
		for n := range 8 {
			records = append(records, at(newTestRecord(fmt.Sprint("near", n)), testDay().AddDate(0, 0, n-4)))
		}
		last := newTestRecord("last")
		last.Log.SetTimestamp(1<<64 - 1)
		records = append(records, last)
		require.NoError(t, b.Apply(t.Context(), records, false))
		require.NoError(t, b.Apply(t.Context(), records, true))
		requireSame(t, records, search(t, b))
		want := []string{
			"before-2000", "2026", "after-2099", "2026.11.18", "2026.11.19", "2026.11.20", "2026.11.21", "2026.11.22", "2026.11.23",
		}
		for year := 2000; year < 2020; year++ {
			want = append(want, fmt.Sprint(year))
		}
		assert.ElementsMatch(t, want, namesOfIndices(t, b))

		one, err := b.Search(t.Context(), logstore.Query{
			ProjectID: 7, From: time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2001, 12, 31, 0, 0, 0, 0, time.UTC), Limit: 1000,
		})
		require.NoError(t, err)
		assert.NotEmpty(t, one)
		newest, err := b.Search(t.Context(), logstore.Query{ProjectID: 7, Limit: 1})
		require.NoError(t, err)
		assert.Equal(t, "last", newest[0].ID())
	})
}

// Whenever a record comes again, it goes to the index that has it.
func TestIndexOfARecordStaysTheSame(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server, func(c *Config) { c.DailyAge = 10 * 24 * time.Hour })
		now := testDay().Add(time.Hour)
		b.now = func() time.Time { return now }
		ahead := at(newTestRecord("ahead"), now.Add(72*time.Hour))
		ahead.Log.SetObservedTimestamp(pcommon.NewTimestampFromTime(now))
		records := []record.Record{
			at(newTestRecord("today"), now), at(newTestRecord("young"), now.AddDate(0, 0, -9)),
			at(newTestRecord("old"), now.AddDate(0, 0, -11)), ahead,
		}
		require.NoError(t, b.Apply(t.Context(), records, false))
		names := namesOfIndices(t, b)
		assert.ElementsMatch(t, []string{"2026.11.21", "2026.11.12", "2026"}, names)
		for range 3 {
			now = now.AddDate(0, 0, 3)
			other := newBackend(t, server, func(c *Config) { c.DailyAge = b.config.DailyAge })
			other.now = b.now
			require.NoError(t, other.Apply(t.Context(), records, true))
			assert.ElementsMatch(t, names, namesOfIndices(t, b))
		}
		requireSame(t, records, search(t, b))

		// The day of the record that was ahead has come; others of it are not.
		now = testDay().AddDate(0, 0, 3)
		punctual := at(newTestRecord("punctual"), now)
		require.NoError(t, b.Apply(t.Context(), append(records, punctual), true))
		assert.ElementsMatch(t, append(names, "2026.11.24"), namesOfIndices(t, b))
		requireSame(t, append(records, punctual), search(t, b))
	})
}

// For retention, a shared index is one of its last day.
func TestRetentionOfSharedIndices(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		lastDay := time.Date(2014, 12, 31, 0, 0, 0, 0, time.UTC)
		create(t, b, "2014.12.31", object{"mappings": mappings()}) // of an older Docket
		require.NoError(t, b.Apply(t.Context(), []record.Record{
			at(newTestRecord("a"), lastDay.Add(time.Hour)), at(newTestRecord("b"), lastDay.AddDate(0, -6, 0)),
			at(newTestRecord("c"), lastDay.AddDate(0, 0, 1)),
		}, false))
		require.NoError(t, b.Sync(t.Context()))
		assert.ElementsMatch(t, []string{"2014.12.31", "2014", "2015"}, namesOfIndices(t, b))
		days, err := b.Days(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []time.Time{lastDay, lastDay.AddDate(1, 0, 0)}, days)
		projects, err := b.Projects(t.Context(), lastDay)
		require.NoError(t, err)
		assert.Equal(t, []int64{7}, projects)
		bytes, err := b.DayBytes(t.Context(), lastDay)
		require.NoError(t, err)
		assert.Positive(t, bytes)
		require.NoError(t, b.DeleteProjects(t.Context(), lastDay, []int64{7}))
		assert.Equal(t, []string{"2015"}, namesOfIndices(t, b))
		require.NoError(t, b.DeleteDay(t.Context(), lastDay.AddDate(1, 0, 0)))
		assert.Empty(t, namesOfIndices(t, b))
	})
}

// Whoever searches never meets the index of a new day before it answers.
func TestNewIndicesDoNotDisturbReaders(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		require.NoError(t, b.Apply(t.Context(), []record.Record{newTestRecord("first")}, false))
		stop := make(chan struct{})
		var readers sync.WaitGroup
		asked := 0
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				_, err := b.Count(t.Context(), logstore.Query{ProjectID: 7})
				if !assert.NoError(t, err) {
					return
				}
				asked++
			}
		})
		for day := range 20 {
			r := at(newTestRecord(fmt.Sprint(day)), testDay().AddDate(0, 0, -day-1))
			require.NoError(t, b.Apply(t.Context(), []record.Record{r}, false))
		}
		close(stop)
		readers.Wait()
		assert.Greater(t, asked, 20)
	})
}

// A cluster that takes no more indices is waited for if it is today's that it lacks. What
// is of another day is refused, so that it holds up nobody, and can be replayed.
func TestClusterThatTakesNoMoreIndices(t *testing.T) {
	for _, product := range []elasticsearch.Name{elasticsearch.Elasticsearch, elasticsearch.OpenSearch} {
		t.Run(string(product), func(t *testing.T) {
			t.Parallel()
			server := elasticsearchtest.Start(t, product, "", elasticsearchtest.Options{Settings: map[string]string{"cluster.max_shards_per_node": "2"}})
			b := newBackend(t, server.Server)
			first, second := newTestRecord("1"), at(newTestRecord("2"), testDay().AddDate(0, 0, -3))
			require.NoError(t, b.Apply(t.Context(), []record.Record{first, second}, false))

			old := at(newTestRecord("old"), testDay().AddDate(0, 0, -200))
			older := at(newTestRecord("older"), testDay().AddDate(-12, 0, 0))
			third := newTestRecord("3")
			refusals := refusalsOf(t, b.Apply(t.Context(), []record.Record{old, third, older, old}, false))
			require.Len(t, refusals, 3)
			for i, position := range []int{0, 2, 3} {
				assert.Equal(t, position, refusals[i].Position)
				assert.Contains(t, refusals[i].Reason, "the cluster refuses to make the index "+b.alias()+"-20")
				assert.Contains(t, refusals[i].Reason, "HTTP status 400")
				assert.Contains(t, refusals[i].Reason, "replay it")
			}
			requireSame(t, []record.Record{first, second, third}, search(t, b))

			tomorrow := at(newTestRecord("tomorrow"), testDay().AddDate(0, 0, 1))
			err := b.Apply(t.Context(), []record.Record{tomorrow}, false)
			_, isRefusedIndex := errors.AsType[*refusedIndexError](err)
			require.True(t, isRefusedIndex, "%v", err)
			_, err = b.client.Do(t.Context(), http.MethodPut, "/_cluster/settings", nil, []byte(`{"persistent":{"cluster.max_shards_per_node":100}}`))
			require.NoError(t, err)
			require.NoError(t, b.Apply(t.Context(), []record.Record{tomorrow, old, older}, false))
			requireSame(t, []record.Record{first, second, third, tomorrow, old, older}, search(t, b))
		})
	}
}
