package alertingextension

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertform"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/alert/eventrecord"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

// told returns the event names of the records of alerts, the oldest first.
func (s *store) told(t *testing.T) []string {
	t.Helper()
	found, err := s.find(t.Context(), 1, filter.Equal{Field: filter.Field{Place: filter.PlaceEventName}, Values: eventrecord.Names()})
	require.NoError(t, err)
	var names []string
	for _, r := range found {
		assert.True(t, record.Verify(r))
		names = append(names, r.Log.EventName())
	}
	return names
}

// What happens to an alert is a record of its project, once, on whichever replica it was
// noted.
func TestEventsAreRecords(t *testing.T) {
	s, h := newStore(), newHook(t)
	one, stopOne := s.start(t)
	two, _ := s.start(t)
	made := h.create(t, one, "a")
	s.receive(t, two, "a")
	require.Eventually(t, func() bool { return len(s.told(t)) == 1 }, patience, 20*time.Millisecond)
	assert.Equal(t, []string{eventrecord.Firing}, s.told(t))
	stopOne()
	changed, err := two.Alerts().Change(t.Context(), 1, made.ID, func(a *alertstore.Alert) error {
		before := a.Now()
		after, kind := before.After(alert.Edit{Enabled: true, Snooze: true, SnoozeUntil: time.Now().Add(time.Hour)})
		a.Become(after)
		alertform.Note(a, time.Now(), kind, before.Name, after.Name)
		return nil
	})
	require.NoError(t, err)
	for range 2 { // as a request and a check may at the same time
		_, err = two.Alerts().Settle(t.Context(), changed, two.Deliver)
		require.NoError(t, err)
	}
	want := []string{eventrecord.Firing, eventrecord.Snoozed}
	require.Eventually(t, func() bool { return len(s.told(t)) == 2 }, patience, 20*time.Millisecond)
	time.Sleep(time.Second)
	assert.Equal(t, want, s.told(t))
	events, err := two.Alerts().Events(t.Context(), 1, made.ID)
	require.NoError(t, err)
	found, err := s.find(t.Context(), 1, filter.Equal{Field: filter.Field{Place: filter.PlaceEventName}, Values: want})
	require.NoError(t, err)
	require.Len(t, events, len(found))
	for _, event := range events {
		assert.True(t, slices.ContainsFunc(found, func(r record.Record) bool { return r.ID() == event.ID }), "a record has the id of its event")
	}
}

// No events become records if they are not wanted, or if the log store takes none.
func TestNoEventRecords(t *testing.T) {
	for name, prepare := range map[string]func(*store, *Config){
		"not wanted": func(_ *store, c *Config) { c.EventRecords = false },
		"not taken":  func(s *store, _ *Config) { s.isReadOnly = true },
	} {
		t.Run(name, func(t *testing.T) {
			s, h := newStore(), newHook(t)
			replica, _ := s.startWith(t, func(c *Config) { prepare(s, c) })
			h.create(t, replica, "a")
			s.receive(t, replica, "a")
			require.Eventually(t, func() bool { return len(h.got()) > 0 }, patience, 20*time.Millisecond)
			time.Sleep(time.Second)
			assert.Empty(t, s.told(t))
			waiting, err := s.documents.List(t.Context(), "alert_records_pending", "")
			require.NoError(t, err)
			assert.Empty(t, waiting)
		})
	}
}

// Alerts that select each other's events, and their own, count none of them, neither by
// tags nor by filters.
func TestEventsFeedNoAlert(t *testing.T) {
	for _, countBy := range []string{countByTags, countByFilters} {
		t.Run(countBy, func(t *testing.T) {
			s, h := newStore(), newHook(t)
			replica, _ := s.startWith(t, func(c *Config) { c.CountBy = countBy })
			first, second := h.create(t, replica, "docket"), h.create(t, replica, "docket")
			s.receive(t, replica, "docket")
			require.Eventually(t, func() bool { return len(s.told(t)) == 2 }, patience, 20*time.Millisecond)
			rules, done := replica.UseRules()
			defer done()
			require.Eventually(t, func() bool { return rules().Len() == 2 }, patience, 20*time.Millisecond)
			shipped, err := s.find(t.Context(), 1, filter.Equal{Field: filter.Field{Place: filter.PlaceEventName}, Values: eventrecord.Names()})
			require.NoError(t, err)
			rules().Tag(shipped[0], 1, nil)
			assert.False(t, has(shipped[0], record.AttributeAlertMatches), "not even one that comes from another Docket")
			time.Sleep(2500 * time.Millisecond) // two more checks
			assert.Len(t, s.told(t), 2)
			for _, made := range []alertstore.Alert{first, second} {
				events, err := replica.Alerts().Events(t.Context(), 1, made.ID)
				require.NoError(t, err)
				require.Len(t, events, 1)
				assert.EqualValues(t, 1, *events[0].Count, "it counts what was received alone")
			}
		})
	}
}

func has(r record.Record, attribute string) bool {
	_, ok := r.Log.Attributes().Get(attribute)
	return ok
}
