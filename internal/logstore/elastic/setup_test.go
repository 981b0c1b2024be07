package elastic

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/internal/record"
)

// The requests of a set-up, of the first records of a day and of a Sync, as they are
// sent.
func TestGoldenRequests(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		recorder := &elasticsearchtest.Recorder{}
		t.Cleanup(recorder.CloseIdleConnections)
		client, err := elasticsearch.NewClient(elasticsearch.Config{URLs: []*url.URL{server.URL}, Transport: recorder})
		require.NoError(t, err)
		b := newBackend(t, server, func(c *Config) { c.Client, c.Indices = client, IndexConfig{} })
		recorder.Golden(t, server, "setup")

		plain := newTestRecord("0199")
		plain.Log.Body().SetStr("User 17 logged in")
		plain.Log.Attributes().PutEmptyMap("user").PutStr("name", "Ann")
		plain.Resource.Attributes().PutStr(record.AttributeServiceName, "billing")
		nan := newTestRecord("019a")
		nan.Log.Body().SetStr("\xff")
		require.NoError(t, b.Apply(t.Context(), []record.Record{plain, nan}, false))
		require.NoError(t, b.Sync(t.Context()))
		recorder.Golden(t, server, "apply")

		require.NoError(t, b.DeleteProjects(t.Context(), testDay(), []int64{7}))
		recorder.Golden(t, server, "delete")
	})
}

func TestGoldenSetupRequests(t *testing.T) {
	for _, product := range []elasticsearch.Name{elasticsearch.Elasticsearch, elasticsearch.OpenSearch} {
		requests, err := SetupRequests(Config{
			Prefix:  "docket",
			Indices: IndexConfig{Shards: 3, Replicas: "2", Codec: "default", MaxAge: 30 * 24 * time.Hour},
		}, elasticsearch.Product{Name: product})
		require.NoError(t, err)
		var got bytes.Buffer
		for _, request := range requests {
			fmt.Fprintf(&got, "%s %s\n\n", request.Method, request.Path)
			require.NoError(t, json.Indent(&got, request.Body, "", "  "))
			got.WriteString("\n\n")
		}
		path := filepath.Join("testdata", "golden", string(product), "setup_requests.txt")
		if os.Getenv("DOCKET_UPDATE_GOLDEN") != "" {
			require.NoError(t, os.WriteFile(path, got.Bytes(), 0o600))
		}
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, string(want), got.String())
	}
	_, err := SetupRequests(Config{Indices: IndexConfig{Shards: -1}}, elasticsearch.Product{})
	require.Error(t, err)
}

func TestSetupMakesWhatItSays(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server, func(c *Config) { c.Indices = IndexConfig{Shards: 2, Replicas: "0", Codec: "default"} })
		require.NoError(t, b.Setup(t.Context()), "again")
		require.NoError(t, b.Apply(t.Context(), []record.Record{newTestRecord("1")}, false))
		answer, err := b.client.Do(t.Context(), http.MethodGet, "/"+indexOf(b, testDay())+"/_settings", url.Values{"flat_settings": {"true"}}, nil)
		require.NoError(t, err)
		var indices map[string]struct{ Settings map[string]any }
		require.NoError(t, json.Unmarshal(answer, &indices))
		for name, want := range map[string]string{
			"number_of_shards": "2", "number_of_replicas": "0", "codec": "default", "refresh_interval": "1s", "translog.durability": "request",
		} {
			assert.Equal(t, want, indices[indexOf(b, testDay())].Settings["index."+name], name)
		}
	})
}

// The template of another version of Docket decides if that is newer, whoever comes last.
func TestSetupBesideAnotherVersion(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		var template object
		require.NoError(t, json.Unmarshal(b.config.templateRequest(b.product).Body, &template))
		put := func(version int, interval string) {
			template["priority"], template["version"] = templatePriority+version, version
			template["template"].(map[string]any)["settings"] = object{"index.refresh_interval": interval}
			encoded, err := json.Marshal(template)
			require.NoError(t, err)
			_, err = b.client.Do(t.Context(), http.MethodPut, fmt.Sprintf("/_index_template/%s-%d", b.alias(), version), nil, encoded)
			require.NoError(t, err)
		}
		intervalOf := func(day time.Time) any {
			require.NoError(t, b.Apply(t.Context(), []record.Record{at(newTestRecord("1"), day)}, false))
			answer, err := b.client.Do(t.Context(), http.MethodGet, "/"+indexOf(b, day)+"/_settings", url.Values{"flat_settings": {"true"}}, nil)
			require.NoError(t, err)
			var indices map[string]struct{ Settings map[string]any }
			require.NoError(t, json.Unmarshal(answer, &indices))
			return indices[indexOf(b, day)].Settings["index.refresh_interval"]
		}
		put(mappingVersion-1, "7s")
		assert.Equal(t, "1s", intervalOf(testDay()))
		put(mappingVersion+1, "9s")
		require.NoError(t, b.Setup(t.Context()))
		assert.Equal(t, "9s", intervalOf(testDay().AddDate(0, 0, 1)))
	})
}

func TestSetupAtOnce(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				assert.NoError(t, b.Setup(t.Context()))
				assert.NoError(t, b.ensureIndex(t.Context(), dayPeriod(20_000)))
			})
		}
		group.Wait()
	})
}

func TestSetupOff(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b, err := New(Config{Client: server.Client, Product: server.Product, Prefix: server.Prefix, IsSetupOff: true})
		require.NoError(t, err)
		err = b.Setup(t.Context())
		require.ErrorContains(t, err, "has no index template "+server.Prefix+"-records-1")
		require.ErrorContains(t, err, SetupCommand)

		requests, err := SetupRequests(b.config, b.product)
		require.NoError(t, err)
		for _, request := range requests {
			_, err := b.client.Do(t.Context(), request.Method, request.Path, nil, request.Body)
			require.NoError(t, err)
		}
		require.NoError(t, b.Setup(t.Context()))
		one := newTestRecord("1")
		require.NoError(t, b.Apply(t.Context(), []record.Record{one}, false))
		requireSame(t, []record.Record{one}, search(t, b))
	})
}

func TestIndexOfSomebodyElse(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		_, err := b.client.Do(t.Context(), http.MethodDelete, "/_index_template/"+b.config.templateName(), nil, nil)
		require.NoError(t, err)
		create(t, b, "2026.11.21", object{})
		err = b.Apply(t.Context(), []record.Record{newTestRecord("1")}, false)
		require.ErrorContains(t, err, "its mapping is not Docket's")
		assert.Empty(t, search(t, b))
	})
}

// An index of an older version gets what this one needs.
func TestIndexIsAdapted(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		create(t, b, "2026.11.21", object{})
		name := indexOf(b, testDay())
		found, err := b.inspect(t.Context(), name)
		require.NoError(t, err)
		assert.Empty(t, found.Aliases)
		found.Mappings.Meta.Version = -1
		require.NoError(t, b.adapt(t.Context(), name, found))
		found, err = b.inspect(t.Context(), name)
		require.NoError(t, err)
		assert.Contains(t, found.Aliases, b.alias())
	})
}

// policies is a server that has policies as OpenSearch does.
type policies struct {
	conflicts int
	requests  []string
}

func (p *policies) RoundTrip(request *http.Request) (*http.Response, error) {
	p.requests = append(p.requests, request.Method+" "+request.URL.RequestURI())
	if request.Body != nil {
		_ = request.Body.Close()
	}
	switch {
	case request.Method == http.MethodGet:
		return newResponse(request, http.StatusOK, []byte(`{"_id":"x","_seq_no":7,"_primary_term":3,"policy":{}}`)), nil
	case strings.Contains(request.URL.Path, "_ism") && p.conflicts > 0:
		p.conflicts--
		return newResponse(request, http.StatusConflict, []byte(`{}`)), nil
	default:
		return newResponse(request, http.StatusOK, []byte(`{}`)), nil
	}
}

func TestSetupReplacesAPolicy(t *testing.T) {
	const path = "/_plugins/_ism/policies/docket-records"
	for conflicts, want := range [][]string{
		{"PUT " + path},
		{"PUT " + path, "GET " + path, "PUT " + path + "?if_primary_term=3&if_seq_no=7"},
		{"PUT " + path, "GET " + path, "PUT " + path + "?if_primary_term=3&if_seq_no=7"},
	} {
		cluster := &policies{conflicts: conflicts}
		client, err := elasticsearch.NewClient(elasticsearch.Config{URLs: []*url.URL{{Scheme: "http", Host: "cluster"}}, Transport: cluster})
		require.NoError(t, err)
		core, logs := observer.New(zap.InfoLevel)
		b, err := New(Config{
			Client: client, Product: elasticsearch.Product{Name: elasticsearch.OpenSearch, Major: 3}, Prefix: "docket",
			Indices: IndexConfig{MaxAge: time.Hour}, Logger: zap.New(core),
		})
		require.NoError(t, err)
		require.NoError(t, b.Setup(t.Context()))
		assert.Equal(t, append(want, "PUT /_index_template/docket-records-1"), cluster.requests)
		assert.Equal(t, 1, logs.Len())
	}
}

func TestNamesOfIndices(t *testing.T) {
	b := &Backend{prefix: "docket"}
	for day, want := range map[int64]string{0: "docket-records-1970.01.01", 20778: "docket-records-2026.11.21", 213503: "docket-records-2554.07.21"} {
		assert.Equal(t, want, b.indexName(dayPeriod(day)))
		p, ok := b.periodOf(want)
		assert.True(t, ok)
		assert.Equal(t, day, p.last)
		assert.Equal(t, want, indexOf(b, startOfDay(day).Add(24*time.Hour-1)))
		assert.Regexp(t, `^docket-records-\d{4}\.\d\d\.\d\d$`, want)
	}
	for day, want := range map[int64]struct{ name, last string }{
		0:      {"docket-records-before-2000", "1999-12-31"},
		10956:  {"docket-records-before-2000", "1999-12-31"},
		10957:  {"docket-records-2000", "2000-12-31"},
		20778:  {"docket-records-2026", "2026-12-31"},
		47481:  {"docket-records-2099", "2099-12-31"},
		47482:  {"docket-records-after-2099", "2554-07-21"},
		213503: {"docket-records-after-2099", "2554-07-21"},
	} {
		shared := sharedPeriod(day)
		assert.Equal(t, want.name, b.indexName(shared))
		assert.Equal(t, want.last, startOfDay(shared.last).Format(time.DateOnly))
		p, ok := b.periodOf(want.name)
		assert.True(t, ok)
		assert.Equal(t, shared, p)
		assert.Equal(t, []string{b.indexName(dayPeriod(p.last)), want.name}, b.indicesOf(startOfDay(p.last)))
	}
	assert.Equal(t, []string{"docket-records-2026.11.21"}, b.indicesOf(testDay().Add(time.Hour)))
	for _, name := range []string{
		"docket-records", "docket-records-", "docket-records-2026.1.1", "docket-records-2026.02.30", "other-records-2026.01.01",
		"docket-records-2026.01.01-1", "docket-records-1999", "docket-records-2100", "docket-records-02026", "docket-records-before", "docket-records-1",
	} {
		_, ok := b.periodOf(name)
		assert.False(t, ok, name)
	}
}
