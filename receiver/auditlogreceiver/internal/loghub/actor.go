package loghub

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/intake"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/jsondoc"
)

// Types of actor.
const (
	actorUser   = "user"
	actorSystem = "system"
)

// actor is who performed an action: a user with data, or a system with a
// description.
type actor struct {
	kind        string
	description string
	name        string
	email       string
	id          string
}

// read reads an actor. What is not known about it goes to attributes.
func (a *actor) read(document *jsondoc.Reader, attributes pcommon.Map) error {
	return document.Object(func(key string) (err error) {
		switch key {
		case "type":
			a.kind, err = document.OptionalText()
			a.kind = strings.ToLower(a.kind)
		case "description":
			err = a.readDescription(document)
		case "data":
			_, err = readObject(document, func(key string) error { return a.readData(document, attributes, key) })
		default:
			err = document.Member(attributes, "actor."+key)
		}
		return err
	})
}

func (a *actor) readData(document *jsondoc.Reader, attributes pcommon.Map, key string) (err error) {
	switch key {
	case "name":
		a.name, err = document.OptionalText()
	case "email":
		a.email, err = document.OptionalText()
	case "internal_id":
		a.id, err = readID(document)
	case "description":
		err = a.readDescription(document)
	default:
		err = document.Member(attributes, "actor.data."+key)
	}
	return err
}

// readDescription reads a description, which may stand in the actor or in its
// data. Of two different ones, neither may get lost.
func (a *actor) readDescription(document *jsondoc.Reader) error {
	text, err := document.OptionalText()
	switch {
	case err != nil || text == "":
		return err
	case a.description != "" && a.description != text:
		return document.Fail("differs from the actor's other description: send only one of them")
	}
	a.description = text
	return nil
}

// missing lists what the actor lacks, and settles the type of a system that is
// only described.
func (a *actor) missing() []intake.Field {
	describes := strings.TrimSpace(a.description) != ""
	if a.kind == "" && describes {
		a.kind = actorSystem
	}
	switch a.kind {
	case actorUser:
		if a.name == "" && a.email == "" && a.id == "" {
			return []intake.Field{{Name: "actor.data", Message: "is required for a user: an object with name, email or internal_id"}}
		}
	case actorSystem:
		if !describes {
			return []intake.Field{{Name: "actor.description", Message: "is required for a system: a text that says which"}}
		}
	default:
		return []intake.Field{{Name: "actor.type", Message: `must be "user" or "system"`}}
	}
	return nil
}

// put adds the actor's attributes.
func (a *actor) put(attributes pcommon.Map) error {
	attributes.PutStr(record.AttributeActorType, a.kind)
	if a.description != "" {
		attributes.PutStr(record.AttributeActorDescription, a.description)
	}
	id, name, email := record.AttributeUserID, record.AttributeUserName, record.AttributeUserEmail
	if a.kind == actorSystem {
		// A system is no user, but what was sent about it is kept.
		id, name, email = "actor.data.internal_id", "actor.data.name", "actor.data.email"
	}
	if err := intake.PutText(attributes, id, a.id, "actor.data.internal_id"); err != nil {
		return err
	}
	if err := intake.PutText(attributes, name, a.name, "actor.data.name"); err != nil {
		return err
	}
	return intake.PutText(attributes, email, a.email, "actor.data.email")
}
