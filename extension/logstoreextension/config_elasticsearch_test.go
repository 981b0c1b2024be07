package logstoreextension

import (
	"fmt"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configcompression"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap/confmaptest"

	"github.com/docketlog/docket/internal/logstore/elastic"
)

func TestElasticsearchConfig(t *testing.T) {
	file, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)

	config, err := load(file, "log_store")
	require.NoError(t, err)
	assert.False(t, config.isCluster())

	config, err = load(file, "log_store/elasticsearch")
	require.NoError(t, err)
	assert.True(t, config.isCluster())
	cluster := config.Elasticsearch.Get()
	assert.Equal(t, []string{"http://127.0.0.1:9200"}, cluster.Endpoints)
	assert.Equal(t, 30*time.Second, cluster.ClientConfig.Timeout)
	assert.Equal(t, configcompression.TypeGzip, cluster.ClientConfig.Compression)
	assert.Zero(t, cluster.DiscoverNodesInterval)
	assert.Equal(t, "docket", cluster.IndexPrefix)
	assert.Equal(t, "on", cluster.Setup)
	assert.Equal(t, elastic.IndexConfig{Shards: 1}, cluster.indices())
	assert.Equal(t, 8, cluster.BulkSizeMiB)
	assert.Equal(t, 32, cluster.MaxDocumentMiB)
	assert.Equal(t, 366*24*time.Hour, cluster.DailyIndexAge)

	config, err = load(file, "log_store/elasticsearch_all")
	require.NoError(t, err)
	cluster = config.Elasticsearch.Get()
	urls, err := cluster.urls()
	require.NoError(t, err)
	assert.Equal(t, []*url.URL{{Scheme: "https", Host: "node-1:9200"}, {Scheme: "https", Host: "node-2:9200", Path: "/behind/"}}, urls)
	assert.Equal(t, "docket", cluster.User)
	assert.Equal(t, configopaque.String("not-a-real-password"), cluster.Password)
	assert.Equal(t, "/etc/docket/client.crt", cluster.ClientConfig.TLS.CertFile)
	assert.Equal(t, 10*time.Second, cluster.ClientConfig.Timeout)
	assert.Equal(t, 5*time.Minute, cluster.DiscoverNodesInterval)
	assert.Equal(t, "audit", cluster.IndexPrefix)
	assert.Equal(t, elastic.IndexConfig{Shards: 3, Replicas: "2", MaxAge: 720 * time.Hour}, cluster.indices())
	assert.Equal(t, 2, cluster.BulkSizeMiB)
	assert.Equal(t, 10, cluster.MaxDocumentMiB)
	assert.Equal(t, 720*time.Hour, cluster.DailyIndexAge)

	assert.False(t, cluster.ClientConfig.http().DisableKeepAlives) //nolint:staticcheck // what ToClient looks at

	config, err = load(file, "log_store/elasticsearch_no_keepalive")
	require.NoError(t, err)
	assert.True(t, config.Elasticsearch.Get().ClientConfig.http().DisableKeepAlives) //nolint:staticcheck // the same

	config, err = load(file, "log_store/elasticsearch_several")
	require.NoError(t, err)
	cluster = config.Elasticsearch.Get()
	assert.Equal(t, []string{"http://node-1:9200", "http://node-2:9200"}, cluster.Endpoints)
	assert.Equal(t, "off", cluster.Setup)
}

func TestElasticsearchConfigErrorsSayWhatToWrite(t *testing.T) {
	file, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	for id, want := range map[string]string{
		"elasticsearch_and_embedded":         "write one of embedded and elasticsearch",
		"no_endpoints":                       `elasticsearch: endpoints: write the URL of at least one node, for example ["https://node-1:9200"]`,
		"one_endpoint":                       "endpoint: write a list as endpoints instead",
		"endpoint_without_scheme":            `endpoints: write number 2 as the URL of a node, for example "https://node-1:9200"`,
		"password_in_endpoint":               "endpoints: write the user of number 1 as user and its password as password",
		"two_identities":                     "write one of user with password, api_key, bearer_token and auth, not several",
		"password_of_nobody":                 "user: write whose password it is",
		"user_without_password":              "password: write the password of the user",
		"compression_unknown":                `compression: write gzip or none, not "zstd"`,
		"timeout_too_small":                  `timeout: write at least 1s, for example "30s", not 10ms`,
		"discovery_too_often":                `discover_nodes_interval: write at least 1s, for example "5m", or 0 to use the endpoints alone; not 1ms`,
		"prefix_upper_case":                  `index_prefix: write 1 to 100 of a-z, 0-9, _, . and -, beginning with a letter or digit, not "Docket"`,
		"setup_unknown":                      `setup: write on, or off when everything is made by hand, not "sometimes"`,
		"no_shards":                          "shards: write a number from 1 to 1024, not 0",
		"replicas_negative":                  "replicas: write a number from 0 to 100, or -1 for one as soon as there are two nodes, not -2",
		"lifecycle_too_short":                `lifecycle_age: write at least 24h0m0s, for example "720h" for 30 days, or 0 for no policy; not 1h0m0s`,
		"lifecycle_in_minutes":               "lifecycle_age: write whole hours, not 24h30m0s",
		"lifecycle_without_setup":            "lifecycle_age: leave it out with setup off, and make the policy by hand",
		"elasticsearch_deprecated_keepalive": "write what you say of idle connections as keepalive::idle_conn_timeout",
		"elasticsearch_unknown_key_of_tls":   "invalid keys: ca",
		"elasticsearch_unknown_key":          "invalid keys: index",
		"document_too_large":                 "max_document_mib: write a number from 1 to 95, not 96",
		"index_age_in_hours":                 `daily_index_age: write whole days, 24h to 240000h0m0s, for example "8784h" for 366 days, not 36h0m0s`,
		"bulk_too_large":                     "bulk_size_mib: write a number from 1 to 50, not 51",
	} {
		t.Run(id, func(t *testing.T) {
			_, err := load(file, "log_store/"+id)
			require.ErrorContains(t, err, want)
			assert.NotContains(t, err.Error(), "not-a-real")
		})
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	config := createDefaultConfig().(*Config)
	cluster := config.Elasticsearch.GetOrInsertDefault()
	cluster.Password, cluster.APIKey, cluster.BearerToken = "not-a-real-password", "not-a-real-key", "not-a-real-token"
	assert.NotContains(t, fmt.Sprintf("%v %+v", *cluster, *cluster), "not-a-real")
}
