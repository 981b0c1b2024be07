package notify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/alert/notify"
	"github.com/docketlog/docket/internal/docstore/docstoretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// receiver is a destination that keeps what it gets and answers as it is told.
type receiver struct {
	*httptest.Server

	mu       sync.Mutex
	requests []received
	answer   func(count int, w http.ResponseWriter)
}

type received struct {
	path    string
	headers http.Header
	body    []byte
}

func receive(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		assert.NoError(t, err)
		r.mu.Lock()
		r.requests = append(r.requests, received{request.URL.Path, request.Header.Clone(), body})
		count, answer := len(r.requests), r.answer
		r.mu.Unlock()
		if answer != nil {
			answer(count, w)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) got() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]received(nil), r.requests...)
}

// office is what sends notifications, with a clock that a test moves.
type office struct {
	t            *testing.T
	now          time.Time
	documents    *docstoretest.Memory
	destinations notify.Destinations
	deliveries   notify.Deliveries
	sender       *notify.Sender
	alert        alertstore.Alert
}

func newOffice(t *testing.T, change func(*notify.Settings)) *office {
	t.Helper()
	o := &office{t: t, now: time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC), documents: docstoretest.NewMemory()}
	now := func() time.Time { return o.now }
	o.destinations = notify.Destinations{Documents: o.documents, Now: now}
	o.deliveries = notify.Deliveries{Documents: o.documents, Destinations: o.destinations, Now: now}
	settings := notify.Settings{
		Deliveries: o.deliveries, AllowPrivate: true, Now: now, Logger: zaptest.NewLogger(t),
		SlackURL: notify.DefaultSlackURL, PagerDutyURL: notify.DefaultPagerDutyURL,
	}
	if change != nil {
		change(&settings)
	}
	o.sender = notify.NewSender(settings)
	t.Cleanup(o.sender.Close)
	o.alert = alertstore.Alert{
		ID: "0197c000-0000-7000-8000-000000000001", ProjectID: 1,
		Settings: alertstore.Settings{
			Name: "declined <cards>", Filters: json.RawMessage(`{"serviceNames":["checkout"],"severityLevels":["error"]}`),
			ThresholdCount: 10, Operator: alert.Above, WindowMinutes: 5,
		},
	}
	return o
}

func (o *office) add(target notify.Target) notify.Destination {
	o.t.Helper()
	d, err := o.destinations.Add(o.t.Context(), 1, o.alert.ID, target)
	require.NoError(o.t, err)
	return d
}

// happen makes a transition and its deliveries.
func (o *office) happen(kind alert.Notification) alertstore.Transition {
	o.t.Helper()
	t := alertstore.NewTransition(o.now, alert.KindCheck, alert.NotFiring, alert.Firing)
	count := int64(11)
	t.Count, t.Notification, t.From, t.To = &count, kind, o.now.Add(-5*time.Minute), o.now
	if kind == alert.Failed || kind == alert.BrokeDown {
		t.Count, t.Error = nil, "query_performance: too much"
	}
	announced, err := json.Marshal(notify.NewMessage(o.alert, t, "https://docket.example"))
	require.NoError(o.t, err)
	t.Announced = announced
	require.NoError(o.t, o.deliveries.Add(o.t.Context(), o.alert, []alertstore.Transition{t}))
	return t
}

func (o *office) send() {
	o.t.Helper()
	require.NoError(o.t, o.sender.SendDue(o.t.Context()))
}

func (o *office) log() []notify.Delivery {
	o.t.Helper()
	all, err := o.deliveries.List(o.t.Context(), 1, o.alert.ID)
	require.NoError(o.t, err)
	return all
}

func TestWebhook(t *testing.T) {
	r, o := receive(t), newOffice(t, nil)
	d := o.add(notify.Target{Type: notify.TypeWebhook, URL: r.URL + "/hook"})
	transition := o.happen(alert.Fire)
	// Signatures are checked against the clock of the machine.
	o.now = time.Now()
	o.send()
	o.send()
	got := r.got()
	require.Len(t, got, 1)
	assert.JSONEq(t, `{"id":"`+transition.ID+"."+d.Functions[alert.Fire]+`","type":"logs_alert.firing","timestamp":"2026-07-01T12:00:00Z","data":{
		"alert_id":"0197c000-0000-7000-8000-000000000001","alert_name":"declined <cards>","result_count":11,"threshold_count":10,
		"threshold_operator":"above","window_minutes":5,"service_names":["checkout"],"severity_levels":["error"],
		"logs_url":"https://docket.example/ui/#/explore?from=2026-07-01T11%3A55%3A00Z&project=1&q=level%3Derror+service%3Dcheckout&to=2026-07-01T12%3A00%3A00Z",
		"alert_url":"https://docket.example/ui/#/alerts/0197c000-0000-7000-8000-000000000001?project=1"}}`, string(got[0].body))
	verifier, err := standardwebhooks.NewWebhook(d.Secret)
	require.NoError(t, err)
	require.NoError(t, verifier.Verify(got[0].body, got[0].headers))
	log := o.log()
	require.Len(t, log, 1)
	assert.Equal(t, notify.Delivered, log[0].Outcome)
	assert.Equal(t, 200, log[0].LastAttempts[0].Status)
}

func TestKindsOfWebhooks(t *testing.T) {
	r, o := receive(t), newOffice(t, nil)
	o.add(notify.Target{Type: notify.TypeWebhook, URL: r.URL})
	for _, kind := range []alert.Notification{alert.Resolve, alert.Failed, alert.BrokeDown} {
		o.happen(kind)
		o.send()
	}
	var types []string
	for _, request := range r.got() {
		var body struct {
			Type string
			Data map[string]any
		}
		require.NoError(t, json.Unmarshal(request.body, &body))
		types = append(types, body.Type)
		if body.Type == "logs_alert.errored" {
			assert.Equal(t, "query_performance: too much", body.Data["error_message"])
			assert.NotContains(t, body.Data, "result_count")
		}
	}
	assert.Equal(t, []string{"logs_alert.resolved", "logs_alert.errored", "logs_alert.auto_disabled"}, types)
}

func TestEveryTransitionIsDeliveredOnce(t *testing.T) {
	r, o := receive(t), newOffice(t, nil)
	o.add(notify.Target{Type: notify.TypeWebhook, URL: r.URL})
	transition := o.happen(alert.Fire)
	again := func() {
		require.NoError(t, o.deliveries.Add(t.Context(), o.alert, []alertstore.Transition{transition}))
	}
	again()
	var replicas sync.WaitGroup
	for range 4 {
		replicas.Go(func() { assert.NoError(t, o.sender.SendDue(context.Background())) })
	}
	replicas.Wait()
	again() // a process that died before it took the transition out of the outbox
	o.send()
	assert.Len(t, r.got(), 1)
}

func TestRetries(t *testing.T) {
	r, o := receive(t), newOffice(t, nil)
	o.add(notify.Target{Type: notify.TypeWebhook, URL: r.URL})
	r.answer = func(count int, w http.ResponseWriter) {
		switch count {
		case 1:
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2:
			hijacked, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_ = hijacked.Close()
			}
		}
	}
	o.happen(alert.Fire)
	o.send()
	o.now = o.now.Add(59 * time.Second)
	o.send()
	assert.Len(t, r.got(), 1, "it asked to be left alone for a minute")
	o.now = o.now.Add(time.Second)
	o.send()
	assert.Len(t, r.got(), 2)
	o.now = o.now.Add(time.Minute)
	o.send()
	got := r.got()
	require.Len(t, got, 3)
	assert.Equal(t, got[0].headers.Get("webhook-id"), got[2].headers.Get("webhook-id"), "so the receiver can tell")
	log := o.log()
	require.Len(t, log, 1)
	assert.Equal(t, notify.Delivered, log[0].Outcome)
	assert.Equal(t, 3, log[0].Attempts)
	assert.Equal(t, 503, log[0].LastAttempts[0].Status)
	assert.NotContains(t, log[0].LastAttempts[1].Error, r.URL, "an address may have a secret")
}

func TestGivingUp(t *testing.T) {
	r, o := receive(t), newOffice(t, nil)
	r.answer = func(_ int, w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) }
	o.add(notify.Target{Type: notify.TypeWebhook, URL: r.URL})
	o.happen(alert.Fire)
	for range 200 {
		o.send()
		o.now = o.now.Add(15 * time.Minute)
	}
	log := o.log()
	require.Len(t, log, 1)
	assert.Equal(t, notify.GivenUp, log[0].Outcome)
	assert.Greater(t, log[0].Attempts, 90)
	assert.Len(t, log[0].LastAttempts, 10)
	o.now = o.now.Add(notify.DeliveryLifetime)
	require.NoError(t, o.deliveries.DropOld(t.Context()))
	assert.Empty(t, o.log())
}

// Whoever dies while a request is under way leaves a delivery that is taken; it is tried
// again when that is over.
func TestTakenAndLeft(t *testing.T) {
	r, o := receive(t), newOffice(t, nil)
	o.add(notify.Target{Type: notify.TypeWebhook, URL: r.URL})
	o.happen(alert.Fire)
	due, _, err := o.deliveries.Due(t.Context(), time.Minute)
	require.NoError(t, err)
	require.Len(t, due, 1)
	taken, err := o.deliveries.Take(t.Context(), &due[0], o.now.Add(30*time.Second))
	require.NoError(t, err)
	require.True(t, taken)
	o.send()
	assert.Empty(t, r.got())
	o.now = o.now.Add(30 * time.Second)
	o.send()
	assert.Len(t, r.got(), 1)
}

func TestDeletedDestinations(t *testing.T) {
	r, o := receive(t), newOffice(t, nil)
	one := o.add(notify.Target{Type: notify.TypeWebhook, URL: r.URL + "/one"})
	two := o.add(notify.Target{Type: notify.TypeWebhook, URL: r.URL + "/two"})
	require.Len(t, one.FunctionIDs(), 4)
	remove := func(ids ...string) error { return o.destinations.DeleteFunctions(t.Context(), 1, o.alert.ID, ids) }
	require.ErrorIs(t, remove(one.FunctionIDs()[0], "unknown"), notify.ErrNoDestination)
	o.happen(alert.Fire)
	require.NoError(t, remove(one.FunctionIDs()...))
	o.send()
	got := r.got()
	require.Len(t, got, 1)
	assert.Equal(t, "/two", got[0].path)

	require.NoError(t, remove(two.Functions[alert.Fire]))
	o.happen(alert.Fire)
	o.happen(alert.Resolve)
	o.send()
	assert.Len(t, r.got(), 2, "only what is left of its functions")
	types, err := o.destinations.Types(t.Context(), 1)
	require.NoError(t, err)
	assert.Equal(t, map[string][]notify.Type{o.alert.ID: {notify.TypeWebhook}}, types)
	require.NoError(t, o.destinations.DeleteAll(t.Context(), 1, o.alert.ID))
	all, err := o.destinations.List(t.Context(), 1, o.alert.ID)
	require.NoError(t, err)
	assert.Empty(t, all)
}

func TestServices(t *testing.T) {
	r := receive(t)
	o := newOffice(t, func(s *notify.Settings) {
		s.SlackURL, s.PagerDutyURL, s.SlackTokens = r.URL+"/slack-api", r.URL+"/pagerduty", map[int64]string{7: "xoxb-token"}
	})
	r.answer = func(_ int, w http.ResponseWriter) { _, _ = io.WriteString(w, `{"ok":true}`) }
	for _, target := range []notify.Target{
		{Type: notify.TypeSlack, URL: r.URL + "/slack-hook"},
		{Type: notify.TypeSlack, SlackWorkspace: 7, SlackChannel: "C1"},
		{Type: notify.TypeTeams, URL: r.URL + "/teams"},
		{Type: notify.TypeDiscord, URL: r.URL + "/discord"},
		{Type: notify.TypePagerDuty, RoutingKey: "routing"},
	} {
		o.add(target)
	}
	o.happen(alert.Fire)
	o.send()
	bodies := map[string]string{}
	for _, request := range r.got() {
		bodies[request.path] = string(request.body)
		if request.path == "/slack-api" {
			assert.Equal(t, "Bearer xoxb-token", request.headers.Get("Authorization"))
		}
	}
	require.Len(t, bodies, 5)
	assert.Contains(t, bodies["/slack-hook"], `declined \u0026lt;cards\u0026gt; is firing: 11 records in 5 minutes, above 10`)
	assert.Contains(t, bodies["/slack-api"], `"channel":"C1"`)
	assert.Contains(t, bodies["/teams"], `AdaptiveCard`)
	assert.Contains(t, bodies["/discord"], `"allowed_mentions":{"parse":[]}`)
	assert.Contains(t, bodies["/pagerduty"], `"event_action":"trigger"`)

	o.happen(alert.Resolve)
	o.send()
	var trigger, resolve struct {
		Action string `json:"event_action"`
		Key    string `json:"dedup_key"`
	}
	require.NoError(t, json.Unmarshal([]byte(bodies["/pagerduty"]), &trigger))
	for _, request := range r.got()[5:] {
		if request.path == "/pagerduty" {
			require.NoError(t, json.Unmarshal(request.body, &resolve))
		}
	}
	assert.Equal(t, "resolve", resolve.Action)
	assert.Equal(t, trigger.Key, resolve.Key, "it closes what it has opened")
}

func TestSlackRefusesWithOK(t *testing.T) {
	r := receive(t)
	o := newOffice(t, func(s *notify.Settings) { s.SlackURL, s.SlackTokens = r.URL, map[int64]string{7: "x"} })
	r.answer = func(_ int, w http.ResponseWriter) {
		_, _ = io.WriteString(w, `{"ok":false,"error":"channel_not_found"}`)
	}
	o.add(notify.Target{Type: notify.TypeSlack, SlackWorkspace: 7, SlackChannel: "C1"})
	o.happen(alert.Fire)
	o.send()
	log := o.log()
	require.Len(t, log, 1)
	assert.Equal(t, notify.Pending, log[0].Outcome)
	assert.Contains(t, log[0].LastAttempts[0].Error, "channel_not_found")
}

func TestTest(t *testing.T) {
	r, o := receive(t), newOffice(t, nil)
	d := o.add(notify.Target{Type: notify.TypeWebhook, URL: r.URL})
	r.answer = func(_ int, w http.ResponseWriter) { w.WriteHeader(http.StatusTeapot) }
	attempt := o.sender.Test(t.Context(), "test", d, notify.Message{Kind: alert.Fire, AlertName: "x", ServiceNames: []string{}, SeverityLevels: []string{}})
	assert.Equal(t, http.StatusTeapot, attempt.Status)
	assert.Contains(t, string(r.got()[0].body), `"is_test":true`)
	assert.Empty(t, o.log())
}

// What is refused when it is connected to is in the log of deliveries.
func TestPrivateAddressesAreRefused(t *testing.T) {
	r := receive(t)
	_, port, _ := strings.Cut(strings.TrimPrefix(r.URL, "http://"), ":")
	for _, address := range []string{r.URL, "http://localhost:" + port, "http://[::ffff:127.0.0.1]:" + port, "http://2130706433:" + port} {
		o := newOffice(t, func(s *notify.Settings) { s.AllowPrivate = false })
		d := o.add(notify.Target{Type: notify.TypeWebhook, URL: address})
		attempt := o.sender.Test(t.Context(), "x", d, notify.Message{})
		assert.NotEmpty(t, attempt.Error, address)
		o.happen(alert.Fire)
		o.send()
		log := o.log()
		require.Len(t, log, 1)
		require.Len(t, log[0].LastAttempts, 1)
		assert.Equal(t, notify.Pending, log[0].Outcome)
		if !strings.Contains(address, "2130706433") { // which not all systems take for an address
			assert.Contains(t, log[0].LastAttempts[0].Error, "is not a public address", address)
		}
	}
	assert.Empty(t, r.got())
}

// A public server may redirect to a private address, or a name may resolve to another one
// each time: what counts is what is connected to.
func TestRedirectsToPrivateAddresses(t *testing.T) {
	inside, outside, o := receive(t), receive(t), newOffice(t, nil)
	port := netip.MustParseAddrPort(outside.Listener.Addr().String()).Port()
	o.sender.AllowOnly(func(address netip.AddrPort) bool { return address.Port() == port })
	outside.answer = func(_ int, w http.ResponseWriter) {
		w.Header().Set("Location", inside.URL)
		w.WriteHeader(http.StatusTemporaryRedirect)
	}
	o.add(notify.Target{Type: notify.TypeWebhook, URL: strings.Replace(outside.URL, "127.0.0.1", "localhost", 1)})
	o.happen(alert.Fire)
	o.send()
	assert.Len(t, outside.got(), 1)
	assert.Empty(t, inside.got())
	log := o.log()
	require.Len(t, log, 1)
	require.Len(t, log[0].LastAttempts, 1)
	assert.Contains(t, log[0].LastAttempts[0].Error, "127.0.0.1 is not a public address")
}

func TestTooManyRedirects(t *testing.T) {
	r, o := receive(t), newOffice(t, nil)
	r.answer = func(_ int, w http.ResponseWriter) {
		w.Header().Set("Location", r.URL+"/again")
		w.WriteHeader(http.StatusTemporaryRedirect)
	}
	d := o.add(notify.Target{Type: notify.TypeWebhook, URL: r.URL})
	attempt := o.sender.Test(t.Context(), "x", d, notify.Message{})
	assert.Contains(t, attempt.Error, "too many redirects")
	assert.Len(t, r.got(), 4)
}

func TestCheckHost(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "10.0.0.8", "169.254.169.254", "::1", "fe80::1%eth0", "::ffff:10.0.0.1", "127.0.0.1.", "localhost", "LocalHost.", "a.localhost"} {
		var refused *notify.AddressError
		require.ErrorAs(t, notify.CheckHost(host), &refused, host)
	}
	for _, host := range []string{"1.1.1.1", "2606:4700::1111", "example.com", "localhost.example.com", "notlocalhost", "10.example.com", ""} {
		require.NoError(t, notify.CheckHost(host), host)
	}
}

func TestIsPublic(t *testing.T) {
	for _, address := range []string{
		"127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.1.1", "192.0.0.8", "198.18.0.1",
		"224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1",
		"::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1", "::127.0.0.1", "fec0::1",
	} {
		assert.False(t, notify.IsPublic(netip.MustParseAddr(address)), address)
	}
	for _, address := range []string{"1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1"} {
		assert.True(t, notify.IsPublic(netip.MustParseAddr(address)), address)
	}
	assert.False(t, notify.IsPublic(netip.Addr{}))
}

func TestStop(t *testing.T) {
	r, o := receive(t), newOffice(t, nil)
	release := make(chan struct{})
	r.answer = func(int, http.ResponseWriter) { <-release }
	o.add(notify.Target{Type: notify.TypeWebhook, URL: r.URL})
	o.happen(alert.Fire)
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- o.sender.SendDue(ctx) }()
	require.Eventually(t, func() bool { return len(r.got()) == 1 }, 5*time.Second, time.Millisecond)
	cancel()
	require.ErrorIs(t, <-stopped, context.Canceled)
	close(release)
	r.mu.Lock()
	r.answer = nil
	r.mu.Unlock()
	o.send()
	assert.Len(t, r.got(), 2, "it is tried again at once after a restart")
	assert.Equal(t, fmt.Sprint(notify.Delivered), fmt.Sprint(o.log()[0].Outcome))
}
