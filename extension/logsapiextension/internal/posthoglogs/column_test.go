package posthoglogs

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/record"
)

func newRecord(t *testing.T) record.Record {
	t.Helper()
	r := record.New()
	r.Resource.Attributes().PutStr("service.name", "api")
	r.Resource.Attributes().PutEmptyMap("k8s").PutStr("pod", "a-1")
	r.Scope.SetName("library")
	r.Scope.SetVersion("1.2")
	r.Log.SetTimestamp(pcommon.NewTimestampFromTime(time.Date(2026, 11, 20, 10, 0, 0, 5, time.UTC)))
	r.Log.SetSeverityNumber(18)
	r.Log.SetEventName("login")
	r.Log.SetTraceID(pcommon.TraceID{0: 0xab})
	r.Log.Attributes().PutStr(record.AttributeID, "the id")
	r.Log.Attributes().PutStr(record.AttributeHash, "the hash")
	require.NoError(t, r.Log.Body().FromRaw(map[string]any{
		"user": map[string]any{"id": 9, "name": "x"}, "list": []any{"a", map[string]any{"b": true}}, "null": nil, "a.b": 1,
	}))
	return r
}

func TestColumns(t *testing.T) {
	for name, want := range map[string]any{
		"uuid":                        "the id",
		"timestamp":                   "2026-11-20T10:00:00.000000005Z",
		"observed_timestamp":          "1970-01-01T00:00:00Z",
		"severity_text":               "error",
		"level":                       "error",
		"severity_number":             int32(18),
		"service_name":                "api",
		"trace_id":                    "AB000000000000000000000000000000",
		"span_id":                     "0000000000000000",
		"event_name":                  "login",
		"hash":                        "the hash",
		"instrumentation_scope":       "library@1.2",
		"attributes.log.record.uid":   "the id",
		"attributes.none":             nil,
		"resource_attributes.k8s.pod": "a-1",
		"resource_attributes":         map[string]string{"service.name": "api", "k8s": `{"pod":"a-1"}`},
		"attributes":                  map[string]string{"log.record.uid": "the id", "docket.record.hash": "the hash"},
		"body.user.id":                "9",
		"body.user.name":              "x",
		"body.user":                   `{"id":9,"name":"x"}`,
		"body.list.0":                 "a",
		"body.list.1.b":               "true",
		"body.list.2":                 nil,
		"body.list.x":                 nil,
		"body.null":                   nil,
		"body.user.id.deeper":         nil,
		"body.none":                   nil,
	} {
		columns, err := parseColumns([]string{name})
		require.NoError(t, err, name)
		assert.Equal(t, want, columns[0].value(newRecord(t)), name)
	}
	for _, name := range rowColumns() {
		_, ok := parseColumn(name)
		assert.True(t, ok, name)
	}
	for _, name := range []string{"", "attributes.", "resource_attributes.", "body.", "Uuid", "upper(level)", "log.x"} {
		_, err := parseColumns([]string{"uuid", name})
		require.ErrorContains(t, err, "is no column", name)
	}
}

func TestColumnsOfOtherBodies(t *testing.T) {
	value := func(set func(body pcommon.Value)) any {
		r := record.New()
		set(r.Log.Body())
		columns, err := parseColumns([]string{"body.a"})
		require.NoError(t, err)
		return columns[0].value(r)
	}
	assert.Equal(t, "1", value(func(body pcommon.Value) { body.SetStr(`{"a":1}`) }), "a text that is JSON")
	assert.Equal(t, "1.50", value(func(body pcommon.Value) { body.SetStr(`{"a":1.50} and more`) }), "numbers are as they are written")
	assert.Nil(t, value(func(body pcommon.Value) { body.SetStr(`{"a":`) }))
	assert.Nil(t, value(func(body pcommon.Value) { body.SetStr(`a`) }))
	assert.Nil(t, value(func(body pcommon.Value) { body.SetDouble(math.NaN()) }))
	assert.Nil(t, value(func(pcommon.Value) {}))
}

// A row is JSON whatever a record has.
func TestRowIsJSON(t *testing.T) {
	r := newRecord(t)
	r.Log.Body().SetStr("not \xff UTF-8 \x00 \u2028 <&>")
	r.Log.Attributes().PutDouble("number", math.Inf(1))
	r.Log.Attributes().PutEmpty("empty")
	row := rowOf(r)
	row.custom = []member{{"attributes.a", "x"}, {"attributes.b", nil}}
	text, err := marshal(row)
	require.NoError(t, err)
	assert.Contains(t, string(text), "<&>")
	var decoded map[string]any
	require.NoError(t, json.Unmarshal(text, &decoded))
	assert.Equal(t, "not \ufffd UTF-8 \x00 \u2028 <&>", decoded["body"])
	assert.Equal(t, "x", decoded["attributes.a"])
	assert.Nil(t, decoded["attributes.b"])
	assert.Contains(t, decoded, "attributes.b")
	attributes, _ := decoded["attributes"].(map[string]any)
	assert.Equal(t, "Infinity", attributes["number"])
	assert.Empty(t, attributes["empty"])
}

func TestFingerprint(t *testing.T) {
	one := fingerprintOf(map[string]string{"a": "b", "c": "d"})
	assert.Equal(t, one, fingerprintOf(map[string]string{"c": "d", "a": "b"}))
	for _, other := range []map[string]string{{}, {"a": "b"}, {"a": "d", "c": "b"}, {"ab": "", "c": "d"}, {"a": "bc", "d": ""}} {
		assert.NotEqual(t, one, fingerprintOf(other))
	}
	assert.Regexp(t, `^\d+$`, one)
}
