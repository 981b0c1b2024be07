package requestbody

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"mime/multipart"
	"net/url"
	"slices"
	"unicode/utf8"
)

// Body holds the members of a body, not yet of any type.
type Body struct{ members map[string]value }

// Parse reads a body of a media type, as the header Content-Type has it: a JSON
// object, or a form. In a form, a field that is an object or a list is JSON, or a
// list is the same name several times. No body is one without members.
//
// Errors: *ParseError, *MediaTypeError, and *Error for JSON that is no object.
func Parse(contentType string, content []byte) (Body, error) {
	if len(content) == 0 {
		return Body{}, nil
	}
	mediaType, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		return Body{}, &MediaTypeError{MediaType: contentType}
	}
	switch mediaType {
	case "application/json":
		return parseJSON(content)
	case "application/x-www-form-urlencoded":
		return parseForm(content)
	case "multipart/form-data":
		return parseMultipart(content, parameters["boundary"])
	default:
		return Body{}, &MediaTypeError{MediaType: contentType}
	}
}

// placeOfError says where a text stops being JSON, and why.
func placeOfError(content []byte) string {
	var ignored json.RawMessage
	wrong, ok := errors.AsType[*json.SyntaxError](json.Unmarshal(content, &ignored))
	if !ok {
		return ""
	}
	return fmt.Sprintf(": byte %d: %s", wrong.Offset, wrong.Error())
}

func parseJSON(content []byte) (Body, error) {
	switch {
	case !utf8.Valid(content):
		return Body{}, &ParseError{Problem: "is not UTF-8"}
	case !json.Valid(content):
		return Body{}, &ParseError{Problem: "is not valid JSON" + placeOfError(content)}
	case bytes.TrimLeft(content, " \t\r\n")[0] != '{':
		return Body{}, Wrong(CodeInvalidInput, "must be a JSON object")
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(content, &members); err != nil {
		return Body{}, &ParseError{Problem: "is not valid JSON"}
	}
	body := Body{members: make(map[string]value, len(members))}
	for name, raw := range members {
		body.members[name] = value{json: raw}
	}
	return body, nil
}

func parseForm(content []byte) (Body, error) {
	form, err := url.ParseQuery(string(content))
	if err != nil {
		return Body{}, &ParseError{Problem: "is not a form: percent-encode every name and value"}
	}
	return bodyOfForm(form)
}

func parseMultipart(content []byte, boundary string) (Body, error) {
	// With room for all of it in memory, nothing is written to files.
	form, err := multipart.NewReader(bytes.NewReader(content), boundary).ReadForm(int64(len(content)))
	if err != nil {
		return Body{}, &ParseError{Problem: "is not a form of the media type multipart/form-data"}
	}
	return bodyOfForm(form.Value)
}

func bodyOfForm(form map[string][]string) (Body, error) {
	body := Body{members: make(map[string]value, len(form))}
	for name, texts := range form {
		if !utf8.ValidString(name) || slices.ContainsFunc(texts, func(text string) bool { return !utf8.ValidString(text) }) {
			return Body{}, &ParseError{Problem: "is not UTF-8"}
		}
		body.members[name] = value{form: texts}
	}
	return body, nil
}

// Has reports whether a field is given, if only as null.
func (b Body) Has(name string) bool {
	_, ok := b.members[name]
	return ok
}

// Members returns the JSON value of each field. What a form gives is a string.
func (b Body) Members() map[string]json.RawMessage {
	members := make(map[string]json.RawMessage, len(b.members))
	for name, given := range b.members {
		members[name] = given.scalar()
	}
	return members
}

// value is what is given for a field.
type value struct {
	json json.RawMessage
	// form has the texts that a form gives under one name, instead of json.
	form []string
}

// scalar is the value as JSON; of several in a form, the last.
func (v value) scalar() json.RawMessage {
	if v.form == nil {
		return v.json
	}
	return quoted(v.form[len(v.form)-1])
}

// structured is the value as JSON, which in a form is the text itself.
func (v value) structured() json.RawMessage {
	if v.form == nil {
		return v.json
	}
	if last := []byte(v.form[len(v.form)-1]); json.Valid(last) {
		return bytes.TrimSpace(last)
	}
	return v.scalar()
}

// list is the value as the JSON of a list, if it is one.
func (v value) list() json.RawMessage {
	if whole := v.structured(); v.form == nil || len(v.form) == 1 && whole[0] == '[' {
		return whole
	}
	items := []byte{'['}
	for n, text := range v.form {
		if n > 0 {
			items = append(items, ',')
		}
		items = append(items, quoted(text)...)
	}
	return append(items, ']')
}

func (v value) isNull() bool { return v.form == nil && string(v.json) == "null" }

// quoted returns valid UTF-8 as a JSON string.
func quoted(text string) json.RawMessage {
	encoded, _ := json.Marshal(text) // a string cannot fail
	return encoded
}
