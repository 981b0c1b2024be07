package embedded_test

import (
	"context"
	"math/rand/v2"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/embedded"
	"github.com/docketlog/docket/internal/record"
)

// slowQuestions is each method of an analyst with a filter that has to be tried on the
// body of every record.
func slowQuestions(backend *embedded.Backend) map[string]func(ctx context.Context) error {
	slow := logstore.Selection{ProjectID: project, Filter: filter.Regexp{
		Field: filter.Field{Place: filter.PlaceBody}, Pattern: regexp.MustCompile(`(?i)nothing else.*by the replica\.$`),
	}}
	user := filter.Field{Place: filter.PlaceLogAttribute, Key: record.AttributeUserID}
	return map[string]func(ctx context.Context) error{
		"histogram": func(ctx context.Context) error {
			_, err := backend.Histogram(ctx, logstore.HistogramQuery{Selection: slow, Interval: time.Minute, By: &user, WithBodyBytes: true})
			return err
		},
		"values": func(ctx context.Context) error {
			_, _, err := backend.Values(ctx, logstore.ValuesQuery{Selection: slow, Field: user, Limit: 10})
			return err
		},
		"keys": func(ctx context.Context) error {
			_, _, err := backend.Keys(ctx, logstore.KeysQuery{Selection: slow, Place: filter.PlaceLogAttribute, Limit: 10})
			return err
		},
		"groups": func(ctx context.Context) error {
			_, err := backend.Groups(ctx, logstore.GroupsQuery{Selection: slow, By: []filter.Field{user, {Place: filter.PlaceService}}})
			return err
		},
		"count": func(ctx context.Context) error {
			_, err := backend.Count(ctx, logstore.Query{ProjectID: project, Filter: slow.Filter})
			return err
		},
	}
}

// A question that is canceled in its midst ends soon, and leaves nothing behind.
func TestAnalystCanceledInTheMidst(t *testing.T) {
	backend := open(t, t.TempDir())
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 { // in several blocks, between which it can end
		require.NoError(t, backend.Apply(t.Context(), benchmarkBatch(random, day, 1000), false))
	}
	require.NoError(t, backend.Sync(t.Context()))
	running := goleak.IgnoreCurrent()
	for name, ask := range slowQuestions(backend) {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			require.NoError(t, ask(t.Context()))
			whole := time.Since(start)

			soonest := whole
			for range 3 { // others may take the processor for a moment
				soonest = min(soonest, timeToCancel(t, ask, whole/8))
			}
			assert.Less(t, soonest, whole/2, "of %v", whole)
			goleak.VerifyNone(t, running)
		})
	}
	require.NoError(t, backend.Close())
}

// timeToCancel asks, cancels after a time, and returns how long it takes from then on.
func timeToCancel(t *testing.T, ask func(ctx context.Context) error, after time.Duration) time.Duration {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	canceled := make(chan time.Time, 1)
	timer := time.AfterFunc(after, func() { canceled <- time.Now(); cancel() })
	defer timer.Stop()
	require.ErrorIs(t, ask(ctx), context.Canceled)
	return time.Since(<-canceled)
}
