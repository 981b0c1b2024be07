package main

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.uber.org/goleak"

	"github.com/docketlog/docket/extension/logstoreextension"
	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
)

func TestMain(m *testing.M) { elasticsearchtest.Main(m, ignored()...) }

func printed(t *testing.T, arguments ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	require.Equal(t, exitOK, run(append([]string{"print-setup"}, arguments...), &stdout, &stderr), "%s", &stderr)
	assert.Empty(t, stderr.String())
	return stdout.String()
}

// A cluster with what is printed, sent as it is, is one that Docket with "setup: off"
// works with; one without is not.
func TestPrintedSetupIsEnough(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		config := logstoreextension.NewFactory().CreateDefaultConfig().(*logstoreextension.Config)
		config.Directory = filepath.Join(t.TempDir(), "data")
		cluster := config.Elasticsearch.GetOrInsertDefault()
		cluster.Endpoints, cluster.IndexPrefix, cluster.Setup = []string{server.URL.String()}, server.Prefix, "off"
		factory := logstoreextension.NewFactory()
		created, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), config)
		require.NoError(t, err)
		require.NoError(t, created.Start(t.Context(), componenttest.NewNopHost()))
		t.Cleanup(func() { require.NoError(t, created.Shutdown(context.Background())) })
		store := created.(logstoreextension.Extension)
		require.ErrorContains(t, store.Health(t.Context()), "docket-elasticsearch")

		for _, request := range strings.Split(strings.TrimSpace(printed(t, "--product", string(server.Product.Name), "--index-prefix", server.Prefix)), "\n\n") {
			line, body, _ := strings.Cut(request, "\n")
			method, path, _ := strings.Cut(line, " ")
			_, err := server.Client.Do(t.Context(), method, path, url.Values{}, []byte(body))
			require.NoError(t, err)
		}
		require.Eventually(t, func() bool { return store.Health(t.Context()) == nil }, 30*time.Second, 10*time.Millisecond)
	})
}

func TestOptionsReachTheSetup(t *testing.T) {
	text := printed(t, "--index-prefix", "audit", "--shards", "7", "--replicas", "2", "--lifecycle-age", "720h")
	for _, want := range []string{
		http.MethodPut + " /_ilm/policy/audit-records", " /_index_template/audit-records-", " /audit-documents-1", `"number_of_shards": 7`,
	} {
		assert.Contains(t, text, want)
	}
	assert.Contains(t, printed(t, "--product", "opensearch", "--lifecycle-age", "720h"), " /_plugins/_ism/policies/docket-records")
}

func TestUsage(t *testing.T) {
	for name, test := range map[string]struct {
		arguments []string
		want      string
	}{
		"nothing":         {nil, "print-setup [flags]"},
		"another command": {[]string{"setup"}, "print-setup [flags]"},
		"unknown flag":    {[]string{"print-setup", "--cluster", "x"}, "flag provided but not defined"},
		"argument":        {[]string{"print-setup", "x"}, `unknown argument "x"`},
		"product":         {[]string{"print-setup", "--product", "solr"}, `product: write elasticsearch or opensearch, not "solr"`},
		"age":             {[]string{"print-setup", "--lifecycle-age", "1h"}, "lifecycle-age: write at least 24h, not 1h0m0s"},
		"shards":          {[]string{"print-setup", "--shards", "-1"}, "shards"},
		"replicas":        {[]string{"print-setup", "--replicas", "many"}, "write a number"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			assert.Equal(t, exitUsage, run(test.arguments, &stdout, &stderr))
			assert.Empty(t, stdout.String())
			assert.Contains(t, stderr.String(), test.want)
		})
	}
	assert.Equal(t, exitOK, run([]string{"print-setup", "-h"}, &bytes.Buffer{}, &bytes.Buffer{}))
}

// ignored are goroutines that the embedded engine's packages start when they are
// imported.
func ignored() (options []goleak.Option) {
	for _, function := range []string{
		"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage.init.0.func1",
		"github.com/VictoriaMetrics/VictoriaMetrics/lib/blockcache.(*Cache).cleaner",
		"github.com/VictoriaMetrics/VictoriaMetrics/lib/bytesutil.newInternStringMap.func1",
		"github.com/VictoriaMetrics/VictoriaMetrics/lib/fasttime.init.0.func1",
		"github.com/VictoriaMetrics/VictoriaMetrics/lib/logger.newLogThrottler.func1",
		"github.com/VictoriaMetrics/VictoriaMetrics/lib/timeutil.init.0.func1",
		"github.com/VictoriaMetrics/metrics.summariesSwapCron",
	} {
		options = append(options, goleak.IgnoreAnyFunction(function))
	}
	return options
}
