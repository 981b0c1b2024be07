package logsapiextension

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// fields are the fields of a request's body, not yet of any type. Their methods
// take what Django REST framework's fields take: a number for a text, a text for
// a number.
type fields map[string]json.RawMessage

// readBody returns the JSON object that is the request's body. No body is an
// empty object.
func readBody(r *http.Request) (fields, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, tooLarge
		}
		return nil, parseProblem("The body could not be read: " + err.Error() + ".")
	}
	if len(body) == 0 {
		return fields{}, nil
	}
	if mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); mediaType != "application/json" {
		return nil, &problem{
			status: http.StatusUnsupportedMediaType, code: codeUnsupportedMediaType,
			detail: "Please send JSON, with the header Content-Type: application/json.",
		}
	}
	switch {
	case !utf8.Valid(body):
		return nil, parseProblem("The body is not UTF-8.")
	case !json.Valid(body):
		return nil, parseProblem("The body is not valid JSON.")
	case bytes.TrimLeft(body, " \t\r\n")[0] != '{':
		return nil, fieldProblem(codeInvalidInput, "", "The body must be a JSON object.")
	}
	var decoded fields
	if err := json.Unmarshal(body, &decoded); err != nil {
		return nil, parseProblem("The body is not valid JSON.")
	}
	return decoded, nil
}

func parseProblem(detail string) *problem {
	return &problem{status: http.StatusBadRequest, code: codeParseError, detail: detail}
}

// text returns a required text of 1 to maxLength characters, without the white
// space around it.
func (f fields) text(name string, maxLength int) (string, error) {
	value, err := f.required(name)
	if err != nil {
		return "", err
	}
	text, err := textOf(name, value)
	if err != nil {
		return "", err
	}
	switch text = strings.TrimSpace(text); {
	case text == "":
		return "", fieldProblem(codeBlank, name, "The field '%s' must not be blank.", name)
	case utf8.RuneCountInString(text) > maxLength:
		return "", fieldProblem(codeMaxLength, name, "The field '%s' must have no more than %d characters.", name, maxLength)
	}
	return text, nil
}

// optionalText returns a text without the white space around it; none, or null,
// is "".
func (f fields) optionalText(name string) (string, error) {
	value, ok := f[name]
	if !ok || isNull(value) {
		return "", nil
	}
	text, err := textOf(name, value)
	return strings.TrimSpace(text), err
}

// texts returns a required list of at least one text.
func (f fields) texts(name string) ([]string, error) {
	value, err := f.required(name)
	if err != nil {
		return nil, err
	}
	items, err := listOf(name, value)
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, fieldProblem(codeEmpty, name, "The field '%s' must have at least one item.", name)
	}
	texts := make([]string, len(items))
	for n, item := range items {
		if texts[n], err = textOf(name, item); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

// optionalIntegers returns a list of integers; none, or null, is nil.
func (f fields) optionalIntegers(name string) ([]int64, error) {
	value, ok := f[name]
	if !ok || isNull(value) {
		return nil, nil
	}
	items, err := listOf(name, value)
	if err != nil {
		return nil, err
	}
	integers := make([]int64, len(items))
	for n, item := range items {
		if integers[n], err = integerOf(name, item); err != nil {
			return nil, err
		}
	}
	return integers, nil
}

func (f fields) required(name string) (json.RawMessage, error) {
	value, ok := f[name]
	if !ok {
		return nil, fieldProblem(codeRequired, name, "The field '%s' is required.", name)
	}
	if isNull(value) {
		return nil, fieldProblem(codeNull, name, "The field '%s' must not be null.", name)
	}
	return value, nil
}

func isNull(value json.RawMessage) bool { return string(value) == "null" }

// textOf returns a JSON string, or a JSON number as it is written.
func textOf(name string, value json.RawMessage) (string, error) {
	var text string
	if err := json.Unmarshal(value, &text); err != nil || isNull(value) {
		var number json.Number
		if err := json.Unmarshal(value, &number); err != nil || number == "" {
			return "", fieldProblem(codeInvalidInput, name, "The field '%s' must be a string.", name)
		}
		return number.String(), nil
	}
	if strings.ContainsRune(text, 0) {
		return "", fieldProblem(codeNullCharacters, name, "The field '%s' must not have NUL characters.", name)
	}
	return text, nil
}

// zeroFraction is what an integer may have behind it.
var zeroFraction = regexp.MustCompile(`\.0*$`)

// integerOf returns an integer that is written 10, 10.0, "10" or "10.0".
func integerOf(name string, value json.RawMessage) (int64, error) {
	text, err := textOf(name, value)
	if err != nil {
		return 0, fieldProblem(codeInvalidInput, name, "The field '%s' must be an integer.", name)
	}
	integer, err := strconv.ParseInt(zeroFraction.ReplaceAllString(strings.TrimSpace(text), ""), 10, 64)
	if err != nil {
		return 0, fieldProblem(codeInvalidInput, name, "The field '%s' must be an integer.", name)
	}
	return integer, nil
}

func listOf(name string, value json.RawMessage) ([]json.RawMessage, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(value, &items); err != nil {
		return nil, fieldProblem(codeNotAList, name, "The field '%s' must be a list.", name)
	}
	return items, nil
}
