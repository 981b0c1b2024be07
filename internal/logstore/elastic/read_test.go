package elastic

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// The products give 10,000 documents at once, and skip as many.
func TestManyRecordsAreRead(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		const count = 10_600
		batch := make([]record.Record, count)
		want := make([]string, count)
		for i := range batch {
			// Newest first, and by id where times are equal.
			want[i] = fmt.Sprintf("id-%05d", count-i)
			batch[i] = at(newTestRecord(want[i]), testDay().Add(-time.Duration(i/3)*time.Minute))
			batch[i].Log.Attributes().PutStr("a", "b")
		}
		require.NoError(t, b.Apply(t.Context(), batch, false))
		require.NoError(t, b.Sync(t.Context()))
		for name, query := range map[string]logstore.Query{
			"all":               {Limit: 20_000},
			"a page far behind": {Limit: 10, Offset: 10_200},
			"the end":           {Limit: 1000, Offset: 10_500},
			"behind the end":    {Limit: 10, Offset: 10_600},
			"an attribute":      {Limit: 10, Offset: 10_200, Filter: filter.Exists{Field: logAttribute("a")}},
			"oldest first":      {Limit: 10, Offset: 10_200, Order: logstore.OldestFirst},
			"undecided":         {Limit: 30, Offset: 2100, Filter: filter.Regexp{Field: logAttribute("a"), Pattern: regexp.MustCompile("^b$")}},
		} {
			t.Run(name, func(t *testing.T) {
				query.ProjectID = 7
				found, err := b.Search(t.Context(), query)
				require.NoError(t, err)
				sorted := slices.Clone(want)
				if query.Order == logstore.OldestFirst {
					slices.Reverse(sorted)
				}
				sorted = sorted[query.Offset:]
				require.Equal(t, sorted[:min(query.Limit, len(sorted))], idsOf(found))
				total, err := b.Count(t.Context(), query)
				require.NoError(t, err)
				assert.Equal(t, int64(count), total)
			})
		}
	})
}

func idsOf(records []record.Record) []string {
	ids := []string{}
	for _, r := range records {
		ids = append(ids, r.ID())
	}
	return ids
}

func TestNothingIsFoundBeforeTheFirstRecord(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		for _, e := range []filter.Expression{nil, filter.BodyContains("card declined")} {
			query := logstore.Query{ProjectID: 7, Limit: 1, Filter: e}
			found, err := b.Search(t.Context(), query)
			require.NoError(t, err)
			assert.Empty(t, found)
			count, err := b.Count(t.Context(), query)
			require.NoError(t, err)
			assert.Zero(t, count)
		}
		require.NoError(t, b.atOnePoint(t.Context(), func(at *point) error {
			return at.visit(t.Context(), matchAll(), logstore.NewestFirst, func(record.Record) error { return errEnough })
		}))
	})
}

func TestWhoHasGoneIsNotAnswered(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		ctx, cancel := context.WithCancel(t.Context())
		err := b.atOnePoint(ctx, func(at *point) error {
			cancel()
			_, err := at.search(ctx, countOf(matchAll()))
			return err
		})
		if err == nil { // there are no indices yet, so nobody was asked
			_, err = b.Search(ctx, logstore.Query{ProjectID: 7, Limit: 1})
		}
		require.ErrorIs(t, err, context.Canceled)
		var unavailable *logstore.UnavailableError
		require.NotErrorAs(t, err, &unavailable)
	})
}

func repeated(part filter.Expression, count int) []filter.Expression {
	return slices.Repeat([]filter.Expression{part}, count)
}

// inGroups returns a filter of so many levels.
func inGroups(leaf filter.Expression, levels int) filter.Expression {
	for i := range levels {
		if i%2 == 0 {
			leaf = filter.Or{leaf, filter.Exists{Field: logAttribute("none")}}
		} else {
			leaf = filter.And{leaf, filter.Not{Part: filter.Exists{Field: logAttribute("none")}}}
		}
	}
	return leaf
}

// filtersOn are filters of each kind that match the number 700 of an attribute.
func filtersOn(field filter.Field) map[string]filter.Expression {
	return map[string]filter.Expression{
		"a value":        filter.Exists{Field: field},
		"a text":         filter.Equal{Field: field, Values: []string{"700", "a"}},
		"a number":       filter.EqualNumber{Field: field, Values: []float64{700}},
		"a comparison":   filter.Compare{Field: field, Order: filter.Greater, Number: 650},
		"part of a text": filter.Contains{Field: field, Parts: []string{"00"}},
		"a pattern":      filter.Wildcard{Field: field, Parts: []string{"7", "0"}},
		"an expression":  filter.Regexp{Field: field, Pattern: regexp.MustCompile("^7(00)$")},
		"not in another place": filter.Not{Part: filter.Exists{
			Field: filter.Field{Place: filter.PlaceResourceAttribute, Key: field.Key},
		}},
	}
}

// Whatever a filter may be has an answer, also where the products refuse what says it
// exactly.
func TestLargeFiltersAreAnswered(t *testing.T) {
	anywhere := filter.Field{Place: filter.PlaceAttribute, Key: "text"}
	body := filter.Field{Place: filter.PlaceBody}
	same := strings.Repeat("a", filter.MaxLength)
	texts := func(count int) []string {
		all := make([]string, count)
		for i := range all {
			all[i] = fmt.Sprintf("text %d", i)
		}
		return append(all, same)
	}
	filters := map[string]filter.Expression{
		"a long needle":       filter.Contains{Field: anywhere, Parts: []string{same}},
		"a long word":         filter.BodyContains(same),
		"an even longer text": filter.Equal{Field: anywhere, Values: []string{strings.Repeat("a", 100_000), same}},
		"an even longer key":  filter.Not{Part: filter.Exists{Field: logAttribute(strings.Repeat("a", 100_000))}},
		"many words":          filter.Not{Part: filter.BodyContains(strings.Repeat("a ", filter.MaxLength/2))},
		"many stars":          filter.Wildcard{Field: anywhere, Parts: strings.Split(strings.Repeat("a*", filter.MaxLength/2), "*")},
		"many open letters":   filter.Wildcard{Field: filter.Field{Place: filter.PlaceEventName}, Parts: []string{"", strings.Repeat("k", 200), ""}},
		"many values":         filter.Equal{Field: anywhere, Values: texts(70_000)},
		"many parts":          filter.Contains{Field: anywhere, Parts: texts(filter.MaxValues)},
		"many parts of words": filter.Contains{Field: body, Parts: texts(filter.MaxValues)},
		"many conditions":     filter.Or(repeated(filter.Contains{Field: anywhere, Parts: texts(3)}, 1000)),
		"many to meet":        filter.And(repeated(filter.Contains{Field: anywhere, Parts: texts(3)}, 1000)),
		"many groups":         inGroups(filter.Contains{Field: anywhere, Parts: []string{"aaa"}}, 60),
		"some groups":         inGroups(filter.Contains{Field: anywhere, Parts: []string{"aaa"}}, filter.MaxDepth),
		"many not to have":    filter.Not{Part: filter.Or(repeated(filter.Exists{Field: logAttribute("none")}, 4000))},
		"a long expression":   filter.Regexp{Field: anywhere, Pattern: regexp.MustCompile(same)},
		"a long start":        filter.Wildcard{Field: anywhere, Parts: []string{same[:1000], ""}},
		"a long start of a field of the record": filter.Wildcard{
			Field: filter.Field{Place: filter.PlaceEventName}, Parts: []string{strings.Repeat("e", 1200), ""},
		},
	}
	r := newTestRecord("a")
	r.Log.Body().SetStr(same)
	r.Log.SetEventName(strings.Repeat("e", 1300) + strings.Repeat("\u212a", 200))
	r.Resource.Attributes().PutStr("text", same)
	for _, length := range []int{maxPrefixBytes - 20, 990, 10_000} {
		for _, letters := range []string{"k", "🙂", "*=", "\xff"} {
			key := strings.Repeat(letters, length/len(letters))
			r.Log.Attributes().PutInt(key, 700)
			r.Log.Attributes().PutEmptyMap(key+"map").PutStr("in", "a map")
			for name, e := range filtersOn(anyAttribute(key)) {
				filters[fmt.Sprintf("%s at a key of %d bytes of %q", name, length, letters)] = e
			}
			filters[fmt.Sprintf("a map at a key of %d bytes of %q", length, letters)] = filter.Exists{Field: logAttribute(key + "map")}
		}
	}
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		require.NoError(t, b.Apply(t.Context(), []record.Record{r}, false))
		require.NoError(t, b.Sync(t.Context()))
		for name, e := range filters {
			t.Run(name, func(t *testing.T) {
				require.True(t, filter.Matches(e, r), "the test is about filters that match")
				query := logstore.Query{ProjectID: 7, Filter: e, Limit: 1}
				found, err := b.Search(t.Context(), query)
				require.NoError(t, err)
				assert.Equal(t, []string{"a"}, idsOf(found))
				query.Filter = filter.Not{Part: e}
				count, err := b.Count(t.Context(), query)
				require.NoError(t, err)
				assert.Zero(t, count)
			})
		}
	})
}
