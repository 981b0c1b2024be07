package elasticsearchtest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
)

func TestMain(m *testing.M) { elasticsearchtest.Main(m) }

func TestServersAreOfBothProducts(t *testing.T) {
	servers := elasticsearchtest.Servers(t)
	require.Len(t, servers, 2)
	require.Equal(t, elasticsearch.Elasticsearch, servers[0].Product.Name)
	require.Equal(t, elasticsearch.OpenSearch, servers[1].Product.Name)
	require.NotEqual(t, servers[0].Prefix, servers[1].Prefix)
}

// Whatever a test makes is gone after it, and nothing else.
func TestWhatATestMakesIsRemoved(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		var prefix string
		do := func(t *testing.T, method, path, body string) string {
			t.Helper()
			var content []byte
			if body != "" {
				content = []byte(body)
			}
			answer, err := server.Client.Do(t.Context(), method, path, nil, content)
			require.NoError(t, err)
			return string(answer)
		}
		do(t, http.MethodPut, "/"+server.Prefix+"-kept", "")
		t.Run("a test that makes something", func(t *testing.T) {
			inner := elasticsearchtest.Servers(t)
			for _, other := range inner {
				if other.Product == server.Product {
					prefix = other.Prefix
				}
			}
			do(t, http.MethodPut, "/_index_template/"+prefix+"-template", `{"index_patterns":["`+prefix+`-*"]}`)
			do(t, http.MethodPut, "/_component_template/"+prefix+"-part", `{"template":{}}`)
			do(t, http.MethodPut, "/"+prefix+"-index", `{"aliases":{"`+prefix+`-alias":{}}}`)
		})
		for _, path := range []string{"/_cat/indices", "/_cat/aliases", "/_index_template", "/_component_template"} {
			require.NotContains(t, do(t, http.MethodGet, path, ""), prefix, path)
		}
		require.Contains(t, do(t, http.MethodGet, "/_cat/indices", ""), server.Prefix+"-kept")
		require.True(t, strings.HasPrefix(prefix, "test-"))
	})
}
