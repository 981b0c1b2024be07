package jsondoc

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Limits bound a document. Both must be positive.
type Limits struct {
	// Depth is the largest number of objects and arrays around a value. The
	// document's own braces count as one.
	Depth int
	// Attributes is the largest number of members and elements that are kept,
	// at all depths together.
	Attributes int
}

// Error says why a document is refused. It may be shown to whoever sent it.
type Error struct {
	// Field is the path of the offending field, with dots: "context.user.0.name".
	// It is "" when the document as a whole is wrong.
	Field string
	// Message completes a sentence that starts with the field: "must be a string".
	Message string
}

func (e *Error) Error() string {
	if e.Field == "" {
		return "the record " + e.Message
	}
	return e.Field + " " + e.Message
}

// syntaxError turns what the tokenizer reports into an *Error. Prefix is the
// path of the document within another one.
func syntaxError(err error, prefix string) *Error {
	if errors.Is(err, io.EOF) {
		return &Error{Field: prefix, Message: "is empty: send a JSON object"}
	}
	var syntactic *jsontext.SyntacticError
	if !errors.As(err, &syntactic) {
		return &Error{Field: prefix, Message: "is not valid JSON: " + err.Error()}
	}
	if errors.Is(syntactic.Err, jsontext.ErrDuplicateName) {
		return &Error{Field: joinPath(prefix, syntactic.JSONPointer), Message: "is a duplicate key: write it once"}
	}
	if errors.Is(syntactic.Err, io.ErrUnexpectedEOF) {
		return &Error{Field: prefix, Message: "is not valid JSON: it ends too early"}
	}
	field := prefix
	if isTextError(syntactic.Err) {
		field = joinPath(prefix, syntactic.JSONPointer)
	}
	return &Error{
		Field:   field,
		Message: fmt.Sprintf("is not valid JSON at byte %d: %v", syntactic.ByteOffset, syntactic.Err),
	}
}

// isTextError reports whether err is about the characters of a string, so that
// the pointer to the string is worth telling.
func isTextError(err error) bool {
	return strings.Contains(err.Error(), "UTF-8") || strings.Contains(err.Error(), "surrogate")
}

// joinPath appends the tokens of a JSON pointer to a path.
func joinPath(path string, pointer jsontext.Pointer) string {
	for token := range pointer.Tokens() {
		if path != "" {
			path += "."
		}
		path += token
	}
	return path
}
