package logsapiextension

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

// Starts of the names of attributes that keep what an event had in its parts.
const (
	prefixActor     = "actor."
	prefixActorData = "actor.data."
	prefixMetadata  = "metadata."
	prefixContext   = "context."
)

// actorUser is the type of an actor that is a user.
const actorUser = "user"

// eventTime is the layout of createdAt: as JavaScript writes dates, in UTC.
const eventTime = "2006-01-02T15:04:05.000Z"

// writeEvents answers with events.
func writeEvents(w http.ResponseWriter, found []record.Record) {
	body := []byte{'['}
	for n, r := range found {
		if n > 0 {
			body = append(body, ',')
		}
		body = append(body, `{"code":"GET_EVENT_DETAIL_READY","status":"ok","data":`...)
		body = append(appendEvent(body, r), '}')
	}
	startJSON(w, http.StatusOK)
	// An error here means that the client has gone; nobody is left to tell.
	_, _ = w.Write(append(body, ']')) //nolint:gosec // JSON that browsers take for nothing else
}

// appendEvent appends the event as which a record was sent. The receiver has made
// attributes of its parts; here they are put together again.
func appendEvent(dst []byte, r record.Record) []byte {
	parts := partsOf(r)
	created := record.TimeOf(r.Log.Timestamp()).Format(eventTime)
	dst = append(dst, '{')
	dst = appendString(appendName(dst, "id"), r.ID())
	dst = parts.appendActor(appendName(dst, "actor"))
	dst = appendString(appendName(dst, "action"), r.Log.EventName())
	dst = appendMembers(appendName(dst, "metadata"), parts.metadata)
	dst = appendMembers(appendName(dst, "extra"), parts.extra)
	dst = strconv.AppendInt(appendName(dst, "project_id"), r.ProjectID(), 10)
	dst = appendString(appendName(dst, "external_id"), parts.externalID)
	dst = appendString(appendName(dst, "createdAt"), created)
	dst = appendString(appendName(dst, "updatedAt"), created) // records do not change
	return append(dst, '}')
}

// eventMember is a member of a part of an event.
type eventMember struct {
	name  string
	value pcommon.Value
}

// eventParts are the parts of an event. No attribute of the record is in none of them, but
// those that Docket added to it.
type eventParts struct {
	actorType, externalID string
	// actor and actorData have what the actor has beside its type.
	actor, actorData, metadata []eventMember
	// extra has the context, under its own names, and all that has no other place.
	extra []eventMember
}

// partsOf sorts the attributes of a record.
func partsOf(r record.Record) eventParts {
	attributes := r.Log.Attributes()
	parts := eventParts{actorType: textOfAttribute(attributes, record.AttributeActorType)}
	var others []eventMember
	for name, value := range attributes.All() {
		if !parts.take(name, value) {
			others = append(others, eventMember{name, value})
		}
	}
	for _, other := range others {
		parts.addExtra(extraName(other.name), other.name, other.value)
	}
	if body := filter.Text(r.Log.Body()); body != r.Log.EventName() {
		parts.addExtra("message", "body", r.Log.Body())
	}
	return parts
}

// take puts an attribute where it belongs; ok is false if that is known only when all
// others have their place.
func (p *eventParts) take(name string, value pcommon.Value) (ok bool) {
	isUser := p.actorType == actorUser
	switch {
	case name == record.AttributeExternalID:
		p.externalID = value.AsString()
	case name == record.AttributeActorType, isAddedByDocket(name):
	case name == record.AttributeActorDescription:
		p.actor = append(p.actor, eventMember{"description", value})
	case isUser && name == record.AttributeUserName:
		p.actorData = append(p.actorData, eventMember{"name", value})
	case isUser && name == record.AttributeUserEmail:
		p.actorData = append(p.actorData, eventMember{"email", value})
	case isUser && name == record.AttributeUserID:
		p.actorData = append(p.actorData, eventMember{"internal_id", value})
	case strings.HasPrefix(name, prefixActorData):
		p.actorData = append(p.actorData, eventMember{name[len(prefixActorData):], value})
	case strings.HasPrefix(name, prefixActor):
		p.actor = append(p.actor, eventMember{name[len(prefixActor):], value})
	case strings.HasPrefix(name, prefixMetadata):
		p.metadata = append(p.metadata, eventMember{name[len(prefixMetadata):], value})
	case strings.HasPrefix(name, prefixContext):
		p.extra = append(p.extra, eventMember{name[len(prefixContext):], value})
	default:
		return false
	}
	return true
}

// isAddedByDocket reports whether an attribute is none that the sender gave.
func isAddedByDocket(name string) bool {
	switch name {
	case record.AttributeID, record.AttributeHash, record.AttributeAlertMatches, record.AttributeSource,
		record.AttributeIdempotencyKey, record.AttributeRequestDigest, record.AttributeRequestPosition:
		return true
	default:
		return false
	}
}

// extraName returns the name in extra of an attribute.
func extraName(name string) string {
	switch name {
	case record.AttributeClientAddress:
		return "ip"
	case record.AttributeUserAgent:
		return "user_agent"
	case record.AttributeTags:
		return "tags"
	default:
		return name
	}
}

// addExtra adds a member under the first of the names that is free. An attribute's own
// name always is, unless the context has it too, which then stands for both.
func (p *eventParts) addExtra(name, otherwise string, value pcommon.Value) {
	for _, name := range []string{name, otherwise} {
		if !slices.ContainsFunc(p.extra, func(m eventMember) bool { return m.name == name }) {
			p.extra = append(p.extra, eventMember{name, value})
			return
		}
	}
}

// appendActor appends the actor as it may be sent again.
func (p *eventParts) appendActor(dst []byte) []byte {
	dst = append(dst, '{')
	dst = appendString(appendName(dst, "type"), p.actorType)
	dst = appendEach(dst, p.actor)
	if len(p.actorData) > 0 {
		dst = appendMembers(appendName(dst, "data"), p.actorData)
	}
	return append(dst, '}')
}

func appendMembers(dst []byte, members []eventMember) []byte {
	return append(appendEach(append(dst, '{'), members), '}')
}

func appendEach(dst []byte, members []eventMember) []byte {
	for _, m := range members {
		dst = appendValue(appendName(dst, m.name), m.value)
	}
	return dst
}

// textOfAttribute returns the text of an attribute, "" if there is none.
func textOfAttribute(attributes pcommon.Map, name string) string {
	value, ok := attributes.Get(name)
	if !ok {
		return ""
	}
	return filter.Text(value)
}
