package logsapiextension

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// logsAnswer is the envelope of GET /logs.
type logsAnswer struct {
	Status string `json:"status"`
	Data   struct {
		Logs []struct {
			Timestamp string         `json:"timestamp"`
			Level     string         `json:"level"`
			Service   string         `json:"service"`
			Message   string         `json:"message"`
			Details   map[string]any `json:"details"`
		} `json:"logs"`
		Pagination struct {
			Total      int64  `json:"total"`
			Limit      int    `json:"limit"`
			Offset     int    `json:"offset"`
			NextOffset *int64 `json:"nextOffset"`
		} `json:"pagination"`
	} `json:"data"`
}

// logs asks GET /logs with a query string and expects an answer.
func (s *server) logs(query string) logsAnswer {
	s.t.Helper()
	return s.decodeLogs(s.get("/logs"+query, readerToken))
}

func (s *server) decodeLogs(answer reply) logsAnswer {
	s.t.Helper()
	require.Equal(s.t, http.StatusOK, answer.status, answer.body)
	var decoded logsAnswer
	decodeStrictly(s.t, answer.body, &decoded)
	assert.Equal(s.t, "success", decoded.Status)
	assert.NotNil(s.t, decoded.Data.Logs)
	return decoded
}

func (a logsAnswer) messages() []string {
	messages := []string{}
	for _, entry := range a.Data.Logs {
		messages = append(messages, entry.Message)
	}
	return messages
}

// event is a record of a test.
type event struct {
	project  int64
	at       string
	severity plog.SeverityNumber
	service  string
	message  string
}

func (s *server) add(events ...event) {
	s.t.Helper()
	for n, event := range events {
		logs := plog.NewLogs()
		resource := logs.ResourceLogs().AppendEmpty()
		resource.Resource().Attributes().PutInt(record.AttributeProjectID, max(event.project, 1))
		if event.service != "" {
			resource.Resource().Attributes().PutStr(record.AttributeServiceName, event.service)
		}
		log := resource.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		at, err := time.Parse(time.RFC3339Nano, event.at)
		require.NoError(s.t, err)
		log.SetTimestamp(pcommon.NewTimestampFromTime(at))
		log.SetSeverityNumber(event.severity)
		log.Body().SetStr(event.message)
		log.Attributes().PutStr(record.AttributeID, fmt.Sprintf("018b0000-0000-7000-8000-%012d", n))
		require.NoError(s.t, s.store.Append(s.t.Context(), logs))
	}
}

// newServerWithEvents holds the events of the document's example and some more.
func newServerWithEvents(t *testing.T) *server {
	t.Helper()
	s := newServer(t, nil)
	s.add(
		event{at: "2023-10-27T10:35:15Z", severity: 17, service: "user-service", message: "Failed to authenticate"},
		event{at: "2023-10-27T10:30:01Z", severity: 9, service: "product-service", message: "Product retrieved"},
		event{at: "2023-10-27T10:30:01.5Z", severity: 10, service: "product-service", message: "Straße gesperrt"},
		event{at: "2023-10-26T23:59:59.999999999Z", severity: 13, service: "user-service", message: "Slow"},
		event{at: "2023-10-26T12:00:00Z", severity: 21, service: "User-Service", message: "Out of disk"},
		event{at: "2023-10-26T11:00:00Z", severity: 5, service: "user-service", message: "100%_sure [x]"},
		event{at: "2023-10-26T10:00:00Z", severity: 1, message: "Traced"},
		event{at: "2023-10-26T09:00:00Z", message: "Unspecified"},
		event{at: "2023-10-27T10:35:15Z", severity: 17, service: "user-service", message: "Other project", project: 2},
	)
	return s
}

func TestLogsEnvelope(t *testing.T) {
	s := newServerWithEvents(t)
	answer := s.get("/logs?limit=10&level=ERROR&service=user-service&startDate=2023-10-27T09:00:00Z", readerToken)
	assert.Equal(t, http.StatusOK, answer.status)
	assert.JSONEq(t, `{"status":"success","data":{
		"logs":[{
			"timestamp":"2023-10-27T10:35:15Z","level":"ERROR","service":"user-service","message":"Failed to authenticate",
			"details":{"id":"018b0000-0000-7000-8000-000000000000","severity_number":17,
				"resource":{"docket.project.id":1,"service.name":"user-service"}}
		}],
		"pagination":{"total":1,"limit":10,"offset":0,"nextOffset":null}}}`, answer.body)
	assert.Equal(t, "no-store", answer.header.Get("Cache-Control"))
}

func TestLogsOfAnEmptyStore(t *testing.T) {
	answer := newServer(t, nil).get("/logs", readerToken)
	assert.Equal(t, http.StatusOK, answer.status)
	assert.JSONEq(t, `{"status":"success","data":{"logs":[],"pagination":{"total":0,"limit":50,"offset":0,"nextOffset":null}}}`,
		answer.body)
}

func TestLogsPages(t *testing.T) {
	for _, total := range []int{0, 1, 2, 3, 4, 5, 6, 7} {
		t.Run(fmt.Sprint(total), func(t *testing.T) {
			s := newServer(t, nil)
			for n := range total {
				s.add(event{at: fmt.Sprintf("2023-10-27T10:00:%02dZ", n), message: fmt.Sprint(n)})
			}
			var messages []string
			for offset, pages := int64(0), 0; ; pages++ {
				require.LessOrEqual(t, pages, total/3)
				answer := s.logs(fmt.Sprintf("?limit=3&offset=%d", offset))
				assert.Equal(t, int64(total), answer.Data.Pagination.Total)
				assert.Equal(t, 3, answer.Data.Pagination.Limit)
				assert.Equal(t, int(offset), answer.Data.Pagination.Offset)
				messages = append(messages, answer.messages()...)
				next := answer.Data.Pagination.NextOffset
				if next == nil {
					break
				}
				assert.Equal(t, offset+3, *next)
				offset = *next
			}
			require.Len(t, messages, total)
			for n, message := range messages {
				assert.Equal(t, fmt.Sprint(total-1-n), message)
			}
		})
	}
}

// The store is asked for no more than an answer needs.
func TestLogsAsksTheStoreOnlyWhatItMust(t *testing.T) {
	for query, want := range map[string]struct{ searches, counts int }{
		"?limit=8":           {1, 1}, // full: there may be more
		"?limit=9":           {1, 0},
		"?search=nothing":    {1, 0},
		"?offset=2&limit=2":  {1, 1},
		"?offset=8":          {0, 1},
		"?offset=1000000000": {0, 1},
	} {
		t.Run(query, func(t *testing.T) {
			s := newServerWithEvents(t)
			s.logs(query)
			assert.Equal(t, want.searches, s.store.searches, "searches")
			assert.Equal(t, want.counts, s.store.counts, "counts")
		})
	}
}

func TestLogsAccess(t *testing.T) {
	s := newServerWithEvents(t)
	for name, tt := range map[string]struct {
		request request
		status  int
		message string
	}{
		"no key":           {request{}, 401, "Authentication required. Please provide a valid API key or token."},
		"unknown key":      {request{token: "nobody"}, 401, "Authentication required. Please provide a valid API key or token."},
		"another scheme":   {request{header: map[string]string{"Authorization": "Basic " + readerToken}}, 401, "Authentication required. Please provide a valid API key or token."},
		"only the scheme":  {request{header: map[string]string{"Authorization": "Bearer"}}, 401, "Authentication required. Please provide a valid API key or token."},
		"key in the query": {request{path: "/logs?token=" + readerToken}, 401, "Authentication required. Please provide a valid API key or token."},
		"ingest only":      {request{token: ingestToken}, 403, "You do not have permission to access API logs."},
		"scope before parameters": {
			request{token: ingestToken, path: "/logs?limit=0"}, 403, "You do not have permission to access API logs.",
		},
		"several projects": {
			request{token: severalToken},
			400,
			"The key may use several projects: name one, or use a key that is scoped to one. Its id goes into the header Docket-Project-Id, " +
				"or into the address in place of @current.",
		},
		"unknown project": {
			request{token: severalToken, header: map[string]string{"Docket-Project-Id": "7"}},
			404,
			`Project "7" does not exist or the key may not use it.`,
		},
		"another's project": {
			request{token: readerToken, header: map[string]string{"Docket-Project-Id": "2"}},
			404,
			`Project "2" does not exist or the key may not use it.`,
		},
		"no project": {request{token: projectless}, 404, "The key may use no project."},
		"keys cannot be checked": {
			request{token: staleToken}, 503, "Keys cannot be checked now: the stored keys could not be read for 6s.",
		},
		"the directory fails": {request{token: brokenToken}, 500, "The server failed; its log says why."},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.request.path == "" {
				tt.request.path = "/logs"
			}
			answer := s.do(tt.request)
			assert.Equal(t, tt.message, assertStatusError(t, answer, tt.status))
			if tt.status == http.StatusUnauthorized {
				assert.Equal(t, `Bearer realm="docket"`, answer.header.Get("WWW-Authenticate"))
			}
		})
	}
	assert.Equal(t, "2", s.get("/logs", staleToken).header.Get("Retry-After"), "1.5 s, rounded up")
	failures := s.log.FilterMessage("A request failed").All()
	require.Len(t, failures, 1)
	assert.Contains(t, failures[0].ContextMap()["error"], "/secret/disk", "told to the log, not to the client")
}

func TestLogsOfOneProject(t *testing.T) {
	s := newServerWithEvents(t)
	for name, tt := range map[string]struct {
		token, project string
		want           int
	}{
		"the only one":        {readerToken, "", 8},
		"the only one, named": {readerToken, "1", 8},
		"writers may read":    {writerToken, "", 8},
		"by id":               {severalToken, "2", 1},
		"by UUID":             {severalToken, projectUUID(2), 1},
		"by UUID, upper case": {severalToken, strings.ToUpper(projectUUID(2)), 1},
		"the admin":           {adminToken, "2", 1},
	} {
		t.Run(name, func(t *testing.T) {
			answer := s.decodeLogs(s.do(request{
				path: "/logs", token: tt.token, header: map[string]string{"docket-project-id": tt.project},
			}))
			assert.Len(t, answer.Data.Logs, tt.want)
		})
	}
	t.Run("the scheme in any case", func(t *testing.T) {
		s.decodeLogs(s.do(request{path: "/logs", header: map[string]string{"Authorization": "bearer  " + readerToken}}))
	})
}

func TestLogsWhenTheStoreFails(t *testing.T) {
	s := newServer(t, nil)
	for name, tt := range map[string]struct {
		failure error
		status  int
		message string
	}{
		"unavailable": {
			&logstore.UnavailableError{Reason: "the disk is full", RetryAfter: 3 * time.Second}, 503,
			"The store is unavailable: the disk is full.",
		},
		"closed":  {fmt.Errorf("search: %w", logstore.ErrClosed), 503, "The server is stopping."},
		"another": {errors.New("segment 12 is corrupt"), 500, "The server failed; its log says why."},
	} {
		t.Run(name, func(t *testing.T) {
			s.store.failure = tt.failure
			assert.Equal(t, tt.message, assertStatusError(t, s.get("/logs", readerToken), tt.status))
			assert.Equal(t, tt.message, assertStatusError(t, s.get("/logs?offset=1", readerToken), tt.status))
		})
	}
	failures := s.log.FilterMessage("A request failed").All()
	require.Len(t, failures, 2)
	assert.Equal(t, "/logs", failures[0].ContextMap()["route"])
	assert.Equal(t, "search records: segment 12 is corrupt", failures[0].ContextMap()["error"])
	assert.Equal(t, "count records: segment 12 is corrupt", failures[1].ContextMap()["error"])
}

func TestLogsTakesNoLongerThanTheQueryTimeout(t *testing.T) {
	s := newServer(t, func(config *Config) { config.QueryTimeout = 20 * time.Millisecond })
	s.store.slow = true
	message := assertStatusError(t, s.get("/logs", readerToken), http.StatusGatewayTimeout)
	assert.Equal(t, "The request took longer than the server allows. Please narrow the time range or the filters.", message)
	assert.Zero(t, s.log.FilterMessage("A request failed").Len())
}

// A client that goes away is no failure of the server, and stops the search.
func TestLogsWhenTheClientGoesAway(t *testing.T) {
	s := newServer(t, nil)
	s.store.slow = true
	ctx, cancel := context.WithCancel(t.Context())
	asked, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.api.address.String()+"/logs", nil)
	require.NoError(t, err)
	asked.Header.Set("Authorization", "Bearer "+readerToken)
	go func() {
		for s.store.asked() == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	_, err = s.client.Do(asked) //nolint:bodyclose // it fails
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, s.api.Shutdown(t.Context()), "the request ends")
	assert.Zero(t, s.log.FilterMessage("A request failed").Len())
}

func TestLogsMethods(t *testing.T) {
	s := newServerWithEvents(t)
	head := s.do(request{method: http.MethodHead, path: "/logs", token: readerToken})
	assert.Equal(t, http.StatusOK, head.status)
	assert.Equal(t, "application/json", head.header.Get("Content-Type"))
	assert.Empty(t, head.body)
	assert.Equal(t, http.StatusUnauthorized, s.do(request{method: http.MethodHead, path: "/logs"}).status)

	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions, "BREW"} {
		answer := s.do(request{method: method, path: "/logs", token: readerToken})
		assert.Equal(t, "The method '"+method+"' is not allowed here. Please use one of: GET, HEAD.",
			assertStatusError(t, answer, http.StatusMethodNotAllowed))
		assert.Equal(t, "GET, HEAD", answer.header.Get("Allow"))
	}
}

// What dlt's REST source and HTTPie send.
func TestLogsCaptures(t *testing.T) {
	s := newServerWithEvents(t)
	for _, captured := range readCaptures(t, "testdata/get_logs_clients.jsonl") {
		captured.token = readerToken
		assert.Equal(t, []string{"Failed to authenticate"}, s.decodeLogs(s.do(captured)).messages(), captured.path)
	}
}

// A page is written in pieces, so its size has no bound but the records'.
func TestLogsLargePage(t *testing.T) {
	s := newServer(t, nil)
	long := strings.Repeat("x", 300_000)
	for n := range 20 {
		s.add(event{at: fmt.Sprintf("2023-10-27T10:00:%02dZ", n), message: long})
	}
	answer := s.get("/logs", readerToken)
	assert.Greater(t, len(answer.body), 6_000_000)
	assert.Len(t, s.decodeLogs(answer).Data.Logs, 20)
}
