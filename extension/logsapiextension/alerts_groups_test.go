package logsapiextension

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/alert/notify"
	"github.com/docketlog/docket/internal/filter/posthog"
	"github.com/docketlog/docket/internal/record"
)

const byHost = `"group_by":{"type":"log_attribute","key":"host"}`

func TestGroupsOfAlerts(t *testing.T) {
	s, _ := newAlertServer(t)
	plain := s.makeAlert(simpleAlert(""))
	assert.Nil(t, plain.GroupBy)
	assert.Empty(t, plain.Groups)
	made := s.makeAlert(simpleAlert(`,` + byHost))
	assert.Equal(t, &posthog.FieldName{Type: "log_attribute", Key: "host"}, made.GroupBy)
	renamed := alertOf(t, s.patchAlert(made.ID, `{"name":"b"}`), 200)
	assert.Equal(t, made.GroupBy, renamed.GroupBy, "what is not named stays")
	assert.Nil(t, alertOf(t, s.patchAlert(made.ID, `{"group_by":null}`), 200).GroupBy)
	assert.NotNil(t, alertOf(t, s.patchAlert(made.ID, `{`+byHost+`}`), 200).GroupBy)
	replaced := s.do(request{method: http.MethodPut, path: alertsPath + made.ID + "/", token: writerToken, body: `{"name":"c"}`})
	assert.Nil(t, alertOf(t, replaced, 200).GroupBy)

	for _, test := range []struct{ body, code, attr string }{
		{`{"group_by":"host"}`, "invalid_input", "group_by__non_field_errors"},
		{`{"group_by":{"key":"host"}}`, "required", "group_by__type"},
		{`{"group_by":{"type":"log_attribute"}}`, "required", "group_by__key"},
		{`{"group_by":{"type":"log_attribute","key":""}}`, "blank", "group_by__key"},
		{`{"group_by":{"type":"person","key":"host"}}`, "invalid_input", "group_by"},
		{`{"group_by":{"type":"log","key":"host"}}`, "invalid_input", "group_by"},
		{`{"group_by":{"type":"log","key":"message"}}`, "invalid_input", "group_by"},
		{`{"group_by":{"type":"log","key":"uuid"}}`, "invalid_input", "group_by"},
	} {
		assertPostHogError(t, s.patchAlert(made.ID, test.body), 400, "validation_error", test.code, test.attr)
	}
}

// An edit of the condition is one of all groups.
func TestEditsOfGroups(t *testing.T) {
	s, extension := newAlertServer(t)
	made := s.makeAlert(simpleAlert(`,` + byHost))
	at := time.Now().UTC().Truncate(time.Second)
	fire := func() {
		_, err := extension.alerts.Advance(t.Context(), 1, made.ID, func(a *alertstore.Alert) error {
			a.State.Name = alert.Firing
			a.GroupsLeftOut = 4
			a.Groups = []alert.Group{
				{Value: "web-1", Name: alert.Firing, Since: at, Count: 12, FirstSeenAt: at, SeenAt: at, LastNotifiedAt: at},
				{Value: "web-2", Name: alert.NotFiring, Since: at, Count: 3, FirstSeenAt: at, SeenAt: at},
			}
			return nil
		})
		require.NoError(t, err)
	}
	fire()
	got := alertOf(t, s.get(alertsPath+made.ID+"/", readerToken), 200)
	assert.Equal(t, 4, got.GroupsLeftOut)
	assert.Equal(t, []groupAnswer{
		{Value: "web-1", State: alert.Firing, LastCount: 12, Since: at, LastSeenAt: &at, LastNotifiedAt: &at},
		{Value: "web-2", State: alert.NotFiring, LastCount: 3, Since: at, LastSeenAt: &at},
	}, got.Groups)

	for name, test := range map[string]struct {
		body   string
		groups []alert.Name
		isSeen bool
	}{
		"rename":    {`{"name":"b"}`, []alert.Name{alert.Firing, alert.NotFiring}, true},
		"snooze":    {`{"snooze_until":"2999-01-01T00:00:00Z"}`, []alert.Name{alert.NotFiring, alert.NotFiring}, true},
		"threshold": {`{"threshold_count":11}`, []alert.Name{alert.NotFiring, alert.NotFiring}, true},
		"disable":   {`{"enabled":false}`, []alert.Name{alert.NotFiring, alert.NotFiring}, true},
		"filters":   {`{"filters":{"serviceNames":["cart"]}}`, []alert.Name{alert.NotFiring, alert.NotFiring}, false},
		"group_by":  {`{"group_by":{"type":"log","key":"service_name"}}`, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			made = s.makeAlert(simpleAlert(`,` + byHost))
			fire()
			var states []alert.Name
			for _, group := range alertOf(t, s.patchAlert(made.ID, test.body), 200).Groups {
				states = append(states, group.State)
				assert.Equal(t, test.isSeen, group.LastSeenAt != nil)
			}
			assert.Equal(t, test.groups, states)
		})
	}
}

func TestEventsOfGroups(t *testing.T) {
	s, extension := newAlertServer(t)
	made := s.makeAlert(simpleAlert(`,` + byHost))
	kept, err := extension.alerts.Get(t.Context(), 1, made.ID)
	require.NoError(t, err)
	_, err = extension.deliveries.Destinations.Add(t.Context(), 1, made.ID, notify.Target{Type: notify.TypeWebhook, URL: "https://example.com"})
	require.NoError(t, err)
	fired := alertstore.NewTransition(time.Now(), alert.KindCheck, alert.NotFiring, alert.Firing)
	fired.Group = &alertstore.GroupTransition{Value: "web-1", Before: alert.NotFiring, After: alert.Firing}
	fired.Notification, fired.Count = alert.Fire, new(int64(12))
	fired.Announced, err = json.Marshal(notify.NewMessage(kept, fired, ""))
	require.NoError(t, err)
	gone := alertstore.NewTransition(time.Now(), alert.KindGroupGone, alert.Firing, alert.NotFiring)
	kept.Outbox = []alertstore.Transition{fired, gone}
	_, err = extension.alerts.Settle(t.Context(), kept, extension.deliveries.Add)
	require.NoError(t, err)

	var events struct{ Results []alertEventAnswer }
	require.NoError(t, json.Unmarshal([]byte(s.get(alertsPath+made.ID+"/events/?kind=check", readerToken).body), &events))
	require.Len(t, events.Results, 1)
	assert.Equal(t, fired.Group, events.Results[0].Group)
	gones := s.get(alertsPath+made.ID+"/events/?kind=group_gone", readerToken)
	assert.Contains(t, gones.body, `"count":1`)
	assert.Contains(t, gones.body, `"group":null`)
	assert.Contains(t, s.get(alertsPath+made.ID+"/deliveries/", readerToken).body, `"group":"web-1"`)
}

func TestSimulateGroups(t *testing.T) {
	s, _ := newAlertServer(t)
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutInt(record.AttributeProjectID, 1)
	resource.Resource().Attributes().PutStr("service.name", "checkout")
	at := time.Now().UTC().Truncate(5 * time.Minute).Add(-time.Hour).Add(time.Minute)
	for host, count := range map[string]int{"web-1": 3, "web-2": 1, "web-3": 2, "web-4": 1} {
		for range count {
			log := resource.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
			log.SetTimestamp(pcommon.NewTimestampFromTime(at))
			log.Attributes().PutStr("host", host)
			log.Attributes().PutStr(record.AttributeID, uuid.NewString())
		}
	}
	require.NoError(t, s.store.Append(t.Context(), logs))
	simulate := func(more string) (answer simulationAnswer) {
		got := s.do(request{method: http.MethodPost, path: alertsPath + "simulate/", token: readerToken, body: `{"filters":{"serviceNames":["checkout"]},` +
			`"threshold_count":1,"threshold_operator":"above","window_minutes":5,"date_from":"-2h"` + more + `}`})
		require.Equal(t, 200, got.status, got.body)
		decodeStrictly(t, got.body, &answer)
		return answer
	}
	plain := simulate("")
	assert.Equal(t, 1, plain.FireCount)
	assert.Nil(t, plain.GroupsLeftOut)
	grouped := simulate(`,` + byHost)
	assert.Equal(t, 2, grouped.FireCount)
	assert.Equal(t, 2, grouped.ResolveCount)
	assert.Equal(t, 1, *grouped.GroupsLeftOut, "the extension of the test allows three")
	var changed []simulatedCheck
	for _, bucket := range grouped.Buckets {
		if len(bucket.Groups) > 0 {
			changed = append(changed, bucket)
		}
	}
	require.Len(t, changed, 2)
	assert.Equal(t, []simulatedChange{{"web-1", 3, alert.Firing, "fire"}, {"web-3", 2, alert.Firing, "fire"}}, changed[0].Groups)
	assert.Equal(t, "web-1: 3 > 1: fired", changed[0].Reason)
	assert.Equal(t, "resolve", changed[1].Notification)
	recovering := simulate(`,"recovery_threshold":0,"no_data":"keep"`)
	assert.Zero(t, recovering.ResolveCount, "what an alert may have can be simulated")
}
