package audittrail_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/audittrail"
	"github.com/docketlog/docket/internal/record"
)

// recorded returns what is recorded of what was and is, as JSON; "" for nothing.
func recorded(t *testing.T, before, after any) (string, string) {
	t.Helper()
	r := recordOf(t, audittrail.Event{Action: audittrail.ActionAlertUpdate, Before: before, After: after})
	require.True(t, record.Verify(r))
	text := func(name string) string {
		value, ok := r.Log.Attributes().Get(name)
		if !ok {
			return ""
		}
		encoded, err := json.Marshal(value.AsRaw())
		require.NoError(t, err)
		return string(encoded)
	}
	return text("metadata.old"), text("metadata.new")
}

func TestBeforeAndAfter(t *testing.T) {
	raw := func(text string) any { return json.RawMessage(text) }
	tests := []struct {
		name                            string
		before, after, wantOld, wantNew any
	}{
		{"made", nil, raw(`{"a":1,"b":null,"c":[]}`), "", `{"a":1,"b":null,"c":[]}`},
		{"deleted", raw(`{"a":1.5}`), nil, `{"a":1.5}`, ""},
		{"changed", raw(`{"a":1,"b":{"x":[1,2]},"c":true}`), raw(`{"a":2,"b":{"x":[1,2]},"d":"new"}`), `{"a":1,"c":true}`, `{"a":2,"d":"new"}`},
		{"not changed", raw(`{"a":1}`), raw(`{"a":1}`), `{}`, `{}`},
		{"neither", nil, nil, "", ""},
		{"a nested change", raw(`{"a":{"x":1,"y":1}}`), raw(`{"a":{"x":1,"y":2}}`), `{"a":{"x":1,"y":1}}`, `{"a":{"x":1,"y":2}}`},
		{"numbers", nil, raw(`{"a":9007199254740993,"b":1e400,"c":-0.5}`), "", `{"a":9007199254740993,"b":"1e400","c":-0.5}`},
		{
			"secrets by name", raw(`{"routing_key":"old","secret":"","token":null}`),
			raw(`{"routing_key":"new","secret":"x","token":{"a":1},"list":[{"password":"x"}]}`),
			`{"routing_key":"[redacted]","secret":"","token":null}`,
			`{"routing_key":"[redacted]","secret":"[redacted]","token":"[redacted]","list":[{"password":"[redacted]"}]}`,
		},
		{"secrets by their look", nil, raw(`{"note":"use Bearer abcdefgh12345678","k":["phx_0123456789abcdefghij"]}`), "", `{"note":"use Bearer [redacted]","k":["[redacted]"]}`},
		{"names that are secrets", nil, raw(`{"phx_0123456789abcdefghij":1}`), "", `{"[redacted]":1}`},
		{"what is none", nil, raw(`{"pinned":true,"key":"http.status","scoped_teams":[1]}`), "", `{"pinned":true,"key":"http.status","scoped_teams":[1]}`},
		{
			"webhooks", nil, raw(`{"url":"https://hooks.example.com/T0/B0?x=1","webhook_url":"https://a:b@example.com:8443/x","other_url":"no address","curl":"/x"}`), "",
			`{"url":"https://hooks.example.com/…","webhook_url":"https://example.com:8443/…","other_url":"[redacted]","curl":"/x"}`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			gotOld, gotNew := recorded(t, test.before, test.after)
			for _, pair := range [][2]any{{test.wantOld, gotOld}, {test.wantNew, gotNew}} {
				if pair[0] == "" {
					assert.Empty(t, pair[1])
				} else {
					assert.JSONEq(t, pair[0].(string), pair[1].(string))
				}
			}
		})
	}
}

func TestLargeMembersAreTold(t *testing.T) {
	_, is := recorded(t, nil, map[string]any{"name": "a", "filters": strings.Repeat("x", 20_000)})
	assert.JSONEq(t, `{"name": "a", "filters": {"omitted_bytes": 20002,
		"sha256": "e03d9e85eec7bdc57d99d7347dc8df60e467ba0bcf8d242db601ce4c6c01798a"}}`, is)

	many := map[string]string{}
	for letter := range 26 {
		many[string(rune('a'+letter))] = strings.Repeat("x", 7_500)
	}
	_, is = recorded(t, nil, many)
	assert.Less(t, len(is), 90_000)
	assert.Equal(t, 26-8, strings.Count(is, "omitted_bytes"))

	_, is = recorded(t, nil, map[string]string{"a": strings.Repeat("x", 2<<20)})
	assert.JSONEq(t, `{"omitted_bytes": 2097160}`, is)
}

func TestDeepMembersAreText(t *testing.T) {
	_, is := recorded(t, nil, json.RawMessage(`{"a":`+strings.Repeat(`[`, 14)+`{"password":"hunter2"}`+strings.Repeat(`]`, 14)+`}`))
	assert.JSONEq(t, `{"a":`+strings.Repeat(`[`, 12)+`"[[{\"password\":[redacted]}]]"`+strings.Repeat(`]`, 12)+`}`, is)
}

// Whatever it is given, an event makes a sealed record, and what a name says is secret is
// not in it.
func FuzzContent(f *testing.F) {
	f.Add(`{"a":[{"b":1}]}`, "name")
	f.Add(`{"url":"%zz","\u0000":"\ud800"}`, "\xff")
	f.Fuzz(func(t *testing.T, text, name string) {
		const secret = "hunter2hunter2"
		writer := &memoryWriter{}
		trail := audittrail.New(writer, nil, zap.NewNop())
		trail.Note(audittrail.Event{
			Action: audittrail.ActionViewUpdate, Before: json.RawMessage(text), After: map[string]any{name: map[string]string{"password": secret}},
		})
		trail.Shutdown(t.Context())
		require.Len(t, writer.all(), 1)
		require.True(t, record.Verify(writer.all()[0]))
		require.NotContains(t, attributesOf(t, writer.all()[0]), secret)
	})
}
