package logsapiextension

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertform"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/alert/notify"
	"github.com/docketlog/docket/internal/alert/provisioning"
	"github.com/docketlog/docket/internal/alert/tagging"
	"github.com/docketlog/docket/internal/audittrail"
	"github.com/docketlog/docket/internal/requestbody"
	"github.com/docketlog/docket/internal/tenant"
)

// alertingOwner is what is needed of the alerting extension.
type alertingOwner interface {
	Alerts() *alertstore.Store
	Destinations() notify.Destinations
	Deliveries() notify.Deliveries
	Deliver(ctx context.Context, of alertstore.Alert, all []alertstore.Transition) error
	Test(ctx context.Context, destination notify.Destination, message notify.Message) notify.Attempt
	CheckInterval() time.Duration
	MaxAlerts() int
	AllowsPrivateWebhooks() bool
	GroupLimits() alert.GroupLimits
	ExternalURL() string
	Rules() *tagging.Rules
	ObserveProvisioning(observe func(provisioning.Change))
}

// alertRoutes are the alerts of PostHog's logs API; docs/alerts.md is their reference.
func (e *endpoints) alertRoutes() []route {
	const read, write = tenant.ScopeRead, tenant.ScopeWrite
	var all []route
	add := func(path string, methods map[string]endpoint) {
		for _, base := range questionBases() {
			all = append(all, route{path: base + "alerts" + path, shape: postHogShape, methods: methods})
		}
	}
	add("", map[string]endpoint{
		http.MethodGet: e.guardAlerts(read, e.listAlerts), http.MethodPost: e.guardAlerts(write, e.createAlert),
	})
	add("/simulate", map[string]endpoint{http.MethodPost: e.guardAlerts(read, e.simulateAlert)})
	add("/{alert_id}", map[string]endpoint{
		http.MethodGet: e.guardAlerts(read, e.getAlert), http.MethodPut: e.guardAlerts(write, e.replaceAlert),
		http.MethodPatch: e.guardAlerts(write, e.changeAlert), http.MethodDelete: e.guardAlerts(write, e.deleteAlert),
	})
	add("/{alert_id}/events", map[string]endpoint{http.MethodGet: e.guardAlerts(read, e.listAlertEvents)})
	add("/{alert_id}/reset", map[string]endpoint{http.MethodPost: e.guardAlerts(write, e.resetAlert)})
	add("/{alert_id}/destinations", map[string]endpoint{
		http.MethodGet: e.guardAlerts(read, e.listDestinations), http.MethodPost: e.guardAlerts(write, e.addDestination),
	})
	add("/{alert_id}/destinations/delete", map[string]endpoint{http.MethodPost: e.guardAlerts(write, e.deleteDestinations)})
	add("/{alert_id}/destinations/test", map[string]endpoint{http.MethodPost: e.guardAlerts(write, e.testDestination)})
	add("/{alert_id}/deliveries", map[string]endpoint{http.MethodGet: e.guardAlerts(read, e.listDeliveries)})
	return all
}

// alertRequest is a request about the alerts of one project.
type alertRequest struct {
	*http.Request

	w         http.ResponseWriter
	caller    *tenant.Identity
	projectID int64
}

// id is the alert that the path names.
func (r alertRequest) id() string { return r.PathValue("alert_id") }

// guardAlerts lets a caller through who has the scope and may use the project of the path.
func (e *endpoints) guardAlerts(scope tenant.Scope, next func(alertRequest) error) endpoint {
	return e.guard(func(w http.ResponseWriter, r *http.Request, caller *tenant.Identity) error {
		if err := caller.Can(scope); err != nil {
			return err
		}
		project, err := e.projectOfQuestion(r, caller)
		if err != nil {
			return err
		}
		if e.alerting == nil {
			return &problem{
				status: http.StatusNotImplemented, code: codeNotImplemented,
				detail: "There are no alerts, because no alerting extension is configured: an operator adds one and names it " +
					"with the option alerting of the logs_api extension.",
			}
		}
		return alertProblem(next(alertRequest{r, w, caller, project.ID}))
	})
}

func (e *endpoints) listAlerts(r alertRequest) error {
	all, err := e.alerting.Alerts().List(r.Context(), r.projectID)
	if err != nil {
		return err
	}
	if author := r.URL.Query().Get("created_by"); author != "" {
		if all, err = alertsBy(all, author); err != nil {
			return err
		}
	}
	page := pageOf(e.links, r.Request, all)
	answers, err := e.alertAnswers(r.Context(), r.projectID, page.Results)
	if err != nil {
		return err
	}
	return writeJSON(r.w, http.StatusOK, listPage[alertAnswer]{page.Count, page.Next, page.Previous, answers})
}

func (e *endpoints) createAlert(r alertRequest) error {
	body, err := readBody(r.Request)
	if err != nil {
		return err
	}
	change := alertform.NewChange(alertform.Defaults())
	if err := change.Read(body, time.Now()); err != nil {
		return err
	}
	made := alertstore.Alert{
		ProjectID: r.projectID, Settings: change.Settings,
		CreatedBy: alertstore.Author{UUID: userID(r.caller), Name: r.caller.Label},
		State:     alertstore.State{Name: alert.NotFiring, SnoozeUntil: change.SnoozeUntil},
	}
	made.SetFilters(change.Settings.Filters, time.Now())
	if made.Enabled {
		made.FirstEnabledAt = time.Now().UTC()
	}
	made, err = e.alerting.Alerts().Create(r.Context(), made, e.alerting.MaxAlerts())
	if err != nil {
		return err
	}
	e.noteAlert(r, audittrail.ActionAlertCreate, nil, &made)
	return e.answerAlert(r, http.StatusCreated, made)
}

func (e *endpoints) getAlert(r alertRequest) error {
	found, err := e.alerting.Alerts().Get(r.Context(), r.projectID, r.id())
	if err != nil {
		return err
	}
	return e.answerAlert(r, http.StatusOK, found)
}

// replaceAlert is PUT: what it does not name and has a default gets that.
func (e *endpoints) replaceAlert(r alertRequest) error {
	return e.updateAlert(r, func(before alertstore.Settings) alertstore.Settings {
		replaced := alertform.Defaults()
		replaced.Name, replaced.Filters = before.Name, before.Filters
		return replaced
	})
}

// changeAlert is PATCH: what it does not name stays.
func (e *endpoints) changeAlert(r alertRequest) error {
	return e.updateAlert(r, func(before alertstore.Settings) alertstore.Settings { return before })
}

func (e *endpoints) updateAlert(r alertRequest, begin func(alertstore.Settings) alertstore.Settings) error {
	body, err := readBody(r.Request)
	if err != nil {
		return err
	}
	var before alertstore.Alert
	changed, err := e.alerting.Alerts().Change(r.Context(), r.projectID, r.id(), func(a *alertstore.Alert) error {
		if a.Provisioned && !isSnooze(r, body) {
			return errProvisioned(*a)
		}
		before = *a
		change := alertform.NewChange(begin(a.Settings))
		now := time.Now()
		if err := change.Read(body, now); err != nil {
			return err
		}
		change.Apply(a, now)
		return nil
	})
	if err != nil {
		return err
	}
	e.noteAlert(r, audittrail.ActionAlertUpdate, &before, &changed)
	if changed, err = e.settleAlert(r.Context(), changed); err != nil {
		return err
	}
	return e.answerAlert(r, http.StatusOK, changed)
}

// settleAlert moves what has happened to an alert into its history.
func (e *endpoints) settleAlert(ctx context.Context, a alertstore.Alert) (alertstore.Alert, error) {
	return e.alerting.Alerts().Settle(ctx, a, e.alerting.Deliver)
}

func (e *endpoints) deleteAlert(r alertRequest) error {
	found, err := e.alerting.Alerts().Get(r.Context(), r.projectID, r.id())
	if err != nil {
		return err
	}
	if found.Provisioned {
		return errProvisioned(found)
	}
	deleted, err := e.alerting.Alerts().Delete(r.Context(), r.projectID, found.ID)
	if deleted.ID != "" {
		e.noteAlert(r, audittrail.ActionAlertDelete, &deleted, nil)
	}
	if err != nil {
		return err
	}
	if err := e.alerting.Destinations().DeleteAll(r.Context(), r.projectID, found.ID); err != nil {
		return err
	}
	r.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (e *endpoints) resetAlert(r alertRequest) error {
	var broken alertstore.Alert
	changed, err := e.alerting.Alerts().Change(r.Context(), r.projectID, r.id(), func(a *alertstore.Alert) error {
		broken = *a
		before := a.Now()
		after, ok := before.Reset()
		if !ok {
			return fieldProblem(codeInvalidInput, "state", "Only an alert that is broken can be reset; this one is %s.", before.Name)
		}
		a.Become(after)
		a.UpdatedAt = time.Now().UTC()
		alertform.Note(a, time.Now(), alert.KindReset, before.Name, after.Name)
		return nil
	})
	if err != nil {
		return err
	}
	e.noteAlert(r, audittrail.ActionAlertReset, &broken, &changed)
	if changed, err = e.settleAlert(r.Context(), changed); err != nil {
		return err
	}
	return e.answerAlert(r, http.StatusOK, changed)
}

// isSnooze reports whether a change does nothing but snooze, or end that: what the
// configuration says nothing of.
func isSnooze(r alertRequest, body requestbody.Body) bool {
	return r.Method == http.MethodPatch && body.Has(alertform.FieldSnoozeUntil) && len(body.Members()) == 1
}

func errProvisioned(of alertstore.Alert) *problem {
	return &problem{
		status: http.StatusForbidden, code: codePermissionDenied,
		detail: "The alert comes from the configuration: an operator changes it under " + of.ProvisionedBy + " and restarts Docket. " +
			"What can be done here is to snooze it, with snooze_until alone, and to reset it.",
	}
}

// alertProblem puts in the terms of HTTP what is wrong with a request for alerts.
func alertProblem(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, alertstore.ErrNotFound):
		return &problem{status: http.StatusNotFound, code: codeNotFound, detail: "The project has no alert with this id."}
	case errors.Is(err, alertstore.ErrTooMany):
		return fieldProblem(codeInvalidInput, "", "The project has as many alerts as it may. Please delete one first.")
	case errors.Is(err, notify.ErrNoDestination):
		return fieldProblem(codeInvalidInput, "hog_function_ids", "The alert has no destination with one of these ids; nothing was deleted.")
	default:
		if wrong, ok := errors.AsType[*requestbody.Error](err); ok {
			return wrong
		}
		return fmt.Errorf("alerts: %w", questionProblem(err))
	}
}
