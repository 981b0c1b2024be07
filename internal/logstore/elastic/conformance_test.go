package elastic_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/internal/logstore/elastic"
	"github.com/docketlog/docket/internal/logstore/logstoretest"
)

// isLong reports whether tests that have a long form are to run it.
func isLong() bool { return os.Getenv("DOCKET_TEST_LONG") != "" }

// open returns an empty backend on a server.
func open(tb testing.TB, server elasticsearchtest.Server, prefix string) *elastic.Backend {
	tb.Helper()
	backend, err := elastic.New(elastic.Config{Client: server.Client, Product: server.Product, Prefix: prefix})
	require.NoError(tb, err)
	require.NoError(tb, backend.Setup(tb.Context()))
	tb.Cleanup(func() { require.NoError(tb, backend.Close()) })
	return backend
}

// The long form asks 20,400 random questions about random records on each product.
func TestConformance(t *testing.T) {
	options := logstoretest.Options{Rounds: 1, Records: 150, Questions: 10}
	if isLong() {
		options = logstoretest.Options{Rounds: 34, Questions: 100}
	}
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		round := 0
		logstoretest.Conformance(t, options, func(t *testing.T) logstoretest.Backend {
			t.Helper()
			round++
			return open(t, server, fmt.Sprintf("%s-%d", server.Prefix, round))
		})
	})
}
