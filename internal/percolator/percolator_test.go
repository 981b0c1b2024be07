package percolator_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/filtertest"
	"github.com/docketlog/docket/internal/percolator"
	"github.com/docketlog/docket/internal/record"
)

// Random sets of random filters select of random records what each filter selects alone.
func TestMatchAgreesWithMatches(t *testing.T) {
	seed := rand.Uint64() //nolint:gosec // no secret
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // to be repeatable
	matched := 0
	for range 60 {
		records := make([]record.Record, 40)
		for i := range records {
			records[i] = filtertest.Record(random)
		}
		filters := make([]filter.Expression, random.IntN(80))
		for i := range filters {
			filters[i] = filtertest.Expression(random, records...)
		}
		p, err := percolator.New(filters)
		require.NoError(t, err)
		require.Equal(t, len(filters), p.Len())
		for _, r := range records {
			got := p.Match(nil, r)
			slices.Sort(got)
			var want []int
			for i, expression := range filters {
				if filter.Matches(expression, r) {
					want = append(want, i)
				}
			}
			matched += len(want)
			require.Equal(t, want, got, "%#v", filters)
		}
	}
	assert.NotZero(t, matched)
}

func TestMatch(t *testing.T) {
	attribute := filter.Field{Place: filter.PlaceLogAttribute, Key: "user.id"}
	filters := []filter.Expression{
		0: nil,
		1: filter.Or{},
		2: filter.BodyContains("CARD decl"),
		3: filter.BodyContains("x"),
		4: filter.And{filter.Services{"checkout"}, filter.Levels{record.LevelError}},
		5: filter.EqualNumber{Field: attribute, Values: []float64{42}},
		6: filter.Not{Part: filter.Exists{Field: attribute}},
		7: filter.Or{filter.BodyContains("nothing"), filter.Equal{Field: attribute, Values: []string{"42"}}},
		8: filter.Compare{Field: attribute, Order: filter.Greater, Number: 41},
		9: filter.Exists{Field: filter.Field{Place: filter.PlaceAttribute, Key: "user"}},
	}
	p, err := percolator.New(filters)
	require.NoError(t, err)
	r := record.New()
	r.Resource.Attributes().PutStr("service.name", "checkout")
	r.Log.SetSeverityNumber(plog.SeverityNumberError)
	r.Log.Body().SetStr("the card DECLINED")
	r.Log.Attributes().PutEmptyMap("user").PutStr("id", "42")
	got := p.Match([]int{-1}, r)
	slices.Sort(got)
	assert.Equal(t, []int{-1, 0, 2, 4, 5, 7, 8, 9}, got)
	assert.ElementsMatch(t, []int{0, 6}, p.Match(nil, record.New()))

	none, err := percolator.New(nil)
	require.NoError(t, err)
	assert.Empty(t, none.Match(nil, r))
	var tooDeep filter.Expression = filter.BodyContains("x")
	for range 1000 {
		tooDeep = filter.Not{Part: tooDeep}
	}
	_, err = percolator.New([]filter.Expression{nil, tooDeep})
	require.ErrorContains(t, err, "filter 1:")
}

func TestMatchAtOnce(t *testing.T) {
	p, err := percolator.New(filtersFor("mixed", 200))
	require.NoError(t, err)
	r := benchRecord()
	want := p.Match(nil, r)
	slices.Sort(want)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 200 {
				got := p.Match(nil, r)
				slices.Sort(got)
				assert.Equal(t, want, got)
			}
		})
	}
	group.Wait()
}

func benchRecord() record.Record {
	r := record.New()
	r.Resource.Attributes().PutStr("service.name", "checkout-7")
	r.Resource.Attributes().PutStr("host.name", "web-1")
	r.Log.SetSeverityNumber(plog.SeverityNumberError)
	r.Log.Body().SetStr("payment of 42.50 EUR for order 987654 declined by the bank after 3 attempts: insufficient funds " + strings.Repeat("detail ", 10))
	for i := range 8 {
		r.Log.Attributes().PutStr(fmt.Sprintf("attribute.%d", i), fmt.Sprintf("value-%d", i))
	}
	r.Log.Attributes().PutInt("http.status", 502)
	return r
}

// filtersFor returns distinct filters of a kind.
func filtersFor(kind string, count int) []filter.Expression {
	filters := make([]filter.Expression, count)
	for i := range filters {
		switch {
		case kind == "service" || kind == "mixed" && i%4 == 0:
			filters[i] = filter.And{filter.Levels{record.LevelError}, filter.Services{fmt.Sprintf("checkout-%d", i)}}
		case kind == "text" || kind == "mixed" && i%4 == 1:
			filters[i] = filter.And{filter.Levels{record.LevelError}, filter.BodyContains(fmt.Sprintf("order %d declined", i*7919))}
		case kind == "attribute" || kind == "mixed" && i%4 == 2:
			filters[i] = filter.Equal{
				Field: filter.Field{Place: filter.PlaceLogAttribute, Key: "attribute.3"}, Values: []string{fmt.Sprintf("value-%d", i)},
			}
		default:
			filters[i] = filter.And{
				filter.Services{"checkout-7"},
				filter.EqualNumber{Field: filter.Field{Place: filter.PlaceAttribute, Key: "http.status"}, Values: []float64{float64(i)}},
			}
		}
	}
	return filters
}

func BenchmarkMatch(b *testing.B) {
	r := benchRecord()
	for _, kind := range []string{"service", "text", "attribute", "number", "mixed"} {
		for _, count := range []int{1, 100, 10_000} {
			b.Run(fmt.Sprintf("%s/%d", kind, count), func(b *testing.B) {
				p, err := percolator.New(filtersFor(kind, count))
				require.NoError(b, err)
				var dst []int
				b.ReportAllocs()
				for b.Loop() {
					dst = p.Match(dst[:0], r)
				}
			})
		}
	}
}
