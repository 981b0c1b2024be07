package requestbody

import (
	"encoding/json"
	"strconv"
)

// Object is a JSON object of any content, which is kept as it is written.
type Object struct{ Into *json.RawMessage }

func (o Object) clear() { *o.Into = nil }

func (o Object) read(given value) *Error {
	raw := given.structured()
	if raw[0] != '{' {
		return Wrong(CodeNotADict, "must be an object")
	}
	*o.Into = raw
	return nil
}

// List is a list of items of one kind.
type List[T any] struct {
	// Into is set to a list that is not nil.
	Into *[]T
	// Item returns the kind of an item, with the item as its target.
	Item func(item *T) Kind
	// NotEmpty requires at least one item.
	NotEmpty bool
	// MaxItems is how many items there may be; 0 is any number.
	MaxItems int
}

func (l List[T]) clear() { *l.Into = nil }

func (l List[T]) read(given value) *Error {
	var items []json.RawMessage
	if err := json.Unmarshal(given.list(), &items); err != nil {
		return Wrong(CodeNotAList, "must be a list")
	}
	switch {
	case l.NotEmpty && len(items) == 0:
		return Wrong(CodeEmpty, "must have at least one item")
	case l.MaxItems > 0 && len(items) > l.MaxItems:
		return Wrong(CodeMaxLength, "must have no more than %d items", l.MaxItems)
	}
	read := make([]T, len(items))
	for n, item := range items {
		if wrong := (Field{As: l.Item(&read[n])}).read(value{json: item}); wrong != nil {
			return wrong.In(strconv.Itoa(n))
		}
	}
	*l.Into = read
	return nil
}

// Nested is an object with fields of its own. What is wrong with it as a whole has
// the name nonFieldErrors behind its own, as the framework has it.
type Nested struct {
	// Fields are read completely also by ReadPartial.
	Fields []Field
	// Check is a rule about several of the fields, or nil. It names the field that is
	// to blame by Error.In.
	Check func() *Error
	// Clear sets the targets to their zero values when a nullable object is null.
	// Without it they stay.
	Clear func()
}

const nonFieldErrors = "non_field_errors"

func (n Nested) clear() {
	if n.Clear != nil {
		n.Clear()
	}
}

func (n Nested) read(given value) *Error {
	raw := given.structured()
	if raw[0] != '{' {
		return Wrong(CodeInvalidInput, "must be an object").In(nonFieldErrors)
	}
	body, err := parseJSON(raw)
	if err != nil {
		return Wrong(CodeInvalidInput, "must be an object").In(nonFieldErrors)
	}
	if wrong := body.read(n.Fields, false); wrong != nil {
		return wrong
	}
	if n.Check == nil {
		return nil
	}
	return n.Check()
}
