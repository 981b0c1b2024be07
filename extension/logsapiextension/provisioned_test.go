package logsapiextension

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.yaml.in/yaml/v3"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertform"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/alert/notify"
	"github.com/docketlog/docket/internal/alert/provisioning"
	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/docstore/docstoretest"
)

// An alert of the configuration is shown as such and cannot be changed, but for what is
// state and no setting.
func TestProvisionedAlert(t *testing.T) {
	s, extension := newAlertServer(t)
	extension.maxAlerts = 1
	wanted := provisioning.Alert{Key: "declined", ProjectID: 1, Settings: alertform.Defaults(), Destinations: []notify.Provisioned{
		{Key: "mail", Target: notify.Target{Type: notify.TypeEmail, Emails: []string{"jo@example.com"}}},
	}}
	wanted.Settings.Filters = json.RawMessage(`{"serviceNames":["checkout"]}`)
	target := provisioning.Target{Alerts: extension.alerts, Destinations: extension.Destinations(), Place: "extensions::alerting::alerts", Now: time.Now}
	_, err := target.Apply(t.Context(), []provisioning.Alert{wanted})
	require.NoError(t, err)

	path := alertsPath + wanted.ID() + "/"
	before := alertOf(t, s.get(path, readerToken), 200)
	assert.True(t, before.Provisioned)
	assert.Equal(t, "configuration", before.CreatedBy.FirstName)
	refused := func(method, path, body string) {
		t.Helper()
		answer := s.do(request{method: method, path: path, token: writerToken, body: body})
		assertPostHogError(t, answer, 403, "authentication_error", "permission_denied", "")
		assert.Contains(t, answer.body, "extensions::alerting::alerts::declined", "it says where to change it")
	}
	refused(http.MethodPatch, path, `{"name":"b"}`)
	refused(http.MethodPatch, path, `{"snooze_until":"2999-01-01T00:00:00Z","name":"b"}`)
	refused(http.MethodPut, path, `{"snooze_until":"2999-01-01T00:00:00Z"}`)
	refused(http.MethodDelete, path, "")
	refused(http.MethodPost, path+"destinations/", `{"type":"webhook","webhook_url":"https://example.com/x"}`)
	var destinations struct{ Results []destinationAnswer }
	require.NoError(t, json.Unmarshal([]byte(s.get(path+"destinations/", readerToken).body), &destinations))
	require.Len(t, destinations.Results, 1)
	refused(http.MethodPost, path+"destinations/delete/", `{"hog_function_ids":["`+destinations.Results[0].HogFunctionIDs[0]+`"]}`)
	after := alertOf(t, s.get(path, readerToken), 200)
	assert.Equal(t, before, after.withTimeline(before.StateTimeline))

	assert.Equal(t, alert.Snoozed, alertOf(t, s.patchAlert(wanted.ID(), `{"snooze_until":"2999-01-01T00:00:00Z"}`), 200).State)
	_, err = target.Apply(t.Context(), []provisioning.Alert{wanted}) // a restart
	require.NoError(t, err)
	assert.Equal(t, alert.Snoozed, alertOf(t, s.get(path, readerToken), 200).State, "a snooze stays")
	assert.Equal(t, alert.NotFiring, alertOf(t, s.patchAlert(wanted.ID(), `{"snooze_until":null}`), 200).State)
	_, err = extension.alerts.Change(t.Context(), 1, wanted.ID(), func(a *alertstore.Alert) error {
		a.State.Name = alert.Broken
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, 200, s.do(request{method: http.MethodPost, path: path + "reset/", token: writerToken}).status)

	text, isError := callTool(t, s.assistant(writerToken), "alerts_delete", map[string]any{"alert_id": wanted.ID()})
	assert.True(t, isError)
	assert.Contains(t, text, "extensions::alerting::alerts::declined", "nor can an assistant")

	assert.False(t, s.makeAlert(simpleAlert("")).Provisioned, "it takes no room from others")
}

// viewsOf reads the option views.
func viewsOf(t *testing.T, text string) func(*Config) {
	t.Helper()
	var options map[string]any
	require.NoError(t, yaml.Unmarshal([]byte("views: "+text), &options))
	return func(c *Config) { require.NoError(t, confmap.NewFromStringMap(options).Unmarshal(c)) }
}

// newServerOn starts the extension with documents that others may share. The id of the
// extension is always the same, as it is of each replica.
func newServerOn(t *testing.T, documents docstore.Store, configure func(*Config)) *server {
	t.Helper()
	return newServerWithStore(t, func(c *Config) {
		if configure != nil {
			configure(c)
		}
		c.Server.NetAddr.Endpoint = "127.0.0.1:0"
	}, func(store *memoryStore) component.Component {
		healthy := healthFunc(func() error { return nil })
		return &storeExtension{store: store, healthReporter: healthy, documents: documents}
	})
}

// awaitViews waits until project 1 has so many views.
func (s *server) awaitViews(count int) []viewAnswer {
	s.t.Helper()
	var page listPage[viewAnswer]
	require.Eventually(s.t, func() bool {
		answer := s.get("/api/projects/1/logs/views/", readerToken)
		return answer.status == 200 && json.Unmarshal([]byte(answer.body), &page) == nil && page.Count == count
	}, 10*time.Second, 10*time.Millisecond)
	return page.Results
}

func TestProvisionedViews(t *testing.T) {
	documents := docstoretest.NewMemory()
	s := newServerOn(t, documents, viewsOf(t, `{errors: {project: 1, name: "All <errors>", pinned: true, filters: {severityLevels: [error], n: 1.5},
		columns: [{id: a, type: level, width: 40}]}}`))
	made := s.awaitViews(1)[0]
	assert.Equal(t, "All <errors>", made.Name)
	assert.True(t, made.Pinned)
	assert.True(t, made.Provisioned)
	assert.Equal(t, "configuration", made.CreatedBy.FirstName)
	assert.JSONEq(t, `{"severityLevels":["error"],"n":1.5}`, string(made.Filters))
	require.Len(t, made.Columns, 1)
	assert.EqualValues(t, 40, made.Columns[0].Width)
	path := "/api/projects/1/logs/views/" + made.ShortID + "/"
	for method, body := range map[string]string{http.MethodPatch: `{"pinned":false}`, http.MethodPut: `{"name":"x"}`, http.MethodDelete: ""} {
		answer := s.do(request{method: method, path: path, token: writerToken, body: body})
		assertPostHogError(t, answer, 403, "authentication_error", "permission_denied", "")
		assert.Contains(t, answer.body, "::views::errors")
	}
	assert.Equal(t, made, viewOf(t, s.get(path, readerToken), 200))
	own := viewOf(t, s.do(request{method: http.MethodPost, path: "/api/projects/1/logs/views/", token: writerToken, body: `{"name":"mine"}`}), 201)
	assert.False(t, own.Provisioned)
}

// longText is more than a view may have.
var longText = strings.Repeat("x", 600_000)

func TestViewErrors(t *testing.T) {
	for options, want := range map[string]string{
		`{"a b": {project: 1}}`:                                   "views::a b: write a key",
		`{a: {}}`:                                                 "views::a::project: write the number",
		`{a: {project: 1, filter: {}}}`:                           "views::a::filter: is no option of a view: write project, name, filters, columns or pinned",
		`{a: {project: 1, filters: []}}`:                          "views::a::filters: must be an object",
		`{a: {project: 1, pinned: maybe}}`:                        "views::a::pinned: must be a boolean",
		`{a: {project: 1, name: ""}}`:                             "views::a::name: must not be blank",
		`{a: {project: 1, columns: [{id: 1, type: x}]}}`:          "views::a::columns::0::type: must be one of",
		`{a: {project: 1, columns: [{id: 1, type: custom}]}}`:     "views::a::columns::0::expression: is required",
		`{a: {project: 1, filters: {x: "` + longText + `"}}}`:     "views::a: the view has",
		`{a: {project: 1}, b: {project: 1, wrong: 1}, c: {x: 1}}`: "views::b::wrong",
	} {
		t.Run(want, func(t *testing.T) {
			config := createDefaultConfig().(*Config)
			viewsOf(t, options)(config)
			require.ErrorContains(t, config.Validate(), want)
		})
	}
	config := createDefaultConfig().(*Config)
	viewsOf(t, `{}`)(config)
	assert.NotNil(t, config.Views, "there are to be none")
	require.NoError(t, config.Validate())
}

// The example of docs/api-posthog.md is one that can be started.
func TestExampleOfViews(t *testing.T) {
	page, err := os.ReadFile("../../docs/api-posthog.md")
	require.NoError(t, err)
	_, example, found := strings.Cut(string(page), "### Views as code")
	require.True(t, found)
	_, example, _ = strings.Cut(example, "```yaml\n")
	example, _, _ = strings.Cut(example, "```")
	var all map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(example), &all))
	conf, err := confmap.NewFromStringMap(all).Sub("extensions::logs_api")
	require.NoError(t, err)
	config := createDefaultConfig().(*Config)
	require.NoError(t, conf.Unmarshal(config))
	require.NoError(t, config.Validate())
	views, err := config.provisioned()
	require.NoError(t, err)
	require.Len(t, views, 1)
	assert.Equal(t, "All errors", views[0].Content.Name)
}
