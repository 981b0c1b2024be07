package alertstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/docstore/docstoretest"
	"github.com/docketlog/docket/internal/docstore/embedded"
)

// clock is a time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	return c.now
}

func (c *clock) move(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

func open(t *testing.T) (*alertstore.Store, *clock) {
	t.Helper()
	documents, err := embedded.Open(filepath.Join(t.TempDir(), "documents.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, documents.Close()) })
	c := &clock{now: time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)}
	return alertstore.New(documents, c.Now), c
}

func settings() alertstore.Settings {
	return alertstore.Settings{
		Name: "declined", Enabled: true, Filters: json.RawMessage(`{"serviceNames":["checkout"]}`),
		ThresholdCount: 10, Operator: alert.Above, WindowMinutes: 5, Periods: 3, Datapoints: 2, CooldownMin: 10,
	}
}

func create(t *testing.T, s *alertstore.Store, projectID int64) alertstore.Alert {
	t.Helper()
	made, err := s.Create(t.Context(), alertstore.Alert{
		ProjectID: projectID, Settings: settings(), State: alertstore.State{Name: alert.NotFiring},
	}, 0)
	require.NoError(t, err)
	return made
}

func TestAlertsComeBack(t *testing.T) {
	s, _ := open(t)
	first, second, other := create(t, s, 1), create(t, s, 1), create(t, s, 2)
	got, err := s.Get(t.Context(), 1, first.ID)
	require.NoError(t, err)
	assert.Equal(t, first, got)
	assert.Equal(t, 5*time.Minute, got.Rule(time.Minute).Window)

	all, err := s.List(t.Context(), 1)
	require.NoError(t, err)
	assert.Equal(t, []alertstore.Alert{second, first}, all, "the newest first")
	everyone, err := s.All(t.Context())
	require.NoError(t, err)
	assert.Len(t, everyone, 3)

	for _, id := range []string{other.ID, "", "x", "../1/" + first.ID} {
		_, err = s.Get(t.Context(), 1, id)
		require.ErrorIs(t, err, alertstore.ErrNotFound, id)
	}
	deleted, err := s.Delete(t.Context(), 1, first.ID)
	require.NoError(t, err)
	assert.Equal(t, first, deleted)
	_, err = s.Delete(t.Context(), 1, first.ID)
	require.ErrorIs(t, err, alertstore.ErrNotFound)
	_, err = s.Change(t.Context(), 1, first.ID, func(*alertstore.Alert) error { return nil })
	require.ErrorIs(t, err, alertstore.ErrNotFound)
}

func TestOnlySoManyAlerts(t *testing.T) {
	s, _ := open(t)
	make1 := func() error {
		_, err := s.Create(t.Context(), alertstore.Alert{ProjectID: 1, Settings: settings()}, 3)
		return err
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 3 {
				if err := make1(); err != nil {
					assert.ErrorIs(t, err, alertstore.ErrTooMany)
				}
			}
		})
	}
	group.Wait()
	for range 3 {
		_ = make1()
	}
	all, err := s.List(t.Context(), 1)
	require.NoError(t, err)
	assert.Len(t, all, 3)
	require.ErrorIs(t, make1(), alertstore.ErrTooMany)
	create(t, s, 2)
}

func TestChangesAtOnceAreAllMade(t *testing.T) {
	s, _ := open(t)
	made := create(t, s, 1)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 10 {
				_, err := s.Change(context.Background(), 1, made.ID, func(a *alertstore.Alert) error {
					a.State.Failures++
					return nil
				})
				assert.NoError(t, err)
			}
		})
	}
	group.Wait()
	got, err := s.Get(t.Context(), 1, made.ID)
	require.NoError(t, err)
	assert.Equal(t, 40, got.State.Failures)

	wrong := errors.New("wrong")
	_, err = s.Change(t.Context(), 1, made.ID, func(*alertstore.Alert) error { return wrong })
	require.ErrorIs(t, err, wrong)
	_, err = s.Change(t.Context(), 1, made.ID, func(a *alertstore.Alert) error { a.Name = "x"; return alertstore.ErrUnchanged })
	require.NoError(t, err)
}

func TestChangesAreNoticed(t *testing.T) {
	s, _ := open(t)
	last, err := s.Changes(t.Context())
	require.NoError(t, err)
	noticed := func() bool {
		now, err := s.Changes(t.Context())
		require.NoError(t, err)
		defer func() { last = now }()
		return now != last
	}
	assert.False(t, noticed())
	made := create(t, s, 1)
	assert.True(t, noticed())
	_, err = s.Advance(t.Context(), 1, made.ID, func(a *alertstore.Alert) error { a.State.Failures = 3; return nil })
	require.NoError(t, err)
	assert.False(t, noticed(), "a check is no change")
	_, err = s.Change(t.Context(), 1, made.ID, func(*alertstore.Alert) error { return alertstore.ErrUnchanged })
	require.NoError(t, err)
	assert.False(t, noticed())
	_, err = s.Change(t.Context(), 1, made.ID, func(a *alertstore.Alert) error { a.Enabled = false; return nil })
	require.NoError(t, err)
	assert.True(t, noticed())
	_, err = s.Delete(t.Context(), 1, made.ID)
	require.NoError(t, err)
	assert.True(t, noticed())
}

// What is listed is as it is now, whoever has changed it, however often it is listed.
func TestListedAgain(t *testing.T) {
	documents := docstoretest.NewMemory()
	s, other := alertstore.New(documents, time.Now), alertstore.New(documents, time.Now)
	one, two := create(t, s, 1), create(t, s, 2)
	names := func() []string {
		all, err := s.All(t.Context())
		require.NoError(t, err)
		var names []string
		for _, a := range all {
			names = append(names, a.Name)
		}
		slices.Sort(names)
		return names
	}
	before := names()
	require.Len(t, before, 2)
	assert.Equal(t, before, names())
	_, err := other.Advance(t.Context(), 1, one.ID, func(a *alertstore.Alert) error { a.Name = "y"; return nil })
	require.NoError(t, err)
	assert.Equal(t, []string{two.Name, "y"}, names())
	_, err = other.Delete(t.Context(), 1, one.ID)
	require.NoError(t, err)
	assert.Equal(t, []string{two.Name}, names())
	one.Name = "z"
	_, err = other.Add(t.Context(), one)
	require.NoError(t, err)
	assert.Equal(t, []string{two.Name, "z"}, names())
	_, err = other.Add(t.Context(), one)
	require.ErrorIs(t, err, alertstore.ErrExists)
}

func TestSettle(t *testing.T) {
	s, c := open(t)
	made := create(t, s, 1)
	fire := alertstore.NewTransition(c.Now(), alert.KindCheck, alert.NotFiring, alert.Firing)
	fired, err := s.Change(t.Context(), 1, made.ID, func(a *alertstore.Alert) error {
		a.State.Name = alert.Firing
		a.Outbox = append(a.Outbox, fire)
		return nil
	})
	require.NoError(t, err)

	// The first to settle dies after the event.
	died := errors.New("died")
	_, err = s.Settle(t.Context(), fired, func(context.Context, alertstore.Alert, []alertstore.Transition) error { return died })
	require.ErrorIs(t, err, died)
	events, err := s.Events(t.Context(), 1, made.ID)
	require.NoError(t, err)
	require.Len(t, events, 1)

	// Two more settle at once; meanwhile something else happens.
	later := alertstore.NewTransition(c.Now(), alert.KindSnooze, alert.Firing, alert.Snoozed)
	_, err = s.Change(t.Context(), 1, made.ID, func(a *alertstore.Alert) error { a.Outbox = append(a.Outbox, later); return nil })
	require.NoError(t, err)
	var delivered []string
	for range 2 {
		_, err = s.Settle(t.Context(), fired, func(_ context.Context, _ alertstore.Alert, all []alertstore.Transition) error {
			for _, t := range all {
				delivered = append(delivered, t.ID)
			}
			return nil
		})
		require.NoError(t, err)
	}
	assert.Equal(t, []string{fire.ID, fire.ID}, delivered, "deliver is told again")
	got, err := s.Get(t.Context(), 1, made.ID)
	require.NoError(t, err)
	require.Len(t, got.Outbox, 1)
	assert.Equal(t, later.ID, got.Outbox[0].ID)
	got, err = s.Settle(t.Context(), got, func(context.Context, alertstore.Alert, []alertstore.Transition) error { return nil })
	require.NoError(t, err)
	assert.Empty(t, got.Outbox)

	events, err = s.Events(t.Context(), 1, made.ID)
	require.NoError(t, err)
	assert.Equal(t, []alertstore.Event{{Transition: later}, {Transition: fire}}, events, "each once, the newest first")
	timeline := s.Timeline(got, events)
	require.Len(t, timeline, 3)
	assert.Equal(t, alert.NotFiring, timeline[0].State)
	assert.Equal(t, alert.Snoozed, timeline[2].State)

	c.move(alertstore.EventLifetime)
	require.NoError(t, s.DropOldEvents(t.Context(), 1, made.ID))
	events, err = s.Events(t.Context(), 1, made.ID)
	require.NoError(t, err)
	assert.Empty(t, events)
}

func TestOnlySoManyEvents(t *testing.T) {
	documents := docstoretest.NewMemory()
	c := &clock{now: time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)}
	s := alertstore.New(documents, c.Now)
	made := create(t, s, 1)
	var newest alertstore.Transition
	for i := range alertstore.MaxEvents + 3 {
		var err error
		newest = alertstore.NewTransition(c.Now(), alert.KindCheck, alert.NotFiring, alert.Firing)
		if made.Outbox = append(made.Outbox, newest); i%1000 == 0 || i > alertstore.MaxEvents {
			_, err = s.Settle(t.Context(), made, func(context.Context, alertstore.Alert, []alertstore.Transition) error { return nil })
			require.NoError(t, err)
			made.Outbox = nil
		}
	}
	require.NoError(t, s.DropOldEvents(t.Context(), 1, made.ID))
	events, err := s.Events(t.Context(), 1, made.ID)
	require.NoError(t, err)
	require.Equal(t, alertstore.MaxEvents, len(events)) //nolint:testifylint // it would tell of all of them
	assert.Equal(t, newest.ID, events[0].ID)
}

// Of several that happen in one check, the later is the newer.
func TestEventsOfOneMoment(t *testing.T) {
	s, c := open(t)
	made := create(t, s, 1)
	at := c.Now()
	for range 20 {
		one := alertstore.NewTransition(at, alert.KindCheck, alert.Firing, alert.Firing)
		made.Outbox = append(made.Outbox, one)
	}
	_, err := s.Settle(t.Context(), made, func(context.Context, alertstore.Alert, []alertstore.Transition) error { return nil })
	require.NoError(t, err)
	events, err := s.Events(t.Context(), 1, made.ID)
	require.NoError(t, err)
	require.Len(t, events, len(made.Outbox))
	for i, event := range slices.Backward(events) {
		require.Equal(t, made.Outbox[len(events)-1-i].ID, event.ID)
	}
}
