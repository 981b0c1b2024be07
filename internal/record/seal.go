package record

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Seal gives a record what it still lacks of an observed time (now) and a
// timestamp (the observed time), a new id (UUIDv7), and its hash. Nothing that
// the hash covers may change afterwards. A record that is sealed already
// (Verify) is left as it is.
//
// An id that comes with a record that is not sealed is not trusted to be unique:
// it is kept as AttributeClientRecordID, and a new one takes its place.
func Seal(r Record, now time.Time) {
	if Verify(r) {
		return
	}
	if r.Log.ObservedTimestamp() == 0 {
		r.Log.SetObservedTimestamp(pcommon.NewTimestampFromTime(now))
	}
	if r.Log.Timestamp() == 0 {
		r.Log.SetTimestamp(r.Log.ObservedTimestamp())
	}
	attributes := r.Log.Attributes()
	if sent, ok := attributes.Get(AttributeID); ok {
		attributes.PutStr(AttributeClientRecordID, sent.AsString())
	}
	// NewV7 fails only when the system's random source does, which ends the
	// process before it returns (crypto/rand.Read).
	attributes.PutStr(AttributeID, uuid.Must(uuid.NewV7()).String())
	Reseal(r)
}

// Reseal sets the hash of a record anew and leaves its id and times as they are.
// It is for whoever changes a sealed record on purpose.
func Reseal(r Record) {
	hash := hexHash(r)
	r.Log.Attributes().PutStr(AttributeHash, string(hash[:]))
}

// Verify reports whether the record is sealed: it carries an id (a lower-case
// UUIDv7), an observed time, a timestamp and the hash of its canonical bytes.
func Verify(r Record) bool {
	if r.Log.ObservedTimestamp() == 0 || r.Log.Timestamp() == 0 || !isID(r.ID()) {
		return false
	}
	claimed := r.Hash()
	if len(claimed) != 2*sha256.Size {
		return false
	}
	hash := hexHash(r)
	return claimed == string(hash[:])
}

// hexHash returns the record's hash as lower-case hex digits.
func hexHash(r Record) [2 * sha256.Size]byte {
	e := encoders.Get().(*encoder)
	defer e.release()
	e.canonical = e.appendRecord(e.canonical[:0], r)
	hash := Hash(e.canonical)

	var digits [2 * sha256.Size]byte
	hex.Encode(digits[:], hash[:])
	return digits
}

// isID reports whether s is a UUIDv7 in its lower-case form with hyphens.
func isID(s string) bool {
	if len(s) != 36 || s[14] != '7' {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		case 19: // the variant of RFC 9562
			if c != '8' && c != '9' && c != 'a' && c != 'b' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return false
			}
		}
	}
	return true
}
