package tenant

import (
	"fmt"
	"time"
)

// Reason is why something was refused.
type Reason int

const (
	// ReasonMissingCredentials means that the request shows no credentials (401).
	ReasonMissingCredentials Reason = iota + 1
	// ReasonInvalidCredentials means that nobody has these credentials (401).
	ReasonInvalidCredentials
	// ReasonMissingScope means that the key lacks the scope (403).
	ReasonMissingScope
	// ReasonWrongOrganization means that the key is not of the organization that the
	// request names (403).
	ReasonWrongOrganization
	// ReasonUnknownProject means that the named project does not exist, or the key
	// may not use it. The two are not told apart, so that nobody learns which
	// projects exist (403 on ingest, 404 on reads).
	ReasonUnknownProject
	// ReasonProjectRequired means that the key may use several projects and the
	// request names none (400).
	ReasonProjectRequired
	// ReasonNotFound means that there is no such key, project or organization (404).
	ReasonNotFound
	// ReasonInvalid means that a field of the request is wrong (400); Field names it.
	ReasonInvalid
)

// Error is a refusal. Its text says what to do and may be shown to a client.
type Error struct {
	Reason Reason
	// Field is the field that is wrong, for ReasonInvalid.
	Field   string
	Message string
}

func (e *Error) Error() string { return e.Message }

// UnavailableError says that it cannot be told now whom credentials belong to.
// It is no refusal: the same request may succeed later (503).
type UnavailableError struct {
	// Reason completes the sentence "keys cannot be checked now: …".
	Reason string
	// RetryAfter is how long a client should wait; at least one second.
	RetryAfter time.Duration
}

func (e *UnavailableError) Error() string {
	return "keys cannot be checked now: " + e.Reason
}

// ThrottledError says that somebody makes more requests than they may (429). It is no
// *Error, which would be answered the same way for ever.
type ThrottledError struct {
	// RequestsPerSecond is the limit.
	RequestsPerSecond float64
	// RetryAfter is how long a client has to wait; more than 0.
	RetryAfter time.Duration
}

func (e *ThrottledError) Error() string {
	return fmt.Sprintf("the key makes more requests than the %g a second that are allowed: slow down, or ask for a higher "+
		"rate_limit::requests_per_second", e.RequestsPerSecond)
}
