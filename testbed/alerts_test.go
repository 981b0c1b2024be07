package testbed

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/testbed/client"
	"github.com/docketlog/docket/testbed/collector"
	"github.com/docketlog/docket/testbed/tools"
)

// alertPatience bounds what a test waits for. How long an alert really takes is tested
// where it matters. It is long, because other tests run beside those of alerts, which wait
// for most of the time.
const alertPatience = 90 * time.Second

// webhook receives notifications.
type webhook struct {
	*httptest.Server

	mu sync.Mutex
	// refuses makes it answer with 503.
	refuses bool
	taken   []notification
	refused int
}

type notification struct {
	ID   string
	Type string
	Data struct {
		ResultCount int `json:"result_count"`
	}
	at time.Time
}

func newWebhook(t *testing.T) *webhook {
	t.Helper()
	hook := &webhook{}
	hook.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		sent := notification{at: time.Now()}
		assert.NoError(t, json.Unmarshal(body, &sent))
		hook.mu.Lock()
		defer hook.mu.Unlock()
		if hook.refuses {
			hook.refused++
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		hook.taken = append(hook.taken, sent)
	}))
	t.Cleanup(hook.Close)
	return hook
}

func (h *webhook) set(refuses bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refuses = refuses
}

func (h *webhook) counts() (taken, refused int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.taken), h.refused
}

func (h *webhook) types() (all []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, sent := range h.taken {
		all = append(all, sent.Type)
	}
	return all
}

// startAlerting starts Docket with checks every second, and with more configuration files
// if there are any. When it returns, records are found soon after they were stored: a
// cluster takes its time to make the first index.
func startAlerting(t *testing.T, b *backend, configs ...string) (*collector.Collector, *client.Client) {
	t.Helper()
	options := b.options(t)
	options.AdminKey = adminKey
	options.Environment = append(options.Environment, "DOCKET_ALERT_CHECK_INTERVAL=1s", "DOCKET_ALLOW_PRIVATE_WEBHOOKS=true")
	if len(configs) > 0 && options.Arguments == nil {
		options.Arguments = []string{"--config", filepath.Join(collector.ModuleRoot(t), "distribution", "docket.yaml")}
	}
	for _, config := range configs {
		options.Arguments = append(options.Arguments, "--config", config)
	}
	docket := collector.Start(t, options)
	c := newClient(t, docket, adminKey)
	alerts{t, c}.send("first", 1, 0)
	find(t, c, url.Values{"service": {"first"}}, 1)
	return docket, c
}

// alerts are those of project 1.
type alerts struct {
	t *testing.T
	c *client.Client
}

func (a alerts) do(method, path, body string, status int) map[string]any {
	a.t.Helper()
	response, err := a.c.Do(a.t.Context(), method, "http://"+a.c.Endpoints.API+"/api/projects/1/logs/alerts/"+path, body,
		"Content-Type", "application/json", "Authorization", "Bearer "+a.c.Key)
	require.NoError(a.t, err)
	require.Equal(a.t, status, response.Status, "%s", response)
	answer := map[string]any{}
	if len(response.Body) > 0 {
		require.NoError(a.t, response.Decode(&answer))
	}
	return answer
}

// make makes an alert on a service that tells the hook, and returns its id.
func (a alerts) make(hook *webhook, service, more string) string {
	a.t.Helper()
	made := a.do(http.MethodPost, "", fmt.Sprintf(`{"name":%q,"filters":{"serviceNames":[%q]},"threshold_count":2%s}`, service, service, more), http.StatusCreated)
	id, ok := made["id"].(string)
	require.True(a.t, ok)
	a.do(http.MethodPost, id+"/destinations/", fmt.Sprintf(`{"type":"webhook","webhook_url":%q}`, hook.URL), http.StatusCreated)
	return id
}

// send stores so many records of a service that happened some time ago.
func (a alerts) send(service string, count int, ago time.Duration) {
	a.t.Helper()
	record := fmt.Sprintf(`{"timeUnixNano":"%d","severityNumber":17,"body":{"stringValue":"failed"}}`, time.Now().Add(-ago).UnixNano())
	response, err := a.c.OTLPJSON(a.t.Context(), fmt.Sprintf(`{"resourceLogs":[{"resource":{"attributes":[
		{"key":"service.name","value":{"stringValue":%q}},{"key":"docket.project.id","value":{"intValue":"1"}}]},
		"scopeLogs":[{"logRecords":[%s]}]}]}`, service, strings.Join(repeat(record, count), ",")))
	require.NoError(a.t, err)
	require.Equal(a.t, http.StatusOK, response.Status, "%s", response)
}

// lasting is how long a burst is in a window that is nearly over: long enough for its
// records to be found, and for a snooze before that.
func (a alerts) lasting() time.Duration {
	if a.c.Endpoints.Cluster != "" {
		return 22 * time.Second
	}
	return 12 * time.Second
}

func repeat(text string, count int) (all []string) {
	for range count {
		all = append(all, text)
	}
	return all
}

// event waits until the record of an event is found, and returns it. There must be no more
// than one.
func (a alerts) event(name string) client.Log {
	a.t.Helper()
	var page client.Page
	require.Eventually(a.t, func() bool {
		var err error
		page, err = a.c.Search(a.t.Context(), url.Values{"q": {"event:" + name}})
		return assert.NoError(a.t, err) && page.Pagination.Total > 0
	}, alertPatience, 50*time.Millisecond, "no record of %s", name)
	require.Len(a.t, page.Logs, 1)
	return page.Logs[0]
}

func (a alerts) state(id string) any { return a.do(http.MethodGet, id+"/", "", http.StatusOK)["state"] }

// A burst is told once, and so is its end.
func TestAlertFiresAndResolves(t *testing.T) {
	t.Parallel() // most of the time is waiting
	onEachBackend(t, testAlertFiresAndResolves)
}

func testAlertFiresAndResolves(t *testing.T, b *backend) {
	t.Helper()
	_, c := startAlerting(t, b)
	a, hook := alerts{t, c}, newWebhook(t)
	id := a.make(hook, "burst", "")
	quiet := a.make(hook, "quiet", "")
	began := time.Now()
	a.send("burst", 3, 5*time.Minute-a.lasting())
	a.send("quiet", 2, 0)
	require.Eventually(t, func() bool { taken, _ := hook.counts(); return taken == 1 }, alertPatience, 10*time.Millisecond)
	hook.mu.Lock()
	took := hook.taken[0].at.Sub(began)
	assert.Equal(t, 3, hook.taken[0].Data.ResultCount)
	hook.mu.Unlock()
	t.Logf("told after %s", took)
	assert.Equal(t, "firing", a.state(id))
	require.Eventually(t, func() bool { taken, _ := hook.counts(); return taken == 2 }, alertPatience, 10*time.Millisecond)
	assert.Equal(t, []string{"logs_alert.firing", "logs_alert.resolved"}, hook.types())
	assert.Equal(t, "not_firing", a.state(id))
	assert.Equal(t, "not_firing", a.state(quiet), "two are not more than two")
}

// What fired is told exactly once, although Docket dies before it could be, and there is
// one record of it.
func TestAlertIsToldOnceAfterAKill(t *testing.T) {
	t.Parallel() // most of the time is waiting
	onEachBackend(t, testAlertIsToldOnceAfterAKill)
}

func testAlertIsToldOnceAfterAKill(t *testing.T, b *backend) {
	t.Helper()
	docket, c := startAlerting(t, b)
	a, hook := alerts{t, c}, newWebhook(t)
	hook.set(true)
	id := a.make(hook, "burst", "")
	a.send("burst", 3, 0)
	require.Eventually(t, func() bool { _, refused := hook.counts(); return refused > 0 }, alertPatience, 10*time.Millisecond)
	for range 3 {
		docket.Kill()
		docket.Restart()
		a.c = newClient(t, docket, adminKey)
		require.Equal(t, "firing", a.state(id))
	}
	hook.set(false)
	require.Eventually(t, func() bool { taken, _ := hook.counts(); return taken > 0 }, 3*alertPatience, 10*time.Millisecond)
	time.Sleep(5 * time.Second) // several checks
	assert.Equal(t, []string{"logs_alert.firing"}, hook.types())
	deliveries := a.do(http.MethodGet, id+"/deliveries/", "", http.StatusOK)
	assert.EqualValues(t, 1, deliveries["count"])
	a.event("docket.alert.firing")
}

// A snoozed alert is silent until the time is over, and one in its cooldown until that is.
func TestSnoozeAndCooldown(t *testing.T) {
	t.Parallel() // most of the time is waiting
	onEachBackend(t, testSnoozeAndCooldown)
}

func testSnoozeAndCooldown(t *testing.T, b *backend) {
	t.Helper()
	_, c := startAlerting(t, b)
	a, hook := alerts{t, c}, newWebhook(t)
	id := a.make(hook, "burst", `,"cooldown_minutes":60`)
	until := time.Now().Add(5 * time.Second)
	a.do(http.MethodPatch, id+"/", fmt.Sprintf(`{"snooze_until":%q}`, until.UTC().Format(time.RFC3339Nano)), http.StatusOK)
	a.send("burst", 3, 5*time.Minute-a.lasting())
	require.Eventually(t, func() bool { taken, _ := hook.counts(); return taken > 0 }, alertPatience, 10*time.Millisecond)
	hook.mu.Lock()
	assert.True(t, hook.taken[0].at.After(until))
	hook.mu.Unlock()
	require.Eventually(t, func() bool { return a.state(id) == "not_firing" }, alertPatience, 100*time.Millisecond)
	time.Sleep(2 * time.Second)
	assert.Equal(t, []string{"logs_alert.firing"}, hook.types(), "the end came in the cooldown")
	events := a.do(http.MethodGet, id+"/events/?kind=check", "", http.StatusOK)
	newest, ok := events["results"].([]any)[0].(map[string]any)
	require.True(t, ok)
	assert.Equal(t, "cooldown", newest["held_by"])
	a.event("docket.alert.snoozed")
	log := a.event("docket.alert.resolved")
	assert.Contains(t, log.Message, "not announced because of its cooldown")
	assert.Equal(t, "cooldown", log.Details["docket.alert.held_by"])
}

// What simulate says is what checks then do on the same records.
func TestSimulateEqualsChecks(t *testing.T) {
	t.Parallel() // most of the time is waiting
	onEachBackend(t, testSimulateEqualsChecks)
}

func testSimulateEqualsChecks(t *testing.T, b *backend) {
	t.Helper()
	_, c := startAlerting(t, b)
	a, hook := alerts{t, c}, newWebhook(t)
	a.send("burst", 3, time.Minute)
	find(t, c, url.Values{"service": {"burst"}}, 3)
	simulated := a.do(http.MethodPost, "simulate/", `{"filters":{"serviceNames":["burst"]},"threshold_count":2,"threshold_operator":"above",
		"window_minutes":5,"check_interval_minutes":1,"date_from":"-1h"}`, http.StatusOK)
	buckets, ok := simulated["buckets"].([]any)
	require.True(t, ok)
	last, ok := buckets[len(buckets)-1].(map[string]any)
	require.True(t, ok)
	id := a.make(hook, "burst", "")
	require.Eventually(t, func() bool { return a.state(id) == "firing" }, alertPatience, 50*time.Millisecond)
	if last["state"] == "firing" { // unless the last whole minute was before the records
		assert.EqualValues(t, 3, last["count"])
		assert.EqualValues(t, 1, simulated["fire_count"])
	}
}

// PostHog's own command line works with alerts. It takes much of the machine, and sees
// nothing of the backend.
func TestPostHogsCommandLineMakesAlerts(t *testing.T) {
	t.Parallel() // no time is measured in it
	docket, c := startAlerting(t, &backend{options: func(*testing.T) collector.Options { return collector.Options{} }})
	a := alerts{t, c}
	a.send("checkout", 3, 2*time.Minute)
	program := filepath.Join(tools.InstallNode(t, "posthog_cli"), "@posthog", "cli", "lib", "posthog-api-cli.mjs")
	key, err := c.CreateKey(t.Context(), "command line", []string{"logs:write"}, 1)
	require.NoError(t, err)
	cli := postHogCLI{program: program, docket: docket, key: key.Value, home: t.TempDir()}
	call := func(tool, arguments, prints string) map[string]any {
		printed, err := cli.run(t.Context(), "call", "--json", "--confirm", tool, arguments)
		require.NoError(t, err, tool)
		if prints != "" {
			assertJSONHas(t, prints, printed, tool)
		}
		answer := map[string]any{}
		_ = json.Unmarshal(printed, &answer) // some print nothing
		return answer
	}
	filters := `{"severityLevels":["error"],"serviceNames":["checkout"]}`
	made := call("logs-alerts-create", `{"name":"Declined","threshold_count":2,"filters":`+filters+`}`,
		`{"name":"Declined","state":"not_firing","threshold_count":2,"window_minutes":5}`)
	id, ok := made["id"].(string)
	require.True(t, ok, made)
	named := func(more string) string { return fmt.Sprintf(`{"id":%q%s}`, id, more) }
	call("logs-alerts-list", `{}`, `{"count":1,"results":[{"name":"Declined"}]}`)
	require.Eventually(t, func() bool { return a.state(id) == "firing" }, alertPatience, 50*time.Millisecond)
	call("logs-alerts-retrieve", named(""), `{"state":"firing"}`)
	call("logs-alerts-events-list", named(""), `{"count":1,"results":[{"kind":"check","state_after":"firing","result_count":3}]}`)
	call("logs-alerts-partial-update", named(`,"name":"Declined cards","threshold_count":5`), `{"name":"Declined cards","threshold_count":5}`)
	call("logs-alerts-simulate-create", `{"filters":`+filters+`,"threshold_count":2,"threshold_operator":"above","window_minutes":5,"date_from":"-1h"}`,
		`{"threshold_count":2,"threshold_operator":"above"}`)
	destination := call("logs-alerts-destinations-create", named(`,"type":"webhook","webhook_url":"https://example.com/hook"`), "")
	ids, err := json.Marshal(destination["hog_function_ids"])
	require.NoError(t, err)
	call("logs-alerts-destinations-delete-create", named(`,"hog_function_ids":`+string(ids)), "")
	call("logs-alerts-destroy", named(""), "")
	call("logs-alerts-list", `{}`, `{"count":0}`)
}
