package alertingextension

import (
	"errors"
	"maps"
	"slices"
	"time"

	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/docketlog/docket/internal/alert/alertform"
	"github.com/docketlog/docket/internal/alert/notify"
	"github.com/docketlog/docket/internal/alert/provisioning"
	"github.com/docketlog/docket/internal/configform"
	"github.com/docketlog/docket/internal/requestbody"
)

// AlertConfig is an alert of the configuration.
type AlertConfig struct {
	// Project is the number of the project.
	Project int64 `mapstructure:"project"`
	// Destinations are where it tells, by a key that tells them apart.
	Destinations map[string]DestinationConfig `mapstructure:"destinations"`
	// Settings are those of the API, with its names.
	Settings map[string]any `mapstructure:",remain"`
}

// DestinationConfig is a destination of an alert; its fields are those of the API. Which
// count depends on the type.
type DestinationConfig struct {
	Type             string              `mapstructure:"type"`
	WebhookURL       configopaque.String `mapstructure:"webhook_url"`
	SlackWorkspace   int64               `mapstructure:"slack_workspace_id"`
	SlackChannel     string              `mapstructure:"slack_channel_id"`
	SlackChannelName string              `mapstructure:"slack_channel_name"`
	RoutingKey       configopaque.String `mapstructure:"routing_key"`
	Emails           []string            `mapstructure:"emails"`
	// Secret signs webhooks; without it one is made that nobody is told.
	Secret configopaque.String `mapstructure:"secret"`
	// Unknown are those that there are not.
	Unknown map[string]any `mapstructure:",remain"`
}

// provisioned returns the alerts of the configuration, and all that is wrong with them.
func (c *Config) provisioned() ([]provisioning.Alert, error) {
	var all []provisioning.Alert
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(c.Alerts)) {
		of := c.Alerts[key]
		wanted, err := of.read(key, time.Now())
		errs = append(errs, configform.At("alerts::"+key, err))
		for _, name := range slices.Sorted(maps.Keys(of.Destinations)) {
			destination, err := c.readDestination(name, of.Destinations[name])
			errs = append(errs, configform.At("alerts::"+key+"::destinations::"+name, err))
			wanted.Destinations = append(wanted.Destinations, destination)
		}
		all = append(all, wanted)
	}
	return all, errors.Join(errs...)
}

// read returns what the API would make of the settings. The error is about one of them.
func (a AlertConfig) read(key string, now time.Time) (provisioning.Alert, error) {
	wanted := provisioning.Alert{Key: key, ProjectID: a.Project}
	if err := configform.CheckKey(key); err != nil {
		return wanted, err
	}
	if a.Project < 1 {
		return wanted, requestbody.Wrong(requestbody.CodeRequired, "write the number of the project, such as 1").In("project")
	}
	if len(a.Destinations) > alertform.MaxDestinations {
		return wanted, requestbody.Wrong(requestbody.CodeMaxLength, "write at most %d", alertform.MaxDestinations).In("destinations")
	}
	change := alertform.NewChange(alertform.Defaults())
	change.Settings.Name = key
	form := configform.Form{Of: "an alert", Fields: change.Fields(), Others: []string{"project", "destinations"}}
	form.Fields = slices.DeleteFunc(form.Fields, func(field requestbody.Field) bool { return field.Name == alertform.FieldSnoozeUntil })
	if _, ok := a.Settings[alertform.FieldSnoozeUntil]; ok {
		return wanted, requestbody.Wrong(requestbody.CodeInvalidInput, "remove it: an alert is snoozed over the API").In(alertform.FieldSnoozeUntil)
	}
	body, err := form.Body(a.Settings)
	if err != nil {
		return wanted, err
	}
	err = change.Read(body, now)
	wanted.Settings = change.Settings
	return wanted, err
}

// readDestination returns what the API would make of a destination.
func (c *Config) readDestination(key string, d DestinationConfig) (notify.Provisioned, error) {
	wanted := notify.Provisioned{Key: key, Secret: string(d.Secret)}
	if err := configform.CheckKey(key); err != nil {
		return wanted, err
	}
	var target notify.Target
	form := configform.Form{Of: "a destination", Fields: alertform.TargetFields(&target), Others: []string{"secret"}}
	body, err := form.Body(d.options())
	if err != nil {
		return wanted, err
	}
	if wanted.Target, err = alertform.ReadTarget(body, c.AllowPrivateWebhooks); err != nil {
		return wanted, err
	}
	return wanted, c.checkDestination(wanted)
}

// options are the destination as the API has it. What is not given is left out.
func (d DestinationConfig) options() map[string]any {
	options := maps.Clone(d.Unknown)
	if options == nil {
		options = map[string]any{}
	}
	for name, text := range map[string]string{
		"type": d.Type, "webhook_url": string(d.WebhookURL), "slack_channel_id": d.SlackChannel,
		"slack_channel_name": d.SlackChannelName, "routing_key": string(d.RoutingKey),
	} {
		if text != "" {
			options[name] = text
		}
	}
	if d.SlackWorkspace != 0 {
		options["slack_workspace_id"] = d.SlackWorkspace
	}
	if d.Emails != nil {
		options["emails"] = d.Emails
	}
	return options
}

// checkDestination refuses what this extension could never send.
func (c *Config) checkDestination(wanted notify.Provisioned) error {
	_, hasWorkspace := c.slackTokens()[wanted.SlackWorkspace]
	switch {
	case wanted.Type == notify.TypeEmail && !c.SMTP.HasValue():
		return requestbody.Wrong(requestbody.CodeInvalidInput, "write under smtp which server takes e-mail").In("type")
	case wanted.Type == notify.TypeSlack && wanted.URL == "" && !hasWorkspace:
		return requestbody.Wrong(requestbody.CodeInvalidInput, "there is no workspace %d: add it under slack", wanted.SlackWorkspace).In("slack_workspace_id")
	case wanted.Secret == "":
		return nil
	case wanted.Type != notify.TypeWebhook:
		return requestbody.Wrong(requestbody.CodeInvalidInput, "remove it: only webhooks are signed").In("secret")
	}
	if err := notify.CheckSecret(wanted.Secret); err != nil {
		return requestbody.Wrong(requestbody.CodeInvalidInput, "%s", err.Error()).In("secret")
	}
	return nil
}
