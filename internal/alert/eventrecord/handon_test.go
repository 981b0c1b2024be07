package eventrecord_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/alert/eventrecord"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// taker takes records as a pipeline does.
type taker struct {
	failure error
	ids     []string
	batches []int
	lost    []eventrecord.Loss
}

func (p *taker) consume(_ context.Context, logs plog.Logs) error {
	p.batches = append(p.batches, logs.LogRecordCount())
	if p.failure != nil {
		return p.failure
	}
	for r := range record.All(logs) {
		p.ids = append(p.ids, r.ID())
	}
	return nil
}

func (p *taker) lose(l eventrecord.Loss) { p.lost = append(p.lost, l) }

// newHandingOutbox returns an outbox whose events wait for a taker, and what changes that.
func newHandingOutbox() (o eventrecord.Outbox, isHandedOn *bool) {
	o, isHandedOn = newOutbox(), new(true)
	o.IsHandedOn = func() bool { return *isHandedOn }
	return o, isHandedOn
}

func waiting(t *testing.T, o eventrecord.Outbox) int {
	t.Helper()
	documents, err := o.Documents.List(t.Context(), "alert_records_pending", "")
	require.NoError(t, err)
	return len(documents)
}

// An event waits until the log store and the taker have its record, whichever of them has
// troubles, and whatever is repeated: the log store has one record of it.
func TestEventsWaitForBoth(t *testing.T) {
	outbox, _ := newHandingOutbox()
	s, p := &store{}, &taker{}
	one := fired(t)
	require.NoError(t, outbox.Add(t.Context(), newAlert(), one))
	require.NoError(t, outbox.HandOn(t.Context(), p.consume, p.lose))
	assert.Empty(t, p.batches, "the log store comes first")
	s.failure = &logstore.UnavailableError{Reason: "full", RetryAfter: time.Second}
	require.Error(t, outbox.Store(t.Context(), s, s))
	require.NoError(t, outbox.HandOn(t.Context(), p.consume, p.lose))
	assert.Empty(t, p.batches)

	s.failure = nil
	for range 2 {
		require.NoError(t, outbox.Store(t.Context(), s, s))
	}
	p.failure = errors.New("it rains")
	for range 2 {
		require.ErrorIs(t, outbox.HandOn(t.Context(), p.consume, p.lose), p.failure)
	}
	s.known = nil // it is not asked for those that it has, however long they wait
	two := fired(t)
	require.NoError(t, outbox.Add(t.Context(), newAlert(), two))
	require.NoError(t, outbox.Store(t.Context(), s, s), "a taker that takes nothing holds up no record")
	assert.Equal(t, []string{one.ID, two.ID}, s.ids())

	p.failure = nil
	for range 2 {
		require.NoError(t, outbox.HandOn(t.Context(), p.consume, p.lose))
	}
	assert.Equal(t, []string{one.ID, two.ID}, p.ids)
	assert.Equal(t, []int{1, 1, 2}, p.batches)
	assert.Empty(t, p.lost)
	assert.Zero(t, waiting(t, outbox))
}

// What is handed on is the record that the log store has, hash and all.
func TestTheSameRecordIsHandedOn(t *testing.T) {
	outbox, _ := newHandingOutbox()
	s, got := &store{}, plog.NewLogs()
	require.NoError(t, outbox.Add(t.Context(), newAlert(), fired(t)))
	require.NoError(t, outbox.Store(t.Context(), s, s))
	require.NoError(t, outbox.HandOn(t.Context(), func(_ context.Context, logs plog.Logs) error {
		logs.MoveTo(got)
		return nil
	}, nil))
	require.Equal(t, 1, got.LogRecordCount())
	for r := range record.All(got) {
		assert.True(t, record.Verify(r))
		assert.Equal(t, s.records[0].Log.Attributes().AsRaw(), r.Log.Attributes().AsRaw())
		key, ok := eventrecord.KeyOf(r)
		assert.True(t, ok)
		_, isKnown, err := s.FindRequest(t.Context(), r.ProjectID(), key)
		require.NoError(t, err)
		assert.True(t, isKnown)
	}
}

// A refusal for good loses the records for the taker alone, and they are told of.
func TestRefusedByTheTaker(t *testing.T) {
	outbox, _ := newHandingOutbox()
	s, p := &store{}, &taker{failure: consumererror.NewPermanent(errors.New("no such key"))}
	require.NoError(t, outbox.Add(t.Context(), newAlert(), fired(t)))
	require.NoError(t, outbox.Store(t.Context(), s, s))
	for range 2 {
		require.NoError(t, outbox.HandOn(t.Context(), p.consume, p.lose))
	}
	assert.Equal(t, []int{1}, p.batches)
	assert.Equal(t, []eventrecord.Loss{{Records: 1, Refused: p.failure}}, p.lost)
	assert.Zero(t, waiting(t, outbox))
	assert.Len(t, s.records, 1)
}

// What waits for too long is not handed on any more, and is told of.
func TestLateForTheTaker(t *testing.T) {
	outbox, _ := newHandingOutbox()
	s, p := &store{}, &taker{failure: errors.New("it rains")}
	clock := now
	outbox.Now = func() time.Time { return clock }
	require.NoError(t, outbox.Add(t.Context(), newAlert(), fired(t)))
	clock = clock.Add(time.Second)
	young := fired(t)
	require.NoError(t, outbox.Add(t.Context(), newAlert(), young))
	require.NoError(t, outbox.Store(t.Context(), s, s))
	clock = now.Add(eventrecord.HandedOnFor)
	require.ErrorContains(t, outbox.HandOn(t.Context(), p.consume, p.lose), "it rains")
	assert.Equal(t, []eventrecord.Loss{{Records: 1}}, p.lost)
	p.failure = nil
	require.NoError(t, outbox.HandOn(t.Context(), p.consume, p.lose))
	assert.Equal(t, []string{young.ID}, p.ids)
	assert.Len(t, p.lost, 1)
}

// Once it is known that there is no taker, nothing waits for one.
func TestNobodyTakes(t *testing.T) {
	outbox, isHandedOn := newHandingOutbox()
	s := &store{}
	require.NoError(t, outbox.Add(t.Context(), newAlert(), fired(t)))
	require.NoError(t, outbox.Store(t.Context(), s, s))
	assert.Equal(t, 1, waiting(t, outbox))
	*isHandedOn = false
	require.NoError(t, outbox.Add(t.Context(), newAlert(), fired(t)))
	require.NoError(t, outbox.Store(t.Context(), s, s))
	assert.Zero(t, waiting(t, outbox))
	assert.Len(t, s.records, 2)
}

// Who dies behind the taker's answer hands on the same record once more.
func TestKilledBetweenTheTakerAndForgetting(t *testing.T) {
	outbox, _ := newHandingOutbox()
	s, p := &store{}, &taker{}
	made := fired(t)
	require.NoError(t, outbox.Add(t.Context(), newAlert(), made))
	require.NoError(t, outbox.Store(t.Context(), s, s))
	dying := outbox
	dying.Documents = forgetful{outbox.Documents}
	require.ErrorContains(t, dying.HandOn(t.Context(), p.consume, p.lose), "killed")
	require.NoError(t, outbox.Store(t.Context(), s, s))
	require.NoError(t, outbox.HandOn(t.Context(), p.consume, p.lose))
	assert.Equal(t, []string{made.ID, made.ID}, p.ids)
	assert.Equal(t, []string{made.ID}, s.ids())
}

func TestManyAreHandedOn(t *testing.T) {
	outbox, _ := newHandingOutbox()
	s, p := &store{}, &taker{}
	for range 600 {
		require.NoError(t, outbox.Add(t.Context(), newAlert(), fired(t)))
	}
	require.NoError(t, outbox.Store(t.Context(), s, s))
	require.NoError(t, outbox.HandOn(t.Context(), p.consume, p.lose))
	assert.Equal(t, []int{256, 256, 88}, p.batches)
	assert.Equal(t, s.ids(), p.ids)
}
