package logsapiextension

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/docketlog/docket/internal/audittrail"
	"github.com/docketlog/docket/internal/tenant"
)

// changes are the routes that change something, by method and path; a path without a slash
// in front is below those of a project's logs. Their refusals are recorded as the change
// that they were to be.
func changes() map[string]audittrail.Action {
	return map[string]audittrail.Action{
		"POST views":                                 audittrail.ActionViewCreate,
		"PUT views/{short_id}":                       audittrail.ActionViewUpdate,
		"PATCH views/{short_id}":                     audittrail.ActionViewUpdate,
		"DELETE views/{short_id}":                    audittrail.ActionViewDelete,
		"POST alerts":                                audittrail.ActionAlertCreate,
		"PUT alerts/{alert_id}":                      audittrail.ActionAlertUpdate,
		"PATCH alerts/{alert_id}":                    audittrail.ActionAlertUpdate,
		"DELETE alerts/{alert_id}":                   audittrail.ActionAlertDelete,
		"POST alerts/{alert_id}/reset":               audittrail.ActionAlertReset,
		"POST alerts/{alert_id}/destinations":        audittrail.ActionDestinationCreate,
		"POST alerts/{alert_id}/destinations/delete": audittrail.ActionDestinationDelete,
		"POST /api/personal_api_keys":                audittrail.ActionKeyCreate,
		"POST /api/personal_api_keys/{id}/roll":      audittrail.ActionKeyRoll,
		"DELETE /api/personal_api_keys/{id}":         audittrail.ActionKeyDelete,
		"POST /api/projects":                         audittrail.ActionProjectCreate,
		"POST /api/projects/{id}/embed_tokens":       audittrail.ActionEmbedTokenCreate,
		"POST /api/dead_letters/{id}/replay":         audittrail.ActionDeadLetterReplay,
		"POST /api/dead_letters/replay":              audittrail.ActionDeadLetterReplay,
		"DELETE /api/dead_letters/{id}":              audittrail.ActionDeadLetterDelete,
	}
}

// callerError is the error of an endpoint behind guard, and whom it was answered.
type callerError struct {
	error

	caller *tenant.Identity
}

func (e *callerError) Unwrap() error { return e.error }

// recordRefusals has those of routes that change something record what they refuse.
func (e *endpoints) recordRefusals(routes []route) []route {
	actions := changes()
	recording := slices.Clone(routes)
	for i, route := range routes {
		recording[i].methods = maps.Clone(route.methods) // which may be that of other routes, too
		for method, answer := range route.methods {
			if action, ok := actions[method+" "+pathBelowLogs(route.path)]; ok {
				recording[i].methods[method] = e.recordingRefusals(action, answer)
			}
		}
	}
	return recording
}

// pathBelowLogs returns the path without what is in front of a project's logs.
func pathBelowLogs(path string) string {
	for _, base := range questionBases() {
		if below, ok := strings.CutPrefix(path, base); ok {
			return below
		}
	}
	return path
}

func (e *endpoints) recordingRefusals(action audittrail.Action, answer endpoint) endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		err := answer(w, r)
		if err != nil {
			e.noteRefusal(r, action, err)
		}
		return err
	}
}

// noteRefusal records that a known caller was refused a change. What is wrong with a
// store, or with how often somebody asks, is no refusal of the change.
func (e *endpoints) noteRefusal(r *http.Request, action audittrail.Action, err error) {
	refused, ok := errors.AsType[*callerError](err)
	if !ok {
		return
	}
	p := problemOf(err)
	if p.status < http.StatusBadRequest || p.status >= http.StatusInternalServerError || p.status == http.StatusTooManyRequests {
		return
	}
	details := map[string]any{"status": p.status, "code": p.code}
	if p.field != "" {
		details["attr"] = p.field
	}
	target := e.targetOf(r, action, refused.caller)
	if target.Type == "destination" {
		details["alert_id"] = r.PathValue("alert_id")
	}
	e.trail.NoteRefusal(audittrail.Event{
		Action: action, Actor: audittrail.ActorOf(refused.caller), Origin: e.originOf(r), Target: target,
		Details: details, Failure: p.detail,
	})
}

// targetOf returns what a request wants to change, as far as its address tells.
func (e *endpoints) targetOf(r *http.Request, action audittrail.Action, caller *tenant.Identity) audittrail.Target {
	kind, _, _ := strings.Cut(string(action), ".")
	target := audittrail.Target{Type: kind}
	switch kind {
	case "view":
		target.ID = r.PathValue("short_id")
	case "alert":
		target.ID = r.PathValue("alert_id")
	case "destination", "embed_token": // of which the body tells, if anything does
	default: // is of no project's logs
		target.ID = r.PathValue("id")
		return target
	}
	if project, err := e.projectOfQuestion(r, caller); err == nil {
		target.ProjectID = project.ID
	} else if id, err := strconv.ParseInt(nameInPath(r), 10, 64); err == nil && id > 0 {
		target.ProjectID = id // whoever looks after that project may want to know
	}
	return target
}
