package logsapiextension

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/alert/alertform"
	"github.com/docketlog/docket/internal/alert/notify"
	"github.com/docketlog/docket/internal/alert/provisioning"
	"github.com/docketlog/docket/internal/docstore/docstoretest"
)

// auditedActions returns the actions of the events of the audit trail, of which there are
// count.
func (s *server) auditedActions(count int) []string {
	s.t.Helper()
	var actions []string
	for _, event := range s.auditEventsOf("", count) {
		actions = append(actions, event.Data.Action)
	}
	return actions
}

// What the configuration makes of views is in the audit trail, whoever of two replicas has
// made it, and nothing of a restart that changes nothing.
func TestProvisionedViewsAreAudited(t *testing.T) {
	documents := docstoretest.NewMemory()
	const both = `{a: {project: 1, name: A}, b: {project: 1, name: B}}`
	s := newServerOn(t, documents, viewsOf(t, both))
	s.awaitViews(2)
	_, actor, metadata, _ := s.lastAudited(2)
	assert.Equal(t, []string{"view.create", "view.create"}, s.auditedActions(2))
	assert.JSONEq(t, `{"type":"system","description":"the configuration"}`, actor)
	assert.Contains(t, metadata, `"configured_at":"extensions::logs_api::views::b"`)
	assert.Contains(t, metadata, `"name":"B"`)

	again := newServerOn(t, documents, viewsOf(t, both))
	again.awaitViews(2)
	changed := newServerOn(t, documents, viewsOf(t, `{a: {project: 1, name: "A2"}}`))
	changed.awaitViews(1)
	assert.Equal(t, []string{"view.update", "view.delete"}, changed.auditedActions(2))
	assert.Empty(t, again.auditedActions(0))
	update := string(changed.auditEventsOf("1", 2)[0].Data.Metadata)
	assert.Contains(t, update, `"old":{"name":"A"}`)
	assert.Contains(t, update, `"new":{"name":"A2"}`)
}

func TestProvisionedAlertsAreAudited(t *testing.T) {
	s, extension := newAlertServer(t)
	target := provisioning.Target{
		Alerts: extension.alerts, Destinations: extension.Destinations(), Place: "extensions::alerting::alerts", Now: time.Now,
		Tell: extension.observe,
	}
	wanted := provisioning.Alert{Key: "declined", ProjectID: 1, Settings: alertform.Defaults(), Destinations: []notify.Provisioned{
		{Key: "hook", Target: notify.Target{Type: notify.TypeWebhook, URL: "https://hooks.example.com/secret/path"}},
	}}
	wanted.Settings.Name, wanted.Settings.Filters = "Declined", json.RawMessage(`{"serviceNames":["checkout"]}`)
	apply := func(all ...provisioning.Alert) {
		t.Helper()
		_, err := target.Apply(t.Context(), all)
		require.NoError(t, err)
	}
	apply(wanted)
	apply(wanted) // a restart, or another replica
	assert.Equal(t, []string{"destination.create", "alert.create"}, s.auditedActions(2))
	_, actor, metadata, _ := s.lastAudited(2)
	assert.JSONEq(t, `{"type":"system","description":"the configuration"}`, actor)
	assert.Contains(t, metadata, `"configured_at":"extensions::alerting::alerts::declined"`)
	assert.Contains(t, metadata, `"target_name":"Declined"`)

	wanted.Settings.ThresholdCount, wanted.Destinations[0].URL = 7, "https://hooks.example.org/secret/path"
	apply(wanted)
	assert.Equal(t, []string{"destination.create", "alert.create", "destination.update", "alert.update"}, s.auditedActions(4))
	_, _, metadata, _ = s.lastAudited(4)
	assert.Contains(t, metadata, `"old":{"threshold_count":100}`)
	assert.Contains(t, metadata, `"new":{"threshold_count":7}`)
	apply()
	action, _, metadata, _ := s.lastAudited(5)
	assert.Equal(t, "alert.delete", action)
	assert.Contains(t, metadata, `"threshold_count":7`)
	for _, event := range s.auditEventsOf("", 5) {
		text, err := json.Marshal(event)
		require.NoError(t, err)
		assert.NotContains(t, string(text), "secret/path")
	}
}
