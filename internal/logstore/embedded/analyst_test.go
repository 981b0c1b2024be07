package embedded_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/embedded"
	"github.com/docketlog/docket/internal/record"
)

func TestAnalystRefuses(t *testing.T) {
	backend := open(t, t.TempDir())
	ctx, all := t.Context(), logstore.Selection{ProjectID: project}
	_, err := backend.Histogram(ctx, logstore.HistogramQuery{Selection: all, Interval: time.Microsecond})
	require.ErrorContains(t, err, "milliseconds")
	_, err = backend.Groups(ctx, logstore.GroupsQuery{Selection: all})
	require.ErrorContains(t, err, "must be 1 to 5")
	_, err = backend.Groups(ctx, logstore.GroupsQuery{Selection: all, By: make([]filter.Field, 1), Limit: -1})
	require.ErrorContains(t, err, "negative")
	_, _, err = backend.Values(ctx, logstore.ValuesQuery{Selection: all, Limit: -1})
	require.ErrorContains(t, err, "negative")
	_, _, err = backend.Keys(ctx, logstore.KeysQuery{Selection: all, Place: filter.PlaceLogAttribute, Offset: -1})
	require.ErrorContains(t, err, "negative")
	_, _, err = backend.Keys(ctx, logstore.KeysQuery{Selection: all, Place: filter.PlaceBody})
	require.ErrorContains(t, err, "no keys")
	var tooDeep filter.Expression
	for range 100 {
		tooDeep = filter.Not{Part: filter.And{tooDeep, nil}}
	}
	_, err = backend.Count(ctx, logstore.Query{ProjectID: project, Filter: tooDeep})
	require.ErrorContains(t, err, "nested too deeply")
}

// The engine adds up rows by the columns that decide about them. Those that columns
// leave undecided, here since a map in a map has none, are read as records all the same.
func TestHistogramOfUndecidedRows(t *testing.T) {
	r := newRecord(project, pcommon.NewTimestampFromTime(day), "x")
	r.Resource.Attributes().PutStr(record.AttributeServiceName, "api")
	r.Log.Attributes().PutEmptyMap("a").PutEmptyMap("b").PutStr("c", "x")
	backend := open(t, t.TempDir())
	store(t, backend, r)
	selected := logstore.Selection{ProjectID: project, Filter: filter.Wildcard{
		Field: filter.Field{Place: filter.PlaceLogAttribute, Key: "a.b"}, Parts: []string{"", "c", "}"},
	}}
	for text, by := range map[string]*filter.Field{
		"": nil, "unspecified": {Place: filter.PlaceLevel}, "api": {Place: filter.PlaceService},
	} {
		buckets, err := backend.Histogram(t.Context(), logstore.HistogramQuery{
			Selection: selected, Interval: time.Hour, By: by, WithBodyBytes: true,
		})
		require.NoError(t, err)
		assert.Equal(t, []logstore.Bucket{{Start: day.Truncate(time.Hour), Text: text, Count: 1, BodyBytes: 1}}, buckets)
	}
}

// Each method of an analyst.
func questions(backend *embedded.Backend) map[string]func(ctx context.Context) error {
	all, user := logstore.Selection{ProjectID: project}, filter.Field{Place: filter.PlaceAttribute, Key: "user"}
	return map[string]func(ctx context.Context) error{
		"histogram": func(ctx context.Context) error {
			_, err := backend.Histogram(ctx, logstore.HistogramQuery{Selection: all, Interval: time.Hour})
			return err
		},
		"values": func(ctx context.Context) error {
			_, _, err := backend.Values(ctx, logstore.ValuesQuery{Selection: all, Field: user})
			return err
		},
		"keys": func(ctx context.Context) error {
			_, _, err := backend.Keys(ctx, logstore.KeysQuery{Selection: all, Place: filter.PlaceLogAttribute})
			return err
		},
		"groups": func(ctx context.Context) error {
			_, err := backend.Groups(ctx, logstore.GroupsQuery{Selection: all, By: []filter.Field{user}})
			return err
		},
	}
}

func TestAnalystCanceledOrClosed(t *testing.T) {
	backend := open(t, t.TempDir())
	store(t, backend, newRecord(project, pcommon.NewTimestampFromTime(day), "x"))
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, ask := range questions(backend) {
		require.NoError(t, ask(t.Context()), name)
		require.ErrorIs(t, ask(canceled), context.Canceled, name)
	}
	require.NoError(t, backend.Close())
	for name, ask := range questions(backend) {
		require.ErrorIs(t, ask(t.Context()), logstore.ErrClosed, name)
	}
}

func TestTooManyValues(t *testing.T) {
	backend := open(t, t.TempDir())
	var records []record.Record
	for i := range 65 { // texts of 64 MiB together are too much, whatever their number
		r := newRecord(project, pcommon.NewTimestampFromTime(day), "x")
		r.Log.Attributes().PutStr("user", strings.Repeat(fmt.Sprintf("%07d ", i), 1<<17+1))
		records = append(records, r)
	}
	store(t, backend, records...)
	for _, name := range []string{"values", "groups"} {
		var expensive *logstore.TooExpensiveError
		require.ErrorAs(t, questions(backend)[name](t.Context()), &expensive, name)
		assert.Contains(t, expensive.Reason, "different "+name)
	}
}
