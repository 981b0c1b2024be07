package intake

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/jsondoc"
)

// Problem is why a request, or one record of it, is refused. All of it may be
// shown to whoever sent it.
type Problem struct {
	// Status is the HTTP status of a request that has only this problem.
	Status int
	// Message says what is wrong and what to do about it.
	Message string
	// Fields are the fields that are wrong, if any can be named.
	Fields []Field
	// RetryAfter is when to try again; 0 when that would not help.
	RetryAfter time.Duration
}

// Field is what is wrong with one field.
type Field struct {
	// Name is the path of the field ("actor.data.email"), or the name of a header.
	Name string
	// Message completes a sentence that starts with the name: "is required".
	Message string
}

func (p *Problem) Error() string { return p.Message }

// Refuse returns a problem that is about no field.
func Refuse(status int, message string) *Problem {
	return &Problem{Status: status, Message: message}
}

// Invalid returns the problem of a request with wrong fields: 400.
func Invalid(fields ...Field) *Problem {
	sentences := make([]string, len(fields))
	for i, field := range fields {
		sentences[i] = field.Name + " " + field.Message
	}
	return &Problem{Status: http.StatusBadRequest, Message: strings.Join(sentences, "; "), Fields: fields}
}

// ProblemOf returns the problem that the decoding of a record ended with.
func ProblemOf(err error) *Problem {
	var problem *Problem
	if errors.As(err, &problem) {
		return problem
	}
	var document *jsondoc.Error
	if errors.As(err, &document) && document.Field != "" {
		return Invalid(Field{Name: document.Field, Message: document.Message})
	}
	return Refuse(http.StatusBadRequest, err.Error())
}
