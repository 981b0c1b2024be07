package elastic

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// BenchmarkAnalyst reports the medians of what questions about 20,000 records of four
// days take; in the long form about 200,000.
func BenchmarkAnalyst(b *testing.B) {
	count := 20_000
	if isLong() {
		count = 200_000
	}
	for _, server := range elasticsearchtest.Servers(b) {
		b.Run(string(server.Product.Name), func(b *testing.B) {
			backend := newBackend(b, server)
			fillDays(b, backend, count)
			for _, one := range analystBenchmarks() {
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

func analystBenchmarks() []queryBenchmark {
	asked := 0
	// Questions that are asked again are answered from the cluster's cache.
	all := func() logstore.Selection {
		asked++
		selected := everything()
		selected.From = testDay().AddDate(-1, 0, 0).Add(time.Duration(asked))
		return selected
	}
	level, service := filter.Field{Place: filter.PlaceLevel}, filter.Field{Place: filter.PlaceService}
	status, user, address := logAttribute("http.response.status_code"), logAttribute(record.AttributeUserID), logAttribute(record.AttributeClientAddress)
	histogram := func(by *filter.Field) func(context.Context, *Backend) error {
		return func(ctx context.Context, b *Backend) error {
			_, err := b.Histogram(ctx, logstore.HistogramQuery{Selection: all(), Interval: time.Hour, By: by, WithBodyBytes: true})
			return err
		}
	}
	values := func(field filter.Field, contains string) func(context.Context, *Backend) error {
		return func(ctx context.Context, b *Backend) error {
			_, _, err := b.Values(ctx, logstore.ValuesQuery{Selection: all(), Field: field, Contains: contains, Limit: 50})
			return err
		}
	}
	groups := func(limit int, by ...filter.Field) func(context.Context, *Backend) error {
		return func(ctx context.Context, b *Backend) error {
			_, err := b.Groups(ctx, logstore.GroupsQuery{Selection: all(), By: by, Limit: limit})
			return err
		}
	}
	return []queryBenchmark{
		{"histogram", histogram(nil)},
		{"histogramByLevel", histogram(&level)},
		{"histogramByAttribute", histogram(&status)},
		{"valuesOfLevel", values(level, "")},
		{"valuesOfService", values(service, "")},
		{"valuesOfAttribute", values(status, "")},
		{"valuesOf5000", values(user, "")},
		{"valuesThatContain", values(user, "77")},
		{"keys", func(ctx context.Context, b *Backend) error {
			_, _, err := b.Keys(ctx, logstore.KeysQuery{Selection: all(), Place: filter.PlaceLogAttribute, Limit: 50})
			return err
		}},
		{"groupsByService", groups(100, service, level)},
		{"groupsByAttribute", groups(100, status)},
		{"groupsBy5000", groups(100, user)},
		{"groupsBy5000All", groups(5000, user)},
		{"groupsByAttributes", groups(100, address, status)},
		{"groupsByServiceAndAttribute", groups(100, service, address)},
	}
}
