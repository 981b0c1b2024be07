package testbed

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/testbed/client"
	"github.com/docketlog/docket/testbed/collector"
)

const (
	// adminKey is the key of a Docket that a test gives one.
	adminKey = "an-admin-key-of-the-testbed-0123456789"
	// findableWithin is Docket's promise: a record is found that long after its
	// 2xx.
	findableWithin = 2 * time.Second
	// findableInClusterWithin is what is true of a cluster that has nearly nothing of its
	// processors to itself, and makes the index of the day first. Docket promises for
	// itself; when a cluster shows what it was given is up to the cluster.
	findableInClusterWithin = 15 * time.Second
	// revokedWithin is Docket's promise: a revoked key is refused from then on.
	revokedWithin = 5 * time.Second
)

func TestMain(m *testing.M) { elasticsearchtest.Main(m) }

// start runs Docket with its default config and adminKey, and returns it with a
// client that has that key.
func start(t *testing.T) (*collector.Collector, *client.Client) {
	t.Helper()
	docket := collector.Start(t, collector.Options{AdminKey: adminKey})
	return docket, newClient(t, docket, adminKey)
}

func newClient(t *testing.T, docket *collector.Collector, key string) *client.Client {
	t.Helper()
	c := client.New(docket.Endpoints, key)
	t.Cleanup(c.Close)
	return c
}

// find returns the records that the parameters select. Call it right after they
// were acknowledged: it waits until there are count of them, and fails the test
// when that takes longer than it may, or when there are more.
func find(t *testing.T, c *client.Client, parameters url.Values, count int) []client.Log {
	t.Helper()
	return findSince(t, time.Now(), c, parameters, count)
}

// patience is how long a record may take to be found after its 2xx.
func patience(c *client.Client) time.Duration {
	if c.Endpoints.Cluster != "" {
		return findableInClusterWithin
	}
	return findableWithin
}

// findSince is find for records that were acknowledged a while ago.
func findSince(
	t *testing.T, acknowledged time.Time, c *client.Client, parameters url.Values, count int,
) []client.Log {
	t.Helper()
	for {
		asked := time.Now()
		page, err := c.Search(t.Context(), parameters)
		require.NoError(t, err)
		require.LessOrEqual(t, page.Pagination.Total, int64(count), "too many records match %v: %+v", parameters, page.Logs)
		if page.Pagination.Total == int64(count) {
			require.Len(t, page.Logs, count)
			return page.Logs
		}
		require.Less(t, asked.Sub(acknowledged), patience(c),
			"only %d of %d records that match %v were found in time", page.Pagination.Total, count, parameters)
		time.Sleep(10 * time.Millisecond)
	}
}

// searchFor are the parameters for records whose message contains the text.
func searchFor(text string) url.Values { return url.Values{"search": {text}} }
