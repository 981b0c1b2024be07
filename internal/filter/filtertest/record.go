package filtertest

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/record"
)

// Start returns the time from which on records are, for two seconds.
func Start() time.Time { return time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC) }

// Record returns a record with an id and a timestamp, and with anything or nothing in
// every other field. It has no project and is not sealed.
func Record(random *rand.Rand) record.Record {
	r := record.New()
	start := pcommon.NewTimestampFromTime(Start())
	r.Log.SetTimestamp(start + pcommon.Timestamp(random.Uint64N(20)*1e8))
	r.Log.Attributes().PutStr(record.AttributeID, randomID(random))
	sometimes := func(set func()) {
		if random.IntN(3) > 0 {
			set()
		}
	}
	sometimes(func() { r.Log.SetObservedTimestamp(start + pcommon.Timestamp(random.Uint64N(20)*1e8+1)) })
	sometimes(func() { r.Log.SetSeverityNumber(plog.SeverityNumber(random.Int32N(30) - 2)) })
	sometimes(func() { r.Log.SetEventName(pick(random, texts())) })
	sometimes(func() { r.Log.SetTraceID(pcommon.TraceID{0: pick(random, []byte{0, 1, 2}), 15: 0xAB}) })
	sometimes(func() { r.Log.SetSpanID(pcommon.SpanID{7: pick(random, []byte{0, 1, 2, 3})}) })
	sometimes(func() { setValue(random, r.Log.Body(), 2) })
	sometimes(func() { setValue(random, r.Resource.Attributes().PutEmpty(record.AttributeServiceName), 0) })
	sometimes(func() { r.Log.Attributes().PutStr(record.AttributeHash, pick(random, hashes())) })
	sometimes(func() { addPairs(random, r.Log.Attributes(), 3) })
	sometimes(func() { addPairs(random, r.Resource.Attributes(), 3) })
	if random.IntN(4) == 0 {
		return withDuplicates(r)
	}
	return r
}

// duplicateMark is a key of one character in the place of which withDuplicates puts
// another of one character, which may be there already.
const duplicateMark = "\x01"

// withDuplicates returns the record with duplicates of the key "a", as only decoding
// makes them.
func withDuplicates(r record.Record) record.Record {
	r.Log.Attributes().PutStr(duplicateMark, "duplicate")
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	r.Resource.CopyTo(resource.Resource())
	r.Log.CopyTo(resource.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty())
	encoded, err := (&plog.ProtoMarshaler{}).MarshalLogs(logs)
	if err != nil {
		return r
	}
	const keyOfOneByte = "\x0a\x01" // field 1 of a KeyValue, one byte long
	encoded = bytes.ReplaceAll(encoded, []byte(keyOfOneByte+duplicateMark), []byte(keyOfOneByte+"a"))
	if logs, err = (&plog.ProtoUnmarshaler{}).UnmarshalLogs(encoded); err != nil {
		return r
	}
	for decoded := range record.All(logs) {
		return decoded
	}
	return r
}

// randomID returns a UUIDv7.
func randomID(random *rand.Rand) string {
	var id uuid.UUID
	binary.LittleEndian.PutUint64(id[:8], random.Uint64())
	binary.LittleEndian.PutUint64(id[8:], random.Uint64())
	id[6] = 0x70 | id[6]&0x0f
	id[8] = 0x80 | id[8]&0x3f
	return id.String()
}

func pick[T any](random *rand.Rand, from []T) T { return from[random.IntN(len(from))] }

func addPairs(random *rand.Rand, m pcommon.Map, depth int) {
	for range random.IntN(8) {
		key := pick(random, keys())
		switch random.IntN(30) {
		case 0:
			key = duplicateMark
		case 1:
			key = "not \xff UTF-8"
		}
		setValue(random, m.PutEmpty(key), depth)
	}
}

func setValue(random *rand.Rand, value pcommon.Value, depth int) {
	switch kind := random.IntN(12); {
	case kind < 4:
		value.SetStr(text(random))
	case kind < 6:
		value.SetInt(pick(random, integers()))
	case kind == 6:
		value.SetDouble(pick(random, doubles()))
	case kind == 7:
		value.SetBool(random.IntN(2) == 0)
	case kind == 8:
		if random.IntN(2) == 0 {
			value.SetEmptyBytes().FromRaw([]byte(pick(random, texts())))
		}
	case kind < 11 && depth > 0:
		addPairs(random, value.SetEmptyMap(), depth-1)
	case kind == 11 && depth > 0:
		list := value.SetEmptySlice()
		for range random.IntN(4) {
			setValue(random, list.AppendEmpty(), depth-1)
		}
	default: // stays empty
	}
}

// text returns one text of the vocabulary or several with a space between.
func text(random *rand.Rand) string {
	words := []string{pick(random, texts())}
	for random.IntN(3) == 0 {
		words = append(words, pick(random, texts()))
	}
	return strings.Join(words, " ")
}

func keys() []string {
	return []string{"a", "b", "c", "a.b", "b.c", "a.b.c", "a.a", "user", "id", "user.id", "", ".", "a.", "ключ", "level", "with space", `"`, "attributes.a"}
}

func texts() []string {
	return []string{
		"", " ", "a", "A", "b", "ab", "AB", "aab", "0", "-0", "1", "01", "1.0", "1e0", "+1", " 1", "42", "42.0", "4.2e1", "0x2a", "1_0", "1e999", "NaN",
		"Infinity", "9007199254740993", "9007199254740992", "true", "false", "null", "{}", "[]", "User logged in", "user LOGGED out", "card declined",
		"/api/health", "/API/users/42", "*", "a*b", "%", "_", `"quoted"`, `back\slash`, "(a)", "a:b", "a=b", "-a", "OR", "ſtraße", "STRASSE", "\u212a", "k",
		"Σίσυφος", "ΣΊΣΥΦΟΣ", "日本語", "🙂", "\x00", "a\nb", "\u2028", "\ufffd", "İ", "ı", "i", "not \xff UTF-8", "a\xc3",
		"2026-11-21", "2026-11-21T10:00:01Z", "2026-11-21T11:00:01+01:00", "2026-11-21T10:00:00.5Z", "20261121T100001Z", "2026-02-30", "1795257531",
	}
}

func integers() []int64 {
	return []int64{0, 1, -1, 2, 42, 100, 20261121, 1 << 53, 1<<53 + 1, math.MaxInt64, math.MinInt64}
}

func doubles() []float64 {
	return []float64{0, math.Copysign(0, -1), 1, 1.5, 42, 0.1, -1, 1e21, 1e300, 5e-324, math.NaN(), math.Inf(1), math.Inf(-1), 1 << 53}
}

func hashes() []string {
	return []string{"", "00ff", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"}
}

// number returns the text of a number of the vocabulary.
func number(random *rand.Rand) string {
	return strconv.FormatInt(pick(random, integers()), 10)
}
