package logstoretest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

func TestConformance(t *testing.T) {
	Conformance(t, Options{Rounds: 2, Records: 100, Questions: 20}, func(*testing.T) Backend { return NewReference() })
}

// wrong is a reference with a fault.
type wrong struct {
	*Reference

	applied   func(batch []record.Record, replayed bool) ([]record.Record, bool)
	query     func(q *logstore.Query)
	selection func(s *logstore.Selection)
	histogram func(q *logstore.HistogramQuery)
	values    func(values []logstore.ValueCount, total *int)
	keys      func(q *logstore.KeysQuery)
	groups    func(g *logstore.Groups)
}

func (w wrong) Apply(ctx context.Context, batch []record.Record, replayed bool) error {
	if w.applied != nil {
		batch, replayed = w.applied(batch, replayed)
	}
	return w.Reference.Apply(ctx, batch, replayed)
}

func (w wrong) Search(ctx context.Context, query logstore.Query) ([]record.Record, error) {
	if w.query != nil {
		w.query(&query)
	}
	return w.Reference.Search(ctx, query)
}

func (w wrong) Histogram(ctx context.Context, query logstore.HistogramQuery) ([]logstore.Bucket, error) {
	if w.histogram != nil {
		w.histogram(&query)
	}
	if w.selection != nil {
		w.selection(&query.Selection)
	}
	return w.Reference.Histogram(ctx, query)
}

func (w wrong) Values(ctx context.Context, query logstore.ValuesQuery) ([]logstore.ValueCount, int, error) {
	values, total, err := w.Reference.Values(ctx, query)
	if w.values != nil {
		w.values(values, &total)
	}
	return values, total, err
}

func (w wrong) Keys(ctx context.Context, query logstore.KeysQuery) ([]logstore.KeyCount, int, error) {
	if w.keys != nil {
		w.keys(&query)
	}
	return w.Reference.Keys(ctx, query)
}

func (w wrong) Groups(ctx context.Context, query logstore.GroupsQuery) (logstore.Groups, error) {
	groups, err := w.Reference.Groups(ctx, query)
	if w.groups != nil {
		w.groups(&groups)
	}
	return groups, err
}

// The suite finds every one of these faults, so that passing it says something.
func TestConformanceFindsFaults(t *testing.T) {
	for name, fault := range map[string]wrong{
		"none": {},
		"loses a record": {applied: func(batch []record.Record, replayed bool) ([]record.Record, bool) {
			return batch[:len(batch)-1], replayed
		}},
		"doubles replayed records":     {applied: func(batch []record.Record, _ bool) ([]record.Record, bool) { return batch, false }},
		"ignores the order":            {query: func(q *logstore.Query) { q.Order = logstore.NewestFirst }},
		"pages skip equal timestamps":  {query: func(q *logstore.Query) { skipTimestamp(q) }},
		"pages repeat":                 {query: func(q *logstore.Query) { repeatTimestamp(q) }},
		"an exclusive bound":           {query: func(q *logstore.Query) { q.To = later(q.To, -1) }},
		"another's records":            {query: func(q *logstore.Query) { q.ProjectID = Project }},
		"ignores the filter":           {selection: func(s *logstore.Selection) { s.Filter = nil }},
		"ignores the buckets' offset":  {histogram: func(q *logstore.HistogramQuery) { q.Offset = 0 }},
		"ignores the breakdown":        {histogram: func(q *logstore.HistogramQuery) { q.By = nil }},
		"counts only the page":         {values: func(values []logstore.ValueCount, total *int) { *total = len(values) }},
		"equally frequent in disorder": {values: func(values []logstore.ValueCount, _ *int) { slices.Reverse(values) }},
		"ignores what keys contain":    {keys: func(q *logstore.KeysQuery) { q.Contains = "" }},
		"ignores where keys are":       {keys: func(q *logstore.KeysQuery) { q.Place = 0 }},
		"forgets the errors":           {groups: func(g *logstore.Groups) { eachGroup(g, func(group *logstore.Group) { group.Errors = 0 }) }},
		"mistakes the last":            {groups: func(g *logstore.Groups) { eachGroup(g, func(group *logstore.Group) { group.Last = group.First }) }},
		"counts only the groups shown": {groups: func(g *logstore.Groups) { g.TotalGroups = len(g.Groups) }},
	} {
		t.Run(name, func(t *testing.T) {
			fault.Reference = NewReference()
			err := runRound(t.Context(), Options{Seed: 1, Records: 100, Questions: 40}, 0, fault)
			if name == "none" {
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "%!")
		})
	}
}

func later(t time.Time, by time.Duration) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(by)
}

func skipTimestamp(q *logstore.Query) {
	if q.After == nil {
		return
	}
	place := *q.After
	place.ID = ""
	if q.Order == logstore.OldestFirst {
		place.ID = "\U0010ffff"
	}
	q.After = &place
}

func repeatTimestamp(q *logstore.Query) {
	if q.After == nil {
		return
	}
	place := *q.After
	place.ID = "\U0010ffff"
	if q.Order == logstore.OldestFirst {
		place.ID = ""
	}
	q.After = &place
}

func eachGroup(groups *logstore.Groups, change func(group *logstore.Group)) {
	for i := range groups.Groups {
		change(&groups.Groups[i])
	}
}

// A seed repeats a test.
func TestRecordsOfASeed(t *testing.T) {
	first, second := Records(newRandom(7), 20), Records(newRandom(7), 20)
	for i := range first {
		assert.Equal(t, describe(first[i]), describe(second[i]))
	}
}
