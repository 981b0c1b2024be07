package alertstore

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/record"
)

const (
	// EventLifetime is how long the history of an alert goes back.
	EventLifetime = 90 * 24 * time.Hour
	// MaxEvents is how many events of an alert are kept, the newest: one with many groups may
	// have many in a day.
	MaxEvents = 10_000
)

// Event is an entry in the history of an alert.
type Event struct{ Transition }

// NewTransition returns a transition of a moment with an id of its own, which can be that of
// a record of it.
func NewTransition(at time.Time, kind alert.Kind, before, after alert.Name) Transition {
	return Transition{ID: record.NewID(pcommon.NewTimestampFromTime(at)), At: at.UTC(), Kind: kind, Before: before, After: after}
}

// Settle makes of each transition in the outbox of an alert an event, and whatever
// deliver makes of it, and takes it out. Deliver may be called again with a transition
// that it has seen, and must then do nothing more.
func (s *Store) Settle(ctx context.Context, a Alert, deliver func(context.Context, Alert, []Transition) error) (Alert, error) {
	if len(a.Outbox) == 0 {
		return a, nil
	}
	settled := map[string]bool{}
	for _, t := range a.Outbox {
		if err := s.addEvent(ctx, a, t); err != nil {
			return a, err
		}
		settled[t.ID] = true
	}
	if err := deliver(ctx, a, a.Outbox); err != nil {
		return a, err
	}
	return s.Advance(ctx, a.ProjectID, a.ID, func(now *Alert) error {
		count := len(now.Outbox)
		now.Outbox = slices.DeleteFunc(now.Outbox, func(t Transition) bool { return settled[t.ID] })
		if len(now.Outbox) == count {
			return ErrUnchanged // somebody else has done it
		}
		return nil
	})
}

func (s *Store) addEvent(ctx context.Context, a Alert, t Transition) error {
	body, err := json.Marshal(Event{t})
	if err != nil {
		return fmt.Errorf("write an event: %w", err)
	}
	_, err = s.documents.Create(ctx, docstore.Document{
		Collection: eventsCollection, ID: eventPrefix(a.ProjectID, a.ID) + t.ID, Body: body,
	})
	if err != nil && !errors.Is(err, docstore.ErrExists) {
		return fmt.Errorf("add an event: %w", err)
	}
	return nil
}

// Events returns the history of an alert, the newest first.
func (s *Store) Events(ctx context.Context, projectID int64, id string) ([]Event, error) {
	documents, err := s.documents.List(ctx, eventsCollection, eventPrefix(projectID, id))
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	events := make([]Event, len(documents))
	for i, document := range documents {
		if err := json.Unmarshal(document.Body, &events[i]); err != nil {
			return nil, fmt.Errorf("read the event %s: %w", document.ID, err)
		}
	}
	// Several may happen in one check; their ids tell in which order.
	slices.SortFunc(events, func(a, b Event) int { return cmp.Or(b.At.Compare(a.At), strings.Compare(b.ID, a.ID)) })
	return events, nil
}

// Timeline returns the states of the last 24 hours of an alert, of which these are the
// events, the newest first.
func (s *Store) Timeline(a Alert, events []Event) []alert.Interval {
	now := s.now().UTC()
	lastToggle := alert.NoEvent
	var within []alert.Event
	for _, event := range slices.Backward(events) {
		switch {
		case event.At.After(now.Add(-alert.TimelineSpan)):
			within = append(within, event.event())
		case event.Kind == alert.KindEnable || event.Kind == alert.KindDisable:
			lastToggle = event.Kind
		}
	}
	return alert.Timeline(within, lastToggle, a.Now(), now)
}

// DropOldEvents deletes the events of an alert that are older than EventLifetime, and those
// before the newest MaxEvents.
func (s *Store) DropOldEvents(ctx context.Context, projectID int64, id string) error {
	oldest := s.now().Add(-EventLifetime)
	return s.deleteEventsIf(ctx, projectID, id, func(e Event, newer int) bool { return e.At.Before(oldest) || newer >= MaxEvents })
}

func (s *Store) deleteEvents(ctx context.Context, projectID int64, id string) error {
	return s.deleteEventsIf(ctx, projectID, id, func(Event, int) bool { return true })
}

// deleteEventsIf deletes the events of an alert of which isGone is true. It is told how many
// newer ones there are.
func (s *Store) deleteEventsIf(ctx context.Context, projectID int64, id string, isGone func(e Event, newer int) bool) error {
	documents, err := s.documents.List(ctx, eventsCollection, eventPrefix(projectID, id))
	if err != nil {
		return fmt.Errorf("list events: %w", err)
	}
	for i, document := range documents {
		var event Event
		if json.Unmarshal(document.Body, &event) == nil && !isGone(event, len(documents)-1-i) {
			continue
		}
		err := s.documents.Delete(ctx, eventsCollection, document.ID, document.Version)
		if err != nil && !errors.Is(err, docstore.ErrNotFound) && !errors.Is(err, docstore.ErrConflict) {
			return fmt.Errorf("delete an event: %w", err)
		}
	}
	return nil
}

func eventPrefix(projectID int64, id string) string { return projectPrefix(projectID) + id + "/" }
