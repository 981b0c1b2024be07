package jsondoc

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// usualMembers is the capacity that a nested object starts with.
const usualMembers = 4

// A Reader keeps the names that it has put together, as most documents have the names
// that others had: at most maxNames of at most maxNameBytes.
const maxNames, maxNameBytes = 1024, 128

// Kind is the kind of a JSON value.
type Kind byte

// The kinds. KindInvalid is that of a place where no value starts; reading there
// gives the error.
const (
	KindInvalid Kind = iota
	KindNull
	KindBool
	KindNumber
	KindString
	KindObject
	KindArray
)

// Reader reads one document from its start to its end. Reset makes it ready; it
// may be used for many documents, one after the other, and by one goroutine at a
// time. Every error is an *Error, after which the Reader must be Reset.
type Reader struct {
	tokens jsontext.Decoder
	source bytes.Buffer
	// document is a copy of the input. Strings that are written without escapes
	// are cut from it, which saves one allocation for each.
	document string
	limits   Limits
	// attributes is the number of members and elements kept so far.
	attributes int
	// path and depth say where the document stands in another one (Embedded).
	path  string
	depth int
	// inner reads embedded documents, and is kept for the next one.
	inner *Reader
	// names are those that join has put together lately, and name is where it does so.
	names map[string]string
	name  []byte
}

// Reset starts to read data, which must not change until the document is read.
// Nothing that a Reader returns aliases it.
func (r *Reader) Reset(data []byte, limits Limits) {
	r.limits, r.attributes, r.path, r.depth = limits, 0, "", 0
	r.start(data, string(data))
}

func (r *Reader) start(data []byte, document string) {
	r.document = document
	r.source = *bytes.NewBuffer(data)
	r.tokens.Reset(&r.source)
}

// Kind returns the kind of the next value without reading it.
func (r *Reader) Kind() Kind {
	switch r.tokens.PeekKind() {
	case jsontext.KindNull:
		return KindNull
	case jsontext.KindFalse, jsontext.KindTrue:
		return KindBool
	case jsontext.KindString:
		return KindString
	case jsontext.KindNumber:
		return KindNumber
	case jsontext.KindBeginObject:
		return KindObject
	case jsontext.KindBeginArray:
		return KindArray
	default:
		return KindInvalid
	}
}

// Document reads the whole document, which must be one object, and calls visit
// for each of its members. See Object.
func (r *Reader) Document(visit func(key string) error) error {
	if err := r.Object(visit); err != nil {
		return err
	}
	switch _, err := r.tokens.ReadToken(); {
	case err == nil:
		return &Error{Field: r.path, Message: "holds more than one JSON value: send several records as an array or as application/x-ndjson"}
	case errors.Is(err, io.EOF):
		return nil
	default:
		return syntaxError(err, r.path)
	}
}

// Object reads an object and calls visit for each member, which must read the
// member's value. Anything else than an object is an error.
func (r *Reader) Object(visit func(key string) error) error {
	if kind := r.Kind(); kind != KindObject && kind != KindInvalid {
		return r.Unexpected("must be a JSON object")
	}
	if err := r.open(); err != nil {
		return err
	}
	for r.tokens.PeekKind() != jsontext.KindEndObject {
		key, err := r.text()
		if err != nil {
			return err
		}
		if err := visit(key); err != nil {
			return err
		}
	}
	_, err := r.token()
	return err
}

// Array reads an array and calls visit for each element, which must read it.
// Anything else than an array is an error.
func (r *Reader) Array(visit func() error) error {
	if kind := r.Kind(); kind != KindArray && kind != KindInvalid {
		return r.Unexpected("must be a JSON array")
	}
	if err := r.open(); err != nil {
		return err
	}
	for r.tokens.PeekKind() != jsontext.KindEndArray {
		if err := visit(); err != nil {
			return err
		}
	}
	_, err := r.token()
	return err
}

// Null reads a null, if one is next, and reports whether it was.
func (r *Reader) Null() (bool, error) {
	if r.tokens.PeekKind() != jsontext.KindNull {
		return false, nil
	}
	_, err := r.token()
	return err == nil, err
}

// Text reads a string. Anything else is an error.
func (r *Reader) Text() (string, error) {
	if kind := r.Kind(); kind != KindString && kind != KindInvalid {
		return "", r.Unexpected("must be a string")
	}
	return r.text()
}

// OptionalText reads a string or a null, which counts as "".
func (r *Reader) OptionalText() (string, error) {
	if null, err := r.Null(); null || err != nil {
		return "", err
	}
	return r.Text()
}

// Number reads a number and returns it as it is written. Anything else is an
// error. The text is a JSON number within float64.
func (r *Reader) Number() (string, error) {
	if kind := r.Kind(); kind != KindNumber && kind != KindInvalid {
		return "", r.Unexpected("must be a number")
	}
	text, err := r.raw()
	if err != nil {
		return "", err
	}
	if _, err := strconv.ParseFloat(text, 64); err != nil {
		return "", r.beyondFloat()
	}
	return text, nil
}

// Field returns the path of the value that was read last, or whose reading
// failed.
func (r *Reader) Field() string {
	return joinPath(r.path, r.tokens.StackPointer())
}

// Fail returns the error of the value that was read last; message completes a
// sentence that starts with the field.
func (r *Reader) Fail(message string) error {
	return &Error{Field: r.Field(), Message: message}
}

// Unexpected returns the error of a next value that has the wrong kind. It reads
// the value's first token, so that the path is that of the value.
func (r *Reader) Unexpected(message string) error {
	if _, err := r.token(); err != nil {
		return err
	}
	return r.Fail(message)
}

// Value reads a value of any kind into destination, nested values as maps and
// slices. A null leaves it empty.
func (r *Reader) Value(destination pcommon.Value) error {
	if err := r.count(); err != nil {
		return err
	}
	switch r.tokens.PeekKind() {
	case jsontext.KindBeginObject:
		members := destination.SetEmptyMap()
		members.EnsureCapacity(usualMembers)
		return r.members(members, "")
	case jsontext.KindBeginArray:
		return r.Elements(destination.SetEmptySlice())
	case jsontext.KindString:
		text, err := r.text()
		if err != nil {
			return err
		}
		destination.SetStr(text)
		return nil
	case jsontext.KindNumber:
		text, err := r.raw()
		if err != nil {
			return err
		}
		return r.number(text, destination)
	default:
		token, err := r.token()
		if err != nil {
			return err
		}
		if token.Kind() != jsontext.KindNull {
			destination.SetBool(token.Bool())
		}
		return nil
	}
}

// Members reads an object and adds each member to destination, its key behind
// prefix. A key that destination has already is an error.
func (r *Reader) Members(destination pcommon.Map, prefix string) error {
	if kind := r.Kind(); kind != KindObject && kind != KindInvalid {
		return r.Unexpected("must be a JSON object")
	}
	return r.members(destination, prefix)
}

// Elements reads an array and appends each element to destination.
func (r *Reader) Elements(destination pcommon.Slice) error {
	return r.Array(func() error { return r.Value(destination.AppendEmpty()) })
}

// Member reads a value into destination under key. A key that destination has
// already is an error.
func (r *Reader) Member(destination pcommon.Map, key string) error {
	value, exists := destination.GetOrPutEmpty(key)
	if exists {
		return r.Fail("stands for the attribute " + strconv.Quote(key) + ", which another field gives already")
	}
	return r.Value(value)
}

// Embedded reads a document that is written into a string of this one, with read.
// Limits and paths go on as if it stood there without the quotes.
func (r *Reader) Embedded(text string, read func(inner *Reader) error) error {
	if r.inner == nil {
		r.inner = new(Reader)
	}
	inner := r.inner
	inner.limits, inner.attributes = r.limits, r.attributes
	inner.path, inner.depth = r.Field(), r.depth+r.tokens.StackDepth()
	inner.start([]byte(text), text)
	err := read(inner)
	r.attributes = inner.attributes
	return err
}

// IsDocument reports whether text is a JSON object or array, regardless of what
// is strict about a Reader.
func IsDocument(text string) bool {
	text = strings.TrimLeft(text, " \t\r\n")
	if text == "" || text[0] != '{' && text[0] != '[' {
		return false
	}
	return jsontext.Value(text).IsValid(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

func (r *Reader) members(destination pcommon.Map, prefix string) error {
	return r.Object(func(key string) error { return r.Member(destination, r.join(prefix, key)) })
}

// join is prefix+key, made once for all documents that have it.
func (r *Reader) join(prefix, key string) string {
	if prefix == "" || len(prefix)+len(key) > maxNameBytes {
		return prefix + key
	}
	r.name = append(append(r.name[:0], prefix...), key...)
	if name, ok := r.names[string(r.name)]; ok {
		return name
	}
	if r.names == nil {
		r.names = map[string]string{}
	}
	if len(r.names) == maxNames {
		clear(r.names)
	}
	name := string(r.name)
	r.names[name] = name
	return name
}

// number writes a number into destination: a double, or an int when it is written
// with digits alone. Digits beyond int64 are kept as their text: they are ids more
// often than amounts, and a double would silently change the last ones.
func (r *Reader) number(text string, destination pcommon.Value) error {
	isWhole := !strings.ContainsAny(text, ".eE")
	if isWhole {
		if integer, err := strconv.ParseInt(text, 10, 64); err == nil {
			destination.SetInt(integer)
			return nil
		}
	}
	double, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil:
		return r.beyondFloat()
	case isWhole:
		destination.SetStr(text)
	default:
		destination.SetDouble(double)
	}
	return nil
}

// open reads the brace or bracket that is next and checks the depth.
func (r *Reader) open() error {
	if _, err := r.token(); err != nil {
		return err
	}
	if r.depth+r.tokens.StackDepth() > r.limits.Depth {
		return r.Fail("is nested deeper than the limit of " + strconv.Itoa(r.limits.Depth) + " levels (max_depth)")
	}
	return nil
}

// count checks the number of attributes before one more is kept.
func (r *Reader) count() error {
	r.attributes++
	if r.attributes > r.limits.Attributes {
		return r.Fail("is over the limit of " + strconv.Itoa(r.limits.Attributes) + " attributes in a record (max_attributes)")
	}
	return nil
}

// text reads the string that is next, which must be one.
func (r *Reader) text() (string, error) {
	raw, err := r.raw()
	if err != nil {
		return "", err
	}
	if strings.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1], nil
	}
	text, err := jsontext.AppendUnquote(nil, raw)
	if err != nil {
		return "", syntaxError(err, r.path)
	}
	// Without an escape, a NUL is no valid JSON.
	if bytes.IndexByte(text, 0) >= 0 {
		return "", r.Fail("must not hold a NUL character")
	}
	return string(text), nil
}

// raw reads the value that is next, a string or a number, and returns it as it
// is written.
func (r *Reader) raw() (string, error) {
	value, err := r.tokens.ReadValue()
	if err != nil {
		return "", syntaxError(err, r.path)
	}
	end := int(r.tokens.InputOffset())
	return r.document[end-len(value) : end], nil
}

func (r *Reader) token() (jsontext.Token, error) {
	token, err := r.tokens.ReadToken()
	if err != nil {
		return token, syntaxError(err, r.path)
	}
	return token, nil
}

func (r *Reader) beyondFloat() error {
	return r.Fail("is a number beyond the limit of a 64-bit float (about 1.8e308)")
}
