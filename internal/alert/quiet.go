package alert

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// QuietHours are times of every day in which nothing is announced.
type QuietHours struct {
	// BlockedWindows each go from a time of day to another, which may be on the next day.
	BlockedWindows []BlockedWindow `json:"blocked_windows"`
	// TimeZone is a name of the IANA database; "" is UTC.
	TimeZone string `json:"timezone,omitempty"`

	zone *time.Location
}

// BlockedWindow is from Start, inclusive, to End, exclusive, both as 15:04. A window that
// starts when it ends is the whole day.
type BlockedWindow struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

// maxBlockedWindows is how many windows quiet hours may have.
const maxBlockedWindows = 20

// ParseQuietHours reads quiet hours from JSON; none or null has no windows. The error says
// what is wrong.
func ParseQuietHours(text json.RawMessage) (QuietHours, error) {
	hours := QuietHours{zone: time.UTC}
	if len(text) == 0 || string(text) == "null" {
		return hours, nil
	}
	if err := json.Unmarshal(text, &hours); err != nil {
		return QuietHours{}, fmt.Errorf("must be an object with blocked_windows, a list of objects with start and end: %w", err)
	}
	if len(hours.BlockedWindows) > maxBlockedWindows {
		return QuietHours{}, fmt.Errorf("blocked_windows must have at most %d windows", maxBlockedWindows)
	}
	for i, window := range hours.BlockedWindows {
		for _, clock := range []string{window.Start, window.End} {
			if _, err := minutesOf(clock); err != nil {
				return QuietHours{}, fmt.Errorf("blocked_windows.%d: %q is no time such as 22:30", i, clock)
			}
		}
	}
	zone, err := time.LoadLocation(hours.TimeZone)
	if err != nil {
		return QuietHours{}, fmt.Errorf("timezone: %q is no time zone such as Europe/Berlin", hours.TimeZone)
	}
	hours.zone = zone
	return hours, nil
}

// CheckQuietHours returns an error unless all of what somebody gives as quiet hours says
// something. ParseQuietHours is for what was kept, and leaves out what it does not know.
func CheckQuietHours(text json.RawMessage) error {
	hours, err := ParseQuietHours(text)
	if err != nil || len(text) == 0 || string(text) == "null" {
		return err
	}
	if hours.TimeZone == time.Local.String() {
		return fmt.Errorf("timezone: %q is another one on each machine: write one such as Europe/Berlin", hours.TimeZone)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	if err := onlyMembers(members, "blocked_windows", "timezone"); err != nil {
		return err
	}
	if windows, ok := members["blocked_windows"]; !ok || string(windows) == "null" {
		return errors.New("blocked_windows is required, a list of objects with start and end; for no quiet hours write null instead of all")
	}
	var windows []map[string]json.RawMessage
	if err := json.Unmarshal(members["blocked_windows"], &windows); err != nil {
		return err
	}
	for i, window := range windows {
		if err := onlyMembers(window, "start", "end"); err != nil {
			return fmt.Errorf("blocked_windows.%d: %w", i, err)
		}
	}
	return nil
}

// onlyMembers returns an error if there is a member of another name.
func onlyMembers(members map[string]json.RawMessage, first, second string) error {
	for name := range members {
		if name != first && name != second {
			return fmt.Errorf("%q means nothing there: write %s and %s", name, first, second)
		}
	}
	return nil
}

// Hold reports whether it is quiet at a time.
func (h QuietHours) Hold(at time.Time) bool {
	if len(h.BlockedWindows) == 0 {
		return false
	}
	local := at.In(h.zone)
	now := 60*local.Hour() + local.Minute()
	for _, window := range h.BlockedWindows {
		start, _ := minutesOf(window.Start) // they were parsed
		end, _ := minutesOf(window.End)
		if start < end && start <= now && now < end || start >= end && (now >= start || now < end) {
			return true
		}
	}
	return false
}

// minutesOf returns the minutes since midnight of a time of day.
func minutesOf(clock string) (int, error) {
	parsed, err := time.Parse("15:04", clock)
	if err != nil {
		return 0, err
	}
	return 60*parsed.Hour() + parsed.Minute(), nil
}
