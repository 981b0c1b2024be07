package logsapiextension

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/docketlog/docket/extension/logsapiextension/internal/metadata"
	"github.com/docketlog/docket/extension/logsapiextension/internal/posthoglogs"
	"github.com/docketlog/docket/extension/logsapiextension/internal/savedviews"
	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/alert/notify"
	"github.com/docketlog/docket/internal/audittrail"
	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/internal/tenant"
)

// The audit trail of Docket itself; docs/audit-trail.md is its reference. Each endpoint
// notes what it has done once that is done, and before it answers.

// keepTrail begins the audit trail of the endpoints, which must not answer yet.
func (a *logsAPI) keepTrail(e *endpoints) error {
	var err error
	if a.metrics, err = metadata.NewTelemetryBuilder(a.settings.TelemetrySettings); err != nil {
		return fmt.Errorf("prepare metrics: %w", err)
	}
	var tag func(record.Record)
	if e.alerting != nil {
		tag = e.tagWithAlerts
	}
	a.trail = audittrail.New(e.writer, tag, a.settings.Logger)
	e.trail = a.trail
	if e.alerting != nil {
		e.alerting.ObserveProvisioning(e.noteProvisionedAlert)
	}
	if a.doors != nil {
		a.doors.ObserveFailedSignIns(a.noteFailedSender)
	}
	return a.metrics.RegisterLogsAPIAuditTrailEventsCallback(func(_ context.Context, observer metric.Int64Observer) error {
		stats := a.trail.Stats()
		for outcome, count := range map[string]int64{"stored": stats.Stored, "lost": stats.Lost, "suppressed": stats.Suppressed} {
			observer.Observe(count, metric.WithAttributes(attribute.String("outcome", outcome)))
		}
		return nil
	})
}

// endTrail stores what waits. Nothing is noted after it.
func (a *logsAPI) endTrail(ctx context.Context) {
	if a.trail != nil && a.doors != nil {
		a.doors.ObserveFailedSignIns(nil)
	}
	a.trail.Shutdown(ctx)
	if a.metrics != nil {
		a.metrics.Shutdown()
	}
}

// noteFailedSender records that somebody has tried to send records with a key that nobody
// has.
func (a *logsAPI) noteFailedSender(ctx context.Context, headers map[string][]string) {
	origin := audittrail.Origin{Address: audittrail.AddressOf(client.FromContext(ctx).Addr)}
	for name, values := range headers { // HTTP and gRPC write names in different cases
		if strings.EqualFold(name, "User-Agent") && len(values) > 0 {
			origin.UserAgent = values[0]
		}
	}
	a.trail.NoteFailedSignIn(origin)
}

// tagWithAlerts does what the processor alerting does to records that come by a pipeline.
func (e *endpoints) tagWithAlerts(r record.Record) {
	if rules := e.alerting.Rules(); rules != nil {
		rules.Tag(r, r.ProjectID(), nil)
	}
}

// note records what a request that guard has let through has done.
func (e *endpoints) note(r *http.Request, event audittrail.Event) {
	if caller, ok := tenant.FromContext(r.Context()); ok {
		event.Actor = audittrail.ActorOf(caller)
	}
	event.Origin = e.originOf(r)
	e.trail.Note(event)
}

// noteFailedSignIn records that a request has shown a key that nobody has.
func (e *endpoints) noteFailedSignIn(r *http.Request, err error) {
	if refusal, ok := errors.AsType[*tenant.Error](err); ok && refusal.Reason == tenant.ReasonInvalidCredentials {
		e.trail.NoteFailedSignIn(e.originOf(r))
	}
}

// originOf returns where a request came from. The call of a tool is a request of its own
// within that of an assistant, and has only its context.
func (e *endpoints) originOf(r *http.Request) audittrail.Origin {
	origin := audittrail.OriginOf(r, e.links.behindProxy)
	if origin.Address == "" {
		origin.Address = audittrail.AddressOf(client.FromContext(r.Context()).Addr)
	}
	return origin
}

func (e *endpoints) noteView(
	r *http.Request, action audittrail.Action, projectID int64, view savedviews.View, before, after *savedviews.Content,
) {
	e.note(r, viewEvent(action, projectID, view, before, after))
}

func viewEvent(action audittrail.Action, projectID int64, view savedviews.View, before, after *savedviews.Content) audittrail.Event {
	event := audittrail.Event{
		Action: action, Target: audittrail.Target{Type: "view", ID: view.ShortID, Name: view.Name, ProjectID: projectID},
	}
	if before != nil {
		event.Before = before
	}
	if after != nil {
		event.After = after
	}
	return event
}

// auditedAlert is what people set of an alert, and what a reset changes.
type auditedAlert struct {
	alertstore.Settings

	State       alert.Name `json:"state"`
	SnoozeUntil time.Time  `json:"snooze_until,omitzero"`
}

func (e *endpoints) noteAlert(r alertRequest, action audittrail.Action, before, after *alertstore.Alert) {
	e.note(r.Request, alertEvent(action, r.projectID, before, after))
}

func alertEvent(action audittrail.Action, projectID int64, before, after *alertstore.Alert) audittrail.Event {
	event := audittrail.Event{Action: action}
	for _, side := range []struct {
		of *alertstore.Alert
		to *any
	}{{before, &event.Before}, {after, &event.After}} {
		if side.of == nil {
			continue
		}
		event.Target = audittrail.Target{Type: "alert", ID: side.of.ID, Name: side.of.Name, ProjectID: projectID}
		*side.to = auditedAlert{side.of.Settings, side.of.State.Name, side.of.State.SnoozeUntil}
	}
	return event
}

func (e *endpoints) noteDestination(r alertRequest, action audittrail.Action, of alertstore.Alert, d notify.Destination) {
	before, after := (*notify.Destination)(nil), &d
	if action == audittrail.ActionDestinationDelete {
		before, after = after, before
	}
	e.note(r.Request, destinationEvent(action, of.ID, of.Name, before, after))
}

// destinationEvent shows of a destination what the API shows, which is no secret.
func destinationEvent(action audittrail.Action, alertID, alertName string, before, after *notify.Destination) audittrail.Event {
	event := audittrail.Event{Action: action, Details: map[string]any{"alert_id": alertID, "alert_name": alertName}}
	for _, side := range []struct {
		of *notify.Destination
		to *any
	}{{before, &event.Before}, {after, &event.After}} {
		if side.of == nil {
			continue
		}
		event.Target = audittrail.Target{Type: "destination", ID: side.of.ID, Name: shownTarget(*side.of), ProjectID: side.of.ProjectID}
		*side.to = newDestinationAnswer(*side.of)
	}
	return event
}

func (e *endpoints) noteKey(r *http.Request, action audittrail.Action, before, after *tenant.Key) {
	event := audittrail.Event{Action: action}
	for _, side := range []struct {
		of *tenant.Key
		to *any
	}{{before, &event.Before}, {after, &event.After}} {
		if side.of == nil {
			continue
		}
		event.Target = audittrail.Target{Type: "key", ID: side.of.ID, Name: side.of.Label}
		if len(side.of.ProjectIDs) == 1 {
			event.Target.ProjectID = side.of.ProjectIDs[0]
		}
		*side.to = side.of
	}
	e.note(r, event)
}

func (e *endpoints) noteDeadLetter(r *http.Request, action audittrail.Action, id string, projectID int64) {
	e.note(r, audittrail.Event{Action: action, Target: audittrail.Target{Type: "dead_letter", ID: id, ProjectID: projectID}})
}

// noteExport records an export when it has ended, whether or not it was cut short.
func (e *endpoints) noteExport(r *http.Request, projectID int64, export *posthoglogs.Export, format posthoglogs.Format, err error) {
	event := audittrail.Event{
		Action: audittrail.ActionExport, Target: audittrail.Target{Type: "records", ProjectID: projectID}, Failure: failureOf(r, err),
		Details: map[string]any{"format": format, "rows": export.Rows, "query": export.Question},
	}
	if len(export.Columns) > 0 {
		event.Details["columns"] = strings.Join(export.Columns, ",")
	}
	e.note(r, event)
}

// failureOf says what the client is or would be told of an error; "" for none.
func failureOf(r *http.Request, err error) string {
	switch {
	case err == nil:
		return ""
	case r.Context().Err() != nil:
		return "the client has gone"
	default:
		return problemOf(questionProblem(err)).detail
	}
}
