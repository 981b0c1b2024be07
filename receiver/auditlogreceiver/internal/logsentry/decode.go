package logsentry

import (
	"math"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/intake"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/jsondoc"
)

// defaultLevel is the level of an entry that names none: Informational.
const defaultLevel = 6

// usualAttributes is the capacity that an entry's attributes start with; it leaves
// room for those that the receiver adds.
const usualAttributes = 16

// Decode reads one log entry into log, which must be empty. The error is a
// *jsondoc.Error or an *intake.Problem.
func (Format) Decode(document *jsondoc.Reader, log plog.LogRecord) (intake.Origin, error) {
	attributes := log.Attributes()
	attributes.EnsureCapacity(usualAttributes)
	var origin intake.Origin
	var message string
	err := document.Document(func(key string) (err error) {
		switch key {
		case "msg":
			message, err = document.OptionalText()
		case "level":
			err = decodeLevel(document, log)
		case "project":
			origin.Project, err = decodeProject(document)
		case "app":
			origin.Service, err = document.OptionalText()
		case "context", "user", "request":
			err = decodeDetail(document, attributes, key)
		default:
			err = document.Member(attributes, intake.AttributeName(key))
		}
		return err
	})
	if err != nil {
		return origin, err
	}
	if strings.TrimSpace(message) == "" {
		return origin, intake.Invalid(intake.Field{Name: "msg", Message: "is required: a text that is not empty"})
	}
	log.Body().SetStr(message)
	if log.SeverityNumber() == plog.SeverityNumberUnspecified {
		setSyslogLevel(log, defaultLevel)
	}
	return origin, nil
}

// decodeLevel reads the level: 0 to 7, also as a string, or the name of a
// severity, which is then the severity text. Null means the default.
func decodeLevel(document *jsondoc.Reader, log plog.LogRecord) error {
	switch document.Kind() {
	case jsondoc.KindNull:
		_, err := document.Null()
		return err
	case jsondoc.KindString:
		text, err := document.Text()
		if err != nil {
			return err
		}
		if setSyslogText(log, text) {
			return nil
		}
		// A text of digits that is no syslog level is not taken for pino's 10 to 60.
		if number, known := record.ParseSeverity(text); known && !startsWithDigit(text) {
			log.SetSeverityNumber(number)
			log.SetSeverityText(strings.TrimSpace(text))
			return nil
		}
	default:
		text, err := document.Number()
		if err != nil {
			return err
		}
		if setSyslogText(log, text) {
			return nil
		}
	}
	return document.Fail("must be 0 (Emergency) to 7 (Debug), or the name of a level")
}

// setSyslogText sets the level that is written as a whole number, and reports
// whether it is one.
func setSyslogText(log plog.LogRecord, text string) bool {
	level, ok := wholeNumber(text)
	return ok && level <= math.MaxInt8 && setSyslogLevel(log, int(level))
}

func setSyslogLevel(log plog.LogRecord, level int) bool {
	number, text, ok := record.FromSyslog(level)
	if ok {
		log.SetSeverityNumber(number)
		log.SetSeverityText(text)
	}
	return ok
}

// decodeProject reads the project's id: a number or a numeric string; null and ""
// name none.
func decodeProject(document *jsondoc.Reader) (text string, err error) {
	switch document.Kind() {
	case jsondoc.KindNumber:
		text, err = document.Number()
	default:
		text, err = document.OptionalText()
	}
	if err != nil || text == "" {
		return "", err
	}
	if project, ok := wholeNumber(text); ok && project > 0 {
		return strconv.FormatInt(project, 10), nil
	}
	return "", document.Fail("must be the number of a project")
}

// wholeNumber parses a whole number that is not negative. 3.0 and 3e0 are 3.
func wholeNumber(text string) (int64, bool) {
	text = strings.TrimSpace(text)
	if number, err := strconv.ParseInt(text, 10, 64); err == nil {
		return number, number >= 0
	}
	number, err := strconv.ParseFloat(text, 64)
	if err != nil || number < 0 || number > 1<<53 || number != math.Trunc(number) || !startsWithDigit(text) {
		return 0, false
	}
	return int64(number), true
}

func startsWithDigit(text string) bool {
	text = strings.TrimLeft(text, " \t\r\n+-")
	return text != "" && text[0] >= '0' && text[0] <= '9'
}

// decodeDetail reads context, user or request. An object becomes attributes
// "context.…", an array the attribute "context", and a string that holds either
// is read as what it holds; PHP writes an empty object as "[]", so an empty array
// is nothing. Any other string is kept as it is.
func decodeDetail(document *jsondoc.Reader, attributes pcommon.Map, key string) error {
	if document.Kind() != jsondoc.KindString {
		return decodeStructure(document, attributes, key)
	}
	text, err := document.Text()
	if err != nil || text == "" {
		return err
	}
	if jsondoc.IsDocument(text) {
		return document.Embedded(text, func(inner *jsondoc.Reader) error {
			return decodeStructure(inner, attributes, key)
		})
	}
	return intake.PutText(attributes, key, text, key)
}

func decodeStructure(document *jsondoc.Reader, attributes pcommon.Map, key string) error {
	switch document.Kind() {
	case jsondoc.KindNull:
		_, err := document.Null()
		return err
	case jsondoc.KindObject:
		return document.Members(attributes, key+".")
	case jsondoc.KindArray:
		if err := document.Member(attributes, key); err != nil {
			return err
		}
		if elements, ok := attributes.Get(key); ok && elements.Slice().Len() == 0 {
			attributes.Remove(key)
		}
		return nil
	case jsondoc.KindInvalid:
		_, err := document.Text() // the error of what is there instead of a value
		return err
	default:
		return document.Unexpected("must be an object, an array, or a string that holds one of them")
	}
}
