package tally_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/filtertest"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/logstoretest"
	"github.com/docketlog/docket/internal/logstore/tally"
	"github.com/docketlog/docket/internal/record"
)

// randomRecords returns records that differ from run to run.
func randomRecords() []record.Record {
	random := rand.New(rand.NewPCG(rand.Uint64(), 1)) //nolint:gosec // no secret
	records := make([]record.Record, 100)
	for i := range records {
		records[i] = filtertest.Record(random)
		records[i].Resource.Attributes().PutInt(record.AttributeProjectID, logstoretest.Project)
	}
	return records
}

// one is a tally whose records can be divided among several.
type one[T any] interface {
	AddRecord(r record.Record) error
	Merge(other T) error
	Reset()
}

// counted counts records in two tallies and returns the first with both in it.
func counted[T one[T]](t *testing.T, records []record.Record, newTally func() (T, error)) T {
	t.Helper()
	first, err := newTally()
	require.NoError(t, err)
	second, err := newTally()
	require.NoError(t, err)
	require.NoError(t, first.AddRecord(records[0]))
	first.Reset()
	for i, r := range records {
		to := first
		if i%3 == 0 {
			to = second
		}
		require.NoError(t, to.AddRecord(r))
	}
	require.NoError(t, first.Merge(second))
	return first
}

func TestAnswersAreTheReferences(t *testing.T) {
	ctx, all := t.Context(), logstore.Selection{ProjectID: logstoretest.Project}
	for range 20 {
		records := randomRecords()
		reference := logstoretest.NewReference(records...)
		for _, field := range []filter.Field{
			{Place: filter.PlaceLevel},
			{Place: filter.PlaceBody},
			{Place: filter.PlaceService},
			{Place: filter.PlaceAttribute, Key: "a"},
			{Place: filter.PlaceLogAttribute, Key: "user.id"},
		} {
			histogram := logstore.HistogramQuery{
				Selection: all, Interval: 300 * time.Millisecond, Offset: -7 * time.Nanosecond, By: &field, WithBodyBytes: true,
			}
			buckets, err := reference.Histogram(ctx, histogram)
			require.NoError(t, err)
			assert.Equal(t, buckets, counted(t, records, func() (*tally.Buckets, error) { return tally.NewBuckets(histogram) }).Answer())

			question := logstore.ValuesQuery{Selection: all, Field: field, Contains: "A", Limit: 5, Offset: 1}
			values, total, err := reference.Values(ctx, question)
			require.NoError(t, err)
			gotValues, gotTotal := counted(t, records, func() (*tally.Values, error) { return tally.NewValues(question) }).Answer()
			assert.ElementsMatch(t, values, gotValues)
			assert.Equal(t, total, gotTotal)

			grouping := logstore.GroupsQuery{Selection: all, By: []filter.Field{field, {Place: filter.PlaceLevel}}, Limit: 9}
			groups, err := reference.Groups(ctx, grouping)
			require.NoError(t, err)
			assert.Equal(t, groups, counted(t, records, func() (*tally.Groups, error) { return tally.NewGroups(grouping) }).Answer())
		}
		for _, place := range []filter.Place{filter.PlaceLogAttribute, filter.PlaceResourceAttribute} {
			question := logstore.KeysQuery{Selection: all, Place: place, Contains: "a", Limit: 5, Offset: 1}
			keys, total, err := reference.Keys(ctx, question)
			require.NoError(t, err)
			gotKeys, gotTotal := counted(t, records, func() (*tally.Keys, error) { return tally.NewKeys(question) }).Answer()
			assert.Equal(t, keys, gotKeys)
			assert.Equal(t, total, gotTotal)
		}
	}
}

// What an engine has counted is added as it is.
func TestAdd(t *testing.T) {
	at := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	buckets, err := tally.NewBuckets(logstore.HistogramQuery{Interval: time.Second})
	require.NoError(t, err)
	require.NoError(t, buckets.Add(at.Add(999*time.Millisecond), "x", 2, 10))
	require.NoError(t, buckets.Add(at, "x", 3, 20))
	require.NoError(t, buckets.Add(time.UnixMilli(-1), "", 1, 1))
	assert.Equal(t, []logstore.Bucket{
		{Start: time.Unix(-1, 0).UTC(), Count: 1, BodyBytes: 1}, {Start: at, Text: "x", Count: 5, BodyBytes: 30},
	}, buckets.Answer())

	values, err := tally.NewValues(logstore.ValuesQuery{Contains: "\u212a", Limit: 9})
	require.NoError(t, err)
	require.NoError(t, values.Add("k", 2))
	require.NoError(t, values.Add("k", 3))
	require.NoError(t, values.Add("other", 1))
	found, total := values.Answer()
	assert.Equal(t, []logstore.ValueCount{{Text: "k", Count: 5}}, found)
	assert.Equal(t, 1, total)

	groups, err := tally.NewGroups(logstore.GroupsQuery{By: make([]filter.Field, 2), Limit: 1})
	require.NoError(t, err)
	texts := []string{"", "a\x00b"}
	require.NoError(t, groups.Add(texts, tally.GroupCount{Count: 2, Errors: 1, First: 5, Last: 7}))
	require.NoError(t, groups.Add(texts, tally.CountOf(3, record.LevelFatal)))
	require.NoError(t, groups.Add([]string{"a", "b"}, tally.CountOf(9, record.LevelInfo)))
	count, ok := groups.Of(texts)
	require.True(t, ok)
	assert.Equal(t, tally.GroupCount{Count: 3, Errors: 2, First: 3, Last: 7}, count)
	_, ok = groups.Of([]string{"a\x00b", ""})
	assert.False(t, ok)
	assert.Equal(t, logstore.Groups{
		Groups:      []logstore.Group{{Texts: texts, Count: 3, Errors: 2, First: record.TimeOf(3), Last: record.TimeOf(7)}},
		TotalGroups: 2, TotalRecords: 4,
	}, groups.Answer())
}

func TestWrongQuestions(t *testing.T) {
	_, err := tally.NewBuckets(logstore.HistogramQuery{Interval: time.Microsecond})
	require.EqualError(t, err, "histogram: the interval 1µs is no whole number of milliseconds")
	_, err = tally.NewBuckets(logstore.HistogramQuery{})
	require.Error(t, err)
	_, err = tally.NewValues(logstore.ValuesQuery{Limit: -1})
	require.EqualError(t, err, "values: limit -1 and offset 0 must not be negative")
	_, err = tally.NewKeys(logstore.KeysQuery{Place: filter.PlaceLogAttribute, Offset: -1})
	require.EqualError(t, err, "keys: limit 0 and offset -1 must not be negative")
	_, err = tally.NewKeys(logstore.KeysQuery{Place: filter.PlaceBody})
	require.EqualError(t, err, "keys: place 0 has no keys of its own")
	_, err = tally.NewGroups(logstore.GroupsQuery{})
	require.EqualError(t, err, "groups: by 0 fields, must be 1 to 5")
	_, err = tally.NewGroups(logstore.GroupsQuery{By: make([]filter.Field, logstore.MaxGroupFields+1)})
	require.Error(t, err)
	_, err = tally.NewGroups(logstore.GroupsQuery{By: make([]filter.Field, 1), Limit: -1})
	require.EqualError(t, err, "groups: limit -1 must not be negative")
}
