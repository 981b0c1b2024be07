package journaled

import (
	"encoding/binary"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/requests"
)

// Entry is what one entry of the journal says: the records of one Append.
//
// Most entries are OTLP protobuf (LogsData) and nothing else, which begins with
// otlpFirstByte. Others have a header in front of it:
//
//	byte 0    entryHeader
//	byte 1    flags
//	uvarint   length of the requests
//	…         the requests (package requests); none when the length is 0
//	…         OTLP protobuf
type Entry struct {
	// Logs are the records.
	Logs plog.Logs
	// Requests are those requests with an idempotency key by which the records came.
	Requests []logstore.Request
	// Repeated is true when some of the records may be in the backend already.
	Repeated bool
}

const (
	// otlpFirstByte is the tag of LogsData's only field, resource_logs.
	otlpFirstByte = 0x0a

	entryHeader  = 0x01
	flagRepeated = 0x01
	knownFlags   = flagRepeated
)

var errEntry = errors.New("this is no journal entry that this version of Docket knows")

// EncodeEntry returns the payload of a journal entry. There must be a record.
func EncodeEntry(e Entry) ([]byte, error) {
	otlp, err := new(plog.ProtoMarshaler).MarshalLogs(e.Logs)
	if err != nil {
		return nil, fmt.Errorf("encode records for the journal: %w", err)
	}
	if len(e.Requests) == 0 && !e.Repeated {
		return otlp, nil
	}
	var known []byte
	if len(e.Requests) > 0 {
		known = requests.AppendBinary(nil, e.Requests)
	}
	flags := byte(0)
	if e.Repeated {
		flags |= flagRepeated
	}
	payload := make([]byte, 0, 2+binary.MaxVarintLen64+len(known)+len(otlp))
	payload = append(payload, entryHeader, flags)
	payload = binary.AppendUvarint(payload, uint64(len(known)))
	payload = append(payload, known...)
	return append(payload, otlp...), nil
}

// DecodeEntry reads the payload of a journal entry.
func DecodeEntry(payload []byte) (Entry, error) {
	header, otlp, err := splitEntry(payload)
	if err != nil {
		return Entry{}, err
	}
	logs, err := new(plog.ProtoUnmarshaler).UnmarshalLogs(otlp)
	if err != nil {
		return Entry{}, fmt.Errorf("decode the records of a journal entry: %w", err)
	}
	known, err := header.parseRequests()
	if err != nil {
		return Entry{}, err
	}
	return Entry{Logs: logs, Requests: known, Repeated: header.repeated}, nil
}

// requestsOf returns the requests of an entry without decoding its records.
func requestsOf(payload []byte) ([]logstore.Request, error) {
	header, _, err := splitEntry(payload)
	if err != nil {
		return nil, err
	}
	return header.parseRequests()
}

// header is that of an entry; the zero value for an entry without one.
type header struct {
	requests []byte
	repeated bool
}

func (h header) parseRequests() ([]logstore.Request, error) {
	if len(h.requests) == 0 {
		return nil, nil
	}
	known, err := requests.ParseBinary(h.requests)
	if err != nil {
		return nil, fmt.Errorf("decode the requests of a journal entry: %w", err)
	}
	return known, nil
}

func splitEntry(payload []byte) (h header, otlp []byte, err error) {
	if len(payload) > 0 && payload[0] == otlpFirstByte {
		return header{}, payload, nil
	}
	if len(payload) < 2 || payload[0] != entryHeader {
		return header{}, nil, errEntry
	}
	if unknown := payload[1] &^ knownFlags; unknown != 0 {
		return header{}, nil, fmt.Errorf("%w: it has the unknown flags %#02x", errEntry, unknown)
	}
	length, size := binary.Uvarint(payload[2:])
	rest := payload[2+max(size, 0):]
	if size <= 0 || length > uint64(len(rest)) {
		return header{}, nil, fmt.Errorf("%w: its requests go on behind its end", errEntry)
	}
	return header{requests: rest[:length], repeated: payload[1]&flagRepeated != 0}, rest[length:], nil
}
