package record_test

import (
	"fmt"
	"math"
	"math/rand/v2"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/record"
)

// randomRecord returns a record in which every field may be empty or not, with
// values of every kind, nested, and text of every script.
func randomRecord(random *rand.Rand) record.Record {
	r := record.New()
	sometimes := func(set func()) {
		if random.IntN(3) > 0 {
			set()
		}
	}
	sometimes(func() { r.Log.SetTimestamp(pcommon.Timestamp(random.Uint64())) })
	sometimes(func() { r.Log.SetObservedTimestamp(pcommon.Timestamp(random.Uint64())) })
	sometimes(func() { r.Log.SetSeverityNumber(plog.SeverityNumber(random.Int32N(25))) })
	sometimes(func() { r.Log.SetSeverityText(randomText(random)) })
	sometimes(func() { r.Log.SetEventName(randomText(random)) })
	sometimes(func() { r.Log.SetFlags(plog.LogRecordFlags(random.Uint32())) })
	sometimes(func() { r.Log.SetTraceID(pcommon.TraceID{0: byte(random.Uint32()), 15: 1}) })
	sometimes(func() { r.Log.SetSpanID(pcommon.SpanID{7: byte(random.Uint32())}) })
	sometimes(func() { r.Scope.SetName(randomText(random)) })
	sometimes(func() { r.Scope.SetVersion(randomText(random)) })
	sometimes(func() { setRandomValue(random, r.Log.Body(), 3) })
	for _, attributes := range []pcommon.Map{r.Log.Attributes(), r.Resource.Attributes(), r.Scope.Attributes()} {
		sometimes(func() { putRandomPairs(random, attributes, 3) })
	}
	return r
}

func putRandomPairs(random *rand.Rand, m pcommon.Map, depth int) {
	for i := range random.IntN(14) {
		setRandomValue(random, m.PutEmpty(fmt.Sprintf("%s%d", randomText(random), i)), depth)
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
	case kind == 4:
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
	switch random.IntN(6) {
	case 0:
		return math.Float64frombits(random.Uint64()) // any, also NaN
	case 1:
		return float64(random.IntN(2000) - 1000)
	case 2:
		return math.Pow(10, float64(random.IntN(60)-30))
	case 3:
		return math.Inf(random.IntN(2) - 1)
	case 4:
		return math.Copysign(0, float64(random.IntN(2)-1))
	default:
		return random.NormFloat64()
	}
}

func randomText(random *rand.Rand) string {
	text := make([]rune, random.IntN(12))
	for i := range text {
		switch random.IntN(6) {
		case 0:
			text[i] = random.Int32N(0x20) // control characters
		case 1:
			text[i] = []rune("\"\\/<>&\x7f\u2028\ufeff\ufffd\U0010ffff")[random.IntN(11)]
		case 2:
			text[i] = 0xe000 + random.Int32N(0x4000) // above the surrogates
		case 3:
			text[i] = 0x80 + random.Int32N(0x2000)
		default:
			text[i] = 'a' + random.Int32N(26)
		}
	}
	return string(text)
}
