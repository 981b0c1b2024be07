package elastic

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/logstoretest"
	"github.com/docketlog/docket/internal/record"
)

// everything is all records of the project of newTestRecord.
func everything() logstore.Selection { return logstore.Selection{ProjectID: 7} }

// fill stores records, and returns the reference of them.
func fill(tb testing.TB, b *Backend, records ...record.Record) *logstoretest.Reference {
	tb.Helper()
	for rest := records; len(rest) > 0; {
		size := min(len(rest), 2000)
		require.NoError(tb, b.Apply(tb.Context(), rest[:size], false))
		rest = rest[size:]
	}
	require.NoError(tb, b.Sync(tb.Context()))
	return logstoretest.NewReference(records...)
}

// requireSameAnswers asks both everything about some fields.
func requireSameAnswers(t *testing.T, want, got logstore.Analyst, fields ...filter.Field) {
	t.Helper()
	for _, field := range fields {
		requireSameValues(t, want, got, logstore.ValuesQuery{Selection: everything(), Field: field, Limit: 200_000})
		requireSameHistogram(t, want, got, logstore.HistogramQuery{
			Selection: everything(), Interval: time.Second, By: &field, WithBodyBytes: true,
		})
		requireSameGroups(t, want, got, logstore.GroupsQuery{Selection: everything(), By: []filter.Field{field}, Limit: 200})
	}
	if count := min(len(fields), logstore.MaxGroupFields); count > 1 {
		requireSameGroups(t, want, got, logstore.GroupsQuery{Selection: everything(), By: fields[:count], Limit: 200})
	}
}

func requireSameValues(t *testing.T, want, got logstore.Analyst, query logstore.ValuesQuery) {
	t.Helper()
	wantValues, wantTotal, err := want.Values(t.Context(), query)
	require.NoError(t, err)
	values, total, err := got.Values(t.Context(), query)
	require.NoError(t, err, "%+v", query.Field)
	require.True(t, assert.ObjectsAreEqual(orEmpty(wantValues), orEmpty(values)), "%+v: want %.1000q, got %.1000q", query.Field, wantValues, values)
	require.Equal(t, wantTotal, total)
}

func requireSameHistogram(t *testing.T, want, got logstore.Analyst, query logstore.HistogramQuery) {
	t.Helper()
	wantBuckets, err := want.Histogram(t.Context(), query)
	require.NoError(t, err)
	buckets, err := got.Histogram(t.Context(), query)
	require.NoError(t, err, "%+v", query.By)
	require.True(t, assert.ObjectsAreEqual(orEmpty(wantBuckets), orEmpty(buckets)), "%+v: want %.1000v, got %.1000v", query.By, wantBuckets, buckets)
}

func requireSameGroups(t *testing.T, want, got logstore.Analyst, query logstore.GroupsQuery) {
	t.Helper()
	wantGroups, err := want.Groups(t.Context(), query)
	require.NoError(t, err)
	groups, err := got.Groups(t.Context(), query)
	require.NoError(t, err, "%+v", query.By)
	wantGroups.Groups, groups.Groups = orEmpty(wantGroups.Groups), orEmpty(groups.Groups)
	require.True(t, assert.ObjectsAreEqual(wantGroups, groups), "%+v: want %.1000v, got %.1000v", query.By, wantGroups, groups)
}

func orEmpty[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}

func logAttribute(key string) filter.Field {
	return filter.Field{Place: filter.PlaceLogAttribute, Key: key}
}

func resourceAttribute(key string) filter.Field {
	return filter.Field{Place: filter.PlaceResourceAttribute, Key: key}
}

func anyAttribute(key string) filter.Field {
	return filter.Field{Place: filter.PlaceAttribute, Key: key}
}

// numbered returns records a millisecond apart, with ids of their own.
func numbered(count int, change func(i int, r record.Record)) []record.Record {
	records := make([]record.Record, count)
	for i := range records {
		records[i] = at(newTestRecord(fmt.Sprintf("%06d", i)), testDay().Add(time.Duration(i)*time.Millisecond))
		change(i, records[i])
	}
	return records
}

// Keys and texts that mean something to a regular expression, to fieldTerms, or to JSON.
func TestAnalystOnAwkwardTexts(t *testing.T) {
	long := strings.Repeat("x", maxTermBytes)
	keys := []string{
		"user", "", "user=", `user\`, `user=\=x`, ".*", "[a-c]{1,2}", `a+(b|c)?`, `"@#&<>~^$-`, "ключ🙂", "a\nb\x00", "user.name",
		strings.Repeat("k.", 1000), strings.Repeat("k.", 5000), "not \xff UTF-8",
	}
	texts := []string{"", "=", "a=b", ".*", "A", "a", "1", "01", "-0", "🙂 Σίσυφος", "x\ny", long, long + "y", "\ufffd"}
	records := numbered(3*len(texts), func(i int, r record.Record) {
		for k, key := range keys {
			text := texts[(i+k)%len(texts)]
			switch i % 3 {
			case 0:
				r.Log.Attributes().PutStr(key, text)
			case 1:
				r.Resource.Attributes().PutStr(key, text)
				if k%2 == 0 {
					r.Log.Attributes().PutInt(key, int64(k))
				}
			}
		}
		r.Log.Body().SetStr(texts[i%len(texts)])
		r.Log.SetSeverityNumber(plog.SeverityNumber(i % 25))
		r.Log.SetEventName(texts[i%len(texts)])
	})
	nested := records[2].Log.Attributes().PutEmptyMap("user")
	nested.PutStr("name", "Ann")
	nested.PutStr("", "empty key")
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server, func(c *Config) { c.Indices.Shards = 2 })
		reference := fill(t, b, records...)
		for _, key := range keys {
			requireSameAnswers(t, reference, b, anyAttribute(key))
			requireSameGroups(t, reference, b, logstore.GroupsQuery{
				Selection: everything(), By: []filter.Field{logAttribute(key), {Place: filter.PlaceLevel}, resourceAttribute(key)}, Limit: 40,
			})
		}
		requireSameAnswers(t, reference, b, filter.Field{Place: filter.PlaceBody}, filter.Field{Place: filter.PlaceEventName}, logAttribute("user"))
		for _, part := range []string{"", "A", "X", "=", ".*", "σ", "\n"} {
			requireSameValues(t, reference, b, logstore.ValuesQuery{Selection: everything(), Field: anyAttribute("user"), Contains: part, Limit: 2, Offset: 1})
			for _, place := range []filter.Place{filter.PlaceLogAttribute, filter.PlaceResourceAttribute} {
				query := logstore.KeysQuery{Selection: everything(), Place: place, Contains: part, Limit: 100}
				want, wantTotal, err := reference.Keys(t.Context(), query)
				require.NoError(t, err)
				got, total, err := b.Keys(t.Context(), query)
				require.NoError(t, err)
				assert.Equal(t, orEmpty(want), orEmpty(got))
				assert.Equal(t, wantTotal, total)
			}
		}
	})
}

// The cluster adds up times in float64, which does not have all nanoseconds.
func TestAnalystOnTimes(t *testing.T) {
	moment := pcommon.NewTimestampFromTime(testDay())
	timestamps := []pcommon.Timestamp{
		0, 1, 999_999, 1_000_000, moment, moment + 1, moment + 2, moment + 3, moment + 1023, moment + 1_000_000,
		1<<63 - 1, 1 << 63, 1<<63 + 1, 1<<64 - 2, 1<<64 - 1,
	}
	records := numbered(len(timestamps)*4, func(i int, r record.Record) {
		r.Log.SetTimestamp(timestamps[i/4])
		r.Log.SetObservedTimestamp(timestamps[(i*7)%len(timestamps)])
		r.Log.SetSeverityNumber(plog.SeverityNumber(i % 25))
		r.Log.Attributes().PutInt("group", int64(i%4))
		r.Resource.Attributes().PutStr(record.AttributeServiceName, fmt.Sprint(i%3))
	})
	records = append(records, newTestRecord("no times"))
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		reference := fill(t, b, records...)
		requireSameAnswers(t, reference, b,
			filter.Field{Place: filter.PlaceService}, filter.Field{Place: filter.PlaceTimestamp}, logAttribute("group"),
			filter.Field{Place: filter.PlaceObservedTime}, filter.Field{Place: filter.PlaceSeverityNumber},
		)
		group := logAttribute("group")
		for interval, offset := range map[time.Duration]time.Duration{
			time.Millisecond: -time.Millisecond, 7 * time.Millisecond: 1500 * time.Microsecond, time.Hour: 5 * time.Minute,
			24 * time.Hour: -999 * time.Hour, 1000 * 24 * time.Hour: 0,
		} {
			requireSameHistogram(t, reference, b, logstore.HistogramQuery{Selection: everything(), Interval: interval, Offset: offset})
			requireSameHistogram(t, reference, b, logstore.HistogramQuery{Selection: everything(), Interval: interval, Offset: offset, By: &group})
		}
	})
}

// There are more different texts than the cluster tells at once; in the long form also
// more than its search.max_buckets.
func TestAnalystOnManyTexts(t *testing.T) {
	count := maxDistinct + 100
	if os.Getenv("DOCKET_TEST_LONG") != "" {
		count = 70_000
	}
	records := numbered(count, func(i int, r record.Record) {
		r.Log.Attributes().PutInt("id", int64(i))
		r.Log.Attributes().PutInt("many", int64(i%300))
		r.Log.Attributes().PutInt("more", int64(i/300))
		r.Log.SetEventName(fmt.Sprint(i))
		r.Log.SetSeverityNumber(plog.SeverityNumber(i % 25))
	})
	many, level := logAttribute("many"), filter.Field{Place: filter.PlaceLevel}
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server, func(c *Config) { c.Indices.Shards = 2 })
		reference := fill(t, b, records...)
		for _, field := range []filter.Field{{Place: filter.PlaceEventName}, logAttribute("id"), many} {
			requireSameValues(t, reference, b, logstore.ValuesQuery{Selection: everything(), Field: field, Limit: count})
		}
		for _, by := range [][]filter.Field{{{Place: filter.PlaceEventName}, level}, {many, level}, {many, logAttribute("more"), logAttribute("none")}} {
			requireSameGroups(t, reference, b, logstore.GroupsQuery{Selection: everything(), By: by, Limit: 2 * groupsAtOnce})
		}
		requireSameHistogram(t, reference, b, logstore.HistogramQuery{Selection: everything(), Interval: time.Millisecond})
		requireSameHistogram(t, reference, b, logstore.HistogramQuery{Selection: everything(), Interval: 500 * time.Millisecond, By: &many})
	})
}

func TestAnalystWithoutRecords(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		reference := logstoretest.NewReference()
		fields := []filter.Field{{Place: filter.PlaceLevel}, anyAttribute("a"), {Place: filter.PlaceBody}}
		requireSameAnswers(t, reference, b, fields...)
		fill(t, b, newTestRecord("a"))
		all := everything()
		all.ProjectID = 8
		requireSameGroups(t, reference, b, logstore.GroupsQuery{Selection: all, By: fields[:2], Limit: 1})
		all.From, all.To = testDay(), testDay().Add(-1)
		for name, ask := range questions(b, all) {
			require.NoError(t, ask(t.Context()), name)
		}
	})
}

// questions are each method of an analyst.
func questions(b *Backend, about logstore.Selection) map[string]func(ctx context.Context) error {
	return map[string]func(ctx context.Context) error{
		"histogram": func(ctx context.Context) error {
			_, err := b.Histogram(ctx, logstore.HistogramQuery{Selection: about, Interval: time.Hour})
			return err
		},
		"values": func(ctx context.Context) error {
			_, _, err := b.Values(ctx, logstore.ValuesQuery{Selection: about, Field: anyAttribute("user")})
			return err
		},
		"keys": func(ctx context.Context) error {
			_, _, err := b.Keys(ctx, logstore.KeysQuery{Selection: about, Place: filter.PlaceLogAttribute})
			return err
		},
		"groups": func(ctx context.Context) error {
			_, err := b.Groups(ctx, logstore.GroupsQuery{Selection: about, By: []filter.Field{anyAttribute("user")}, Limit: 1})
			return err
		},
	}
}

func TestAnalystRefuses(t *testing.T) {
	b, _ := newScripted(t, elasticsearch.OpenSearch, undecidedAnswer)
	ctx, all := t.Context(), everything()
	_, err := b.Histogram(ctx, logstore.HistogramQuery{Selection: all, Interval: time.Microsecond})
	require.ErrorContains(t, err, "milliseconds")
	_, err = b.Groups(ctx, logstore.GroupsQuery{Selection: all})
	require.ErrorContains(t, err, "must be 1 to 5")
	_, _, err = b.Values(ctx, logstore.ValuesQuery{Selection: all, Limit: -1})
	require.ErrorContains(t, err, "negative")
	_, _, err = b.Keys(ctx, logstore.KeysQuery{Selection: all, Place: filter.PlaceBody})
	require.ErrorContains(t, err, "no keys")
	for range 100 {
		all.Filter = filter.Not{Part: filter.And{all.Filter, nil}}
	}
	for name, ask := range questions(b, all) {
		require.ErrorContains(t, ask(ctx), name+": ")
		require.ErrorContains(t, ask(ctx), "nested too deeply")
	}
}

func TestAnalystCanceledOrClosed(t *testing.T) {
	b, _ := newScripted(t, elasticsearch.Elasticsearch, undecidedAnswer)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, ask := range questions(b, everything()) {
		require.ErrorIs(t, ask(canceled), context.Canceled, name)
	}
	require.NoError(t, b.Close())
	for name, ask := range questions(b, everything()) {
		require.ErrorIs(t, ask(t.Context()), logstore.ErrClosed, name)
	}
}

// A cluster that answers only in part is unavailable, whatever it is asked.
func TestAnalystOnPartialAnswers(t *testing.T) {
	b, _ := newScripted(t, elasticsearch.Elasticsearch, func(request *http.Request) (int, string) {
		if strings.HasSuffix(request.URL.Path, "_pit") {
			return http.StatusOK, `{"id":"a"}`
		}
		return http.StatusOK, `{"_shards":{"failed":1},"hits":{"hits":[]},"aggregations":{}}`
	})
	for _, ask := range questions(b, everything()) {
		requireUnavailable(t, ask(t.Context()), true)
	}
}
