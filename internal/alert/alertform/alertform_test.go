package alertform_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertform"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/alert/notify"
	"github.com/docketlog/docket/internal/requestbody"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func bodyOf(t *testing.T, text string) requestbody.Body {
	t.Helper()
	body, err := requestbody.Parse("application/json", []byte(text))
	require.NoError(t, err)
	return body
}

func TestReadsAnAlert(t *testing.T) {
	c := alertform.NewChange(alertform.Defaults())
	require.NoError(t, c.Read(bodyOf(t, `{"name":" ","filters":{"serviceNames":["a"]},"evaluation_periods":"3","datapoints_to_alarm":2,
		"recovery_threshold":5,"snooze_until":null,"unknown":1}`), now))
	assert.Equal(t, alertstore.Settings{
		Name: "Untitled alert", Enabled: true, Filters: json.RawMessage(`{"serviceNames":["a"]}`), ThresholdCount: 100, Operator: alert.Above,
		WindowMinutes: 5, Periods: 3, Datapoints: 2, Recovery: new(int64(5)),
	}, c.Settings)
	assert.True(t, c.Snoozes)
	assert.True(t, c.SnoozeUntil.IsZero())

	again := alertform.NewChange(c.Settings)
	require.NoError(t, again.Read(bodyOf(t, `{"recovery_threshold":null}`), now))
	assert.Nil(t, again.Settings.Recovery)
	assert.Equal(t, 3, again.Settings.Periods, "what is not named stays")
	assert.False(t, again.Snoozes)
}

func TestWrongAlerts(t *testing.T) {
	for text, field := range map[string]string{
		`{}`: "filters", `{"filters":[]}`: "filters", `{"filters":{"serviceNames":1}}`: "filters", `{"threshold_count":-1}`: "threshold_count",
		`{"filters":{"serviceNames":["a"]},"window_minutes":7}`:                       "window_minutes",
		`{"filters":{"serviceNames":["a"]},"datapoints_to_alarm":2}`:                  "datapoints_to_alarm",
		`{"filters":{"serviceNames":["a"]},"snooze_until":"2026-11-21T11:59:59Z"}`:    "snooze_until",
		`{"filters":{"serviceNames":["a"]},"schedule_restriction":{"timezone":"No"}}`: "schedule_restriction",
		`{"filters":{"serviceNames":["a"]},"schedule_restriction":{}}`:                "schedule_restriction",
	} {
		err := alertform.NewChange(alertform.Defaults()).Read(bodyOf(t, text), now)
		var wrong *requestbody.Error
		require.ErrorAs(t, err, &wrong, text)
		assert.Equal(t, field, wrong.Attr, text)
		assert.Zero(t, wrong.Column, text)
	}
	require.NoError(t, alertform.NewChange(alertform.Defaults()).Read(bodyOf(t, `{"enabled":false}`), now), "a draft")
}

// A mistake in a text of the search box is told with its column, so that a form can show it
// there.
func TestWrongSearchText(t *testing.T) {
	err := alertform.NewChange(alertform.Defaults()).Read(bodyOf(t, `{"filters":{"q":"level:error ("}}`), now)
	var wrong *requestbody.Error
	require.ErrorAs(t, err, &wrong)
	assert.Equal(t, "filters", wrong.Attr)
	assert.Equal(t, 14, wrong.Column)
	assert.Equal(t, "The field 'filters' is wrong: q: column 14: expected a condition, not the end.", wrong.Error())
}

// An alert with quiet hours that may not be given any more can be changed all the same.
func TestOldQuietHoursStay(t *testing.T) {
	settings := alertform.Defaults()
	settings.Filters, settings.QuietHours = json.RawMessage(`{"serviceNames":["a"]}`), json.RawMessage(`{}`)
	c := alertform.NewChange(settings)
	require.NoError(t, c.Read(bodyOf(t, `{"name":"b"}`), now))
	assert.JSONEq(t, `{}`, string(c.Settings.QuietHours))
}

// What a change does to the state is noted.
func TestApply(t *testing.T) {
	a := alertstore.Alert{Settings: alertform.Defaults(), State: alertstore.State{Name: alert.Firing}, FilterVersion: 1}
	a.Filters = json.RawMessage(`{"serviceNames":["a"]}`)
	apply := func(text string) {
		c := alertform.NewChange(a.Settings)
		require.NoError(t, c.Read(bodyOf(t, text), now))
		c.Apply(&a, now)
	}
	apply(`{"name":"b","cooldown_minutes":3,"filters":{ "serviceNames": ["a"] }}`)
	assert.Equal(t, alert.Firing, a.State.Name)
	assert.Empty(t, a.Outbox)
	assert.EqualValues(t, 1, a.FilterVersion)
	assert.Equal(t, now, a.UpdatedAt)
	apply(`{"filters":{"serviceNames":["b"]}}`)
	assert.Equal(t, alert.NotFiring, a.State.Name)
	assert.EqualValues(t, 2, a.FilterVersion)
	apply(`{"snooze_until":"2026-11-22"}`)
	var kinds []alert.Kind
	for _, noted := range a.Outbox {
		kinds = append(kinds, noted.Kind)
	}
	assert.Equal(t, []alert.Kind{alert.KindThresholdChange, alert.KindSnooze}, kinds)
}

func TestReadTarget(t *testing.T) {
	target, err := alertform.ReadTarget(bodyOf(t, `{"type":"email","emails":["jo@example.com"]}`), false)
	require.NoError(t, err)
	assert.Equal(t, notify.Target{Type: notify.TypeEmail, Emails: []string{"jo@example.com"}}, target)
	for text, field := range map[string]string{
		`{}`: "type", `{"type":"pigeon"}`: "type", `{"type":"webhook"}`: "webhook_url", `{"type":"webhook","webhook_url":"ftp://x"}`: "webhook_url",
		`{"type":"webhook","webhook_url":"https://a:b@example.com"}`: "webhook_url", `{"type":"discord","webhook_url":"https://example.com"}`: "webhook_url",
		`{"type":"slack"}`: "slack_workspace_id", `{"type":"slack","slack_workspace_id":1}`: "slack_channel_id", `{"type":"pagerduty"}`: "routing_key",
		`{"type":"email"}`: "emails", `{"type":"email","emails":["x"]}`: "emails",
		`{"type":"webhook","webhook_url":"http://169.254.169.254/latest"}`: "webhook_url", `{"type":"teams","webhook_url":"https://[::1]:8443/x"}`: "webhook_url",
		`{"type":"slack","webhook_url":"http://localhost:8320/"}`: "webhook_url",
	} {
		_, err := alertform.ReadTarget(bodyOf(t, text), false)
		var wrong *requestbody.Error
		require.ErrorAs(t, err, &wrong, text)
		assert.Equal(t, field, wrong.Attr, text)
	}
}

func TestPrivateTargets(t *testing.T) {
	body := bodyOf(t, `{"type":"webhook","webhook_url":"http://10.0.0.8/hook"}`)
	_, err := alertform.ReadTarget(body, false)
	require.ErrorContains(t, err, "10.0.0.8 is not a public address: an operator can allow those with allow_private_webhooks")
	target, err := alertform.ReadTarget(body, true)
	require.NoError(t, err)
	assert.Equal(t, "http://10.0.0.8/hook", target.URL)
}
