package audittrail

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/internal/redact"
	"github.com/docketlog/docket/internal/tenant"
)

// Names of the attributes of an entry that only entries have. Those in metadata are what
// LogHub's API shows as the event's metadata.
const (
	attributeOrganization = "actor.data.organization"
	attributeTargetType   = "metadata.target_type"
	attributeTargetID     = "metadata.target_id"
	attributeTargetName   = "metadata.target_name"
	attributeTargetOf     = "metadata.target_project"
	attributeOutcome      = "metadata.outcome"
	attributeReason       = "metadata.reason"
	attributeOld          = "metadata.old"
	attributeNew          = "metadata.new"
	prefixMetadata        = "metadata."
	attributeMethod       = "http.request.method"
	attributePath         = "url.path"
)

// Values of attributeOutcome.
const (
	outcomeSuccess = "success"
	outcomeFailure = "failure"
)

const (
	actorUser   = "user"
	actorSystem = "system"
	// unknownActor describes who could not be told.
	unknownActor = "somebody without a valid key"
	// theConfiguration describes who has done what the configuration says.
	theConfiguration = "the configuration"
	serviceName      = "docket"
	scopeName        = "docket.audit"
	// maxTextBytes bounds each text that a request brings.
	maxTextBytes = 1 << 10
	// maxEncodedBytes bounds what of an event waits in the queue; there is no such large
	// thing in Docket.
	maxEncodedBytes = 1 << 20
)

// entry is an event that waits to be stored. What may change after Note is encoded.
type entry struct {
	event                  Event
	at                     time.Time
	before, after, details []byte
	// isMinor is true for what must not crowd out the rest.
	isMinor bool
}

func newEntry(event Event, at time.Time) (*entry, error) {
	e := &entry{event: event, at: at}
	var errs [3]error
	e.before, errs[0] = encode(event.Before)
	e.after, errs[1] = encode(event.After)
	if event.Details != nil {
		e.details, errs[2] = encode(event.Details)
	}
	e.event.Before, e.event.After, e.event.Details = nil, nil, nil
	return e, errors.Join(errs[:]...)
}

func encode(value any) ([]byte, error) {
	if value == nil {
		return nil, nil
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	if len(encoded) > maxEncodedBytes {
		return json.Marshal(map[string]int{"omitted_bytes": len(encoded)})
	}
	return encoded, nil
}

// size is about what the entry takes of memory.
func (e *entry) size() int {
	const fixed = 1 << 10
	return fixed + len(e.before) + len(e.after) + len(e.details)
}

// putInto makes a sealed record of the entry. What of it cannot be read is left out, and
// said in the error; the record is whole without it.
func (e *entry) putInto(log plog.LogRecord, in record.Record, redactor *redact.Redactor) error {
	log.SetTimestamp(pcommon.NewTimestampFromTime(e.at))
	log.SetObservedTimestamp(log.Timestamp())
	log.SetEventName(string(e.event.Action))
	log.SetSeverityNumber(plog.SeverityNumberInfo)
	log.SetSeverityText("INFO")
	if e.event.Failure != "" {
		log.SetSeverityNumber(plog.SeverityNumberWarn)
		log.SetSeverityText("WARN")
	}
	writer := textWriter{log.Attributes(), redactor}
	log.Body().SetStr(writer.clean(e.sentence()))
	e.putActor(writer)
	e.putTarget(writer)
	err := e.putContent(log.Attributes(), redactor)
	writer.put(record.AttributeClientAddress, e.event.Origin.Address)
	writer.put(record.AttributeUserAgent, e.event.Origin.UserAgent)
	writer.put(attributeMethod, e.event.Origin.Method)
	writer.put(attributePath, e.event.Origin.Path)
	writer.put(record.AttributeSource, record.SourceDocket)
	in.Log = log
	record.Seal(in, e.at)
	return err
}

// sentence tells the event to people.
func (e *entry) sentence() string {
	text := string(e.event.Action)
	switch {
	case e.event.Target.Name != "":
		text += " " + strconv.Quote(e.event.Target.Name)
	case e.event.Target.ID != "":
		text += " " + e.event.Target.ID
	}
	if e.event.Actor != (Actor{}) {
		text += " by " + strconv.Quote(e.event.Actor.Label)
	}
	if e.event.Failure != "" {
		text += ": " + e.event.Failure
	}
	return text
}

func (e *entry) putActor(to textWriter) {
	actor := e.event.Actor
	if actor == (Actor{}) {
		to.put(record.AttributeActorType, actorSystem)
		to.put(record.AttributeActorDescription, unknownActor)
		return
	}
	kind := actorUser
	if actor.ID == configurationActor {
		kind = actorSystem
		to.put(record.AttributeActorDescription, theConfiguration)
	}
	to.put(record.AttributeActorType, kind)
	to.put(record.AttributeUserID, actor.ID)
	to.put(record.AttributeUserName, actor.Label)
	to.put(attributeOrganization, actor.Organization)
}

func (e *entry) putTarget(to textWriter) {
	target := e.event.Target
	to.put(attributeTargetType, target.Type)
	to.put(attributeTargetID, target.ID)
	to.put(attributeTargetName, target.Name)
	if target.ProjectID != 0 {
		to.attributes.PutInt(attributeTargetOf, target.ProjectID)
		// So the audit table of one project can be asked for as that of a customer.
		to.put(record.AttributeExternalID, strconv.FormatInt(target.ProjectID, 10))
	}
	outcome := outcomeSuccess
	if e.event.Failure != "" {
		outcome = outcomeFailure
	}
	to.put(attributeOutcome, outcome)
	to.put(attributeReason, e.event.Failure)
}

func (e *entry) putContent(attributes pcommon.Map, redactor *redact.Redactor) error {
	before, errBefore := decodeMembers(e.before)
	after, errAfter := decodeMembers(e.after)
	details, errDetails := decodeMembers(e.details)
	onlyDifferences(before, after)
	errs := []error{errBefore, errAfter, errDetails}
	for _, part := range []struct {
		name string
		members
	}{{attributeOld, before}, {attributeNew, after}} {
		if part.members != nil {
			c := content{redactor, maxContentBytes}
			errs = append(errs, c.put(attributes.PutEmptyMap(part.name), part.members))
		}
	}
	named := members{}
	for name, value := range details {
		named[prefixMetadata+name] = value
	}
	c := content{redactor, maxContentBytes}
	return errors.Join(append(errs, c.put(attributes, named))...)
}

// textWriter puts texts that come from outside.
type textWriter struct {
	attributes pcommon.Map
	redactor   *redact.Redactor
}

// put leaves out what is empty.
func (w textWriter) put(name, text string) {
	if text != "" {
		w.attributes.PutStr(name, w.clean(text))
	}
}

func (w textWriter) clean(text string) string {
	// Cut behind what is kept, so that no half of a secret is left to be taken for none.
	text = w.redactor.Text(text[:min(len(text), 2*maxTextBytes)])
	return strings.ToValidUTF8(text[:min(len(text), maxTextBytes)], "\ufffd")
}

// newLogs returns the sealed records of entries, and what was wrong with any.
func newLogs(entries []*entry, redactor *redact.Redactor) (plog.Logs, error) {
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutStr(record.AttributeServiceName, serviceName)
	resource.Resource().Attributes().PutInt(record.AttributeProjectID, tenant.AuditProjectID)
	scope := resource.ScopeLogs().AppendEmpty()
	scope.Scope().SetName(scopeName)
	in := record.Record{Resource: resource.Resource(), Scope: scope.Scope()}
	var errs []error
	for _, e := range entries {
		if err := e.putInto(scope.LogRecords().AppendEmpty(), in, redactor); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", e.event.Action, err))
		}
	}
	return logs, errors.Join(errs...)
}
