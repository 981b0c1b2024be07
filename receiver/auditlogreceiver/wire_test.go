package auditlogreceiver

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/record"
)

// Good requests of each format, to be varied.
const (
	pathLogSentry = "/api/auditlog"
	pathLogHub    = "/v1/event"
	pathCodeMash  = "/v1/logs"

	goodLogSentry = `{"msg":"hello"}`
	goodLogHub    = `{"actor":{"type":"user","data":{"internal_id":"1"}},"action":"a.b","metadata":{},"external_id":"1","context":{}}`
	goodCodeMash  = `{"message":"hello"}`
)

// formats lists the formats, for rules that are the same for all of them.
var formats = []struct {
	name, path, good string
	// headers are the headers that the format requires, for the key "one".
	headers []string
	// project names a project in the headers.
	project string
}{
	{"logsentry", pathLogSentry, goodLogSentry, []string{"Authorization", "Bearer one"}, ""},
	{"loghub", pathLogHub, goodLogHub, []string{"token", "one", "organization", "acme"}, "Docket-Project-Id"},
	{"codemash", pathCodeMash, goodCodeMash, []string{"Authorization", "Bearer one", "X-CM-ProjectId", "7"}, "X-CM-ProjectId"},
}

// messageOf returns the text of an error in the shape of its format, and the names
// of its fields. It fails the test when the shape is another one.
func messageOf(t *testing.T, format string, a answer) (message string, fields []string) {
	t.Helper()
	body := a.json(t)
	fieldKey := "field"
	switch format {
	case "logsentry":
		assert.Equal(t, "error", body["status"])
	case "loghub":
		assert.Equal(t, "error", body["status"])
		assert.NotEmpty(t, body["code"])
	case "codemash":
		require.IsType(t, map[string]any{}, body["ResponseStatus"], a.body)
		status := body["ResponseStatus"].(map[string]any)
		assert.NotEmpty(t, status["ErrorCode"])
		body = map[string]any{"message": status["Message"], "errors": status["Errors"]}
		fieldKey = "FieldName"
	}
	require.IsType(t, "", body["message"], a.body)
	require.IsType(t, []any{}, body["errors"], a.body)
	for _, entry := range body["errors"].([]any) {
		fields = append(fields, entry.(map[string]any)[fieldKey].(string))
	}
	return body["message"].(string), fields
}

func TestLogSentryAnswer(t *testing.T) {
	server := start(t, nil)
	for _, path := range []string{"/api/auditlog", "/api/v1/event", "/api/auditlog/"} {
		got := server.post(path, goodLogSentry)
		require.Equal(t, http.StatusOK, got.status, got.body)
		body := got.json(t)
		assert.Len(t, body, 2)
		assert.Equal(t, "ok", body["status"])
		assert.Regexp(t, "^[0-9a-f]{64}$", body["hash"])
	}
	records := server.pipeline.records()
	for _, r := range records {
		assert.Regexp(t, "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", r.ID())
		assert.True(t, record.Verify(r))
		assert.WithinDuration(t, time.Now(), r.Log.ObservedTimestamp().AsTime(), time.Minute)
		assert.Equal(t, r.Log.ObservedTimestamp(), r.Log.Timestamp())
		assert.Equal(t, int64(1), r.ProjectID())
	}
}

func TestLogHubAnswer(t *testing.T) {
	server := start(t, nil)
	got := server.post(pathLogHub, goodLogHub)
	require.Equal(t, http.StatusOK, got.status, got.body)
	stored := server.only()
	assert.JSONEq(t, `{"code":"CREATE_EVENT_OK","status":"ok","data":{"id":"`+stored.ID()+`","timestamp":`+
		jsonNumber(stored.Log.ObservedTimestamp().AsTime().UnixMilli())+`}}`, got.body)
}

func TestCodeMashAnswer(t *testing.T) {
	server := start(t, nil)
	got := server.post(pathCodeMash, goodCodeMash, "X-CM-ProjectId", "1")
	require.Equal(t, http.StatusOK, got.status, got.body)
	assert.JSONEq(t, `{"result":"`+server.only().ID()+`"}`, got.body)
}

func jsonNumber(n int64) string { return strconv.FormatInt(n, 10) }

// TestLogSentryFields has a row for everything that the document and its client say
// of a field. Want is what is stored: the body, the severity text and attributes.
func TestLogSentryFields(t *testing.T) {
	tests := []struct {
		name, body string
		severity   string
		attributes map[string]any
	}{
		{"level absent", `{"msg":"m"}`, "Informational", nil},
		{"level null", `{"msg":"m","level":null}`, "Informational", nil},
		{"level 0", `{"msg":"m","level":0}`, "Emergency", nil},
		{"level 7", `{"msg":"m","level":7}`, "Debug", nil},
		{"level 3.0", `{"msg":"m","level":3.0}`, "Error", nil},
		{"level as a string", `{"msg":"m","level":"3"}`, "Error", nil},
		{"level by name", `{"msg":"m","level":"error"}`, "error", nil},
		{
			"context object", `{"msg":"m","context":{"a":1,"b":{"c":[true,null]}}}`, "Informational",
			map[string]any{"context.a": int64(1), "context.b": map[string]any{"c": []any{true, nil}}},
		},
		{"context array", `{"msg":"m","context":["a",2]}`, "Informational", map[string]any{"context": []any{"a", int64(2)}}},
		{"context empty array", `{"msg":"m","context":[]}`, "Informational", nil},
		{"context empty array in a string", `{"msg":"m","context":"[]"}`, "Informational", nil},
		{
			"context object in a string", `{"msg":"m","context":"{\"a\":{\"b\":1.5}}"}`, "Informational",
			map[string]any{"context.a": map[string]any{"b": 1.5}},
		},
		{"context array in a string", `{"msg":"m","context":" [1] "}`, "Informational", map[string]any{"context": []any{int64(1)}}},
		{"context plain string", `{"msg":"m","context":"plain"}`, "Informational", map[string]any{"context": "plain"}},
		{"context string that only looks like JSON", `{"msg":"m","context":"{a}"}`, "Informational", map[string]any{"context": "{a}"}},
		{"context empty string", `{"msg":"m","context":""}`, "Informational", nil},
		{"context null", `{"msg":"m","context":null}`, "Informational", nil},
		{
			"user and request", `{"msg":"m","user":{"id":5},"request":"{\"ip\":\"::1\"}"}`, "Informational",
			map[string]any{"user.id": int64(5), "request.ip": "::1"},
		},
		{
			"unknown keys", `{"msg":"m","code":5,"big":12345678901234567890,"e":1e2,"nested":{"a":[1]}}`, "Informational",
			map[string]any{"code": int64(5), "big": "12345678901234567890", "e": 100.0, "nested": map[string]any{"a": []any{int64(1)}}},
		},
		{
			"keys in Docket's namespace", `{"msg":"m","docket.alert.matches":["x"],"":1}`, "Informational",
			map[string]any{"sender.docket.alert.matches": []any{"x"}, "sender.": int64(1)},
		},
		{"a record id", `{"msg":"m","log.record.uid":"x"}`, "Informational", map[string]any{record.AttributeClientRecordID: "x"}},
		{
			"client of the sender", `{"msg":"m","client.address":"192.0.2.1","user_agent.original":"app"}`, "Informational",
			map[string]any{"client.address": "192.0.2.1", "user_agent.original": "app"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := start(t, nil)
			got := server.post(pathLogSentry, test.body, "User-Agent", "curl")
			require.Equal(t, http.StatusOK, got.status, got.body)
			want := map[string]any{"docket.source": "logsentry", "client.address": "127.0.0.1", "user_agent.original": "curl"}
			checkRecord(t, server.only(), "m", test.severity, want, test.attributes)
		})
	}
}

// checkRecord checks body, severity text and all attributes but id and hash. The
// second map goes before the first.
func checkRecord(t *testing.T, got record.Record, body, severity string, usual, own map[string]any) {
	t.Helper()
	assert.Equal(t, body, got.Log.Body().Str())
	assert.Equal(t, severity, got.Log.SeverityText())
	assert.NotEqual(t, plog.SeverityNumberUnspecified, got.Log.SeverityNumber())
	want := map[string]any{record.AttributeID: got.ID(), record.AttributeHash: got.Hash()}
	for _, attributes := range []map[string]any{usual, own} {
		for name, value := range attributes {
			want[name] = value
		}
	}
	assert.Equal(t, want, got.Log.Attributes().AsRaw())
}

func TestLogSentryApp(t *testing.T) {
	server := start(t, nil)
	require.Equal(t, http.StatusOK, server.post(pathLogSentry, `{"msg":"m","app":"Laravel"}`).status)
	assert.Equal(t, map[string]any{"docket.project.id": int64(1), "service.name": "Laravel"},
		server.only().Resource.Attributes().AsRaw())
}

func TestLogHubFields(t *testing.T) {
	const rest = `,"action":"a.b","metadata":{},"external_id":"1","context":{}}`
	const user = `{"actor":{"type":"user","data":{"name":"N","email":"E","internal_id":2}}`
	asUser := map[string]any{"docket.actor.type": "user", "user.id": "2", "user.full_name": "N", "user.email": "E"}
	asSystem := map[string]any{"docket.actor.type": "system", "docket.actor.description": "Cron"}
	with := func(base map[string]any, more map[string]any) map[string]any {
		merged := map[string]any{}
		for _, m := range []map[string]any{base, more} {
			for name, value := range m {
				merged[name] = value
			}
		}
		return merged
	}
	tests := []struct {
		name, body     string
		text, severity string
		attributes     map[string]any
	}{
		{"user", user + rest, "a.b", "INFO", asUser},
		{"system with description", `{"actor":{"type":"system","description":"Cron"}` + rest, "a.b", "INFO", asSystem},
		{"system with description in data", `{"actor":{"type":"system","data":{"description":"Cron"}}` + rest, "a.b", "INFO", asSystem},
		{"description alone", `{"actor":{"description":"Cron"}` + rest, "a.b", "INFO", asSystem},
		{
			"system with a name", `{"actor":{"data":{"name":"N"},"type":"system","description":"Cron"}` + rest, "a.b", "INFO",
			with(asSystem, map[string]any{"actor.data.name": "N"}),
		},
		{
			"more about the actor", `{"actor":{"type":"user","role":"r","data":{"name":"N","email":"E","internal_id":"2","x":{"y":1}}}` + rest,
			"a.b", "INFO", with(asUser, map[string]any{"actor.role": "r", "actor.data.x": map[string]any{"y": int64(1)}}),
		},
		{"external id as a number", user + `,"action":"a.b","metadata":{},"external_id":1.0,"context":{}}`, "a.b", "INFO", asUser},
		{
			"metadata", user + `,"action":"a.b","metadata":{"old":{"t":"d"},"k":1},"external_id":"1","context":{}}`, "a.b", "INFO",
			with(asUser, map[string]any{"metadata.old": map[string]any{"t": "d"}, "metadata.k": int64(1)}),
		},
		{"empty objects of PHP", user + `,"action":"a.b","metadata":[],"external_id":"1","context":[]}`, "a.b", "INFO", asUser},
		{
			"severity in metadata", user + `,"action":"a.b","metadata":{"level":"Warning"},"external_id":"1","context":{}}`, "a.b", "Warning",
			with(asUser, map[string]any{"metadata.level": "Warning"}),
		},
		{
			"another level in metadata", user + `,"action":"a.b","metadata":{"level":"gold"},"external_id":"1","context":{}}`, "a.b", "INFO",
			with(asUser, map[string]any{"metadata.level": "gold"}),
		},
		{"severity", user + `,"severity":"error"` + rest, "a.b", "error", with(asUser, map[string]any{"severity": "error"})},
		{"message", user + `,"message":"in words"` + rest, "in words", "INFO", asUser},
		{"tags", user + `,"tags":["a","b"]` + rest, "a.b", "INFO", with(asUser, map[string]any{"docket.tags": []any{"a", "b"}})},
		{"tags null", user + `,"tags":null` + rest, "a.b", "INFO", asUser},
		{
			"context", user + `,"action":"a.b","metadata":{},"external_id":"1","context":{"location":"192.0.2.1","user_agent":"app","x":true}}`,
			"a.b", "INFO", with(asUser, map[string]any{"client.address": "192.0.2.1", "user_agent.original": "app", "context.x": true}),
		},
		{"unknown key", user + `,"zone":"eu"` + rest, "a.b", "INFO", with(asUser, map[string]any{"zone": "eu"})},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := start(t, nil)
			got := server.post(pathLogHub, test.body, "User-Agent", "curl")
			require.Equal(t, http.StatusOK, got.status, got.body)
			assert.Equal(t, "a.b", server.only().Log.EventName())
			checkRecord(t, server.only(), test.text, test.severity, map[string]any{
				"docket.source": "loghub", "docket.external_id": "1", "client.address": "127.0.0.1", "user_agent.original": "curl",
			}, test.attributes)
		})
	}
}

func TestCodeMashFields(t *testing.T) {
	tests := []struct {
		name, body string
		severity   string
		attributes map[string]any
	}{
		{"message alone", `{"message":"m"}`, "Information", nil},
		{"nulls of the PHP client", `{"message":"m","items":null,"level":null}`, "Information", nil},
		{"empty items of PHP", `{"message":"m","items":[]}`, "Information", nil},
		{"Warning", `{"message":"m","level":"Warning"}`, "Warning", nil},
		{"any case", `{"message":"m","level":"eRROR"}`, "eRROR", nil},
		{"FATAL", `{"message":"m","level":"FATAL"}`, "FATAL", nil},
		{"PascalCase", `{"Message":"m","Level":"Error","Items":{"Key":"v"}}`, "Error", map[string]any{"items.Key": "v"}},
		{
			"items of every kind", `{"message":"m","items":{"s":"v","n":1,"d":1.5,"b":false,"z":null,"m":{"a":[1]}}}`, "Information",
			map[string]any{
				"items.s": "v", "items.n": int64(1), "items.d": 1.5, "items.b": false, "items.z": nil,
				"items.m": map[string]any{"a": []any{int64(1)}},
			},
		},
		{"unknown key", `{"message":"m","Code":5}`, "Information", map[string]any{"Code": int64(5)}},
		{"resourceLogs beside a message", `{"resourceLogs":[],"message":"m"}`, "Information", map[string]any{"resourceLogs": []any{}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := start(t, nil)
			got := server.post(pathCodeMash, test.body, "X-CM-ProjectId", "1", "User-Agent", "curl")
			require.Equal(t, http.StatusOK, got.status, got.body)
			checkRecord(t, server.only(), "m", test.severity, map[string]any{
				"docket.source": "codemash", "client.address": "127.0.0.1", "user_agent.original": "curl",
			}, test.attributes)
		})
	}
}

func TestCodeMashPaths(t *testing.T) {
	server := start(t, nil)
	for _, path := range []string{"/v1/logs", "/v2/logs", "/logs", "/v1/logs/"} {
		assert.Equal(t, http.StatusOK, server.post(path+"?X-CM-ProjectID=1", goodCodeMash).status, path)
		assert.Equal(t, http.StatusOK, server.post(path+"?projectId=1", goodCodeMash).status, path)
	}
}

// TestInvalidFields has a row for everything that is refused with 400, and the
// field that the answer names.
func TestInvalidFields(t *testing.T) {
	hub := func(member, value string) string {
		all := map[string]string{
			"actor": `{"type":"user","data":{"internal_id":"1"}}`, "action": `"a.b"`, "metadata": `{}`, "external_id": `"1"`, "context": `{}`,
		}
		all[member] = value
		var members []string
		for name, value := range all {
			if value != "" {
				members = append(members, `"`+name+`":`+value)
			}
		}
		return "{" + strings.Join(members, ",") + "}"
	}
	deep := strings.Repeat(`{"a":`, 32) + "1" + strings.Repeat("}", 32)
	tests := []struct {
		name, format, path, body string
		field                    string
	}{
		{"no msg", "logsentry", pathLogSentry, `{}`, "msg"},
		{"msg empty", "logsentry", pathLogSentry, `{"msg":""}`, "msg"},
		{"msg blank", "logsentry", pathLogSentry, `{"msg":" \n"}`, "msg"},
		{"msg null", "logsentry", pathLogSentry, `{"msg":null}`, "msg"},
		{"msg a number", "logsentry", pathLogSentry, `{"msg":1}`, "msg"},
		{"level 8", "logsentry", pathLogSentry, `{"msg":"m","level":8}`, "level"},
		{"level -1", "logsentry", pathLogSentry, `{"msg":"m","level":-1}`, "level"},
		{"level 1.5", "logsentry", pathLogSentry, `{"msg":"m","level":1.5}`, "level"},
		{"level 30 of pino", "logsentry", pathLogSentry, `{"msg":"m","level":"30"}`, "level"},
		{"level unknown", "logsentry", pathLogSentry, `{"msg":"m","level":"loud"}`, "level"},
		{"level true", "logsentry", pathLogSentry, `{"msg":"m","level":true}`, "level"},
		{"project a name", "logsentry", pathLogSentry, `{"msg":"m","project":"shop"}`, "project"},
		{"project 0", "logsentry", pathLogSentry, `{"msg":"m","project":0}`, "project"},
		{"project an object", "logsentry", pathLogSentry, `{"msg":"m","project":{}}`, "project"},
		{"app a number", "logsentry", pathLogSentry, `{"msg":"m","app":1}`, "app"},
		{"context a number", "logsentry", pathLogSentry, `{"msg":"m","context":1}`, "context"},
		{"user a boolean", "logsentry", pathLogSentry, `{"msg":"m","user":true}`, "user"},
		{"duplicate in a string", "logsentry", pathLogSentry, `{"msg":"m","context":"{\"a\":1,\"a\":2}"}`, "context.a"},
		{"NUL in a string", "logsentry", pathLogSentry, `{"msg":"m","context":"{\"a\":\"\\u0000\"}"}`, "context.a"},
		{"depth in a string", "logsentry", pathLogSentry, `{"msg":"m","context":"` + strings.ReplaceAll(deep, `"`, `\"`) + `"}`, "context" + strings.Repeat(".a", 31)},
		{"two keys for one attribute", "logsentry", pathLogSentry, `{"msg":"m","user.id":1,"user":{"id":1}}`, "user.id"},

		{"no actor", "loghub", pathLogHub, hub("actor", ""), "actor"},
		{"actor a string", "loghub", pathLogHub, hub("actor", `"me"`), "actor"},
		{"actor empty", "loghub", pathLogHub, hub("actor", `{}`), "actor.type"},
		{"actor of another type", "loghub", pathLogHub, hub("actor", `{"type":"robot"}`), "actor.type"},
		{"user without data", "loghub", pathLogHub, hub("actor", `{"type":"user"}`), "actor.data"},
		{"system without description", "loghub", pathLogHub, hub("actor", `{"type":"system"}`), "actor.description"},
		{"two descriptions", "loghub", pathLogHub, hub("actor", `{"description":"a","data":{"description":"b"}}`), "actor.data.description"},
		{"user email a number", "loghub", pathLogHub, hub("actor", `{"type":"user","data":{"email":1}}`), "actor.data.email"},
		{"no action", "loghub", pathLogHub, hub("action", ""), "action"},
		{"action blank", "loghub", pathLogHub, hub("action", `" "`), "action"},
		{"action an object", "loghub", pathLogHub, hub("action", `{}`), "action"},
		{"no metadata", "loghub", pathLogHub, hub("metadata", ""), "metadata"},
		{"metadata null", "loghub", pathLogHub, hub("metadata", "null"), "metadata"},
		{"metadata a string", "loghub", pathLogHub, hub("metadata", `"{}"`), "metadata"},
		{"metadata an array", "loghub", pathLogHub, hub("metadata", `[1]`), "metadata.0"},
		{"no external_id", "loghub", pathLogHub, hub("external_id", ""), "external_id"},
		{"external_id empty", "loghub", pathLogHub, hub("external_id", `""`), "external_id"},
		{"external_id an object", "loghub", pathLogHub, hub("external_id", `{}`), "external_id"},
		{"tags a string", "loghub", pathLogHub, hub("tags", `"a"`), "tags"},
		{"a tag a number", "loghub", pathLogHub, hub("tags", `["a",1]`), "tags.1"},
		{"no context", "loghub", pathLogHub, hub("context", ""), "context"},
		{"location a number", "loghub", pathLogHub, hub("context", `{"location":1}`), "context.location"},
		{"a key of the actor's attribute", "loghub", pathLogHub, hub("user.id", `5`), "user.id"},

		{"no message", "codemash", pathCodeMash, `{}`, "message"},
		{"message blank", "codemash", pathCodeMash, `{"message":" "}`, "message"},
		{"message null", "codemash", pathCodeMash, `{"message":null}`, "message"},
		{"message an object", "codemash", pathCodeMash, `{"message":{}}`, "message"},
		{"level unknown", "codemash", pathCodeMash, `{"message":"m","level":"loud"}`, "level"},
		{"level a number", "codemash", pathCodeMash, `{"message":"m","level":3}`, "level"},
		{"items a string", "codemash", pathCodeMash, `{"message":"m","items":"a"}`, "items"},
		{"items an array", "codemash", pathCodeMash, `{"message":"m","items":["a"]}`, "items.0"},
		{"message twice", "codemash", pathCodeMash, `{"message":"m","Message":"m"}`, "Message"},
	}
	server := start(t, nil)
	for _, test := range tests {
		t.Run(test.format+" "+test.name, func(t *testing.T) {
			got := server.post(test.path, test.body, "X-CM-ProjectId", "1")
			assert.Equal(t, http.StatusBadRequest, got.status, got.body)
			message, fields := messageOf(t, test.format, got)
			assert.Equal(t, []string{test.field}, fields, got.body)
			assert.Contains(t, message, test.field)
		})
	}
	assert.Empty(t, server.pipeline.AllLogs())
}

// TestStrictJSON has the rows that hold for every format: what is refused, and how
// the answer names field and limit.
func TestStrictJSON(t *testing.T) {
	objects := func(depth int) string {
		return strings.Repeat(`{"k":`, depth) + "1" + strings.Repeat("}", depth)
	}
	keys := func(n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(`,"k` + strconv.Itoa(i) + `":1`)
		}
		return b.String()
	}
	tests := []struct {
		name string
		// more are members to be added to a good record.
		more   string
		status int
		texts  []string
	}{
		{"unknown keys are kept", `,"x":{"y":[1,"a",null]}`, 200, nil},
		{"duplicate key", `,"x":1,"x":2`, 400, []string{"x", "duplicate"}},
		{"duplicate key inside", `,"x":{"y":1,"y":1}`, 400, []string{"x.y", "duplicate"}},
		{"invalid UTF-8", ",\"x\":\"\xff\"", 400, []string{"UTF-8"}},
		{"invalid UTF-8 in a key", ",\"\xff\":1", 400, []string{"UTF-8"}},
		{"lone surrogate", `,"x":"\ud800"`, 400, []string{"not valid JSON"}},
		{"NUL escaped", `,"x":"a\u0000"`, 400, []string{"x", "NUL"}},
		{"NUL in a key", `,"x\u0000":1`, 400, []string{"NUL"}},
		{"NUL raw", ",\"x\":\"\x00\"", 400, []string{"not valid JSON"}},
		{"depth 32", `,"x":` + objects(31), 200, nil},
		{"depth 33", `,"x":` + objects(32), 400, []string{"x.k.k", "32", "max_depth"}},
		{"depth of arrays", `,"x":` + strings.Repeat("[", 32) + strings.Repeat("]", 32), 400, []string{"x", "32"}},
		{"number beyond float64", `,"x":1e400`, 400, []string{"x", "float"}},
		{"number below float64", `,"x":1e-400`, 200, nil},
		{"1024 attributes", keys(1024), 200, nil},
		{"1025 attributes", keys(1025), 400, []string{"k1024", "1024", "max_attributes"}},
		{"1025 elements", `,"x":[1` + strings.Repeat(",1", 1023) + `]`, 400, []string{"x", "1024"}},
		{"trailing comma", `,`, 400, []string{"not valid JSON"}},
	}
	for _, format := range formats {
		for _, test := range tests {
			t.Run(format.name+" "+test.name, func(t *testing.T) {
				server := start(t, nil)
				body := strings.TrimSuffix(format.good, "}") + test.more + "}"
				got := server.post(format.path, body, format.headers...)
				require.Equal(t, test.status, got.status, got.body)
				if test.status == http.StatusOK {
					assert.True(t, record.Verify(server.only()))
					return
				}
				message, _ := messageOf(t, format.name, got)
				for _, text := range test.texts {
					assert.Contains(t, message, text)
				}
				assert.Empty(t, server.pipeline.AllLogs())
			})
		}
	}
}

func TestNotOneObject(t *testing.T) {
	for _, format := range formats {
		server := start(t, nil)
		for _, body := range []string{
			"", "  \n", "null", "5", `"text"`, "tru", "{", `{"a"`, format.good + format.good, format.good + "x", "[]", "[", "[1,",
			`{"logs":[]}`, `{"events":[]}`, "[" + format.good + "]]",
		} {
			got := server.post(format.path, body, format.headers...)
			assert.Equal(t, http.StatusBadRequest, got.status, "%s: %q %s", format.name, body, got.body)
			message, _ := messageOf(t, format.name, got)
			assert.NotEmpty(t, message)
		}
		assert.Empty(t, server.pipeline.AllLogs())
	}
}
