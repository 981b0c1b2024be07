package journaled

import "google.golang.org/protobuf/encoding/protowire"

// Numbers of fields of OTLP's messages, on the way from LogsData to a log record.
const (
	fieldResourceLogs = 1
	fieldScopeLogs    = 2
	fieldLogRecords   = 2
)

// countRecords counts the records of an entry without decoding them; 0 for one that
// cannot be read.
func countRecords(payload []byte) int64 {
	_, otlp, err := splitEntry(payload)
	if err != nil {
		return 0
	}
	return countMessages(otlp, fieldResourceLogs, fieldScopeLogs, fieldLogRecords)
}

// countMessages counts the messages at a path of field numbers, of which field is the
// first.
func countMessages(message []byte, field protowire.Number, deeper ...protowire.Number) (count int64) {
	for len(message) > 0 {
		number, kind, value, rest, ok := nextField(message)
		if !ok {
			return count
		}
		message = rest
		switch {
		case number != field || kind != protowire.BytesType:
		case len(deeper) == 0:
			count++
		default:
			if inner, size := protowire.ConsumeBytes(value); size >= 0 {
				count += countMessages(inner, deeper[0], deeper[1:]...)
			}
		}
	}
	return count
}

// nextField splits a message behind its first field.
func nextField(message []byte) (number protowire.Number, kind protowire.Type, value, rest []byte, ok bool) {
	number, kind, tag := protowire.ConsumeTag(message)
	if tag < 0 {
		return 0, 0, nil, nil, false
	}
	size := protowire.ConsumeFieldValue(number, kind, message[tag:])
	if size < 0 {
		return 0, 0, nil, nil, false
	}
	return number, kind, message[tag : tag+size], message[tag+size:], true
}
