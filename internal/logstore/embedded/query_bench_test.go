package embedded_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/embedded"
	"github.com/docketlog/docket/internal/record"
)

// queryBenchmark is a question, and the same in LogsQL. The engine alone finds pages
// only in all that it is given, so it is given no more time than the page needs.
type queryBenchmark struct {
	name string
	ask  func(ctx context.Context, backend *embedded.Backend) error
	// from and to are the time for the engine.
	from, to time.Time
	logsql   string
}

// BenchmarkQueries reports the medians of what queries take beside the engine called
// directly, and their ratio.
func BenchmarkQueries(b *testing.B) {
	directory := b.TempDir()
	backend := open(b, directory)
	fill(b, backend, directory)
	for _, one := range queryBenchmarks(b, backend) {
		b.Run(one.name, func(b *testing.B) {
			var ours, engines []time.Duration
			for b.Loop() {
				for range 15 {
					start := time.Now()
					require.NoError(b, one.ask(b.Context(), backend))
					ours = append(ours, time.Since(start))
					start = time.Now()
					rows, err := backend.QueryEngine(b.Context(), project, one.from, one.to, one.logsql)
					require.NoError(b, err)
					require.Positive(b, rows)
					engines = append(engines, time.Since(start))
				}
			}
			our, engine := median(ours), median(engines)
			b.ReportMetric(our.Seconds()*1000, "ms")
			b.ReportMetric(engine.Seconds()*1000, "ms/engine")
			b.ReportMetric(our.Seconds()/engine.Seconds(), "ratio")
		})
	}
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

func queryBenchmarks(b *testing.B, backend *embedded.Backend) []queryBenchmark {
	b.Helper()
	first, last := day.Add(-8*24*time.Hour), day.Add(time.Hour)
	middle := day.Add(-3 * 24 * time.Hour)
	user := filter.Field{Place: filter.PlaceLogAttribute, Key: record.AttributeUserID}
	address := filter.Field{Place: filter.PlaceLogAttribute, Key: record.AttributeClientAddress}
	anyAddress := filter.Field{Place: filter.PlaceAttribute, Key: record.AttributeClientAddress}
	status := filter.Field{Place: filter.PlaceLogAttribute, Key: "http.response.status_code"}
	level := filter.Field{Place: filter.PlaceLevel}
	levelAndService := filter.And{filter.Levels{record.LevelError}, filter.Services{"service-7"}}
	all := logstore.Selection{ProjectID: project}
	one := search(b, backend, logstore.Query{Limit: 1, To: middle})[0]

	const newest = ` | sort by (_time desc, id desc) limit 50`
	search := func(query logstore.Query) func(context.Context, *embedded.Backend) error {
		query.ProjectID = project
		if query.Limit == 0 {
			query.Limit = 50
		}
		return func(ctx context.Context, backend *embedded.Backend) error {
			_, err := backend.Search(ctx, query)
			return err
		}
	}
	count := func(expression filter.Expression) func(context.Context, *embedded.Backend) error {
		return func(ctx context.Context, backend *embedded.Backend) error {
			_, err := backend.Count(ctx, logstore.Query{ProjectID: project, Filter: expression})
			return err
		}
	}
	values := func(field filter.Field) func(context.Context, *embedded.Backend) error {
		return func(ctx context.Context, backend *embedded.Backend) error {
			_, _, err := backend.Values(ctx, logstore.ValuesQuery{Selection: all, Field: field, Limit: 10})
			return err
		}
	}
	histogram := func(by *filter.Field) func(context.Context, *embedded.Backend) error {
		return func(ctx context.Context, backend *embedded.Backend) error {
			_, err := backend.Histogram(ctx, logstore.HistogramQuery{Selection: all, Interval: 168 * time.Minute, By: by, WithBodyBytes: true})
			return err
		}
	}
	return []queryBenchmark{
		{"newest50", search(logstore.Query{}), day.Add(-10 * time.Minute), last, `*` + newest},
		{"filtered50", search(logstore.Query{Filter: levelAndService}), day.Add(-90 * time.Minute), last, `level:error service:="service-7"` + newest},
		{"word", search(logstore.Query{Filter: filter.BodyContains("removed")}), day.Add(-10 * time.Minute), last, `i(removed)` + newest},
		{"rareWord", search(logstore.Query{Filter: filter.BodyContains("4999")}), first, last, `*4999*` + newest},
		{"phrase", search(logstore.Query{Filter: filter.BodyContains("removed order")}), day.Add(-10 * time.Minute), last, `i("removed order")` + newest},
		{"rarePhrase", search(logstore.Query{Filter: filter.BodyContains("user 77 removed")}), first, last, `i("user 77 removed")` + newest},
		{
			"attribute", search(logstore.Query{Filter: filter.Equal{Field: user, Values: []string{"77"}}}),
			day.Add(-48 * time.Hour), last, `"attributes.user.id":="77"` + newest,
		},
		{
			"anyAttributeNumber", search(logstore.Query{Filter: filter.And{
				filter.Compare{Field: status, Order: filter.GreaterOrEqual, Number: 204}, filter.Levels{record.LevelError},
			}}),
			day.Add(-20 * time.Minute), last, `"attributes.http.response.status_code":>=204 level:error` + newest,
		},
		{"countAll", count(nil), first, last, `* | count()`},
		{"countLevel", count(filter.Levels{record.LevelError}), first, last, `level:error | count()`},
		{"countWord", count(filter.BodyContains("removed")), first, last, `i(removed) | count()`},
		{"countAttribute", count(filter.Equal{Field: status, Values: []string{"204"}}), first, last, `"attributes.http.response.status_code":="204" | count()`},
		{
			"countNumber", count(filter.Compare{Field: status, Order: filter.GreaterOrEqual, Number: 203}),
			first, last, `"attributes.http.response.status_code":>=203 | count()`,
		},
		{"top10levels", values(level), first, last, `* | stats by (level) count() n | sort by (n desc) limit 10`},
		{"top10of1000", values(address), first, last, `* | stats by ("attributes.client.address") count() n | sort by (n desc) limit 10`},
		{"top10anywhere", values(anyAddress), first, last, `* | stats by ("attributes.client.address") count() n | sort by (n desc) limit 10`},
		{"buckets60", histogram(nil), first, last, `* | stats by (_time:168m) count() n, sum_len(_msg) bytes`},
		{"buckets60byLevel", histogram(&level), first, last, `* | stats by (_time:168m, level) count() n, sum_len(_msg) bytes`},
		{
			"groups", func(ctx context.Context, backend *embedded.Backend) error {
				_, err := backend.Groups(ctx, logstore.GroupsQuery{Selection: all, By: []filter.Field{{Place: filter.PlaceService}, level}, Limit: 50})
				return err
			},
			first, last, `* | stats by (service, level) count() n, count() if (level:in(error,fatal)) errors, min(_time) a, max(_time) b | sort by (n desc) limit 50`,
		},
		{
			"keys", func(ctx context.Context, backend *embedded.Backend) error {
				_, _, err := backend.Keys(ctx, logstore.KeysQuery{Selection: all, Place: filter.PlaceLogAttribute, Limit: 50})
				return err
			},
			first, last, `* | stats by (shape, paths) count() n`,
		},
		{
			"byID", search(logstore.Query{Filter: filter.Equal{Field: filter.Field{Place: filter.PlaceID}, Values: []string{one.ID()}}}),
			first, last, `id:="` + embedded.Pack(one.ID()) + `"`,
		},
		{
			"cursor", search(logstore.Query{After: &logstore.Place{Timestamp: middle, ID: one.ID()}}),
			middle.Add(-10 * time.Minute), middle, `*` + newest,
		},
		{
			"cursorFiltered", search(logstore.Query{Filter: levelAndService, After: &logstore.Place{Timestamp: middle, ID: one.ID()}}),
			middle.Add(-90 * time.Minute), middle, `level:error service:="service-7"` + newest,
		},
	}
}
