package logsapiextension

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/alert/notify"
	"github.com/docketlog/docket/internal/alert/provisioning"
	"github.com/docketlog/docket/internal/alert/tagging"
	"github.com/docketlog/docket/internal/docstore/docstoretest"
)

// alertingExtension stands for the alerting extension.
type alertingExtension struct {
	component.StartFunc
	component.ShutdownFunc

	alerts     *alertstore.Store
	deliveries notify.Deliveries
	sender     *notify.Sender
	maxAlerts  int
	// allowPrivate is what the operator says of webhooks.
	allowPrivate bool
	// observe is who is told of provisioning.
	observe func(provisioning.Change)
	rules   atomic.Pointer[tagging.Rules]
}

func newAlertingExtension(t *testing.T) *alertingExtension {
	t.Helper()
	documents := docstoretest.NewMemory()
	e := &alertingExtension{
		alerts: alertstore.New(documents, time.Now), maxAlerts: 20,
		deliveries: notify.Deliveries{
			Documents: documents, Destinations: notify.Destinations{Documents: documents, Now: time.Now}, Now: time.Now,
		},
	}
	e.sender = notify.NewSender(notify.Settings{Deliveries: e.deliveries, AllowPrivate: true, Now: time.Now, Logger: zap.NewNop()})
	t.Cleanup(e.sender.Close)
	return e
}

func (e *alertingExtension) Alerts() *alertstore.Store { return e.alerts }

func (e *alertingExtension) Destinations() notify.Destinations { return e.deliveries.Destinations }

func (e *alertingExtension) Deliveries() notify.Deliveries { return e.deliveries }

func (e *alertingExtension) Deliver(ctx context.Context, of alertstore.Alert, all []alertstore.Transition) error {
	return e.deliveries.Add(ctx, of, all)
}

func (e *alertingExtension) Test(ctx context.Context, d notify.Destination, m notify.Message) notify.Attempt {
	return e.sender.Test(ctx, "test", d, m)
}

func (e *alertingExtension) Rules() *tagging.Rules { return e.rules.Load() }

func (e *alertingExtension) ObserveProvisioning(observe func(provisioning.Change)) {
	e.observe = observe
}

func (e *alertingExtension) CheckInterval() time.Duration { return time.Minute }

func (e *alertingExtension) GroupLimits() alert.GroupLimits {
	return alert.GroupLimits{AtMost: 3, Memory: alert.GroupMemory}
}

func (e *alertingExtension) MaxAlerts() int { return e.maxAlerts }

func (e *alertingExtension) AllowsPrivateWebhooks() bool { return e.allowPrivate }

func (e *alertingExtension) ExternalURL() string { return "https://docket.example" }

const alertsPath = "/api/projects/1/logs/alerts/"

// simpleAlert is the body of an alert, with more members if there are any.
func simpleAlert(more string) string {
	return `{"name":"a","filters":{"serviceNames":["checkout"]},"threshold_count":10` + more + `}`
}

// alertOf decodes an alert that a request must answer with.
func alertOf(t *testing.T, answer reply, status int) alertAnswer {
	t.Helper()
	require.Equal(t, status, answer.status, answer.body)
	var a alertAnswer
	decodeStrictly(t, answer.body, &a)
	return a
}

func (s *server) makeAlert(body string) alertAnswer {
	s.t.Helper()
	return alertOf(s.t, s.do(request{method: http.MethodPost, path: alertsPath, token: writerToken, body: body}), http.StatusCreated)
}

func (s *server) patchAlert(id, body string) reply {
	return s.do(request{method: http.MethodPatch, path: alertsPath + id + "/", token: writerToken, body: body})
}

func TestAlertFields(t *testing.T) {
	s, _ := newAlertServer(t)
	answer := s.do(request{method: http.MethodPost, path: alertsPath, token: writerToken, body: simpleAlert("")})
	made := alertOf(t, answer, http.StatusCreated)
	want := []string{
		"id", "name", "enabled", "filters", "threshold_count", "threshold_operator", "window_minutes", "check_interval_minutes", "state",
		"evaluation_periods", "datapoints_to_alarm", "cooldown_minutes", "snooze_until", "next_check_at", "last_notified_at", "last_checked_at",
		"consecutive_failures", "last_error_message", "state_timeline", "destination_types", "first_enabled_at", "created_at", "created_by",
		"updated_at",
	}
	last := -1
	for _, name := range want {
		at := strings.Index(answer.body, `"`+name+`":`)
		require.Greater(t, at, last, "%s is there, behind what comes before it", name)
		last = at
	}
	assert.Equal(t, alert.NotFiring, made.State)
	assert.JSONEq(t, `{"serviceNames":["checkout"]}`, string(made.Filters))
	assert.Equal(t, 1, made.CheckIntervalMinutes)
	assert.Equal(t, 5, made.WindowMinutes)
	assert.NotNil(t, made.FirstEnabledAt)
	assert.Nil(t, made.NextCheckAt, "it is due at once")
	require.Len(t, made.StateTimeline, 1)
	assert.Empty(t, made.DestinationTypes)
	assert.Equal(t, made, alertOf(t, s.get("/api/environments/1/logs/alerts/"+made.ID, readerToken), 200).withTimeline(made.StateTimeline))
}

// withTimeline returns the answer with the timeline of another one, which moves with time.
func (a alertAnswer) withTimeline(timeline []timelineAnswer) alertAnswer {
	a.StateTimeline = timeline
	return a
}

func TestAlertErrors(t *testing.T) {
	s, _ := newAlertServer(t)
	made := s.makeAlert(simpleAlert(""))
	for _, test := range []struct{ body, code, attr string }{
		{`{"name":null}`, "null", "name"},
		{`{"name":"` + strings.Repeat("x", 256) + `"}`, "max_length", "name"},
		{`{"enabled":"maybe"}`, "invalid_input", "enabled"},
		{`{"filters":[]}`, "invalid_input", "filters"},
		{`{"filters":"x"}`, "invalid_input", "filters"},
		{`{"filters":null}`, "null", "filters"},
		{`{"filters":{}}`, "invalid_input", "filters"},
		{`{"filters":{"severityLevels":[]}}`, "invalid_input", "filters"},
		{`{"filters":{"severityLevels":["loud"]}}`, "invalid_input", "filters"},
		{`{"filters":{"searchTerm":"x"}}`, "invalid_input", "filters"},
		{`{"filters":{"filterGroup":{"type":"XOR","values":[]}}}`, "invalid_input", "filters"},
		{`{"threshold_count":-1}`, "min_value", "threshold_count"},
		{`{"threshold_count":1.5}`, "invalid_input", "threshold_count"},
		{`{"threshold_operator":"equal"}`, "invalid_choice", "threshold_operator"},
		{`{"window_minutes":7}`, "invalid_input", "window_minutes"},
		{`{"window_minutes":7,"threshold_count":-1}`, "min_value", "threshold_count"},
		{`{"evaluation_periods":11}`, "max_value", "evaluation_periods"},
		{`{"evaluation_periods":0}`, "min_value", "evaluation_periods"},
		{`{"datapoints_to_alarm":2}`, "invalid_input", "datapoints_to_alarm"},
		{`{"cooldown_minutes":-1}`, "min_value", "cooldown_minutes"},
		{`{"snooze_until":"2020-01-01T00:00:00Z"}`, "invalid_input", "snooze_until"},
		{`{"snooze_until":"soon"}`, "invalid_input", "snooze_until"},
		{`{"schedule_restriction":{"blocked_windows":[{"start":"x"}]}}`, "invalid_input", "schedule_restriction"},
		{`{"schedule_restriction":{"timezone":"UTC"}}`, "invalid_input", "schedule_restriction"},
		{`{"no_data":"panic"}`, "invalid_choice", "no_data"},
	} {
		t.Run(test.body[:min(60, len(test.body))], func(t *testing.T) {
			assertPostHogError(t, s.patchAlert(made.ID, test.body), 400, "validation_error", test.code, test.attr)
		})
	}
	assertPostHogError(t, s.do(request{method: http.MethodPost, path: alertsPath, token: writerToken, body: `{}`}), 400, "validation_error", "invalid_input", "filters")
	assertPostHogError(t, s.do(request{method: http.MethodPost, path: alertsPath, token: readerToken, body: simpleAlert("")}), 403, "authentication_error", "permission_denied", "")
	for _, path := range []string{"0197c000-0000-7000-8000-000000000009", "x"} {
		assertPostHogError(t, s.get(alertsPath+path+"/", writerToken), 404, "invalid_request", "not_found", "")
	}
}

func TestAlertDefaultsAndReplacing(t *testing.T) {
	s, _ := newAlertServer(t)
	draft := s.makeAlert(`{"enabled":false}`)
	assert.Equal(t, "Untitled alert", draft.Name)
	assert.Equal(t, int64(100), draft.ThresholdCount)
	assert.JSONEq(t, `{}`, string(draft.Filters))
	assert.Nil(t, draft.FirstEnabledAt)
	assertPostHogError(t, s.patchAlert(draft.ID, `{"enabled":true}`), 400, "validation_error", "invalid_input", "filters")

	made := s.makeAlert(simpleAlert(`,"window_minutes":30,"evaluation_periods":3,"datapoints_to_alarm":2,"cooldown_minutes":7,"threshold_operator":"below"`))
	replaced := alertOf(t, s.do(request{method: http.MethodPut, path: alertsPath + made.ID + "/", token: writerToken, body: `{"name":" "}`}), 200)
	assert.Equal(t, "Untitled alert", replaced.Name)
	assert.Equal(t, made.Filters, replaced.Filters)
	assert.Equal(t, 5, replaced.WindowMinutes)
	assert.Equal(t, 1, replaced.EvaluationPeriods)
	assert.Equal(t, alert.Above, replaced.ThresholdOperator)
	assert.Equal(t, int64(100), replaced.ThresholdCount)
}

func TestAlertHistory(t *testing.T) {
	s, _ := newAlertServer(t)
	made := s.makeAlert(simpleAlert(""))
	do := func(body string) alertAnswer { return alertOf(t, s.patchAlert(made.ID, body), 200) }
	do(`{"name":"b","threshold_count":"10","filters":{"serviceNames":["checkout"]}}`) // nothing new but the name
	assert.Equal(t, alert.Snoozed, do(`{"snooze_until":"2999-01-01T00:00:00Z"}`).State)
	assert.Equal(t, alert.Snoozed, do(`{"threshold_count":11}`).State)
	assert.Equal(t, alert.NotFiring, do(`{"snooze_until":null}`).State)
	assert.False(t, do(`{"enabled":false}`).Enabled)
	do(`{"enabled":true}`)
	assertPostHogError(t, s.do(request{method: http.MethodPost, path: alertsPath + made.ID + "/reset/", token: writerToken}), 400, "validation_error", "invalid_input", "state")

	var page struct {
		Count   int
		Results []alertEventAnswer
	}
	require.NoError(t, json.Unmarshal([]byte(s.get(alertsPath+made.ID+"/events/", readerToken).body), &page))
	var kinds []alert.Kind
	for _, event := range page.Results {
		kinds = append(kinds, event.Kind)
		assert.Nil(t, event.ResultCount)
	}
	assert.Equal(t, []alert.Kind{"enable", "disable", "unsnooze", "threshold_change", "snooze"}, kinds)
	require.NoError(t, json.Unmarshal([]byte(s.get(alertsPath+made.ID+"/events/?kind=snooze", readerToken).body), &page))
	assert.Equal(t, 1, page.Count)
	assertPostHogError(t, s.get(alertsPath+made.ID+"/events/?kind=party", readerToken), 400, "validation_error", "invalid_input", "kind")

	assert.Equal(t, 204, s.do(request{method: http.MethodDelete, path: alertsPath + made.ID + "/", token: writerToken}).status)
	assert.Equal(t, 404, s.get(alertsPath+made.ID+"/events/", readerToken).status)
}

func TestTooManyAlerts(t *testing.T) {
	s, extension := newAlertServer(t)
	extension.maxAlerts = 2
	s.makeAlert(simpleAlert(""))
	s.makeAlert(`{"enabled":false}`)
	assertPostHogError(t, s.do(request{method: http.MethodPost, path: alertsPath, token: writerToken, body: simpleAlert("")}), 400, "validation_error", "invalid_input", "")
}

func TestDestinations(t *testing.T) {
	s, extension := newAlertServer(t)
	made := s.makeAlert(simpleAlert(""))
	path := alertsPath + made.ID + "/destinations/"
	add := func(body string) reply {
		return s.do(request{method: http.MethodPost, path: path, token: writerToken, body: body})
	}
	for _, test := range []struct{ body, code, attr string }{
		{`{}`, "required", "type"},
		{`{"type":"pigeon"}`, "invalid_choice", "type"},
		{`{"type":"webhook"}`, "invalid_input", "webhook_url"},
		{`{"type":"webhook","webhook_url":"ftp://x"}`, "invalid_input", "webhook_url"},
		{`{"type":"webhook","webhook_url":"https://a:b@example.com"}`, "invalid_input", "webhook_url"},
		{`{"type":"slack","slack_channel_id":"C1"}`, "invalid_input", "slack_workspace_id"},
		{`{"type":"slack","slack_workspace_id":1}`, "invalid_input", "slack_channel_id"},
		{`{"type":"discord","webhook_url":"https://example.com/x"}`, "invalid_input", "webhook_url"},
		{`{"type":"pagerduty"}`, "invalid_input", "routing_key"},
		{`{"type":"email","emails":["x"]}`, "invalid_input", "emails"},
	} {
		assertPostHogError(t, add(test.body), 400, "validation_error", test.code, test.attr)
	}
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer receiver.Close()
	answer := add(fmt.Sprintf(`{"type":"webhook","webhook_url":"%s/secret"}`, receiver.URL))
	assertPostHogError(t, answer, 400, "validation_error", "invalid_input", "webhook_url")
	assert.Contains(t, answer.body, "allow_private_webhooks")
	extension.allowPrivate = true
	var webhook, mail madeDestination
	answer = add(fmt.Sprintf(`{"type":"webhook","webhook_url":"%s/secret"}`, receiver.URL))
	require.Equal(t, 201, answer.status, answer.body)
	require.NoError(t, json.Unmarshal([]byte(answer.body), &webhook))
	require.Len(t, webhook.HogFunctionIDs, 4)
	assert.True(t, strings.HasPrefix(webhook.Secret, "whsec_"))
	require.NoError(t, json.Unmarshal([]byte(add(`{"type":"email","emails":["jo@example.com"]}`).body), &mail))

	list := s.get(path, readerToken)
	assert.Contains(t, list.body, receiver.URL)
	assert.NotContains(t, list.body, "/secret")
	assert.NotContains(t, list.body, "whsec_")
	assert.Equal(t, []notify.Type{"email", "webhook"}, alertOf(t, s.get(alertsPath+made.ID+"/", readerToken), 200).DestinationTypes)

	test := s.do(request{method: http.MethodPost, path: path + "test/", token: writerToken, body: `{"id":"` + webhook.ID + `"}`})
	assert.Contains(t, test.body, `"delivered":true`)
	remove := func(ids ...string) reply {
		body, err := json.Marshal(map[string]any{"hog_function_ids": append([]string{}, ids...)})
		require.NoError(t, err)
		return s.do(request{method: http.MethodPost, path: path + "delete/", token: writerToken, body: string(body)})
	}
	assertPostHogError(t, remove(webhook.HogFunctionIDs[0], "unknown"), 400, "validation_error", "invalid_input", "hog_function_ids")
	assertPostHogError(t, remove(), 400, "validation_error", "empty", "hog_function_ids")
	assert.Equal(t, 204, remove(webhook.HogFunctionIDs...).status)
	assert.Equal(t, []notify.Type{"email"}, alertOf(t, s.get(alertsPath+made.ID+"/", readerToken), 200).DestinationTypes)
	assert.JSONEq(t, `{"count":0,"next":null,"previous":null,"results":[]}`, s.get(alertsPath+made.ID+"/deliveries/", readerToken).body)
}

func TestSimulateErrors(t *testing.T) {
	s, _ := newAlertServer(t)
	simulate := func(body string) reply {
		return s.do(request{method: http.MethodPost, path: alertsPath + "simulate/", token: readerToken, body: body})
	}
	base := `{"filters":{"serviceNames":["a"]},"threshold_count":1,"threshold_operator":"above","window_minutes":5,"date_from":"-24h"`
	for _, test := range []struct{ body, code, attr string }{
		{`{}`, "required", "filters"},
		{base + `,"filters":{}}`, "invalid_input", "filters"},
		{base + `,"window_minutes":6}`, "invalid_input", "window_minutes"},
		{base + `,"check_interval_minutes":10}`, "invalid_input", "check_interval_minutes"},
		{base + `,"check_interval_minutes":61}`, "max_value", "check_interval_minutes"},
		{base + `,"date_from":"-31d"}`, "invalid_input", "date_from"},
		{base + `,"date_from":"soon"}`, "invalid_input", "date_from"},
		{base + `,"date_from":"-30d","check_interval_minutes":1}`, "invalid_input", ""},
	} {
		assertPostHogError(t, simulate(test.body), 400, "validation_error", test.code, test.attr)
	}
}

// A mistake in a search text has its column, whether an alert is made or simulated.
func TestColumnOfAMistake(t *testing.T) {
	s, _ := newAlertServer(t)
	body := `{"name":"a","filters":{"q":"level:error ("},"threshold_count":1,"threshold_operator":"above","window_minutes":5,"date_from":"-1h"}`
	const want = `{"type":"validation_error","code":"invalid_input",` +
		`"detail":"The field 'filters' is wrong: q: column 14: expected a condition, not the end.","attr":"filters","column":14}`
	for _, path := range []string{"", "simulate/"} {
		answer := s.do(request{method: http.MethodPost, path: alertsPath + path, token: writerToken, body: body})
		assert.Equal(t, http.StatusBadRequest, answer.status, path)
		assert.JSONEq(t, want, answer.body, path)
	}
}

func TestNoAlerting(t *testing.T) {
	s := newServer(t, nil)
	assertPostHogError(t, s.get(alertsPath, readerToken), 501, "server_error", "not_implemented", "")
}

// newAlertServer starts the extension with an alerting extension.
func newAlertServer(t *testing.T) (*server, *alertingExtension) {
	t.Helper()
	alerting := newAlertingExtension(t)
	id := component.MustNewID("alerting")
	s := newServerWithStore(t, func(c *Config) { c.Alerting = id }, func(store *memoryStore) component.Component {
		healthy := healthFunc(func() error { return nil })
		return &storeExtension{store: store, healthReporter: healthy, documents: docstoretest.NewMemory()}
	}, map[component.ID]component.Component{id: alerting})
	return s, alerting
}
