package logsapiextension

import (
	"github.com/docketlog/docket/extension/logsapiextension/internal/savedviews"
	"github.com/docketlog/docket/internal/alert/provisioning"
	"github.com/docketlog/docket/internal/audittrail"
)

// What provisioning does is in the audit trail as if the API had done it. Of replicas that
// provision the same thing at once, the one whose change it is records it.

// noteProvisioned records a change that was made because of what the configuration says at
// a place.
func (e *endpoints) noteProvisioned(event audittrail.Event, place string) {
	event.Actor = audittrail.Configuration()
	if event.Details == nil {
		event.Details = map[string]any{}
	}
	event.Details["configured_at"] = place
	e.trail.Note(event)
}

func (e *endpoints) noteProvisionedView(c savedviews.ProvisionedChange) {
	action := actionOf(c.Before == nil, c.After == nil, audittrail.ActionViewCreate, audittrail.ActionViewUpdate, audittrail.ActionViewDelete)
	var of savedviews.View
	var before, after *savedviews.Content
	if c.Before != nil {
		of, before = *c.Before, &c.Before.Content
	}
	if c.After != nil {
		of, after = *c.After, &c.After.Content
	}
	e.noteProvisioned(viewEvent(action, c.ProjectID, of, before, after), c.By)
}

func (e *endpoints) noteProvisionedAlert(c provisioning.Change) {
	if c.DestinationBefore != nil || c.DestinationAfter != nil {
		action := actionOf(c.DestinationBefore == nil, c.DestinationAfter == nil,
			audittrail.ActionDestinationCreate, audittrail.ActionDestinationUpdate, audittrail.ActionDestinationDelete)
		e.noteProvisioned(destinationEvent(action, c.AlertID, c.AlertName, c.DestinationBefore, c.DestinationAfter), c.By)
		return
	}
	action := actionOf(c.Before == nil, c.After == nil, audittrail.ActionAlertCreate, audittrail.ActionAlertUpdate, audittrail.ActionAlertDelete)
	e.noteProvisioned(alertEvent(action, c.ProjectID, c.Before, c.After), c.By)
}

// actionOf returns the first of three actions for what is made, the last for what is
// removed.
func actionOf(isMade, isRemoved bool, made, changed, removed audittrail.Action) audittrail.Action {
	switch {
	case isMade:
		return made
	case isRemoved:
		return removed
	default:
		return changed
	}
}
