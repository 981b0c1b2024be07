package alertingextension

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"

	"github.com/docketlog/docket/internal/alert/notify"
)

func load(t *testing.T, name string) *Config {
	t.Helper()
	all, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	sub, err := all.Sub(name)
	require.NoError(t, err)
	config := createDefaultConfig().(*Config)
	require.NoError(t, sub.Unmarshal(config))
	require.NoError(t, confmap.Validate(config))
	return config
}

func TestConfig(t *testing.T) {
	assert.Equal(t, createDefaultConfig(), load(t, "alerting"))
	assert.Nil(t, load(t, "alerting").mail())
	all := load(t, "alerting/all")
	assert.Equal(t, component.MustNewIDWithName("log_store", "other"), all.Store)
	assert.Equal(t, 30*time.Second, all.CheckInterval)
	assert.Equal(t, map[int64]string{7: "xoxb-1"}, all.slackTokens())
	assert.Equal(t, &notify.Mail{
		Host: "mail.example.com", Port: 587, From: "docket@example.com", Username: "docket", Password: "secret", TLS: "mandatory",
	}, all.mail())
}

func TestConfigErrors(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"store: write":                  func(c *Config) { c.Store = component.ID{} },
		"check_interval: write":         func(c *Config) { c.CheckInterval = 7 * time.Second },
		"grace: write":                  func(c *Config) { c.Grace = -1 },
		"query_timeout: must":           func(c *Config) { c.QueryTimeout = 0 },
		"max_alerts_per_project: write": func(c *Config) { c.MaxAlertsPerProject = -1 },
		"max_groups_per_alert: write":   func(c *Config) { c.MaxGroupsPerAlert = 0 },
		"count_by: write":               func(c *Config) { c.CountBy = "x" },
		"external_url: write":           func(c *Config) { c.ExternalURL = "docket.example.com" },
		"number of its own":             func(c *Config) { c.Slack = []SlackConfig{{Workspace: 1, BotToken: "x"}, {Workspace: 1, BotToken: "x"}} },
		"needs a bot_token":             func(c *Config) { c.Slack = []SlackConfig{{Workspace: 1}} },
		"host: write":                   func(c *Config) { c.SMTP = configoptional.Some(SMTPConfig{From: "x", Port: 1, TLS: "none"}) },
		"from: write":                   func(c *Config) { c.SMTP = configoptional.Some(SMTPConfig{Host: "x", Port: 1, TLS: "none"}) },
		"port: write":                   func(c *Config) { c.SMTP = configoptional.Some(SMTPConfig{Host: "x", From: "x", TLS: "none"}) },
		"tls: write":                    func(c *Config) { c.SMTP = configoptional.Some(SMTPConfig{Host: "x", From: "x", Port: 1, TLS: "x"}) },
	} {
		t.Run(want, func(t *testing.T) {
			config := createDefaultConfig().(*Config)
			change(config)
			require.ErrorContains(t, confmap.Validate(config), want)
		})
	}
}
