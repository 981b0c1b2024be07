package posthog_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/dates"
	"github.com/docketlog/docket/internal/filter/posthog"
)

func clock() dates.Clock {
	return dates.Clock{Now: time.Date(2026, 11, 21, 17, 0, 0, 0, time.UTC)}
}

func at(place filter.Place) filter.Field { return filter.Field{Place: place} }

func log(key string) filter.Field {
	return filter.Field{Place: filter.PlaceLogAttribute, Key: key}
}

func resource(key string) filter.Field {
	return filter.Field{Place: filter.PlaceResourceAttribute, Key: key}
}

func not(part filter.Expression) filter.Expression { return filter.Not{Part: part} }

func pattern(t *testing.T, text string) filter.Regexp {
	t.Helper()
	compiled, err := filter.ParseRegexp(text)
	require.NoError(t, err)
	return filter.Regexp{Field: log("k"), Pattern: compiled}
}

func TestLeaves(t *testing.T) {
	day := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	dayEnd := day.AddDate(0, 0, 1).Add(-1)
	during := func(field filter.Field) filter.Expression {
		return filter.And{
			filter.CompareTime{Field: field, Order: filter.GreaterOrEqual, Time: day},
			filter.CompareTime{Field: field, Order: filter.LessOrEqual, Time: dayEnd},
		}
	}
	const traceID = "00112233445566778899aabbccddeeff"
	tests := map[string]struct {
		leaf string
		want filter.Expression
	}{
		"exact":                        {`"log_attribute","key":"k","operator":"exact","value":"x"`, filter.Equal{Field: log("k"), Values: []string{"x"}}},
		"exact, list":                  {`"log_attribute","key":"k","operator":"exact","value":["x",1,true]`, filter.Equal{Field: log("k"), Values: []string{"x", "1", "true"}}},
		"exact, resource":              {`"log_resource_attribute","key":"k8s.pod.name","operator":"exact","value":["x"]`, filter.Equal{Field: resource("k8s.pod.name"), Values: []string{"x"}}},
		"exact, number":                {`"log_attribute","key":"k","operator":"exact","value":500`, filter.EqualNumber{Field: log("k"), Values: []float64{500}}},
		"exact, numbers as strings":    {`"log_attribute","key":"k","operator":"exact","value":["500","1e3"]`, filter.EqualNumber{Field: log("k"), Values: []float64{500, 1000}}},
		"exact, mixed list":            {`"log_attribute","key":"k","operator":"exact","value":["500","x"]`, filter.Equal{Field: log("k"), Values: []string{"500", "x"}}},
		"exact, long id":               {`"log_attribute","key":"k","operator":"exact","value":9007199254740993`, filter.Equal{Field: log("k"), Values: []string{"9007199254740993"}}},
		"exact, bool":                  {`"log_attribute","key":"k","operator":"exact","value":false`, filter.Equal{Field: log("k"), Values: []string{"false"}}},
		"exact, empty text":            {`"log_attribute","key":"k","operator":"exact","value":[""]`, filter.Equal{Field: log("k"), Values: []string{""}}},
		"exact, message is text":       {`"log","key":"message","operator":"exact","value":"500"`, filter.Equal{Field: at(filter.PlaceBody), Values: []string{"500"}}},
		"exact, level":                 {`"log","key":"severity_level","operator":"exact","value":["ERROR","warn"]`, filter.Equal{Field: at(filter.PlaceLevel), Values: []string{"error", "warn"}}},
		"exact, severity number":       {`"log","key":"severity_number","operator":"exact","value":"17"`, filter.EqualNumber{Field: at(filter.PlaceSeverityNumber), Values: []float64{17}}},
		"exact, trace id":              {`"log","key":"trace_id","operator":"exact","value":"00112233445566778899AABBCCDDEEFF"`, filter.Equal{Field: at(filter.PlaceTraceID), Values: []string{traceID}}},
		"exact, trace id in base64":    {`"log","key":"trace_id","operator":"exact","value":"ABEiM0RVZneImaq7zN3u/w=="`, filter.Equal{Field: at(filter.PlaceTraceID), Values: []string{traceID}}},
		"exact, no trace id":           {`"log","key":"trace_id","operator":"exact","value":"00000000000000000000000000000000"`, filter.Or{filter.Equal{Field: at(filter.PlaceTraceID), Values: []string{strings.Repeat("0", 32)}}, not(filter.Exists{Field: at(filter.PlaceTraceID)})}},
		"exact, span id":               {`"log","key":"span_id","operator":"exact","value":["0011223344556677"]`, filter.Equal{Field: at(filter.PlaceSpanID), Values: []string{"0011223344556677"}}},
		"exact, record id":             {`"log","key":"uuid","operator":"exact","value":"018B70A4-64D8-7000-8000-000000000001"`, filter.Equal{Field: at(filter.PlaceID), Values: []string{"018b70a4-64d8-7000-8000-000000000001"}}},
		"exact, service":               {`"log","key":"service_name","operator":"exact","value":"Api"`, filter.Equal{Field: at(filter.PlaceService), Values: []string{"Api"}}},
		"exact, no service":            {`"log","key":"service_name","operator":"exact","value":[""]`, not(filter.Exists{Field: at(filter.PlaceService)})},
		"exact, timestamp":             {`"log","key":"timestamp","operator":"exact","value":"2026-11-20"`, during(at(filter.PlaceTimestamp))},
		"is_not":                       {`"log_attribute","key":"k","operator":"is_not","value":["x","y"]`, not(filter.Equal{Field: log("k"), Values: []string{"x", "y"}})},
		"is_not, level":                {`"log","key":"severity_level","operator":"is_not","value":"info"`, not(filter.Equal{Field: at(filter.PlaceLevel), Values: []string{"info"}})},
		"in":                           {`"log_attribute","key":"k","operator":"in","value":["x"]`, filter.Equal{Field: log("k"), Values: []string{"x"}}},
		"not_in":                       {`"log_attribute","key":"k","operator":"not_in","value":["1"]`, not(filter.EqualNumber{Field: log("k"), Values: []float64{1}})},
		"icontains":                    {`"log","key":"message","operator":"icontains","value":"100%"`, filter.Contains{Field: at(filter.PlaceBody), Parts: []string{"100%"}}},
		"icontains, list":              {`"log","key":"body","operator":"icontains","value":["a",5]`, filter.Contains{Field: at(filter.PlaceBody), Parts: []string{"a", "5"}}},
		"not_icontains":                {`"log_attribute","key":"k","operator":"not_icontains","value":["a","b"]`, not(filter.Contains{Field: log("k"), Parts: []string{"a", "b"}})},
		"not_icontains_multi":          {`"log_attribute","key":"k","operator":"not_icontains_multi","value":["a"]`, not(filter.Contains{Field: log("k"), Parts: []string{"a"}})},
		"starts_with":                  {`"log_attribute","key":"k","operator":"starts_with","value":"a*"`, filter.Wildcard{Field: log("k"), Parts: []string{"a*", ""}}},
		"not_starts_with, list":        {`"log_attribute","key":"k","operator":"not_starts_with","value":["a","b"]`, not(filter.Or{filter.Wildcard{Field: log("k"), Parts: []string{"a", ""}}, filter.Wildcard{Field: log("k"), Parts: []string{"b", ""}}})},
		"ends_with":                    {`"log_attribute","key":"k","operator":"ends_with","value":"a"`, filter.Wildcard{Field: log("k"), Parts: []string{"", "a"}}},
		"not_ends_with":                {`"log_attribute","key":"k","operator":"not_ends_with","value":"a"`, not(filter.Wildcard{Field: log("k"), Parts: []string{"", "a"}})},
		"regex":                        {`"log_attribute","key":"k","operator":"regex","value":"^a.b$"`, pattern(t, "^a.b$")},
		"regex, list of one":           {`"log_attribute","key":"k","operator":"regex","value":["a|b"]`, pattern(t, "a|b")},
		"not_regex":                    {`"log_attribute","key":"k","operator":"not_regex","value":"x"`, not(pattern(t, "x"))},
		"gt":                           {`"log_attribute","key":"k","operator":"gt","value":5`, filter.Compare{Field: log("k"), Order: filter.Greater, Number: 5}},
		"gte":                          {`"log_attribute","key":"k","operator":"gte","value":"5.5"`, filter.Compare{Field: log("k"), Order: filter.GreaterOrEqual, Number: 5.5}},
		"lt":                           {`"log_attribute","key":"k","operator":"lt","value":-1e3`, filter.Compare{Field: log("k"), Order: filter.Less, Number: -1000}},
		"lte":                          {`"log_attribute","key":"k","operator":"lte","value":["0"]`, filter.Compare{Field: log("k"), Order: filter.LessOrEqual, Number: 0}},
		"min":                          {`"log_attribute","key":"k","operator":"min","value":1`, filter.Compare{Field: log("k"), Order: filter.GreaterOrEqual, Number: 1}},
		"gt, level":                    {`"log","key":"severity_level","operator":"gt","value":"warn"`, filter.Equal{Field: at(filter.PlaceLevel), Values: []string{"error", "fatal"}}},
		"lte, timestamp":               {`"log","key":"timestamp","operator":"lte","value":"2026-11-20"`, filter.CompareTime{Field: at(filter.PlaceTimestamp), Order: filter.LessOrEqual, Time: dayEnd}},
		"gt, timestamp, relative":      {`"log","key":"observed_timestamp","operator":"gt","value":"-1h"`, filter.CompareTime{Field: at(filter.PlaceObservedTime), Order: filter.Greater, Time: clock().Now.Add(-time.Hour)}},
		"between":                      {`"log_attribute","key":"k","operator":"between","value":[1,"2"]`, filter.And{filter.Compare{Field: log("k"), Order: filter.GreaterOrEqual, Number: 1}, filter.Compare{Field: log("k"), Order: filter.LessOrEqual, Number: 2}}},
		"not_between":                  {`"log_attribute","key":"k","operator":"not_between","value":[1,2]`, not(filter.And{filter.Compare{Field: log("k"), Order: filter.GreaterOrEqual, Number: 1}, filter.Compare{Field: log("k"), Order: filter.LessOrEqual, Number: 2}})},
		"is_date_exact":                {`"log_attribute","key":"k","operator":"is_date_exact","value":"2026-11-20"`, during(log("k"))},
		"is_date_before":               {`"log_attribute","key":"k","operator":"is_date_before","value":"2026-11-20"`, filter.CompareTime{Field: log("k"), Order: filter.Less, Time: day}},
		"is_date_after":                {`"log_attribute","key":"k","operator":"is_date_after","value":["2026-11-20"]`, filter.CompareTime{Field: log("k"), Order: filter.Greater, Time: dayEnd}},
		"is_set":                       {`"log_attribute","key":"k","operator":"is_set"`, filter.Exists{Field: log("k")}},
		"is_set, with a value":         {`"log_attribute","key":"k","operator":"is_set","value":{"a":1}`, filter.Exists{Field: log("k")}},
		"is_not_set":                   {`"log_resource_attribute","key":"k","operator":"is_not_set","value":""`, not(filter.Exists{Field: resource("k")})},
		"not filled in: missing":       {`"log_attribute","key":"k","operator":"exact"`, nil},
		"not filled in: null":          {`"log_attribute","key":"k","operator":"is_not","value":null`, nil},
		"not filled in: empty":         {`"log","key":"message","operator":"icontains","value":""`, nil},
		"not filled in: list":          {`"log_resource_attribute","key":"k","operator":"gt","value":[]`, nil},
		"other names are ignored":      {`"log_attribute","key":"k","operator":"is_set","label":"x","negation":1`, filter.Exists{Field: log("k")}},
		"key that looks like a path":   {`"log_attribute","key":" a..b ","operator":"is_set"`, filter.Exists{Field: log(" a..b ")}},
		"service name of the resource": {`"log_resource_attribute","key":"service.name","operator":"exact","value":""`, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := posthog.ParseFilterGroup([]byte(`[{"type":`+test.leaf+`}]`), clock())
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
}

func TestLeavesRefused(t *testing.T) {
	tests := map[string]struct{ leaf, path, problem string }{
		"no type":             {`{"key":"k","operator":"exact"}`, ".type", "is missing: send a string"},
		"null type":           {`{"type":null}`, ".type", "is missing: send a string"},
		"type of views":       {`{"type":"log_entry","key":"k","operator":"exact","value":"x"}`, ".type", `"log_entry" is no type of filter: send log, log_attribute, log_resource_attribute`},
		"type is a number":    {`{"type":1,"key":"k"}`, ".type", "is the number 1: send a string"},
		"no key":              {`{"type":"log","operator":"exact"}`, ".key", "is missing: send a string"},
		"empty key":           {`{"type":"log_attribute","key":"","operator":"exact"}`, ".key", "is empty: send a string"},
		"unknown key":         {`{"type":"log","key":"pattern","operator":"exact","value":"x"}`, ".key", `"pattern" is no field of a log: send message, severity_level,`},
		"no operator":         {`{"type":"log","key":"message","value":"x"}`, ".operator", "is missing: send a string"},
		"unknown operator":    {`{"type":"log","key":"message","operator":"semver_gt","value":"1"}`, ".operator", `"semver_gt" is no operator: send one of exact, is_not, icontains,`},
		"negated twice":       {`{"type":"log","key":"message","operator":"not_is_set"}`, ".operator", `"not_is_set" is no operator`},
		"operator of groups":  {`{"type":"log","key":"message","operator":"AND","value":"1"}`, ".operator", `"AND" is no operator`},
		"value is an object":  {`{"type":"log","key":"message","operator":"exact","value":{}}`, ".value", "is an object: send a string, a number or a boolean"},
		"list in a list":      {`{"type":"log","key":"message","operator":"exact","value":["a",[]]}`, ".value[1]", "is a list: send a string, a number or a boolean"},
		"null in a list":      {`{"type":"log","key":"message","operator":"exact","value":[null]}`, ".value[0]", "is null: send a string, a number or a boolean"},
		"no level":            {`{"type":"log","key":"severity_level","operator":"exact","value":["info","loud"]}`, ".value[1]", `"loud" is no level: send trace, debug,`},
		"order of no level":   {`{"type":"log","key":"severity_level","operator":"gt","value":"loud"}`, ".value", `"loud" is no level`},
		"no trace id":         {`{"type":"log","key":"trace_id","operator":"exact","value":"abc"}`, ".value", `"abc" is no id: send 32 hex digits, or 16 bytes in base64`},
		"span id is too long": {`{"type":"log","key":"span_id","operator":"is_not","value":"00112233445566778899aabbccddeeff"}`, ".value", "is no id: send 16 hex digits, or 8 bytes in base64"},
		"regex":               {`{"type":"log","key":"message","operator":"regex","value":"a("}`, ".value", "the regular expression is not one of RE2: error parsing regexp: missing closing )"},
		"regex, look-ahead":   {`{"type":"log","key":"message","operator":"regex","value":"(?=a)"}`, ".value", "is not one of RE2"},
		"regex, too complex":  {`{"type":"log","key":"message","operator":"regex","value":"a{999}b{999}c{999}"}`, ".value", "the regular expression is too complex"},
		"two regexes":         {`{"type":"log","key":"message","operator":"regex","value":["a","b"]}`, ".value", "has 2 values: for regex, send 1"},
		"gt of text":          {`{"type":"log_attribute","key":"k","operator":"gt","value":"x"}`, ".value", `"x" is no number: send a number, or is_date_before or is_date_after for a date`},
		"gt of a boolean":     {`{"type":"log_attribute","key":"k","operator":"gt","value":true}`, ".value", `"true" is no number`},
		"between one":         {`{"type":"log_attribute","key":"k","operator":"between","value":1}`, ".value", "has 1 values: for between, send 2"},
		"between text":        {`{"type":"log_attribute","key":"k","operator":"between","value":[1,"x"]}`, ".value[1]", `"x" is no number`},
		"no date":             {`{"type":"log_attribute","key":"k","operator":"is_date_after","value":"soon"}`, ".value", `the date "soon" is neither ISO 8601`},
		"no timestamp":        {`{"type":"log","key":"timestamp","operator":"exact","value":["2026-11-20","x"]}`, ".value[1]", `the date "x" is neither ISO 8601`},
		"long value":          {`{"type":"log","key":"message","operator":"exact","value":"` + strings.Repeat("ä", 1025) + `"}`, ".value", "has 1025 characters: send at most 1024"},
		"long key":            {`{"type":"log_attribute","key":"` + strings.Repeat("k", 1025) + `","operator":"is_set"}`, ".key", "has 1025 characters: send at most 1024"},
		"many values":         {`{"type":"log_attribute","key":"k","operator":"exact","value":[` + strings.Repeat("1,", 256) + `1]}`, ".value", "has 257 values: send at most 256"},
		"much text":           {`{"type":"log_attribute","key":"k","operator":"exact","value":[` + strings.Repeat(`"`+strings.Repeat("x", 1000)+`",`, 33) + `1]}`, ".value[32]", "is too much: send values of at most 32768 characters together"},
		"many prefixes":       {`{"type":"log_attribute","key":"k","operator":"starts_with","value":[` + strings.Repeat("1,", 255) + `1]}`, ".value", "has 256 values, which is too many"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := posthog.ParseFilterGroup([]byte(`{"type":"OR","values":[{"type":"log","key":"message","operator":"is_set"},`+test.leaf+`]}`), clock())
			assertProblem(t, err, "filterGroup.values[1]"+test.path, test.problem)
		})
	}
}

func assertProblem(t *testing.T, err error, path, text string) {
	t.Helper()
	var problem *filter.Error
	require.ErrorAs(t, err, &problem)
	assert.Equal(t, path, problem.Path)
	assert.Contains(t, problem.Problem, text)
}
