package logstoretest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/logstoretest"
	"github.com/docketlog/docket/internal/record"
)

var start = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

// newRecord returns a record so many milliseconds after start.
func newRecord(project int64, after int, id string, severity plog.SeverityNumber, body string) record.Record {
	r := record.New()
	r.Resource.Attributes().PutInt(record.AttributeProjectID, project)
	r.Log.SetTimestamp(pcommon.NewTimestampFromTime(start.Add(time.Duration(after) * time.Millisecond)))
	r.Log.Attributes().PutStr(record.AttributeID, id)
	r.Log.SetSeverityNumber(severity)
	r.Log.Body().SetStr(body)
	return r
}

func newReference() *logstoretest.Reference {
	return logstoretest.NewReference(
		newRecord(1, 1, "b", 9, "one"),
		newRecord(1, 1, "c", 17, "two"),
		newRecord(1, 1, "a", 21, "two"),
		newRecord(1, 999, "d", 9, ""),
		newRecord(1, 1000, "e", 9, "three"),
		newRecord(2, 1, "f", 9, "another's"),
	)
}

func ids(records []record.Record) string {
	all := ""
	for _, r := range records {
		all += r.ID()
	}
	return all
}

func TestSearch(t *testing.T) {
	at := func(after int, id string) *logstore.Place {
		return &logstore.Place{Timestamp: start.Add(time.Duration(after) * time.Millisecond), ID: id}
	}
	for name, tt := range map[string]struct {
		query logstore.Query
		want  string
	}{
		"newest first":        {logstore.Query{Limit: 9}, "edcba"},
		"oldest first":        {logstore.Query{Limit: 9, Order: logstore.OldestFirst}, "abcde"},
		"a page":              {logstore.Query{Limit: 2, Offset: 1}, "dc"},
		"no records":          {logstore.Query{Limit: 0}, ""},
		"beyond the end":      {logstore.Query{Limit: 2, Offset: 5}, ""},
		"after a record":      {logstore.Query{Limit: 9, After: at(1, "c")}, "ba"},
		"after, oldest first": {logstore.Query{Limit: 9, After: at(1, "b"), Order: logstore.OldestFirst}, "cde"},
		"after no record":     {logstore.Query{Limit: 9, After: at(1, "bb")}, "ba"},
		"after, with offset":  {logstore.Query{Limit: 9, Offset: 1, After: at(999, "d")}, "ba"},
		"bounds are inclusive": {
			logstore.Query{Limit: 9, From: start.Add(999 * time.Millisecond), To: start.Add(time.Second)}, "ed",
		},
		"a filter": {logstore.Query{Limit: 9, Filter: filter.BodyContains("TWO")}, "ca"},
	} {
		t.Run(name, func(t *testing.T) {
			tt.query.ProjectID = 1
			found, err := newReference().Search(t.Context(), tt.query)
			require.NoError(t, err)
			assert.Equal(t, tt.want, ids(found))
		})
	}
	_, err := newReference().Search(t.Context(), logstore.Query{Limit: -1})
	require.Error(t, err)
	count, err := newReference().Count(t.Context(), logstore.Query{ProjectID: 1, Limit: 1, Offset: 3})
	require.NoError(t, err)
	assert.Equal(t, int64(5), count)
}

func TestApply(t *testing.T) {
	reference := newReference()
	again := newRecord(1, 1, "b", 9, "again")
	require.NoError(t, reference.Apply(t.Context(), []record.Record{again, newRecord(1, 2, "b", 9, "another time")}, true))
	found, err := reference.Search(t.Context(), logstore.Query{ProjectID: 1, Limit: 9, Filter: filter.BodyContains("a")})
	require.NoError(t, err)
	require.Len(t, found, 1)
	assert.Equal(t, "another time", found[0].Log.Body().Str())
}

func TestAnalyst(t *testing.T) {
	ctx, reference := t.Context(), newReference()
	all := logstore.Selection{ProjectID: 1}

	buckets, err := reference.Histogram(ctx, logstore.HistogramQuery{Selection: all, Interval: time.Second, WithBodyBytes: true})
	require.NoError(t, err)
	assert.Equal(t, []logstore.Bucket{{Start: start, Count: 4, BodyBytes: 9}, {Start: start.Add(time.Second), Count: 1, BodyBytes: 5}}, buckets)

	level := filter.Field{Place: filter.PlaceLevel}
	buckets, err = reference.Histogram(ctx, logstore.HistogramQuery{
		WithBodyBytes: true,
		Selection:     all, Interval: time.Second, Offset: -time.Millisecond, By: &level,
	})
	require.NoError(t, err)
	early := start.Add(-time.Millisecond)
	assert.Equal(t, []logstore.Bucket{
		{Start: early, Text: "error", Count: 1, BodyBytes: 3},
		{Start: early, Text: "fatal", Count: 1, BodyBytes: 3},
		{Start: early, Text: "info", Count: 1, BodyBytes: 3},
		{Start: early.Add(time.Second), Text: "info", Count: 2, BodyBytes: 5},
	}, buckets)

	values, total, err := reference.Values(ctx, logstore.ValuesQuery{Selection: all, Field: filter.Field{Place: filter.PlaceBody}, Contains: "T", Limit: 9})
	require.NoError(t, err)
	assert.Equal(t, []logstore.ValueCount{{Text: "two", Count: 2}, {Text: "three", Count: 1}}, values)
	assert.Equal(t, 2, total)

	groups, err := reference.Groups(ctx, logstore.GroupsQuery{Selection: all, By: []filter.Field{{Place: filter.PlaceBody}, level}, Limit: 2})
	require.NoError(t, err)
	assert.Equal(t, 5, groups.TotalGroups)
	assert.Equal(t, int64(5), groups.TotalRecords)
	assert.Equal(t, []logstore.Group{
		{Texts: []string{"", "info"}, Count: 1, First: start.Add(999 * time.Millisecond), Last: start.Add(999 * time.Millisecond)},
		{Texts: []string{"one", "info"}, Count: 1, First: start.Add(time.Millisecond), Last: start.Add(time.Millisecond)},
	}, groups.Groups)
	groups, err = reference.Groups(ctx, logstore.GroupsQuery{Selection: all, By: []filter.Field{{Place: filter.PlaceService}}, Limit: 2})
	require.NoError(t, err)
	assert.Equal(t, []logstore.Group{{
		Texts: []string{""}, Count: 5, Errors: 2, First: start.Add(time.Millisecond), Last: start.Add(time.Second),
	}}, groups.Groups)
}

func TestKeys(t *testing.T) {
	r := newRecord(1, 0, "a", 9, "")
	user := r.Log.Attributes().PutEmptyMap("user")
	user.PutStr("id", "")
	user.PutEmptyMap("empty")
	user.PutEmptyMap("address").PutStr("City", "Ghent")
	r.Log.Attributes().PutStr("user.id", "the same path")
	r.Log.Attributes().PutEmptySlice("list").AppendEmpty().SetEmptyMap().PutStr("inside", "")
	reference := logstoretest.NewReference(r, newRecord(1, 1, "b", 9, ""))

	keys, total, err := reference.Keys(t.Context(), logstore.KeysQuery{
		Selection: logstore.Selection{ProjectID: 1}, Place: filter.PlaceLogAttribute, Limit: 3, Offset: 1,
	})
	require.NoError(t, err)
	assert.Equal(t, []logstore.KeyCount{{Key: "list", Count: 1}, {Key: "user.address.City", Count: 1}, {Key: "user.id", Count: 1}}, keys)
	assert.Equal(t, 4, total)
	keys, total, err = reference.Keys(t.Context(), logstore.KeysQuery{
		Selection: logstore.Selection{ProjectID: 1}, Place: filter.PlaceResourceAttribute, Contains: "PROJECT", Limit: 3,
	})
	require.NoError(t, err)
	assert.Equal(t, []logstore.KeyCount{{Key: "docket.project.id", Count: 2}}, keys)
	assert.Equal(t, 1, total)
}

// What is refused must be refused by every backend, or callers could come to rely on it.
func TestRefusals(t *testing.T) {
	ctx, reference := t.Context(), newReference()
	_, err := reference.Histogram(ctx, logstore.HistogramQuery{Interval: time.Microsecond})
	require.Error(t, err)
	_, err = reference.Groups(ctx, logstore.GroupsQuery{})
	require.Error(t, err)
	_, err = reference.Groups(ctx, logstore.GroupsQuery{By: make([]filter.Field, logstore.MaxGroupFields+1)})
	require.Error(t, err)
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	_, err = reference.Count(canceled, logstore.Query{ProjectID: 1})
	require.ErrorIs(t, err, context.Canceled)
}

func ExampleReference() {
	reference := logstoretest.NewReference(newRecord(1, 0, "a", 9, "started"))
	count, err := reference.Count(context.Background(), logstore.Query{ProjectID: 1, Filter: filter.BodyContains("start")})
	fmt.Println(count, err)
	// Output: 1 <nil>
}
