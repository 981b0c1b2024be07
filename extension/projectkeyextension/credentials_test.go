package projectkeyextension

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/metadata"

	"github.com/docketlog/docket/internal/tenant"
)

func TestCredentialsOf(t *testing.T) {
	tests := []struct {
		name    string
		headers []string // name, value, name, value…
		want    tenant.Credentials
	}{
		{"nothing", nil, tenant.Credentials{}},
		{"bearer", []string{"Authorization", "Bearer phx_abc"}, tenant.Credentials{Token: "phx_abc"}},
		{"scheme in lower case", []string{"Authorization", "bearer phx_abc"}, tenant.Credentials{Token: "phx_abc"}},
		{"scheme in upper case", []string{"Authorization", "BEARER phx_abc"}, tenant.Credentials{Token: "phx_abc"}},
		{"LogSentry's token", []string{"Authorization", "Bearer 1|abc|DEF"}, tenant.Credentials{Token: "1|abc|DEF"}},
		{"space around", []string{"Authorization", "  Bearer   phx_abc  "}, tenant.Credentials{Token: "phx_abc"}},
		{"two words", []string{"Authorization", "Bearer a b"}, tenant.Credentials{Token: "a b"}},
		{"no token", []string{"Authorization", "Bearer"}, tenant.Credentials{}},
		{"empty token", []string{"Authorization", "Bearer "}, tenant.Credentials{}},
		{"no scheme", []string{"Authorization", "phx_abc"}, tenant.Credentials{}},
		{"another scheme", []string{"Authorization", "Basic cGh4OmFiYw=="}, tenant.Credentials{}},
		{"scheme with more letters", []string{"Authorization", "Bearers phx_abc"}, tenant.Credentials{}},
		{"two headers", []string{"Authorization", "Bearer one", "Authorization", "Bearer two"}, tenant.Credentials{Token: "one"}},
		{
			"LogHub",
			[]string{"token", "phx_abc", "organization", "acme"},
			tenant.Credentials{Token: "phx_abc", Organization: "acme"},
		},
		{
			"LogHub behind a proxy with a password",
			[]string{"Authorization", "Basic cGh4OmFiYw==", "token", " phx_abc ", "organization", " acme "},
			tenant.Credentials{Token: "phx_abc", Organization: "acme"},
		},
		{"bearer and LogHub's", []string{"token", "two", "Authorization", "Bearer one"}, tenant.Credentials{Token: "one"}},
		{"LogHub's is not a bearer", []string{"token", "Bearer one"}, tenant.Credentials{Token: "Bearer one"}},
		{
			"CodeMash",
			[]string{"Authorization", "Bearer phx_abc", "X-CM-ProjectId", "7"},
			tenant.Credentials{Token: "phx_abc", Project: "7"},
		},
		{"project", []string{"docket-project-id", "7"}, tenant.Credentials{Project: "7"}},
		{"both projects", []string{"X-CM-ProjectId", "8", "Docket-Project-Id", "7"}, tenant.Credentials{Project: "7"}},
		{"empty project", []string{"X-CM-ProjectId", "8", "Docket-Project-Id", " "}, tenant.Credentials{Project: "8"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			request := http.Header{}
			for n := 0; n < len(test.headers); n += 2 {
				request.Add(test.headers[n], test.headers[n+1])
			}
			require.Equal(t, test.want, credentialsOf(request), "net/http")
			require.Equal(t, test.want, credentialsOf(metadata.Pairs(test.headers...)), "gRPC")
		})
	}
}

func TestSpellingsOfAHeader(t *testing.T) {
	// confighttp's request_params adds query parameters under their own names.
	headers := map[string][]string{"x-cm-projectid": {"3"}, "X-cM-PROJECTID": {"2"}, "X-CM-ProjectId": {}}
	require.Equal(t, "2", credentialsOf(headers).Project)
	headers["X-Cm-Projectid"] = []string{"1"}
	require.Equal(t, "1", credentialsOf(headers).Project)
}

func FuzzCredentials(f *testing.F) {
	f.Add("Authorization", "Bearer 1|abc", "token", "x")
	f.Add("aUTHORIZATION", "bearer", "ORGANIZATION", "acme")
	f.Add("X-CM-ProjectId", " 1 ", "docket-project-id", "")
	f.Fuzz(func(t *testing.T, name, value, name2, value2 string) {
		headers := map[string][]string{name: {value}, name2: {value2, "ignored"}}
		first := credentialsOf(headers)
		require.Equal(t, first, credentialsOf(headers), "the same headers are the same credentials")
		given := value + "\n" + value2
		for _, found := range []string{first.Token, first.Organization, first.Project} {
			require.Equal(t, strings.TrimSpace(found), found)
			require.Contains(t, given, found, "nothing is made up")
		}
	})
}
