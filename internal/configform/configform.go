// Package configform reads from the configuration what the API reads from bodies, by the
// same fields (package requestbody): so that what one takes, the other does, and both say
// the same of what is wrong.
package configform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/docketlog/docket/internal/requestbody"
)

// keys are those that tell things of a configuration apart.
var keys = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$`) //nolint:gochecknoglobals // a constant

// CheckKey refuses a key that could not stand in a path, or is too long.
func CheckKey(key string) error {
	if !keys.MatchString(key) {
		return errors.New("write a key of 1 to 100 letters, digits, '_', '.' and '-' that begins with a letter or a digit")
	}
	return nil
}

// Form says what may be written of one thing.
type Form struct {
	// Of is what it is, with its article: "an alert".
	Of string
	// Fields are those that are read from the options.
	Fields []requestbody.Field
	// Others are the names of options that are read elsewhere.
	Others []string
}

// Body returns options as a body of the API. Unlike in a body, others than those of the
// form are an error, which is a *requestbody.Error.
func (f Form) Body(options map[string]any) (requestbody.Body, error) {
	known := slices.Clone(f.Others)
	for _, field := range f.Fields {
		known = append(known, field.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(options)) {
		if !slices.Contains(known, name) {
			return requestbody.Body{}, requestbody.Wrong(requestbody.CodeInvalidInput, "is no option of %s: write %s", f.Of, list(known)).In(name)
		}
	}
	if options == nil {
		options = map[string]any{}
	}
	text, err := marshal(options)
	if err != nil {
		return requestbody.Body{}, fmt.Errorf("write only what JSON has: %w", err)
	}
	return requestbody.Parse("application/json", text)
}

func list(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// marshal is json.Marshal that leaves characters as they are.
func marshal(value any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n")), err
}

// At says where in the configuration an error is; nil stays nil. The path is of the thing
// whose options were read.
func At(path string, err error) error {
	if err == nil {
		return nil
	}
	if wrong, ok := errors.AsType[*requestbody.Error](err); ok {
		if wrong.Attr != "" {
			path += "::" + strings.ReplaceAll(wrong.Attr, "__", "::")
		}
		return fmt.Errorf("%s: %s", path, wrong.Problem)
	}
	return fmt.Errorf("%s: %w", path, err)
}
