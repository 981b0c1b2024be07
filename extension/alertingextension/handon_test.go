package alertingextension

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/docketlog/docket/extension/alertingextension/internal/metadatatest"
	"github.com/docketlog/docket/internal/alert/eventrecord"
	"github.com/docketlog/docket/internal/record"
)

// pipeline takes the records of events.
type pipeline struct {
	mu sync.Mutex
	// failure is what it answers; isStuck makes it answer not before it is cut off.
	failure error
	isStuck bool
	offers  int
	ids     []string
}

func (p *pipeline) consume(ctx context.Context, logs plog.Logs) error {
	p.mu.Lock()
	failure, isStuck := p.failure, p.isStuck
	p.offers++
	p.mu.Unlock()
	if isStuck {
		<-ctx.Done()
		return consumererror.NewPermanent(ctx.Err()) // it was cut off, whatever it makes of that
	}
	if failure != nil {
		return failure
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for r := range record.All(logs) {
		p.ids = append(p.ids, r.ID())
	}
	return nil
}

func (p *pipeline) set(failure error, isStuck bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failure, p.isStuck = failure, isStuck
}

func (p *pipeline) seen() (ids []string, offers int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.ids), p.offers
}

// awaits waits until something holds.
func awaits(t *testing.T, holds func() bool) {
	t.Helper()
	require.Eventually(t, holds, patience, 20*time.Millisecond)
}

// fire makes one more alert of a replica fire.
func (s *store) fire(t *testing.T, h *hook, replica Extension, service string) {
	t.Helper()
	h.create(t, replica, service)
	s.receive(t, replica, service)
}

func (s *store) waiting(t *testing.T) int {
	t.Helper()
	found, err := s.documents.List(t.Context(), "alert_records_pending", "")
	require.NoError(t, err)
	return len(found)
}

func ready(t *testing.T, replica Extension) {
	t.Helper()
	require.NoError(t, replica.(extensioncapabilities.PipelineWatcher).Ready())
}

// Events wait for a pipeline that takes nothing, also over a restart, and hold up neither
// the records in the log store nor notifications; then each is taken once.
func TestEventsAreTakenByAPipeline(t *testing.T) {
	s, h, p := newStore(), newHook(t), &pipeline{}
	replica, stopReplica := s.start(t)
	stop, err := replica.ConsumeEvents(p.consume)
	require.NoError(t, err)
	ready(t, replica)
	p.set(errors.New("it rains"), false)
	s.fire(t, h, replica, "a")
	awaits(t, func() bool { _, offers := p.seen(); return offers > 1 })
	p.set(nil, true)
	before := func() int { _, offers := p.seen(); return offers }()
	awaits(t, func() bool { _, offers := p.seen(); return offers > before })
	s.fire(t, h, replica, "b")
	awaits(t, func() bool { return len(s.told(t)) == 2 && len(h.got()) == 2 })
	assert.Equal(t, 2, s.waiting(t))

	stop() // although it is stuck
	_, offers := p.seen()
	stopReplica()
	p.set(nil, false)
	_, now := p.seen()
	assert.Equal(t, offers, now, "it is not called after its end")
	assert.Equal(t, 2, s.waiting(t))
	replica, _ = s.start(t)
	stop, err = replica.ConsumeEvents(p.consume)
	require.NoError(t, err)
	defer stop()
	ready(t, replica)
	awaits(t, func() bool { return s.waiting(t) == 0 })
	ids, _ := p.seen()
	assert.Len(t, ids, 2)
	assert.Len(t, s.told(t), 2, "the log store has one of each")
}

// The replica that checks hands on.
func TestOneReplicaHandsOn(t *testing.T) {
	s, h := newStore(), newHook(t)
	pipelines := []*pipeline{{}, {}}
	var replicas []Extension
	var stops []func()
	for _, p := range pipelines {
		replica, stop := s.start(t)
		end, err := replica.ConsumeEvents(p.consume)
		require.NoError(t, err)
		ready(t, replica)
		replicas, stops = append(replicas, replica), append(stops, func() { end(); stop() })
	}
	taken := func(replica int) int {
		ids, _ := pipelines[replica].seen()
		return len(ids)
	}
	s.fire(t, h, replicas[1], "a")
	awaits(t, func() bool { return taken(0)+taken(1) == 1 && s.waiting(t) == 0 })
	holder := 0
	if taken(1) == 1 {
		holder = 1
	}
	stops[holder]()
	s.fire(t, h, replicas[1-holder], "b")
	awaits(t, func() bool { return taken(1-holder) == 1 && s.waiting(t) == 0 })
	assert.Equal(t, 1, taken(holder))
	stops[1-holder]()
}

// Events wait until it is known that nobody takes them, and then for nobody.
func TestNobodyTakesEvents(t *testing.T) {
	s, h := newStore(), newHook(t)
	replica, _ := s.start(t)
	s.fire(t, h, replica, "a")
	awaits(t, func() bool { return len(s.told(t)) == 1 })
	time.Sleep(time.Second)
	assert.Equal(t, 1, s.waiting(t), "a receiver may still start")
	ready(t, replica)
	awaits(t, func() bool { return s.waiting(t) == 0 })
	assert.Len(t, s.told(t), 1)
}

// What a pipeline refuses for good is counted and not offered again.
func TestRefusedEventsAreCounted(t *testing.T) {
	telemetry := componenttest.NewTelemetry()
	t.Cleanup(func() { require.NoError(t, telemetry.Shutdown(context.Background())) })
	s, h := newStore(), newHook(t)
	config := createDefaultConfig().(*Config)
	config.CheckInterval, config.Grace, config.AllowPrivateWebhooks = time.Second, 100*time.Millisecond, true
	made, err := NewFactory().Create(t.Context(), metadatatest.NewSettings(telemetry), config)
	require.NoError(t, err)
	replica := made.(Extension)
	require.NoError(t, replica.Start(t.Context(), host{config.Store: s}))
	t.Cleanup(func() { assert.NoError(t, replica.Shutdown(context.Background())) })
	p := &pipeline{failure: consumererror.NewPermanent(errors.New("no such key"))}
	stop, err := replica.ConsumeEvents(p.consume)
	require.NoError(t, err)
	defer stop()
	ready(t, replica)
	s.fire(t, h, replica, "a")
	awaits(t, func() bool { _, offers := p.seen(); return offers == 1 && s.waiting(t) == 0 })
	metadatatest.AssertEqualAlertingEventsDropped(t, telemetry, []metricdata.DataPoint[int64]{{
		Value: 1, Attributes: attribute.NewSet(attribute.String("reason", "refused")),
	}}, metricdatatest.IgnoreTimestamp())
	assert.Equal(t, []string{eventrecord.Firing}, s.told(t))
}

func TestWhoMayTakeEvents(t *testing.T) {
	replica, _ := newStore().start(t)
	p := &pipeline{}
	stop, err := replica.ConsumeEvents(p.consume)
	require.NoError(t, err)
	_, err = replica.ConsumeEvents(p.consume)
	require.ErrorContains(t, err, "another receiver takes the records of alerts already: name that one in all pipelines")
	stop()
	stop()
	stop, err = replica.ConsumeEvents(p.consume)
	require.NoError(t, err)
	stop()

	for name, prepare := range map[string]func(*store, *Config){
		"not wanted": func(_ *store, c *Config) { c.EventRecords = false },
		"not taken":  func(s *store, _ *Config) { s.isReadOnly = true },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore()
			replica, _ := s.startWith(t, func(c *Config) { prepare(s, c) })
			_, err := replica.ConsumeEvents(p.consume)
			require.ErrorContains(t, err, "set its event_records to true")
		})
	}
}
