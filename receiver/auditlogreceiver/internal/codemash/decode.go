package codemash

import (
	"net/http"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/intake"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/jsondoc"
)

// defaultLevel is the level of a log that names none.
const defaultLevel = "Information"

// usualAttributes is the capacity that a log's attributes start with; it leaves
// room for those that the receiver adds.
const usualAttributes = 16

// keyOTLP is the key by which a request of OTLP/HTTP is recognised, which has the
// same path.
const keyOTLP = "resourceLogs"

// Decode reads one log into log, which must be empty. The error is a
// *jsondoc.Error or an *intake.Problem. A log names no project and no service.
func (f Format) Decode(document *jsondoc.Reader, log plog.LogRecord) (intake.Origin, error) {
	attributes := log.Attributes()
	attributes.EnsureCapacity(usualAttributes)
	var seen keys
	var message string
	isOTLP := false
	err := document.Document(func(key string) (err error) {
		isOTLP = isOTLP || key == keyOTLP
		name := strings.ToLower(key)
		switch name {
		case "message", "level", "items":
			if err = seen.add(name, document); err != nil {
				return err
			}
		}
		switch name {
		case "message":
			message, err = document.OptionalText()
		case "level":
			err = decodeLevel(document, log)
		case "items":
			err = decodeItems(document, attributes)
		default:
			err = document.Member(attributes, intake.AttributeName(key))
		}
		return err
	})
	missing := strings.TrimSpace(message) == ""
	switch {
	case isOTLP && (err != nil || missing):
		return intake.Origin{}, f.otlp(http.StatusBadRequest)
	case err != nil:
		return intake.Origin{}, err
	case missing:
		return intake.Origin{}, intake.Invalid(intake.Field{Name: "message", Message: "is required: a text that is not empty"})
	}
	log.Body().SetStr(message)
	if log.SeverityNumber() == plog.SeverityNumberUnspecified {
		log.SetSeverityNumber(plog.SeverityNumberInfo)
		log.SetSeverityText(defaultLevel)
	}
	return intake.Origin{}, nil
}

// keys are the known keys that were read already, to find Message beside message.
type keys [3]string

func (k *keys) add(name string, document *jsondoc.Reader) error {
	for i, known := range k {
		switch known {
		case "":
			k[i] = name
			return nil
		case name:
			return document.Fail("is a duplicate key: upper and lower case are the same here")
		}
	}
	return nil
}

// decodeLevel reads the level's name; null and "" mean the default.
func decodeLevel(document *jsondoc.Reader, log plog.LogRecord) error {
	text, err := document.OptionalText()
	if err != nil {
		return err
	}
	text = strings.TrimSpace(text)
	if text == "" {
		return nil
	}
	number, known := record.ParseSeverity(text)
	if !known {
		return document.Fail("must be Information, Warning or Error, or another common name of a level")
	}
	log.SetSeverityNumber(number)
	log.SetSeverityText(text)
	return nil
}

// decodeItems reads the items, whatever their values are. Null means none, and so
// does an empty array, as PHP writes an empty object.
func decodeItems(document *jsondoc.Reader, attributes pcommon.Map) error {
	if null, err := document.Null(); null || err != nil {
		return err
	}
	if document.Kind() != jsondoc.KindArray {
		return document.Members(attributes, "items.")
	}
	return document.Array(func() error {
		return document.Unexpected("makes its array no JSON object")
	})
}
