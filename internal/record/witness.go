package record

import (
	"context"
	"hash/maphash"
	"math"
	"math/bits"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Witness knows records as they were when they were sealed. With it, whoever gets the same
// records later in the same process can tell that nobody has changed them since, for a
// fraction of what Verify costs. It goes along in the context (WithWitness), and says
// nothing of records that were changed, left out or moved, which Verify then decides about.
type Witness struct {
	seed maphash.Seed
	// seen are fingerprints of records.
	seen []uint64
}

// NewWitness returns a witness for so many records.
func NewWitness(records int) *Witness {
	return &Witness{seed: maphash.MakeSeed(), seen: make([]uint64, 0, records)}
}

// See notes the next record, which must be sealed.
func (w *Witness) See(r Record) { w.seen = append(w.seen, fingerprint(w.seed, r)) }

// Confirms reports whether the record is, in everything that its hash covers and in all of
// its attributes, the one that was seen as the one of that number, from 0. A nil witness
// confirms nothing.
func (w *Witness) Confirms(number int, r Record) bool {
	return w != nil && number < len(w.seen) && w.seen[number] == fingerprint(w.seed, r)
}

type witnessKey struct{}

// WithWitness returns a context for handing on the records that the witness has seen.
func WithWitness(ctx context.Context, w *Witness) context.Context {
	return context.WithValue(ctx, witnessKey{}, w)
}

// WitnessOf returns the context's witness, or nil.
func WitnessOf(ctx context.Context) *Witness {
	w, _ := ctx.Value(witnessKey{}).(*Witness)
	return w
}

// fingerprint is the same for two records exactly when they are the same and their
// attributes have the same order, but for a chance of about one in 2^64 each time: the
// seed is nobody's to know.
func fingerprint(seed maphash.Seed, r Record) uint64 {
	f := fingerprinter{seed: seed, sum: maphash.String(seed, "")}
	f.attributes(r.Resource.Attributes())
	f.attributes(r.Scope.Attributes())
	f.text(r.Scope.Name())
	f.text(r.Scope.Version())
	log := r.Log
	f.attributes(log.Attributes())
	f.value(log.Body())
	f.text(log.EventName())
	f.text(log.SeverityText())
	f.number(uint64(log.SeverityNumber())) //nolint:gosec // only told from others
	f.number(uint64(log.Flags()))
	f.number(uint64(log.Timestamp()))
	f.number(uint64(log.ObservedTimestamp()))
	span, trace := log.SpanID(), log.TraceID()
	f.bytes(span[:])
	f.bytes(trace[:])
	return f.sum
}

// fingerprinter mixes what it is given, in that order, into one sum. The number of its
// elements goes before a list, its type before a value.
type fingerprinter struct {
	seed maphash.Seed
	sum  uint64
}

// mixer is odd and has as many bits set as not: the golden ratio's.
const mixer = 0x9E37_79B9_7F4A_7C15

func (f *fingerprinter) number(number uint64) {
	high, low := bits.Mul64(f.sum^number, mixer)
	f.sum = high ^ low
}

func (f *fingerprinter) text(text string)  { f.number(maphash.String(f.seed, text)) }
func (f *fingerprinter) bytes(data []byte) { f.number(maphash.Bytes(f.seed, data)) }

func (f *fingerprinter) attributes(attributes pcommon.Map) {
	f.number(uint64(attributes.Len())) //nolint:gosec // a length
	for key, value := range attributes.All() {
		f.text(key)
		f.value(value)
	}
}

func (f *fingerprinter) value(value pcommon.Value) {
	kind := value.Type()
	f.number(uint64(kind)) //nolint:gosec // one of eight
	switch kind {
	case pcommon.ValueTypeStr:
		f.text(value.Str())
	case pcommon.ValueTypeInt:
		f.number(uint64(value.Int())) //nolint:gosec // only told from others
	case pcommon.ValueTypeDouble:
		f.number(math.Float64bits(value.Double()))
	case pcommon.ValueTypeBool:
		if value.Bool() {
			f.number(1)
		} else {
			f.number(0)
		}
	case pcommon.ValueTypeBytes:
		f.bytes(value.Bytes().AsRaw())
	case pcommon.ValueTypeMap:
		f.attributes(value.Map())
	case pcommon.ValueTypeSlice:
		f.number(uint64(value.Slice().Len())) //nolint:gosec // a length
		for _, element := range value.Slice().All() {
			f.value(element)
		}
	case pcommon.ValueTypeEmpty: // its type is all there is
	}
}
