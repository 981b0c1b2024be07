package retention

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// now is in the middle of a day.
var now = time.Date(2026, 11, 21, 16, 49, 0, 0, time.UTC)

func daysAgo(days int) time.Time { return now.Truncate(dayLength).AddDate(0, 0, -days) }

func TestExpired(t *testing.T) {
	const hours = time.Hour
	three := []int64{1, 2, 3}
	for name, test := range map[string]struct {
		policy  Policy
		daysAgo int
		want    []int64
	}{
		"zero policy":                   {Policy{}, 10_000, nil},
		"all past the default":          {Policy{DefaultAge: 24 * hours}, 3, three},
		"only partly past":              {Policy{DefaultAge: 48 * hours}, 2, nil},
		"just past":                     {Policy{DefaultAge: 48 * hours}, 3, three},
		"today":                         {Policy{DefaultAge: 24 * hours}, 0, nil},
		"yesterday":                     {Policy{DefaultAge: 24 * hours}, 1, nil},
		"tomorrow":                      {Policy{DefaultAge: 24 * hours}, -1, nil},
		"some kept for ever":            {Policy{DefaultAge: 24 * hours, Ages: map[int64]time.Duration{2: 0}}, 300, []int64{1, 3}},
		"some kept longer":              {Policy{DefaultAge: 24 * hours, Ages: map[int64]time.Duration{3: 240 * hours}}, 10, []int64{1, 2}},
		"some kept longer, but not now": {Policy{DefaultAge: 24 * hours, Ages: map[int64]time.Duration{3: 240 * hours}}, 11, three},
		"some kept shorter":             {Policy{Ages: map[int64]time.Duration{1: 24 * hours, 9: 24 * hours}}, 5, []int64{1}},
		"age of a whole epoch":          {Policy{DefaultAge: math.MaxInt64}, 20_000, nil},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, test.policy.Validate())
			assert.Equal(t, test.want, test.policy.expired(day{start: daysAgo(test.daysAgo), projects: three}, now))
		})
	}
	assert.Equal(t, three, Policy{DefaultAge: 24 * hours}.expired(day{start: daysAgo(1), projects: three}, daysAgo(-1)), "to the moment")
	assert.Empty(t, Policy{DefaultAge: 24 * hours}.expired(day{start: daysAgo(1), projects: three}, daysAgo(-1).Add(-1)), "to the moment")
}

func TestOverBudget(t *testing.T) {
	sizes := func(newest int, bytes ...int64) []day {
		all := make([]day, len(bytes))
		for i, size := range bytes {
			all[i] = day{start: daysAgo(newest + len(bytes) - 1 - i), bytes: size}
		}
		return all
	}
	for name, test := range map[string]struct {
		limit  int64
		days   []day
		gone   int
		excess int64
	}{
		"no limit":                       {0, sizes(0, 9, 9, 9), 0, 0},
		"no days":                        {1, nil, 0, 0},
		"below":                          {30, sizes(0, 9, 9, 9), 0, 0},
		"exactly":                        {27, sizes(0, 9, 9, 9), 0, 0},
		"one byte too many":              {26, sizes(0, 9, 9, 9), 1, 0},
		"two days too many":              {10, sizes(0, 9, 9, 9), 2, 0},
		"today is kept":                  {5, sizes(0, 9, 9, 9), 2, 4},
		"today alone":                    {5, sizes(0, 9), 0, 4},
		"the newest is kept":             {5, sizes(40, 9, 9, 9), 2, 4},
		"records of the future":          {5, sizes(-2, 9, 9, 9, 9), 1, 22},
		"empty days do not stand for it": {5, sizes(0, 0, 0, 9, 1), 3, 0},
	} {
		t.Run(name, func(t *testing.T) {
			gone, excess := Policy{MaxBytes: test.limit}.overBudget(test.days, now)
			require.Len(t, gone, test.gone)
			for i, d := range gone {
				assert.Equal(t, test.days[i], d)
			}
			assert.Equal(t, test.excess, excess)
		})
	}
}

func TestValidate(t *testing.T) {
	for name, test := range map[string]struct {
		policy Policy
		want   string
	}{
		"short default":    {Policy{DefaultAge: time.Hour}, "the default age must be at least 24h0m0s, or 0 to keep records for ever; not 1h0m0s"},
		"negative default": {Policy{DefaultAge: -time.Hour}, "the default age must be"},
		"short age":        {Policy{Ages: map[int64]time.Duration{7: 1}}, "the age of project 7 must be at least 24h0m0s"},
		"no such project":  {Policy{Ages: map[int64]time.Duration{0: MinAge}}, "there is no project 0"},
		"negative size":    {Policy{MaxBytes: -1}, "the largest size must be positive"},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(t, test.policy.Validate(), test.want)
			_, err := New(Config{Policy: test.policy})
			require.Equal(t, test.policy.Validate(), err)
		})
	}
	require.NoError(t, Policy{}.Validate())
	require.NoError(t, Policy{DefaultAge: MinAge, Ages: map[int64]time.Duration{7: 0}, MaxBytes: 1}.Validate())
	_, err := New(Config{})
	require.ErrorContains(t, err, "needs a store")
	_, err = New(Config{Store: &fakeStore{}, Interval: -1})
	require.ErrorContains(t, err, "the interval")
}
