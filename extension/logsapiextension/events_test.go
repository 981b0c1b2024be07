package logsapiextension

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// auditEvent is a record as the receiver makes it of an event.
type auditEvent struct {
	project int64 // 0 is 1
	id      int
	at      string // "" is exampleEventTime
	action  string
	body    string // "" is the action
	source  string // "" is loghub
	// attributes is a JSON object.
	attributes string
}

const exampleEventTime = "2024-04-13T21:32:52.197654321Z"

func (s *server) addAuditEvents(events ...auditEvent) {
	s.t.Helper()
	for _, event := range events {
		if event.at == "" {
			event.at = exampleEventTime
		}
		if event.body == "" {
			event.body = event.action
		}
		if event.source == "" {
			event.source = record.SourceLogHub
		}
		r := recordsOf(s.t, logEntry{
			project: event.project, id: event.id, at: event.at, severity: 9, body: event.body, attributes: event.attributes,
		})[0]
		r.Log.SetEventName(event.action)
		r.Log.Attributes().PutStr(record.AttributeSource, event.source)
		require.NoError(s.t, s.store.Apply(s.t.Context(), []record.Record{r}, false))
	}
}

// events asks for events with the headers of LogHub's clients.
func (s *server) events(query string, header ...string) reply {
	s.t.Helper()
	headers := map[string]string{"token": readerToken, "organization": "default"}
	for i := 0; i+1 < len(header); i += 2 {
		headers[header[i]] = header[i+1]
	}
	return s.do(request{path: "/v1/events/" + query, header: headers})
}

// eventsAnswer is the answer to a request for events.
type eventsAnswer []struct {
	Code   string `json:"code"`
	Status string `json:"status"`
	Data   struct {
		ID         string          `json:"id"`
		Actor      json.RawMessage `json:"actor"`
		Action     string          `json:"action"`
		Metadata   json.RawMessage `json:"metadata"`
		Extra      json.RawMessage `json:"extra"`
		ProjectID  int64           `json:"project_id"`
		ExternalID string          `json:"external_id"`
		CreatedAt  time.Time       `json:"createdAt"`
		UpdatedAt  time.Time       `json:"updatedAt"`
	} `json:"data"`
}

// eventIDs are the numbers of the events of an answer.
func eventIDs(t *testing.T, answer reply) string {
	t.Helper()
	require.Equal(t, http.StatusOK, answer.status, answer.body)
	var events eventsAnswer
	decodeStrictly(t, answer.body, &events)
	require.NotNil(t, events)
	var ids []string
	for _, event := range events {
		assert.Equal(t, "GET_EVENT_DETAIL_READY", event.Code)
		assert.Equal(t, "ok", event.Status)
		ids = append(ids, strings.TrimLeft(event.Data.ID[24:], "0"))
	}
	return strings.Join(ids, " ")
}

// The event of LogHub's document.
func TestEvents(t *testing.T) {
	s := newServer(t, nil)
	s.addAuditEvents(auditEvent{id: 1, action: "api.testing.tres", attributes: `{
		"metadata.old":{"theme":"dark"},"metadata.new":{"theme":"light","n":9007199254740993},"metadata.key":"value",
		"docket.tags":["production","..."],"docket.actor.type":"user","user.id":"1","user.full_name":"Jonathan Wick",
		"user.email":"jw@example.com","docket.external_id":"1","client.address":"190.0.0.12","user_agent.original":"Chrome...",
		"docket.record.hash":"abc","docket.request.idempotency_key":"k","docket.request.digest":"d","docket.request.position":0}`})
	want := `[{"code":"GET_EVENT_DETAIL_READY","status":"ok","data":{"id":"018b0000-0000-7000-8000-000000000001",
		"actor":{"type":"user","data":{"name":"Jonathan Wick","email":"jw@example.com","internal_id":"1"}},
		"action":"api.testing.tres","metadata":{"old":{"theme":"dark"},"new":{"theme":"light","n":9007199254740993},"key":"value"},
		"extra":{"ip":"190.0.0.12","user_agent":"Chrome...","tags":["production","..."]},
		"project_id":1,"external_id":"1","createdAt":"2024-04-13T21:32:52.197Z","updatedAt":"2024-04-13T21:32:52.197Z"}}]`
	for _, path := range []string{"/v1/events", "/v1/events/", "/v1/events/?page=0&limit=5&order=desc&external_id=1"} {
		answer := s.do(request{path: path, header: map[string]string{"token": readerToken, "organization": defaultOrgUUID}})
		assert.Equal(t, http.StatusOK, answer.status)
		assert.JSONEq(t, want, answer.body)
	}
	head := s.do(request{method: http.MethodHead, path: "/v1/events", header: map[string]string{"token": readerToken, "organization": "default"}})
	assert.Equal(t, http.StatusOK, head.status)
	empty := newServer(t, nil).events("")
	assert.Equal(t, "[]", empty.body)
}

// Nothing of an event is lost, whatever it had.
func TestEventParts(t *testing.T) {
	for name, tt := range map[string]struct{ body, attributes, actor, metadata, extra string }{
		"a system": {
			"", `{"docket.actor.type":"system","docket.actor.description":"Cron"}`,
			`{"type":"system","description":"Cron"}`, `{}`, `{}`,
		},
		"a system with data": {
			"", `{"docket.actor.type":"system","docket.actor.description":"Cron","actor.data.name":"n","actor.data.host":["a"],"actor.team":{"a":1}}`,
			`{"type":"system","description":"Cron","team":{"a":1},"data":{"name":"n","host":["a"]}}`, `{}`, `{}`,
		},
		"a user with more": {
			"", `{"docket.actor.type":"user","docket.actor.description":"boss","user.id":"7","actor.data.role":"admin"}`,
			`{"type":"user","description":"boss","data":{"internal_id":"7","role":"admin"}}`, `{}`, `{}`,
		},
		"metadata of every type": {
			"", `{"docket.actor.type":"user","metadata.":1,"metadata.a.b":null,"metadata.level":"warn","metadata.x":[true,1.5,{"y":"<&>"}]}`,
			`{"type":"user"}`, `{"":1,"a.b":null,"level":"warn","x":[true,1.5,{"y":"<&>"}]}`, `{}`,
		},
		"a message, unknown keys and a system's user": {
			"Theme changed", `{"docket.actor.type":"system","unknown":{"a":1},"user.id":"7","sender.docket.x":2}`,
			`{"type":"system"}`, `{}`, `{"message":"Theme changed","unknown":{"a":1},"user.id":"7","sender.docket.x":2}`,
		},
		"a context with names of extra": {
			"m", `{"docket.actor.type":"user","context.ip":"1.2.3.4","client.address":"5.6.7.8","context.message":1,
				"context.tags":"t","docket.tags":["u"],"context.locale":"de"}`,
			`{"type":"user"}`, `{}`,
			`{"ip":"1.2.3.4","client.address":"5.6.7.8","message":1,"body":"m","tags":"t","docket.tags":["u"],"locale":"de"}`,
		},
		"a member that stands for two": {
			"", `{"docket.actor.type":"user","context.ip":"1","context.client.address":"2","client.address":"3"}`,
			`{"type":"user"}`, `{}`, `{"ip":"1","client.address":"2"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, nil)
			s.addAuditEvents(auditEvent{id: 1, action: "a", body: tt.body, attributes: tt.attributes})
			answer := s.events("")
			require.Equal(t, "1", eventIDs(t, answer))
			var events eventsAnswer
			decodeStrictly(t, answer.body, &events)
			assert.JSONEq(t, tt.actor, string(events[0].Data.Actor))
			assert.JSONEq(t, tt.metadata, string(events[0].Data.Metadata))
			assert.JSONEq(t, tt.extra, string(events[0].Data.Extra))
			assert.Equal(t, "a", events[0].Data.Action)
			assert.Empty(t, events[0].Data.ExternalID)
		})
	}
}

// newEventServer has events 1 to 30: of workspace a, but every third, which is of b. Even
// ones are of project 1, odd ones of project 2. Others are no events of LogHub.
func newEventServer(t *testing.T) *server {
	t.Helper()
	s := newServer(t, nil)
	for n := 1; n <= 30; n++ {
		event := auditEvent{
			id: n, project: int64(n%2) + 1, action: "a", attributes: `{"docket.external_id":"a"}`,
			at: time.Date(2026, 11, 20, 10, 0, n/4, 0, time.UTC).Format(time.RFC3339), // four of each time
		}
		if n%3 == 0 {
			event.attributes = `{"docket.external_id":"b"}`
		}
		s.addAuditEvents(event)
	}
	s.addAuditEvents(
		auditEvent{id: 40, action: "a", source: record.SourceOTLP, attributes: `{"docket.external_id":"a"}`},
		auditEvent{id: 41, action: "a", source: record.SourceLogSentry},
	)
	return s
}

func TestEventsPages(t *testing.T) {
	s := newEventServer(t)
	for query, want := range map[string]string{
		"":                          "30 28 26 24 22",
		"?limit=10":                 "30 28 26 24 22 20 18 16 14 12",
		"?limit=15":                 "30 28 26 24 22 20 18 16 14 12 10 8 6 4 2",
		"?limit=20":                 "30 28 26 24 22 20 18 16 14 12 10 8 6 4 2",
		"?page=1":                   "20 18 16 14 12",
		"?page=3":                   "",
		"?page=1&limit=10":          "10 8 6 4 2",
		"?page=107374182&limit=20":  "",
		"?order=asc":                "2 4 6 8 10",
		"?order=asc&page=2":         "22 24 26 28 30",
		"?order=desc&external_id=b": "30 24 18 12 6",
		"?external_id=%20b%20":      "30 24 18 12 6",
		"?external_id=b&page=1":     "",
		"?external_id=a&order=asc&limit=5&page=1": "16 20 22 26 28",
		"?external_id=A": "",
	} {
		assert.Equal(t, want, eventIDs(t, s.events(query)), query)
	}
}

// A key of several projects reads the events of all of them, in one order.
func TestEventsOfSeveralProjects(t *testing.T) {
	s := newEventServer(t)
	for _, order := range []string{"asc", "desc"} {
		var all []string
		for page := range 8 {
			ids := eventIDs(t, s.events(fmt.Sprintf("?order=%s&page=%d", order, page), "token", severalToken))
			all = append(all, strings.Fields(ids)...)
		}
		require.Len(t, all, 30)
		for n, id := range all {
			want := n + 1
			if order == "desc" {
				want = 30 - n
			}
			assert.Equal(t, strconv.Itoa(want), id)
		}
	}
	assert.Equal(t, "29 27 25 23 21", eventIDs(t, s.events("", "token", severalToken, "Docket-Project-Id", "2")))
	assert.Equal(t, "29 27 25 23 21", eventIDs(t, s.events("", "token", adminToken, "organization", "any", "Docket-Project-Id", "2")))
	assert.Equal(t, "30 29 28 27 26", eventIDs(t, s.events("", "token", adminToken, "organization", strings.ToUpper(defaultOrgUUID))))
	assert.Empty(t, eventIDs(t, s.events("?page=199", "token", severalToken)))
	assertEventError(t, s.events("?page=200", "token", severalToken), 400, "GET_EVENT_DETAIL_INVALID", "page")
	assertEventError(t, s.events("", "token", adminToken, "organization", "another"), 400, "GET_EVENT_DETAIL_INVALID", "organization")
	assert.Empty(t, eventIDs(t, s.events("?page=200", "token", severalToken, "Docket-Project-Id", "1")))
}

// assertEventError checks an error in LogHub's shape; field "" stands for none.
func assertEventError(t *testing.T, answer reply, status int, code, field string) {
	t.Helper()
	assert.Equal(t, status, answer.status, answer.body)
	var got struct {
		Code    string `json:"code"`
		Status  string `json:"status"`
		Message string `json:"message"`
		Errors  []struct {
			Field   string `json:"field"`
			Message string `json:"message"`
		} `json:"errors"`
	}
	decodeStrictly(t, answer.body, &got)
	assert.Equal(t, code, got.Code)
	assert.Equal(t, "error", got.Status)
	assert.NotEmpty(t, got.Message)
	require.NotNil(t, got.Errors)
	if field == "" {
		assert.Empty(t, got.Errors)
	} else if assert.Len(t, got.Errors, 1) {
		assert.Equal(t, field, got.Errors[0].Field)
		assert.Equal(t, field+" "+got.Errors[0].Message, got.Message)
	}
}

func TestEventsAccess(t *testing.T) {
	s := newEventServer(t)
	assertEventError(t, s.events("", "token", ""), 401, "UNAUTHORIZED", "token")
	assertEventError(t, s.events("", "organization", " "), 401, "UNAUTHORIZED", "organization")
	assertEventError(t, s.get("/v1/events", readerToken), 401, "UNAUTHORIZED", "token")
	assertEventError(t, s.events("", "token", "nobody"), 401, "UNAUTHORIZED", "")
	assertEventError(t, s.events("", "organization", "another"), 403, "FORBIDDEN", "organization")
	assertEventError(t, s.events("", "organization", "Default"), 403, "FORBIDDEN", "organization")
	assertEventError(t, s.events("?limit=7", "token", ingestToken, "organization", ""), 401, "UNAUTHORIZED", "organization")
	assertEventError(t, s.events("?limit=7", "token", ingestToken), 403, "FORBIDDEN", "")
	assertEventError(t, s.events("", "token", projectless), 404, "NOT_FOUND", "")
	assertEventError(t, s.events("", "Docket-Project-Id", "2"), 404, "NOT_FOUND", "")
	assertEventError(t, s.events("", "token", staleToken), 503, "SERVICE_UNAVAILABLE", "")
	assertEventError(t, s.events("", "token", brokenToken), 500, "INTERNAL_ERROR", "")
	posted := s.do(request{method: http.MethodPost, path: "/v1/events", body: "{}"})
	assertEventError(t, posted, 405, "METHOD_NOT_ALLOWED", "")
	assert.Equal(t, "GET, HEAD", posted.header.Get("Allow"))
}

func TestEventsRefuses(t *testing.T) {
	s := newEventServer(t)
	for query, field := range map[string]string{
		"page=-1": "page", "page=": "page", "page=107374183": "page", "page=1.0": "page", "page=99999999999999999999": "page",
		"limit=0": "limit", "limit=6": "limit", "limit=100": "limit", "limit=": "limit",
		"order=up": "order", "order=": "order", "order=DESC": "order",
		"external_id=": "external_id", "external_id=+": "external_id", "external_id=%FF": "external_id",
		"external_id=" + strings.Repeat("x", 1025): "external_id",
		"external_id=a&external_id=b":              "external_id",
		"externalId=a":                             "'externalId'",
		"page=-1&limit=-1":                         "limit",
	} {
		assertEventError(t, s.events("?"+query), 400, "GET_EVENT_DETAIL_INVALID", field)
	}
	assertEventError(t, s.events("?external_id=%"), 400, "GET_EVENT_DETAIL_INVALID", "")
	assert.Zero(t, s.store.asked())

	for failure, want := range map[error]struct {
		status int
		code   string
	}{
		errors.New("the disk is gone"): {500, "INTERNAL_ERROR"},
		&logstore.UnavailableError{Reason: "the disk is full", RetryAfter: time.Second}:         {503, "SERVICE_UNAVAILABLE"},
		&logstore.UnavailableError{Reason: "too much", RetryAfter: time.Second, Overload: true}: {429, "TOO_MANY_REQUESTS"},
		&logstore.TooExpensiveError{Reason: "too many"}:                                         {400, "GET_EVENT_DETAIL_INVALID"},
		context.DeadlineExceeded: {504, "TIMEOUT"},
	} {
		s.store.failure = failure
		assertEventError(t, s.events(""), want.status, want.code, "")
		assertEventError(t, s.events("", "token", severalToken), want.status, want.code, "")
	}
}

// FuzzParseEventsQuery checks that whatever is taken is within bounds, and that whatever
// is refused is refused with a text that fits in the answer's JSON.
func FuzzParseEventsQuery(f *testing.F) {
	for _, seed := range []string{"", "page=0&limit=5&order=desc&external_id=X", "limit=20&page=107374182", "external_id=%FF", "%", "a=b&%FF=1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		query, err := parseEventsQuery(raw)
		if err != nil {
			p := problemOf(err)
			assert.Equal(t, http.StatusBadRequest, p.status)
			assert.True(t, json.Valid(eventShape(nil, p)))
			return
		}
		assert.Contains(t, []int{5, 10, 15, 20}, query.limit)
		assert.True(t, query.page >= 0 && query.page*query.limit >= 0)
		assert.True(t, utf8.ValidString(query.externalID))
	})
}

// FuzzEvent checks that whatever attributes a record has, it is answered as JSON.
func FuzzEvent(f *testing.F) {
	f.Add("user", "user.id", "context.ip", "client.address", "metadata.x", "m")
	f.Add("system", "actor.data.", "actor.type", "docket.tags", "message", "")
	f.Add("\xff", "context.\xff", "actor.x", "context.message", "body", "\xff")
	f.Fuzz(func(t *testing.T, actor, first, second, third, fourth, body string) {
		r := record.New()
		r.Log.Body().SetStr(body)
		r.Log.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
		r.Log.Attributes().PutStr(record.AttributeActorType, actor)
		for _, name := range []string{first, second, third, fourth} {
			r.Log.Attributes().PutStr(name, name)
		}
		event := appendEvent(nil, r)
		require.True(t, json.Valid(event), "%s", event)
		var decoded map[string]any
		require.NoError(t, json.Unmarshal(event, &decoded))
		assert.Len(t, decoded, 9)
	})
}
