package logsapiextension

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/record"
)

// logEntry is a record of a test.
type logEntry struct {
	project  int64 // 0 is 1
	id       int
	at       string
	severity plog.SeverityNumber
	service  string
	body     string
	// attributes and resource are JSON objects, or "".
	attributes, resource string
	trace                byte
}

// entryID is the id of a logEntry.
func entryID(n int) string { return fmt.Sprintf("018b0000-0000-7000-8000-%012d", n) }

func (s *server) addEntries(entries ...logEntry) {
	s.t.Helper()
	for _, entry := range entries {
		logs := plog.NewLogs()
		resource := logs.ResourceLogs().AppendEmpty()
		putJSON(s.t, resource.Resource().Attributes(), entry.resource)
		resource.Resource().Attributes().PutInt(record.AttributeProjectID, max(entry.project, 1))
		if entry.service != "" {
			resource.Resource().Attributes().PutStr(record.AttributeServiceName, entry.service)
		}
		scope := resource.ScopeLogs().AppendEmpty()
		log := scope.LogRecords().AppendEmpty()
		at, err := time.Parse(time.RFC3339Nano, entry.at)
		require.NoError(s.t, err)
		log.SetTimestamp(pcommon.NewTimestampFromTime(at))
		log.SetObservedTimestamp(pcommon.NewTimestampFromTime(at.Add(time.Second)))
		log.SetSeverityNumber(entry.severity)
		log.Body().SetStr(entry.body)
		putJSON(s.t, log.Attributes(), entry.attributes)
		log.Attributes().PutStr(record.AttributeID, entryID(entry.id))
		if entry.trace != 0 {
			log.SetTraceID(pcommon.TraceID{15: entry.trace})
			log.SetSpanID(pcommon.SpanID{7: entry.trace})
		}
		require.NoError(s.t, s.store.Append(s.t.Context(), logs))
	}
}

func putJSON(t *testing.T, attributes pcommon.Map, object string) {
	t.Helper()
	if object == "" {
		return
	}
	var values map[string]any
	require.NoError(t, json.Unmarshal([]byte(object), &values))
	require.NoError(t, attributes.FromRaw(values))
}

// fixtureRange selects all of the fixture's records, which are of ten minutes.
const fixtureRange = `"dateRange":{"date_from":"2026-11-20T10:00:00Z","date_to":"2026-11-20T10:10:00Z"}`

// newQueryServer holds the records on which the query family is tested.
func newQueryServer(t *testing.T) *server {
	t.Helper()
	s := newServer(t, nil)
	s.addEntries(
		logEntry{
			id: 1, at: "2026-11-20T10:00:00Z", severity: 9, service: "api", body: "user 1 logged in", trace: 0xab,
			attributes: `{"user.id":"1","http.status":200}`, resource: `{"k8s.pod.name":"a-1"}`,
		},
		logEntry{
			id: 2, at: "2026-11-20T10:00:59.5Z", severity: 17, service: "api", body: "timeout after 30ms",
			attributes: `{"user.id":"2","http.status":500,"http":{"method":"GET"}}`, resource: `{"k8s.pod.name":"a-2"}`,
		},
		logEntry{
			id: 3, at: "2026-11-20T10:02:00Z", severity: 21, service: "billing", body: `{"message":"card declined","amount":9007199254740993}`,
			attributes: `{"user.id":"1","http.status":402}`, resource: `{"k8s.pod.name":"b-1"}`,
		},
		logEntry{id: 4, at: "2026-11-20T10:02:00Z", severity: 13, service: "billing", body: "user 2 logged in", attributes: `{"user.id":"2"}`},
		logEntry{id: 5, at: "2026-11-20T10:05:00.000000001Z", body: "<&>", attributes: `{"note":"nobody"}`},
		logEntry{id: 6, project: 2, at: "2026-11-20T10:02:00Z", severity: 9, service: "another's", body: "another's", attributes: `{"user.id":"9"}`},
	)
	return s
}

// ask posts a body to a question of project 1.
func (s *server) ask(question, body string) reply {
	s.t.Helper()
	return s.do(request{method: http.MethodPost, path: "/api/projects/1/logs/" + question, token: readerToken, body: body})
}

// mustAsk is the body of an answer that must be 200.
func (s *server) mustAsk(question, body string) string {
	s.t.Helper()
	answer := s.ask(question, body)
	require.Equal(s.t, http.StatusOK, answer.status, answer.body)
	return answer.body
}

// mustGet is the body of an answer that must be 200.
func (s *server) mustGet(path string) string {
	s.t.Helper()
	answer := s.get("/api/projects/1/logs/"+path, readerToken)
	require.Equal(s.t, http.StatusOK, answer.status, answer.body)
	return answer.body
}

// decodeLoosely decodes JSON that may have more fields than into has.
func decodeLoosely(text string, into any) error { return json.Unmarshal([]byte(text), into) }

// assertText requires the very text of an answer, with its members in their order.
func assertText(t *testing.T, want, got string) {
	t.Helper()
	assert.Equal(t, want, got)
}
