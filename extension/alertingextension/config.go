package alertingextension

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/confmap"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/notify"
)

// How alerts are counted.
const (
	countByTags    = "tags"
	countByFilters = "filters"
)

// Config is the configuration of the extension.
type Config struct {
	// Store is the id of the extension that owns the log store.
	Store component.ID `mapstructure:"store"`
	// CheckInterval is the time between two checks of an alert: whole seconds that
	// divide a day.
	CheckInterval time.Duration `mapstructure:"check_interval"`
	// Grace is how long after the moment that it is planned for a check is made: until
	// all that was received before that moment is found.
	Grace time.Duration `mapstructure:"grace"`
	// QueryTimeout bounds each count of records.
	QueryTimeout time.Duration `mapstructure:"query_timeout"`
	// MaxAlertsPerProject is how many alerts a project may have; 0 is any number.
	MaxAlertsPerProject int `mapstructure:"max_alerts_per_project"`
	// MaxGroupsPerAlert is how many values of its group_by an alert watches.
	MaxGroupsPerAlert int `mapstructure:"max_groups_per_alert"`
	// CountBy is "tags", or "filters" where records pass no processor `alerting`.
	CountBy string `mapstructure:"count_by"`
	// ExternalURL is the address of the web page for notifications to link to.
	ExternalURL string `mapstructure:"external_url"`
	// AllowPrivateWebhooks allows destinations that are no public addresses.
	AllowPrivateWebhooks bool `mapstructure:"allow_private_webhooks"`
	// Slack has the workspaces in which a bot may write.
	Slack []SlackConfig `mapstructure:"slack"`
	// SMTP says how to send e-mail; without it none is sent.
	SMTP configoptional.Optional[SMTPConfig] `mapstructure:"smtp"`
	// EventRecords makes a record in the alert's project of each thing that happens to an
	// alert.
	EventRecords bool `mapstructure:"event_records"`
	// Alerts are made, changed and removed at the start so that they are as here, by a key
	// that tells them apart. Nil leaves those that there are as they are; empty removes
	// them.
	Alerts map[string]AlertConfig `mapstructure:"alerts"`
	// prevent unkeyed literal initialization
	_ struct{}
}

// SlackConfig is a workspace of Slack.
type SlackConfig struct {
	// Workspace is the number by which destinations name it.
	Workspace int64 `mapstructure:"workspace"`
	// BotToken begins with xoxb-.
	BotToken configopaque.String `mapstructure:"bot_token"`
	// prevent unkeyed literal initialization
	_ struct{}
}

// SMTPConfig says which server to hand e-mail to.
type SMTPConfig struct {
	Host     string              `mapstructure:"host"`
	Port     int                 `mapstructure:"port"`
	From     string              `mapstructure:"from"`
	Username string              `mapstructure:"username"`
	Password configopaque.String `mapstructure:"password"`
	// TLS is "mandatory" (STARTTLS), "implicit" (from the start) or "none".
	TLS string `mapstructure:"tls"`
	// prevent unkeyed literal initialization
	_ struct{}
}

var (
	_ confmap.Validator = (*Config)(nil)
	_ confmap.Validator = (*SMTPConfig)(nil)
)

func createDefaultConfig() component.Config {
	return &Config{
		Store: component.MustNewID("log_store"), CheckInterval: time.Minute, Grace: time.Second, QueryTimeout: 30 * time.Second,
		MaxAlertsPerProject: 20, MaxGroupsPerAlert: alert.DefaultMaxGroups, CountBy: countByTags, EventRecords: true,
		SMTP: configoptional.Default(SMTPConfig{Port: 587, TLS: "mandatory"}),
	}
}

// Validate implements confmap.Validator.
func (c *Config) Validate() error {
	var errs []error
	wrong := func(format string, arguments ...any) { errs = append(errs, fmt.Errorf(format, arguments...)) }
	if c.Store == (component.ID{}) {
		wrong("store: write the id of the extension that owns the log store, such as `log_store`")
	}
	const day = 24 * time.Hour
	if c.CheckInterval < time.Second || c.CheckInterval%time.Second != 0 || day%c.CheckInterval != 0 || c.CheckInterval > time.Hour {
		wrong("check_interval: write whole seconds that divide a day, at most an hour, such as 30s, 1m or 5m; not %s", c.CheckInterval)
	}
	if c.Grace < 0 || c.Grace > time.Minute {
		wrong("grace: write a time from 0 to 1m, such as 1s; not %s", c.Grace)
	}
	if c.QueryTimeout <= 0 {
		wrong("query_timeout: must be more than 0, such as 30s")
	}
	if c.MaxAlertsPerProject < 0 {
		wrong("max_alerts_per_project: write a number from 1 on, or 0 for any number; not %d", c.MaxAlertsPerProject)
	}
	if c.MaxGroupsPerAlert < 1 || c.MaxGroupsPerAlert > alert.MaxGroups {
		wrong("max_groups_per_alert: write a number from 1 to %d, not %d", alert.MaxGroups, c.MaxGroupsPerAlert)
	}
	if c.CountBy != countByTags && c.CountBy != countByFilters {
		wrong("count_by: write %s or %s, not %q", countByTags, countByFilters, c.CountBy)
	}
	if c.ExternalURL != "" {
		if parsed, err := url.Parse(c.ExternalURL); err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" {
			wrong("external_url: write the address of the web page, such as https://docket.example.com, or nothing")
		}
	}
	seen := map[int64]bool{}
	for _, workspace := range c.Slack {
		if workspace.Workspace < 1 || seen[workspace.Workspace] {
			wrong("slack: give each workspace a number of its own from 1 on; %d is not", workspace.Workspace)
		}
		if workspace.BotToken == "" {
			wrong("slack: the workspace %d needs a bot_token", workspace.Workspace)
		}
		seen[workspace.Workspace] = true
	}
	_, err := c.provisioned()
	return errors.Join(append(errs, err)...)
}

// Validate implements confmap.Validator.
func (c *SMTPConfig) Validate() error {
	switch {
	case c.Host == "":
		return errors.New("host: write the name of the mail server")
	case c.From == "":
		return errors.New("from: write the address that mail is from")
	case c.Port < 1 || c.Port > 65535:
		return fmt.Errorf("port: write a number from 1 to 65535, not %d", c.Port)
	case c.TLS != "mandatory" && c.TLS != "implicit" && c.TLS != "none":
		return fmt.Errorf("tls: write mandatory, implicit or none, not %q", c.TLS)
	default:
		return nil
	}
}

func (c *Config) mail() *notify.Mail {
	if !c.SMTP.HasValue() {
		return nil
	}
	smtp := c.SMTP.Get()
	return &notify.Mail{
		Host: smtp.Host, Port: smtp.Port, From: smtp.From, Username: smtp.Username, Password: string(smtp.Password), TLS: smtp.TLS,
	}
}

func (c *Config) slackTokens() map[int64]string {
	tokens := map[int64]string{}
	for _, workspace := range c.Slack {
		tokens[workspace.Workspace] = string(workspace.BotToken)
	}
	return tokens
}
