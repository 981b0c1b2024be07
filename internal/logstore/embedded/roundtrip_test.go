package embedded_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// marshal returns all of a record, also what its canonical bytes leave out: the
// order of attributes, the difference between 0 and -0 and so on.
func marshal(tb testing.TB, r record.Record) string {
	tb.Helper()
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	r.Resource.CopyTo(resource.Resource())
	scope := resource.ScopeLogs().AppendEmpty()
	r.Scope.CopyTo(scope.Scope())
	r.Log.CopyTo(scope.LogRecords().AppendEmpty())
	data, err := (&plog.ProtoMarshaler{}).MarshalLogs(logs)
	require.NoError(tb, err)
	return string(data)
}

// requireSame asserts that exactly the same records were found.
func requireSame(tb testing.TB, want, got []record.Record) {
	tb.Helper()
	byID := map[string]record.Record{}
	for _, r := range got {
		byID[r.ID()] = r
	}
	if len(got) != len(want) { // require.Len would print them
		require.FailNow(tb, "wrong number of records", "%d instead of %d", len(got), len(want))
	}
	for _, w := range want {
		g, ok := byID[w.ID()]
		require.True(tb, ok, "record %s is missing", w.ID())
		if marshal(tb, w) != marshal(tb, g) {
			require.Equal(tb, string(record.AppendCanonical(nil, w)), string(record.AppendCanonical(nil, g)))
			require.Equal(tb, w, g, "the records differ in what canonical bytes leave out")
		}
	}
}

func TestRecordsComeBackExactly(t *testing.T) {
	backend := open(t, t.TempDir())
	random := randomSource(t)
	var all []record.Record
	for range 1500 {
		all = append(all, randomRecord(random, project))
	}
	for i, timestamp := range []pcommon.Timestamp{0, 1, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64} {
		all[i].Log.SetTimestamp(timestamp)
	}
	store(t, backend, all...)
	requireSame(t, all, search(t, backend, logstore.Query{}))

	exact, err := backend.CountExact(t.Context(), project)
	require.NoError(t, err)
	assert.Greater(t, exact, int64(150), "too few of the records need their exact form for this to be a test of it")
	assert.Less(t, exact, int64(1000), "too few of the records are told by columns for this to be a test of them")
}

// The engine encodes columns whose values all look like numbers, addresses or
// times as such.
func TestColumnsOfTextsThatLookLikeSomethingElse(t *testing.T) {
	columns := map[string][]string{
		"integers":  {"1", "2", "300", "70000", "5000000000", "18446744073709551615", "007", "+1", "-0", "-5", "9", "10"},
		"doubles":   {"0.1", "1.10", "1e3", "1E3", "-0", "-0.0", ".5", "5.", "1e400", "0.30000000000000004", "9007199254740993", "1.0"},
		"addresses": {"1.2.3.4", "001.2.3.4", "255.255.255.255", "256.1.1.1", "0.0.0.0", "1.2.3", "1.2.3.4.5", "1.2.3.4 ", "9.9.9.9", "8.8.8.8"},
		"times": {
			"2024-01-01T00:00:00.000Z", "2024-01-01T00:00:00.001Z", "2024-02-30T00:00:00.000Z", "1600-01-01T00:00:00.000Z",
			"2024-01-01T24:00:00.000Z", "2024-01-01T00:00:60.000Z", "2024-13-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "0000-01-01T00:00:00.000Z",
		},
	}
	for name, texts := range columns {
		// The first texts alone make the column special; each of the others must
		// then survive beside them or alone.
		for size := 1; size <= len(texts); size++ {
			t.Run(fmt.Sprintf("%s/%d", name, size), func(t *testing.T) {
				backend := open(t, t.TempDir())
				var all []record.Record
				for i, text := range texts[len(texts)-size:] {
					for range 10 {
						r := newRecord(project, pcommon.Timestamp(i), text)
						r.Log.Attributes().PutStr("text", text)
						r.Resource.Attributes().PutStr(record.AttributeServiceName, text)
						all = append(all, r)
					}
				}
				store(t, backend, all...)
				requireSame(t, all, search(t, backend, logstore.Query{}))
			})
		}
	}
}

func TestSealedRecordStillVerifies(t *testing.T) {
	backend := open(t, t.TempDir())
	random := randomSource(t)
	var all []record.Record
	for range 200 {
		r := randomRecord(random, project)
		r.Log.Attributes().Remove(record.AttributeHash)
		record.Seal(r, day)
		require.True(t, record.Verify(r))
		all = append(all, r)
	}
	store(t, backend, all...)
	found := search(t, backend, logstore.Query{})
	require.Len(t, found, len(all))
	for _, r := range found {
		assert.True(t, record.Verify(r))
	}
}

func TestKeysThatAreThereTwice(t *testing.T) {
	twice := func(set func(pcommon.Map)) record.Record {
		r := newRecord(project, 5, "x")
		attributes := r.Log.Attributes()
		attributes.PutStr("key1", "one")
		set(attributes)
		data := strings.ReplaceAll(marshal(t, r), "key2", "key1")
		logs, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs([]byte(data))
		require.NoError(t, err)
		for r := range record.All(logs) {
			return r
		}
		panic("unreachable")
	}
	all := []record.Record{
		twice(func(m pcommon.Map) { m.PutStr("key2", "two") }),
		twice(func(m pcommon.Map) {
			for i := range 30 {
				m.PutInt(fmt.Sprint(i), 1)
			}
			m.PutStr("key2", "two")
		}),
		twice(func(m pcommon.Map) {
			nested := m.PutEmptyMap("map")
			nested.PutStr("key1", "one")
			nested.PutStr("key2", "two")
		}),
	}
	backend := open(t, t.TempDir())
	store(t, backend, all...)
	requireSame(t, all, search(t, backend, logstore.Query{}))
}

// The engine drops rows of a block that together have more than 2,000 columns,
// also when it merges blocks.
func TestMoreKeysThanTheEngineTakes(t *testing.T) {
	directory := t.TempDir()
	backend := open(t, directory)
	var all []record.Record
	for batch := range 6 {
		var records []record.Record
		for i := range 50 {
			r := newRecord(project, pcommon.NewTimestampFromTime(day), "x")
			count := 60
			if i == 7 {
				count = 3000 // more than a row can have
			}
			for key := range count {
				r.Log.Attributes().PutInt(fmt.Sprintf("%d.%d.%d", batch, i, key), int64(key))
			}
			metadata := r.Log.Attributes().PutEmptyMap("metadata")
			for key := range 40 {
				metadata.PutStr(fmt.Sprintf("%d.%d.%d", batch, i, key), "x")
			}
			records = append(records, r)
		}
		store(t, backend, records...)
		all = append(all, records...)
		if batch%2 == 1 { // what has columns must be known after a restart
			require.NoError(t, backend.Close())
			backend = open(t, directory)
		}
	}
	requireSame(t, all, search(t, backend, logstore.Query{}))
	backend.ForceMerge()
	requireSame(t, all, search(t, backend, logstore.Query{}))
}

func TestLargeRecords(t *testing.T) {
	backend := open(t, t.TempDir())
	text := func(size int) string { return strings.Repeat("0123456789 \x01\"ä", size/15) }
	var all []record.Record
	for _, size := range []int{1 << 20, 2<<20 - 65<<10, 3 << 20} {
		body := newRecord(project, pcommon.NewTimestampFromTime(day), text(size))
		attribute := newRecord(project, pcommon.NewTimestampFromTime(day), "x")
		attribute.Log.Attributes().PutStr("large", text(size))
		nested := newRecord(project, math.MaxUint64, "x")
		nested.Log.Attributes().PutEmptyMap("context").PutEmptyMap("user").PutStr("large", text(size))
		many := newRecord(project, pcommon.NewTimestampFromTime(day), "x")
		inMany := many.Log.Attributes().PutEmptyMap("context")
		for i := range size / 200 {
			inMany.PutStr(fmt.Sprint(i), text(180))
		}
		all = append(all, body, attribute, nested, many)
	}
	store(t, backend, all...)
	requireSame(t, all, search(t, backend, logstore.Query{}))
	backend.ForceMerge()
	requireSame(t, all, search(t, backend, logstore.Query{}))
}
