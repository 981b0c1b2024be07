package logsapiextension

import (
	"net/http"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"time"

	"github.com/docketlog/docket/extension/logsapiextension/internal/requestbody"
	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/alert/notify"
	"github.com/docketlog/docket/internal/audittrail"
)

const (
	maxDestinationText = 2000
	maxDestinations    = 20
	maxEmails          = 20
	// maxDeletedFunctions is how many functions may be deleted at once: those of one
	// destination, as in PostHog's API.
	maxDeletedFunctions = 4
	attributeWebhookURL = "webhook_url"
)

// destinationAnswer is a destination as clients see it: without what may be a secret.
type destinationAnswer struct {
	ID             string      `json:"id"`
	Type           notify.Type `json:"type"`
	HogFunctionIDs []string    `json:"hog_function_ids"`
	CreatedAt      time.Time   `json:"created_at"`
	// Target says where it goes as far as that is no secret: the host of an address, the
	// channel, the e-mail addresses.
	Target string `json:"target"`
}

func newDestinationAnswer(d notify.Destination) destinationAnswer {
	return destinationAnswer{ID: d.ID, Type: d.Type, HogFunctionIDs: d.FunctionIDs(), CreatedAt: d.CreatedAt, Target: shownTarget(d)}
}

func shownTarget(d notify.Destination) string {
	switch {
	case d.URL != "":
		parsed, err := url.Parse(d.URL)
		if err != nil {
			return ""
		}
		return parsed.Scheme + "://" + parsed.Host + "/…"
	case d.SlackChannel != "":
		if d.SlackChannelName != "" {
			return d.SlackChannelName
		}
		return d.SlackChannel
	case len(d.Emails) > 0:
		return d.Emails[0] + moreOf(d.Emails)
	default:
		return string(d.Type)
	}
}

func moreOf(emails []string) string {
	if len(emails) > 1 {
		return ", …"
	}
	return ""
}

// madeDestination is the answer to adding one.
type madeDestination struct {
	HogFunctionIDs []string `json:"hog_function_ids"`
	ID             string   `json:"id"`
	// Secret signs webhooks, and is shown only now.
	Secret string `json:"secret,omitempty"`
}

func (e *endpoints) listDestinations(r alertRequest) error {
	_, all, err := e.destinationsOf(r)
	if err != nil {
		return err
	}
	page := pageOf(e.links, r.Request, all)
	answers := make([]destinationAnswer, len(page.Results))
	for i, d := range page.Results {
		answers[i] = newDestinationAnswer(d)
	}
	return writeJSON(r.w, http.StatusOK, listPage[destinationAnswer]{page.Count, page.Next, page.Previous, answers})
}

// destinationsOf returns the alert of the path and its destinations.
func (e *endpoints) destinationsOf(r alertRequest) (alertstore.Alert, []notify.Destination, error) {
	found, err := e.alerting.Alerts().Get(r.Context(), r.projectID, r.id())
	if err != nil {
		return alertstore.Alert{}, nil, err
	}
	all, err := e.alerting.Destinations().List(r.Context(), r.projectID, found.ID)
	return found, all, err
}

func (e *endpoints) addDestination(r alertRequest) error {
	found, all, err := e.destinationsOf(r)
	if err != nil {
		return err
	}
	var target notify.Target
	if err := readFields(r.Request, destinationFields(&target)); err != nil {
		return err
	}
	if err := checkTarget(target); err != nil {
		return err
	}
	if len(all) >= maxDestinations {
		return fieldProblem(codeInvalidInput, "", "The alert has %d destinations and may have no more. Please delete one first.", len(all))
	}
	made, err := e.alerting.Destinations().Add(r.Context(), r.projectID, found.ID, target)
	if err != nil {
		return err
	}
	e.noteDestination(r, audittrail.ActionDestinationCreate, found, made)
	return writeJSON(r.w, http.StatusCreated, madeDestination{made.FunctionIDs(), made.ID, made.Secret})
}

func destinationFields(target *notify.Target) []requestbody.Field {
	types := []notify.Type{
		notify.TypeSlack, notify.TypeWebhook, notify.TypeTeams, notify.TypeDiscord, notify.TypePagerDuty, notify.TypeEmail,
	}
	text := func(into *string) requestbody.Text {
		return requestbody.Text{Into: into, MaxLength: maxDestinationText, MayBeBlank: true}
	}
	return []requestbody.Field{
		{Name: "type", Required: true, As: requestbody.Choice[notify.Type]{Into: &target.Type, Of: types}},
		{Name: "slack_workspace_id", Nullable: true, As: requestbody.Integer{Into: &target.SlackWorkspace}},
		{Name: "slack_channel_id", Nullable: true, As: text(&target.SlackChannel)},
		{Name: "slack_channel_name", Nullable: true, As: text(&target.SlackChannelName)},
		{Name: attributeWebhookURL, Nullable: true, As: text(&target.URL)},
		{Name: "routing_key", Nullable: true, As: text(&target.RoutingKey)},
		{Name: "emails", Nullable: true, As: requestbody.List[string]{
			Into: &target.Emails, MaxItems: maxEmails, Item: func(item *string) requestbody.Kind { return requestbody.Text{Into: item, MaxLength: 320} },
		}},
	}
}

// checkTarget requires what the type of a destination needs.
func checkTarget(target notify.Target) error {
	missing := func(name string) error {
		return fieldProblem(codeInvalidInput, name, "The field '%s' is required for a destination of the type %s.", name, target.Type)
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
			return missing(attributeWebhookURL)
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
		return fieldProblem(codeInvalidInput, attributeWebhookURL, "The field 'webhook_url' must be an address such as https://example.com/hook.")
	}
	if parsed.User != nil {
		return fieldProblem(codeInvalidInput, attributeWebhookURL, "The field 'webhook_url' must have no user name and password.")
	}
	isDiscord := parsed.Scheme == "https" && parsed.Host == "discord.com" && discordPath.MatchString(parsed.Path) &&
		parsed.RawQuery == "" && parsed.Fragment == ""
	if target.Type == notify.TypeDiscord && !isDiscord {
		return fieldProblem(codeInvalidInput, attributeWebhookURL, "The field 'webhook_url' must be https://discord.com/api/webhooks/{id}/{token}.")
	}
	return nil
}

func checkEmails(emails []string) error {
	for _, email := range emails {
		if parsed, err := mail.ParseAddress(email); err != nil || parsed.Address != email {
			return fieldProblem(codeInvalidInput, "emails", "The field 'emails' has something that is no address.")
		}
	}
	return nil
}

func (e *endpoints) deleteDestinations(r alertRequest) error {
	found, all, err := e.destinationsOf(r)
	if err != nil {
		return err
	}
	var ids []string
	err = readFields(r.Request, []requestbody.Field{{
		Name: "hog_function_ids", Required: true, As: requestbody.List[string]{
			Into: &ids, NotEmpty: true, MaxItems: maxDeletedFunctions,
			Item: func(item *string) requestbody.Kind { return requestbody.Text{Into: item, MaxLength: 64} },
		},
	}})
	if err != nil {
		return err
	}
	if err := e.alerting.Destinations().DeleteFunctions(r.Context(), r.projectID, found.ID, ids); err != nil {
		return err
	}
	for _, d := range all {
		if slices.ContainsFunc(d.FunctionIDs(), func(id string) bool { return slices.Contains(ids, id) }) {
			e.noteDestination(r, audittrail.ActionDestinationDelete, found, d)
		}
	}
	r.w.WriteHeader(http.StatusNoContent)
	return nil
}

// testDestination sends a message at once, so that somebody who sets up a destination sees
// whether it arrives.
func (e *endpoints) testDestination(r alertRequest) error {
	found, all, err := e.destinationsOf(r)
	if err != nil {
		return err
	}
	var id string
	err = readFields(r.Request, []requestbody.Field{{Name: "id", Required: true, As: requestbody.Text{Into: &id, MaxLength: 64}}})
	if err != nil {
		return err
	}
	at := slices.IndexFunc(all, func(d notify.Destination) bool { return d.ID == id })
	if at < 0 {
		return fieldProblem(codeDoesNotExist, "id", "The alert has no destination with this id.")
	}
	t, err := alertstore.NewTransition(time.Now(), alert.KindCheck, alert.NotFiring, alert.Firing)
	if err != nil {
		return err
	}
	t.Notification, t.Count = alert.Fire, new(found.ThresholdCount+1)
	attempt := e.alerting.Test(r.Context(), all[at], notify.NewMessage(found, t, e.alerting.ExternalURL()))
	return writeJSON(r.w, http.StatusOK, map[string]any{"delivered": attempt.Error == "", "attempt": attempt})
}
