package eventrecord_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/alert/eventrecord"
	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/docstore/docstoretest"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/posthog"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/requests"
	"github.com/docketlog/docket/internal/record"
)

// store is a log store that knows its requests.
type store struct {
	mu      sync.Mutex
	records []record.Record
	known   map[string]logstore.Request
	// failure is what Append answers; if stores is true it takes the records all the same,
	// as a journal whose fsync failed may have.
	failure error
	stores  bool
}

func (s *store) Append(_ context.Context, logs plog.Logs) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure == nil || s.stores {
		kept := plog.NewLogs()
		logs.CopyTo(kept)
		for r := range record.All(kept) {
			s.records = append(s.records, r)
		}
		if s.known == nil {
			s.known = map[string]logstore.Request{}
		}
		for _, request := range requests.Of(kept) {
			s.known[fmt.Sprint(request.ProjectID, request.Key)] = request
		}
	}
	return s.failure
}

func (s *store) FindRequest(_ context.Context, projectID int64, key string) (logstore.Request, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.known[fmt.Sprint(projectID, key)]
	return found, ok, nil
}

func (s *store) ids() (ids []string) {
	for _, r := range s.records {
		ids = append(ids, r.ID())
	}
	return ids
}

var now = time.Date(2026, 11, 21, 12, 5, 1, 0, time.UTC)

func newOutbox() eventrecord.Outbox {
	return eventrecord.Outbox{Documents: docstoretest.NewMemory(), Now: func() time.Time { return now }}
}

func newAlert() alertstore.Alert {
	return alertstore.Alert{
		ID: "0197c000-0000-7000-8000-000000000001", ProjectID: 7,
		Settings: alertstore.Settings{Name: "Declined", ThresholdCount: 10, Operator: alert.Above},
	}
}

func transition(t *testing.T, kind alert.Kind, before, after alert.Name) alertstore.Transition {
	t.Helper()
	made := alertstore.NewTransition(now.Add(-time.Second), kind, before, after)
	return made
}

func fired(t *testing.T) alertstore.Transition {
	t.Helper()
	made := transition(t, alert.KindCheck, alert.NotFiring, alert.Firing)
	made.Notification, made.Breached, made.Count = alert.Fire, true, new(int64(25))
	made.From, made.To = made.At.Add(-5*time.Minute), made.At
	return made
}

func TestRecordOfAnEvent(t *testing.T) {
	outbox, s := newOutbox(), &store{}
	made := fired(t)
	require.NoError(t, outbox.Add(t.Context(), newAlert(), made))
	require.NoError(t, outbox.Store(t.Context(), s, s))
	require.Len(t, s.records, 1)
	r := s.records[0]
	assert.True(t, record.Verify(r))
	assert.Equal(t, made.ID, r.ID(), "its id is the transition's")
	assert.Equal(t, int64(7), r.ProjectID())
	assert.Equal(t, made.At, r.Log.Timestamp().AsTime())
	assert.Equal(t, "docket.alert.firing", r.Log.EventName())
	assert.Equal(t, plog.SeverityNumberWarn, r.Log.SeverityNumber())
	assert.Equal(t, `The alert "Declined" is firing: 25 records from 2026-11-21T12:00:00Z to 2026-11-21T12:05:00Z, the threshold is above 10.`, r.Log.Body().Str())
	attributes := r.Log.Attributes().AsRaw()
	for _, name := range []string{
		record.AttributeID, record.AttributeHash, record.AttributeIdempotencyKey, record.AttributeRequestDigest, record.AttributeRequestPosition,
	} {
		assert.Contains(t, attributes, name)
		delete(attributes, name)
	}
	text, err := json.Marshal(attributes)
	require.NoError(t, err)
	assert.JSONEq(t, `{"docket.source": "docket", "docket.alert.id": "0197c000-0000-7000-8000-000000000001", "docket.alert.name": "Declined",
		"docket.alert.kind": "check", "docket.alert.state": "firing", "docket.alert.state_before": "not_firing",
		"docket.alert.result_count": 25, "docket.alert.threshold_count": 10, "docket.alert.threshold_operator": "above",
		"docket.alert.window_from": "2026-11-21T12:00:00Z", "docket.alert.window_to": "2026-11-21T12:05:00Z",
		"docket.alert.notification": "firing"}`, string(text))
	service, _ := r.Resource.Attributes().Get(record.AttributeServiceName)
	assert.Equal(t, "docket", service.Str())
}

// Each kind of transition has a name of its own, which no alert counts.
func TestNames(t *testing.T) {
	check := func(before, after alert.Name, change func(*alertstore.Transition)) func(*testing.T) alertstore.Transition {
		return func(t *testing.T) alertstore.Transition {
			t.Helper()
			made := transition(t, alert.KindCheck, before, after)
			change(&made)
			return made
		}
	}
	just := func(kind alert.Kind) func(*testing.T) alertstore.Transition {
		return func(t *testing.T) alertstore.Transition {
			t.Helper()
			return transition(t, kind, alert.NotFiring, alert.NotFiring)
		}
	}
	nothing := func(*alertstore.Transition) {}
	for _, test := range []struct {
		made           func(*testing.T) alertstore.Transition
		name, sentence string
		severity       plog.SeverityNumber
	}{
		{fired, eventrecord.Firing, "is firing", plog.SeverityNumberWarn},
		{check(alert.NotFiring, alert.Firing, func(t *alertstore.Transition) { t.Held = alert.Fire }), eventrecord.Firing, "because of its cooldown.", plog.SeverityNumberWarn},
		{check(alert.NotFiring, alert.Firing, func(t *alertstore.Transition) { t.Muted = alert.Fire }), eventrecord.Firing, "because of its quiet hours.", plog.SeverityNumberWarn},
		{check(alert.Firing, alert.NotFiring, func(t *alertstore.Transition) { t.Notification = alert.Resolve }), eventrecord.Resolved, "has resolved", plog.SeverityNumberInfo},
		{check(alert.Firing, alert.Firing, func(t *alertstore.Transition) { t.Error = "too much" }), eventrecord.Errored, "could not be checked: too much.", plog.SeverityNumberWarn},
		{check(alert.Firing, alert.Broken, func(t *alertstore.Transition) { t.Error = "too much" }), eventrecord.Broken, "is not checked any more: too much.", plog.SeverityNumberWarn},
		{check(alert.Snoozed, alert.NotFiring, nothing), eventrecord.Unsnoozed, "is not snoozed any more.", plog.SeverityNumberInfo},
		{check(alert.Firing, alert.NotFiring, nothing), eventrecord.Checked, "is not_firing, was firing.", plog.SeverityNumberInfo},
		{just(alert.KindSnooze), eventrecord.Snoozed, "was snoozed until 2026-11-22T00:00:00Z.", plog.SeverityNumberInfo},
		{just(alert.KindUnsnooze), eventrecord.Unsnoozed, "is not snoozed any more.", plog.SeverityNumberInfo},
		{just(alert.KindEnable), eventrecord.Enabled, "was enabled.", plog.SeverityNumberInfo},
		{just(alert.KindDisable), eventrecord.Disabled, "was disabled.", plog.SeverityNumberInfo},
		{just(alert.KindReset), eventrecord.Reset, "was reset", plog.SeverityNumberInfo},
		{just(alert.KindThresholdChange), eventrecord.Changed, "has another condition.", plog.SeverityNumberInfo},
		{just(alert.KindGroupsLeftOut), eventrecord.GroupsLeftOut, "has too many groups", plog.SeverityNumberInfo},
		{just(alert.KindVerdictChanged), eventrecord.VerdictChanged, "was judged by too few records", plog.SeverityNumberInfo},
	} {
		t.Run(test.name, func(t *testing.T) {
			outbox, s, of := newOutbox(), &store{}, newAlert()
			of.State.SnoozeUntil = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
			require.NoError(t, outbox.Add(t.Context(), of, test.made(t)))
			require.NoError(t, outbox.Store(t.Context(), s, s))
			require.Len(t, s.records, 1)
			r := s.records[0]
			assert.True(t, record.Verify(r))
			assert.Equal(t, test.name, r.Log.EventName())
			assert.Contains(t, r.Log.Body().Str(), test.sentence)
			assert.Equal(t, test.severity, r.Log.SeverityNumber())
			for _, selected := range []filter.Expression{nil, filter.And{}, filter.Services{"docket"}} {
				assert.True(t, filter.Matches(selected, r))
				assert.False(t, filter.Matches(eventrecord.Countable(selected), r), "no alert counts it")
			}
		})
	}
	other := record.New()
	other.Log.SetEventName("docket.alert")
	assert.True(t, filter.Matches(eventrecord.Countable(nil), other))
	assert.False(t, filter.Matches(eventrecord.Countable(filter.Services{"docket"}), other))
}

// Whatever happens in between, there is one record of each transition.
func TestEachEventHasOneRecord(t *testing.T) {
	outbox, s := newOutbox(), &store{}
	one, two := fired(t), fired(t)
	add := func(made alertstore.Transition) { require.NoError(t, outbox.Add(t.Context(), newAlert(), made)) }
	add(one)
	add(one)
	s.failure = &logstore.UnavailableError{Reason: "full", RetryAfter: time.Second}
	require.ErrorContains(t, outbox.Store(t.Context(), s, s), "full")
	assert.Empty(t, s.records)
	s.failure, s.stores = logstore.ErrOutcomeUnknown, true
	require.ErrorIs(t, outbox.Store(t.Context(), s, s), logstore.ErrOutcomeUnknown)
	s.failure, s.stores = nil, false
	add(two)
	for range 3 {
		require.NoError(t, outbox.Store(t.Context(), s, s))
		add(one) // by somebody who has seen the alert before it was settled
	}
	assert.Equal(t, []string{one.ID, two.ID}, s.ids())
}

// forgetful is a store of documents in which nothing can be deleted: what a process finds
// that comes after one which died behind the append.
type forgetful struct{ docstore.Store }

func (forgetful) Delete(context.Context, string, string, int64) error { return errors.New("killed") }

func TestKilledBetweenTheRecordAndForgetting(t *testing.T) {
	outbox, s := newOutbox(), &store{}
	made := fired(t)
	require.NoError(t, outbox.Add(t.Context(), newAlert(), made))
	dying := eventrecord.Outbox{Documents: forgetful{outbox.Documents}, Now: outbox.Now}
	for range 3 {
		require.ErrorContains(t, dying.Store(t.Context(), s, s), "killed")
	}
	require.NoError(t, outbox.Store(t.Context(), s, s))
	assert.Equal(t, []string{made.ID}, s.ids())
	left, err := outbox.Documents.List(t.Context(), "alert_records_pending", "")
	require.NoError(t, err)
	assert.Empty(t, left)
}

// What the log store will never take waits for nothing.
func TestRefusedRecords(t *testing.T) {
	outbox, s := newOutbox(), &store{failure: consumererror.NewPermanent(errors.New("too large"))}
	require.NoError(t, outbox.Add(t.Context(), newAlert(), fired(t)))
	require.ErrorContains(t, outbox.Store(t.Context(), s, s), "1 events have no records")
	s.failure = nil
	require.NoError(t, outbox.Store(t.Context(), s, s))
	assert.Empty(t, s.records)
}

func TestManyEvents(t *testing.T) {
	outbox, s := newOutbox(), &store{}
	const count = 600
	for range count {
		require.NoError(t, outbox.Add(t.Context(), newAlert(), fired(t)))
	}
	require.NoError(t, outbox.Store(t.Context(), s, s))
	assert.Len(t, s.records, count)
}

func TestRecordOfAGroup(t *testing.T) {
	outbox, s, of := newOutbox(), &store{}, newAlert()
	of.GroupBy = &posthog.FieldName{Type: "log_attribute", Key: "user.id"}
	group := fired(t)
	group.Group = &alertstore.GroupTransition{Value: "42", Before: alert.NotFiring, After: alert.Firing}
	require.NoError(t, outbox.Add(t.Context(), of, group))
	gone := transition(t, alert.KindGroupGone, alert.Firing, alert.Firing)
	gone.Group, gone.Error, gone.Count = &alertstore.GroupTransition{Value: "41", Before: alert.Firing, After: alert.NotFiring}, "it is forgotten", new(int64(0))
	require.NoError(t, outbox.Add(t.Context(), of, gone))
	require.NoError(t, outbox.Store(t.Context(), s, s))
	require.Len(t, s.records, 2)
	assert.Contains(t, s.records[0].Log.Body().Str(), `The alert "Declined" for user.id "42" is firing: 25 records`)
	attributes := s.records[0].Log.Attributes().AsRaw()
	assert.Equal(t, "user.id", attributes["docket.alert.group_by"])
	assert.Equal(t, "42", attributes["docket.alert.group"])
	assert.Equal(t, "firing", attributes["docket.alert.group_state"])
	assert.Equal(t, eventrecord.Resolved, s.records[1].Log.EventName())
	assert.Contains(t, s.records[1].Log.Body().Str(), `for user.id "41" has resolved: 0 records`)
	assert.Contains(t, s.records[1].Log.Body().Str(), `it is forgotten.`)
}

func TestTheSentenceIsText(t *testing.T) {
	outbox, s, of := newOutbox(), &store{}, newAlert()
	of.Name = "a\xffb"
	require.NoError(t, outbox.Add(t.Context(), of, fired(t)))
	require.NoError(t, outbox.Store(t.Context(), s, s))
	assert.Contains(t, s.records[0].Log.Body().Str(), "a")
	assert.True(t, record.Verify(s.records[0]))
}
