package bench

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

const (
	jsonType, linesType, otlpType = "application/json", "application/x-ndjson", "application/x-protobuf"
	// differentBodies is how many requests there are, so that not all are the same.
	differentBodies = 10
)

// payload is what subjects are sent: the same records, in one form or another.
type payload struct {
	contentType string
	// records is how many each of the bodies has.
	records int
	bodies  []string
}

func (p payload) isOTLP() bool { return p.contentType == otlpType }

func (p payload) load(address, path, headers string) *Load {
	return &Load{Address: address, Path: path, Headers: headers, ContentType: p.contentType, Bodies: p.bodies, Records: p.records}
}

// singleRecord is one LogSentry record a request.
func singleRecord() payload {
	return payload{contentType: jsonType, records: 1, bodies: []string{body()}}
}

// singleOTLP is the record of singleRecord as OTLP.
func singleOTLP(b *testing.B) payload {
	b.Helper()
	var event map[string]any
	if err := json.Unmarshal([]byte(body()), &event); err != nil {
		b.Fatal(err)
	}
	logs := plog.NewLogs()
	r := addService(logs, 0).AppendEmpty()
	r.SetTimestamp(nanosecondMark)
	r.SetObservedTimestamp(nanosecondMark)
	r.SetSeverityNumber(plog.SeverityNumberWarn)
	r.Body().SetStr(event["msg"].(string))
	for _, part := range []string{"context", "user", "request"} {
		if err := r.Attributes().PutEmptyMap(part).FromRaw(event[part].(map[string]any)); err != nil {
			b.Fatal(err)
		}
	}
	return payload{contentType: otlpType, records: 1, bodies: []string{encodeOTLP(b, logs)}}
}

// manyOTLP is requests of many records of the corpus, at the time of sending.
func manyOTLP(b *testing.B, records int) payload {
	b.Helper()
	made := payload{contentType: otlpType, records: records}
	for logs := range differentLogs(records) {
		made.bodies = append(made.bodies, encodeOTLP(b, logs))
	}
	return made
}

// manyLines is requests of many records of the corpus as lines of JSON, each a LogSentry
// record.
func manyLines(b *testing.B, records int) payload {
	b.Helper()
	made := payload{contentType: linesType, records: records}
	for logs := range differentLogs(records) {
		made.bodies = append(made.bodies, strings.Join(logSentryLines(b, logs), ""))
	}
	return made
}

// differentLogs are the records of differentBodies requests.
func differentLogs(records int) func(yield func(plog.Logs) bool) {
	return func(yield func(plog.Logs) bool) {
		for i := range differentBodies {
			logs, _ := newLogs(rand.New(rand.NewPCG(11, uint64(i))), records, func(int) pcommon.Timestamp { return nanosecondMark })
			if !yield(logs) {
				return
			}
		}
	}
}

func encodeOTLP(b *testing.B, logs plog.Logs) string {
	b.Helper()
	encoded, err := otlpRequest(logs)
	if err != nil {
		b.Fatal(err)
	}
	return encoded.body
}

func logSentryLines(b *testing.B, logs plog.Logs) (lines []string) {
	b.Helper()
	for _, resource := range logs.ResourceLogs().All() {
		service, _ := resource.Resource().Attributes().Get("service.name")
		for _, r := range resource.ScopeLogs().At(0).LogRecords().All() {
			line, err := json.Marshal(map[string]any{
				"project": 1, "level": 4, "app": service.Str(), "msg": r.Body().Str(), "context": r.Attributes().AsRaw(),
			})
			if err != nil {
				b.Fatal(err)
			}
			lines = append(lines, string(line)+"\n")
		}
	}
	return lines
}
