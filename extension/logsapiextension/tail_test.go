package logsapiextension

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/extension/logsapiextension/internal/posthoglogs"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// A record is sent as a query answers it, with the cursor that goes on behind it.
func TestTail(t *testing.T) {
	s, store := newTailServer(t, nil, nil)
	for _, path := range []string{
		"/api/projects/1/logs/tail", "/api/projects/1/logs/tail/", "/api/environments/1/logs/tail/?q=", "/api/projects/@current/logs/tail",
	} {
		tail := s.followAs(readerToken, path)
		assert.Equal(t, "text/event-stream", tail.response.Header.Get("Content-Type"))
		assert.Equal(t, "no-store", tail.response.Header.Get("Cache-Control"))
		assert.Equal(t, "no", tail.response.Header.Get("X-Accel-Buffering"))
		require.NoError(t, tail.response.Body.Close())
	}
	tail := s.follow("")
	records := recordsOf(t, numbered(1, 3)...)
	store.publish(recordsOf(t, logEntry{id: 9, project: 2, at: "2026-11-20T10:00:00Z", body: "another's"})...)
	store.publish(records[:2]...)
	store.makeFindable(t, records...)
	first, second := tail.next(), tail.next()
	answer := s.query(fixtureRange + `,"orderBy":"earliest"`)
	var row map[string]any
	require.NoError(t, json.Unmarshal([]byte(first.data), &row))
	for _, r := range []map[string]any{row, answer.Results[0]} {
		assert.NotEmpty(t, r["live_logs_checkpoint"])
		delete(r, "live_logs_checkpoint")
	}
	assert.Equal(t, answer.Results[0], row)
	assert.Equal(t, "log", second.name)
	assert.Equal(t, "3", s.query(fixtureRange+`,"orderBy":"earliest","after":"`+second.id+`"`).ids())
}

func TestTailFilters(t *testing.T) {
	entries := []logEntry{
		{id: 1, at: "2026-11-20T10:00:00Z", severity: 17, service: "api", body: "event 1", attributes: `{"user.id":"1"}`},
		{id: 2, at: "2026-11-20T10:00:00Z", severity: 17, service: "web", body: "event 2: declined"},
		{id: 3, at: "2026-11-20T10:00:00Z", severity: 9, service: "api", body: "event 3\r\n\ndata: x"},
		{id: 4, at: "2026-11-20T10:00:00Z", severity: 9, body: "event <4>"},
	}
	for parameters, want := range map[string]string{
		"":                                  "1|2: declined|3\r\n\ndata: x|<4>",
		"q=":                                "1|2: declined|3\r\n\ndata: x|<4>",
		"q=level:error":                     "1|2: declined",
		`severityLevels=["error"]`:          "1|2: declined",
		`severityLevels=[]&serviceNames=[]`: "1|2: declined|3\r\n\ndata: x|<4>",
		`serviceNames=["api",""]`:           "1|3\r\n\ndata: x|<4>",
		`serviceNames=["api"]&q=-level:info OR declined`: "1",
		`searchTerm=DECLINED`:                            "2: declined",
		`filterGroup={}`:                                 "1|2: declined|3\r\n\ndata: x|<4>",
		`filterGroup={"type":"OR","values":[{"key":"user.id","type":"log_attribute","operator":"is_set"},` +
			`{"key":"message","type":"log","operator":"icontains","value":"<4>"}]}`: "1|<4>",
	} {
		t.Run(parameters, func(t *testing.T) {
			s, store := newTailServer(t, nil, nil)
			values := url.Values{}
			for part := range strings.SplitSeq(parameters, "&") {
				if name, value, ok := strings.Cut(part, "="); ok {
					values.Set(name, value)
				}
			}
			tail := s.follow(values.Encode())
			store.publish(recordsOf(t, entries...)...)
			for _, body := range strings.Split(want, "|") {
				assert.Equal(t, body, tail.bodies(1))
			}
			store.publish(recordsOf(t, logEntry{
				id: 5, at: "2026-11-20T10:00:01Z", severity: 17, service: "api", body: "event last declined", attributes: `{"user.id":""}`,
			})...)
			assert.Equal(t, "last declined", tail.bodies(1), "nothing else was sent")
		})
	}
}

// The backlog and what comes after it have no gap and no repetition between them.
func TestTailBacklog(t *testing.T) {
	s, store := newTailServer(t, nil, func(times *tailTimes) { times.findable = 500 * time.Millisecond })
	records := recordsOf(t, numbered(1, 20)...)
	store.makeFindable(t, records[:9]...)
	store.publish(records[9:14]...) // before the tail is open, and not findable yet
	tail := s.follow("backlog=3")
	assert.Equal(t, "7 8 9", tail.bodies(3))
	store.publish(records[14:16]...)
	assert.Equal(t, "15 16", tail.bodies(2))
	store.makeFindable(t, records[9:16]...)
	assert.Equal(t, "10 11 12 13 14", tail.bodies(5), "neither older ones nor those that were sent")
	store.publish(records[13:18]...)
	assert.Equal(t, "17 18", tail.bodies(2))
}

func TestTailBacklogOfAll(t *testing.T) {
	s, store := newTailServer(t, nil, nil)
	records := recordsOf(t, append(numbered(1, 4), logEntry{id: 5, project: 2, at: "2026-11-20T10:00:00Z", body: "another's"})...)
	store.makeFindable(t, records...)
	tail := s.follow("backlog=1000&q=event")
	assert.Equal(t, "1 2 3 4", tail.bodies(4))
	more := recordsOf(t, numbered(5, 6)...)
	store.makeFindable(t, more...)
	assert.Equal(t, "5 6", tail.bodies(2))
	store.publish(more...)
	store.publish(recordsOf(t, numbered(7, 7)...)...)
	assert.Equal(t, "7", tail.bodies(1))

	none := s.follow("backlog=0")
	store.publish(recordsOf(t, numbered(8, 8)...)...)
	assert.Equal(t, "8", none.bodies(1))
}

// A backlog of which nothing is findable at first has no more than was asked for.
func TestTailBacklogThatComesLate(t *testing.T) {
	s, store := newTailServer(t, nil, func(times *tailTimes) { times.findable = 500 * time.Millisecond })
	records := recordsOf(t, numbered(1, 9)...)
	tail := s.follow("backlog=3")
	store.publish(records[7:8]...)
	assert.Equal(t, "8", tail.bodies(1))
	store.makeFindable(t, records[:8]...)
	assert.Equal(t, "5 6 7", tail.bodies(3))
	store.publish(records[8])
	assert.Equal(t, "9", tail.bodies(1))
}

// Records of the backlog's first moment that are not in it are not sent later.
func TestTailBacklogOfOneMoment(t *testing.T) {
	s, store := newTailServer(t, nil, nil)
	for n := range 6 {
		store.makeFindable(t, recordsOf(t, logEntry{id: n, at: "2026-11-20T10:00:00Z", body: fmt.Sprintf("event %d", n)})...)
	}
	tail := s.follow("backlog=2")
	assert.Equal(t, "4 5", tail.bodies(2))
	time.Sleep(200 * time.Millisecond) // until the backlog is complete
	store.publish(recordsOf(t, numbered(9, 9)...)...)
	assert.Equal(t, "9", tail.bodies(1))
}

func TestTailTellsWhatWasDropped(t *testing.T) {
	s, store := newTailServer(t, nil, nil)
	tail := s.follow("")
	var records []record.Record
	one := recordsOf(t, numbered(1, 1)...)[0]
	for range tailBuffer + 17 {
		records = append(records, one)
	}
	store.publish(records...)
	for range tailBuffer {
		tail.bodies(1)
	}
	assert.Equal(t, sentEvent{name: "dropped", data: `{"count":17}`}, tail.next())
	store.publish(recordsOf(t, numbered(2, 2)...)...)
	assert.Equal(t, "2", tail.bodies(1))
}

// None of the server's times is for a tail, whose connection shows that it lives.
func TestTailLasts(t *testing.T) {
	const short = 100 * time.Millisecond
	s, store := newTailServer(t, func(config *Config) {
		config.Server.ReadTimeout, config.Server.WriteTimeout, config.QueryTimeout = short, short, short/2
	}, func(times *tailTimes) { times.heartbeat = short })
	tail := s.follow("")
	for range 5 {
		assert.Equal(t, sentEvent{comment: "heartbeat"}, tail.next())
	}
	store.publish(recordsOf(t, numbered(1, 1)...)...)
	assert.Equal(t, "1", tail.bodies(1))
}

func TestTailsAreBounded(t *testing.T) {
	s, _ := newTailServer(t, func(config *Config) { config.Tail.MaxConnections = 2 }, nil)
	first := s.follow("")
	s.follow("")
	refused := s.get("/api/projects/1/logs/tail", readerToken)
	assertPostHogError(t, refused, 429, "throttled_error", "throttled", "")
	assert.Equal(t, "10", refused.header.Get("Retry-After"))
	require.NoError(t, first.response.Body.Close())
	for status := 0; status != http.StatusOK; { // who goes makes room
		response := s.send(http.MethodGet, "/api/projects/1/logs/tail", readerToken)
		status = response.StatusCode
		require.NoError(t, response.Body.Close())
	}
}

func TestATailEndsWithItsKey(t *testing.T) {
	s, store := newTailServer(t, nil, func(times *tailTimes) { times.heartbeat, times.recheck = 20*time.Millisecond, 20*time.Millisecond })
	reader, admin := s.follow(""), s.followAs(adminToken, "/api/projects/1/logs/tail")
	s.directory.mu.Lock()
	s.directory.keys = nil
	s.directory.mu.Unlock()
	for event := reader.next(); event.name != "end"; event = reader.next() {
		require.Equal(t, sentEvent{comment: "heartbeat"}, event)
	}
	assert.Equal(t, sentEvent{}, reader.next(), "nothing follows")
	store.publish(recordsOf(t, numbered(1, 1)...)...)
	event := admin.next()
	for event.comment != "" {
		event = admin.next()
	}
	assert.Equal(t, "log", event.name)
}

func TestATailEndsWithTheServer(t *testing.T) {
	s, _ := newTailServer(t, nil, nil)
	tail := s.follow("backlog=1")
	stopped := make(chan error, 1)
	go func() { stopped <- s.api.Shutdown(context.Background()) }()
	assert.Equal(t, "The server is stopping.", tail.end())
	require.NoError(t, <-stopped)
}

// A client that takes nothing is given up after a while, or when the server stops, and
// holds up nobody.
func TestATailEndsWithASlowClient(t *testing.T) {
	for name, tt := range map[string]struct {
		stall time.Duration
		stop  bool
	}{
		"after a stall":         {stall: 200 * time.Millisecond},
		"when the server stops": {stall: time.Hour, stop: true},
	} {
		t.Run(name, func(t *testing.T) {
			s, store := newTailServer(t, nil, func(times *tailTimes) { times.stall = tt.stall })
			s.client.Transport = &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				connection, err := new(net.Dialer).DialContext(ctx, network, address)
				if err == nil {
					err = connection.(*net.TCPConn).SetReadBuffer(4096)
				}
				return connection, err
			}}
			s.follow("")
			large := recordsOf(t, logEntry{id: 1, at: "2026-11-20T10:00:00Z", body: "secret" + strings.Repeat("x", 1<<20)})
			for range 32 {
				store.publish(large...)
			}
			if tt.stop {
				time.Sleep(100 * time.Millisecond) // until it waits for the client
				require.NoError(t, s.api.Shutdown(t.Context()))
			}
			require.Eventually(t, func() bool { return store.open() == 0 }, 20*time.Second, 10*time.Millisecond)
			assert.Equal(t, 1, s.log.FilterMessage("A tail was given up, as its client takes nothing").Len())
			for _, entry := range s.log.All() {
				assert.NotContains(t, fmt.Sprint(entry), "secret")
			}
		})
	}
}

func TestTailRefuses(t *testing.T) {
	s, store := newTailServer(t, nil, nil)
	for parameters, problem := range map[string]string{
		"q=level:":                      "q: column 7: expected a value after :, not the end",
		"q=%FF":                         "q: is not UTF-8",
		"backlog=-1":                    "backlog must be a whole number from 0 to 1000",
		"backlog=1001":                  "backlog must be a whole number from 0 to 1000",
		"backlog=":                      "backlog must be a whole number from 0 to 1000",
		"serviceNames=api":              `serviceNames is not JSON: send such as ["checkout"]`,
		`serviceNames="api"`:            `serviceNames: is the string "api": send a list of strings`,
		`severityLevels=["loud"]`:       "severityLevels[0]: ",
		`filterGroup=[{"key":"x"}]`:     "filterGroup",
		"dateRange={}":                  `Unknown parameter "dateRange": send only q, searchTerm, backlog, severityLevels, serviceNames, filterGroup`,
		"q=a&q=b":                       `The parameter "q" is given more than once`,
		"%FF" + strings.Repeat("é", 80): "Unknown parameter",
	} {
		answer := s.get("/api/projects/1/logs/tail?"+strings.NewReplacer(`"`, "%22", "{", "%7B", "[", "%5B").Replace(parameters), readerToken)
		assert.Equal(t, http.StatusBadRequest, answer.status, parameters)
		var got struct {
			Error  string `json:"error"`
			Attr   string `json:"attr"`
			Column int    `json:"column"`
		}
		decodeStrictly(t, answer.body, &got)
		assert.Contains(t, got.Error, problem)
		assert.Less(t, len(got.Error), 400)
	}
	assertPostHogError(t, s.get("/api/projects/1/logs/tail?q=%", readerToken), 400, "invalid_request", "parse_error", "")
	assertPostHogError(t, s.get("/api/projects/2/logs/tail", readerToken), 404, "invalid_request", "not_found", "")
	assertPostHogError(t, s.get("/api/projects/1/logs/tail", ingestToken), 403, "authentication_error", "permission_denied", "")
	assertPostHogError(t, s.get("/api/projects/1/logs/tail", ""), 401, "authentication_error", "not_authenticated", "")
	assertPostHogError(t, s.do(request{method: http.MethodPost, path: "/api/projects/1/logs/tail", token: readerToken}),
		405, "invalid_request", "method_not_allowed", "")
	store.failure = errors.New("the disk is gone")
	assert.Equal(t, http.StatusInternalServerError, s.get("/api/projects/1/logs/tail?backlog=1", readerToken).status)
	assert.Zero(t, store.open())
}

// An error after the start of the answer ends it, and is told.
func TestATailWhoseStoreFails(t *testing.T) {
	for reason, failure := range map[string]error{
		"The store is unavailable: the disk is gone.": &logstore.UnavailableError{Reason: "the disk is gone", RetryAfter: time.Second},
		"The server failed; its log says why.":        errors.New("segment 12 is corrupt"),
	} {
		s, store := newTailServer(t, nil, func(times *tailTimes) { times.findable = 200 * time.Millisecond })
		tail := s.follow("backlog=1")
		store.memoryStore.mu.Lock()
		store.failure = failure
		store.memoryStore.mu.Unlock()
		assert.Equal(t, reason, tail.end())
		assert.Equal(t, strings.HasPrefix(reason, "The server"), s.log.FilterMessage("A tail failed").Len() == 1)
	}
}

func TestAStoreThatCannotBeFollowed(t *testing.T) {
	answer := newServer(t, nil).get("/api/projects/1/logs/tail", readerToken)
	assert.Equal(t, http.StatusNotImplemented, answer.status)
	assert.JSONEq(t, `{"error":"The configured log store cannot be followed."}`, answer.body)
}

func TestHeadOfATail(t *testing.T) {
	s, store := newTailServer(t, nil, nil)
	response := s.send(http.MethodHead, "/api/projects/1/logs/tail", readerToken)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	assert.Zero(t, store.open())
}

// FuzzParseTail checks that whatever is taken can be followed, and that whatever is
// refused is refused with a text that fits in the answer's JSON.
func FuzzParseTail(f *testing.F) {
	for _, seed := range []string{
		"", "q=level:error+-path:%22/a%22&backlog=10", "serviceNames=[%22a%22]&severityLevels=[]&searchTerm=x", "filterGroup={}", "q=%FF&backlog=x", "a=b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		parameters, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		question, err := posthoglogs.API{Now: time.Now()}.ParseTail(parameters)
		if err != nil {
			p := problemOf(questionProblem(err))
			assert.Equal(t, http.StatusBadRequest, p.status)
			assert.True(t, json.Valid(questionShape(nil, p)))
			return
		}
		assert.True(t, question.Backlog >= 0 && question.Backlog <= posthoglogs.MaxBacklog)
		_, err = filter.Compile(question.Filter)
		require.NoError(t, err)
	})
}
