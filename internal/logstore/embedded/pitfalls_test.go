package embedded_test

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/embedded"
	"github.com/docketlog/docket/internal/logstore/logstoretest"
	"github.com/docketlog/docket/internal/record"
)

// awkwardRecords are records of which the columns of their rows do not tell all, each
// in another way.
func awkwardRecords() []record.Record {
	var all []record.Record
	add := func(set func(r record.Record)) {
		r := newRecord(project, pcommon.NewTimestampFromTime(day.Add(time.Duration(len(all))*time.Millisecond)), "")
		set(r)
		all = append(all, r)
	}
	attributes := func(set func(log pcommon.Map)) {
		add(func(r record.Record) { set(r.Log.Attributes()) })
		add(func(r record.Record) { set(r.Resource.Attributes()) })
	}
	inMap := func(set func(m pcommon.Map)) func(pcommon.Map) {
		return func(m pcommon.Map) { set(m.PutEmptyMap("a")) }
	}
	add(func(record.Record) {})
	attributes(func(m pcommon.Map) { m.PutStr("a.b", "x") })
	attributes(func(m pcommon.Map) { m.PutStr("a.b", "") })
	attributes(func(m pcommon.Map) { m.PutEmpty("a") })
	attributes(inMap(func(m pcommon.Map) { m.PutStr("b", "x") }))
	attributes(inMap(func(m pcommon.Map) { m.PutStr("b", "") }))
	attributes(inMap(func(m pcommon.Map) { m.PutEmptyMap("b").PutStr("c", "x") }))
	attributes(inMap(func(pcommon.Map) {}))
	// What comes first counts.
	attributes(inMap(func(m pcommon.Map) { m.PutEmptyMap("b.c"); m.PutEmptyMap("b").PutStr("c", "x") }))
	attributes(inMap(func(m pcommon.Map) { m.PutStr("b.c", ""); m.PutEmptyMap("b").PutStr("c", "x") }))
	attributes(inMap(func(m pcommon.Map) { m.PutStr("b.c", "x"); m.PutEmptyMap("b").PutStr("c", "y") }))
	attributes(func(m pcommon.Map) { m.PutEmptyMap("a").PutStr("b", "x"); m.PutEmptyMap("a.b").PutStr("c", "y") })
	// A leaf has the path of a column that says something else.
	add(func(r record.Record) { r.Resource.Attributes().PutEmptyMap("service").PutStr("name", "x") })
	add(func(r record.Record) { r.Log.Attributes().PutEmptyMap("log").PutEmptyMap("record").PutStr("uid", "x") })
	add(func(r record.Record) {
		r.Log.Attributes().PutEmptyMap("docket").PutEmptyMap("record").PutStr("hash", "x")
	})
	add(func(r record.Record) { r.Log.Attributes().PutInt(record.AttributeHash, 5) })
	add(func(r record.Record) { r.Log.Attributes().PutStr(record.AttributeHash, "x") })
	add(func(r record.Record) { r.Resource.Attributes().PutInt(record.AttributeServiceName, 5) })
	// The same key in both places.
	add(func(r record.Record) {
		r.Log.Attributes().PutStr("a.b", "")
		r.Resource.Attributes().PutStr("a.b", "x")
	})
	add(func(r record.Record) {
		r.Log.Attributes().PutEmptyMap("a").PutEmptyMap("b")
		r.Resource.Attributes().PutStr("a.b", "x")
	})
	// No column, or no place for one.
	attributes(func(m pcommon.Map) { m.PutStr("a*", "x"); m.PutStr("a.b", "x") })
	attributes(inMap(func(m pcommon.Map) { m.PutEmptyMap("b*").PutStr("c", "x") }))
	attributes(func(m pcommon.Map) { m.PutStr(strings.Repeat("k", 200), "x") })
	attributes(func(m pcommon.Map) {
		inner := m.PutEmptyMap("a")
		for i := range 300 { // that columnPaths becomes too long
			inner.PutStr(fmt.Sprintf("%0120d", i), "")
		}
		inner.PutStr("b", "x")
	})
	// Not told by columns at all.
	attributes(func(m pcommon.Map) { m.PutDouble("a.b", math.NaN()) })
	attributes(func(m pcommon.Map) { m.PutStr("a.b", "\xff"); m.PutStr("a.\xff", "x") })
	add(func(r record.Record) { r.Log.Body().SetEmptyMap() })
	add(func(r record.Record) { r.Log.Body().SetDouble(math.NaN()) })
	// Times that the engine does not take.
	for _, timestamp := range []pcommon.Timestamp{0, 1, 7_258_118_400_000_000_000, 7_258_118_400_000_000_001, math.MaxInt64 + 1, math.MaxUint64} {
		add(func(r record.Record) {
			r.Log.SetTimestamp(timestamp)
			r.Log.SetSeverityNumber(plog.SeverityNumberError)
		})
		add(func(r record.Record) { r.Log.SetTimestamp(timestamp); r.Log.SetObservedTimestamp(timestamp) })
	}
	return all
}

// awkwardLeaves are leaves about the fields in which awkwardRecords are awkward.
func awkwardLeaves() []filter.Expression {
	var all []filter.Expression
	keys := []string{"a", "a.b", "a.b.c", "a*", "a.b*", strings.Repeat("k", 200), "service.name", record.AttributeID, record.AttributeHash}
	var fields []filter.Field
	for _, key := range keys {
		for place := filter.PlaceLogAttribute; place <= filter.PlaceAttribute; place++ {
			fields = append(fields, filter.Field{Place: place, Key: key})
		}
	}
	for place := range filter.PlaceLogAttribute {
		fields = append(fields, filter.Field{Place: place})
	}
	late := time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, field := range fields {
		several := []filter.Expression{
			filter.Exists{Field: field},
			filter.Equal{Field: field, Values: []string{"x"}},
			filter.Equal{Field: field, Values: []string{""}},
			filter.Equal{Field: field, Values: []string{"{}", `{"c":"x"}`, "5", "NaN", "\ufffd"}},
			filter.EqualNumber{Field: field, Values: []float64{5}},
			filter.Contains{Field: field, Parts: []string{"X"}},
			filter.Contains{Field: field, Parts: []string{""}},
			filter.Wildcard{Field: field, Parts: []string{"", "c", "}"}},
			filter.Regexp{Field: field, Pattern: regexp.MustCompile(`^$|^x+$|^{`)},
			filter.Compare{Field: field, Order: filter.Greater, Number: 4},
			filter.CompareTime{Field: field, Order: filter.Less, Time: late},
		}
		if field.IsAttribute() && i%3 != 0 { // each takes milliseconds
			several = several[:6]
		}
		all = append(all, several...)
	}
	return all
}

func TestAwkwardRecords(t *testing.T) {
	records := awkwardRecords()
	backend := open(t, t.TempDir())
	store(t, backend, records...)
	reference := logstoretest.NewReference(records...)
	leaves := awkwardLeaves()
	matched := 0
	for i, leaf := range leaves {
		matched += requireSameAnswer(t, backend, reference, leaf, i%4 == 0)
		switch {
		case i%3 > 0 && !isLong():
		case i%2 == 0:
			other := filter.Not{Part: leaves[i*7%len(leaves)]}
			requireSameAnswer(t, backend, reference, filter.And{other, filter.Or{leaf, filter.Not{Part: leaf}}}, false)
		default:
			requireSameAnswer(t, backend, reference, filter.Not{Part: leaf}, false)
		}
	}
	assert.Greater(t, matched, len(leaves)*2)
	requireSameAnalysis(t, backend, reference, 1)
}

// Of large records, rows tell nothing.
func TestAwkwardLargeRecords(t *testing.T) {
	records := awkwardRecords()[:20]
	for _, set := range []func(r record.Record){
		func(r record.Record) { r.Log.Attributes().PutStr("a.b", strings.Repeat("x", 3<<20)) },
		func(r record.Record) { r.Log.Body().SetStr(strings.Repeat("X y ", 1<<19)) },
	} {
		r := newRecord(project, math.MaxUint64, "")
		r.Log.Attributes().PutStr(record.AttributeHash, "x")
		set(r)
		records = append(records, r)
	}
	backend := open(t, t.TempDir())
	store(t, backend, records...)
	reference := logstoretest.NewReference(records...)
	leaves := awkwardLeaves()
	for i := 0; i < len(leaves); i += 47 {
		requireSameAnswer(t, backend, reference, leaves[i], i%2 == 0)
		requireSameAnswer(t, backend, reference, filter.Not{Part: leaves[i]}, false)
	}
	requireSameAnalysis(t, backend, reference, 17)
}

// requireSameAnswer returns how many records an expression matches.
func requireSameAnswer(
	t *testing.T, backend *embedded.Backend, reference *logstoretest.Reference, expression filter.Expression, isSearched bool,
) (matched int) {
	t.Helper()
	query := logstore.Query{ProjectID: project, Filter: expression, Limit: 1000}
	want, err := reference.Search(t.Context(), query)
	require.NoError(t, err)
	if isSearched {
		require.Equal(t, idsOf(want), idsOf(search(t, backend, query)), "%#v", expression)
	}
	require.Equal(t, int64(len(want)), count(t, backend, query), "%#v", expression)
	return len(want)
}

// requireSameAnalysis asks about every so many of the fields of awkwardLeaves.
func requireSameAnalysis(t *testing.T, backend *embedded.Backend, reference *logstoretest.Reference, every int) {
	t.Helper()
	ctx, all := t.Context(), logstore.Selection{ProjectID: project}
	asked := map[filter.Field]bool{}
	for _, leaf := range awkwardLeaves() {
		exists, isExists := leaf.(filter.Exists)
		if !isExists || asked[exists.Field] {
			continue
		}
		field := exists.Field
		asked[field] = true
		if len(asked)%every != 0 {
			continue
		}
		for _, contains := range []string{"", "x"} {
			query := logstore.ValuesQuery{Selection: all, Field: field, Limit: 1000, Contains: contains}
			want, wantTotal, err := reference.Values(ctx, query)
			require.NoError(t, err)
			got, total, err := backend.Values(ctx, query)
			require.NoError(t, err)
			require.Equal(t, wantTotal, total, "%#v", query)
			require.True(t, assert.ObjectsAreEqual(append([]logstore.ValueCount{}, want...), append([]logstore.ValueCount{}, got...)), "%#v", query)
		}
		grouped := logstore.GroupsQuery{Selection: all, By: []filter.Field{field, {Place: filter.PlaceLevel}}, Limit: 1000}
		wantGroups, err := reference.Groups(ctx, grouped)
		require.NoError(t, err)
		groups, err := backend.Groups(ctx, grouped)
		require.NoError(t, err)
		require.True(t, assert.ObjectsAreEqual(wantGroups, groups), "%#v", grouped)
		for _, by := range []*filter.Field{nil, &field} {
			query := logstore.HistogramQuery{Selection: all, Interval: time.Hour, By: by}
			want, err := reference.Histogram(ctx, query)
			require.NoError(t, err)
			got, err := backend.Histogram(ctx, query)
			require.NoError(t, err)
			require.True(t, assert.ObjectsAreEqual(want, got), "%#v by %#v", query, by)
		}
	}
	for _, place := range []filter.Place{filter.PlaceLogAttribute, filter.PlaceResourceAttribute} {
		query := logstore.KeysQuery{Selection: all, Place: place, Limit: 10_000}
		want, wantTotal, err := reference.Keys(ctx, query)
		require.NoError(t, err)
		got, total, err := backend.Keys(ctx, query)
		require.NoError(t, err)
		require.Equal(t, wantTotal, total)
		require.Equal(t, want, got)
	}
}

// The columns by which services, ids and hashes are found are there whatever the
// limits of other columns.
func TestOwnColumnsBeyondTheLimit(t *testing.T) {
	backend := open(t, t.TempDir())
	crowd := newRecord(project, pcommon.NewTimestampFromTime(day), "x")
	for i := range 1000 {
		crowd.Log.Attributes().PutInt(fmt.Sprint("key ", i), 1)
	}
	store(t, backend, crowd)
	late := newRecord(project, pcommon.NewTimestampFromTime(day), "x")
	late.Resource.Attributes().PutStr(record.AttributeServiceName, "late")
	late.Log.Attributes().PutStr(record.AttributeHash, "00ff")
	store(t, backend, late)
	hash := filter.Equal{Field: filter.Field{Place: filter.PlaceHash}, Values: []string{"00ff"}}
	assert.Equal(t, []string{late.ID()}, idsOf(search(t, backend, logstore.Query{Filter: filter.Services{"late"}})))
	assert.Equal(t, []string{late.ID()}, idsOf(search(t, backend, logstore.Query{Filter: hash})))
}

func TestAfter(t *testing.T) {
	var records []record.Record
	for _, timestamp := range []uint64{0, 0, 1, uint64(day.UnixNano()), uint64(day.UnixNano()) + 1, 7_258_118_400_000_000_000, 1 << 63, 1 << 63, math.MaxUint64} {
		for range 3 {
			records = append(records, newRecord(project, pcommon.Timestamp(timestamp), "x"))
		}
	}
	backend := open(t, t.TempDir())
	store(t, backend, records...)
	reference := logstoretest.NewReference(records...)
	places := []logstore.Place{{}, {Timestamp: time.Unix(0, -1), ID: "z"}, {Timestamp: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}, {Timestamp: day.Add(time.Hour)}}
	for _, r := range records {
		at, _ := filter.Field{Place: filter.PlaceTimestamp}.Time(r)
		places = append(places, logstore.Place{Timestamp: at, ID: r.ID()}, logstore.Place{Timestamp: at}, logstore.Place{Timestamp: at, ID: "z"})
	}
	for _, place := range places {
		for _, order := range []logstore.Order{logstore.NewestFirst, logstore.OldestFirst} {
			query := logstore.Query{ProjectID: project, Order: order, Limit: 5, Offset: 1, After: &place}
			want, err := reference.Search(t.Context(), query)
			require.NoError(t, err)
			require.Equal(t, idsOf(want), idsOf(search(t, backend, query)), "%v after %v", order, place)
			wantCount, err := reference.Count(t.Context(), query)
			require.NoError(t, err)
			require.Equal(t, wantCount, count(t, backend, query), "%v after %v", order, place)
		}
	}
}

// The engine stores columns of texts that look like numbers, addresses or times in
// another form, in which it finds and adds up other texts than are asked for.
func TestColumnsThatLookLikeSomethingElseAreFound(t *testing.T) {
	var records []record.Record
	for i := range 300 {
		r := newRecord(project, pcommon.NewTimestampFromTime(day.Add(time.Duration(i)*time.Millisecond)), fmt.Sprint(i*10))
		attributes := r.Log.Attributes()
		attributes.PutInt("uint", int64(i*7))
		attributes.PutInt("negative", int64(-i-2))
		attributes.PutDouble("double", float64(i)-99.5)
		attributes.PutStr("address", fmt.Sprintf("10.0.0.%d", i%250))
		attributes.PutStr("time", day.Add(time.Duration(i)*time.Second).Format("2006-01-02T15:04:05.000Z"))
		attributes.PutStr("mixed", []string{"0", "-0", "00", "1_0", "10", "_", "-", "1.0", "1"}[i%9])
		records = append(records, r)
	}
	backend := open(t, t.TempDir())
	store(t, backend, records...)
	reference := logstoretest.NewReference(records...)
	texts := []string{
		"0", "-0", "00", "1_0", "10", "_", "-", "5", "-5", "+5", "007", "7.0", ".5", "-0.5", "0.50", "5e-1", "10.0.0.7", "010.0.0.7", "0.7", "10.0",
		"2026-11-21T12:00:07.000Z", "2026-11-21T12:00:67.000Z", "12:00", ".000Z", "99999999999", "-99999999999", ":", "t",
	}
	matched := 0
	for _, key := range []string{"", "uint", "negative", "double", "address", "time", "mixed"} {
		field := filter.Field{Place: filter.PlaceLogAttribute, Key: key}
		if key == "" {
			field.Place = filter.PlaceBody
		}
		for _, text := range texts {
			matched += requireSameAnswer(t, backend, reference, filter.Equal{Field: field, Values: []string{text}}, false)
			matched += requireSameAnswer(t, backend, reference, filter.Contains{Field: field, Parts: []string{text}}, false)
			requireSameAnswer(t, backend, reference, filter.Wildcard{Field: field, Parts: []string{"", text, ""}}, false)
			requireSameAnswer(t, backend, reference, filter.Not{Part: filter.Equal{Field: field, Values: []string{text, "x"}}}, false)
		}
		for _, contains := range []string{"", "0"} {
			query := logstore.ValuesQuery{Selection: logstore.Selection{ProjectID: project}, Field: field, Limit: 1000, Contains: contains}
			want, _, err := reference.Values(t.Context(), query)
			require.NoError(t, err)
			got, _, err := backend.Values(t.Context(), query)
			require.NoError(t, err)
			require.Equal(t, want, got, key)
		}
	}
	assert.Greater(t, matched, 5000)
}
