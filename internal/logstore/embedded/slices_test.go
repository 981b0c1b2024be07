package embedded

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestHalve(t *testing.T) {
	const day = nanosecondsPerDay
	for name, tt := range map[string]struct {
		whole, first, second span
	}{
		"two nanoseconds":      {span{5, 6}, span{5, 5}, span{6, 6}},
		"within a day":         {span{day, 2*day - 1}, span{day, day + day/2 - 1}, span{day + day/2, 2*day - 1}},
		"two days":             {span{day, 3*day - 1}, span{day, 2*day - 1}, span{2 * day, 3*day - 1}},
		"mostly the first day": {span{0, day + 5}, span{0, day - 1}, span{day, day + 5}},
		"mostly the last day":  {span{day - 5, 2*day - 1}, span{day - 5, day - 1}, span{day, 2*day - 1}},
		"all":                  {span{0, maxEngineTime}, span{0, (maxEngineTime/2/day+1)*day - 1}, span{(maxEngineTime/2/day + 1) * day, maxEngineTime}},
	} {
		t.Run(name, func(t *testing.T) {
			first, second := tt.whole.halve()
			assert.Equal(t, tt.first, first)
			assert.Equal(t, tt.second, second)
		})
	}
	random := rand.New(rand.NewPCG(1, 1))
	for range 10_000 {
		from := random.Int64N(maxEngineTime - 1)
		whole := span{from, from + 1 + random.Int64N(min(maxEngineTime-from-1, 1<<random.IntN(62)))}
		first, second := whole.halve()
		assert.True(t, whole.from == first.from && first.to+1 == second.from && second.to == whole.to && !first.isEmpty() && !second.isEmpty(),
			"%v: %v, %v", whole, first, second)
	}
}
