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
