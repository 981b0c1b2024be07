package alertingextension

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.yaml.in/yaml/v3"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/notify"
)

func TestAlertsOfTheConfiguration(t *testing.T) {
	assert.Nil(t, load(t, "alerting").Alerts, "nothing is said of them")
	none := load(t, "alerting/none")
	assert.NotNil(t, none.Alerts, "there are to be none")
	assert.Empty(t, none.Alerts)

	config := load(t, "alerting/alerts")
	assert.False(t, config.EventRecords)
	all, err := config.provisioned()
	require.NoError(t, err)
	require.Len(t, all, 2)
	declined, silence := all[0], all[1]
	assert.Equal(t, "declined-cards", declined.Key)
	assert.EqualValues(t, 1, declined.ProjectID)
	assert.Equal(t, "Declined cards", declined.Settings.Name)
	assert.EqualValues(t, 10, declined.Settings.ThresholdCount)
	assert.Equal(t, 3, declined.Settings.Periods)
	assert.Equal(t, 2, declined.Settings.Datapoints)
	assert.Equal(t, 5, declined.Settings.WindowMinutes)
	assert.Equal(t, alert.Above, declined.Settings.Operator)
	assert.EqualValues(t, 5, *declined.Settings.Recovery)
	assert.JSONEq(t, `{"serviceNames":["checkout"],"severityLevels":["error"],"filterGroup":{"type":"AND","values":[{"type":"AND","values":[
		{"key":"http.status","type":"log_attribute","operator":"gte","value":500}]}]}}`, string(declined.Settings.Filters))
	assert.Contains(t, string(declined.Settings.QuietHours), "Europe/Berlin")
	var keys []string
	for _, d := range declined.Destinations {
		keys = append(keys, d.Key)
	}
	assert.Equal(t, []string{"chat", "duty", "mail", "ops"}, keys)
	assert.Equal(t, notify.Provisioned{
		Key: "ops", Target: notify.Target{Type: notify.TypeWebhook, URL: "https://example.com/hook"},
		Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
	}, declined.Destinations[3])
	assert.Equal(t, "silence", silence.Settings.Name, "its key is its name")
	assert.False(t, silence.Settings.Enabled)
}

// What shows the configuration shows no secret of it.
func TestSecretsOfAlertsAreHidden(t *testing.T) {
	conf := confmap.New()
	require.NoError(t, conf.Marshal(load(t, "alerting/alerts")))
	shown, err := json.Marshal(conf.ToStringMap())
	require.NoError(t, err)
	for _, secret := range []string{"example.com/hook", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "R0123", "xoxb"} {
		assert.NotContains(t, string(shown), secret)
		assert.NotContains(t, fmt.Sprintf("%+v", load(t, "alerting/alerts")), secret)
	}
}

func TestErrorsInAlerts(t *testing.T) {
	const fine = `project: 1, filters: {serviceNames: [a]}`
	for _, test := range []struct{ options, want string }{
		{`{a b: {` + fine + `}}`, "alerts::a b: write a key of"},
		{`{a: {filters: {serviceNames: [a]}}}`, "alerts::a::project: write the number of the project"},
		{`{a: {project: 1}}`, "alerts::a::filters: must have at least one of severityLevels"},
		{`{a: {` + fine + `, treshold_count: 1}}`, "alerts::a::treshold_count: is no option of an alert: write project, destinations, name"},
		{`{a: {` + fine + `, threshold_count: -1}}`, "alerts::a::threshold_count: must be at least 0"},
		{`{a: {` + fine + `, threshold_count: many}}`, "alerts::a::threshold_count: must be an integer"},
		{`{a: {` + fine + `, threshold_operator: equal}}`, "alerts::a::threshold_operator: must be one of above, below"},
		{`{a: {` + fine + `, window_minutes: 7}}`, "alerts::a::window_minutes: must be one of 5, 10, 15, 30 and 60"},
		{`{a: {` + fine + `, datapoints_to_alarm: 2}}`, "alerts::a::datapoints_to_alarm: must be at most evaluation_periods"},
		{`{a: {` + fine + `, enabled: maybe}}`, "alerts::a::enabled: must be a boolean"},
		{`{a: {` + fine + `, name: null}}`, "alerts::a::name: must not be null"},
		{`{a: {` + fine + `, snooze_until: "2999-01-01"}}`, "alerts::a::snooze_until: remove it"},
		{`{a: {` + fine + `, threshold_count: .inf}}`, "alerts::a: write only what JSON has"},
		{`{a: {project: 1, filters: {severityLevels: [loud]}}}`, "alerts::a::filters: is wrong"},
		{`{a: {` + fine + `, schedule_restriction: {timezone: Nowhere}}}`, "alerts::a::schedule_restriction: is wrong"},
		{`{a: {` + fine + `, destinations: {"": {type: webhook}}}}`, "alerts::a::destinations::: write a key"},
		{`{a: {` + fine + `, destinations: {d: {}}}}`, "alerts::a::destinations::d::type: is required"},
		{`{a: {` + fine + `, destinations: {d: {type: pigeon}}}}`, "alerts::a::destinations::d::type: must be one of"},
		{`{a: {` + fine + `, destinations: {d: {type: webhook}}}}`, "alerts::a::destinations::d::webhook_url: is required"},
		{`{a: {` + fine + `, destinations: {d: {type: webhook, webhook_url: x}}}}`, "alerts::a::destinations::d::webhook_url: must be an address"},
		{`{a: {` + fine + `, destinations: {d: {type: webhook, webhook_url: "https://e.com", url: x}}}}`, "alerts::a::destinations::d::url: is no option of a destination: write secret, type"},
		{`{a: {` + fine + `, destinations: {d: {type: webhook, webhook_url: "https://e.com", secret: x}}}}`, "alerts::a::destinations::d::secret: must be whsec_"},
		{`{a: {` + fine + `, destinations: {d: {type: pagerduty, routing_key: r, secret: x}}}}`, "alerts::a::destinations::d::secret: remove it"},
		{`{a: {` + fine + `, destinations: {d: {type: email, emails: [a@e.com]}}}}`, "alerts::a::destinations::d::type: write under smtp"},
		{`{a: {` + fine + `, destinations: {d: {type: email, emails: [a]}}}}`, "alerts::a::destinations::d::emails: has something"},
		{`{a: {` + fine + `, destinations: {d: {type: slack, slack_workspace_id: 3, slack_channel_id: C}}}}`, "alerts::a::destinations::d::slack_workspace_id: there is no workspace 3"},
		{`{a: {` + fine + `, destinations: {` + manyDestinations(21) + `}}}`, "alerts::a::destinations: write at most 20"},
	} {
		t.Run(test.options[:min(80, len(test.options))], func(t *testing.T) {
			var options map[string]any
			require.NoError(t, yaml.Unmarshal([]byte(`alerts: `+test.options), &options))
			config := createDefaultConfig().(*Config)
			require.NoError(t, confmap.NewFromStringMap(options).Unmarshal(config))
			require.ErrorContains(t, confmap.Validate(config), test.want)
		})
	}
}

func manyDestinations(count int) string {
	all := make([]string, count)
	for i := range all {
		all[i] = fmt.Sprintf(`d%d: {type: webhook, webhook_url: "https://example.com"}`, i)
	}
	return strings.Join(all, ", ")
}

// All that is wrong is told at once.
func TestAllErrorsInAlerts(t *testing.T) {
	config := createDefaultConfig().(*Config)
	config.Alerts = map[string]AlertConfig{"a": {}, "b": {Project: 1, Settings: map[string]any{"x": 1}}}
	err := confmap.Validate(config)
	require.ErrorContains(t, err, "alerts::a::project")
	require.ErrorContains(t, err, "alerts::b::x")
}
