package posthoglogs

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// member is a member of a JSON object.
type member struct {
	name  string
	value any
}

// marshalMembers returns an object with its members in their order.
func marshalMembers(members []member) ([]byte, error) {
	var buffer bytes.Buffer
	buffer.WriteByte('{')
	for i, m := range members {
		if i > 0 {
			buffer.WriteByte(',')
		}
		if err := appendJSON(&buffer, m.name); err != nil {
			return nil, err
		}
		buffer.WriteByte(':')
		if err := appendJSON(&buffer, m.value); err != nil {
			return nil, err
		}
	}
	buffer.WriteByte('}')
	return buffer.Bytes(), nil
}

// appendJSON writes a value without a line feed after it, and leaves <, > and & as
// they are.
func appendJSON(buffer *bytes.Buffer, value any) error {
	encoder := json.NewEncoder(buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("encode as JSON: %w", err)
	}
	buffer.Truncate(buffer.Len() - 1)
	return nil
}

// marshal returns a value as appendJSON writes it.
func marshal(value any) ([]byte, error) {
	var buffer bytes.Buffer
	err := appendJSON(&buffer, value)
	return buffer.Bytes(), err
}

// decodeJSON returns what a text of JSON has, with numbers as they are written.
func decodeJSON(text []byte) (value any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return nil, fmt.Errorf("decode JSON: %w", err)
	}
	return value, nil
}
