package logsapiextension

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/docketlog/docket/internal/requestbody"
)

// readBody returns the request's body, not yet of any type. No body is one without
// members.
func readBody(r *http.Request) (requestbody.Body, error) {
	content, err := io.ReadAll(r.Body)
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return requestbody.Body{}, tooLarge
	}
	if err != nil {
		return requestbody.Body{}, parseProblem("The body could not be read: " + err.Error() + ".")
	}
	return requestbody.Parse(r.Header.Get("Content-Type"), content)
}

// readFields reads the fields of the request's body into their targets.
func readFields(r *http.Request, fields []requestbody.Field) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	return body.Read(fields)
}

// problemOfBody puts in the terms of HTTP what is wrong with a body; nil for any
// other error.
func problemOfBody(err error) *problem {
	if wrong, ok := errors.AsType[*requestbody.Error](err); ok {
		p := fieldProblem(wrong.Code, wrong.Attr, "%s", wrong.Error())
		p.column = wrong.Column
		return p
	}
	if malformed, ok := errors.AsType[*requestbody.ParseError](err); ok {
		return parseProblem(malformed.Error())
	}
	if unread, ok := errors.AsType[*requestbody.MediaTypeError](err); ok {
		return &problem{
			status: http.StatusUnsupportedMediaType, code: codeUnsupportedMediaType,
			detail: fmt.Sprintf("%s %s is not read here.", unread.Error(), clip(unread.MediaType)),
		}
	}
	return nil
}

func parseProblem(detail string) *problem {
	return &problem{status: http.StatusBadRequest, code: codeParseError, detail: detail}
}
