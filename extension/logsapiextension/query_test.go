package logsapiextension

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"

	"github.com/docketlog/docket/internal/docstore/docstoretest"
	"github.com/docketlog/docket/internal/logstore"
)

// queryAnswer is the answer of …/logs/query.
type queryAnswer struct {
	Query             map[string]any   `json:"query"`
	Results           []map[string]any `json:"results"`
	HasMore           bool             `json:"hasMore"`
	NextCursor        *string          `json:"nextCursor"`
	MaxExportableLogs int64            `json:"maxExportableLogs"`
	Columns           []string         `json:"columns"`
}

func (s *server) query(query string) queryAnswer {
	s.t.Helper()
	var answer queryAnswer
	decodeStrictly(s.t, s.mustAsk("query", `{"query":{`+query+`}}`), &answer)
	return answer
}

// ids are the numbers of the found entries, in their order.
func (a queryAnswer) ids() string {
	var ids []string
	for _, row := range a.Results {
		ids = append(ids, strings.TrimLeft(row["uuid"].(string)[24:], "0"))
	}
	return strings.Join(ids, " ")
}

// The members of a row stand in this order.
func TestQueryRow(t *testing.T) {
	s := newQueryServer(t)
	body := s.mustAsk("query/", `{"query":{`+fixtureRange+`,"orderBy":"earliest","limit":1}}`)
	before, rest, ok := strings.Cut(body, `"results":[`)
	require.True(t, ok)
	row, after, ok := strings.Cut(rest, `,"live_logs_checkpoint":"`)
	require.True(t, ok)
	assertText(t, `{"uuid":"018b0000-0000-7000-8000-000000000001","trace_id":"000000000000000000000000000000AB",`+
		`"span_id":"00000000000000AB","body":"user 1 logged in",`+
		`"attributes":{"http.status":"200","log.record.uid":"018b0000-0000-7000-8000-000000000001","user.id":"1"},`+
		`"timestamp":"2026-11-20T10:00:00Z","observed_timestamp":"2026-11-20T10:00:01Z",`+
		`"severity_text":"info","severity_number":9,"level":"info",`+
		`"resource_attributes":{"docket.project.id":"1","k8s.pod.name":"a-1","service.name":"api"},`+
		`"resource_fingerprint":"12660724502832602707","instrumentation_scope":"","event_name":""`, row)
	checkpoint, after, _ := strings.Cut(after, `"`)
	at, err := time.Parse(time.RFC3339Nano, checkpoint)
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now(), at, 10*time.Second)
	assertText(t, `{"query":{"dateRange":{"date_from":"2026-11-20T10:00:00Z","date_to":"2026-11-20T10:10:00.999999999Z"},`+
		`"kind":"LogsQuery","limit":1,"orderBy":"earliest"},`, before)
	assert.Regexp(t, `^}],"hasMore":true,"nextCursor":"[A-Za-z0-9+/=]+","maxExportableLogs":9007199254740991,"columns":null}$`, after)
}

func TestQuerySelects(t *testing.T) {
	s := newQueryServer(t)
	for query, want := range map[string]string{
		``:                                   "5 4 3 2 1",
		`"orderBy":"earliest"`:               "1 2 3 4 5",
		`"orderBy":"whatever"`:               "5 4 3 2 1",
		`"limit":2`:                          "5 4",
		`"limit":"2"`:                        "5 4",
		`"limit":100000`:                     "5 4 3 2 1",
		`"severityLevels":["error","fatal"]`: "3 2",
		`"serviceNames":["billing"]`:         "4 3",
		`"q":"service:billing level>=error"`: "3",
		`"q":"user.id=2","searchTerm":"in"`:  "4",
		`"searchTerm":"LOGGED"`:              "4 1",
		`"searchTerm":null,"filterGroup":null,"after":null,"limit":null,"customColumns":null`:        "5 4 3 2 1",
		`"filterGroup":[{"key":"http.status","type":"log_attribute","operator":"gt","value":"300"}]`: "3 2",
		`"filterGroup":{"type":"OR","values":[{"key":"message","type":"log","operator":"icontains","value":"declined"},` +
			`{"key":"k8s.pod.name","type":"log_resource_attribute","operator":"exact","value":["a-1"]}]}`: "3 1",
		`"liveLogsCheckpoint":"2026-11-20T10:02:01Z"`:           "5 4 3",
		`"liveLogsCheckpoint":"2026-11-20T10:02:01.000000001Z"`: "5",
		`"unknown":"is ignored"`:                                "5 4 3 2 1",
	} {
		if query != "" {
			query = "," + query
		}
		assert.Equal(t, want, s.query(fixtureRange+query).ids(), query)
	}
	assert.Equal(t, "4 3 2", s.query(`"dateRange":{"date_from":"2026-11-20T10:00:59.5Z","date_to":"2026-11-20T10:02:00Z"}`).ids(),
		"both ends are included")
	assert.Empty(t, s.query(``).ids(), "the last hour")
}

func TestQueryColumns(t *testing.T) {
	s := newQueryServer(t)
	answer := s.query(fixtureRange + `,"excludeAttributes":true,"customColumns":["attributes.http.method","resource_attributes.k8s.pod.name",` +
		`"body.message","body.amount","service_name","uuid"]`)
	assert.Equal(t, []string{
		"attributes.http.method", "resource_attributes.k8s.pod.name", "body.message", "body.amount", "service_name", "uuid",
	}, answer.Columns)
	for _, row := range answer.Results {
		assert.Empty(t, row["attributes"])
		assert.Empty(t, row["resource_attributes"])
	}
	third := answer.Results[2]
	assert.Nil(t, third["attributes.http.method"])
	assert.Equal(t, "b-1", third["resource_attributes.k8s.pod.name"])
	assert.Equal(t, "card declined", third["body.message"])
	assert.Equal(t, "9007199254740993", third["body.amount"])
	assert.Equal(t, "billing", third["service_name"])
	assert.Equal(t, "GET", answer.Results[3]["attributes.http.method"])
}

// Pages neither repeat nor skip records, though all timestamps are equal and records
// come meanwhile.
func TestQueryPages(t *testing.T) {
	for _, order := range []string{"latest", "earliest"} {
		t.Run(order, func(t *testing.T) {
			s := newServer(t, nil)
			add := func(ids ...int) {
				for _, id := range ids {
					s.addEntries(logEntry{id: id, at: "2026-11-20T10:00:00.123456789Z"})
				}
			}
			add(10, 20, 30, 40, 50, 60, 70)
			var seen []string
			cursor := "null"
			for pages := 0; ; pages++ {
				require.Less(t, pages, 10)
				answer := s.query(fixtureRange + `,"limit":2,"orderBy":"` + order + `","after":` + cursor)
				seen = append(seen, strings.Fields(answer.ids())...)
				assert.Equal(t, answer.HasMore, answer.NextCursor != nil)
				if !answer.HasMore {
					break
				}
				cursor = `"` + *answer.NextCursor + `"`
				add(31+pages, 5) // 5 comes again and again, at one end
			}
			for _, id := range []string{"10", "20", "30", "40", "50", "60", "70"} {
				assert.Contains(t, seen, id)
			}
			slices.Sort(seen)
			without5 := slices.DeleteFunc(slices.Clone(seen), func(id string) bool { return id == "5" })
			assert.Equal(t, slices.Compact(slices.Clone(without5)), without5)
		})
	}
}

func TestQueryLastPage(t *testing.T) {
	s := newQueryServer(t)
	for limit, hasMore := range map[int]bool{4: true, 5: false, 6: false} {
		answer := s.query(fmt.Sprintf(`%s,"limit":%d`, fixtureRange, limit))
		assert.Equal(t, hasMore, answer.HasMore)
		assert.Equal(t, hasMore, answer.NextCursor != nil)
		assert.Len(t, answer.Results, min(limit, 5))
	}
	cursor := base64.StdEncoding.EncodeToString([]byte(`{"timestamp": "2026-11-20T11:02:00+01:00", "uuid": "` + entryID(4) + `"}`))
	assert.Equal(t, "3 2 1", s.query(fixtureRange+`,"after":"`+cursor+`"`).ids(), "PostHog's way to write it")
}

// assertQuestionError requires the shape of what is wrong with a question.
func assertQuestionError(t *testing.T, answer reply, status int) string {
	t.Helper()
	assert.Equal(t, status, answer.status, answer.body)
	var got struct {
		Error string `json:"error"`
	}
	decodeStrictly(t, answer.body, &got)
	assert.NotEmpty(t, got.Error)
	return got.Error
}

func TestQuestionsThatAreWrong(t *testing.T) {
	s := newQueryServer(t)
	encode := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	for _, tt := range []struct{ question, query, want string }{
		{"query", `"limit":0`, "limit must be at least 1"},
		{"query", `"limit":1.5`, "limit must be a whole number"},
		{"query", `"limit":{}`, "limit must be a whole number"},
		{"query", `"after":"x"`, "after is no cursor"},
		{"query", `"after":7`, "after must be a string"},
		{"query", `"after":"` + encode(`{"timestamp":"yesterday","uuid":"x"}`) + `"`, "after is no cursor"},
		{"query", `"after":"` + encode(`{"timestamp":"2026-11-20T10:00:00Z"}`) + `"`, "after is no cursor"},
		{"query", `"after":"` + encode(`{"timestamp":"1026-11-20T10:00:00Z","uuid":"x"}`) + `"`, "after is no cursor"},
		{"query", `"after":"` + encode(`[]`) + `"`, "after is no cursor"},
		{"query", `"liveLogsCheckpoint":"x"`, `liveLogsCheckpoint: the date "x" is neither`},
		{"query", `"excludeAttributes":"maybe"`, "excludeAttributes must be true or false"},
		{"query", `"customColumns":["upper(level)"]`, `"upper(level)" is no column`},
		{"query", `"customColumns":[` + strings.Repeat(`"uuid",`, 50) + `"uuid"]`, "Too many customColumns: 51 (max 50)"},
		{"query", `"customColumns":"uuid"`, "customColumns must be a list of strings"},
		{"query", `"personId":"1"`, "personId is not supported"},
		{"query", `"resourceFingerprint":"1"`, "resourceFingerprint is not supported"},
		{"query", `"dateRange":{"date_from":"x"}`, "dateRange.date_from: the date"},
		{"query", `"severityLevels":["loud"]`, "severityLevels[0]:"},
		{"query", `"filterGroup":[{"key":"a","type":"log_attribute","operator":"is like"}]`, "filterGroup[0].operator:"},
		{"count", `"serviceNames":"api"`, "serviceNames:"},
		{"count-ranges", `"targetBuckets":"ten"`, "targetBuckets must be a whole number"},
		{"sparkline", `"sparklineBreakdownBy":"level"`, "sparklineBreakdownBy must be one of severity, service"},
		{"sparkline", `"sparklineRankBy":"name"`, "sparklineRankBy must be one of count, bytes"},
		{"facet_values", `"facetField":"severity_text","severityLevels":["loud"]`, "severityLevels[0]:"},
		{"facet_values", `"facetField":"severity_text","facetSearch":1`, "facetSearch must be a string"},
		{"services", `"serviceNameSearch":1`, "serviceNameSearch must be a string"},
		{"group-by", ``, "groupBy is required"},
		{"group-by", `"groupBy":"x","groupBySource":"body"`, "the source of a group must be"},
		{"group-by", `"groupBy":"x","groupBySource":"column"`, "groupBy must be severity_level,"},
		{"group-by", `"groupBys":[]`, "groupBys must have 1 to 5 keys"},
		{"group-by", `"groupBys":"x"`, "groupBys must be a list such as"},
		{"group-by", `"groupBys":[{"key":"a"},{"key":"b"},{"key":"c"},{"key":"d"},{"key":"e"},{"key":"f"}]`, "groupBys must have 1 to 5"},
		{"group-by", `"groupBy":"x","limit":0`, "limit must be at least 1"},
		{"group-by", `"groupBy":"x","orderGroupsBy":"name"`, "orderGroupsBy must be one of"},
		{"patterns", `"searchTerm":5`, "searchTerm:"},
		{"patterns_diff", `"dateRange":{"date_from":"all"}`, "baselineDateRange is required"},
		{"export", `"customColumns":["x"]`, `"x" is no column`},
	} {
		t.Run(tt.question+" "+tt.query, func(t *testing.T) {
			assert.Contains(t, assertQuestionError(t, s.ask(tt.question, `{"query":{`+tt.query+`}}`), 400), tt.want)
		})
	}
	for _, question := range []string{"query", "export"} {
		assert.Equal(t, "No query provided", assertQuestionError(t, s.ask(question, `{}`), 400))
		assert.Equal(t, "No query provided", assertQuestionError(t, s.ask(question, `{"query":null}`), 400))
	}
	assert.Contains(t, assertQuestionError(t, s.ask("patterns_diff", `{"baselineDateRange":{"date_from":"x"}}`), 400), "dateRange.date_from")
	assert.Contains(t, assertQuestionError(t, s.ask("export", `{"query":{},"columns":["x"]}`), 400), `"x" is no column`)
	assert.Contains(t, assertQuestionError(t, s.ask("export?format=xls", `{"query":{}}`), 400), `the format "xls" is none`)
	answer := s.get("/api/projects/1/logs/values", readerToken)
	assert.Equal(t, http.StatusBadRequest, answer.status)
	assert.Equal(t, `"key is required"`, answer.body)
	assert.Contains(t, assertQuestionError(t, s.get("/api/projects/1/logs/values?key=x&filterGroup=[1]", readerToken), 400), "filterGroup[0]:")
	assert.Contains(t, assertQuestionError(t, s.get("/api/projects/1/logs/attributes?serviceNames={}x", readerToken), 400), "JSON")
}

// A search box can point at the mistake.
func TestMistakesInSearchTextsHaveAColumn(t *testing.T) {
	s := newQueryServer(t)
	const want = `{"error":"q: column 9: expected a value after :, not the end","attr":"q","column":9}`
	for _, question := range postQuestions() {
		answer := s.ask(question, `{"query":{"q":"ü level:","groupBy":"x","facetAttribute":"x"}}`)
		assert.Equal(t, http.StatusBadRequest, answer.status, question)
		assert.JSONEq(t, want, answer.body, question)
	}
	for _, path := range []string{"attributes?", "values?key=x&", "tail?"} {
		answer := s.get("/api/projects/1/logs/"+path+"q=%C3%BC+level:", readerToken)
		assert.Equal(t, http.StatusBadRequest, answer.status, path)
		assert.JSONEq(t, want, answer.body, path)
	}
	assert.JSONEq(t, `{"results":[{"id":"500","name":"500","count":1}],"refreshing":false}`,
		s.get(`/api/projects/1/logs/values?key=http.status&q=level:error&`+url.PathEscape(`dateRange={"date_from":"2026-11-20"}`), readerToken).body)
}

// postQuestions are the questions that are asked by a POST.
func postQuestions() []string {
	return []string{
		"query", "count", "count-ranges", "sparkline", "facet_values", "services", "group-by", "patterns", "patterns_diff", "export",
	}
}

func TestRequestsThatAreNone(t *testing.T) {
	s := newQueryServer(t)
	for _, question := range postQuestions() {
		for _, query := range []string{`[]`, `"x"`, `7`, `true`} {
			assertPostHogError(t, s.ask(question, `{"query":`+query+`}`), 400, "invalid_request", "parse_error", "")
		}
		assertPostHogError(t, s.ask(question, `{`), 400, "invalid_request", "parse_error", "")
		assertPostHogError(t, s.do(request{
			method: http.MethodPost, path: "/api/projects/1/logs/" + question, token: readerToken, body: `x=1`,
			header: map[string]string{"Content-Type": "text/plain"},
		}), 415, "invalid_request", "unsupported_media_type", "")
		assertPostHogError(t, s.do(request{method: http.MethodDelete, path: "/api/projects/1/logs/" + question, token: readerToken}),
			405, "invalid_request", "method_not_allowed", "")
	}
	for _, query := range []string{
		`{}`, `{"facetField":"body"}`, `{"facetField":"service_name","facetAttribute":"x"}`, `{"facetField":""}`,
	} {
		assertPostHogError(t, s.ask("facet_values", `{"query":`+query+`}`), 400, "invalid_request", "parse_error", "")
	}
	assertPostHogError(t, s.get("/api/projects/1/logs/attributes?x=%zz", readerToken), 400, "invalid_request", "parse_error", "")
	assertPostHogError(t, s.get("/api/projects/1/logs/export?query=x", readerToken), 400, "invalid_request", "parse_error", "")
	large := `{"query":{"searchTerm":"` + strings.Repeat("x", 1<<20) + `"}}`
	assertPostHogError(t, s.ask("query", large), 413, "invalid_request", "request_too_large", "")
}

// Every question is only for who may read the project, and only about that.
func TestQuestionsOfProjects(t *testing.T) {
	s := newQueryServer(t)
	paths := map[string]string{"attributes": http.MethodGet, "values?key=user.id": http.MethodGet, "has_logs": http.MethodGet}
	for _, question := range postQuestions() {
		paths[question] = http.MethodPost
	}
	parameters := "dateRange=" + url.QueryEscape(strings.TrimPrefix(fixtureRange, `"dateRange":`))
	for question, method := range paths {
		t.Run(question, func(t *testing.T) {
			ask := func(base, token string, header ...string) reply {
				path, query, _ := strings.Cut(question, "?")
				asked := request{method: method, path: base + path + "?" + parameters + "&" + query, token: token, header: map[string]string{}}
				if method == http.MethodPost {
					asked.body = `{"query":{` + fixtureRange + `,"facetAttribute":"user.id","groupBy":"user.id"}}`
				}
				if len(header) > 0 {
					asked.header["Docket-Project-Id"] = header[0]
				}
				return s.do(asked)
			}
			assertPostHogError(t, ask("/api/projects/1/logs/", ""), 401, "authentication_error", "not_authenticated", "")
			assertPostHogError(t, ask("/api/projects/1/logs/", "nobody"), 401, "authentication_error", "authentication_failed", "")
			assertPostHogError(t, ask("/api/projects/1/logs/", ingestToken), 403, "authentication_error", "permission_denied", "")
			assertPostHogError(t, ask("/api/projects/2/logs/", readerToken), 404, "invalid_request", "not_found", "")
			assertPostHogError(t, ask("/api/environments/99/logs/", adminToken), 404, "invalid_request", "not_found", "")

			own := ask("/api/projects/1/logs/", readerToken)
			assert.Less(t, own.status, 300, own.body)
			assert.NotContains(t, own.body, "another's")
			for _, same := range []reply{
				ask("/api/environments/1/logs/", readerToken), ask("/api/projects/@current/logs/", readerToken),
				ask("/api/environments/"+projectUUID(1)+"/logs/", adminToken), ask("/api/projects/@current/logs/", severalToken, "1"),
			} {
				assert.Equal(t, own.status, same.status, same.body)
				if question != "query" && question != "export" { // they tell the time and the address
					assert.JSONEq(t, own.body, same.body)
				}
			}
			if question != "export" && question != "has_logs" {
				assert.NotEqual(t, own.body, ask("/api/projects/2/logs/", adminToken).body)
			}
		})
	}
}

func TestQuestionsWhenTheStoreFails(t *testing.T) {
	questions := map[string]func(s *server) reply{
		"attributes": func(s *server) reply { return s.get("/api/projects/1/logs/attributes", readerToken) },
		"values":     func(s *server) reply { return s.get("/api/projects/1/logs/values?key=x", readerToken) },
		"has_logs":   func(s *server) reply { return s.get("/api/projects/1/logs/has_logs", readerToken) },
		"export":     func(s *server) reply { return s.get("/api/projects/1/logs/export?query={}", readerToken) },
	}
	for _, question := range postQuestions() {
		if question != "export" {
			questions[question] = func(s *server) reply { return s.ask(question, `{"query":{"facetAttribute":"x","groupBy":"x"}}`) }
		}
	}
	s := newServer(t, func(config *Config) { config.QueryTimeout = 50 * time.Millisecond })
	for name, ask := range questions {
		t.Run(name, func(t *testing.T) {
			for failure, status := range map[error]int{
				&logstore.TooExpensiveError{Reason: "it reads too much: narrow the range"}:      400,
				&logstore.UnavailableError{Reason: "the disk is full", RetryAfter: time.Second}: 503,
				logstore.ErrClosed:                  503,
				errors.New("segment 12 is corrupt"): 500,
			} {
				s.store.failure = failure
				detail := assertQuestionError(t, ask(s), status)
				assert.NotContains(t, detail, "segment")
				if status == 400 {
					assert.Equal(t, failure.Error(), detail)
				}
			}
			s.store.failure = nil
			s.store.slow = true
			assert.Contains(t, assertQuestionError(t, ask(s), http.StatusGatewayTimeout), "narrow the time range")
			s.store.slow = false
		})
	}
}

// What the real client sends, with the answers that it prints.
func TestQuestionsOfTheCLI(t *testing.T) {
	s := newServer(t, nil)
	now := time.Now().UTC()
	at := func(ago time.Duration) string { return now.Add(-ago).Format(time.RFC3339Nano) }
	s.addEntries(
		logEntry{
			id: 1, at: at(10 * time.Minute), severity: 17, service: "api", body: "Timeout of call 5",
			attributes: `{"http.status":500}`, resource: `{"k8s.pod.name":"a-1"}`,
		},
		logEntry{id: 2, at: at(20 * time.Minute), severity: 9, service: "web", body: "started", resource: `{"k8s.pod.name":"b-1"}`},
		logEntry{id: 3, at: at(2 * time.Hour), severity: 9, service: "web", body: "too old"},
	)
	answers := map[string]func(t *testing.T, body string){
		"query": func(t *testing.T, body string) {
			t.Helper()
			var answer queryAnswer
			decodeStrictly(t, body, &answer)
			assert.Equal(t, "1", answer.ids())
			assert.Equal(t, "Timeout of call 5", answer.Results[0]["body"])
		},
		"count": func(t *testing.T, body string) { t.Helper(); assert.JSONEq(t, `{"count":2}`, body) },
		"count-ranges": func(t *testing.T, body string) {
			t.Helper()
			assert.Equal(t, 2, strings.Count(body, `"count":1`))
			assert.Contains(t, body, `"interval":"5m"`)
		},
		"sparkline": func(t *testing.T, body string) {
			t.Helper()
			var answer struct {
				Results []sparklineRow `json:"results"`
			}
			decodeStrictly(t, body, &answer)
			assert.InDelta(t, 61, len(answer.Results), 1, "an hour by minutes; the client wants an object")
			assert.Equal(t, 1, strings.Count(body, `"severity":"error","count":1,"bytes_uncompressed":17}`))
		},
		"services": func(t *testing.T, body string) {
			t.Helper()
			assert.Contains(t, body, `{"service_name":"api","log_count":1,"error_count":1,"error_rate":1,"volume_share_pct":50,`+
				`"severity_breakdown":{"debug":0,"info":0,"warn":0,"error":1},"active_rules":[]}`)
			assert.Contains(t, body, `"total_services":2`)
		},
		"attributes": func(t *testing.T, body string) {
			t.Helper()
			assert.JSONEq(t, `{"results":[{"name":"k8s.pod.name","propertyFilterType":"log_resource_attribute","matchedOn":"key"}],"count":1}`, body)
		},
		"values": func(t *testing.T, body string) {
			t.Helper()
			assert.JSONEq(t, `{"results":[{"id":"a-1","name":"a-1","count":1}],"refreshing":false}`, body)
		},
		"facet_values": func(t *testing.T, body string) {
			t.Helper()
			assert.JSONEq(t, `{"results":[{"value":"error","count":1},{"value":"info","count":1}]}`, body)
		},
		"patterns": func(t *testing.T, body string) {
			t.Helper()
			assert.Contains(t, body, `{"patterns":[{"pattern":"Timeout of call <num>","count":1,"estimated_count":1,"volume_share_pct":50,`)
		},
		"patterns_diff": func(t *testing.T, body string) {
			t.Helper()
			assert.Contains(t, body, `{"entries":[{"classification":"new","rate_ratio":null,"pattern":{"pattern":"Timeout of call <num>"`)
		},
	}
	asked := map[string]bool{}
	for _, captured := range readCaptures(t, "testdata/posthog_cli_queries.jsonl") {
		path, isQuestion := strings.CutPrefix(captured.path, "/api/projects/1/logs/")
		name, _, _ := strings.Cut(path, "/")
		if !isQuestion || answers[name] == nil {
			continue
		}
		asked[name] = true
		t.Run(name, func(t *testing.T) {
			captured.token = readerToken
			answer := s.do(captured)
			require.Equal(t, http.StatusOK, answer.status, answer.body)
			answers[name](t, answer.body)
		})
	}
	assert.Len(t, asked, len(answers), "every question was captured")
}

func TestHasLogs(t *testing.T) {
	assert.JSONEq(t, `{"hasLogs":true}`, newQueryServer(t).mustGet("has_logs/"))
	assert.JSONEq(t, `{"hasLogs":false}`, newServer(t, nil).mustGet("has_logs"))
}

// A query is echoed so that asking it again asks the same.
func TestQueryEcho(t *testing.T) {
	s := newQueryServer(t)
	first := s.query(fixtureRange + `,"searchTerm":"logged","limit":5000,"orderBy":"earliest"`)
	assert.Equal(t, map[string]any{
		"kind": "LogsQuery", "searchTerm": "logged", "limit": 2000.0, "orderBy": "earliest",
		"dateRange": map[string]any{"date_from": "2026-11-20T10:00:00Z", "date_to": "2026-11-20T10:10:00.999999999Z"},
	}, first.Query)
	again, err := json.Marshal(first.Query)
	require.NoError(t, err)
	assert.Equal(t, first.ids(), s.query(string(again[1:len(again)-1])).ids())
	assert.Equal(t, "all", s.query(`"dateRange":{"date_from":"all"}`).Query["dateRange"].(map[string]any)["date_from"])
}

// plainStore is an extension whose store answers no questions about many records.
type plainStore struct{ *storeExtension }

func (e plainStore) LogStore() logstore.Store { return struct{ logstore.Store }{e.store} }

func TestQuestionsToAPlainStore(t *testing.T) {
	s := newServerWithStore(t, nil, func(store *memoryStore) component.Component {
		return plainStore{&storeExtension{store: store, healthReporter: healthFunc(func() error { return nil }), documents: docstoretest.NewMemory()}}
	})
	assertQuestionError(t, s.ask("count", `{}`), http.StatusNotImplemented)
	assert.Equal(t, http.StatusOK, s.get("/logs", readerToken).status)
}
