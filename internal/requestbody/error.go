package requestbody

import "fmt"

// Codes of an Error, in the words of Django REST framework and its error handler.
const (
	CodeRequired       = "required"
	CodeNull           = "null"
	CodeBlank          = "blank"
	CodeEmpty          = "empty"
	CodeMaxLength      = "max_length"
	CodeMinValue       = "min_value"
	CodeMaxValue       = "max_value"
	CodeInvalidInput   = "invalid_input"
	CodeInvalidChoice  = "invalid_choice"
	CodeNotADict       = "not_a_dict"
	CodeNotAList       = "not_a_list"
	CodeNullCharacters = "null_characters_not_allowed"
)

// Error says which field is wrong, and how.
type Error struct {
	// Code is one of the code constants.
	Code string
	// Attr is the field, after those that it is in and with "__" between them:
	// "columns__1__width". It is "" for the body as a whole.
	Attr string
	// Problem completes a sentence that begins with the field: "must be an integer".
	Problem string
	// Column is where in a text of the search box the mistake is, in characters from 1; 0
	// if the field has no such text.
	Column int
}

func (e *Error) Error() string {
	if e.Attr == "" {
		return "The body " + e.Problem + "."
	}
	return fmt.Sprintf("The field '%s' %s.", e.Attr, e.Problem)
}

// Wrong returns an error about the field whose rule returns it.
func Wrong(code, problem string, arguments ...any) *Error {
	return &Error{Code: code, Problem: fmt.Sprintf(problem, arguments...)}
}

// In returns the error as one of a field that is in another one, or is an item of it.
func (e *Error) In(name string) *Error {
	within := *e
	if within.Attr = name; e.Attr != "" {
		within.Attr += "__" + e.Attr
	}
	return &within
}

// ParseError says that a body is not written in its media type.
type ParseError struct {
	// Problem completes a sentence that begins with "The body".
	Problem string
}

func (e *ParseError) Error() string { return "The body " + e.Problem + "." }

// MediaTypeError says that a body is of a media type that is not read.
type MediaTypeError struct {
	// MediaType is as it was given; "" for none.
	MediaType string
}

func (*MediaTypeError) Error() string {
	return "Please send JSON, with the header Content-Type: application/json."
}
