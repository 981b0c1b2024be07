package elastic

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

// Times that no record can have are told from the first and the last that one can have.
func TestTimeRanges(t *testing.T) {
	first, last := record.TimeOf(0), record.TimeOf(math.MaxUint64)
	early, late := first.Add(-1), last.Add(1)
	none := noTimes()
	assert.Equal(t, allTimes(), newTimeRange(time.Time{}, time.Time{}))
	assert.Equal(t, allTimes(), newTimeRange(first, last))
	assert.Equal(t, allTimes(), newTimeRange(early, late))
	assert.Equal(t, timeRange{5, 7}, newTimeRange(record.TimeOf(5), record.TimeOf(7)))
	assert.True(t, newTimeRange(late, time.Time{}).isEmpty())
	assert.True(t, newTimeRange(time.Time{}, early).isEmpty())
	assert.True(t, newTimeRange(record.TimeOf(8), record.TimeOf(7)).isEmpty())
	for _, tt := range []struct {
		order filter.Order
		time  time.Time
		want  timeRange
	}{
		{filter.Less, first, none},
		{filter.Less, early, none},
		{filter.Less, record.TimeOf(1), timeRange{0, 0}},
		{filter.Less, late, allTimes()},
		{filter.LessOrEqual, early, none},
		{filter.LessOrEqual, first, timeRange{0, 0}},
		{filter.LessOrEqual, last, allTimes()},
		{filter.Greater, last, none},
		{filter.Greater, late, none},
		{filter.Greater, early, allTimes()},
		{filter.Greater, first, timeRange{1, math.MaxUint64}},
		{filter.GreaterOrEqual, late, none},
		{filter.GreaterOrEqual, last, timeRange{math.MaxUint64, math.MaxUint64}},
		{filter.GreaterOrEqual, first, allTimes()},
	} {
		assert.Equal(t, tt.want, comparedTimes(tt.order, tt.time), "%s %s", tt.order, tt.time)
	}
}

func TestConditionsAreSimplified(t *testing.T) {
	a, b := termIs("a", "1"), termIs("b", "1")
	for name, tt := range map[string]struct {
		condition condition
		want      string
		size      int
	}{
		"all of nothing":  {and(), `{"match_all":{}}`, 1},
		"one of nothing":  {or(), `{"match_none":{}}`, 1},
		"one":             {and(matchAll(), or(a, matchNone())), `{"term":{"a":"1"}}`, 1},
		"none":            {and(a, matchNone()), `{"match_none":{}}`, 1},
		"all":             {or(a, matchAll()), `{"match_all":{}}`, 1},
		"not not":         {not(not(a)), `{"term":{"a":"1"}}`, 1},
		"not all":         {not(matchAll()), `{"match_none":{}}`, 1},
		"flat":            {and(and(a, b), not(or(a, b))), `{"bool":{"filter":[{"term":{"a":"1"}},{"term":{"b":"1"}}],"must_not":[{"term":{"a":"1"}},{"term":{"b":"1"}}]}}`, 6},
		"neither nor not": {not(and(not(a), not(b))), `{"bool":{"minimum_should_match":1,"should":[{"term":{"a":"1"}},{"term":{"b":"1"}}]}}`, 3},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := json.Marshal(tt.condition)
			require.NoError(t, err)
			assert.Equal(t, tt.want, string(got))
			assert.Equal(t, tt.size, tt.condition.size())
		})
	}
}
