package elasticsearch_test

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest/server"
)

// TestSecurity asks a server that wants to know who asks. Servers of the tests cannot make
// API keys: their archive has not all that the index of keys needs.
func TestSecurity(t *testing.T) {
	process := elasticsearchtest.Start(t, elasticsearch.Elasticsearch, "", elasticsearchtest.Options{Security: true})
	who := func(t *testing.T, config elasticsearch.Config) (string, error) {
		t.Helper()
		config.Transport = &http.Transport{TLSClientConfig: process.TLS()}
		client := process.NewClient(t, config)
		body, err := client.Do(t.Context(), http.MethodGet, "/_security/_authenticate", nil, nil)
		if err != nil {
			_, detected := client.Detect(t.Context())
			require.Equal(t, elasticsearch.StatusOf(err), elasticsearch.StatusOf(detected))
			return "", err
		}
		var answer struct{ Username string }
		require.NoError(t, json.Unmarshal(body, &answer))
		return answer.Username, nil
	}
	granted := map[string]struct {
		config elasticsearch.Config
		want   string
	}{
		"password": {elasticsearch.Config{Username: server.Username, Password: server.Password}, server.Username},
		"token":    {elasticsearch.Config{BearerToken: server.Token()}, server.Account},
	}
	for name, test := range granted {
		t.Run(name, func(t *testing.T) {
			got, err := who(t, test.config)
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
	refused := map[string]elasticsearch.Config{
		"nobody":         {},
		"wrong password": {Username: server.Username, Password: "hidden-1"},
		"wrong API key":  {APIKey: "aGlkZGVuLTE6aGlkZGVuLTE="},
		"wrong token":    {BearerToken: "hidden-1"},
	}
	for name, config := range refused {
		t.Run(name, func(t *testing.T) {
			_, err := who(t, config)
			require.Equal(t, http.StatusUnauthorized, elasticsearch.StatusOf(err))
			for _, secret := range []string{"hidden-1", "aGlkZGVuLTE6aGlkZGVuLTE="} {
				require.NotContains(t, err.Error(), secret)
			}
		})
	}
	t.Run("no certificate", func(t *testing.T) {
		anonymous := process.TLS()
		anonymous.Certificates = nil
		requireUnreachable(t, process, anonymous)
	})
	t.Run("unknown authority", func(t *testing.T) {
		trustful := process.TLS()
		trustful.RootCAs = nil
		requireUnreachable(t, process, trustful)
	})
}

func requireUnreachable(t *testing.T, process *elasticsearchtest.Process, config *tls.Config) {
	t.Helper()
	client := process.NewClient(t, elasticsearch.Config{
		Transport: &http.Transport{TLSClientConfig: config}, Username: server.Username, Password: server.Password,
	})
	_, err := client.Detect(t.Context())
	_, ok := errors.AsType[*elasticsearch.UnreachableError](err)
	require.True(t, ok, "%v", err)
	require.NotContains(t, err.Error(), server.Password)
}
