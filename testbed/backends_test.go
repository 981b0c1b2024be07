package testbed

import (
	"fmt"
	"testing"

	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/testbed/client"
	"github.com/docketlog/docket/testbed/collector"
)

// onEachBackend runs a test with a Docket that keeps its records and documents in its
// data folder, in Elasticsearch and in OpenSearch, beside each other.
func onEachBackend(t *testing.T, test func(t *testing.T, b *backend)) {
	t.Helper()
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		test(t, &backend{options: func(*testing.T) collector.Options { return collector.Options{} }})
	})
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		stores := 0
		test(t, &backend{options: func(t *testing.T) collector.Options {
			t.Helper()
			stores++
			return collector.InCluster(t, server.URL.String(), fmt.Sprintf("%s-%d", server.Prefix, stores))
		}})
	})
}

// backend is where a Docket under test keeps its records and documents.
type backend struct {
	// options are those of a Docket with the backend. Those of each call are for another
	// store, so that no record of one is found in another.
	options func(t *testing.T) collector.Options
}

// start runs Docket with the backend and adminKey, and returns it with a client that has
// that key.
func (b *backend) start(t *testing.T) (*collector.Collector, *client.Client) {
	t.Helper()
	options := b.options(t)
	options.AdminKey = adminKey
	docket := collector.Start(t, options)
	return docket, newClient(t, docket, adminKey)
}
