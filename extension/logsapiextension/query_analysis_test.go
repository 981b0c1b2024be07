package logsapiextension

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCount(t *testing.T) {
	s := newQueryServer(t)
	assert.JSONEq(t, `{"count":5}`, s.mustAsk("count", `{"query":{`+fixtureRange+`}}`))
	assert.JSONEq(t, `{"count":2}`, s.mustAsk("count", `{"query":{`+fixtureRange+`,"serviceNames":["billing"]}}`))
	assert.JSONEq(t, `{"count":0}`, s.mustAsk("count", `{}`), "the last hour")
	assert.JSONEq(t, `{"count":0}`, s.mustAsk("count", ``))
}

func TestCountRanges(t *testing.T) {
	s := newQueryServer(t)
	assert.JSONEq(t, `{"interval":"1m","ranges":[
		{"date_from":"2026-11-20T10:00:00Z","date_to":"2026-11-20T10:00:59.999999999Z","count":2},
		{"date_from":"2026-11-20T10:02:00Z","date_to":"2026-11-20T10:02:59.999999999Z","count":2},
		{"date_from":"2026-11-20T10:05:00Z","date_to":"2026-11-20T10:05:59.999999999Z","count":1}]}`,
		s.mustAsk("count-ranges", `{"query":{`+fixtureRange+`}}`))
	assert.JSONEq(t, `{"interval":"5m","ranges":[
		{"date_from":"2026-11-20T10:00:00Z","date_to":"2026-11-20T10:04:59.999999999Z","count":4},
		{"date_from":"2026-11-20T10:05:00Z","date_to":"2026-11-20T10:09:59.999999999Z","count":1}]}`,
		s.mustAsk("count-ranges", `{"query":{`+fixtureRange+`,"targetBuckets":2}}`))
	assert.JSONEq(t, `{"interval":"5s","ranges":[
		{"date_from":"2026-11-20T10:00:59.5Z","date_to":"2026-11-20T10:00:59.999999999Z","count":1},
		{"date_from":"2026-11-20T10:02:00Z","date_to":"2026-11-20T10:02:00.000000000Z","count":2}]}`,
		s.mustAsk("count-ranges", `{"query":{"dateRange":{"date_from":"2026-11-20T10:00:59.5Z","date_to":"2026-11-20T10:02:00.000000000Z"}}}`),
		"no range reaches beyond that of the question")
	assert.JSONEq(t, `{"interval":"1m","ranges":[]}`, s.mustAsk("count-ranges", `{"query":{"targetBuckets":1000,"searchTerm":"x"}}`))
	all := s.mustAsk("count-ranges", `{"query":{"dateRange":{"date_from":"all","date_to":"2026-11-20T10:10:00Z"}}}`)
	assert.Contains(t, all, `"interval":"1m"`, "from the first record on")
}

// A range that is sent back selects the records that it counted.
func TestCountRangesCanBeSentBack(t *testing.T) {
	s := newQueryServer(t)
	for n := range 50 {
		s.addEntries(logEntry{id: 100 + n, at: time.Date(2026, 11, 20, 10, n/10, n%3*30, n%2*999999999, time.UTC).Format(time.RFC3339Nano)})
	}
	for _, target := range []int{1, 3, 10, 100} {
		var answer struct {
			Ranges []struct {
				DateFrom string `json:"date_from"`
				DateTo   string `json:"date_to"`
				Count    int    `json:"count"`
			} `json:"ranges"`
			Interval string `json:"interval"`
		}
		decodeStrictly(t, s.mustAsk("count-ranges", fmt.Sprintf(`{"query":{%s,"targetBuckets":%d}}`, fixtureRange, target)), &answer)
		sum := 0
		for _, found := range answer.Ranges {
			sum += found.Count
			count := s.mustAsk("count", fmt.Sprintf(`{"query":{"dateRange":{"date_from":%q,"date_to":%q}}}`, found.DateFrom, found.DateTo))
			assert.JSONEq(t, fmt.Sprintf(`{"count":%d}`, found.Count), count)
		}
		assert.Equal(t, 55, sum)
	}
}

// sparklineRow is a row of …/logs/sparkline.
type sparklineRow struct {
	Time     string `json:"time"`
	Severity string `json:"severity"`
	Service  string `json:"service"`
	Count    int    `json:"count"`
	Bytes    int    `json:"bytes_uncompressed"`
}

func (s *server) sparkline(query string) (rows []sparklineRow) {
	s.t.Helper()
	decodeStrictly(s.t, s.mustAsk("sparkline", `{"query":{`+query+`}}`), &rows)
	return rows
}

func TestSparkline(t *testing.T) {
	s := newQueryServer(t)
	const fiveMinutes = `"dateRange":{"date_from":"2026-11-20T10:00:00Z","date_to":"2026-11-20T10:04:59.999Z"}`
	rows := s.sparkline(fiveMinutes)
	require.Len(t, rows, 61, "60 buckets of 5 s, one of which has two severities")
	assert.Equal(t, sparklineRow{Time: "2026-11-20T10:00:00Z", Severity: "info", Count: 1, Bytes: 16}, rows[0])
	assert.Equal(t, sparklineRow{Time: "2026-11-20T10:00:05Z"}, rows[1], "empty buckets are there")
	assert.Equal(t, sparklineRow{Time: "2026-11-20T10:02:00Z", Severity: "fatal", Count: 1, Bytes: 53}, rows[24])
	assert.Equal(t, sparklineRow{Time: "2026-11-20T10:02:00Z", Severity: "warn", Count: 1, Bytes: 16}, rows[25])
	assert.Equal(t, sparklineRow{Time: "2026-11-20T10:04:55Z"}, rows[60])

	rows = s.sparkline(fiveMinutes + `,"sparklineBreakdownBy":"service","sparklineRankBy":"bytes"`)
	require.Len(t, rows, 60)
	assert.Equal(t, sparklineRow{Time: "2026-11-20T10:02:00Z", Service: "billing", Count: 2, Bytes: 69}, rows[24])
	body := s.mustAsk("sparkline", `{"query":{"dateRange":{"date_from":"2026-11-20T10:00:00Z","date_to":"2026-11-20T10:00:00.5Z"}}}`)
	assertText(t, `[{"time":"2026-11-20T10:00:00Z","severity":"info","count":1,"bytes_uncompressed":16}]`, body)
	assert.Len(t, s.sparkline(`"dateRange":{"date_from":"all","date_to":"2026-11-19"}`), 1, "nothing from the beginning on")
}

// Services beyond the largest are put together, by count or by bytes.
func TestSparklineOfManyServices(t *testing.T) {
	s := newServer(t, nil)
	id := 0
	for service := range 12 {
		for n := range service + 1 {
			id++
			s.addEntries(logEntry{
				id: id, at: fmt.Sprintf("2026-11-20T10:00:%02dZ", n%2*30), service: fmt.Sprintf("s%02d", service),
				body: strings.Repeat("x", 1000>>service),
			})
		}
	}
	for rank, other := range map[string]struct{ first, last string }{"count": {"s03", "s11"}, "bytes": {"s00", "s08"}} {
		counts := map[string]int{}
		rows := s.sparkline(fixtureRange + `,"sparklineBreakdownBy":"service","sparklineRankBy":"` + rank + `"`)
		for _, row := range rows {
			counts[row.Service] += row.Count
		}
		assert.Len(t, counts, 11, "nine services, the others, and empty buckets")
		assert.Contains(t, counts, other.first)
		assert.Contains(t, counts, other.last)
		sum := 0
		for _, count := range counts {
			sum += count
		}
		assert.Equal(t, id, sum)
		assert.LessOrEqual(t, len(rows), 1000)
	}
}

func TestFacetValues(t *testing.T) {
	s := newQueryServer(t)
	for query, want := range map[string]string{
		`"facetField":"severity_text"`:                               "error fatal info unspecified warn",
		`"facetField":"severity_text","severityLevels":["info"]`:     "error fatal info unspecified warn",
		`"facetField":"severity_text","serviceNames":["api"]`:        "error info",
		`"facetField":"severity_text","facetSearch":"R"`:             "error warn",
		`"facetField":"service_name"`:                                "api billing",
		`"facetField":"service_name","serviceNames":["api"]`:         "api billing",
		`"facetField":"service_name","severityLevels":["info"]`:      "api",
		`"facetField":"service_name","searchTerm":"card"`:            "billing",
		`"facetAttribute":"user.id"`:                                 "1 2",
		`"facetAttribute":"none"`:                                    "",
		`"facetAttribute":"http.method","facetField":null`:           "GET",
		`"facetResourceAttribute":"k8s.pod.name","facetSearch":"A-"`: "a-1 a-2",
		`"facetAttribute":"user.id","filterGroup":[{"key":"user.id","type":"log_attribute","operator":"exact","value":["1"]}]`:     "1 2",
		`"facetAttribute":"user.id","filterGroup":[{"key":"http.status","type":"log_attribute","operator":"exact","value":[500]}]`: "2",
		`"facetResourceAttribute":"k8s.pod.name","filterGroup":{"type":"AND","values":[{"type":"OR","values":[` +
			`{"key":"k8s.pod.name","type":"log_resource_attribute","operator":"exact","value":"a-1"}]},` +
			`{"key":"user.id","type":"log_attribute","operator":"exact","value":"1"}]}`: "a-1 b-1",
		`"facetField":"service_name","filterGroup":[{"key":"service.name","type":"log_resource_attribute","operator":"exact","value":"api"},` +
			`{"key":"service_name","type":"log","operator":"exact","value":"api"}]`: "api billing",
		`"facetField":"severity_text","filterGroup":[{"key":"severity_level","type":"log","operator":"exact","value":"info"}]`:       "error fatal info unspecified warn",
		`"facetAttribute":"k8s.pod.name","filterGroup":[{"key":"k8s.pod.name","type":"log_resource_attribute","operator":"is_set"}]`: "",
	} {
		var answer struct {
			Results []struct {
				Value string `json:"value"`
				Count int    `json:"count"`
			} `json:"results"`
		}
		decodeStrictly(t, s.mustAsk("facet_values", `{"query":{`+fixtureRange+`,`+query+`}}`), &answer)
		values := []string{}
		for _, value := range answer.Results {
			values = append(values, value.Value)
		}
		assert.ElementsMatch(t, strings.Fields(want), values, query)
		assert.NotNil(t, answer.Results)
	}
}

func TestAttributes(t *testing.T) {
	s := newQueryServer(t)
	dates := "&dateRange=" + url.QueryEscape(strings.TrimPrefix(fixtureRange, `"dateRange":`))
	ask := func(parameters string) string { return s.mustGet("attributes/?" + parameters + dates) }
	match := func(name string) string {
		return `{"name":"` + name + `","propertyFilterType":"log_attribute","matchedOn":"key"}`
	}
	assert.JSONEq(t, `{"count":5,"results":[`+strings.Join([]string{
		match("log.record.uid"), match("user.id"), match("http.status"), match("http.method"), match("note"),
	}, ",")+`]}`, ask(""))
	assert.JSONEq(t, `{"count":2,"results":[`+match("http.method")+`]}`, ask("search=HTTP&limit=1&offset=1"))
	assert.JSONEq(t, `{"count":5,"results":[`+match("note")+`]}`, ask("limit=x&offset=4&attribute_type=body"))
	assert.JSONEq(t, `{"count":1,"results":[{"name":"k8s.pod.name","propertyFilterType":"log_resource_attribute","matchedOn":"key"}]}`,
		ask("attribute_type=resource&search=pod"))
	assert.JSONEq(t, `{"count":0,"results":[]}`, ask("search=nobody"))
	assert.JSONEq(t, `{"count":0,"results":[]}`, ask("search=nob&search_values=true"), "too short to look into values")
	found := `{"name":"note","propertyFilterType":"log_attribute","matchedOn":"value","matchedValue":"nobody"}`
	assert.JSONEq(t, `{"count":1,"results":[`+found+`]}`, ask("search=NOBODY&search_values=TRUE"))
	assert.JSONEq(t, `{"count":0,"results":[]}`, s.mustGet("attributes?dateRange={"), "the last hour")
	assert.JSONEq(t, `{"count":2,"results":[`+match("log.record.uid")+`,`+match("note")+`]}`,
		ask("filterGroup="+url.QueryEscape(`[{"key":"note","type":"log_attribute","operator":"is_set"}]`)))
	assert.JSONEq(t, `{"count":3,"results":[`+match("log.record.uid")+`,`+match("user.id")+`,`+match("http.status")+`]}`,
		ask("serviceNames="+url.QueryEscape(`["billing"]`)+"&filterGroup={}"))
}

// Keys that match stand before values that do, also across pages.
func TestAttributesByKeyAndValue(t *testing.T) {
	s := newServer(t, nil)
	s.addEntries(logEntry{id: 1, at: "2026-11-20T10:00:00Z", attributes: `{"code":"x","encoded":"x","a":{"b":"decode"},"c":"CODEC","d":"-"}`})
	dates := "&dateRange=" + url.QueryEscape(strings.TrimPrefix(fixtureRange, `"dateRange":`))
	var seen []string
	for offset := range 5 {
		var answer struct {
			Results []struct {
				Name         string `json:"name"`
				Type         string `json:"propertyFilterType"`
				MatchedOn    string `json:"matchedOn"`
				MatchedValue string `json:"matchedValue"`
			} `json:"results"`
			Count int `json:"count"`
		}
		decodeStrictly(t, s.mustGet(fmt.Sprintf("attributes?search=code&search_values=true&limit=1&offset=%d%s", offset, dates)), &answer)
		assert.Equal(t, 4, answer.Count)
		for _, match := range answer.Results {
			seen = append(seen, match.Name+" by "+match.MatchedOn+" "+match.MatchedValue)
		}
	}
	assert.Equal(t, []string{"code by key ", "encoded by key ", "a.b by value decode", "c by value CODEC"}, seen)
}

func TestValues(t *testing.T) {
	s := newQueryServer(t)
	s.addEntries(logEntry{id: 7, at: "2026-11-20T10:00:00Z", attributes: `{"user.id":"2","k8s.pod.name":"no"}`})
	dates := "&dateRange=" + url.QueryEscape(strings.TrimPrefix(fixtureRange, `"dateRange":`))
	for parameters, want := range map[string]string{
		"key=user.id":               `[{"id":"2","name":"2","count":3},{"id":"1","name":"1","count":2}]`,
		"key=user.id&limit=1":       `[{"id":"2","name":"2","count":3}]`,
		"key=user.id&offset=1":      `[{"id":"1","name":"1","count":2}]`,
		"key=user.id&value=1":       `[{"id":"1","name":"1","count":2}]`,
		"key=http.method&value=get": `[{"id":"GET","name":"GET","count":1}]`,
		"key=none":                  `[]`,
		"key=k8s.pod.name&attribute_type=resource&value=B":       `[{"id":"b-1","name":"b-1","count":1}]`,
		"key=k8s.pod.name&attribute_type=log":                    `[{"id":"no","name":"no","count":1}]`,
		"key=user.id&serviceNames=" + url.QueryEscape(`["api"]`): `[{"id":"1","name":"1","count":1},{"id":"2","name":"2","count":1}]`,
	} {
		assert.JSONEq(t, `{"results":`+want+`,"refreshing":false}`, s.mustGet("values?"+parameters+dates), parameters)
	}
}

func TestServices(t *testing.T) {
	s := newQueryServer(t)
	s.addEntries(
		logEntry{id: 7, at: "2026-11-20T10:00:00Z", severity: 1, service: "api"}, logEntry{id: 8, at: "2026-11-20T10:00:00Z", severity: 9, service: "api"},
	)
	assert.JSONEq(t, `{
		"services":[
			{"service_name":"api","log_count":4,"error_count":1,"error_rate":0.25,"volume_share_pct":57.14,
				"severity_breakdown":{"debug":1,"info":2,"warn":0,"error":1},"active_rules":[]},
			{"service_name":"billing","log_count":2,"error_count":1,"error_rate":0.5,"volume_share_pct":28.57,
				"severity_breakdown":{"debug":0,"info":0,"warn":1,"error":1},"active_rules":[]},
			{"service_name":"(no service)","log_count":1,"error_count":0,"error_rate":0,"volume_share_pct":14.29,
				"severity_breakdown":{"debug":1,"info":0,"warn":0,"error":0},"active_rules":[]}],
		"sparkline":[
			{"time":"2026-11-20T10:00:00Z","service_name":"api","count":3},
			{"time":"2026-11-20T10:00:50Z","service_name":"api","count":1},
			{"time":"2026-11-20T10:02:00Z","service_name":"billing","count":2},
			{"time":"2026-11-20T10:05:00Z","service_name":"(no service)","count":1}],
		"total_services":3,
		"summary":{"top_services_count":3,"top_services_volume_share_pct":100}}`,
		s.mustAsk("services", `{"query":{`+fixtureRange+`}}`))
	only := s.mustAsk("services", `{"query":{`+fixtureRange+`,"serviceNameSearch":"BILL"}}`)
	assert.Contains(t, only, `"total_services":1`)
	assert.Contains(t, only, `"volume_share_pct":100`)
	assert.JSONEq(t, `{"services":[],"sparkline":[],"total_services":0,"summary":{"top_services_count":0,"top_services_volume_share_pct":0}}`,
		s.mustAsk("services", `{}`))
}

func TestServicesThatAreMany(t *testing.T) {
	s := newServer(t, nil)
	for n := range 40 {
		for range 1 + n%2 {
			s.addEntries(logEntry{id: n, at: "2026-11-20T10:00:00Z", service: fmt.Sprintf("s%02d", n)})
		}
	}
	var answer struct {
		Services []struct {
			Name string `json:"service_name"`
		} `json:"services"`
		Sparkline     []map[string]any `json:"sparkline"`
		TotalServices int              `json:"total_services"`
		Summary       map[string]any   `json:"summary"`
	}
	body := s.mustAsk("services", `{"query":{`+fixtureRange+`}}`)
	require.NoError(t, decodeLoosely(body, &answer))
	assert.Len(t, answer.Services, 40)
	assert.Len(t, answer.Sparkline, 25)
	assert.Equal(t, map[string]any{"top_services_count": 5.0, "top_services_volume_share_pct": 16.67}, answer.Summary)
}

func TestGroupBy(t *testing.T) {
	s := newQueryServer(t)
	s.addEntries(logEntry{id: 7, at: "2026-11-20T10:09:00Z", severity: 9, service: "api", attributes: `{"user.id":"3","empty":""}`, trace: 0xab})
	group := func(values, last string, logs, errors int) string {
		first := strings.SplitN(strings.Trim(values, `"`), `"`, 2)[0]
		return fmt.Sprintf(`{"value":%q,"values":[%s],"log_count":%d,"error_count":%d,"last_seen":"2026-11-20T10:%s"}`, first, values, logs, errors, last)
	}
	for query, want := range map[string]struct {
		groups           []string
		groupCount, logs int
		truncated        bool
	}{
		`"groupBy":"user.id"`: {
			[]string{group(`"1"`, "02:00Z", 2, 1), group(`"2"`, "02:00Z", 2, 1), group(`"3"`, "09:00Z", 1, 0)}, 3, 5, false,
		},
		`"groupBy":"user.id","limit":1`:                               {[]string{group(`"1"`, "02:00Z", 2, 1)}, 3, 5, true},
		`"groupBy":"user.id","limit":1,"orderGroupsBy":"last_seen"`:   {[]string{group(`"3"`, "09:00Z", 1, 0)}, 3, 5, true},
		`"groupBy":"user.id","limit":2,"orderGroupsBy":"error_count"`: {[]string{group(`"1"`, "02:00Z", 2, 1), group(`"2"`, "02:00Z", 2, 1)}, 3, 5, true},
		`"groupBy":"empty"`: {[]string{}, 0, 0, false},
		`"groupBy":"k8s.pod.name","groupBySource":"resource","severityLevels":["error"]`: {[]string{group(`"a-2"`, "00:59.5Z", 1, 1)}, 1, 1, false},
		`"groupBy":"trace_id","groupBySource":"column"`: {
			[]string{group(`"000000000000000000000000000000AB"`, "09:00Z", 2, 0)}, 1, 2, false,
		},
		`"groupBys":[{"key":"service.name","source":"resource"},{"key":"severity_level","source":"column"}],"searchTerm":"user"`: {
			[]string{group(`"api","info"`, "00:00Z", 1, 0), group(`"billing","warn"`, "02:00Z", 1, 0)}, 2, 2, false,
		},
	} {
		assert.JSONEq(t, fmt.Sprintf(`{"groups":[%s],"total_groups":%d,"total_logs":%d,"truncated":%t}`,
			strings.Join(want.groups, ","), want.groupCount, want.logs, want.truncated),
			s.mustAsk("group-by", `{"query":{`+fixtureRange+`,`+query+`}}`), query)
	}
}
