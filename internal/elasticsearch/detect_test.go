package elasticsearch_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest/server"
)

func TestDetect(t *testing.T) {
	names := server.Products()
	for n, server := range elasticsearchtest.Servers(t) {
		t.Run(string(names[n]), func(t *testing.T) {
			recorder := &elasticsearchtest.Recorder{}
			product, err := server.NewClient(t, elasticsearch.Config{Transport: recorder}).Detect(t.Context())
			require.NoError(t, err)
			require.Equal(t, names[n], product.Name)
			require.NoError(t, product.Supported())
			recorder.Golden(t, server, fmt.Sprintf("detect_%d", product.Major))
		})
	}
}

// TestDetectByBanner is about clusters that do not let everybody see their nodes. Those
// of the tests have no banner or no such rights, so the banners are written here.
func TestDetectByBanner(t *testing.T) {
	const (
		elastic    = `{"name":"n","version":{"number":"8.19.2","build_flavor":"default"},"tagline":"You Know, for Search"}`
		serverless = `{"version":{"number":"8.11.0","build_flavor":"serverless"}}`
		open       = `{"name":"n","version":{"distribution":"opensearch","number":"2.19.4"},"tagline":"The OpenSearch Project: https://opensearch.org/"}`
	)
	type want = elasticsearch.Product
	tests := []struct {
		name string
		// nodes is the status of the first question, of which an answer that is a success
		// has the text in version; banner is the answer of the second.
		nodes   int
		version string
		// isElastic says whether answers have the header of Elasticsearch.
		isElastic bool
		banner    string
		want      want
		message   string
	}{
		{"forbidden", 403, "", true, elastic, want{elasticsearch.Elasticsearch, 8, 19}, ""},
		{"not there", 404, "", false, open, want{elasticsearch.OpenSearch, 2, 19}, ""},
		{"no header", 200, "2.19.4", false, open, want{elasticsearch.OpenSearch, 2, 19}, ""},
		{"no version", 200, "", true, elastic, want{elasticsearch.Elasticsearch, 8, 19}, ""},
		{"snapshot", 200, "9.2.0-SNAPSHOT", true, "", want{elasticsearch.Elasticsearch, 9, 2}, ""},
		{"serverless", 404, "", true, serverless, want{}, "runs Elasticsearch Serverless, which"},
		{"web server", 200, "", false, `<html>`, want{}, "runs neither Elasticsearch nor OpenSearch, which"},
		{"JSON of something else", 404, "", false, `{"version":1}`, want{}, "runs neither Elasticsearch nor OpenSearch, which"},
		{"wrong password", 401, "", false, elastic, want{}, "HTTP status 401"},
		{"overloaded", 503, "", false, elastic, want{}, "HTTP status 503"},
		{"forbidden, no banner", 403, "", false, "", want{}, "GET /_nodes/_local: HTTP status 403; GET /: HTTP status 403"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client := newClient(t, func(request *http.Request) (*http.Response, error) {
				status, body := test.nodes, `{"nodes":{"a":{"version":"`+test.version+`"}}}`
				if request.URL.Path == "/" {
					status, body = http.StatusOK, test.banner
					if body == "" {
						status = http.StatusForbidden
					}
				}
				if status != http.StatusOK {
					body = ""
				}
				response := answer(request, status, body)
				if test.isElastic {
					response.Header.Set("X-Elastic-Product", "Elasticsearch")
				}
				return response, nil
			}, elasticsearch.Config{})
			product, err := client.Detect(t.Context())
			if test.message != "" {
				require.ErrorContains(t, err, test.message)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, product)
		})
	}
}

func TestSupported(t *testing.T) {
	tests := []struct {
		product elasticsearch.Product
		want    string
	}{
		{elasticsearch.Product{Name: elasticsearch.Elasticsearch, Major: 7, Minor: 17}, "Elasticsearch 7.17"},
		{elasticsearch.Product{Name: elasticsearch.Elasticsearch, Major: 8, Minor: 18}, "Elasticsearch 8.18"},
		{elasticsearch.Product{Name: elasticsearch.Elasticsearch, Major: 8, Minor: 19}, ""},
		{elasticsearch.Product{Name: elasticsearch.Elasticsearch, Major: 9, Minor: 0}, ""},
		{elasticsearch.Product{Name: elasticsearch.Elasticsearch, Major: 10, Minor: 0}, "Elasticsearch 10.0"},
		{elasticsearch.Product{Name: elasticsearch.OpenSearch, Major: 1, Minor: 3}, "OpenSearch 1.3"},
		{elasticsearch.Product{Name: elasticsearch.OpenSearch, Major: 2, Minor: 18}, "OpenSearch 2.18"},
		{elasticsearch.Product{Name: elasticsearch.OpenSearch, Major: 2, Minor: 19}, ""},
		{elasticsearch.Product{Name: elasticsearch.OpenSearch, Major: 3, Minor: 4}, ""},
		{elasticsearch.Product{Name: elasticsearch.OpenSearch, Major: 4, Minor: 0}, "OpenSearch 4.0"},
	}
	for _, test := range tests {
		t.Run(test.product.String(), func(t *testing.T) {
			err := test.product.Supported()
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			unsupported, ok := errors.AsType[*elasticsearch.UnsupportedError](err)
			require.True(t, ok)
			require.Equal(t, test.want, unsupported.Found)
			require.ErrorContains(t, err, "runs "+test.want+", which Docket does not work with: it needs one of Elasticsearch 8.19")
		})
	}
}
