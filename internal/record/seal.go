package record

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Seal gives a record what it still lacks of an observed time (now) and a
// timestamp (the observed time), a new id (NewID), and its hash. Nothing that
// the hash covers may change afterwards. A record that is sealed already
// (Verify) is left as it is.
//
// An id that comes with a record that is not sealed is not trusted to be unique:
// it is kept as AttributeClientRecordID, and a new one takes its place.
func Seal(r Record, now time.Time) { (&Sealer{now: now}).Seal(r) }

// Sealer seals records that come together. Between the first and the last of them, no
// resource and no scope may change, since it reads each once for all of its records.
type Sealer struct {
	now time.Time
	// origins is what was read; nil reads each anew, as for a single record.
	origins map[origin][]byte
}

// NewSealer returns a sealer for so many records.
func NewSealer(now time.Time, records int) *Sealer {
	s := &Sealer{now: now}
	if records > 1 {
		s.origins = map[origin][]byte{}
	}
	return s
}

// Seal does what the function Seal does.
func (s *Sealer) Seal(r Record) {
	if Verify(r) {
		return
	}
	if r.Log.ObservedTimestamp() == 0 {
		r.Log.SetObservedTimestamp(pcommon.NewTimestampFromTime(s.now))
	}
	if r.Log.Timestamp() == 0 {
		r.Log.SetTimestamp(r.Log.ObservedTimestamp())
	}
	attributes := r.Log.Attributes()
	if sent, ok := attributes.Get(AttributeID); ok {
		attributes.PutStr(AttributeClientRecordID, sent.AsString())
	}
	attributes.PutStr(AttributeID, NewID(r.Log.Timestamp()))
	s.reseal(r)
}

func (s *Sealer) reseal(r Record) {
	hash := s.hexHash(r)
	r.Log.Attributes().PutStr(AttributeHash, string(hash[:]))
}

// Reseal sets the hash of a record anew and leaves its id and times as they are.
// It is for whoever changes a sealed record on purpose.
func Reseal(r Record) {
	new(Sealer).reseal(r)
}

// Verify reports whether the record is sealed: it carries an observed time, a timestamp,
// an id that is one of such a timestamp (TimesOfID), and the hash of its canonical bytes.
func Verify(r Record) bool {
	if r.Log.ObservedTimestamp() == 0 || r.Log.Timestamp() == 0 || !isIDOf(r.ID(), r.Log.Timestamp()) {
		return false
	}
	claimed := r.Hash()
	if len(claimed) != 2*sha256.Size {
		return false
	}
	hash := new(Sealer).hexHash(r)
	return claimed == string(hash[:])
}

// hexHash returns the record's hash as lower-case hex digits.
func (s *Sealer) hexHash(r Record) [2 * sha256.Size]byte {
	e := encoders.Get().(*encoder)
	defer e.release()
	e.origins = s.origins
	e.canonical = e.appendRecord(e.canonical[:0], r)
	hash := Hash(e.canonical)

	var digits [2 * sha256.Size]byte
	hex.Encode(digits[:], hash[:])
	return digits
}
