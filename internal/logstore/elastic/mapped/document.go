package mapped

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore/elastic/searches"
	"github.com/docketlog/docket/internal/record"
)

// Attributes that say where a document is. Sources cannot have such fields.
const (
	attributeIndex      = "_index"
	attributeDocumentID = "_id"
)

// recordOf returns the record that a document becomes.
func (b *Backend) recordOf(found searches.Hit) (record.Record, error) {
	timestamp, err := b.timestampOf(found)
	if err != nil {
		return record.Record{}, fmt.Errorf("document %s of index %s: %w", found.ID, found.Index, err)
	}
	r := record.New()
	attributes := r.Log.Attributes()
	if err := decodeSource(found.Source, attributes); err != nil {
		return record.Record{}, fmt.Errorf("document %s of index %s: %w", found.ID, found.Index, err)
	}
	mapping := b.config.Mapping
	take(attributes, mapping.Timestamp)
	r.Log.SetTimestamp(timestamp)
	r.Resource.Attributes().PutInt(record.AttributeProjectID, b.config.ProjectID)
	if service, ok := take(attributes, mapping.Service); ok {
		r.Resource.Attributes().PutStr(record.AttributeServiceName, filter.Text(service))
	}
	if body, ok := take(attributes, mapping.Body); ok {
		body.CopyTo(r.Log.Body())
	}
	if level, ok := take(attributes, mapping.Level); ok {
		text := filter.Text(level)
		r.Log.SetSeverityText(text)
		if number, ok := record.ParseSeverity(text); ok {
			r.Log.SetSeverityNumber(number)
		}
	}
	if name, ok := take(attributes, mapping.EventName); ok {
		r.Log.SetEventName(filter.Text(name))
	}
	if trace, ok := take(attributes, mapping.TraceID); ok {
		setTraceID(r, mapping.TraceID, trace)
	}
	if span, ok := take(attributes, mapping.SpanID); ok {
		setSpanID(r, mapping.SpanID, span)
	}
	id := found.ID
	if value, ok := take(attributes, mapping.ID); ok {
		id = filter.Text(value)
	}
	attributes.PutStr(record.AttributeID, idOf(id))
	attributes.PutStr(attributeIndex, found.Index)
	attributes.PutStr(attributeDocumentID, found.ID)
	return r, nil
}

// timestampOf returns the timestamp of a document, as its index has it.
func (b *Backend) timestampOf(found searches.Hit) (pcommon.Timestamp, error) {
	var text string
	values := found.Fields[b.config.Mapping.Timestamp]
	if len(values) == 0 {
		return 0, fmt.Errorf("field %s has no value", b.config.Mapping.Timestamp)
	}
	if err := json.Unmarshal(values[0], &text); err != nil {
		return 0, fmt.Errorf("field %s: %w", b.config.Mapping.Timestamp, err)
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0, fmt.Errorf("field %s is no date: %w", b.config.Mapping.Timestamp, err)
	}
	return pcommon.Timestamp(uint64(t.Unix())*uint64(time.Second) + uint64(t.Nanosecond())), nil //nolint:gosec // from 1970 on
}

// setTraceID sets the trace id, or puts the value back if it is none.
func setTraceID(r record.Record, field string, value pcommon.Value) {
	var id pcommon.TraceID
	if setID(r, field, value, id[:]) {
		r.Log.SetTraceID(id)
	}
}

// setSpanID does the same with the span id.
func setSpanID(r record.Record, field string, value pcommon.Value) {
	var id pcommon.SpanID
	if setID(r, field, value, id[:]) {
		r.Log.SetSpanID(id)
	}
}

// setID decodes an id of as many bytes as there is room for, or puts the value back.
func setID(r record.Record, field string, value pcommon.Value, id []byte) (ok bool) {
	decoded, err := hex.DecodeString(filter.Text(value))
	if err != nil || len(decoded) != len(id) {
		value.CopyTo(r.Log.Attributes().PutEmpty(field))
		return false
	}
	copy(id, decoded)
	return true
}

// take removes the value at a path from a map and returns it: that of the key, else the
// first one in the maps in it.
func take(m pcommon.Map, path string) (taken pcommon.Value, ok bool) {
	if path == "" {
		return pcommon.Value{}, false
	}
	if value, ok := m.Get(path); ok {
		taken = pcommon.NewValueEmpty()
		value.CopyTo(taken)
		m.Remove(path)
		return taken, true
	}
	for key, value := range m.All() {
		rest, isStep := strings.CutPrefix(path, key+".")
		if !isStep || value.Type() != pcommon.ValueTypeMap {
			continue
		}
		if taken, ok := take(value.Map(), rest); ok {
			if value.Map().Len() == 0 {
				m.Remove(key)
			}
			return taken, true
		}
	}
	return pcommon.Value{}, false
}

// decodeSource reads a JSON object into a map.
func decodeSource(source []byte, to pcommon.Map) error {
	decoder := json.NewDecoder(bytes.NewReader(source))
	decoder.UseNumber()
	token, err := decoder.Token()
	if err != nil {
		return fmt.Errorf("decode the source: %w", err)
	}
	if token != json.Delim('{') {
		return errors.New("the source is no object")
	}
	return decodeObject(decoder, to)
}

// decodeObject reads what follows a {.
func decodeObject(decoder *json.Decoder, to pcommon.Map) error {
	for {
		token, err := decoder.Token()
		if err != nil {
			return fmt.Errorf("decode the source: %w", err)
		}
		key, isKey := token.(string)
		if !isKey {
			return nil // the end
		}
		if err := decodeValue(decoder, to.PutEmpty(key)); err != nil {
			return err
		}
	}
}

func decodeValue(decoder *json.Decoder, to pcommon.Value) error {
	token, err := decoder.Token()
	if err != nil {
		return fmt.Errorf("decode the source: %w", err)
	}
	switch v := token.(type) {
	case json.Delim:
		if v == '{' {
			return decodeObject(decoder, to.SetEmptyMap())
		}
		list := to.SetEmptySlice()
		for decoder.More() {
			if err := decodeValue(decoder, list.AppendEmpty()); err != nil {
				return err
			}
		}
		_, err := decoder.Token()
		return err
	case string:
		to.SetStr(v)
	case bool:
		to.SetBool(v)
	case json.Number:
		setNumber(v, to)
	}
	return nil
}

// setNumber sets a number, or its text if there is no such number.
func setNumber(number json.Number, to pcommon.Value) {
	if integer, err := number.Int64(); err == nil {
		to.SetInt(integer)
	} else if double, err := number.Float64(); err == nil {
		to.SetDouble(double)
	} else {
		to.SetStr(number.String())
	}
}
