package elasticsearch_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/elasticsearch"
)

// An answer to HEAD has no content that could be cut off, and through a proxy it does not
// say how long that would be.
func TestAnswerToHeadIsWhole(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	t.Cleanup(server.Close)
	address, err := url.Parse(server.URL)
	require.NoError(t, err)
	client, err := elasticsearch.NewClient(elasticsearch.Config{URLs: []*url.URL{address}})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close(context.Background())) })
	exists, err := client.Exists(t.Context(), "/docket-documents")
	require.NoError(t, err)
	assert.True(t, exists)
}
