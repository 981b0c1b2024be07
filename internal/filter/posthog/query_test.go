package posthog_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/posthog"
)

func TestGroups(t *testing.T) {
	const a, b, c = `{"type":"log_attribute","key":"a","operator":"is_set"}`,
		`{"type":"log_resource_attribute","key":"b","operator":"is_set"}`, `{"type":"log","key":"message","operator":"is_set"}`
	const empty = `{"type":"log_attribute","key":"a","operator":"exact","value":""}`
	leafA, leafB, leafC := filter.Exists{Field: log("a")}, filter.Exists{Field: resource("b")}, filter.Exists{Field: at(filter.PlaceBody)}
	group := func(kind string, parts ...string) string {
		return `{"type":"` + kind + `","values":[` + strings.Join(parts, ",") + `]}`
	}
	tests := map[string]struct {
		group string
		want  filter.Expression
	}{
		"null":                         {`null`, nil},
		"empty list":                   {`[]`, nil},
		"empty group":                  {group("AND"), nil},
		"empty or":                     {group("OR"), nil},
		"empty groups":                 {group("AND", group("OR"), group("AND", group("AND"))), nil},
		"list":                         {"[" + a + "," + b + "]", filter.And{leafA, leafB}},
		"single level":                 {group("AND", a, b), filter.And{leafA, leafB}},
		"canonical":                    {group("AND", group("AND", a, b)), filter.And{leafA, leafB}},
		"or":                           {group("OR", a, b), filter.Or{leafA, leafB}},
		"or in and, all types":         {group("AND", group("OR", a, b, c)), filter.Or{leafA, leafB, leafC}},
		"second group counts":          {group("AND", group("AND", a), group("AND", b)), filter.And{leafA, leafB}},
		"every level is honest":        {group("OR", group("AND", a, group("OR", b, c)), c), filter.Or{filter.And{leafA, filter.Or{leafB, leafC}}, leafC}},
		"group in a list":              {"[" + a + "," + group("OR", b, c) + "]", filter.And{leafA, filter.Or{leafB, leafC}}},
		"leaf that is not filled in":   {group("OR", empty, a), leafA},
		"only leaves not filled in":    {group("OR", group("AND", empty), empty), nil},
		"other names are ignored":      {`{"type":"AND","values":[` + a + `],"id":7}`, leafA},
		"positive and negative leaf":   {`[{"type":"log_attribute","key":"a","operator":"exact","value":"x"},{"type":"log_attribute","key":"a","operator":"is_not","value":"y"}]`, filter.And{filter.Equal{Field: log("a"), Values: []string{"x"}}, not(filter.Equal{Field: log("a"), Values: []string{"y"}})}},
		"sixteen groups in each other": {strings.Repeat(`{"type":"AND","values":[`, 16) + a + strings.Repeat(`]}`, 16), leafA},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := posthog.ParseFilterGroup([]byte(test.group), clock())
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
}

func TestGroupsRefused(t *testing.T) {
	const leaf = `{"type":"log_attribute","key":"a","operator":"is_set"}`
	tests := map[string]struct{ group, path, problem string }{
		"not JSON":         {`{`, "", "the filter is not JSON: unexpected EOF"},
		"two values":       {`{} {}`, "", "the filter is not JSON: something follows its end"},
		"a string":         {`"x"`, "filterGroup", `is the string "x": send a group such as`},
		"no type":          {`{"values":[]}`, "filterGroup.type", "is missing"},
		"unknown type":     {`{"type":"XOR","values":[]}`, "filterGroup.type", `"XOR" is no type of group: send AND or OR`},
		"lower case":       {`{"type":"AND","values":[{"type":"or","values":[]}]}`, "filterGroup.values[0].type", `"or" is no type of group: send AND or OR`},
		"no values":        {`{"type":"AND"}`, "filterGroup.values", "is missing: send a list of filters and groups"},
		"values are null":  {`{"type":"AND","values":null}`, "filterGroup.values", "is null: send a list of filters and groups"},
		"null in values":   {`{"type":"AND","values":[null]}`, "filterGroup.values[0]", "is null: send a filter or a group"},
		"number in a list": {`[7]`, "filterGroup[0]", "is the number 7: send a filter or a group"},
		"list in a list":   {`[[` + leaf + `]]`, "filterGroup[0]", "is a list: send a filter or a group"},
		"third leaf":       {`{"type":"AND","values":[{"type":"OR","values":[` + leaf + `,` + leaf + `,{"type":"log","key":"message","operator":"like"}]}]}`, "filterGroup.values[0].values[2].operator", `"like" is no operator`},
		"too deep":         {strings.Repeat(`{"type":"AND","values":[`, 17) + leaf + strings.Repeat(`]}`, 17), "filterGroup" + strings.Repeat(".values[0]", 16) + ".values", "is nested too deeply: send at most 16 groups"},
		"too many":         {`[` + strings.Repeat(leaf+",", 256) + leaf + `]`, "filterGroup[256]", "is one too many: send at most 256 filters and groups"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := posthog.ParseFilterGroup([]byte(test.group), clock())
			assertProblem(t, err, test.path, test.problem)
		})
	}
}

func TestQuery(t *testing.T) {
	now := clock().Now
	body := filter.Contains{Field: at(filter.PlaceBody), Parts: []string{"50%_Off"}}
	levels := filter.Equal{Field: at(filter.PlaceLevel), Values: []string{"error", "fatal"}}
	tests := map[string]struct {
		query string
		want  posthog.Query
	}{
		"nothing":             {`{}`, posthog.Query{From: now.Add(-time.Hour), To: now}},
		"nothing, in words":   {`{"dateRange":null,"severityLevels":null,"serviceNames":[],"searchTerm":"","filterGroup":[],"limit":20,"x":1}`, posthog.Query{From: now.Add(-time.Hour), To: now}},
		"levels":              {`{"severityLevels":["error","fatal"]}`, posthog.Query{Filter: levels, From: now.Add(-time.Hour), To: now}},
		"all":                 {`{"severityLevels":["error","fatal"],"serviceNames":["api"],"searchTerm":"50%_Off","filterGroup":[{"type":"log","key":"span_id","operator":"is_set"}]}`, posthog.Query{Filter: filter.And{levels, filter.Equal{Field: at(filter.PlaceService), Values: []string{"api"}}, body, filter.Exists{Field: at(filter.PlaceSpanID)}}, From: now.Add(-time.Hour), To: now}},
		"relative":            {`{"dateRange":{"date_from":"-7d","date_to":"-1d"}}`, posthog.Query{From: now.AddDate(0, 0, -7), To: now.AddDate(0, 0, -1)}},
		"start of the day":    {`{"dateRange":{"date_from":"dStart","date_to":null}}`, posthog.Query{From: now.Truncate(24 * time.Hour), To: now}},
		"last month":          {`{"dateRange":{"date_from":"-1mStart","date_to":"-1mEnd"}}`, posthog.Query{From: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC).Add(-1)}},
		"absolute":            {`{"dateRange":{"date_from":"2026-11-20","date_to":"2026-11-20"}}`, posthog.Query{From: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC).Add(-1)}},
		"an hour before":      {`{"dateRange":{"date_to":"-1d"}}`, posthog.Query{From: now.AddDate(0, 0, -1).Add(-time.Hour), To: now.AddDate(0, 0, -1)}},
		"all of the past":     {`{"dateRange":{"date_from":"all"}}`, posthog.Query{To: now}},
		"beyond all records":  {`{"dateRange":{"date_from":"00000101","date_to":"9999-12-31"}}`, posthog.Query{From: time.Unix(0, 0).UTC(), To: time.Unix(0, math.MaxInt64).UTC()}},
		"one moment":          {`{"dateRange":{"date_from":"now","date_to":"now"}}`, posthog.Query{From: now, To: now}},
		"other names in it":   {`{"dateRange":{"explicitDate":true}}`, posthog.Query{From: now.Add(-time.Hour), To: now}},
		"a search text":       {`{"q":"level:error level:fatal","serviceNames":["api"]}`, posthog.Query{Filter: filter.And{filter.Equal{Field: at(filter.PlaceService), Values: []string{"api"}}, filter.And{filter.Equal{Field: at(filter.PlaceLevel), Values: []string{"error"}}, filter.Equal{Field: at(filter.PlaceLevel), Values: []string{"fatal"}}}}, From: now.Add(-time.Hour), To: now}},
		"a blank search text": {`{"q":" "}`, posthog.Query{From: now.Add(-time.Hour), To: now}},
		"no search text":      {`{"q":null}`, posthog.Query{From: now.Add(-time.Hour), To: now}},
		"records of no level": {`{"severityLevels":["unspecified"]}`, posthog.Query{Filter: filter.Equal{Field: at(filter.PlaceLevel), Values: []string{"unspecified"}}, From: now.Add(-time.Hour), To: now}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := posthog.ParseQuery([]byte(test.query), clock())
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
}

func TestQueryRefused(t *testing.T) {
	tests := map[string]struct{ query, path, problem string }{
		"a list":              {`[]`, "", "the filter is a list: send an object"},
		"null":                {`null`, "", "the filter is null: send an object"},
		"level":               {`{"severityLevels":["error","critical"]}`, "severityLevels[1]", `"critical" is no level: send trace,`},
		"level in upper case": {`{"severityLevels":["ERROR"]}`, "severityLevels[0]", `"ERROR" is no level`},
		"one level":           {`{"severityLevels":"error"}`, "severityLevels", `is the string "error": send a list of strings`},
		"service":             {`{"serviceNames":[1]}`, "serviceNames[0]", "is the number 1: send a string"},
		"services":            {`{"serviceNames":{}}`, "serviceNames", "is an object: send a list of strings"},
		"many services":       {`{"serviceNames":[` + strings.Repeat(`"a",`, 256) + `"a"]}`, "serviceNames", "has 257 values: send at most 256"},
		"term":                {`{"searchTerm":["a"]}`, "searchTerm", "is a list: send a string"},
		"long term":           {`{"searchTerm":"` + strings.Repeat("a", 1025) + `"}`, "searchTerm", "has 1025 characters: send at most 1024"},
		"range":               {`{"dateRange":"-1h"}`, "dateRange", `is the string "-1h": send an object such as {"date_from": "-1h"}`},
		"from":                {`{"dateRange":{"date_from":"yesterday"}}`, "dateRange.date_from", `the date "yesterday" is neither ISO 8601 (2026-11-21T10:00:00Z) nor relative (-1h,`},
		"to":                  {`{"dateRange":{"date_to":5}}`, "dateRange.date_to", "is the number 5: send a string, ISO 8601 or relative"},
		"search text":         {`{"q":["a"]}`, "q", "is a list: send a string"},
		"backwards":           {`{"dateRange":{"date_from":"-1h","date_to":"-2h"}}`, "dateRange", "ends before it starts"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := posthog.ParseQuery([]byte(test.query), clock())
			assertProblem(t, err, test.path, test.problem)
		})
	}
}

func TestMistakeInSearchText(t *testing.T) {
	for _, parse := range []func() error{
		func() error { _, err := posthog.ParseQuery([]byte(`{"q":"ü level:"}`), clock()); return err },
		func() error { _, err := posthog.ParseAlert([]byte(`{"q":"ü level:"}`), clock()); return err },
		func() error { _, err := posthog.ParseText("ü level:", clock()); return err },
	} {
		var wrong *filter.Error
		require.ErrorAs(t, parse(), &wrong)
		assert.Equal(t, "q", wrong.Path)
		assert.Equal(t, 9, wrong.Column, "in characters")
		assert.Equal(t, "q: column 9: expected a value after :, not the end", wrong.Error())
	}
}

func TestAlert(t *testing.T) {
	got, err := posthog.ParseAlert([]byte(`{"severityLevels":["error"],"serviceNames":null,"filterGroup":{"type":"AND","values":[]}}`), clock())
	require.NoError(t, err)
	assert.Equal(t, filter.Equal{Field: at(filter.PlaceLevel), Values: []string{"error"}}, got)

	got, err = posthog.ParseAlert([]byte(`{"q":"level:error"}`), clock())
	require.NoError(t, err)
	assert.Equal(t, filter.Equal{Field: at(filter.PlaceLevel), Values: []string{"error"}}, got)

	_, err = posthog.ParseAlert([]byte(`{"searchTerm":"x"}`), clock())
	assertProblem(t, err, "searchTerm", "is not a filter of alerts: send only severityLevels, serviceNames, filterGroup, q")
	_, err = posthog.ParseAlert([]byte(`{"severityLevels":["loud"]}`), clock())
	assertProblem(t, err, "severityLevels[0]", `"loud" is no level`)
	_, err = posthog.ParseAlert([]byte(`null`), clock())
	assertProblem(t, err, "", "the filter is null: send an object")
}

func TestParametersOfGets(t *testing.T) {
	from, to, err := posthog.ParseDateRange([]byte(`{"date_from":"-2h"}`), clock())
	require.NoError(t, err)
	assert.Equal(t, clock().Now.Add(-2*time.Hour), from)
	assert.Equal(t, clock().Now, to)

	services, err := posthog.ParseServiceNames([]byte(`["api"]`))
	require.NoError(t, err)
	assert.Equal(t, filter.Equal{Field: at(filter.PlaceService), Values: []string{"api"}}, services)

	_, err = posthog.ParseServiceNames([]byte(`{`))
	assertProblem(t, err, "", "the filter is not JSON")
	_, _, err = posthog.ParseDateRange([]byte(``), clock())
	assertProblem(t, err, "", "the filter is not JSON")
}

// What the real PostHog command line client sends.
func TestCapturedRequests(t *testing.T) {
	captured, err := os.ReadFile("testdata/posthog_cli.jsonl")
	require.NoError(t, err)
	count := 0
	for scanner := bufio.NewScanner(bytes.NewReader(captured)); scanner.Scan(); count++ {
		var request struct {
			Path string
			Body struct{ Query, Filters json.RawMessage }
		}
		require.NoError(t, json.Unmarshal(scanner.Bytes(), &request))
		t.Run(request.Path, func(t *testing.T) {
			if request.Body.Filters != nil {
				got, err := posthog.ParseAlert(request.Body.Filters, clock())
				require.NoError(t, err)
				assert.Equal(t, filter.And{
					filter.Equal{Field: at(filter.PlaceLevel), Values: []string{"error"}},
					filter.Equal{Field: at(filter.PlaceService), Values: []string{"api"}},
				}, got)
				return
			}
			got, err := posthog.ParseQuery(request.Body.Query, clock())
			require.NoError(t, err)
			assert.Equal(t, clock().Now.Add(-time.Hour), got.From)
			assert.Equal(t, clock().Now, got.To)
			if request.Path != "query/" {
				assert.Nil(t, got.Filter)
				return
			}
			assert.Equal(t, filter.And{
				filter.Equal{Field: at(filter.PlaceLevel), Values: []string{"error"}},
				filter.Equal{Field: at(filter.PlaceService), Values: []string{"api"}},
				filter.Contains{Field: at(filter.PlaceBody), Parts: []string{"timeout"}},
				filter.EqualNumber{Field: log("http.status"), Values: []float64{500}},
			}, got.Filter)
		})
	}
	assert.Equal(t, 10, count)
}

// Whatever is sent, the answer is a filter that can be evaluated, or an error that says
// what to send.
func FuzzParseQuery(f *testing.F) {
	for _, seed := range []string{
		`{"dateRange":{"date_from":"-1dStart","date_to":"2026-11-21"},"severityLevels":["error"],"serviceNames":["",""],"searchTerm":"x"}`,
		`{"filterGroup":{"type":"OR","values":[{"type":"AND","values":[{"key":"a.b","type":"log_attribute","operator":"not_between","value":["1",2.5]}]}]}}`,
		`{"filterGroup":[{"key":"trace_id","type":"log","operator":"is_not","value":"ABEiM0RVZneImaq7zN3u/w=="},{"key":"k","type":"log_resource_attribute","operator":"regex","value":"(?i)^x"}]}`,
		`{"filterGroup":[{"key":"timestamp","type":"log","operator":"is_date_exact","value":"2026-11-21"},{"key":"severity_level","type":"log","operator":"gte","value":"warn"}]}`,
		`{"filterGroup":[{"key":"k","type":"log_attribute","operator":"starts_with","value":["a","b"]},{"key":"k","type":"log_attribute","operator":"is_set"}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, query []byte) {
		got, err := posthog.ParseQuery(query, clock())
		if err != nil {
			var problem *filter.Error
			require.ErrorAs(t, err, &problem)
			require.NotEmpty(t, problem.Problem)
			return
		}
		require.False(t, got.From.After(got.To))
		_, err = filter.Compile(got.Filter)
		require.NoError(t, err)
		again, err := posthog.ParseQuery(query, clock())
		require.NoError(t, err)
		require.Equal(t, got, again)
	})
}
