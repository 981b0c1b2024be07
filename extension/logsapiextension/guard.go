package logsapiextension

import (
	"net/http"
	"strings"

	"github.com/docketlog/docket/internal/tenant"
)

// projectHeader names the project that a request is about, by id or UUID.
const projectHeader = "Docket-Project-Id"

// guardedEndpoint is an endpoint that only answers a known caller.
type guardedEndpoint func(w http.ResponseWriter, r *http.Request, caller *tenant.Identity) error

// guard authenticates the caller. What the caller may do is up to next.
func (e *endpoints) guard(next guardedEndpoint) endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		caller, err := e.directory.Authenticate(r.Context(), credentialsOf(r))
		if err != nil {
			return err
		}
		return next(w, r, caller)
	}
}

// credentialsOf returns what the request shows. Another scheme than Bearer counts
// as none.
func credentialsOf(r *http.Request) tenant.Credentials {
	credentials := tenant.Credentials{Project: strings.TrimSpace(r.Header.Get(projectHeader))}
	if scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		credentials.Token = strings.TrimSpace(token)
	}
	return credentials
}
