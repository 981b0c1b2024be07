package record

import (
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// AppendCanonical appends the canonical bytes of the record to dst and returns
// the longer slice. They are what the record's hash covers: two records have the
// same canonical bytes exactly when every covered field is the same (0 and -0
// are the same, all NaN are, and so are all bytes that are not UTF-8).
//
// The canonical bytes are the RFC 8785 (JCS) form, in UTF-8, of one JSON object:
//
//	{"attributes":[…],"body":{…},"eventName":"…","flags":1,
//	 "observedTimeUnixNano":"…","resource":{"attributes":[…]},
//	 "scope":{"attributes":[…],"name":"…","version":"…"},
//	 "severityNumber":9,"severityText":"…","spanId":"…",
//	 "timeUnixNano":"…","traceId":"…"}
//
// It is the record as OTLP/JSON writes it, with the resource and the scope put
// inside, and these rules where OTLP/JSON leaves a choice:
//
//   - A member of these three objects that has its default value (0, "", an
//     empty list or object, an empty body) is left out. Inside attribute values
//     and the body nothing is left out: an empty value is {}, an empty list
//     {"arrayValue":{"values":[]}}.
//   - Lists of key and value pairs, at every level and in kvlistValue, are
//     sorted by the UTF-8 bytes of the key. Pairs with the same key keep their
//     order.
//   - The log attributes AttributeHash and AttributeAlertMatches are left out.
//   - 64-bit integers are decimal strings, enum values numbers, ids lower-case
//     hex, bytes padded standard base64. A double is a JSON number as ECMAScript
//     writes it (so -0 is 0), or "NaN", "Infinity", "-Infinity".
//   - Each byte that is not part of valid UTF-8 counts as U+FFFD.
//
// Counts of dropped attributes and schema URLs are not part of a record.
// docs/record.md has the same rules with a test vector and a Python program.
func AppendCanonical(dst []byte, r Record) []byte {
	e := encoders.Get().(*encoder)
	defer e.release()
	return e.appendRecord(dst, r)
}

// encoders keeps the scratch space of encoders between calls.
var encoders = sync.Pool{New: func() any { return new(encoder) }} //nolint:gochecknoglobals // holds nothing between calls

// maxKeptBytes is the largest buffer that an encoder keeps between calls.
const maxKeptBytes = 256 << 10

// encoder writes canonical bytes.
type encoder struct {
	// pairs is a stack of the pairs that are being written: those of the
	// innermost list are last. It is empty between calls.
	pairs []pair
	// canonical is a buffer for callers that do not keep the bytes.
	canonical []byte
	// origins is where an appendOrigin looks for what was written of an origin before; nil
	// writes each anew.
	origins map[origin][]byte
}

// origin is where records come from, which many have in common.
type origin struct {
	resource pcommon.Resource
	scope    pcommon.InstrumentationScope
}

// pair is a key, in valid UTF-8, and its value.
type pair struct {
	key   string
	value pcommon.Value
}

// release gives the encoder back for the next call.
func (e *encoder) release() {
	if cap(e.canonical) > maxKeptBytes {
		e.canonical = nil
	}
	e.origins = nil
	encoders.Put(e)
}

func (e *encoder) appendRecord(dst []byte, r Record) []byte {
	log := r.Log
	dst = append(dst, '{')
	dst = e.appendAttributes(dst, log.Attributes(), isCovered)
	if body := log.Body(); body.Type() != pcommon.ValueTypeEmpty {
		dst = appendName(dst, "body")
		dst = e.appendValue(dst, body)
	}
	dst = appendStringMember(dst, "eventName", log.EventName())
	dst = appendNumberMember(dst, "flags", int64(log.Flags()))
	dst = appendTimeMember(dst, "observedTimeUnixNano", log.ObservedTimestamp())
	dst = e.appendOrigin(dst, origin{r.Resource, r.Scope})
	dst = appendNumberMember(dst, "severityNumber", int64(log.SeverityNumber()))
	dst = appendStringMember(dst, "severityText", log.SeverityText())
	if id := log.SpanID(); !id.IsEmpty() {
		dst = appendHexMember(dst, "spanId", id[:])
	}
	dst = appendTimeMember(dst, "timeUnixNano", log.Timestamp())
	if id := log.TraceID(); !id.IsEmpty() {
		dst = appendHexMember(dst, "traceId", id[:])
	}
	return append(dst, '}')
}

// appendOrigin appends the members of a record's origin.
func (e *encoder) appendOrigin(dst []byte, from origin) []byte {
	start := len(dst)
	if e.origins == nil || dst[start-1] == '{' { // what is kept begins with a comma
		return e.appendScope(e.appendResource(dst, from.resource), from.scope)
	}
	known, ok := e.origins[from]
	if !ok {
		dst = e.appendScope(e.appendResource(dst, from.resource), from.scope)
		e.origins[from] = slices.Clone(dst[start:])
		return dst
	}
	return append(dst, known...)
}

func (e *encoder) appendResource(dst []byte, resource pcommon.Resource) []byte {
	if resource.Attributes().Len() == 0 {
		return dst
	}
	dst = append(appendName(dst, "resource"), '{')
	dst = e.appendAttributes(dst, resource.Attributes(), nil)
	return append(dst, '}')
}

func (e *encoder) appendScope(dst []byte, scope pcommon.InstrumentationScope) []byte {
	if scope.Attributes().Len() == 0 && scope.Name() == "" && scope.Version() == "" {
		return dst
	}
	dst = append(appendName(dst, "scope"), '{')
	dst = e.appendAttributes(dst, scope.Attributes(), nil)
	dst = appendStringMember(dst, "name", scope.Name())
	dst = appendStringMember(dst, "version", scope.Version())
	return append(dst, '}')
}

// isCovered reports whether the hash covers a log attribute.
func isCovered(name string) bool {
	return name != AttributeHash && name != AttributeAlertMatches
}

// appendAttributes appends the member "attributes", unless it would be empty.
// keep is nil to keep every attribute.
func (e *encoder) appendAttributes(dst []byte, attributes pcommon.Map, keep func(name string) bool) []byte {
	start := e.push(attributes, keep)
	if len(e.pairs) > start {
		dst = appendName(dst, "attributes")
		dst = e.appendPairs(dst, start)
	}
	return dst
}

// push pushes the pairs that are kept onto the stack and returns where they start.
// appendPairs takes them off.
func (e *encoder) push(m pcommon.Map, keep func(key string) bool) (start int) {
	start = len(e.pairs)
	for key, value := range m.All() {
		if keep == nil || keep(key) {
			e.pairs = append(e.pairs, pair{key: validUTF8(key), value: value})
		}
	}
	return start
}

// few is how many pairs a list may have to be sorted by insertion. Nearly all lists have
// no more.
const few = 64

// appendPairs appends the list of the pairs from start on, sorted by key, and takes them
// off the stack. Pairs with the same key keep their order. Writing a value may move the
// stack, so it is indexed anew each time.
func (e *encoder) appendPairs(dst []byte, start int) []byte {
	end := len(e.pairs)
	// Their places are sorted instead of them, as moving pointers is what costs while
	// garbage is collected.
	var places [few]uint8
	order := places[:min(end-start, few)]
	if end-start <= few {
		orderByKey(order, e.pairs[start:])
	} else {
		slices.SortStableFunc(e.pairs[start:], func(a, b pair) int { return strings.Compare(a.key, b.key) })
	}
	dst = append(dst, '[')
	for i := start; i < end; i++ {
		place := i
		if end-start <= few {
			place = start + int(order[i-start])
		}
		if i > start {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"key":`...)
		dst = appendString(dst, e.pairs[place].key)
		dst = append(dst, `,"value":`...)
		dst = e.appendValue(dst, e.pairs[place].value)
		dst = append(dst, '}')
	}
	clear(e.pairs[start:end]) // do not keep the record alive
	e.pairs = e.pairs[:start]
	return append(dst, ']')
}

// orderByKey sets order, which is as long as pairs, to the places of the pairs in the
// order of their keys. It sorts by insertion, without a call for each comparison.
func orderByKey(order []uint8, pairs []pair) {
	for i := range pairs {
		at := i
		for ; at > 0 && pairs[i].key < pairs[order[at-1]].key; at-- {
			order[at] = order[at-1]
		}
		order[at] = uint8(i) //nolint:gosec // below few
	}
}

func (e *encoder) appendValue(dst []byte, value pcommon.Value) []byte {
	switch value.Type() {
	case pcommon.ValueTypeStr:
		dst = append(dst, `{"stringValue":`...)
		dst = appendString(dst, value.Str())
	case pcommon.ValueTypeInt:
		dst = append(dst, `{"intValue":"`...)
		dst = strconv.AppendInt(dst, value.Int(), 10)
		dst = append(dst, '"')
	case pcommon.ValueTypeDouble:
		dst = append(dst, `{"doubleValue":`...)
		dst = appendDouble(dst, value.Double())
	case pcommon.ValueTypeBool:
		dst = append(dst, `{"boolValue":`...)
		dst = strconv.AppendBool(dst, value.Bool())
	case pcommon.ValueTypeBytes:
		dst = append(dst, `{"bytesValue":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, value.Bytes().AsRaw())
		dst = append(dst, '"')
	case pcommon.ValueTypeMap:
		dst = append(dst, `{"kvlistValue":{"values":`...)
		dst = e.appendPairs(dst, e.push(value.Map(), nil))
		dst = append(dst, '}')
	case pcommon.ValueTypeSlice:
		dst = append(dst, `{"arrayValue":{"values":`...)
		dst = e.appendList(dst, value.Slice())
		dst = append(dst, '}')
	case pcommon.ValueTypeEmpty:
		dst = append(dst, '{')
	}
	return append(dst, '}')
}

func (e *encoder) appendList(dst []byte, list pcommon.Slice) []byte {
	dst = append(dst, '[')
	for i, value := range list.All() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = e.appendValue(dst, value)
	}
	return append(dst, ']')
}

// appendName appends the name of a member, after a comma when it is not the
// first of its object.
func appendName(dst []byte, name string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = append(dst, '"')
	dst = append(dst, name...)
	return append(dst, '"', ':')
}

func appendStringMember(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	return appendString(appendName(dst, name), value)
}

func appendNumberMember(dst []byte, name string, value int64) []byte {
	if value == 0 {
		return dst
	}
	return strconv.AppendInt(appendName(dst, name), value, 10)
}

func appendTimeMember(dst []byte, name string, value pcommon.Timestamp) []byte {
	if value == 0 {
		return dst
	}
	dst = append(appendName(dst, name), '"')
	dst = strconv.AppendUint(dst, uint64(value), 10)
	return append(dst, '"')
}

func appendHexMember(dst []byte, name string, value []byte) []byte {
	dst = append(appendName(dst, name), '"')
	dst = hex.AppendEncode(dst, value)
	return append(dst, '"')
}
