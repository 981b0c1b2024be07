// Package framing finds the records in the body of a request. A body holds one
// record, or several:
//
//	{…}                              one record
//	[{…},{…}]                        an array
//	{"events":[{…}]} {"logs":[{…}]}  an envelope
//	{…}⏎{…}⏎                         lines (application/x-ndjson)
//
// It only cuts; whether a record is strict JSON is for its decoder to find out, so
// that one bad record does not spoil its neighbours.
package framing

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// ErrEmpty is returned for a body without any record.
var ErrEmpty = errors.New("the body holds no record: send at least one JSON object")

// ErrAmbiguous is returned for an envelope with two arrays.
var ErrAmbiguous = errors.New(`the body holds both "events" and "logs", or one of them twice: send one array`)

// TooManyError is returned for a body with more records than the limit.
type TooManyError struct{ Limit int }

func (e *TooManyError) Error() string {
	return fmt.Sprintf("the body holds more than the limit of %d records in a request (max_records): send several requests", e.Limit)
}

// TooLargeError is returned for an envelope whose further members, written into
// each of its records, would make more than the limit of it. A small body could
// otherwise take any amount of memory.
type TooLargeError struct{ Limit int64 }

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the members beside the array, in each of its records, are over the limit of %d bytes"+
		" (max_request_body_size): write them into the records that need them", e.Limit)
}

// Body is a body that was cut into records.
type Body struct {
	// Records are the records, in order. They are parts of the body, except that
	// the records of an envelope with further members are copies.
	Records [][]byte
	// Bulk is true unless the body is one record by itself.
	Bulk bool
}

// Splitter cuts bodies of one format.
type Splitter struct {
	// Requires reports whether every record of the format has this key. An object
	// with such a key is a record, whatever else it holds.
	Requires func(key string) bool
	// MaxRecords is the largest number of records in a body.
	MaxRecords int
	// MaxBytes is the largest size of all records of an envelope together, with the
	// members that they share.
	MaxBytes int64
}

// Split cuts a body that holds JSON.
func (s Splitter) Split(body []byte) (Body, error) {
	body = bytes.TrimSpace(body)
	switch {
	case len(body) == 0:
		return Body{}, ErrEmpty
	case body[0] == '[':
		return s.bulk(elements(body, s.MaxRecords))
	case !mayBeEnvelope(body):
		return Body{Records: [][]byte{body}}, nil
	}
	envelope, err := s.readEnvelope(body)
	if err != nil {
		return Body{}, err
	}
	if envelope.array == nil {
		return Body{Records: [][]byte{body}}, nil
	}
	records, err := elements(envelope.array, s.MaxRecords)
	if err == nil && len(envelope.shared) > 0 {
		err = s.shareAll(records, envelope.shared)
	}
	return s.bulk(records, err)
}

// shareAll adds the shared members to each record.
func (s Splitter) shareAll(records [][]byte, shared []member) error {
	total := int64(0)
	for i, record := range records {
		records[i] = share(record, shared)
		if total += int64(len(records[i])); total > s.MaxBytes {
			return &TooLargeError{Limit: s.MaxBytes}
		}
	}
	return nil
}

// SplitLines cuts a body of lines, each with one record. Blank lines are skipped.
func (s Splitter) SplitLines(body []byte) (Body, error) {
	var records [][]byte
	for line := range bytes.SplitSeq(body, []byte{'\n'}) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		if len(records) == s.MaxRecords {
			return Body{}, &TooManyError{Limit: s.MaxRecords}
		}
		records = append(records, line)
	}
	return s.bulk(records, nil)
}

func (s Splitter) bulk(records [][]byte, err error) (Body, error) {
	if err != nil {
		return Body{}, err
	}
	if len(records) == 0 {
		return Body{}, ErrEmpty
	}
	return Body{Records: records, Bulk: true}, nil
}

// isEnvelopeKey reports whether an envelope may hold its array under key.
func isEnvelopeKey(key string) bool { return key == "events" || key == "logs" }

// mayBeEnvelope is a cheap test that is true for every envelope: most bodies are
// single records, and need not be read twice.
func mayBeEnvelope(body []byte) bool {
	return bytes.Contains(body, []byte(`"events"`)) || bytes.Contains(body, []byte(`"logs"`))
}

// member is a member of an object, as it is written.
type member struct {
	key   string
	value []byte
}

type envelope struct {
	// array is nil when the body is no envelope.
	array []byte
	// shared are the other members. They hold for every record.
	shared []member
}

// readEnvelope reads the outermost members of a body. A body that is no valid JSON
// is no envelope, so that its decoder says what is wrong with it.
func (s Splitter) readEnvelope(body []byte) (envelope, error) {
	members, ok := membersOf(body)
	if !ok {
		return envelope{}, nil
	}
	var e envelope
	arrays := 0
	for _, m := range members {
		switch {
		case s.Requires(m.key):
			return envelope{}, nil
		case isEnvelopeKey(m.key) && m.value[0] == '[':
			e.array = m.value
			arrays++
		default:
			e.shared = append(e.shared, m)
		}
	}
	if arrays > 1 {
		return envelope{}, ErrAmbiguous
	}
	return e, nil
}

// share adds the shared members to a record, except those that it has itself.
// What is no object is left as it is, for its decoder to refuse.
func share(record []byte, shared []member) []byte {
	own, ok := membersOf(record)
	if !ok {
		return record
	}
	merged := slices.Clone(record[:len(record)-1])
	separator := len(own) > 0
	for _, m := range shared {
		if slices.ContainsFunc(own, func(o member) bool { return o.key == m.key }) {
			continue
		}
		if separator {
			merged = append(merged, ',')
		}
		separator = true
		key, err := jsontext.AppendQuote(nil, m.key)
		if err != nil {
			return record
		}
		merged = append(append(append(merged, key...), ':'), m.value...)
	}
	return append(merged, '}')
}

// membersOf returns the members of an object, and false for anything else, such as
// an object with something behind it.
func membersOf(object []byte) ([]member, bool) {
	tokens := newDecoder(object)
	if tokens.PeekKind() != jsontext.KindBeginObject {
		return nil, false
	}
	if _, err := tokens.ReadToken(); err != nil {
		return nil, false
	}
	var members []member
	for tokens.PeekKind() == jsontext.KindString {
		key, err := tokens.ReadToken()
		if err != nil {
			return nil, false
		}
		m := member{key: key.String()}
		if m.value, err = readValue(tokens, object); err != nil {
			return nil, false
		}
		members = append(members, m)
	}
	_, err := tokens.ReadToken()
	isAll := int(tokens.InputOffset()) == len(object)
	return members, err == nil && isAll
}

// elements cuts an array.
func elements(array []byte, limit int) ([][]byte, error) {
	tokens := newDecoder(array)
	if _, err := tokens.ReadToken(); err != nil {
		return nil, invalid(err)
	}
	var records [][]byte
	for tokens.PeekKind() != jsontext.KindEndArray {
		record, err := readValue(tokens, array)
		if err != nil {
			return nil, invalid(err)
		}
		if len(records) == limit {
			return nil, &TooManyError{Limit: limit}
		}
		records = append(records, record)
	}
	if _, err := tokens.ReadToken(); err != nil {
		return nil, invalid(err)
	}
	if int(tokens.InputOffset()) != len(array) {
		return nil, errors.New("the body goes on after its array: send one JSON value")
	}
	return records, nil
}

// readValue reads the next value and returns the part of source that it is.
func readValue(tokens *jsontext.Decoder, source []byte) ([]byte, error) {
	value, err := tokens.ReadValue()
	if err != nil {
		return nil, err
	}
	end := int(tokens.InputOffset())
	return source[end-len(value) : end], nil
}

func newDecoder(data []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

func invalid(err error) error {
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		return fmt.Errorf("the body is not valid JSON at byte %d: %w", syntactic.ByteOffset, syntactic.Err)
	}
	return fmt.Errorf("the body is not valid JSON: %w", err)
}
