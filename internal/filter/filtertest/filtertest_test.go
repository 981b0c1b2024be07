package filtertest_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/filtertest"
	"github.com/docketlog/docket/internal/record"
)

func TestRecords(t *testing.T) {
	kinds := map[pcommon.ValueType]int{}
	ids := map[string]struct{}{}
	duplicates := 0
	for seed := range uint64(500) {
		r := filtertest.Record(rand.New(rand.NewPCG(seed, 1)))
		ids[r.ID()] = struct{}{}
		assert.Less(t, r.Log.Timestamp().AsTime().Sub(filtertest.Start()).Seconds(), 2.0)
		keys := map[string]struct{}{}
		for key, value := range r.Log.Attributes().All() {
			keys[key] = struct{}{}
			kinds[value.Type()]++
		}
		if len(keys) < r.Log.Attributes().Len() {
			duplicates++
		}
		record.Seal(r, filtertest.Start())
		assert.True(t, record.Verify(r))
	}
	assert.Len(t, ids, 500)
	assert.Len(t, kinds, 8, "a kind of value is missing")
	assert.Greater(t, duplicates, 5)
}

// The same seed must make the same, so that a failure can be looked at again.
func TestSeedDecides(t *testing.T) {
	encode := func(r record.Record) string {
		logs := plog.NewLogs()
		resource := logs.ResourceLogs().AppendEmpty()
		r.Resource.CopyTo(resource.Resource())
		r.Log.CopyTo(resource.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty())
		encoded, err := (&plog.ProtoMarshaler{}).MarshalLogs(logs)
		require.NoError(t, err)
		return string(encoded)
	}
	for seed := range uint64(50) {
		first, second := rand.New(rand.NewPCG(seed, 2)), rand.New(rand.NewPCG(seed, 2))
		a, b := filtertest.Record(first), filtertest.Record(second)
		require.Equal(t, encode(a), encode(b))
		e, same := filtertest.Expression(first, a), filtertest.Expression(second, b)
		require.Equal(t, filter.Matches(e, a), filter.Matches(same, a))
		require.Equal(t, first.Uint64(), second.Uint64(), "as much must have been drawn")
	}
}

func TestExpressionsHaveEveryNode(t *testing.T) {
	names := map[string]int{}
	var count func(e filter.Expression)
	count = func(e filter.Expression) {
		names[fmt.Sprintf("%T", e)]++
		switch e := e.(type) {
		case filter.And:
			for _, part := range e {
				count(part)
			}
		case filter.Or:
			for _, part := range e {
				count(part)
			}
		case filter.Not:
			count(e.Part)
		}
	}
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 3))
		count(filtertest.Expression(random, filtertest.Record(random)))
	}
	assert.Len(t, names, 15, "%v", names) // and nil
}
