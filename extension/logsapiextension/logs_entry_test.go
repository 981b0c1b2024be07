package logsapiextension

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/record"
)

const (
	exampleID   = "018b70a4-64d8-7000-8000-000000000001"
	exampleHash = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
)

// entryOf returns the entry of one record as GET /logs answers it.
func entryOf(t *testing.T, fill func(resource pcommon.Resource, scope pcommon.InstrumentationScope, log plog.LogRecord)) string {
	t.Helper()
	s := newServer(t, nil)
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutInt(record.AttributeProjectID, 1)
	scope := resource.ScopeLogs().AppendEmpty()
	log := scope.LogRecords().AppendEmpty()
	log.SetTimestamp(pcommon.NewTimestampFromTime(time.Date(2023, 10, 27, 10, 35, 15, 0, time.UTC)))
	fill(resource.Resource(), scope.Scope(), log)
	require.NoError(t, s.store.Append(t.Context(), logs))
	var answer struct {
		Data struct {
			Logs []json.RawMessage `json:"logs"`
		} `json:"data"`
	}
	require.NoError(t, json.Unmarshal([]byte(s.get("/logs", readerToken).body), &answer))
	require.Len(t, answer.Data.Logs, 1)
	return string(answer.Data.Logs[0])
}

func TestEntryOfACompleteRecord(t *testing.T) {
	entry := entryOf(t, func(resource pcommon.Resource, scope pcommon.InstrumentationScope, log plog.LogRecord) {
		resource.Attributes().PutStr("service.name", "user-service")
		resource.Attributes().PutStr("host.name", "web-1")
		scope.SetName("auth")
		scope.SetVersion("1.2")
		scope.Attributes().PutBool("beta", true)
		log.SetTimestamp(pcommon.NewTimestampFromTime(time.Date(2023, 10, 27, 10, 35, 15, 120_000_000, time.UTC)))
		log.SetObservedTimestamp(pcommon.NewTimestampFromTime(time.Date(2023, 10, 27, 10, 35, 16, 1, time.UTC)))
		log.SetSeverityNumber(18)
		log.SetSeverityText("Critical")
		log.SetEventName("user.login")
		log.SetTraceID(pcommon.TraceID{1, 2, 3})
		log.SetSpanID(pcommon.SpanID{4, 5})
		log.Body().SetStr("Failed to authenticate user: \"Zoë\" <zoe@example.com>\n")
		log.Attributes().PutStr(record.AttributeID, exampleID)
		log.Attributes().PutStr(record.AttributeHash, exampleHash)
		log.Attributes().PutInt("user_id", 12345)
		log.Attributes().PutStr("user.id", "u\u2028\xff")
		changes := log.Attributes().PutEmptyMap("context.changes")
		changes.PutEmptySlice("roles").AppendEmpty().SetStr("admin")
		changes.PutEmpty("note")
		log.Attributes().PutEmptySlice("docket.tags").AppendEmpty().SetInt(1)
	})
	assert.JSONEq(t, `{"timestamp":"2023-10-27T10:35:15.12Z","level":"ERROR","service":"user-service",`+
		`"message":"Failed to authenticate user: \"Zoë\" <zoe@example.com>\n",`+
		`"details":{"id":"`+exampleID+`","hash":"`+exampleHash+`","event":"user.login","severity_text":"Critical",`+
		`"severity_number":18,"observed_timestamp":"2023-10-27T10:35:16.000000001Z",`+
		`"trace_id":"01020300000000000000000000000000","span_id":"0405000000000000",`+
		`"user_id":12345,"user.id":"u\u2028\ufffd","context.changes":{"roles":["admin"],"note":null},"docket.tags":[1],`+
		`"scope":{"name":"auth","version":"1.2","attributes":{"beta":true}},`+
		`"resource":{"docket.project.id":1,"service.name":"user-service","host.name":"web-1"}}}`, entry)
}

func TestEntryOfAnEmptyRecord(t *testing.T) {
	assert.JSONEq(t, `{"timestamp":"2023-10-27T10:35:15Z","level":"UNSPECIFIED","service":"","message":"",`+
		`"details":{"resource":{"docket.project.id":1}}}`,
		entryOf(t, func(pcommon.Resource, pcommon.InstrumentationScope, plog.LogRecord) {}))
}

// An attribute never hides what the record has of its own, nor the other way round.
func TestEntryKeepsAttributesWithReservedNames(t *testing.T) {
	names := []string{
		"id", "hash", "event", "severity_text", "severity_number", "observed_timestamp", "trace_id", "span_id", "scope",
		"resource", "attributes",
	}
	entry := entryOf(t, func(_ pcommon.Resource, scope pcommon.InstrumentationScope, log plog.LogRecord) {
		log.Attributes().PutStr(record.AttributeID, exampleID)
		log.SetEventName("login")
		scope.SetName("auth")
		for _, name := range names {
			log.Attributes().PutStr(name, "the sender's "+name)
		}
		log.Attributes().PutStr("plain", "yes")
		log.Attributes().PutInt(record.AttributeHash, 7) // no hash of Docket's
	})
	var decoded struct {
		Details map[string]any `json:"details"`
	}
	require.NoError(t, json.Unmarshal([]byte(entry), &decoded))
	moved := map[string]any{}
	for _, name := range names {
		moved[name] = "the sender's " + name
	}
	assert.Equal(t, map[string]any{
		"id": exampleID, "event": "login", "plain": "yes", "docket.record.hash": 7.0, "scope": map[string]any{"name": "auth"},
		"resource": map[string]any{"docket.project.id": 1.0}, "attributes": moved,
	}, decoded.Details)
}

func TestEntryValues(t *testing.T) {
	for name, tt := range map[string]struct {
		set  func(pcommon.Value)
		want string
	}{
		"string":         {func(v pcommon.Value) { v.SetStr("a\x00\t</script>\x7f") }, `"a\u0000\t</script>` + "\x7f" + `"`},
		"empty string":   {func(v pcommon.Value) { v.SetStr("") }, `""`},
		"largest int":    {func(v pcommon.Value) { v.SetInt(math.MaxInt64) }, `9223372036854775807`},
		"smallest int":   {func(v pcommon.Value) { v.SetInt(math.MinInt64) }, `-9223372036854775808`},
		"double":         {func(v pcommon.Value) { v.SetDouble(0.1) }, `0.1`},
		"small double":   {func(v pcommon.Value) { v.SetDouble(1e-9) }, `1e-9`},
		"large double":   {func(v pcommon.Value) { v.SetDouble(1e300) }, `1e+300`},
		"not a number":   {func(v pcommon.Value) { v.SetDouble(math.NaN()) }, `"NaN"`},
		"infinity":       {func(v pcommon.Value) { v.SetDouble(math.Inf(1)) }, `"Infinity"`},
		"minus infinity": {func(v pcommon.Value) { v.SetDouble(math.Inf(-1)) }, `"-Infinity"`},
		"bool":           {func(v pcommon.Value) { v.SetBool(false) }, `false`},
		"nothing":        {func(pcommon.Value) {}, `null`},
		"bytes":          {func(v pcommon.Value) { v.SetEmptyBytes().FromRaw([]byte{0, 255}) }, `"AP8="`},
		"empty map":      {func(v pcommon.Value) { v.SetEmptyMap() }, `{}`},
		"empty list":     {func(v pcommon.Value) { v.SetEmptySlice() }, `[]`},
		"nested": {func(v pcommon.Value) {
			list := v.SetEmptyMap().PutEmptySlice("a")
			list.AppendEmpty().SetEmptyMap().PutInt("b", 1)
			list.AppendEmpty().SetStr("c")
		}, `{"a":[{"b":1},"c"]}`},
	} {
		t.Run(name, func(t *testing.T) {
			entry := entryOf(t, func(_ pcommon.Resource, _ pcommon.InstrumentationScope, log plog.LogRecord) {
				tt.set(log.Attributes().PutEmpty("value"))
			})
			var decoded struct {
				Details struct {
					Value json.RawMessage `json:"value"`
				} `json:"details"`
			}
			require.NoError(t, json.Unmarshal([]byte(entry), &decoded))
			assert.Equal(t, tt.want, string(decoded.Details.Value))
		})
	}
}

func TestEntryMessages(t *testing.T) {
	for name, tt := range map[string]struct {
		set  func(pcommon.Value)
		want string
	}{
		"text":   {func(v pcommon.Value) { v.SetStr("hello") }, "hello"},
		"number": {func(v pcommon.Value) { v.SetInt(42) }, "42"},
		"bool":   {func(v pcommon.Value) { v.SetBool(true) }, "true"},
		"map":    {func(v pcommon.Value) { v.SetEmptyMap().PutStr("b", "<x>") }, `{"b":"<x>"}`},
		"list":   {func(v pcommon.Value) { v.SetEmptySlice().AppendEmpty().SetInt(1) }, `[1]`},
		"not a number in a map": {
			func(v pcommon.Value) { v.SetEmptyMap().PutDouble("n", math.NaN()) }, `{"n":"NaN"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			entry := entryOf(t, func(_ pcommon.Resource, _ pcommon.InstrumentationScope, log plog.LogRecord) { tt.set(log.Body()) })
			var decoded struct {
				Message string `json:"message"`
			}
			require.NoError(t, json.Unmarshal([]byte(entry), &decoded))
			assert.Equal(t, tt.want, decoded.Message)
		})
	}
}

func TestEntryLevels(t *testing.T) {
	for severity, want := range map[plog.SeverityNumber]string{
		-1: "UNSPECIFIED", 0: "UNSPECIFIED", 1: "TRACE", 4: "TRACE", 5: "DEBUG", 8: "DEBUG", 9: "INFO", 12: "INFO", 13: "WARN",
		16: "WARN", 17: "ERROR", 20: "ERROR", 21: "FATAL", 24: "FATAL", 25: "UNSPECIFIED",
	} {
		entry := entryOf(t, func(_ pcommon.Resource, _ pcommon.InstrumentationScope, log plog.LogRecord) {
			log.SetSeverityNumber(severity)
		})
		assert.Contains(t, entry, `"level":"`+want+`"`, severity)
	}
}

func TestEntryTimestamps(t *testing.T) {
	for nanoseconds, want := range map[int]string{
		0: "2023-10-27T10:35:15Z", 500_000_000: "2023-10-27T10:35:15.5Z", 123_000_000: "2023-10-27T10:35:15.123Z",
		1: "2023-10-27T10:35:15.000000001Z",
	} {
		entry := entryOf(t, func(_ pcommon.Resource, _ pcommon.InstrumentationScope, log plog.LogRecord) {
			log.SetTimestamp(pcommon.NewTimestampFromTime(time.Date(2023, 10, 27, 10, 35, 15, nanoseconds, time.UTC)))
		})
		assert.Contains(t, entry, `"timestamp":"`+want+`"`)
	}
	entry := entryOf(t, func(_ pcommon.Resource, _ pcommon.InstrumentationScope, log plog.LogRecord) {
		log.SetTimestamp(0)
		log.SetObservedTimestamp(1_000_000_000)
	})
	assert.Contains(t, entry, `"timestamp":"1970-01-01T00:00:01Z"`, "a record without a time has that of its arrival")
	entry = entryOf(t, func(_ pcommon.Resource, _ pcommon.InstrumentationScope, log plog.LogRecord) {
		log.SetTimestamp(math.MaxUint64)
	})
	assert.Contains(t, entry, `"timestamp":"2554-07-21T23:34:33.709551615Z"`)
}
