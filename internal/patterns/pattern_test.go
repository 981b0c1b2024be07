package patterns_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/patterns"
)

func TestOf(t *testing.T) {
	for text, want := range map[string]string{
		"":                "",
		" \t\n":           "",
		"nothing varies":  "nothing varies",
		"  two\n\tlines ": "two lines",

		"user 42 logged in":                      "user <num> logged in",
		"took 3.5ms, 12ms and 1,234 µs":          "took <num>ms, <num>ms and <num> µs",
		"-5 of +7%":                              "-<num> of +<num>%",
		"user42 worker_7":                        "user<num> worker_<num>",
		"version v1.20.3":                        "version v<num>",
		"3rd try of 4x":                          "<num>rd try of <num>x",
		"size=10MiB/20GB":                        "size=<num>MiB/<num>GB",
		"order ab12cd34ef failed":                "order <hex> failed",
		"order x7f3kQ9 failed":                   "order <id> failed",
		"at 0xDEADbeef":                          "at <hex>",
		"0x":                                     "<num>x",
		"commit deadbeef":                        "commit deadbeef",
		"12345678":                               "<num>",
		"trace 4bf92f3577b34da6a3ce929d0e0e4736": "trace <hex>",

		"id 018b0000-0000-7000-8000-00000000000A!": "id <uuid>!",
		"[123e4567-e89b-12d3-a456-426614174000]":   "[<uuid>]",

		"2026-11-21 is a day":                          "<timestamp> is a day",
		"2026-11-21T10:00:00Z x":                       "<timestamp> x",
		"2026-11-21 10:00:00,123 INFO":                 "<timestamp> INFO",
		"2026-11-21T10:00:00.123456+01:00 y":           "<timestamp> y",
		"10:00:01.5 up":                                "<timestamp> up",
		"10:05":                                        "<num>:<num>",
		"[21/Nov/2026:10:00:00 +0000]":                 "[<timestamp>]",
		"from 10.0.0.7:8080":                           "from <ip>:<num>",
		"http://10.0.0.7/x":                            "http://<ip>/x",
		"Chrome/139.0.0.0 Safari/537.36":               "Chrome/<num> Safari/<num>",
		"1.2.3.4.5":                                    "<num>.<num>",
		"300.1.1.1":                                    "<num>",
		"listen on [::1] and fe80::1":                  "listen on [<ip>] and <ip>",
		"std::vector a::b dead::beef::":                "std::vector a::b dead::beef::",
		"2001:db8::ff00:42:8329 is down":               "<ip> is down",
		"mail to Bob.Smith+x@mail.example.com bounced": "mail to <email> bounced",
		"me@localhost":                                 "me@localhost",

		`user "alice" not found`:      `user "<str>" not found`,
		`user 'alice' not found`:      `user '<str>' not found`,
		`can't open 'x', won't retry`: `can't open '<str>', won't retry`,
		`it's 5 o'clock`:              `it's <num> o'clock`,
		`"a \" quote"`:                `"<str>"`,
		`empty "" and ''`:             `empty "" and ''`,
		`{"id":"6b1f","took" : 12}`:   `{"id":"<str>","took" : <num>}`,
		`open "quote 12`:              `open "quote <num>`,

		"GET /api/users/42?page=3 200": "GET /api/users/<num>?page=<num> <num>",
		"<num> is literal 7":           "<num> is literal <num>",
		"ключ 42 日本 7":                 "ключ <num> 日本 <num>",
		"é1 1é":                        "é<num> <num>é",
	} {
		t.Run(text, func(t *testing.T) {
			p := patterns.Of(text)
			assert.Equal(t, want, p.String())
			requireFinds(t, p, text)
		})
	}
}

// requireFinds requires that the regular expression of a pattern finds the text.
func requireFinds(t *testing.T, p patterns.Pattern, text string) {
	t.Helper()
	expression := p.Regexp()
	assert.Equal(t, p.Literal() == "", expression == "")
	compiled, err := regexp.Compile(expression)
	require.NoError(t, err)
	require.True(t, compiled.MatchString(text), "%s does not find %q", expression, text)
}

func TestOfLongText(t *testing.T) {
	same := strings.Repeat("word ", 300)
	one, other := patterns.Of(same+"123e4567-e89b-12d3-a456-426614174000"), patterns.Of(same+"something else")
	assert.Equal(t, one.String(), other.String())
	assert.LessOrEqual(t, len(one.String()), 1024)
	requireFinds(t, one, same+"something else")

	cut := patterns.Of("start " + strings.Repeat("x", 2000) + "1")
	assert.Equal(t, "start", cut.String(), "a word that is cut has no shape")
	requireFinds(t, patterns.Of(strings.Repeat("é", 2000)), strings.Repeat("é", 2000))
}

func TestLiteral(t *testing.T) {
	for text, want := range map[string]string{
		"user 42 logged in":   "logged in",
		"1 ab 2":              "",
		"42":                  "",
		"":                    "",
		"abc 1 日本語 2":         "abc",
		"a1, connection lost": ", connection lost",
	} {
		p := patterns.Of(text)
		assert.Equal(t, want, p.Literal(), text)
		requireFinds(t, p, text)
	}
}

func TestRegexp(t *testing.T) {
	p := patterns.Of(`payment (42.5 EUR) of "bob" failed`)
	finds := regexp.MustCompile(p.Regexp()).MatchString
	assert.True(t, finds("\tpayment (7 EUR)  of \"alice\nsmith\" failed \n"))
	assert.False(t, finds(`payment (7 USD) of "alice" failed`))
	assert.False(t, finds(`no payment (7 EUR) of "alice" failed`))
	assert.False(t, finds(`payment (7 EUR) of "alice" failed again`))
}

func FuzzOf(f *testing.F) {
	for _, text := range []string{
		"user 42", `{"a":"b"}`, "can't 'x", "::1", "a::1", "2026-11-21T10:00:00Z", "x\xff1", "1.2.3.4.5", "0x", "e\u00a01",
		"123e4567-e89b-12d3-a456-426614174000", "a.b+c@d.e", strings.Repeat("1x ", 500), `'''"""`, "00000000_0:0:0",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p := patterns.Of(text)
		require.True(t, utf8.ValidString(p.String()))
		require.Equal(t, p.String(), patterns.Of(" "+text+"\n").String(), "space around it does not matter")
		if utf8.ValidString(text) {
			requireFinds(t, p, text)
		}
	})
}

func BenchmarkOf(b *testing.B) {
	const text = `2026-11-21 10:00:00,123 INFO [worker-7] payment 018b0000-0000-7000-8000-00000000000a of "alice" from 10.0.0.7 took 35ms`
	for b.Loop() {
		_ = patterns.Of(text).String()
	}
}
