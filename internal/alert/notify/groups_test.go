package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/alert/notify"
	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/docstore/docstoretest"
	"github.com/docketlog/docket/internal/filter/posthog"
)

// happenTo is happen for one group of the alert.
func (o *office) happenTo(value string, kind alert.Notification) {
	o.t.Helper()
	o.alert.GroupBy = &posthog.FieldName{Type: "log_attribute", Key: "host"}
	t := alertstore.NewTransition(o.now, alert.KindCheck, alert.NotFiring, alert.Firing)
	count := int64(11)
	t.Group = &alertstore.GroupTransition{Value: value, Before: alert.NotFiring, After: alert.Firing}
	t.Count, t.Notification, t.From, t.To = &count, kind, o.now.Add(-5*time.Minute), o.now
	announced, err := json.Marshal(notify.NewMessage(o.alert, t, "https://docket.example"))
	require.NoError(o.t, err)
	t.Announced = announced
	for range 2 { // it may be told again
		require.NoError(o.t, o.deliveries.Add(o.t.Context(), o.alert, []alertstore.Transition{t}))
	}
}

// Each group is told of by itself, by its name.
func TestGroupsAreTold(t *testing.T) {
	r, o := receive(t), newOffice(t, nil)
	o.add(notify.Target{Type: notify.TypeWebhook, URL: r.URL})
	o.happenTo("web-1", alert.Fire)
	o.happenTo("web-2", alert.Fire)
	o.send()
	ids := map[string]bool{}
	var groups []string
	for _, request := range r.got() {
		var body struct {
			ID   string
			Data struct {
				Group   string            `json:"group"`
				GroupBy map[string]string `json:"group_by"`
				LogsURL string            `json:"logs_url"`
			}
		}
		require.NoError(t, json.Unmarshal(request.body, &body))
		ids[body.ID] = true
		groups = append(groups, body.Data.Group)
		assert.Equal(t, map[string]string{"type": "log_attribute", "key": "host"}, body.Data.GroupBy)
		link, err := url.Parse(body.Data.LogsURL)
		require.NoError(t, err)
		_, parameters, _ := strings.Cut(link.Fragment, "?")
		query, err := url.ParseQuery(parameters)
		require.NoError(t, err)
		assert.Contains(t, query.Get("q"), `attributes.host=`+body.Data.Group)
	}
	assert.ElementsMatch(t, []string{"web-1", "web-2"}, groups)
	assert.Len(t, ids, 2)
	log := o.log()
	require.Len(t, log, 2)
	assert.NotEqual(t, log[0].Message.Group, log[1].Message.Group)
}

func TestIncidentsOfGroups(t *testing.T) {
	r := receive(t)
	o := newOffice(t, func(s *notify.Settings) { s.PagerDutyURL = r.URL })
	o.add(notify.Target{Type: notify.TypePagerDuty, RoutingKey: "routing"})
	long := strings.Repeat("x", alert.MaxGroupBytes-1)
	for _, value := range []string{"web-1", "web-2", long + "1", long + "2"} {
		o.happenTo(value, alert.Fire)
		o.happenTo(value, alert.Resolve)
	}
	o.send()
	count := map[string]map[string]int{}
	for _, request := range r.got() {
		var event struct {
			Action  string `json:"event_action"`
			Key     string `json:"dedup_key"`
			Payload struct{ Summary string }
		}
		require.NoError(t, json.Unmarshal(request.body, &event))
		if count[event.Key] == nil {
			count[event.Key] = map[string]int{}
		}
		count[event.Key][event.Action]++
		assert.Contains(t, event.Payload.Summary, "declined <cards> for host ")
	}
	assert.Len(t, count, 4, "an incident for each group")
	for _, actions := range count {
		assert.Equal(t, map[string]int{"trigger": 1, "resolve": 1}, actions)
	}
}

// counted counts how often documents are listed, which costs a cluster more than the rest.
type counted struct {
	*docstoretest.Memory

	lists   map[string]int
	failing error
}

func (c *counted) List(ctx context.Context, collection, prefix string) ([]docstore.Document, error) {
	c.lists[collection]++
	if c.failing != nil {
		return nil, c.failing
	}
	return c.Memory.List(ctx, collection, prefix)
}

func TestLooksOnlyWhenThereIsSomething(t *testing.T) {
	documents := &counted{Memory: docstoretest.NewMemory(), lists: map[string]int{}}
	r, o := receive(t), newOffice(t, func(s *notify.Settings) {
		s.Deliveries.Documents, s.Deliveries.Destinations.Documents, s.Deliveries.Waiting = documents, documents, new(atomic.Bool)
	})
	o.deliveries, o.destinations = o.sender.Deliveries, o.sender.Deliveries.Destinations
	for range 20 { // ten seconds, as the extension does
		o.send()
		o.now = o.now.Add(500 * time.Millisecond)
	}
	assert.Equal(t, map[string]int{"alert_deliveries_pending": 2}, documents.lists)

	r.answer = func(count int, w http.ResponseWriter) {
		if count == 1 {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, "ok")
	}
	o.add(notify.Target{Type: notify.TypeWebhook, URL: r.URL})
	clear(documents.lists)
	o.happen(alert.Fire)
	start := o.now
	o.send()
	require.Len(t, r.got(), 1, "what was added is sent at once")
	for len(r.got()) < 2 {
		o.now = o.now.Add(500 * time.Millisecond)
		o.send()
	}
	assert.Equal(t, 7*time.Second, o.now.Sub(start), "and what is put off when it is due")
	assert.Equal(t, map[string]int{"alert_deliveries_pending": 3, "alert_destinations": 1}, documents.lists)

	documents.failing = errors.New("no cluster")
	o.now = o.now.Add(time.Minute)
	for range 3 {
		require.ErrorIs(t, o.sender.SendDue(t.Context()), documents.failing, "what failed is tried again at once")
	}
}

// Many groups that fire at once list the destinations of their alert once.
func TestDestinationsAreListedOnce(t *testing.T) {
	o := newOffice(t, nil)
	o.add(notify.Target{Type: notify.TypeEmail, Emails: []string{"jo@example.com"}})
	var all []alertstore.Transition
	for range 100 {
		fired := alertstore.NewTransition(o.now, alert.KindCheck, alert.NotFiring, alert.Firing)
		fired.Notification, fired.Announced = alert.Fire, json.RawMessage(`{}`)
		all = append(all, fired)
	}
	documents := &counted{Memory: o.documents, lists: map[string]int{}}
	deliveries := o.deliveries
	deliveries.Destinations.Documents = documents
	require.NoError(t, deliveries.Add(t.Context(), o.alert, all))
	assert.Len(t, o.log(), 100)
	assert.Equal(t, map[string]int{"alert_destinations": 1}, documents.lists)
}
