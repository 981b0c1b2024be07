package auditlogreceiver

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/record"
)

// bulkForms are the ways to send several records in one request.
var bulkForms = []struct {
	name, mediaType string
	join            func(records ...string) string
}{
	{"array", "application/json", func(r ...string) string { return " [" + strings.Join(r, ",") + "]\n" }},
	{"events", "application/json", func(r ...string) string { return `{"events":[` + strings.Join(r, ",") + "]}" }},
	{"logs", "application/json", func(r ...string) string { return `{"logs": [` + strings.Join(r, " , ") + "] }" }},
	{"lines", "application/x-ndjson", func(r ...string) string { return strings.Join(r, "\n") + "\n" }},
	{"lines with CRLF and blanks", "application/x-ndjson; charset=utf-8", func(r ...string) string { return "\r\n" + strings.Join(r, "\r\n\r\n") }},
}

func TestBulkAllGood(t *testing.T) {
	for _, format := range formats {
		for _, form := range bulkForms {
			t.Run(format.name+" "+form.name, func(t *testing.T) {
				server := start(t, nil)
				headers := append([]string{"Content-Type", form.mediaType}, format.headers...)
				got := server.post(format.path, form.join(format.good, format.good, format.good), headers...)
				require.Equal(t, http.StatusOK, got.status, got.body)
				body := got.json(t)
				assert.InDelta(t, 3, body["accepted"], 0)
				assert.InDelta(t, 0, body["rejected"], 0)
				checkResults(t, server, body["results"], nil)
				assert.Equal(t, 1, server.pipeline.callCount())
			})
		}
	}
}

func TestBulkSomeBad(t *testing.T) {
	for _, format := range formats {
		for _, form := range bulkForms {
			t.Run(format.name+" "+form.name, func(t *testing.T) {
				server := start(t, nil)
				headers := append([]string{"Content-Type", form.mediaType}, format.headers...)
				duplicate := strings.TrimSuffix(format.good, "}") + `,"x":1,"x":1}`
				got := server.post(format.path, form.join("{}", format.good, "5", format.good, duplicate), headers...)
				require.Equal(t, http.StatusBadRequest, got.status, got.body)
				message, _ := messageOf(t, format.name, got)
				assert.Contains(t, message, "3 of 5")
				body := got.json(t)
				assert.InDelta(t, 2, body["accepted"], 0)
				assert.InDelta(t, 3, body["rejected"], 0)
				checkResults(t, server, body["results"], []bool{false, true, false, true, false})
			})
		}
	}
}

// checkResults checks that each result has its index and either the id and hash of
// the record that is kept, in order, or an error. Good is nil when all are good.
func checkResults(t *testing.T, server *testServer, results any, good []bool) {
	t.Helper()
	require.IsType(t, []any{}, results)
	list := results.([]any)
	stored := server.pipeline.records()
	for i, entry := range list {
		result := entry.(map[string]any)
		assert.InDelta(t, i, result["index"], 0)
		if good != nil && !good[i] {
			assert.NotEmpty(t, result["error"])
			assert.NotContains(t, result, "id")
			continue
		}
		require.NotEmpty(t, stored)
		assert.Equal(t, map[string]any{"index": float64(i), "id": stored[0].ID(), "hash": stored[0].Hash()}, result)
		stored = stored[1:]
	}
	assert.Empty(t, stored)
}

func TestBulkAllBad(t *testing.T) {
	server := start(t, nil)
	got := server.post(pathLogSentry, `[{},{"msg":""}]`)
	assert.Equal(t, http.StatusBadRequest, got.status)
	assert.InDelta(t, 0, got.json(t)["accepted"], 0)
	assert.InDelta(t, 2, got.json(t)["rejected"], 0)
	assert.Zero(t, server.pipeline.callCount())
}

// TestBulkOfPino sends what pino-http-send does: its levels are not LogSentry's.
func TestBulkOfPino(t *testing.T) {
	server := start(t, nil)
	var body string
	for _, request := range readCaptures(t, "testdata/captures/node_shippers.jsonl") {
		if request.Path == "/pino" {
			body = request.Body
			break
		}
	}
	got := server.post(pathLogSentry, body)
	assert.Equal(t, http.StatusBadRequest, got.status)
	results := got.json(t)["results"].([]any)
	assert.Equal(t, map[string]any{
		"index": 0.0,
		"error": map[string]any{
			"message": "level must be 0 (Emergency) to 7 (Debug), or the name of a level",
			"errors":  []any{map[string]any{"field": "level", "message": "must be 0 (Emergency) to 7 (Debug), or the name of a level"}},
		},
	}, results[0])
}

func TestBulkOfSeveralProjects(t *testing.T) {
	server := startWithKeys(t)
	got := server.post(pathLogSentry,
		`[{"msg":"a","project":7},{"msg":"b","project":8,"app":"x"},{"msg":"c","project":9},{"msg":"d"},{"msg":"e","project":7}]`,
		"Authorization", "Bearer several")
	require.Equal(t, http.StatusBadRequest, got.status)
	assert.InDelta(t, 3, got.json(t)["accepted"], 0)
	logs := server.pipeline.AllLogs()[0]
	require.Equal(t, 2, logs.ResourceLogs().Len())
	assert.Equal(t, map[string]any{"docket.project.id": int64(7)}, logs.ResourceLogs().At(0).Resource().Attributes().AsRaw())
	assert.Equal(t, map[string]any{"docket.project.id": int64(8), "service.name": "x"},
		logs.ResourceLogs().At(1).Resource().Attributes().AsRaw())
	// The answer lists a, b and e in the order of the request, not of the resources.
	results := got.json(t)["results"].([]any)
	ids := map[string]string{}
	for _, r := range server.pipeline.records() {
		ids[r.Log.Body().Str()] = r.ID()
	}
	for index, body := range map[int]string{0: "a", 1: "b", 4: "e"} {
		assert.Equal(t, ids[body], results[index].(map[string]any)["id"])
	}
}

// Whoever comes next in the pipeline need not compute the hashes again.
func TestAWitnessGoesAlong(t *testing.T) {
	server := start(t, nil)
	for _, body := range []string{
		`{"msg":"alone"}`,
		`[{"msg":"a","project":2},{"msg":"","project":1},{"msg":"b","project":1},{"msg":"c","project":2}]`,
	} {
		server.post(pathLogSentry, body)
	}
	batches := server.pipeline.AllLogs()
	require.Len(t, batches, 2)
	for i, logs := range batches {
		witness, number := record.WitnessOf(server.pipeline.contexts[i]), 0
		for r := range record.All(logs) {
			assert.True(t, witness.Confirms(number, r))
			number++
		}
		assert.Equal(t, []int{1, 3}[i], number)
	}
}

// TestSingleThatLooksLikeAnEnvelope sends records that have the key of an envelope
// and are none.
func TestSingleThatLooksLikeAnEnvelope(t *testing.T) {
	for _, format := range formats {
		for _, member := range []string{`"logs":[{"a":1}]`, `"events":["x"]`, `"events":{"a":1}`} {
			server := start(t, nil)
			body := "{" + member + "," + strings.TrimPrefix(format.good, "{")
			got := server.post(format.path, body, format.headers...)
			require.Equal(t, http.StatusOK, got.status, got.body)
			assert.NotContains(t, got.json(t), "results")
			_, kept := server.only().Log.Attributes().Get(strings.Trim(strings.Split(member, ":")[0], `"`))
			assert.True(t, kept)
		}
	}
}

// TestEnvelopeWithSharedMembers: what stands beside the array holds for all of it.
func TestEnvelopeWithSharedMembers(t *testing.T) {
	server := start(t, nil)
	got := server.post(pathLogSentry, `{"project":5,"app":"shop","zone":"eu","logs":[{"msg":"a"},{"msg":"b","zone":"us"}]}`)
	require.Equal(t, http.StatusOK, got.status, got.body)
	records := server.pipeline.records()
	require.Len(t, records, 2)
	for i, zone := range []string{"eu", "us"} {
		assert.Equal(t, int64(5), records[i].ProjectID())
		value, _ := records[i].Log.Attributes().Get("zone")
		assert.Equal(t, zone, value.Str())
	}
}

func TestBulkLimits(t *testing.T) {
	server := start(t, func(c *Config) {
		c.MaxRecords = 2
		c.MaxRecordSize = 30
	})
	got := server.post(pathLogSentry, `[{"msg":"a"},{"msg":"b"},{"msg":"c"}]`)
	assert.Equal(t, http.StatusRequestEntityTooLarge, got.status)
	message, _ := messageOf(t, "logsentry", got)
	assert.Contains(t, message, "limit of 2")

	got = server.post(pathLogSentry, `[{"msg":"a"},{"msg":"`+strings.Repeat("b", 30)+`"}]`)
	assert.Equal(t, http.StatusBadRequest, got.status)
	assert.InDelta(t, 1, got.json(t)["accepted"], 0)
	assert.Contains(t, got.body, "max_record_size")

	got = server.post(pathLogSentry, `{"msg":"`+strings.Repeat("b", 30)+`"}`)
	assert.Equal(t, http.StatusRequestEntityTooLarge, got.status)
	assert.Contains(t, got.body, "max_record_size")
}
