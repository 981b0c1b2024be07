package requestbody

// Field declares a field of a body.
type Field struct {
	Name string
	// Required fields must be given, unless the body is read by ReadPartial.
	Required bool
	// Nullable fields may be null, which sets the target to its zero value.
	Nullable bool
	// As says what the value must be, and where it goes.
	As Kind
}

// Kind is a type of values with a target.
type Kind interface {
	// read sets the target to the value, or returns what is wrong with it.
	read(given value) *Error
	// clear sets the target to its zero value.
	clear()
}

// Read reads the fields into their targets. The error is an *Error.
func (b Body) Read(fields []Field) error { return b.report(fields, false) }

// ReadPartial is Read for a change of what exists: no field is required.
func (b Body) ReadPartial(fields []Field) error { return b.report(fields, true) }

// report keeps a nil *Error from becoming an error.
func (b Body) report(fields []Field, isPartial bool) error {
	if wrong := b.read(fields, isPartial); wrong != nil {
		return wrong
	}
	return nil
}

func (b Body) read(fields []Field, isPartial bool) *Error {
	for _, field := range fields {
		given, ok := b.members[field.Name]
		if !ok && (isPartial || !field.Required) {
			continue
		}
		if !ok {
			return Wrong(CodeRequired, "is required").In(field.Name)
		}
		if wrong := field.read(given); wrong != nil {
			return wrong.In(field.Name)
		}
	}
	return nil
}

func (f Field) read(given value) *Error {
	switch {
	case !given.isNull():
		return f.As.read(given)
	case f.Nullable:
		f.As.clear()
		return nil
	default:
		return errNull()
	}
}

func errNull() *Error { return Wrong(CodeNull, "must not be null") }
