package logsapiextension

import (
	"net/http"
	"strings"

	"github.com/docketlog/docket/internal/tenant"
)

// guardedEndpoint is an endpoint that only answers a known caller.
type guardedEndpoint func(w http.ResponseWriter, r *http.Request, caller *tenant.Identity) error

// guard authenticates the caller, who must not ask too often. What the caller may do is up
// to next, whose errors become *callerErrors.
func (e *endpoints) guard(next guardedEndpoint) endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		caller, err := e.authenticate(r, credentialsOf(r))
		if err != nil {
			return err
		}
		if err := next(w, r.WithContext(tenant.NewContext(r.Context(), caller)), caller); err != nil {
			return &callerError{err, caller}
		}
		return nil
	}
}

// credentialsOf returns what the request shows. Another scheme than Bearer counts
// as none.
func credentialsOf(r *http.Request) tenant.Credentials {
	return tenant.Credentials{
		Token:   tenant.BearerToken(r.Header.Get("Authorization")),
		Project: strings.TrimSpace(r.Header.Get(tenant.HeaderProject)),
	}
}
