package alert

import "time"

// TimelineSpan is how far back a timeline goes.
const TimelineSpan = 24 * time.Hour

// Event is what a timeline needs of an event in the history of an alert.
type Event struct {
	At            time.Time
	Kind          Kind
	Before, After Name
}

// Interval is a time in which an alert was in one state.
type Interval struct {
	Start, End time.Time
	State      Name
	Enabled    bool
}

// Timeline returns the states of the last 24 hours, the oldest first and without gaps,
// at least one. The events are all of that time, the oldest first; lastToggle is the
// kind of the newest event before it that enabled or disabled the alert, NoEvent if
// there is none.
func Timeline(events []Event, lastToggle Kind, current State, now time.Time) []Interval {
	open := Interval{Start: now.Add(-TimelineSpan), State: current.Name, Enabled: enabledAtFirst(events, lastToggle, current)}
	if len(events) > 0 {
		open.State = events[0].Before
	}
	var timeline []Interval
	for _, event := range events {
		state, enabled := event.After, open.Enabled
		switch event.Kind {
		case KindEnable:
			enabled = true
		case KindDisable:
			enabled = false
		}
		if state == open.State && enabled == open.Enabled {
			continue
		}
		if event.At.After(open.Start) {
			open.End = event.At
			timeline = append(timeline, open)
		}
		open = Interval{Start: event.At, State: state, Enabled: enabled}
	}
	open.End = now
	return append(timeline, open)
}

func enabledAtFirst(events []Event, lastToggle Kind, current State) bool {
	switch lastToggle {
	case KindEnable:
		return true
	case KindDisable:
		return false
	}
	for _, event := range events {
		switch event.Kind {
		case KindEnable:
			return false
		case KindDisable:
			return true
		}
	}
	return current.Enabled
}
