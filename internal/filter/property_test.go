package filter_test

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/filtertest"
	"github.com/docketlog/docket/internal/record"
)

// pair is a random filter and a random record that fit each other.
type pair struct {
	seed   uint64
	random *rand.Rand
	filter filter.Expression
	record record.Record
}

// pairs yields pairs in rounds: in each, one filter with several records.
func pairs(rounds uint64) iter.Seq[pair] {
	const recordsPerRound = 8
	return func(yield func(pair) bool) {
		for seed := range rounds {
			random := rand.New(rand.NewPCG(seed, 1))
			records := make([]record.Record, recordsPerRound)
			for i := range records {
				records[i] = filtertest.Record(random)
			}
			e := filtertest.Expression(random, records...)
			for _, r := range records {
				if !yield(pair{seed, random, e, r}) {
					return
				}
			}
		}
	}
}

func TestMatcherAgreesWithMatches(t *testing.T) {
	found, all := 0, 0
	for p := range pairs(2000) {
		matcher, err := filter.Compile(p.filter)
		require.NoError(t, err)
		want := filter.Matches(p.filter, p.record)
		require.Equal(t, want, matcher.Matches(p.record), "seed %d: %#v", p.seed, p.filter)
		all++
		if want {
			found++
		}
	}
	t.Logf("%d of %d pairs match", found, all)
	assert.Greater(t, found, all/5)
	assert.Less(t, found, all*4/5)
}

func TestLeavesOftenMatch(t *testing.T) {
	type tally struct{ found, all int }
	tallies := map[string]*tally{}
	for seed := range uint64(3000) {
		random := rand.New(rand.NewPCG(seed, 2))
		r := filtertest.Record(random)
		leaf := filtertest.Leaf(random, r)
		name := fmt.Sprintf("%T", leaf)
		if tallies[name] == nil {
			tallies[name] = &tally{}
		}
		tallies[name].all++
		if filter.Matches(leaf, r) {
			tallies[name].found++
		}
	}
	require.Len(t, tallies, 8)
	for name, tally := range tallies {
		assert.Greater(t, tally.found, tally.all/50, "%s never matches: %+v", name, tally)
		assert.Less(t, tally.found, tally.all*49/50, "%s always matches: %+v", name, tally)
	}
}

func TestNormalize(t *testing.T) {
	for p := range pairs(1000) {
		normal := filter.Normalize(p.filter)
		require.Equal(t, filter.Matches(p.filter, p.record), filter.Matches(normal, p.record), "seed %d: %#v", p.seed, p.filter)
		assertNormal(t, normal, true)
	}
}

func assertNotType[T filter.Expression](t *testing.T, e filter.Expression) {
	t.Helper()
	_, is := e.(T)
	assert.False(t, is, "%#v", e)
}

// assertNormal checks what Normalize promises about forms.
func assertNormal(t *testing.T, e filter.Expression, isRoot bool) {
	t.Helper()
	switch e := e.(type) {
	case filter.And:
		assert.True(t, len(e) > 1 || len(e) == 0 && isRoot)
		for _, part := range e {
			assertNotType[filter.And](t, part)
			assertNormal(t, part, false)
		}
	case filter.Or:
		assert.True(t, len(e) > 1 || len(e) == 0 && isRoot)
		for _, part := range e {
			assertNotType[filter.Or](t, part)
			assertNormal(t, part, false)
		}
	case filter.Not:
		assertNotType[filter.Not](t, e.Part)
		assertNormal(t, e.Part, false)
	case nil, filter.Levels, filter.Services, filter.BodyContains:
		assert.Fail(t, "not normal", "%#v", e)
	}
}

func TestAlgebra(t *testing.T) {
	for p := range pairs(600) {
		a, b := p.filter, filtertest.Expression(p.random, p.record)
		holds := func(e filter.Expression) bool {
			matcher, err := filter.Compile(e)
			require.NoError(t, err)
			return matcher.Matches(p.record)
		}
		not := func(e filter.Expression) filter.Expression { return filter.Not{Part: e} }

		assert.NotEqual(t, holds(a), holds(not(a)), "a or not a, never both")
		assert.Equal(t, holds(a), holds(not(not(a))), "double negation")
		assert.Equal(t, holds(not(filter.And{a, b})), holds(filter.Or{not(a), not(b)}), "De Morgan")
		assert.Equal(t, holds(not(filter.Or{a, b})), holds(filter.And{not(a), not(b)}), "De Morgan")
		assert.Equal(t, holds(filter.And{a, b}), holds(filter.And{b, a}), "order of and")
		assert.Equal(t, holds(filter.Or{a, filter.And{a, b}}), holds(a), "absorption")
		assert.Equal(t, holds(filter.And{a, filter.Or{a, b}}), holds(a), "absorption")
	}
}

// A leaf must be false without a value, and its field must have one when it is true.
func TestLeafNeedsAValue(t *testing.T) {
	for seed := range uint64(3000) {
		random := rand.New(rand.NewPCG(seed, 3))
		r := filtertest.Record(random)
		leaf := filtertest.Leaf(random, r)
		if field, ok := fieldOf(leaf); ok && filter.Matches(leaf, r) {
			require.True(t, filter.Matches(filter.Exists{Field: field}, r), "%#v", leaf)
		}
	}
}

// References in another way: by the regular expressions of the standard library,
// whose case folding is the simple one too.
func TestTextLeavesByRegexp(t *testing.T) {
	for seed := range uint64(3000) {
		random := rand.New(rand.NewPCG(seed, 4))
		r := filtertest.Record(random)
		leaf := filtertest.Leaf(random, r)
		var want *regexp.Regexp
		quoted := func(parts []string) []string {
			all := make([]string, len(parts))
			for i, part := range parts {
				all[i] = regexp.QuoteMeta(strings.ToValidUTF8(part, "\ufffd"))
			}
			return all
		}
		switch l := leaf.(type) {
		case filter.Contains:
			if len(l.Parts) == 0 {
				continue
			}
			want = regexp.MustCompile("(?is)(" + strings.Join(quoted(l.Parts), "|") + ")")
		case filter.Wildcard:
			if len(l.Parts) == 0 {
				continue
			}
			want = regexp.MustCompile("(?is)^" + strings.Join(quoted(l.Parts), ".*") + "$")
		default:
			continue
		}
		field, _ := fieldOf(leaf)
		text, ok := field.Text(r)
		require.Equal(t, ok && want.MatchString(text), filter.Matches(leaf, r), "seed %d: %#v in %q", seed, leaf, text)
	}
}

func fieldOf(leaf filter.Expression) (filter.Field, bool) {
	switch l := leaf.(type) {
	case filter.Exists:
		return l.Field, true
	case filter.Equal:
		return l.Field, true
	case filter.EqualNumber:
		return l.Field, true
	case filter.Contains:
		return l.Field, true
	case filter.Wildcard:
		return l.Field, true
	case filter.Regexp:
		return l.Field, true
	case filter.Compare:
		return l.Field, true
	case filter.CompareTime:
		return l.Field, true
	default:
		return filter.Field{}, false
	}
}
