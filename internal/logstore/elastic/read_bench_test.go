package elastic

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// BenchmarkQueries reports the medians of what questions about 20,000 records of four
// days take; in the long form about 200,000.
func BenchmarkQueries(b *testing.B) {
	count := 20_000
	if isLong() {
		count = 200_000
	}
	for _, server := range elasticsearchtest.Servers(b) {
		b.Run(string(server.Product.Name), func(b *testing.B) {
			backend := newBackend(b, server)
			fillDays(b, backend, count)
			for _, one := range queryBenchmarks() {
				b.Run(one.name, func(b *testing.B) {
					var times []time.Duration
					for b.Loop() {
						start := time.Now()
						require.NoError(b, one.ask(b.Context(), backend))
						times = append(times, time.Since(start))
					}
					slices.Sort(times)
					b.ReportMetric(times[len(times)/2].Seconds()*1000, "ms/median")
				})
			}
		})
	}
}

// fillDays applies records of the four days up to testDay, as they come: the oldest
// first.
func fillDays(b *testing.B, backend *Backend, count int) {
	b.Helper()
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // to be repeatable
	const size, days = 5000, 4
	moment := testDay().AddDate(0, 0, 1-days)
	for range count / size {
		batch := benchmarkBatch(random, size)
		for _, r := range batch {
			at(r, moment)
			moment = moment.Add(days * 24 * time.Hour / time.Duration(count))
		}
		require.NoError(b, backend.Apply(b.Context(), batch, false))
	}
	require.NoError(b, backend.Sync(b.Context()))
}

// queryBenchmark is a question.
type queryBenchmark struct {
	name string
	ask  func(ctx context.Context, b *Backend) error
}

func queryBenchmarks() []queryBenchmark {
	attribute := func(key string) filter.Field { return filter.Field{Place: filter.PlaceLogAttribute, Key: key} }
	search := func(e filter.Expression) func(context.Context, *Backend) error {
		return func(ctx context.Context, b *Backend) error {
			_, err := b.Search(ctx, logstore.Query{ProjectID: 7, Filter: e, Limit: 50})
			return err
		}
	}
	count := func(e filter.Expression) func(context.Context, *Backend) error {
		return func(ctx context.Context, b *Backend) error {
			_, err := b.Count(ctx, logstore.Query{ProjectID: 7, Filter: e})
			return err
		}
	}
	user := filter.Equal{Field: attribute(record.AttributeUserID), Values: []string{"77"}}
	return []queryBenchmark{
		{"newest50", search(nil)},
		{"word", search(filter.BodyContains("removed"))},
		{"rareWord", search(filter.BodyContains("4999"))},
		{"phrase", search(filter.BodyContains("removed order"))},
		{"rarePhrase", search(filter.BodyContains("user 77 removed"))},
		{"attribute", search(user)},
		{"attributeContains", search(filter.Contains{
			Field: filter.Field{Place: filter.PlaceAttribute, Key: record.AttributeClientAddress}, Parts: []string{".77"},
		})},
		{"number", search(filter.Compare{Field: attribute("duration"), Order: filter.Greater, Number: 499})},
		{"levelAndService", search(filter.And{filter.Levels{record.LevelError}, filter.Services{"service-7"}})},
		{"countAll", count(nil)},
		{"countWord", count(filter.BodyContains("removed"))},
		{"countAttribute", count(user)},
		{"countRarePhrase", count(filter.BodyContains("user 77 removed"))},
		{"offset10000", func(ctx context.Context, b *Backend) error {
			_, err := b.Search(ctx, logstore.Query{ProjectID: 7, Limit: 50, Offset: 10_000})
			return err
		}},
	}
}
