package record_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/record"
)

func TestIDsTellTheTimesOfRecords(t *testing.T) {
	now := time.Now()
	tests := map[string]struct {
		timestamp pcommon.Timestamp
		// within is how far apart the first and the last timestamp may be.
		within time.Duration
	}{
		"now":                {pcommon.NewTimestampFromTime(now), time.Millisecond},
		"100 ms ago":         {pcommon.NewTimestampFromTime(now.Add(-100 * time.Millisecond)), 2 * time.Millisecond},
		"in 10 seconds":      {pcommon.NewTimestampFromTime(now.Add(10 * time.Second)), 160 * time.Millisecond},
		"an hour ago":        {pcommon.NewTimestampFromTime(now.Add(-time.Hour)), time.Minute},
		"a week ago":         {pcommon.NewTimestampFromTime(now.Add(-7 * 24 * time.Hour)), 3 * time.Hour},
		"3 years ago":        {pcommon.NewTimestampFromTime(now.Add(-3 * 365 * 24 * time.Hour)), 18 * 24 * time.Hour},
		"the first":          {1, math.MaxInt64},
		"the last of int64":  {math.MaxInt64, math.MaxInt64},
		"the last there is":  {math.MaxUint64, math.MaxInt64},
		"the first of a day": {1_767_225_600_000_000_000, math.MaxInt64},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			first, last, ok := record.TimesOfID(record.NewID(test.timestamp))
			require.True(t, ok)
			at := record.TimeOf(test.timestamp)
			assert.False(t, at.Before(first), "%v is before %v", at, first)
			assert.False(t, at.After(last), "%v is after %v", at, last)
			assert.LessOrEqual(t, last.Sub(first), test.within)
		})
	}
}

// Whatever its timestamp is, it is one that the id of a record tells.
func TestIDsOfAnyTimestamp(t *testing.T) {
	random := rand.New(rand.NewPCG(21, 22))
	now := pcommon.NewTimestampFromTime(time.Now())
	for range 20_000 {
		distance := pcommon.Timestamp(random.Uint64() >> random.IntN(64))
		for _, at := range []pcommon.Timestamp{distance, now - distance, now + distance} {
			first, last, ok := record.TimesOfID(record.NewID(at))
			require.True(t, ok)
			require.False(t, record.TimeOf(at).Before(first) || record.TimeOf(at).After(last), "%d is not from %v to %v", at, first, last)
		}
	}
}

func TestIDsAreUUIDs(t *testing.T) {
	id, err := uuid.Parse(record.NewID(1))
	require.NoError(t, err)
	assert.Equal(t, uuid.Version(7), id.Version())
	assert.Equal(t, uuid.RFC4122, id.Variant())
	made := time.Unix(id.Time().UnixTime())
	assert.WithinDuration(t, time.Now(), made, time.Minute)
}

func TestIDsOfATimestampSortAsTheyAreMade(t *testing.T) {
	for _, at := range []pcommon.Timestamp{1, pcommon.NewTimestampFromTime(time.Now()), math.MaxUint64} {
		t.Run(strconv.FormatUint(uint64(at), 10), func(t *testing.T) {
			last := ""
			for range 10_000 {
				id := record.NewID(at)
				require.Greater(t, id, last)
				last = id
			}
		})
	}
}

func TestTextsThatAreNoIDsTellNoTime(t *testing.T) {
	for _, text := range []string{"", "order-7", "019b76da-a800-4000-8000-000000000001", "019B76DA-A800-7000-8000-000000000001"} {
		_, _, ok := record.TimesOfID(text)
		assert.False(t, ok, text)
	}
}

func FuzzTimesOfID(f *testing.F) {
	f.Add("019b76da-a800-7000-8000-000000000001")
	f.Add("ffffffff-ffff-7fff-bfff-ffffffffffff")
	f.Add("00000000-0000-77ff-8000-000000000000")
	f.Fuzz(func(t *testing.T, text string) {
		first, last, ok := record.TimesOfID(text)
		if ok && (last.Before(first) || first.Before(time.Unix(0, 0))) {
			t.Fatalf("%s: from %v to %v", text, first, last)
		}
	})
}
