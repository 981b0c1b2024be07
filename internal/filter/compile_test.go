package filter_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/filtertest"
	"github.com/docketlog/docket/internal/record"
)

func TestCompileLimits(t *testing.T) {
	deep := filter.Expression(filter.Levels{})
	for range 63 {
		deep = filter.Not{Part: deep}
	}
	_, err := filter.Compile(deep)
	require.NoError(t, err)

	var problem *filter.Error
	_, err = filter.Compile(filter.And{deep})
	require.ErrorAs(t, err, &problem)
	require.EqualError(t, err, "the filter is nested too deeply: use fewer groups in groups")

	_, err = filter.Compile(make(filter.Or, 4095))
	require.NoError(t, err)
	_, err = filter.Compile(make(filter.Or, 4096))
	require.EqualError(t, err, "the filter has too many conditions: ask for less at once")
}

func TestError(t *testing.T) {
	require.EqualError(t, &filter.Error{Path: "filterGroup.values[0].operator", Problem: "is missing: send a string"},
		"filterGroup.values[0].operator: is missing: send a string")
}

func TestParseRegexp(t *testing.T) {
	pattern, err := filter.ParseRegexp(`(?i)^a{2,3}\b`)
	require.NoError(t, err)
	assert.True(t, pattern.MatchString("AAA"))

	_, err = filter.ParseRegexp("a{1001}")
	require.ErrorContains(t, err, "is not one of RE2: error parsing regexp: invalid repeat count")
	_, err = filter.ParseRegexp(strings.Repeat("(a{9}b){99}", 4))
	require.ErrorContains(t, err, "is too complex")
	_, err = filter.ParseRegexp(strings.Repeat("a", 1025))
	require.ErrorContains(t, err, "is longer than 1024 characters")
}

func TestPredicate(t *testing.T) {
	count := 0
	for seed := range uint64(3000) {
		random := rand.New(rand.NewPCG(seed, 7))
		r := filtertest.Record(random)
		leaf := filtertest.Leaf(random, r)
		field, matches, ok := filter.Predicate(leaf)
		if !ok {
			require.Equal(t, filter.Or{}, filter.Normalize(leaf))
			continue
		}
		count++
		text, isThere := field.Text(r)
		require.Equal(t, filter.Matches(leaf, r), isThere && matches(text), "seed %d: %#v in %q", seed, leaf, text)
	}
	assert.Greater(t, count, 2000)

	for _, e := range []filter.Expression{nil, filter.And{}, filter.Or{}, filter.Not{}, filter.Levels{}, filter.Services{""}, filter.BodyContains("")} {
		_, _, ok := filter.Predicate(e)
		assert.False(t, ok, "%#v", e)
	}
}

// FuzzMatcher looks for a random filter and record on which a matcher and the
// definition disagree.
func FuzzMatcher(f *testing.F) {
	f.Add(uint64(1), uint64(2))
	f.Fuzz(func(t *testing.T, seed1, seed2 uint64) {
		random := rand.New(rand.NewPCG(seed1, seed2))
		r := filtertest.Record(random)
		e := filtertest.Expression(random, r)
		matcher, err := filter.Compile(e)
		require.NoError(t, err)
		require.Equal(t, filter.Matches(e, r), matcher.Matches(r), "%#v", e)
	})
}

// typicalRecord is an audit event of a web shop.
func typicalRecord() record.Record {
	r := record.New()
	r.Log.SetTimestamp(pcommon.NewTimestampFromTime(filtertest.Start()))
	r.Log.SetSeverityNumber(plog.SeverityNumberError)
	r.Log.SetTraceID(pcommon.TraceID{1, 2, 3})
	r.Log.Body().SetStr("POST /api/orders/4711/payment of user 42 failed after 812 ms: card declined by issuer (code 05)")
	attributes := r.Log.Attributes()
	for _, key := range []string{"http.request.method", "url.scheme", "client.address", "user_agent.original", "user.full_name", "user.email"} {
		attributes.PutStr(key, "some value of "+key)
	}
	attributes.PutInt("http.response.status_code", 502)
	attributes.PutStr("user.id", "42")
	attributes.PutDouble("duration", 812.25)
	attributes.PutStr("url.path", "/api/orders/4711/payment")
	attributes.PutEmptyMap("order").PutInt("id", 4711)
	attributes.PutStr(record.AttributeID, "018b70a4-64d8-7000-8000-000000000001")
	r.Resource.Attributes().PutInt(record.AttributeProjectID, 1)
	r.Resource.Attributes().PutStr(record.AttributeServiceName, "checkout")
	r.Resource.Attributes().PutStr("k8s.pod.name", "checkout-5d4f")
	return r
}

// typicalFilters match the typical record, so that all of them is looked at.
func typicalFilters(tb testing.TB) map[string]filter.Expression {
	tb.Helper()
	pattern, err := filter.ParseRegexp(`^/api/orders/\d+/payment$`)
	require.NoError(tb, err)
	anywhere := func(key string) filter.Field {
		return filter.Field{Place: filter.PlaceAttribute, Key: key}
	}
	leaves := map[string]filter.Expression{
		"level":         filter.Levels{record.LevelError, record.LevelFatal},
		"service":       filter.Services{"checkout"},
		"body":          filter.BodyContains("CARD declined"),
		"attribute":     filter.Equal{Field: anywhere("url.path"), Values: []string{"/api/orders/4711/payment"}},
		"many values":   filter.Equal{Field: anywhere("user.id"), Values: []string{"1", "2", "3", "4", "5", "42"}},
		"number":        filter.EqualNumber{Field: anywhere("user.id"), Values: []float64{42}},
		"int as text":   filter.Equal{Field: anywhere("http.response.status_code"), Values: []string{"502"}},
		"int order":     filter.Compare{Field: anywhere("http.response.status_code"), Order: filter.GreaterOrEqual, Number: 500},
		"double order":  filter.Compare{Field: anywhere("duration"), Order: filter.Greater, Number: 500},
		"nested":        filter.EqualNumber{Field: anywhere("order.id"), Values: []float64{4711}},
		"missing":       filter.Not{Part: filter.Exists{Field: anywhere("order.name")}},
		"of resource":   filter.Wildcard{Field: anywhere("k8s.pod.name"), Parts: []string{"checkout-", ""}},
		"wildcard":      filter.Wildcard{Field: anywhere("url.path"), Parts: []string{"/API/", "/payment"}},
		"wildcard, mid": filter.Wildcard{Field: anywhere("url.path"), Parts: []string{"", "ORDERS", "1", ""}},
		"regexp":        filter.Regexp{Field: anywhere("url.path"), Pattern: pattern},
		"time":          filter.CompareTime{Field: filter.Field{Place: filter.PlaceTimestamp}, Order: filter.GreaterOrEqual, Time: filtertest.Start()},
		"trace":         filter.Equal{Field: filter.Field{Place: filter.PlaceTraceID}, Values: []string{"01020300000000000000000000000000"}},
		"id":            filter.Equal{Field: filter.Field{Place: filter.PlaceID}, Values: []string{"018b70a4-64d8-7000-8000-000000000001"}},
	}
	leaves["all"] = filter.And{
		leaves["body"], leaves["int order"],
		filter.Or{leaves["missing"], leaves["nested"]},
		leaves["service"], leaves["level"],
		filter.Not{Part: filter.Services{"other"}},
	}
	return leaves
}

func TestMatcherDoesNotAllocate(t *testing.T) {
	r := typicalRecord()
	for name, e := range typicalFilters(t) {
		matcher, err := filter.Compile(e)
		require.NoError(t, err)
		assert.True(t, matcher.Matches(r), name)
		assert.True(t, filter.Matches(e, r), name)
		assert.Zero(t, testing.AllocsPerRun(100, func() { matcher.Matches(r) }), name)
	}
}

func BenchmarkMatcher(b *testing.B) {
	r := typicalRecord()
	for name, e := range typicalFilters(b) {
		b.Run(strings.ReplaceAll(name, " ", "_"), func(b *testing.B) {
			matcher, err := filter.Compile(e)
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				if !matcher.Matches(r) {
					b.Fatal("the filter must match")
				}
			}
		})
	}
}
