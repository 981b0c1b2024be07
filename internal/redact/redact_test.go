package redact_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/docketlog/docket/internal/redact"
)

func TestText(t *testing.T) {
	redactor := redact.New(redact.Options{})
	for _, test := range []struct{ name, text, want string }{
		{"bearer", "GET / Authorization: Bearer abc.def-123", "GET / Authorization: [redacted]"},
		{"basic in JSON", `{"authorization":"Basic dXNlcjpwYXNz","a":1}`, `{"authorization":"[redacted]","a":1}`},
		{"a scheme alone", "sent Bearer abcdefgh12345678 to it", "sent Bearer [redacted] to it"},
		{"a cookie", "Cookie: a=b; c=d\nHost: x", "Cookie: [redacted]\nHost: x"},
		{"a password", "login password=hunter2 failed", "login password=[redacted] failed"},
		{"in quotes", `{"db_password": "a \"b\" c", "user": "jo"}`, `{"db_password": [redacted], "user": "jo"}`},
		{"in an address", "/x?api_key=123&page=2", "/x?api_key=[redacted]&page=2"},
		{"an option", "run --api-token 1234 --verbose", "run --api-token [redacted] --verbose"},
		{"user information", "postgres://jo:secret@db/x", "postgres://[redacted]@db/x"},
		{"JWT", "got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc_DEF", "got [redacted]"},
		{"AWS", "key AKIAIOSFODNN7EXAMPLE used", "key [redacted] used"},
		{"a known prefix", "key ghp_abcdefghijklmnopqrstuvwxyz0123456789", "key [redacted]"},
		{"PEM", "x -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- y", "x [redacted] y"},
		{"half a PEM", "x -----BEGIN PRIVATE KEY-----\nMIIE", "x [redacted]"},
		{"a card", "card 4111 1111 1111 1111 declined", "card [redacted] declined"},
		{"another card", "card 5500-0000-0000-0004", "card [redacted]"},
		{"no card", "order 4111 1111 1111 1112", "order 4111 1111 1111 1112"},
		{"a time is no card", "at 1753111111111", "at 1753111111111"},
		{"e-mail stays", "jo@example.com", "jo@example.com"},
		{"nothing", "card declined after 3 retries: tokenizer ready", "card declined after 3 retries: tokenizer ready"},
	} {
		t.Run(test.name, func(t *testing.T) { assert.Equal(t, test.want, redactor.Text(test.text)) })
	}
	assert.Equal(t, "to [redacted], twice", redact.New(redact.Options{Emails: true}).Text("to jo.doe+x@mail.example.com, twice"))
}

func TestIsSecretName(t *testing.T) {
	for _, name := range []string{
		"password", "user.password", "DB_PASSWORD", "accessToken", "api-key", "http.request.header.authorization", "Cookie", "client_secret",
		"refresh_token", "x-api-key", "session_id",
	} {
		assert.True(t, redact.IsSecretName(name), name)
	}
	for _, name := range []string{"user.id", "tokenizer", "passenger", "compass", "secretary", "monkey", "spin", "http.route"} {
		assert.False(t, redact.IsSecretName(name), name)
	}
}

// Redacting is stable, and nothing that a rule has found stays.
func FuzzText(f *testing.F) {
	f.Add("password=hunter2", "Bearer abcdefghijkl")
	f.Add("4111 1111 1111 1111", "{\"token\":\"x\"}")
	redactor := redact.New(redact.Options{Emails: true})
	f.Fuzz(func(t *testing.T, before, after string) {
		const secret = " password=hunter2hunter2 "
		got := redactor.Text(before + secret + after)
		if strings.Contains(got, "hunter2hunter2") {
			t.Errorf("%q became %q", before+secret+after, got)
		}
	})
}
