package loghub

import (
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/intake"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/jsondoc"
)

// usualAttributes is the capacity that an event's attributes start with; it leaves
// room for those that the receiver adds.
const usualAttributes = 24

// event is what Decode has read of an event beside its attributes.
type event struct {
	attributes pcommon.Map
	actor      actor
	action     string
	message    string
	externalID string
	location   string
	userAgent  string
	// severity is the word that the event itself uses for its severity,
	// metadataSeverity the one in its metadata.
	severity         string
	metadataSeverity string

	hasActor, hasMetadata, hasContext bool
}

// Decode reads one event into log, which must be empty. The error is a
// *jsondoc.Error or an *intake.Problem. An event names no project and no service.
func (Format) Decode(document *jsondoc.Reader, log plog.LogRecord) (intake.Origin, error) {
	e := event{attributes: log.Attributes()}
	e.attributes.EnsureCapacity(usualAttributes)
	if err := document.Document(func(key string) error { return e.readMember(document, key) }); err != nil {
		return intake.Origin{}, err
	}
	if missing := e.missing(); len(missing) > 0 {
		return intake.Origin{}, intake.Invalid(missing...)
	}
	e.describe(log)
	return intake.Origin{}, e.putKnown()
}

func (e *event) readMember(document *jsondoc.Reader, key string) (err error) {
	switch key {
	case "actor":
		e.hasActor = true
		err = e.actor.read(document, e.attributes)
	case "action":
		e.action, err = document.OptionalText()
	case "metadata":
		e.hasMetadata, err = readObject(document, func(key string) error { return e.readMetadata(document, key) })
	case "external_id":
		e.externalID, err = readID(document)
	case "tags":
		err = e.readTags(document)
	case "context":
		e.hasContext, err = readObject(document, func(key string) error { return e.readContext(document, key) })
	case "message":
		if document.Kind() != jsondoc.KindString {
			return document.Member(e.attributes, key)
		}
		e.message, err = document.Text()
	case "level", "severity":
		e.severity, err = e.readSeverity(document, key)
	default:
		err = document.Member(e.attributes, intake.AttributeName(key))
	}
	return err
}

func (e *event) readMetadata(document *jsondoc.Reader, key string) (err error) {
	if key == "level" || key == "severity" {
		e.metadataSeverity, err = e.readSeverity(document, "metadata."+key)
		return err
	}
	return document.Member(e.attributes, "metadata."+key)
}

func (e *event) readContext(document *jsondoc.Reader, key string) (err error) {
	switch key {
	case "location":
		e.location, err = document.OptionalText()
	case "user_agent":
		e.userAgent, err = document.OptionalText()
	default:
		err = document.Member(e.attributes, "context."+key)
	}
	return err
}

// readSeverity keeps a value as an attribute, whatever it is, and returns it when
// it is a word for a severity.
func (e *event) readSeverity(document *jsondoc.Reader, name string) (string, error) {
	if err := document.Member(e.attributes, name); err != nil {
		return "", err
	}
	value, _ := e.attributes.Get(name)
	if value.Type() != pcommon.ValueTypeStr {
		return "", nil
	}
	if _, known := record.ParseSeverity(value.Str()); !known {
		return "", nil
	}
	return value.Str(), nil
}

// readTags reads tags, which must be strings; null means none.
func (e *event) readTags(document *jsondoc.Reader) error {
	if null, err := document.Null(); null || err != nil {
		return err
	}
	tags := pcommon.NewSlice()
	err := document.Array(func() error {
		if kind := document.Kind(); kind != jsondoc.KindString && kind != jsondoc.KindInvalid {
			return document.Unexpected("must be a string")
		}
		return document.Value(tags.AppendEmpty())
	})
	if err != nil || tags.Len() == 0 {
		return err
	}
	tags.MoveAndAppendTo(e.attributes.PutEmptySlice(record.AttributeTags))
	return nil
}

// missing lists the required fields that the event lacks.
func (e *event) missing() []intake.Field {
	var missing []intake.Field
	require := func(present bool, name, message string) {
		if !present {
			missing = append(missing, intake.Field{Name: name, Message: message})
		}
	}
	require(e.hasActor, "actor", "is required: an object that says who acted")
	if e.hasActor {
		missing = append(missing, e.actor.missing()...)
	}
	require(strings.TrimSpace(e.action) != "", "action", "is required: a text that is not empty")
	require(e.hasMetadata, "metadata", "is required: an object, which may be empty")
	require(e.externalID != "", "external_id", "is required: a text or a number")
	require(e.hasContext, "context", "is required: an object, which may be empty")
	return missing
}

// describe sets event name, body and severity.
func (e *event) describe(log plog.LogRecord) {
	log.SetEventName(e.action)
	if strings.TrimSpace(e.message) != "" {
		log.Body().SetStr(e.message)
	} else {
		log.Body().SetStr(e.action)
	}
	word := e.severity
	if word == "" {
		word = e.metadataSeverity
	}
	if number, known := record.ParseSeverity(word); known {
		log.SetSeverityNumber(number)
		log.SetSeverityText(word)
		return
	}
	log.SetSeverityNumber(plog.SeverityNumberInfo)
	log.SetSeverityText("INFO")
}

// putKnown adds the attributes of the fields that are known. They come last, so
// that an unknown key of the same name is found and not overwritten.
func (e *event) putKnown() error {
	if err := e.actor.put(e.attributes); err != nil {
		return err
	}
	e.attributes.PutStr(record.AttributeExternalID, e.externalID)
	if err := intake.PutText(e.attributes, record.AttributeClientAddress, e.location, "context.location"); err != nil {
		return err
	}
	return intake.PutText(e.attributes, record.AttributeUserAgent, e.userAgent, "context.user_agent")
}

// readObject reads an object and reports that it was there. Null counts as absent,
// and an empty array as an empty object, as PHP writes that.
func readObject(document *jsondoc.Reader, visit func(key string) error) (bool, error) {
	if null, err := document.Null(); null || err != nil {
		return false, err
	}
	if document.Kind() != jsondoc.KindArray {
		return true, document.Object(visit)
	}
	return true, document.Array(func() error {
		return document.Unexpected("makes its array no JSON object")
	})
}

// readID reads an id, a string or a number, as a string: 1, 1.0 and "1" are the
// same. Null counts as "".
func readID(document *jsondoc.Reader) (string, error) {
	if document.Kind() != jsondoc.KindNumber {
		text, err := document.OptionalText()
		return strings.TrimSpace(text), err
	}
	text, err := document.Number()
	if err != nil || !strings.ContainsAny(text, ".eE") {
		return text, err
	}
	number, err := strconv.ParseFloat(text, 64)
	return strconv.FormatFloat(number, 'f', -1, 64), err
}
