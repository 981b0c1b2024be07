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
	if wait := e.throttle.Admit(caller.Subject(), time.Now()); wait > 0 {
		return nil, &tenant.ThrottledError{RequestsPerSecond: e.throttle.RequestsPerSecond(), RetryAfter: wait}
	}
	return caller, nil
}
