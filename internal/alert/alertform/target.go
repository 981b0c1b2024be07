package alertform

import (
	"net/mail"
	"net/url"
	"regexp"

	"github.com/docketlog/docket/internal/alert/notify"
	"github.com/docketlog/docket/internal/requestbody"
)

// Bounds of destinations.
const (
	// MaxDestinations is how many destinations an alert may have.
	MaxDestinations = 20
	maxTargetText   = 2000
	maxEmails       = 20
	maxEmailText    = 320
)

const fieldWebhookURL = "webhook_url"

// ReadTarget reads where an alert tells. Unless private addresses are allowed, it refuses
// those that are written as such; what a name leads to is only known when it is connected to.
// The error is a *requestbody.Error.
func ReadTarget(body requestbody.Body, allowPrivate bool) (notify.Target, error) {
	var target notify.Target
	if err := body.Read(TargetFields(&target)); err != nil {
		return notify.Target{}, err
	}
	if err := checkTarget(target); err != nil || allowPrivate || target.URL == "" {
		return target, err
	}
	parsed, err := url.Parse(target.URL)
	if err == nil {
		err = notify.CheckHost(parsed.Hostname())
	}
	if err != nil {
		return target, invalid(fieldWebhookURL, "leads nowhere: %s", err.Error())
	}
	return target, nil
}

// TargetFields are what may be said of a destination.
func TargetFields(target *notify.Target) []requestbody.Field {
	types := []notify.Type{
		notify.TypeSlack, notify.TypeWebhook, notify.TypeTeams, notify.TypeDiscord, notify.TypePagerDuty, notify.TypeEmail,
	}
	text := func(into *string) requestbody.Text {
		return requestbody.Text{Into: into, MaxLength: maxTargetText, MayBeBlank: true}
	}
	return []requestbody.Field{
		{Name: "type", Required: true, As: requestbody.Choice[notify.Type]{Into: &target.Type, Of: types}},
		{Name: "slack_workspace_id", Nullable: true, As: requestbody.Integer{Into: &target.SlackWorkspace}},
		{Name: "slack_channel_id", Nullable: true, As: text(&target.SlackChannel)},
		{Name: "slack_channel_name", Nullable: true, As: text(&target.SlackChannelName)},
		{Name: fieldWebhookURL, Nullable: true, As: text(&target.URL)},
		{Name: "routing_key", Nullable: true, As: text(&target.RoutingKey)},
		{Name: "emails", Nullable: true, As: requestbody.List[string]{
			Into: &target.Emails, MaxItems: maxEmails, Item: func(item *string) requestbody.Kind { return requestbody.Text{Into: item, MaxLength: maxEmailText} },
		}},
	}
}

// checkTarget requires what the type of a destination needs.
func checkTarget(target notify.Target) error {
	missing := func(name string) error {
		return invalid(name, "is required for a destination of the type %s", target.Type)
	}
	if err := checkEmails(target.Emails); err != nil {
		return err
	}
	switch target.Type {
	case notify.TypeSlack:
		switch {
		case target.URL != "":
			return checkWebhookURL(target)
		case target.SlackWorkspace == 0:
			return missing("slack_workspace_id")
		case target.SlackChannel == "":
			return missing("slack_channel_id")
		}
	case notify.TypePagerDuty:
		if target.RoutingKey == "" {
			return missing("routing_key")
		}
	case notify.TypeEmail:
		if len(target.Emails) == 0 {
			return missing("emails")
		}
	default:
		if target.URL == "" {
			return missing(fieldWebhookURL)
		}
		return checkWebhookURL(target)
	}
	return nil
}

// discordPath is the path of a webhook of Discord.
var discordPath = regexp.MustCompile(`^/api/webhooks/\d+/[A-Za-z0-9_-]+$`) //nolint:gochecknoglobals // a constant

func checkWebhookURL(target notify.Target) error {
	parsed, err := url.Parse(target.URL)
	if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Hostname() == "" {
		return invalid(fieldWebhookURL, "must be an address such as https://example.com/hook")
	}
	if parsed.User != nil {
		return invalid(fieldWebhookURL, "must have no user name and password")
	}
	isDiscord := parsed.Scheme == "https" && parsed.Host == "discord.com" && discordPath.MatchString(parsed.Path) &&
		parsed.RawQuery == "" && parsed.Fragment == ""
	if target.Type == notify.TypeDiscord && !isDiscord {
		return invalid(fieldWebhookURL, "must be https://discord.com/api/webhooks/{id}/{token}")
	}
	return nil
}

func checkEmails(emails []string) error {
	for _, email := range emails {
		if parsed, err := mail.ParseAddress(email); err != nil || parsed.Address != email {
			return invalid("emails", "has something that is no address")
		}
	}
	return nil
}
