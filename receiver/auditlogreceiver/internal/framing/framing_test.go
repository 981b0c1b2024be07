package framing

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var splitter = Splitter{Requires: func(key string) bool { return key == "msg" }, MaxRecords: 3, MaxBytes: 4096}

func TestSplit(t *testing.T) {
	tests := []struct {
		name, body string
		bulk       bool
		records    []string
	}{
		{"one", " {\"msg\":1}\n", false, []string{`{"msg":1}`}},
		{"not JSON", `{"msg`, false, []string{`{"msg`}},
		{"array", "[{\"a\":1}, 5 ,\n[]]", true, []string{`{"a":1}`, `5`, `[]`}},
		{"array of one", `[{}]`, true, []string{`{}`}},
		{"bad records stay apart", `[{"a":1,"a":1},{"b":1e999}]`, true, []string{`{"a":1,"a":1}`, `{"b":1e999}`}},
		{"events", `{"events":[{},{}]}`, true, []string{`{}`, `{}`}},
		{"logs", ` { "logs" : [ {} ] } `, true, []string{`{}`}},
		{"a record with logs", `{"logs":[{}],"msg":"m"}`, false, []string{`{"logs":[{}],"msg":"m"}`}},
		{"logs are no array", `{"logs":{}}`, false, []string{`{"logs":{}}`}},
		{"logs further inside", `{"a":{"logs":[{}]}}`, false, []string{`{"a":{"logs":[{}]}}`}},
		{"logs as a value", `{"a":"logs"}`, false, []string{`{"a":"logs"}`}},
		{"something behind an envelope", `{"logs":[{}]}0`, false, []string{`{"logs":[{}]}0`}},
		{"broken envelope", `{"logs":[{}`, false, []string{`{"logs":[{}`}},
		{
			"shared members", `{"a":1,"logs":[{"b":2},{ },{"a":3}],"c":{"d":4}}`, true,
			[]string{`{"b":2,"a":1,"c":{"d":4}}`, `{ "a":1,"c":{"d":4}}`, `{"a":3,"c":{"d":4}}`},
		},
		{"shared members of no record", `{"a":1,"logs":[5]}`, true, []string{`5`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := splitter.Split([]byte(test.body))
			require.NoError(t, err)
			assert.Equal(t, test.bulk, got.Bulk)
			assert.Equal(t, test.records, texts(got))
		})
	}
}

func texts(body Body) []string {
	records := make([]string, len(body.Records))
	for i, r := range body.Records {
		records[i] = string(r)
	}
	return records
}

func TestSplitErrors(t *testing.T) {
	for body, want := range map[string]string{
		"":                          ErrEmpty.Error(),
		" \n":                       ErrEmpty.Error(),
		"[]":                        ErrEmpty.Error(),
		`{"logs":[]}`:               ErrEmpty.Error(),
		`{"logs":[],"events":[]}`:   ErrAmbiguous.Error(),
		`{"logs":[{}],"logs":[{}]}`: ErrAmbiguous.Error(),
		`[1,2,3,4]`:                 "the body holds more than the limit of 3 records in a request (max_records): send several requests",
		`[{},`:                      "the body is not valid JSON at byte 4: unexpected EOF",
		`[{}}`:                      "the body is not valid JSON at byte 3: invalid character '}' after array element (expecting ',' or ']')",
		`[{}] x`:                    "the body goes on after its array: send one JSON value",
	} {
		_, err := splitter.Split([]byte(body))
		assert.EqualError(t, err, want, body)
	}
}

// A member of 1,000 bytes beside five records of two is no request of 6 kB.
func TestSharedMembersAreBounded(t *testing.T) {
	body := `{"note":"` + strings.Repeat("x", 1000) + `","logs":[{},{},{},{},{}]}`
	wide := splitter
	wide.MaxRecords = 5
	_, err := wide.Split([]byte(body))
	var tooLarge *TooLargeError
	require.ErrorAs(t, err, &tooLarge)
	wide.MaxBytes *= 2
	got, err := wide.Split([]byte(body))
	require.NoError(t, err)
	assert.Len(t, got.Records, 5)
}

func TestSplitLines(t *testing.T) {
	got, err := splitter.SplitLines([]byte("{}\r\n\n [1 \n{"))
	require.NoError(t, err)
	assert.True(t, got.Bulk)
	assert.Equal(t, []string{"{}", "[1", "{"}, texts(got))

	_, err = splitter.SplitLines([]byte("\n\n"))
	require.ErrorIs(t, err, ErrEmpty)
	_, err = splitter.SplitLines([]byte(strings.Repeat("{}\n", 4)))
	assert.Error(t, err)
}

// FuzzSplit checks that the records of a body are those that encoding/json finds.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{
		`{"msg":1}`, `[{"a":1},2]`, `{"logs":[{}],"a":{"b":[]}}`, `{"events":[{"a":1},{}],"a":"\ud800"}`, `{"logs":[{}]`, "[[[", "", `{"events":[{}]}0`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		got, err := splitter.Split(data)
		require.Equal(t, before, data, "the body must not change")
		if err != nil {
			return
		}
		require.NotEmpty(t, got.Records)
		if !got.Bulk {
			require.Equal(t, string(bytes.TrimSpace(data)), string(got.Records[0]))
			return
		}
		require.LessOrEqual(t, len(got.Records), splitter.MaxRecords)
		require.True(t, json.Valid(data))
		for _, r := range got.Records {
			require.True(t, json.Valid(r), "%q", r)
		}
	})
}
