package deadletters

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/logstore"
)

// A dead letter is stored as
//
//	byte 0        letterFormat
//	bytes 1-32    digest of what makes it the same as another
//	bytes 33-40   project id
//	byte 41       kind: kindRecord or kindUndecodable
//	bytes 42-49   time of the refusal: Unix time in seconds
//	bytes 50-53   and nanoseconds
//	uvarint, …    length of the record id, and the record id
//	uvarint, …    length of the reason, and the reason
//	…             OTLP protobuf (LogsData), or what could not be decoded
//
// Integers are big endian. Texts are kept as they are, whether or not UTF-8.
const (
	letterFormat    = 1
	kindRecord      = 0
	kindUndecodable = 1

	digestAt    = 1
	projectAt   = digestAt + sha256.Size
	kindAt      = projectAt + 8
	secondsAt   = kindAt + 1
	nanosAt     = secondsAt + 8
	headerBytes = nanosAt + 4
)

// encodedLetter is a dead letter as it is stored, with a header that was checked.
type encodedLetter struct{ value []byte }

func (l *encodedLetter) digest() []byte { return l.value[digestAt:projectAt] }

func (l *encodedLetter) project() int64 {
	return int64(binary.BigEndian.Uint64(l.value[projectAt:])) //nolint:gosec // written by encode
}

// encode returns a dead letter without its ID, which is its key.
func encode(letter logstore.DeadLetter) (encodedLetter, error) {
	kind, content := byte(kindUndecodable), letter.Undecodable
	// A letter without a record is an entry that could not be decoded, though it may
	// be one of no bytes.
	if len(content) == 0 && letter.Logs != (plog.Logs{}) && letter.Logs.LogRecordCount() > 0 {
		var err error
		if content, err = new(plog.ProtoMarshaler).MarshalLogs(letter.Logs); err != nil {
			return encodedLetter{}, fmt.Errorf("encode its record: %w", err)
		}
		kind = kindRecord
	}
	value := make([]byte, headerBytes, headerBytes+2*binary.MaxVarintLen64+
		len(letter.RecordID)+len(letter.Reason)+len(content))
	value[0], value[kindAt] = letterFormat, kind
	digest := digestOf(letter, kind, content)
	copy(value[digestAt:], digest[:])
	binary.BigEndian.PutUint64(value[projectAt:], uint64(letter.ProjectID))            //nolint:gosec // any bits will do
	binary.BigEndian.PutUint64(value[secondsAt:], uint64(letter.RefusedAt.Unix()))     //nolint:gosec // any bits will do
	binary.BigEndian.PutUint32(value[nanosAt:], uint32(letter.RefusedAt.Nanosecond())) //nolint:gosec // 0 to 999999999
	value = appendText(appendText(value, letter.RecordID), letter.Reason)
	return encodedLetter{append(value, content...)}, nil
}

// digestOf tells dead letters apart: a record is known by its id, and by its bytes
// only if it has none.
func digestOf(letter logstore.DeadLetter, kind byte, content []byte) [sha256.Size]byte {
	if kind == kindRecord && letter.RecordID != "" {
		content = nil
	}
	identity := append(projectPrefix(letter.ProjectID), kind)
	identity = appendText(appendText(identity, letter.RecordID), letter.Reason)
	return sha256.Sum256(append(identity, content...))
}

func appendText(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

var errDamaged = errors.New("the stored dead letter is damaged")

// parseHeader checks and copies the fixed part of a stored dead letter.
func parseHeader(value []byte) (encodedLetter, error) {
	if len(value) < headerBytes {
		return encodedLetter{}, fmt.Errorf("%w: it has %d bytes", errDamaged, len(value))
	}
	if value[0] != letterFormat {
		return encodedLetter{}, fmt.Errorf("%w: it has the unknown format %d", errDamaged, value[0])
	}
	return encodedLetter{bytes.Clone(value[:headerBytes])}, nil
}

// decode reads a stored dead letter. Nothing of it is the value's memory, which is
// bbolt's and valid only inside the transaction.
func decode(id string, value []byte) (logstore.DeadLetter, error) {
	header, err := parseHeader(value)
	if err != nil {
		return logstore.DeadLetter{}, err
	}
	letter := logstore.DeadLetter{ID: id, ProjectID: header.project()}
	seconds, nanos := binary.BigEndian.Uint64(value[secondsAt:]), binary.BigEndian.Uint32(value[nanosAt:])
	letter.RefusedAt = time.Unix(int64(seconds), int64(nanos)).UTC() //nolint:gosec // written by encode
	rest := value[headerBytes:]
	if letter.RecordID, rest, err = cutText(rest); err != nil {
		return logstore.DeadLetter{}, fmt.Errorf("%w: its record id %w", errDamaged, err)
	}
	if letter.Reason, rest, err = cutText(rest); err != nil {
		return logstore.DeadLetter{}, fmt.Errorf("%w: its reason %w", errDamaged, err)
	}
	switch kind := value[kindAt]; kind {
	case kindRecord:
		// Unmarshalling copies texts and bytes, but only as pdata is written today.
		letter.Logs, err = new(plog.ProtoUnmarshaler).UnmarshalLogs(bytes.Clone(rest))
		if err != nil {
			return logstore.DeadLetter{}, fmt.Errorf("%w: its record cannot be decoded: %w", errDamaged, err)
		}
		if letter.Logs.LogRecordCount() == 0 {
			return logstore.DeadLetter{}, fmt.Errorf("%w: it has no record", errDamaged)
		}
	case kindUndecodable:
		letter.Logs, letter.Undecodable = plog.NewLogs(), append([]byte{}, rest...)
	default:
		return logstore.DeadLetter{}, fmt.Errorf("%w: it is of the unknown kind %d", errDamaged, kind)
	}
	return letter, nil
}

var errTooLong = errors.New("goes on behind the letter's end")

// cutText reads what appendText has written.
func cutText(data []byte) (text string, rest []byte, err error) {
	length, size := binary.Uvarint(data)
	if size <= 0 || length > uint64(len(data)-size) { //nolint:gosec // size is at most len(data)
		return "", nil, errTooLong
	}
	end := size + int(length) //nolint:gosec // at most len(data)
	return string(data[size:end]), data[end:], nil
}
