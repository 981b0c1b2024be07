package logsapiextension

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// addSealed adds a sealed record of a time to project 1, or what change made of it.
func (s *server) addSealed(at time.Time, change func(r record.Record)) record.Record {
	s.t.Helper()
	r := record.New()
	r.Resource.Attributes().PutInt(record.AttributeProjectID, 1)
	r.Log.SetTimestamp(pcommon.NewTimestampFromTime(at))
	r.Log.Body().SetStr("sealed")
	record.Seal(r, time.Now())
	if change != nil {
		change(r)
	}
	require.NoError(s.t, s.store.Apply(s.t.Context(), []record.Record{r}, false))
	return r
}

// verified is what an answer says of a record's hash.
func verified(t *testing.T, answer reply) (id, hash string, ok bool) {
	t.Helper()
	require.Equal(t, http.StatusOK, answer.status, answer.body)
	var got struct {
		Record struct {
			UUID     string `json:"uuid"`
			Hash     string `json:"hash"`
			Verified bool   `json:"verified"`
		} `json:"record"`
	}
	require.NoError(t, json.Unmarshal([]byte(answer.body), &got))
	return got.Record.UUID, got.Record.Hash, got.Record.Verified
}

func TestRecord(t *testing.T) {
	s := newServer(t, nil)
	r := s.addSealed(time.Now(), nil)
	s.addSealed(time.Now(), nil)
	for _, path := range []string{
		"/api/projects/1/logs/" + r.ID(),
		"/api/projects/1/logs/" + r.ID() + "/",
		"/api/environments/1/logs/" + strings.ToUpper(r.ID()),
		"/api/projects/1/logs/" + r.Hash(),
		"/api/environments/@current/logs/" + strings.ToUpper(r.Hash()) + "/",
		"/api/projects/1/logs/" + r.ID() + "?timestamp=2001-01-01",
		"/api/projects/1/logs/" + r.Hash() + "?timestamp=-1h",
	} {
		id, hash, ok := verified(t, s.get(path, readerToken))
		assert.Equal(t, r.ID(), id, path)
		assert.Equal(t, r.Hash(), hash, path)
		assert.True(t, ok, path)
	}
}

// The row is that of the query family, with two members more.
func TestRecordRow(t *testing.T) {
	s := newQueryServer(t)
	body := s.mustGet(entryID(5))
	assert.Regexp(t, `^{"record":{"uuid":"018b0000-0000-7000-8000-000000000005",.*"body":"<&>",.*"live_logs_checkpoint":"[^"]*",`+
		`"hash":"","verified":false}}$`, body)
}

func TestRecordsThatAreNotWhatTheyWere(t *testing.T) {
	s := newServer(t, nil)
	for name, change := range map[string]func(r record.Record){
		"body":      func(r record.Record) { r.Log.Body().SetStr("changed") },
		"attribute": func(r record.Record) { r.Log.Attributes().PutStr("user.id", "7") },
		"time":      func(r record.Record) { r.Log.SetTimestamp(r.Log.Timestamp() + 1) },
		"hash":      func(r record.Record) { r.Log.Attributes().PutStr(record.AttributeHash, strings.Repeat("a", 64)) },
		"no hash":   func(r record.Record) { r.Log.Attributes().Remove(record.AttributeHash) },
	} {
		r := s.addSealed(time.Now(), change)
		id, hash, ok := verified(t, s.get("/api/projects/1/logs/"+r.ID(), readerToken))
		assert.Equal(t, r.ID(), id)
		assert.Equal(t, r.Hash(), hash)
		assert.False(t, ok, name)
	}
}

// A record is looked for where it should be first: one search is enough if it is there.
func TestRecordIsFoundSoon(t *testing.T) {
	s := newServer(t, nil)
	fresh, old := s.addSealed(time.Now(), nil), s.addSealed(time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC), nil)
	for path, searches := range map[string]int{
		fresh.ID(): 1,
		old.ID():   2,
		old.ID() + "?timestamp=2020-01-02T03:04:05Z":   1,
		old.ID() + "?timestamp=2020-01-02T03:04:06Z":   1,
		old.Hash() + "?timestamp=2020-01-02T03:04:04Z": 1,
		old.ID() + "?timestamp=2020-01-02T03:04:07Z":   3,
		old.Hash():                             1,
		"018b0000-0000-4000-8000-000000000001": 1,
	} {
		before := s.store.asked()
		s.get("/api/projects/1/logs/"+path, readerToken)
		assert.Equal(t, searches, s.store.asked()-before, path)
	}
}

func TestRecordThatIsNotThere(t *testing.T) {
	s := newQueryServer(t)
	for _, path := range []string{
		entryID(7), entryID(6), strings.Repeat("0", 64), entryID(7) + "/context", entryID(6) + "/context/",
	} {
		assertPostHogError(t, s.get("/api/projects/1/logs/"+path, readerToken), 404, "invalid_request", "not_found", "")
	}
	assertPostHogError(t, s.get("/api/projects/2/logs/"+entryID(6), readerToken), 404, "invalid_request", "not_found", "")
	assert.Equal(t, http.StatusOK, s.get("/api/projects/2/logs/"+entryID(6), severalToken).status)
	// What names no record is no route, whatever the method.
	for _, path := range []string{
		"queries", "x", "query/context", entryID(1) + "/contexts", entryID(1) + "x", "{" + entryID(1) + "}", "018b00000000700080000000000000ab",
		strings.Repeat("g", 64), strings.Repeat("0", 63), "%00", "x/context", entryID(1) + "/context/x",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			answer := s.do(request{method: method, path: "/api/projects/1/logs/" + path, token: readerToken})
			assertPostHogError(t, answer, 404, "invalid_request", "not_found", "")
			assert.Contains(t, answer.body, "There is nothing at")
		}
	}
	for _, path := range []string{entryID(1), entryID(1) + "/context"} {
		answer := s.do(request{method: http.MethodPost, path: "/api/projects/1/logs/" + path, token: readerToken})
		assertPostHogError(t, answer, 405, "invalid_request", "method_not_allowed", "")
		assert.Equal(t, "GET, HEAD", answer.header.Get("Allow"))
		assertPostHogError(t, s.get("/api/projects/1/logs/"+path, ""), 401, "authentication_error", "not_authenticated", "")
		assertPostHogError(t, s.get("/api/projects/1/logs/"+path, ingestToken), 403, "authentication_error", "permission_denied", "")
	}
}

// contextAnswer is the answer of …/context.
type contextAnswer struct {
	Before []json.RawMessage `json:"before"`
	Record json.RawMessage   `json:"record"`
	After  []json.RawMessage `json:"after"`
}

// context asks for a context and returns its ids: before, the record, after.
func (s *server) context(path string) string {
	s.t.Helper()
	var answer contextAnswer
	decodeStrictly(s.t, s.mustGet(path), &answer)
	require.NotNil(s.t, answer.Before)
	require.NotNil(s.t, answer.After)
	ids := func(rows ...json.RawMessage) string {
		page := queryAnswer{}
		for _, row := range rows {
			var members map[string]any
			require.NoError(s.t, json.Unmarshal(row, &members))
			page.Results = append(page.Results, members)
		}
		return page.ids()
	}
	return ids(answer.Before...) + "|" + ids(answer.Record) + "|" + ids(answer.After...)
}

func TestContext(t *testing.T) {
	s := newServer(t, nil)
	for n := 1; n <= 40; n++ {
		entry := logEntry{id: n, at: time.Date(2026, 11, 20, 10, 0, n/5, 0, time.UTC).Format(time.RFC3339)} // five of each time
		switch n % 4 {
		case 0:
			entry.service = "web"
		case 1:
			entry.project = 2
		default:
			entry.service = "api"
		}
		if n == 20 || n == 24 {
			entry.service = ""
		}
		s.addEntries(entry)
	}
	for path, want := range map[string]string{
		entryID(22) + "/context?before=2&after=3":                        "18 19|22|23 26 27",
		entryID(22) + "/context/?before=2&after=3&same=service":          "18 19|22|23 26 27",
		entryID(22) + "/context?before=4&after=3&same=project":           "16 18 19 20|22|23 24 26",
		entryID(22) + "/context":                                         "2 3 6 7 10 11 14 15 18 19|22|23 26 27 30 31 34 35 38 39",
		entryID(22) + "/context?before=0&after=0":                        "|22|",
		entryID(22) + "/context?before=500&after=0":                      "2 3 6 7 10 11 14 15 18 19|22|",
		entryID(2) + "/context?after=1":                                  "|2|3",
		entryID(40) + "/context?before=1":                                "36|40|",
		entryID(24) + "/context":                                         "20|24|",
		entryID(24) + "/context?timestamp=2026-11-20T10:00:04Z&before=0": "|24|",
	} {
		assert.Equal(t, want, s.context(path), path)
	}
	assert.Equal(t, http.StatusOK, s.get("/api/environments/1/logs/"+entryID(24)+"/context/", readerToken).status)
}

func TestContextRefuses(t *testing.T) {
	s := newQueryServer(t)
	for parameters, problem := range map[string]string{
		"before=501":        "before must be a whole number from 0 to 500",
		"after=-1":          "after must be a whole number from 0 to 500",
		"after=":            "after must be a whole number from 0 to 500",
		"same=host":         "same must be one of service, project",
		"timestamp=never":   "timestamp: the date ",
		"limit=1":           `Unknown parameter "limit": send only before, after, same, timestamp`,
		"before=1&before=2": `The parameter "before" is given more than once`,
	} {
		answer := s.get("/api/projects/1/logs/"+entryID(1)+"/context?"+parameters, readerToken)
		assert.Equal(t, http.StatusBadRequest, answer.status, parameters)
		assert.Contains(t, answer.body, `{"error":"`)
		var got map[string]string
		decodeStrictly(t, answer.body, &got)
		assert.Contains(t, got["error"], problem)
	}
	assert.Equal(t, http.StatusBadRequest, s.get("/api/projects/1/logs/"+entryID(1)+"?before=1", readerToken).status)
	assertPostHogError(t, s.get("/api/projects/1/logs/"+entryID(1)+"?timestamp=%", readerToken), 400, "invalid_request", "parse_error", "")
	assertPostHogError(t, s.get("/api/projects/1/logs/"+entryID(1)+"/context?%", readerToken), 400, "invalid_request", "parse_error", "")
	assert.Zero(t, s.store.asked())
	s.store.failure = errors.New("the disk is gone")
	for _, path := range []string{entryID(1), entryID(1) + "/context"} {
		assert.Equal(t, http.StatusInternalServerError, s.get("/api/projects/1/logs/"+path, readerToken).status)
	}
	s.store.failure = &logstore.TooExpensiveError{Reason: "too many"}
	assert.Equal(t, http.StatusBadRequest, s.get("/api/projects/1/logs/"+entryID(1), readerToken).status)
	assert.Equal(t, http.StatusBadRequest, s.get("/logs", readerToken).status)
	s.store.failure = context.DeadlineExceeded
	assert.Equal(t, http.StatusGatewayTimeout, s.get("/api/projects/1/logs/"+entryID(1), readerToken).status)
}
