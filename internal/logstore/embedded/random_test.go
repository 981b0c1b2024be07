package embedded_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/record"
)

// randomRecord returns a record of the project, within two seconds of day, in which
// every other field may be empty or not, with values of every kind, nested, and
// text of every script.
func randomRecord(random *rand.Rand, project int64) record.Record {
	r := newRecord(project, pcommon.NewTimestampFromTime(day)+pcommon.Timestamp(random.IntN(2e9)), "")
	sometimes := func(set func()) {
		if random.IntN(3) > 0 {
			set()
		}
	}
	sometimes(func() { r.Log.SetObservedTimestamp(pcommon.Timestamp(random.Uint64())) })
	sometimes(func() { r.Log.SetSeverityNumber(plog.SeverityNumber(random.Int32N(30) - 2)) })
	sometimes(func() { r.Log.SetSeverityText(randomText(random)) })
	sometimes(func() { r.Log.SetEventName(randomText(random)) })
	sometimes(func() { r.Log.SetFlags(plog.LogRecordFlags(random.Uint32())) })
	sometimes(func() { r.Log.SetTraceID(pcommon.TraceID{0: byte(random.Uint32()), 15: 1}) })
	sometimes(func() { r.Log.SetSpanID(pcommon.SpanID{7: byte(random.Uint32())}) })
	sometimes(func() { r.Scope.SetName(randomText(random)) })
	sometimes(func() { r.Scope.SetVersion(randomText(random)) })
	sometimes(func() { setRandomValue(random, r.Log.Body(), 3) })
	sometimes(func() { setRandomValue(random, r.Resource.Attributes().PutEmpty(record.AttributeServiceName), 1) })
	sometimes(func() { r.Log.Attributes().PutStr(record.AttributeHash, randomText(random)) })
	if random.IntN(50) == 0 {
		r.Resource.SetDroppedAttributesCount(3)
	}
	for _, attributes := range []pcommon.Map{r.Log.Attributes(), r.Resource.Attributes(), r.Scope.Attributes()} {
		sometimes(func() { putRandomPairs(random, attributes, 3) })
	}
	return r
}

// newRecord returns a record with an id and a text.
func newRecord(project int64, timestamp pcommon.Timestamp, body string) record.Record {
	r := record.New()
	r.Resource.Attributes().PutInt(record.AttributeProjectID, project)
	r.Log.SetTimestamp(timestamp)
	r.Log.Attributes().PutStr(record.AttributeID, record.NewID(timestamp))
	if body != "" {
		r.Log.Body().SetStr(body)
	}
	return r
}

func putRandomPairs(random *rand.Rand, m pcommon.Map, depth int) {
	for range random.IntN(14) {
		setRandomValue(random, m.PutEmpty(randomKey(random)), depth)
	}
}

func randomKey(random *rand.Rand) string {
	switch random.IntN(300) {
	case 0:
		return "ends with *"
	case 1:
		return strings.Repeat("k", random.IntN(200))
	case 2, 3, 4:
		return randomText(random)
	case 5, 6, 7:
		return ""
	default:
		keys := []string{"a", "b", "a.b", "context", "user.id", "a,b", `a\|b`, "_time", "_stream", "ключ", "b.a", "id"}
		return keys[random.IntN(len(keys))]
	}
}

func setRandomValue(random *rand.Rand, value pcommon.Value, depth int) {
	switch kind := random.IntN(8); {
	case kind == 0:
		value.SetStr(randomText(random))
	case kind == 1:
		value.SetInt(int64(random.Uint64()) >> random.IntN(64))
	case kind == 2:
		value.SetDouble(randomDouble(random))
	case kind == 3:
		value.SetBool(random.IntN(2) == 0)
	case kind == 4 && random.IntN(20) == 0:
		value.SetEmptyBytes().FromRaw([]byte(randomText(random)))
	case kind == 5 && depth > 0:
		putRandomPairs(random, value.SetEmptyMap(), depth-1)
	case kind == 6 && depth > 0:
		list := value.SetEmptySlice()
		for range random.IntN(4) {
			setRandomValue(random, list.AppendEmpty(), depth-1)
		}
	default: // stays empty
	}
}

func randomDouble(random *rand.Rand) float64 {
	switch random.IntN(7) {
	case 0:
		if random.IntN(8) == 0 {
			return math.NaN()
		}
		return math.Float64frombits(random.Uint64())
	case 1:
		return float64(random.IntN(2000) - 1000)
	case 2:
		return math.Pow(10, float64(random.IntN(60)-30))
	case 3:
		if random.IntN(30) == 0 {
			return math.Inf(random.IntN(2) - 1)
		}
		return 1.5
	case 4:
		return math.Copysign(0, float64(random.IntN(2)-1))
	default:
		return random.NormFloat64()
	}
}

// randomText returns texts that the engine could take for something else, and
// text of every script.
func randomText(random *rand.Rand) string {
	likely := []string{
		"", "0", "007", "1.10", "-0", "1e3", "1E3", "+1", "18446744073709551616", "0x10", "Infinity", "nan", "true", "null",
		"1.2.3.4", "001.2.3.4", "2024-01-01T00:00:00.000Z", "2024-01-01T00:00:00Z", "2024-02-30T00:00:00.000Z", "1h", "10MiB",
		`"quoted"`, `back\slash`, "`tick`", "a*", "*", "(?i)x", "in(\"a\")", "| delete x", "{}", "[1,2]", "User logged in", "user LOGGED out",
		"ſtraße", "Straße \u212a", "日本語", "🙂", "\x00", "a\nb", "\t", "\u2028", "\ufffd", "Ångström, \u212bngstro\u0308m", "ΣΊΣΥΦΟΣ, Σίσυφος is ok",
		"a.b\u0345.c\ufffd1.d (4711) of user_id=7, ask k", "Ошибка: [не найден] (404)|$^", "İstanbul ıs not istanbul in I", "order 4711 of Ann removed in 7 s",
	}
	switch random.IntN(12) {
	case 0:
		return fmt.Sprint(random.Uint64() >> random.IntN(64))
	case 1:
		return fmt.Sprint(randomDouble(random))
	case 2:
		text := make([]rune, random.IntN(20))
		for i := range text {
			text[i] = rune(random.IntN(0x3000))
		}
		return string(text)
	case 3:
		if random.IntN(40) == 0 {
			return "not \xff UTF-8 \xc3"
		}
		return strings.Repeat("long ", random.IntN(400))
	default:
		return likely[random.IntN(len(likely))]
	}
}
