package logstoreextension

import (
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
)

// clusterConfig is that of a store at a URL.
func clusterConfig(t *testing.T, endpoint, prefix string) *Config {
	t.Helper()
	config := createDefaultConfig().(*Config)
	config.Directory = t.TempDir()
	config.Journal.SegmentSizeMiB = 1
	cluster := config.Elasticsearch.GetOrInsertDefault()
	cluster.Endpoints, cluster.IndexPrefix = []string{endpoint}, prefix
	return config
}

// What Docket cannot work with is found out by the start, and nothing is left running.
func TestStartRefusesAnUnsupportedProduct(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Elastic-Product", "Elasticsearch")
		w.Header().Set("Content-Type", "application/json")
		assert.NoError(t, json.NewEncoder(w).Encode(map[string]any{
			"nodes":   map[string]any{"a": map[string]any{"version": "7.17.0"}},
			"version": map[string]any{"number": "7.17.0"},
		}))
	}))
	t.Cleanup(server.Close)
	e := newExtension(t, clusterConfig(t, server.URL, "docket"), nopSettings())
	err := e.Start(t.Context(), componenttest.NewNopHost())
	require.ErrorContains(t, err, "Elasticsearch 7.17, which Docket does not work with: it needs one of Elasticsearch 8.19")
}

// Each way to say who asks reaches the cluster, and none reaches the log.
func TestCredentialsReachTheCluster(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*ElasticsearchConfig)
		want   string
	}{
		"password": {func(c *ElasticsearchConfig) { c.User, c.Password = "docket", "secret" }, "Basic ZG9ja2V0OnNlY3JldA=="},
		"API key":  {func(c *ElasticsearchConfig) { c.APIKey = "secret" }, "APIKey secret"},
		"token":    {func(c *ElasticsearchConfig) { c.BearerToken = "secret" }, "Bearer secret"},
		"header": {func(c *ElasticsearchConfig) {
			c.ClientConfig.Headers = configopaque.MapList{{Name: "Authorization", Value: "Custom secret"}}
		}, "Custom secret"},
	} {
		t.Run(name, func(t *testing.T) {
			shown := make(chan string, 100)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				shown <- r.Header.Get("Authorization")
				w.WriteHeader(http.StatusUnauthorized)
			}))
			t.Cleanup(server.Close)
			config := clusterConfig(t, server.URL, "docket")
			test.change(config.Elasticsearch.Get())
			e := newExtension(t, config, nopSettings())
			require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
			assert.Equal(t, test.want, <-shown)
			require.ErrorContains(t, e.Health(t.Context()), "401")
			assert.NotContains(t, e.Health(t.Context()).Error(), "secret")
			require.NoError(t, e.Shutdown(t.Context()))
		})
	}
}

// What the section says of TLS is used: a certificate of an authority of one's own is
// believed, and one of nobody is not.
func TestOwnAuthorityOfTheCluster(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(server.Close)
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for want, ca := range map[string]configopaque.String{"HTTP status 401": configopaque.String(authority), "certificate signed by unknown authority": ""} {
		config := clusterConfig(t, server.URL, "docket")
		config.Elasticsearch.Get().ClientConfig.TLS.CAPem = ca
		e := newExtension(t, config, nopSettings())
		require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
		require.ErrorContains(t, e.Health(t.Context()), want)
		require.NoError(t, e.Shutdown(t.Context()))
	}
}

// A folder with records is never opened as one without, nor the other way round.
func TestStartRefusesTheFolderOfTheOtherBackend(t *testing.T) {
	embedded := configIn(t.TempDir())
	require.NoError(t, start(t, embedded).Shutdown(t.Context()))
	cluster := clusterConfig(t, "http://127.0.0.1:1", "docket")
	directory := cluster.Directory
	cluster.Directory = embedded.Directory
	err := newExtension(t, cluster, nopSettings()).Start(t.Context(), componenttest.NewNopHost())
	require.ErrorContains(t, err, "is of a Docket that keeps its records in it: configure another directory")

	cluster.Directory, embedded.Directory = directory, directory
	require.NoError(t, start(t, cluster).Shutdown(t.Context()))
	err = newExtension(t, embedded, nopSettings()).Start(t.Context(), componenttest.NewNopHost())
	require.ErrorContains(t, err, "is of a Docket that keeps its records in a cluster: configure another directory")
}

func TestDependencies(t *testing.T) {
	config := createDefaultConfig().(*Config)
	assert.Empty(t, newStore(config, nopSettings()).Dependencies())
	id := component.MustNewIDWithName("oauth2client", "cluster")
	config.Elasticsearch.GetOrInsertDefault().ClientConfig.Auth = configoptional.Some(configauth.Config{AuthenticatorID: id})
	assert.Equal(t, []component.ID{id}, newStore(config, nopSettings()).Dependencies())
}
