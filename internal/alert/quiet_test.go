package alert_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/alert"
)

func TestQuietHours(t *testing.T) {
	at := func(clock string) time.Time {
		parsed, err := time.Parse("15:04:05", clock)
		require.NoError(t, err)
		return time.Date(2026, 7, 1, parsed.Hour(), parsed.Minute(), parsed.Second(), 0, time.UTC)
	}
	for _, test := range []struct {
		hours, clock string
		want         bool
	}{
		{`null`, "12:00:00", false},
		{`{}`, "12:00:00", false},
		{`{"blocked_windows":[{"start":"12:00","end":"13:00"}]}`, "11:59:59", false},
		{`{"blocked_windows":[{"start":"12:00","end":"13:00"}]}`, "12:00:00", true},
		{`{"blocked_windows":[{"start":"12:00","end":"13:00"}]}`, "12:59:59", true},
		{`{"blocked_windows":[{"start":"12:00","end":"13:00"}]}`, "13:00:00", false},
		{`{"blocked_windows":[{"start":"22:00","end":"06:30"}]}`, "23:00:00", true},
		{`{"blocked_windows":[{"start":"22:00","end":"06:30"}]}`, "06:29:00", true},
		{`{"blocked_windows":[{"start":"22:00","end":"06:30"}]}`, "06:30:00", false},
		{`{"blocked_windows":[{"start":"00:00","end":"00:00"}]}`, "17:00:00", true},
		{`{"blocked_windows":[{"start":"12:00","end":"13:00"}],"timezone":"Europe/Berlin"}`, "10:30:00", true},
		{`{"blocked_windows":[{"start":"12:00","end":"13:00"}],"timezone":"Europe/Berlin"}`, "12:30:00", false},
	} {
		hours, err := alert.ParseQuietHours(json.RawMessage(test.hours))
		require.NoError(t, err)
		assert.Equal(t, test.want, hours.Hold(at(test.clock)), "%s at %s", test.hours, test.clock)
	}
	for _, wrong := range []string{
		`[]`, `"x"`, `{"blocked_windows":1}`, `{"blocked_windows":[{"start":"25:00","end":"13:00"}]}`, `{"blocked_windows":[{"start":"12:00"}]}`,
		`{"timezone":"Mars"}`,
	} {
		_, err := alert.ParseQuietHours(json.RawMessage(wrong))
		assert.Error(t, err, wrong)
	}
}

// What is given must all mean something; what was kept is read as well as it can be.
func TestCheckQuietHours(t *testing.T) {
	for _, fine := range []string{
		``, `null`, `{"blocked_windows":[]}`, `{"blocked_windows":[{"start":"22:00","end":"06:30"}],"timezone":"Europe/Berlin"}`,
	} {
		require.NoError(t, alert.CheckQuietHours(json.RawMessage(fine)), fine)
	}
	for given, want := range map[string]string{
		`{}`:                       "blocked_windows is required",
		`{"timezone":"UTC"}`:       "blocked_windows is required",
		`{"blocked_windows":null}`: "blocked_windows is required",
		`{"windows":[{"start":"22:00","end":"06:30"}]}`:                                     `"windows" means nothing there: write blocked_windows and timezone`,
		`{"Blocked_Windows":[{"start":"22:00","end":"06:30"}]}`:                             `"Blocked_Windows" means nothing`,
		`{"blocked_windows":[{"start":"22:00","end":"06:30","days":["mon"]}]}`:              `blocked_windows.0: "days" means nothing there: write start and end`,
		`{"blocked_windows":[{"start":"22:00","end":"06:30"},{"start":"25:00","end":"1"}]}`: "blocked_windows.1: ",
		`{"blocked_windows":[],"timezone":"Local"}`:                                         "another one on each machine",
		`[]`: "must be an object",
	} {
		require.ErrorContains(t, alert.CheckQuietHours(json.RawMessage(given)), want, given)
	}
}
