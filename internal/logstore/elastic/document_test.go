package elastic

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore/logstoretest"
	"github.com/docketlog/docket/internal/record"
)

func newSeededRandom(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("the seed is %d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

// newTestRecord returns a record of project 7 with an id.
func newTestRecord(id string) record.Record {
	r := record.New()
	r.Resource.Attributes().PutInt(record.AttributeProjectID, 7)
	r.Log.Attributes().PutStr(record.AttributeID, id)
	r.Log.SetTimestamp(pcommon.NewTimestampFromTime(time.Date(2026, 11, 21, 10, 0, 0, 123456789, time.UTC)))
	return r
}

// marshal returns all of a record, also what its canonical bytes leave out: the order
// of attributes, the difference between 0 and -0 and so on.
func marshal(tb testing.TB, r record.Record) string {
	tb.Helper()
	data, err := (&plog.ProtoMarshaler{}).MarshalLogs(r.Copy())
	require.NoError(tb, err)
	return string(data)
}

// parsedDocument is the source of a document.
type parsedDocument struct {
	Timestamp string          `json:"@timestamp"`
	Time      int64           `json:"time"`
	Project   int64           `json:"project_id"`
	ID        string          `json:"id"`
	Hash      *string         `json:"hash"`
	Level     string          `json:"level"`
	Severity  string          `json:"severity_number"`
	Service   *string         `json:"service"`
	EventName string          `json:"event_name"`
	TraceID   string          `json:"trace_id"`
	SpanID    string          `json:"span_id"`
	Observed  int64           `json:"observed_time"`
	BodyBytes int             `json:"body_bytes"`
	Terms     []string        `json:"terms"`
	Folded    []string        `json:"folded_terms"`
	Numbers   []string        `json:"numbers"`
	Keys      []string        `json:"keys"`
	Words     []string        `json:"words"`
	Cut       []string        `json:"cut"`
	Record    json.RawMessage `json:"record"`
	Protobuf  string          `json:"record_protobuf"`
}

func parseDocument(tb testing.TB, r record.Record) parsedDocument {
	tb.Helper()
	d, err := newDocument(r)
	require.NoError(tb, err)
	var parsed parsedDocument
	require.NoError(tb, json.Unmarshal(d.source, &parsed))
	return parsed
}

// rewritten is the source as a cluster writes it that filters it: parsed and written
// anew. Numbers without a point are integers.
func rewritten(tb testing.TB, source []byte) []byte {
	tb.Helper()
	var members map[string]any
	require.NoError(tb, json.Unmarshal(source, &members))
	for name := range members {
		if name != fieldRecord && name != fieldProtobuf {
			delete(members, name)
		}
	}
	again, err := json.Marshal(members)
	require.NoError(tb, err)
	return again
}

func requireComesBack(tb testing.TB, r record.Record) document {
	tb.Helper()
	d, err := newDocument(r)
	require.NoError(tb, err)
	for _, source := range [][]byte{d.source, rewritten(tb, d.source), append([]byte(" "), rewritten(tb, d.source)...)} {
		got, err := decodeSource(source)
		require.NoError(tb, err)
		if marshal(tb, r) != marshal(tb, got) {
			require.Equal(tb, string(record.AppendCanonical(nil, r)), string(record.AppendCanonical(nil, got)))
			require.Fail(tb, "the records differ in what canonical bytes leave out", "%s", source)
		}
	}
	return d
}

func TestRecordsComeBackExactly(t *testing.T) {
	random := newSeededRandom(t)
	asJSON := 0
	records := logstoretest.Records(random, 3000)
	for _, r := range records {
		r.Log.SetFlags(plog.LogRecordFlags(random.Uint32()))
		if random.IntN(10) == 0 {
			r.Scope.SetName("scope")
			r.Scope.Attributes().PutInt("n", math.MinInt64)
			r.Log.SetDroppedAttributesCount(random.Uint32())
			r.Resource.SetDroppedAttributesCount(random.Uint32())
			r.Scope.SetDroppedAttributesCount(random.Uint32())
			r.Log.SetTimestamp(pcommon.Timestamp(random.Uint64()))
			r.Log.SetObservedTimestamp(math.MaxUint64)
			r.Log.SetSeverityText("warn \u2028")
		}
		for i := range random.IntN(3) {
			r.Log.Attributes().PutDouble(fmt.Sprint("double", i), math.Float64frombits(random.Uint64()))
		}
		r.Log.Attributes().PutDouble("likely", math.Round(random.NormFloat64()*1e6)/1e3)
		d := requireComesBack(t, r)
		if !strings.Contains(string(d.source), fieldProtobuf) {
			asJSON++
		}
	}
	assert.Greater(t, asJSON, len(records)/2, "too few records are JSON for this to be a test of it")
	assert.Less(t, asJSON, len(records)*9/10, "too few records are not JSON for this to be a test of it")
}

func TestNastyRecordsComeBackExactly(t *testing.T) {
	for name, set := range map[string]func(r record.Record){
		"empty":             func(record.Record) {},
		"empty values":      func(r record.Record) { r.Log.Attributes().PutEmpty("a"); r.Log.Attributes().PutEmptyMap("b") },
		"empty containers":  func(r record.Record) { r.Log.Attributes().PutEmptySlice("b"); r.Log.Attributes().PutEmptyBytes("c") },
		"empty text":        func(r record.Record) { r.Log.Body().SetStr("") },
		"empty bytes":       func(r record.Record) { r.Log.Body().SetEmptyBytes() },
		"bytes":             func(r record.Record) { r.Log.Body().SetEmptyBytes().FromRaw([]byte{0, 0xff}) },
		"not UTF-8":         func(r record.Record) { r.Log.Body().SetStr("a\xff") },
		"key not UTF-8":     func(r record.Record) { r.Scope.Attributes().PutStr("a\xff", "x") },
		"name not UTF-8":    func(r record.Record) { r.Log.SetEventName("a\xff") },
		"another NaN":       func(r record.Record) { r.Log.Body().SetDouble(math.Float64frombits(0x7ff8000000000123)) },
		"minus zero":        func(r record.Record) { r.Log.Body().SetDouble(math.Copysign(0, -1)) },
		"infinity":          func(r record.Record) { r.Log.Body().SetDouble(math.Inf(-1)) },
		"whole double":      func(r record.Record) { r.Log.Body().SetDouble(1 << 62) },
		"large double":      func(r record.Record) { r.Log.Body().SetDouble(math.MaxFloat64) },
		"small double":      func(r record.Record) { r.Log.Body().SetDouble(5e-324) },
		"control letters":   func(r record.Record) { r.Log.Body().SetStr("\x00\x1f\"\\/\u007f\u2028<&>\U0001F642\ufffd") },
		"empty elements":    func(r record.Record) { r.Log.Body().SetEmptySlice().AppendEmpty() },
		"first timestamp":   func(r record.Record) { r.Log.SetTimestamp(0) },
		"last timestamp":    func(r record.Record) { r.Log.SetTimestamp(math.MaxUint64) },
		"negative severity": func(r record.Record) { r.Log.SetSeverityNumber(math.MinInt32) },
		"64 levels":         func(r record.Record) { nest(r.Log.Body(), 64) },
		"65 levels":         func(r record.Record) { nest(r.Log.Body(), 65) },
		"10000 levels":      func(r record.Record) { nest(r.Log.Attributes().PutEmpty("deep"), maxDepth) },
		"large body":        func(r record.Record) { r.Log.Body().SetStr(strings.Repeat("0123456789 \x01\"ä", 1<<17)) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newTestRecord("1")
			set(r)
			requireComesBack(t, r)
		})
	}
}

// nest makes a value of so many levels, maps and slices in turn.
func nest(v pcommon.Value, levels int) {
	for level := range levels {
		if level%2 == 0 {
			v = v.SetEmptyMap().PutEmpty("a")
		} else {
			v = v.SetEmptySlice().AppendEmpty()
		}
	}
}

func TestDecodeSourceOfSomethingElse(t *testing.T) {
	for name, source := range map[string]string{
		"no JSON": `{`, "half": `{"record":{"resourceLogs":[{`, "nothing": `{}`, "no record": `{"record":{}}`, "no protobuf": `{"record_protobuf":"AAAA"}`, "no base64": `{"record_protobuf":"?"}`,
		"no OTLP": `{"record":[]}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := decodeSource([]byte(source))
			require.Error(t, err)
		})
	}
}

func TestFieldsOfADocument(t *testing.T) {
	r := newTestRecord("0199")
	r.Log.Attributes().PutStr(record.AttributeHash, "00ff")
	r.Log.SetSeverityNumber(plog.SeverityNumberWarn2)
	r.Resource.Attributes().PutStr(record.AttributeServiceName, "bill\"ing")
	r.Log.SetEventName("invoice.sent")
	r.Log.SetObservedTimestamp(5)
	r.Log.SetTraceID(pcommon.TraceID{15: 1})
	r.Log.SetSpanID(pcommon.SpanID{7: 2})
	r.Log.Body().SetStr("User 17 logged in, user LOGGED out")
	r.Log.Attributes().PutStr("a=b", "Ünï\n")
	r.Log.Attributes().PutDouble("n", -1.5)
	nested := r.Log.Attributes().PutEmptyMap("m")
	nested.PutStr("k", "1e3")
	nested.PutEmptyMap("empty")

	d, err := newDocument(r)
	require.NoError(t, err)
	assert.Equal(t, "7:0199", d.id)
	assert.Equal(t, time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC).Unix()/86400, d.day)
	hash, service := "00ff", "bill\"ing"
	got := parseDocument(t, r)
	got.Record = nil
	assert.Equal(t, parsedDocument{
		Timestamp: "2026-11-21T10:00:00.123Z", Time: 1795255200123456789 + math.MinInt64, Project: 7, ID: "0199", Hash: &hash,
		Level: "warn", Severity: "14", Service: &service, EventName: "invoice.sent",
		TraceID: "00000000000000000000000000000001", SpanID: "0000000000000002",
		Observed: math.MinInt64 + 5, BodyBytes: len("User 17 logged in, user LOGGED out"),
		Terms: []string{
			"attributes.log.record.uid=0199", "attributes.docket.record.hash=00ff", `attributes.a\=b=Ünï` + "\n", "attributes.n=-1.5",
			`attributes.m={"k":"1e3","empty":{}}`, "attributes.m.k=1e3", "attributes.m.empty={}",
			"resource.docket.project.id=7", "resource.service.name=bill\"ing",
		},
		Folded: []string{`attributes.a\=b=ünï` + "\n"},
		Numbers: []string{
			"attributes.log.record.uid=" + sortableNumber(199), "attributes.n=" + sortableNumber(-1.5), "attributes.m.k=" + sortableNumber(1000),
			"resource.docket.project.id=" + sortableNumber(7),
		},
		Keys: []string{
			"attributes.log.record.uid", "attributes.docket.record.hash", "attributes.a=b", "attributes.n", "attributes.m.k",
			"resource.docket.project.id", "resource.service.name",
		},
		Words: []string{"user", "17", "logged", "in", "out"},
	}, got)
}

func TestRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		change func(r record.Record)
		want   string
	}{
		"no project":    {func(r record.Record) { r.Resource.Attributes().Clear() }, "project id 0"},
		"no id":         {func(r record.Record) { r.Log.Attributes().Clear() }, "it has no id"},
		"long id":       {func(r record.Record) { r.Log.Attributes().PutStr(record.AttributeID, strings.Repeat("x", 511)) }, "511 bytes"},
		"id not UTF-8":  {func(r record.Record) { r.Log.Attributes().PutStr(record.AttributeID, "\xff") }, "not UTF-8"},
		"too deep":      {func(r record.Record) { nest(r.Log.Body(), maxDepth+1) }, "levels"},
		"too deep list": {func(r record.Record) { nest(r.Scope.Attributes().PutEmptySlice("a").AppendEmpty(), maxDepth) }, "levels"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newTestRecord("1")
			test.change(r)
			_, err := newDocument(r)
			require.ErrorContains(t, err, test.want)
			require.ErrorAs(t, err, new(refusal))
		})
	}
	longest := newTestRecord(strings.Repeat("x", 510))
	d, err := newDocument(longest)
	require.NoError(t, err)
	assert.Len(t, d.id, maxIDBytes)
}

// requireFindable asserts that the lists say of every key what filter.Field finds.
func requireFindable(tb testing.TB, r record.Record, keys []string) {
	tb.Helper()
	d := parseDocument(tb, r)
	for _, place := range []filter.Place{filter.PlaceLogAttribute, filter.PlaceResourceAttribute} {
		isCutPlace := slices.Contains(d.Cut, placeName(place))
		for _, key := range keys {
			text, has := filter.Field{Place: place, Key: key}.Text(r)
			terms, folded, numbers := withPrefix(d.Terms, termPrefix(place, key)), withPrefix(d.Folded, termPrefix(place, key)), withPrefix(d.Numbers, termPrefix(place, key))
			isCut := slices.Contains(d.Cut, placeName(place)+"."+key)
			if !has {
				require.Empty(tb, terms, "%q", key)
				require.False(tb, isCut, "%q", key)
				continue
			}
			if isCut || isCutPlace && len(terms) == 0 {
				require.Empty(tb, slices.Concat(terms, folded, numbers), "%q", key)
				continue
			}
			require.Equal(tb, []string{text}, terms, "%q", key)
			var wantFolded, wantNumbers []string
			if other := filter.Fold(text); other != text {
				wantFolded = []string{other}
			}
			if number, ok := filter.Number(text); ok {
				wantNumbers = []string{sortableNumber(number)}
			}
			require.Equal(tb, wantFolded, folded, "%q", key)
			require.Equal(tb, wantNumbers, numbers, "%q", key)
		}
		attributes := r.Log.Attributes()
		if place == filter.PlaceResourceAttribute {
			attributes = r.Resource.Attributes()
		}
		want := map[string]bool{}
		addLeafKeys(want, attributes, "")
		got := withPrefix(d.Keys, placeName(place)+".")
		if !isCutPlace {
			require.Len(tb, got, len(want), "each once")
		}
		for _, key := range got {
			require.True(tb, want[key], "%q", key)
		}
	}
}

func withPrefix(texts []string, prefix string) (found []string) {
	for _, text := range texts {
		if rest, ok := strings.CutPrefix(text, prefix); ok {
			found = append(found, rest)
		}
	}
	return found
}

// addLeafKeys adds the keys that logstore.Analyst counts.
func addLeafKeys(keys map[string]bool, m pcommon.Map, prefix string) {
	for key, value := range m.All() {
		if value.Type() == pcommon.ValueTypeMap {
			addLeafKeys(keys, value.Map(), prefix+key+".")
		} else {
			keys[prefix+key] = true
		}
	}
}

// addPaths adds all keys and paths.
func addPaths(keys map[string]bool, m pcommon.Map, prefix string) {
	for key, value := range m.All() {
		keys[prefix+key] = true
		if value.Type() == pcommon.ValueTypeMap {
			addPaths(keys, value.Map(), prefix+key+".")
		}
	}
}

func TestListsSayWhatFieldsFind(t *testing.T) {
	records := logstoretest.Records(newSeededRandom(t), 1000)
	paths := map[string]bool{"none": true, "a.": true, "a.b.c.a": true}
	for _, r := range records {
		addPaths(paths, r.Log.Attributes(), "")
		addPaths(paths, r.Resource.Attributes(), "")
	}
	var keys []string
	for key := range paths {
		keys = append(keys, key)
	}
	for _, r := range records[:100] {
		requireFindable(t, r, keys)
	}
	for _, r := range records[100:] {
		own := map[string]bool{}
		addPaths(own, r.Log.Attributes(), "")
		addPaths(own, r.Resource.Attributes(), "")
		keys := keys[:50:50]
		for key := range own {
			keys = append(keys, key)
		}
		requireFindable(t, r, keys)
	}
}

func TestListsCutWhatIsTooLong(t *testing.T) {
	long := strings.Repeat("x", maxTermBytes)
	prefix := len("attributes.key=")
	for name, test := range map[string]struct {
		set func(r record.Record)
		cut []string
	}{
		"longest text":       {func(r record.Record) { r.Log.Attributes().PutStr("key", long[prefix:]) }, nil},
		"longer text":        {func(r record.Record) { r.Log.Attributes().PutStr("key", long[prefix-1:]) }, []string{"attributes.key"}},
		"text longer folded": {func(r record.Record) { r.Log.Attributes().PutStr("key", "\u023a"+long[prefix+2:]) }, []string{"attributes.key"}},
		"longer list":        {func(r record.Record) { r.Log.Attributes().PutEmptySlice("key").AppendEmpty().SetStr(long) }, []string{"attributes.key"}},
		"escaped list": {func(r record.Record) {
			r.Log.Attributes().PutEmptySlice("key").AppendEmpty().SetStr(strings.Repeat("\x01", 2000))
		}, []string{"attributes.key"}},
		"longer map":          {func(r record.Record) { r.Resource.Attributes().PutEmptyMap("m").PutStr("k", long[prefix:]) }, []string{"resource.m"}},
		"longer key":          {func(r record.Record) { r.Log.Attributes().PutStr(long, "") }, []string{"attributes"}},
		"longer key escaped":  {func(r record.Record) { r.Log.Attributes().PutStr(strings.Repeat("=", 5000), "") }, []string{"attributes"}},
		"key not UTF-8":       {func(r record.Record) { r.Log.Attributes().PutStr("a\xff", "x") }, []string{"attributes"}},
		"long key not UTF-8":  {func(r record.Record) { r.Log.Attributes().PutStr("a\xff", long) }, []string{"attributes"}},
		"longer path":         {func(r record.Record) { r.Log.Attributes().PutEmptyMap(long[:5000]).PutStr(long[:5000], "x") }, []string{"attributes." + long[:5000], "attributes"}},
		"path below too long": {func(r record.Record) { r.Log.Attributes().PutEmptyMap(long+"x").PutStr("a", "x") }, []string{"attributes"}},
		"deep":                {func(r record.Record) { deepMap(r.Log.Attributes().PutEmpty("a"), maxDepth) }, []string{"attributes"}},
		"service":             {func(r record.Record) { r.Resource.Attributes().PutStr(record.AttributeServiceName, long+"x") }, []string{"service", "resource.service.name"}},
		"event name":          {func(r record.Record) { r.Log.SetEventName(long + "x") }, []string{"event_name"}},
		"longest word":        {func(r record.Record) { r.Log.Body().SetStr("a " + long + " b") }, nil},
		"longer word":         {func(r record.Record) { r.Log.Body().SetStr("a " + long + "x b") }, []string{"body"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newTestRecord("1")
			test.set(r)
			d := parseDocument(t, r)
			for _, cut := range test.cut {
				assert.True(t, slices.Contains(d.Cut, cut), "%.80q", cut)
			}
			if test.cut == nil {
				assert.Empty(t, d.Cut)
			}
			for _, texts := range [][]string{d.Terms, d.Folded, d.Numbers, d.Keys, d.Words, d.Cut} {
				for _, text := range texts {
					assert.LessOrEqual(t, len(text), maxTermBytes)
				}
			}
			requireFindable(t, r, []string{"key", long, "m", "m.k", "a", "a.a", long[:5000], long[:5000] + "." + long[:5000], long + ".a"})
			requireComesBack(t, r)
		})
	}
}

func deepMap(v pcommon.Value, levels int) {
	for range levels {
		v = v.SetEmptyMap().PutEmpty("a")
	}
	v.SetStr("x")
}

func TestListsHaveALargestSize(t *testing.T) {
	r := newTestRecord("1")
	m := r.Log.Attributes().PutEmptyMap(strings.Repeat("k", 4000))
	for i := range 2000 {
		m.PutInt(fmt.Sprint(i), 1)
	}
	var body strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&body, "%05000d ", i)
	}
	r.Log.Body().SetStr(body.String())
	d, err := newDocument(r)
	require.NoError(t, err)
	assert.Less(t, len(d.source), body.Len()+3*maxListsBytes)
	parsed := parseDocument(t, r)
	assert.Subset(t, parsed.Cut, []string{"body", "attributes"})
	requireComesBack(t, r)
}
