package dates_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/filter/dates"
)

func berlin(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	return zone
}

func TestParse(t *testing.T) {
	tests := map[string][2]string{
		"2026-11-21":                          {"2026-11-20T23:00:00Z", "2026-11-21T22:59:59.999999999Z"},
		"2026-03-29":                          {"2026-03-28T23:00:00Z", "2026-03-29T21:59:59.999999999Z"}, // a day of 23 hours
		"2026-11-21T10":                       {"2026-11-21T09:00:00Z", "2026-11-21T09:59:59.999999999Z"},
		"2026-11-21T10Z":                      {"2026-11-21T10:00:00Z", "2026-11-21T10:59:59.999999999Z"},
		"2026-11-21T10:30Z":                   {"2026-11-21T10:30:00Z", "2026-11-21T10:30:59.999999999Z"},
		"2026-11-21t10:30:05z":                {"2026-11-21T10:30:05Z", "2026-11-21T10:30:05.999999999Z"},
		"2026-11-21 10:30:05Z":                {"2026-11-21T10:30:05Z", "2026-11-21T10:30:05.999999999Z"},
		"2026-11-21T10:30:05.25Z":             {"2026-11-21T10:30:05.25Z", "2026-11-21T10:30:05.259999999Z"},
		"2026-11-21T10:30:05,123456789123Z":   {"2026-11-21T10:30:05.123456789Z", "2026-11-21T10:30:05.123456789Z"},
		"2026-11-21T10:30:05.000000000+05:30": {"2026-11-21T05:00:05Z", "2026-11-21T05:00:05Z"},
		"2026-11-21T10:30:05-0130":            {"2026-11-21T12:00:05Z", "2026-11-21T12:00:05.999999999Z"},
		"20261121T103005.5-01":                {"2026-11-21T11:30:05.5Z", "2026-11-21T11:30:05.599999999Z"},
		"20261121T1030Z":                      {"2026-11-21T10:30:00Z", "2026-11-21T10:30:59.999999999Z"},
		"20261121":                            {"2026-11-20T23:00:00Z", "2026-11-21T22:59:59.999999999Z"},
		"2024-02-29T00:00:00Z":                {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00.999999999Z"},
		"0000-01-01T00:00:00Z":                {"0000-01-01T00:00:00Z", "0000-01-01T00:00:00.999999999Z"},
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			first, last, ok := dates.Parse(text, berlin(t))
			require.True(t, ok)
			assert.Equal(t, want, [2]string{first.UTC().Format(time.RFC3339Nano), last.UTC().Format(time.RFC3339Nano)})
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"", " ", "2026", "2026-11", "2026-1-1", "2026-13-01", "2026-00-01", "2026-02-29", "2026-01-00", "2026-0121", "202601-21",
		"2026-W01-1", "2026-001", "2026-11-21T", "2026-11-21T1", "2026-11-21T24:00Z", "2026-11-21T10:60Z", "2026-11-21T10:00:60Z",
		"2026-11-21T10:00:00.Z", "2026-11-21T10:00:00.5.5Z", "2026-11-21T10:00:00+24", "2026-11-21T10:00:00+01:60", "2026-11-21T10:00:00+1",
		"2026-11-21T10:00:00 Z", "2026-11-21T10:00:00Zx", "2026-11-21Z", "20261121 10", "2026-11-21T1000Z", "20261121T10:00Z",
		"1795257531", "２026-11-21", "2026-11-21T10:00:00Z ",
	} {
		t.Run(text, func(t *testing.T) {
			_, _, ok := dates.Parse(text, time.UTC)
			assert.False(t, ok)
		})
	}
}

func TestClock(t *testing.T) {
	clock := dates.Clock{Now: time.Date(2026, 3, 31, 12, 34, 56, 789, time.UTC), Zone: berlin(t)}
	tests := map[string]string{
		"now":                  "2026-03-31T12:34:56.000000789Z",
		"-0s":                  "2026-03-31T12:34:56.000000789Z",
		"-90s":                 "2026-03-31T12:33:26.000000789Z",
		"-30M":                 "2026-03-31T12:04:56.000000789Z",
		"-1h":                  "2026-03-31T11:34:56.000000789Z",
		"1h":                   "2026-03-31T11:34:56.000000789Z",
		"-7d":                  "2026-03-24T13:34:56.000000789Z", // the same time of day before the clocks changed
		"-1w":                  "2026-03-24T13:34:56.000000789Z",
		"-1m":                  "2026-02-28T13:34:56.000000789Z", // the shorter month's last day
		"-13m":                 "2025-02-28T13:34:56.000000789Z",
		"-1q":                  "2025-12-30T13:34:56.000000789Z",
		"-2y":                  "2024-03-31T12:34:56.000000789Z",
		"sStart":               "2026-03-31T12:34:56Z",
		"MStart":               "2026-03-31T12:34:00Z",
		"-1hStart":             "2026-03-31T11:00:00Z",
		"hEnd":                 "2026-03-31T12:59:59.999999999Z",
		"dStart":               "2026-03-30T22:00:00Z",
		"-1dStart":             "2026-03-29T22:00:00Z",
		"-1dEnd":               "2026-03-30T21:59:59.999999999Z",
		"wStart":               "2026-03-29T22:00:00Z",
		"wEnd":                 "2026-04-05T21:59:59.999999999Z",
		"mStart":               "2026-02-28T23:00:00Z",
		"-1mStart":             "2026-01-31T23:00:00Z",
		"-1mEnd":               "2026-02-28T22:59:59.999999999Z",
		"qStart":               "2025-12-31T23:00:00Z",
		"qEnd":                 "2026-03-31T21:59:59.999999999Z",
		"yStart":               "2025-12-31T23:00:00Z",
		"-1yEnd":               "2025-12-31T22:59:59.999999999Z",
		"-999999y":             "1970-01-01T00:00:00Z",
		"2026-03-31T10:00:00Z": "2026-03-31T10:00:00Z",
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			first, last, err := clock.Parse(text)
			require.NoError(t, err)
			assert.Equal(t, want, first.UTC().Format(time.RFC3339Nano))
			assert.False(t, last.Before(first))
		})
	}
}

func TestClockRefuses(t *testing.T) {
	for _, text := range []string{"", "-", "h", "-h", "-1", "1H", "-1D", "--1h", "-1h1h", "-1.5h", "-1hstart", "Start", "-1000000s", "yesterday", "+1h", "-1hStartEnd"} {
		t.Run(text, func(t *testing.T) {
			_, _, err := dates.Clock{Now: time.Now()}.Parse(text)
			require.ErrorContains(t, err, "is neither ISO 8601")
		})
	}
}

func FuzzClock(f *testing.F) {
	for _, seed := range []string{"2026-11-21T10:00:00.5+01:00", "20261121T10", "-1dStart", "mEnd", "-30M", "now", "2026-11-21 10:00", "-999999y"} {
		f.Add(seed)
	}
	zone := time.FixedZone("", -5*3600)
	now := time.Date(2026, 11, 21, 17, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		first, last, err := dates.Clock{Now: now, Zone: zone}.Parse(text)
		if err != nil {
			return
		}
		require.False(t, last.Before(first))
		if again, _, err := (dates.Clock{Now: now}).Parse(first.Format(time.RFC3339Nano)); err == nil {
			require.True(t, again.Equal(first), "%s is read as %s", first, again)
		}
		if standard, err := time.Parse(time.RFC3339Nano, text); err == nil {
			require.True(t, standard.Equal(first))
		}
	})
}
