package eventrecord

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/record"
)

// Names of the log attributes of a record. docs/alerts.md is their reference.
const (
	AttributeAlertID      = "docket.alert.id"
	AttributeAlertName    = "docket.alert.name"
	AttributeKind         = "docket.alert.kind"
	AttributeState        = "docket.alert.state"
	AttributeStateBefore  = "docket.alert.state_before"
	AttributeResultCount  = "docket.alert.result_count"
	AttributeThreshold    = "docket.alert.threshold_count"
	AttributeOperator     = "docket.alert.threshold_operator"
	AttributeWindowFrom   = "docket.alert.window_from"
	AttributeWindowTo     = "docket.alert.window_to"
	AttributeNotification = "docket.alert.notification"
	AttributeHeldBy       = "docket.alert.held_by"
	AttributeProvisioned  = "docket.alert.provisioned"
	AttributeGroupBy      = "docket.alert.group_by"
	AttributeGroup        = "docket.alert.group"
	AttributeGroupState   = "docket.alert.group_state"
	attributeErrorMessage = "error.message"
)

const (
	serviceName = "docket"
	scopeName   = "docket.alert"
	// keyPrefix begins the key by which the log store knows a record.
	keyPrefix = "docket.alert/"
)

// event is a transition that waits to become a record, with what is to be told of its
// alert as it was then.
type event struct {
	ProjectID int64          `json:"project"`
	AlertID   string         `json:"alert"`
	AlertName string         `json:"alert_name"`
	Threshold int64          `json:"threshold_count"`
	Operator  alert.Operator `json:"threshold_operator"`
	// GroupBy is the field of which the transition's group is a value.
	GroupBy     string                `json:"group_by,omitempty"`
	Provisioned bool                  `json:"provisioned,omitempty"`
	SnoozeUntil time.Time             `json:"snooze_until,omitzero"`
	Transition  alertstore.Transition `json:"transition"`
	// NotedAt is when the event began to wait.
	NotedAt time.Time `json:"noted_at"`
	// IsStored is true once the log store has the record, or will never take it, and the
	// event waits only to be handed on.
	IsStored bool `json:"stored,omitempty"`
}

func newEvent(a alertstore.Alert, t alertstore.Transition, now time.Time) event {
	t.Announced = nil // it is told by the rest
	made := event{
		ProjectID: a.ProjectID, AlertID: a.ID, AlertName: a.Name, Threshold: a.ThresholdCount, Operator: a.Operator,
		Provisioned: a.Provisioned, SnoozeUntil: a.State.SnoozeUntil, Transition: t, NotedAt: now.UTC(),
	}
	if a.GroupBy != nil {
		made.GroupBy = a.GroupBy.Key
	}
	return made
}

// IsScope reports whether a scope is that of the records of what happens to alerts, here or
// in another Docket.
func IsScope(scope pcommon.InstrumentationScope) bool { return scope.Name() == scopeName }

// KeyOf returns the key by which the log store knows a record of what happens to an alert;
// false if the record is none.
func KeyOf(r record.Record) (string, bool) {
	if !IsScope(r.Scope) {
		return "", false
	}
	key, ok := r.Log.Attributes().Get(record.AttributeIdempotencyKey)
	return keyPrefix + r.ID(), ok && key.Str() == keyPrefix+r.ID()
}

// key is that by which the log store knows the record.
func (e event) key() string { return keyPrefix + e.Transition.ID }

// appendTo adds a sealed record.
func (e event) appendTo(logs plog.Logs) {
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutStr(record.AttributeServiceName, serviceName)
	resource.Resource().Attributes().PutInt(record.AttributeProjectID, e.ProjectID)
	scope := resource.ScopeLogs().AppendEmpty()
	scope.Scope().SetName(scopeName)
	log := scope.LogRecords().AppendEmpty()
	log.SetTimestamp(pcommon.NewTimestampFromTime(e.Transition.At))
	log.SetObservedTimestamp(pcommon.NewTimestampFromTime(e.NotedAt))
	name := nameOf(e.Transition)
	log.SetEventName(name)
	log.SetSeverityNumber(plog.SeverityNumberInfo)
	log.SetSeverityText("INFO")
	if name == Firing || name == Errored || name == Broken {
		log.SetSeverityNumber(plog.SeverityNumberWarn)
		log.SetSeverityText("WARN")
	}
	log.Body().SetStr(strings.ToValidUTF8(e.sentence(name), "\ufffd"))
	e.put(log.Attributes())
	record.Reseal(record.Record{Resource: resource.Resource(), Scope: scope.Scope(), Log: log})
}

// put puts the attributes. The id of the record is the transition's, which is a UUIDv7.
func (e event) put(attributes pcommon.Map) {
	t := e.Transition
	attributes.PutStr(record.AttributeID, t.ID)
	attributes.PutStr(record.AttributeSource, record.SourceDocket)
	putText := func(name, text string) {
		if text != "" {
			attributes.PutStr(name, strings.ToValidUTF8(text, "\ufffd"))
		}
	}
	putText(AttributeAlertID, e.AlertID)
	putText(AttributeAlertName, e.AlertName)
	putText(AttributeKind, string(t.Kind))
	putText(AttributeState, string(t.After))
	putText(AttributeStateBefore, string(t.Before))
	if t.Count != nil {
		attributes.PutInt(AttributeResultCount, *t.Count)
		attributes.PutInt(AttributeThreshold, e.Threshold)
		putText(AttributeOperator, string(e.Operator))
	}
	if !t.From.IsZero() {
		putText(AttributeWindowFrom, t.From.UTC().Format(time.RFC3339Nano))
		putText(AttributeWindowTo, t.To.UTC().Format(time.RFC3339Nano))
	}
	putText(AttributeNotification, string(t.Notification))
	putText(AttributeHeldBy, heldBy(t))
	if t.Group != nil {
		putText(AttributeGroupBy, e.GroupBy)
		putText(AttributeGroup, t.Group.Value)
		putText(AttributeGroupState, string(t.Group.After))
	}
	putText(attributeErrorMessage, t.Error)
	if e.Provisioned {
		attributes.PutBool(AttributeProvisioned, true)
	}
	digest := sha256.Sum256([]byte(e.key()))
	attributes.PutStr(record.AttributeIdempotencyKey, e.key())
	attributes.PutStr(record.AttributeRequestDigest, hex.EncodeToString(digest[:]))
	attributes.PutInt(record.AttributeRequestPosition, 0)
}

// heldBy says why something is not announced, in the words of the API.
func heldBy(t alertstore.Transition) string {
	switch {
	case t.Held != alert.NoNotification:
		return "cooldown"
	case t.Muted != alert.NoNotification:
		return "quiet_hours"
	default:
		return ""
	}
}

// sentence tells the event to people.
func (e event) sentence(name string) string {
	t := e.Transition
	text := fmt.Sprintf("The alert %q ", e.AlertName)
	if t.Group != nil {
		text += fmt.Sprintf("for %s %q ", e.GroupBy, t.Group.Value)
	}
	switch name {
	case Firing:
		text += "is firing" + e.counted()
	case Resolved:
		text += "has resolved" + e.counted()
		if t.Error != "" {
			text += ": " + t.Error
		}
	case Errored:
		text += "could not be checked: " + t.Error
	case Broken:
		text += "is broken and is not checked any more: " + t.Error
	case Snoozed:
		text += "was snoozed"
		if !e.SnoozeUntil.IsZero() {
			text += " until " + e.SnoozeUntil.UTC().Format(time.RFC3339)
		}
	case Unsnoozed:
		text += "is not snoozed any more"
	case Enabled:
		text += "was enabled"
	case Disabled:
		text += "was disabled"
	case Reset:
		text += "was reset and is checked again"
	case Changed:
		text += "has another condition"
	case VerdictChanged:
		text += "was judged by too few records: " + t.Error
	case GroupsLeftOut:
		text += "has too many groups: " + t.Error
	default:
		text += fmt.Sprintf("is %s, was %s", t.After, t.Before)
	}
	switch heldBy(t) {
	case "cooldown":
		text += "; not announced because of its cooldown"
	case "quiet_hours":
		text += "; not announced because of its quiet hours"
	}
	return strings.TrimSuffix(text, ".") + "."
}

// counted says what the newest window of a check has.
func (e event) counted() string {
	t := e.Transition
	if t.Count == nil {
		return ""
	}
	noun := "records"
	if *t.Count == 1 {
		noun = "record"
	}
	return fmt.Sprintf(": %d %s from %s to %s, the threshold is %s %d", *t.Count, noun,
		t.From.UTC().Format(time.RFC3339), t.To.UTC().Format(time.RFC3339), e.Operator, e.Threshold)
}
