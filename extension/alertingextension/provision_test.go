package alertingextension

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/alert/notify"
	"github.com/docketlog/docket/internal/alert/provisioning"
	"github.com/docketlog/docket/internal/docstore"
)

// withAlert adds an alert of the configuration on a service that tells the hook.
func (h *hook) withAlert(service string) func(*Config) {
	return func(c *Config) {
		if c.Alerts == nil {
			c.Alerts = map[string]AlertConfig{}
		}
		c.Alerts[service] = AlertConfig{
			Project:  1,
			Settings: map[string]any{"filters": map[string]any{"serviceNames": []any{service}}, "threshold_count": 0},
			Destinations: map[string]DestinationConfig{
				"hook": {Type: "webhook", WebhookURL: configopaque.String(h.URL)},
			},
		}
	}
}

func alertsOf(t *testing.T, replica Extension) []alertstore.Alert {
	t.Helper()
	all, err := replica.Alerts().List(t.Context(), 1)
	require.NoError(t, err)
	return all
}

// A provisioned alert fires, and goes on firing after a restart without being told again;
// when the configuration has it no more, it is gone.
func TestProvisionedAlert(t *testing.T) {
	s, h := newStore(), newHook(t)
	replica, stop := s.startWith(t, h.withAlert("a"))
	require.Eventually(t, func() bool { return len(alertsOf(t, replica)) == 1 }, patience, 20*time.Millisecond)
	made := alertsOf(t, replica)[0]
	assert.True(t, made.Provisioned)
	assert.Equal(t, "extensions::alerting::alerts::a", made.ProvisionedBy)
	s.receive(t, replica, "a")
	require.Eventually(t, func() bool { // one that is cut off by the stop would be tried again
		log, err := replica.Deliveries().List(t.Context(), 1, made.ID)
		return err == nil && len(log) == 1 && log[0].Outcome == notify.Delivered
	}, patience, 20*time.Millisecond)
	assert.Len(t, h.got(), 1)
	stop()

	replica, stop = s.startWith(t, h.withAlert("a"))
	time.Sleep(2500 * time.Millisecond) // two checks
	assert.Equal(t, []string{"logs_alert.firing"}, h.got())
	again := alertsOf(t, replica)
	require.Len(t, again, 1)
	assert.Equal(t, made.ID, again[0].ID)
	assert.Equal(t, alert.Firing, again[0].State.Name)
	stop()

	replica, stop = s.start(t) // a configuration without `alerts`
	time.Sleep(time.Second)
	assert.Len(t, alertsOf(t, replica), 1)
	stop()
	replica, _ = s.startWith(t, func(c *Config) { c.Alerts = map[string]AlertConfig{} })
	require.Eventually(t, func() bool { return len(alertsOf(t, replica)) == 0 }, patience, 20*time.Millisecond)
}

// away is a store of documents that cannot be read until it is back.
type away struct {
	docstore.Store

	isBack atomic.Bool
}

func (a *away) List(ctx context.Context, collection, prefix string) ([]docstore.Document, error) {
	if !a.isBack.Load() {
		return nil, errors.New("the cluster is away")
	}
	return a.Store.List(ctx, collection, prefix)
}

// Docket starts without its documents, and provisions alerts when they are back.
func TestProvisionsWhenTheStoreIsBack(t *testing.T) {
	s, h := newStore(), newHook(t)
	documents := &away{Store: s.documents}
	s.documents = documents
	replica, _ := s.startWith(t, h.withAlert("a"))
	time.Sleep(100 * time.Millisecond)
	documents.isBack.Store(true)
	require.Eventually(t, func() bool { return len(alertsOf(t, replica)) == 1 }, patience, 20*time.Millisecond)
}

// What was changed before somebody wants to know is told, and that once.
func TestProvisioningIsTold(t *testing.T) {
	s, h := newStore(), newHook(t)
	replica, stop := s.startWith(t, h.withAlert("a"))
	require.Eventually(t, func() bool { return len(alertsOf(t, replica)) == 1 }, patience, 20*time.Millisecond)
	told := make(chan provisioning.Change, 10)
	observe := func(c provisioning.Change) { told <- c }
	replica.ObserveProvisioning(observe)
	replica.ObserveProvisioning(func(provisioning.Change) { t.Error("there is an observer") })
	assert.NotNil(t, (<-told).DestinationAfter)
	made := <-told
	assert.Equal(t, "extensions::alerting::alerts::a", made.By)
	assert.Nil(t, made.Before)
	stop()

	replica, stop = s.startWith(t, h.withAlert("a"))
	replica.ObserveProvisioning(observe)
	time.Sleep(200 * time.Millisecond)
	assert.Empty(t, told, "nothing is changed")
	stop()

	replica, _ = s.startWith(t, h.withAlert("b"))
	replica.ObserveProvisioning(observe)
	assert.Equal(t, "b", (<-told).AlertName)
	assert.Equal(t, "b", (<-told).After.Name)
	assert.Equal(t, "a", (<-told).Before.Name)
	assert.Empty(t, told)
}

// Changes do not wait for somebody who never comes.
func TestProvisioningWithoutObserver(t *testing.T) {
	a := &alerting{}
	a.provisioned.tell(provisioning.Change{AlertName: "a"})
	require.NoError(t, a.Ready())
	a.provisioned.tell(provisioning.Change{AlertName: "b"})
	assert.Empty(t, a.provisioned.waiting)
	require.NoError(t, a.NotReady())
}
