package posthoglogs

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/docketlog/docket/internal/logstore"
)

// The widths that PostHog has for these ranges.
func TestIntervalFor(t *testing.T) {
	for _, tt := range []struct{ span, want time.Duration }{
		{0, time.Second},
		{time.Minute, time.Second},
		{5 * time.Minute, 5 * time.Second},
		{15 * time.Minute, 10 * time.Second},
		{30 * time.Minute, time.Minute},
		{time.Hour, time.Minute},
		{2 * time.Hour, 2 * time.Minute},
		{3 * time.Hour, 5 * time.Minute},
		{6 * time.Hour, 5 * time.Minute},
		{12 * time.Hour, 15 * time.Minute},
		{24 * time.Hour, 30 * time.Minute},
		{3 * day, time.Hour},
		{7 * day, 4 * time.Hour},
		{14 * day, 6 * time.Hour},
		{30 * day, 12 * time.Hour},
		{90 * day, day},
		{100 * day, day},
		{101 * day, 2 * day},
		{20_000 * day, 200 * day},
		{150 * time.Second, time.Second}, // 3 s is as near to 1 s as to 5 s
	} {
		assert.Equal(t, tt.want, intervalOf(tt.span, sparklineBuckets), tt.span)
	}
	assert.Equal(t, time.Minute, intervalOf(10*time.Minute, 10))
	assert.Equal(t, 30*time.Minute, intervalOf(time.Hour, 2))
	year := func(year int) time.Time { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC) }
	assert.Equal(t, 29_326*day, intervalFor(year(1970), year(9999), sparklineBuckets), "longer than a time.Duration")
}

func intervalOf(span time.Duration, buckets int) time.Duration {
	from := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	return intervalFor(from, from.Add(span), buckets)
}

// However long a range is, there are not too many buckets.
func TestIntervalForBoundsTheBuckets(t *testing.T) {
	for span := time.Second; span < 100*365*day; span += span/7 + time.Second {
		const most = 175 // 35 minutes by 10 seconds
		assert.LessOrEqual(t, int(span/intervalOf(span, sparklineBuckets)), most, span)
	}
}

func TestIntervalText(t *testing.T) {
	for want, interval := range map[string]time.Duration{
		"1s": time.Second, "30s": 30 * time.Second, "1m": time.Minute, "90s": 90 * time.Second, "30m": 30 * time.Minute,
		"1h": time.Hour, "12h": 12 * time.Hour, "1d": day, "200d": 200 * day,
	} {
		assert.Equal(t, want, intervalText(interval))
	}
}

func TestStartOf(t *testing.T) {
	at := time.Date(2026, 11, 20, 10, 4, 59, 999_999_999, time.UTC)
	assert.Equal(t, time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC), startOf(at, 5*time.Minute))
	assert.Equal(t, at.Truncate(time.Second), startOf(at, time.Second))
	before := time.Date(1969, 12, 31, 23, 59, 59, 1, time.UTC)
	assert.Equal(t, time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC), startOf(before, day))
}

func TestWidened(t *testing.T) {
	at := func(second int) time.Time { return time.Date(2026, 11, 20, 10, 0, second, 0, time.UTC) }
	b := buckets{interval: 10 * time.Second, first: at(-20), last: at(110), found: []logstore.Bucket{
		{Start: at(0), Text: "a", Count: 1, BodyBytes: 10},
		{Start: at(10), Text: "b", Count: 2, BodyBytes: 20},
		{Start: at(50), Text: "a", Count: 3, BodyBytes: 30},
		{Start: at(60), Text: "a", Count: 4, BodyBytes: 40},
	}}
	wide := b.widened()
	assert.Equal(t, buckets{interval: time.Minute, first: at(-60), last: at(60), found: []logstore.Bucket{
		{Start: at(0), Text: "a", Count: 4, BodyBytes: 40},
		{Start: at(0), Text: "b", Count: 2, BodyBytes: 20},
		{Start: at(60), Text: "a", Count: 4, BodyBytes: 40},
	}}, wide)
	for interval, want := range map[time.Duration]time.Duration{
		time.Second: 5 * time.Second, 2 * time.Minute: 10 * time.Minute, day: 2 * day, 3 * day: 6 * day,
	} {
		assert.Equal(t, want, buckets{interval: interval}.widened().interval)
	}
}
