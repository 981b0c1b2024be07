package logsapiextension

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/docstore/docstoretest"
	"github.com/docketlog/docket/internal/explain"
	"github.com/docketlog/docket/internal/ratelimit"
)

// conformanceRun runs a case at one address.
type conformanceRun struct {
	*server
	t         *testing.T
	address   conformanceAddress
	documents docstore.Store
	alerting  *alertingExtension
	// ids are those of what is given, in order: the short_id of a view, the id of an alert
	// or a destination, the uuid of a record.
	ids       []string
	lastAlert string
	// functions are the ids of functions by the id of their destination.
	functions map[string][]string
}

// newConformanceRun starts a server as far as what is given is about that.
func newConformanceRun(t *testing.T, address conformanceAddress, given []string) *conformanceRun {
	t.Helper()
	run := &conformanceRun{
		t: t, address: address, documents: docstoretest.NewMemory(), alerting: newAlertingExtension(t), functions: map[string][]string{},
	}
	id := component.MustNewID("alerting")
	run.server = newServerWithStore(t, func(c *Config) {
		c.MCP.Enabled = false // which takes the longest to start
		if !slices.Contains(given, "no alerting") {
			c.Alerting = id
		}
		if slices.Contains(given, "one request") {
			c.RateLimit = ratelimit.Config{RequestsPerSecond: 0.01, Burst: 1}
		}
		if !slices.Contains(given, "no model") {
			c.AI.BaseURL, c.AI.Model = run.startModel(given), "small"
		}
	}, func(store *memoryStore) component.Component {
		healthy := healthFunc(func() error { return nil })
		return &storeExtension{store: store, healthReporter: healthy, documents: run.documents}
	}, map[component.ID]component.Component{id: run.alerting})
	return run
}

// startModel starts a language model and returns its address.
func (run *conformanceRun) startModel(given []string) string {
	status, answer := http.StatusOK, goodExplanation
	switch {
	case slices.Contains(given, "a model that says nothing"):
		answer = ""
	case slices.Contains(given, "a model that says nonsense"):
		answer = "It looks fine to me."
	case slices.Contains(given, "a model of another shape"):
		answer = `{"headline": "h"}`
	case slices.Contains(given, "a model that is down"):
		status = http.StatusInternalServerError
	}
	model, _ := modelServer(run.t, status, answer)
	return model.URL + "/v1"
}

// given makes what a case begins with.
func (run *conformanceRun) given(what string) {
	t := run.t
	kind, rest, _ := strings.Cut(what, " ")
	switch kind {
	case "no", "one", "a": // newConformanceRun has seen to it
	case "alert":
		run.alert(rest)
	case "broken", "firing":
		run.alert(strings.TrimPrefix(rest, "alert "))
		run.become(alert.Name(kind))
	case "destination":
		answer := run.mustPost("alerts/"+run.lastAlert+"/destinations", rest)
		var made madeDestination
		require.NoError(t, json.Unmarshal([]byte(answer.body), &made))
		run.ids = append(run.ids, made.ID)
		run.functions[made.ID] = made.HogFunctionIDs
	case "record":
		at, err := time.Parse(time.RFC3339Nano, rest)
		require.NoError(t, err)
		run.ids = append(run.ids, run.addSealed(at, nil).ID())
	case "explanation": // of the last record, at noon
		age, err := time.ParseDuration(rest)
		require.NoError(t, err)
		cache := explain.Cache{Documents: run.documents, Now: func() time.Time { return time.Now().Add(-age) }}
		var explanation explain.Explanation
		require.NoError(t, json.Unmarshal([]byte(goodExplanation), &explanation))
		explanation.Headline = "kept"
		noon := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
		_, err = cache.Put(t.Context(), explain.Key{ProjectID: 1, ID: run.ids[len(run.ids)-1], Timestamp: noon}, explanation)
		require.NoError(t, err)
	case "many": // explanations of the last record
		for range 50 {
			run.mustPost("explainLogWithAI", `{"uuid": "`+run.ids[len(run.ids)-1]+`", "timestamp": "2026-07-01T12:00:00Z", "force_refresh": true}`)
		}
	case "twenty":
		for range 20 {
			run.alert(strings.TrimPrefix(rest, "alerts "))
		}
	default:
		run.ids = append(run.ids, run.made("views", what, "short_id"))
	}
}

// alert makes an alert.
func (run *conformanceRun) alert(body string) {
	run.t.Helper()
	run.lastAlert = run.made("alerts", body, "id")
	run.ids = append(run.ids, run.lastAlert)
}

// made makes something and returns its id.
func (run *conformanceRun) made(path, body, member string) string {
	run.t.Helper()
	var made map[string]any
	require.NoError(run.t, json.Unmarshal([]byte(run.mustPost(path, body).body), &made))
	id, ok := made[member].(string)
	require.True(run.t, ok, made)
	return id
}

// mustPost sends what a writer may.
func (run *conformanceRun) mustPost(path, body string) reply {
	run.t.Helper()
	path, _ = run.address.pathOf(path)
	answer := run.do(request{method: http.MethodPost, path: path, token: writerToken, body: body})
	require.Less(run.t, answer.status, 300, answer.body)
	return answer
}

// become moves the last alert into a state, as checks do.
func (run *conformanceRun) become(name alert.Name) {
	_, err := run.alerting.alerts.Change(run.t.Context(), 1, run.lastAlert, func(a *alertstore.Alert) error {
		a.State.Name = name
		if name == alert.Broken {
			a.State.Failures, a.LastError = 5, "the query costs too much"
		}
		return nil
	})
	require.NoError(run.t, err)
}

// newViewServer starts the extension with an empty store of documents.
func newViewServer(t *testing.T, configure func(*Config)) *server {
	t.Helper()
	return newServerWithStore(t, configure, func(store *memoryStore) component.Component {
		healthy := healthFunc(func() error { return nil })
		return &storeExtension{store: store, healthReporter: healthy, documents: docstoretest.NewMemory()}
	})
}
