package cluster_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/docketlog/docket/extension/logstoreextension/internal/cluster"
	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errOutage   = errors.New("nobody listens at 192.0.2.1")
	errHopeless = errors.New("this is no cluster")
	errPassing  = errors.New("the shard is about to start")
	errQuestion = errors.New("nobody can answer that")
)

// fake is a cluster and what is in it.
type fake struct {
	cluster.Backend
	docstore.Store

	mu sync.Mutex
	// problem is what every call answers.
	problem error
	applied int
	closed  bool
}

func (f *fake) set(problem error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.problem = problem
}

func (f *fake) check(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.problem
}

func (f *fake) connect(ctx context.Context) (cluster.Stores, error) {
	return cluster.Stores{Records: f, Documents: f}, f.check(ctx)
}

func (f *fake) Apply(ctx context.Context, batch []record.Record, _ bool) error {
	f.applied += len(batch)
	return f.check(ctx)
}

func (f *fake) Count(ctx context.Context, _ logstore.Query) (int64, error) { return 7, f.check(ctx) }

func (f *fake) Keys(ctx context.Context, _ logstore.KeysQuery) ([]logstore.KeyCount, int, error) {
	return []logstore.KeyCount{{Key: "a", Count: 1}}, 1, f.check(ctx)
}

func (f *fake) Days(ctx context.Context) ([]time.Time, error) {
	return []time.Time{time.Unix(0, 0)}, f.check(ctx)
}

func (f *fake) Sync(ctx context.Context) error { return f.check(ctx) }

func (f *fake) Close() error { f.closed = true; return nil }

func (f *fake) Get(ctx context.Context, _, _ string) (docstore.Document, error) {
	return docstore.Document{ID: "found"}, f.check(ctx)
}

func (f *fake) Delete(ctx context.Context, _, _ string, _ int64) error { return f.check(ctx) }

// open opens a cluster, and returns it with the health that it reports.
func open(t *testing.T, f *fake) (*cluster.Cluster, <-chan error) {
	t.Helper()
	reports := make(chan error, 100)
	c, err := cluster.Open(t.Context(), cluster.Config{
		Connect: f.connect, Check: f.check,
		IsHopeless:    func(err error) bool { return errors.Is(err, errHopeless) },
		IsOutage:      func(err error) bool { return errors.Is(err, errOutage) || errors.Is(err, errPassing) },
		IsPassing:     func(err error) bool { return errors.Is(err, errPassing) },
		OnHealth:      func(err error) { reports <- err },
		CheckInterval: time.Millisecond,
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c, reports
}

func assertUnavailable(t *testing.T, err error) {
	t.Helper()
	var unavailable *logstore.UnavailableError
	require.ErrorAs(t, err, &unavailable)
	assert.GreaterOrEqual(t, unavailable.RetryAfter, time.Second)
	assert.NotContains(t, unavailable.Reason, "192.0.2.1", "clients need not know addresses")
	assert.ErrorIs(t, err, errOutage, "our own log needs the cause")
}

func TestStoresOfAClusterThatIsThere(t *testing.T) {
	f := &fake{}
	c, _ := open(t, f)
	require.NoError(t, c.Health())
	count, err := c.Records().Count(t.Context(), logstore.Query{})
	require.NoError(t, err)
	assert.EqualValues(t, 7, count)
	keys, total, err := c.Records().Keys(t.Context(), logstore.KeysQuery{})
	require.NoError(t, err)
	assert.Len(t, keys, total)
	days, err := c.Records().Days(t.Context())
	require.NoError(t, err)
	assert.Len(t, days, 1)
	require.NoError(t, c.Records().Apply(t.Context(), make([]record.Record, 3), false))
	assert.Equal(t, 3, f.applied)
	document, err := c.Documents().Get(t.Context(), "keys", "found")
	require.NoError(t, err)
	assert.Equal(t, "found", document.ID)
	require.NoError(t, c.Documents().Delete(t.Context(), "keys", "found", 1))
	require.NoError(t, c.Records().Close())
	assert.True(t, f.closed)
}

// A cluster that is not there at the start is used as soon as it is.
func TestClusterThatComesLater(t *testing.T) {
	f := &fake{problem: errOutage}
	c, reports := open(t, f)
	require.ErrorIs(t, <-reports, errOutage)
	require.ErrorIs(t, c.Health(), errOutage)
	_, err := c.Records().Count(t.Context(), logstore.Query{})
	assertUnavailable(t, err)
	_, err = c.Documents().Get(t.Context(), "keys", "found")
	assertUnavailable(t, err)
	assertUnavailable(t, c.Records().Apply(t.Context(), make([]record.Record, 3), false))
	assert.Zero(t, f.applied)
	require.NoError(t, c.Records().Sync(t.Context()), "nothing was applied")
	require.NoError(t, c.Records().Close())
	assert.False(t, f.closed)

	f.set(nil)
	require.NoError(t, <-reports)
	require.NoError(t, c.Health())
	_, err = c.Records().Count(t.Context(), logstore.Query{})
	require.NoError(t, err)
}

func TestOutage(t *testing.T) {
	f := &fake{}
	c, reports := open(t, f)
	f.set(errOutage)
	require.ErrorIs(t, <-reports, errOutage)
	require.ErrorIs(t, c.Health(), errOutage)
	_, _, err := c.Records().Keys(t.Context(), logstore.KeysQuery{})
	assertUnavailable(t, err)
	assertUnavailable(t, c.Documents().Delete(t.Context(), "keys", "1", 1))
	require.Error(t, c.Records().Sync(t.Context()))
	f.set(nil)
	require.NoError(t, <-reports)
	require.NoError(t, c.Health())
}

// What is wrong with a question, and the end of a client's patience, is no outage.
func TestOtherErrorsStayAsTheyAre(t *testing.T) {
	f := &fake{}
	c, _ := open(t, f)
	for _, problem := range []error{errQuestion, context.DeadlineExceeded, context.Canceled} {
		f.set(problem)
		_, err := c.Records().Count(t.Context(), logstore.Query{})
		require.ErrorIs(t, err, problem)
		assert.NotErrorAs(t, err, new(*logstore.UnavailableError))
	}
}

// Whoever reads is not troubled with what is over in a moment.
func TestPassingErrorIsWaitedFor(t *testing.T) {
	f := &fake{}
	c, _ := open(t, f)
	f.set(errPassing)
	time.AfterFunc(100*time.Millisecond, func() { f.set(nil) })
	_, total, err := c.Records().Keys(t.Context(), logstore.KeysQuery{})
	require.NoError(t, err)
	assert.Equal(t, 1, total)

	f.set(errPassing)
	_, err = c.Records().Count(t.Context(), logstore.Query{})
	require.ErrorAs(t, err, new(*logstore.UnavailableError))
}

func TestOpenRefusesWhatIsHopeless(t *testing.T) {
	_, err := cluster.Open(t.Context(), cluster.Config{
		Connect:    (&fake{problem: errHopeless}).connect,
		IsHopeless: func(err error) bool { return errors.Is(err, errHopeless) },
	})
	require.ErrorIs(t, err, errHopeless)
}

// A cluster that does not answer at all holds up a start for a bounded time.
func TestSilentClusterDoesNotHoldUpTheStart(t *testing.T) {
	c, err := cluster.Open(t.Context(), cluster.Config{
		Connect: func(ctx context.Context) (cluster.Stores, error) {
			<-ctx.Done()
			return cluster.Stores{}, ctx.Err()
		},
		IsHopeless:   func(error) bool { return false },
		FirstAttempt: 10 * time.Millisecond,
	})
	require.NoError(t, err)
	require.ErrorIs(t, c.Health(), context.DeadlineExceeded)
	c.Close()
}

func TestOpenEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := cluster.Open(ctx, cluster.Config{
		Connect:    func(ctx context.Context) (cluster.Stores, error) { return cluster.Stores{}, http.ErrHandlerTimeout },
		IsHopeless: func(error) bool { return false },
	})
	require.ErrorIs(t, err, context.Canceled)
}
