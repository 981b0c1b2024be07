package mapped

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/filtertest"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/logstoretest"
	"github.com/docketlog/docket/internal/record"
)

func TestMain(m *testing.M) { elasticsearchtest.Main(m) }

const project = 7

func start() time.Time { return time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC) }

// newBackend returns a backend that reads the indices of a test.
func newBackend(t *testing.T, server elasticsearchtest.Server, changes ...func(*Config)) *Backend {
	t.Helper()
	config := Config{
		Client: server.Client, Index: server.Prefix + "-logs-*", ProjectID: project,
		Mapping: Mapping{Timestamp: "@timestamp", Body: "message", Level: "log.level", Service: "service.name", TraceID: "trace.id", SpanID: "span.id", EventName: "event.action"},
	}
	for _, change := range changes {
		change(&config)
	}
	b, err := New(config)
	require.NoError(t, err)
	return b
}

// index makes an index as people have them, with documents.
func index(t *testing.T, server elasticsearchtest.Server, name string, documents ...object) {
	t.Helper()
	keyword := object{"type": "keyword", "ignore_above": 100}
	mappings, err := json.Marshal(object{"settings": object{"number_of_shards": 2, "number_of_replicas": 0}, "mappings": object{
		"dynamic_templates": []object{{"texts": object{"match_mapping_type": "string", "mapping": object{"type": "text", "fields": object{"keyword": keyword}}}}},
		"properties": object{
			"@timestamp": object{"type": "date"}, "message": object{"type": "text"}, "host": keyword,
			"service": object{"properties": object{"name": object{"type": "keyword"}}},
			"trace":   object{"properties": object{"id": object{"type": "keyword"}}},
			"log":     object{"properties": object{"level": object{"type": "keyword"}}},
		},
	}})
	require.NoError(t, err)
	index := server.Prefix + "-logs-" + name
	_, err = server.Client.Do(t.Context(), http.MethodPut, "/"+index, nil, mappings)
	require.NoError(t, err)
	var bulk bytes.Buffer
	encoder := json.NewEncoder(&bulk)
	for i, document := range documents {
		require.NoError(t, encoder.Encode(object{"create": object{"_id": fmt.Sprintf("%s-%d", name, i)}}))
		require.NoError(t, encoder.Encode(document))
	}
	answer, err := server.Client.Do(t.Context(), http.MethodPost, "/"+index+"/_bulk", url.Values{"refresh": {"true"}}, bulk.Bytes())
	require.NoError(t, err)
	require.NotContains(t, string(answer), `"errors":true`)
}

func all() logstore.Query { return logstore.Query{ProjectID: project, Limit: 10_000} }

func TestDocumentsBecomeRecords(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		none, err := b.Search(t.Context(), all())
		require.NoError(t, err, "there are no indices yet")
		require.Empty(t, none)

		index(t, server, "a", object{
			"@timestamp": "2026-11-21T11:00:00.123+01:00", "message": "card declined", "log": object{"level": "WARN", "file": "a.go"},
			"service": object{"name": "shop"}, "trace.id": "0AF7651916CD43DD8448EB211C80319C", "span.id": "00f067aa0ba902b7", "event.action": "charge", "host": "web", "ms": 1.5, "count": 3,
			"tags": []any{"a", "b"}, "trace": object{"sampled": true},
		}, object{"@timestamp": "1969-12-31T23:59:59Z"}, object{"message": "no time"},
			object{"@timestamp": "2026-11-21T09:00:00Z", "message": 1, "trace": object{"id": "no id"}})
		found, err := b.Search(t.Context(), all())
		require.NoError(t, err)
		require.Len(t, found, 2)
		text := func(place filter.Place, key string) string {
			text, ok := filter.Field{Place: place, Key: key}.Text(found[0])
			require.True(t, ok, key)
			return text
		}
		assert.Equal(t, "2026-11-21T10:00:00.123Z", text(filter.PlaceTimestamp, ""))
		assert.Equal(t, "card declined", text(filter.PlaceBody, ""))
		assert.Equal(t, "warn", text(filter.PlaceLevel, ""))
		assert.Equal(t, "shop", text(filter.PlaceService, ""))
		assert.Equal(t, "0af7651916cd43dd8448eb211c80319c", text(filter.PlaceTraceID, ""))
		assert.Equal(t, idOf("a-0"), text(filter.PlaceID, ""))
		assert.Equal(t, "a-0", text(filter.PlaceLogAttribute, "_id"))
		assert.Equal(t, server.Prefix+"-logs-a", text(filter.PlaceLogAttribute, "_index"))
		assert.Equal(t, "00f067aa0ba902b7", text(filter.PlaceSpanID, ""))
		assert.Equal(t, "charge", text(filter.PlaceEventName, ""))
		assert.Equal(t, "1.5", text(filter.PlaceLogAttribute, "ms"))
		assert.Equal(t, "3", text(filter.PlaceLogAttribute, "count"))
		assert.Equal(t, `["a","b"]`, text(filter.PlaceLogAttribute, "tags"))
		assert.Equal(t, "a.go", text(filter.PlaceLogAttribute, "log.file"))
		assert.Equal(t, "true", text(filter.PlaceLogAttribute, "trace.sampled"))
		assert.Equal(t, int64(project), found[0].ProjectID())
		for _, key := range []string{"message", "log.level", "service", "trace.id", "span.id", "event.action", "@timestamp"} {
			_, ok := filter.Field{Place: filter.PlaceLogAttribute, Key: key}.Text(found[0])
			assert.False(t, ok, key)
		}
		assert.Equal(t, "1", filter.Text(found[1].Log.Body()))
		value, _ := filter.Field{Place: filter.PlaceLogAttribute, Key: "trace.id"}.Text(found[1])
		assert.Equal(t, "no id", value)
	})
}

// randomDocument returns a document as filtertest.Record fits filters to, of one of few
// timestamps.
func randomDocument(random *rand.Rand) object {
	pick := func(texts ...any) any { return texts[random.IntN(len(texts))] }
	document := object{
		"@timestamp": start().Add(time.Duration(random.IntN(6)) * 100 * time.Millisecond).Format(time.RFC3339Nano),
		"host":       pick("a", "A", "ab", "1", "true", "", "User logged in", nil, true, 42, []any{"a", "b"}),
		"message":    pick("a", "card declined", "User logged in", "", "42", 42, nil),
		"a":          pick("a", "b", "aab", "1", "", "日本語", nil, []any{"a"}),
		"log":        object{"level": pick("info", "ERROR", "nothing", 3)},
	}
	if random.IntN(2) == 0 {
		document["service"] = object{"name": pick("a", "ab", "1")}
	}
	if random.IntN(2) == 0 {
		document["trace"] = object{"id": pick("000000000000000000000000000000ab", "010000000000000000000000000000AB", "a")}
	}
	if random.IntN(3) == 0 {
		document["user.id"] = pick("a", "1")
	} else {
		document["user"] = object{"id": pick("a", "b", "1"), "name": pick("a", "b")}
	}
	return document
}

// What a view answers about its records is what the reference answers about them.
func TestAnswersAreTheReferences(t *testing.T) {
	questions := 15
	if os.Getenv("DOCKET_TEST_LONG") != "" {
		questions = 500
	}
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		seed := rand.Uint64() //nolint:gosec // no secret
		t.Logf("to repeat this, use the seed %d", seed)
		random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // to be repeatable
		for _, name := range []string{"a", "b"} {
			documents := make([]object, 150)
			for i := range documents {
				documents[i] = randomDocument(random)
			}
			index(t, server, name, documents...)
		}
		b := newBackend(t, server)
		records, err := b.Search(t.Context(), all())
		require.NoError(t, err)
		require.Len(t, records, 300)
		reference := logstoretest.NewReference(records...)
		for range questions {
			query := randomQuery(random, records)
			explain := fmt.Sprintf("%+v after %+v", query, query.After)
			want, err := reference.Search(t.Context(), query)
			require.NoError(t, err)
			got, err := b.Search(t.Context(), query)
			require.NoError(t, err, explain)
			require.Equal(t, ids(want), ids(got), explain)

			wantCount, err := reference.Count(t.Context(), query)
			require.NoError(t, err)
			count, err := b.Count(t.Context(), query)
			require.NoError(t, err, explain)
			require.Equal(t, wantCount, count, explain)
			requireSameAnswers(t, reference, b, logstore.Selection{ProjectID: project, From: query.From, To: query.To, Filter: query.Filter})
		}
	})
}

func randomQuery(random *rand.Rand, records []record.Record) logstore.Query {
	query := logstore.Query{ProjectID: project, Order: logstore.Order(random.IntN(2)), Limit: 1 + random.IntN(300), Offset: random.IntN(20)}
	place := logstore.PlaceOf(records[random.IntN(len(records))])
	switch random.IntN(5) {
	case 0:
		query.From = place.Timestamp.Add(time.Duration(random.IntN(3) - 1))
	case 1:
		query.To = place.Timestamp.Add(time.Duration(random.IntN(3) - 1))
	case 2:
		query.After = &place
	}
	if random.IntN(2) == 0 {
		query.Filter = filtertest.Expression(random, records...)
		return query
	}
	// What the cluster is asked for.
	fields := []filter.Field{
		{Place: filter.PlaceService},
		{Place: filter.PlaceTraceID},
		{Place: filter.PlaceID},
		{Place: filter.PlaceLogAttribute, Key: "host"},
		{Place: filter.PlaceAttribute, Key: "a"},
		{Place: filter.PlaceLogAttribute, Key: "user.id"},
	}
	equal := filter.Equal{Field: fields[random.IntN(len(fields))]}
	for range 1 + random.IntN(3) {
		if text, ok := equal.Field.Text(records[random.IntN(len(records))]); ok {
			equal.Values = append(equal.Values, text)
		}
	}
	query.Filter = equal
	return query
}

func ids(records []record.Record) []string {
	all := []string{}
	for _, r := range records {
		all = append(all, r.ID())
	}
	return all
}

func requireSameAnswers(t *testing.T, reference *logstoretest.Reference, b *Backend, selected logstore.Selection) {
	t.Helper()
	histogram := logstore.HistogramQuery{Selection: selected, Interval: 200 * time.Millisecond, By: &filter.Field{Place: filter.PlaceLevel}}
	values := logstore.ValuesQuery{Selection: selected, Field: filter.Field{Place: filter.PlaceLogAttribute, Key: "host"}, Limit: 5}
	keys := logstore.KeysQuery{Selection: selected, Place: filter.PlaceLogAttribute, Limit: 5}
	groups := logstore.GroupsQuery{Selection: selected, By: []filter.Field{{Place: filter.PlaceService}}, Limit: 5}
	ask := func(analyst logstore.Analyst) string {
		buckets, err := analyst.Histogram(t.Context(), histogram)
		require.NoError(t, err)
		counts, total, err := analyst.Values(t.Context(), values)
		require.NoError(t, err)
		keyCounts, keyTotal, err := analyst.Keys(t.Context(), keys)
		require.NoError(t, err)
		grouped, err := analyst.Groups(t.Context(), groups)
		require.NoError(t, err)
		return fmt.Sprint(buckets, counts, total, keyCounts, keyTotal, grouped)
	}
	require.Equal(t, ask(reference), ask(b), "%+v", selected)
}

// The cluster is asked for exact texts where its indices have them.
func TestNarrow(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		index(t, server, "a", object{"@timestamp": start(), "user": "a", "only.a": "a"})
		index(t, server, "b", object{"@timestamp": start(), "user": "b"})
		b := newBackend(t, server)
		for name, tt := range map[string]struct {
			filter filter.Expression
			want   string
		}{
			"nothing":   {filter.And{}, `null`},
			"keyword":   {filter.Equal{Field: filter.Field{Place: filter.PlaceLogAttribute, Key: "host"}, Values: []string{"a"}}, `[{"terms":{"host":["a"]}}]`},
			"sub-field": {filter.Equal{Field: filter.Field{Place: filter.PlaceAttribute, Key: "user"}, Values: []string{"a"}}, `[{"terms":{"user.keyword":["a"]}}]`},
			"too long":  {filter.Equal{Field: filter.Field{Place: filter.PlaceLogAttribute, Key: "host"}, Values: []string{fmt.Sprintf("%0101d", 0) + "a"}}, `null`},
			"number":    {filter.Equal{Field: filter.Field{Place: filter.PlaceLogAttribute, Key: "host"}, Values: []string{"1"}}, `null`},
			"one index": {filter.Equal{Field: filter.Field{Place: filter.PlaceLogAttribute, Key: "only.a"}, Values: []string{"a"}}, `null`},
			"text":      {filter.Equal{Field: filter.Field{Place: filter.PlaceBody}, Values: []string{"a"}}, `null`},
			"some of all": {
				filter.And{filter.BodyContains("a"), filter.Equal{Field: filter.Field{Place: filter.PlaceService}, Values: []string{"a"}}},
				`[{"terms":{"service.name":["a"]}}]`,
			},
			"id": {
				filter.Equal{Field: filter.Field{Place: filter.PlaceID}, Values: []string{idOf("AZqo8s3qTk2vW1bC_x-9")}},
				`[{"terms":{"_id":["AZqo8s3qTk2vW1bC_x-9"]}}]`,
			},
			"id that was a text": {filter.Equal{Field: filter.Field{Place: filter.PlaceID}, Values: []string{idOf("a-0")}}, `null`},
			"index": {
				filter.Equal{Field: filter.Field{Place: filter.PlaceLogAttribute, Key: "_index"}, Values: []string{"a"}},
				`[{"terms":{"_index":["a"]}}]`,
			},
			"trace": {
				filter.Equal{Field: filter.Field{Place: filter.PlaceTraceID}, Values: []string{"0a"}},
				`[{"bool":{"minimum_should_match":1,"should":[{"term":{"trace.id":{"case_insensitive":true,"value":"0a"}}}]}}]`,
			},
		} {
			t.Run(name, func(t *testing.T) {
				conditions, err := b.narrow(t.Context(), filter.Normalize(tt.filter))
				require.NoError(t, err)
				got, err := json.Marshal(conditions)
				require.NoError(t, err)
				assert.Equal(t, tt.want, string(got))
			})
		}
	})
}

func TestLimits(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		documents := make([]object, 20)
		for i := range documents {
			documents[i] = object{"@timestamp": start()}
		}
		index(t, server, "a", documents...)
		b := newBackend(t, server, func(c *Config) { c.MaxRead = 10 })
		var expensive *logstore.TooExpensiveError
		_, err := b.Count(t.Context(), logstore.Query{ProjectID: project, Filter: filter.BodyContains("a")})
		require.ErrorAs(t, err, &expensive)
		count, err := b.Count(t.Context(), all())
		require.NoError(t, err, "the cluster counts these")
		assert.Equal(t, int64(20), count)
		count, err = b.Count(t.Context(), logstore.Query{ProjectID: project + 1})
		require.NoError(t, err)
		assert.Zero(t, count)
	})
}

func TestNothingIsWritten(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		require.ErrorIs(t, b.Apply(t.Context(), []record.Record{record.New()}, false), ErrReadOnly)
		require.ErrorIs(t, b.DeleteDay(t.Context(), start()), ErrReadOnly)
		require.ErrorIs(t, b.DeleteProjects(t.Context(), start(), nil), ErrReadOnly)
		days, err := b.Days(t.Context())
		require.NoError(t, err)
		assert.Empty(t, days)
		require.NoError(t, b.Sync(t.Context()))
		require.NoError(t, b.Close())
		require.ErrorIs(t, b.Close(), logstore.ErrClosed)
		require.ErrorIs(t, b.Sync(t.Context()), logstore.ErrClosed)
		_, err = b.Search(t.Context(), all())
		require.ErrorIs(t, err, logstore.ErrClosed)
		_, err = b.Count(t.Context(), all())
		require.ErrorIs(t, err, logstore.ErrClosed)
	})
}

func TestNew(t *testing.T) {
	_, err := New(Config{MaxRead: -1})
	require.Error(t, err)
	for _, part := range []string{"client", "indices", "timestamp", "project", "records to read"} {
		assert.ErrorContains(t, err, part)
	}
}

func TestDecodeSource(t *testing.T) {
	large := "1" + fmt.Sprintf("%0400d", 0)
	m := pcommon.NewMap()
	require.NoError(t, decodeSource([]byte(`{"b":{"c":[1,{"d":[]}],"e":{}},"a":`+large+`,"f":null,"g":1.50,"h":9223372036854775808,"b":2}`), m))
	assert.Equal(t, map[string]any{"b": int64(2), "a": large, "f": nil, "g": 1.5, "h": float64(1 << 63)}, m.AsRaw())
	for _, source := range []string{"", "[]", "1", `{"a":`, `{"a":[1`, `{"a"`} {
		require.Error(t, decodeSource([]byte(source), pcommon.NewMap()), source)
	}
}
