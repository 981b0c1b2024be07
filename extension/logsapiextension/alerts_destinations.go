package logsapiextension

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertform"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/alert/notify"
	"github.com/docketlog/docket/internal/audittrail"
	"github.com/docketlog/docket/internal/requestbody"
)

// maxDeletedFunctions is how many functions may be deleted at once: those of one
// destination, as in PostHog's API.
const maxDeletedFunctions = 4

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

// ownDestinationsOf is destinationsOf for changing them.
func (e *endpoints) ownDestinationsOf(r alertRequest) (alertstore.Alert, []notify.Destination, error) {
	found, all, err := e.destinationsOf(r)
	if err == nil && found.Provisioned {
		err = errProvisioned(found)
	}
	return found, all, err
}

func (e *endpoints) addDestination(r alertRequest) error {
	found, all, err := e.ownDestinationsOf(r)
	if err != nil {
		return err
	}
	body, err := readBody(r.Request)
	if err != nil {
		return err
	}
	target, err := alertform.ReadTarget(body, e.alerting.AllowsPrivateWebhooks())
	if err != nil {
		return err
	}
	if len(all) >= alertform.MaxDestinations {
		return fieldProblem(codeInvalidInput, "", "The alert has %d destinations and may have no more. Please delete one first.", len(all))
	}
	made, err := e.alerting.Destinations().Add(r.Context(), r.projectID, found.ID, target)
	if err != nil {
		return err
	}
	e.noteDestination(r, audittrail.ActionDestinationCreate, found, made)
	return writeJSON(r.w, http.StatusCreated, madeDestination{made.FunctionIDs(), made.ID, made.Secret})
}

func (e *endpoints) deleteDestinations(r alertRequest) error {
	found, all, err := e.ownDestinationsOf(r)
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
	t := alertstore.NewTransition(time.Now(), alert.KindCheck, alert.NotFiring, alert.Firing)
	t.Notification, t.Count = alert.Fire, new(found.ThresholdCount+1)
	if found.GroupBy != nil {
		t.Group = &alertstore.GroupTransition{Value: "example", Before: alert.NotFiring, After: alert.Firing}
	}
	attempt := e.alerting.Test(r.Context(), all[at], notify.NewMessage(found, t, e.alerting.ExternalURL()))
	return writeJSON(r.w, http.StatusOK, map[string]any{"delivered": attempt.Error == "", "attempt": attempt})
}
