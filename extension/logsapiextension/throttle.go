package logsapiextension

import (
	"net/http"
	"time"

	"github.com/docketlog/docket/internal/tenant"
)

// authenticate returns whom credentials belong to, unless they are used too often.
func (e *endpoints) authenticate(r *http.Request, credentials tenant.Credentials) (*tenant.Identity, error) {
	caller, err := e.directory.Authenticate(r.Context(), credentials)
	if err != nil {
		e.noteFailedSignIn(r, err)
		return nil, err
	}
	if err := e.admit(caller.Subject()); err != nil {
		return nil, err
	}
	return caller, nil
}

// admit counts a request of a subject, and returns a *tenant.ThrottledError when it has
// made too many.
func (e *endpoints) admit(subject string) error {
	if wait := e.throttle.Admit(subject, time.Now()); wait > 0 {
		return &tenant.ThrottledError{RequestsPerSecond: e.throttle.RequestsPerSecond(), RetryAfter: wait}
	}
	return nil
}
