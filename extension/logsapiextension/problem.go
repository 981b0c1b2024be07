package logsapiextension

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/requestbody"
	"github.com/docketlog/docket/internal/tenant"
)

// Codes of problems, in the words of the PostHog API. Those about fields of a body
// are in package requestbody.
const (
	codeParseError           = "parse_error"
	codeRequired             = requestbody.CodeRequired
	codeInvalidInput         = requestbody.CodeInvalidInput
	codeDoesNotExist         = "does_not_exist"
	codeNotAuthenticated     = "not_authenticated"
	codeAuthenticationFailed = "authentication_failed"
	codePermissionDenied     = "permission_denied"
	codeNotFound             = "not_found"
	codeMethodNotAllowed     = "method_not_allowed"
	codeUnsupportedMediaType = "unsupported_media_type"
	codeTooLarge             = "request_too_large"
	codeUnavailable          = "service_unavailable"
	codeThrottled            = "throttled"
	codeTimeout              = "timeout"
	codeUndecodable          = "undecodable"
	codeNotImplemented       = "not_implemented"
	codeServerError          = "error"
)

// problem is an error in the terms of HTTP, before any API's shape.
type problem struct {
	status int
	// code is one of the code constants.
	code string
	// field is the field of the request that is wrong, or "".
	field string
	// column is where in the field, a text of the search box, in characters from 1; 0 if
	// the field is no such text.
	column int
	// detail says to the client what is wrong and what to do.
	detail string
	// allow is the value of the Allow header, for 405.
	allow string
	// retryAfter is when to try again, for 429 and 503; 0 when that is not known.
	retryAfter time.Duration
}

func (p *problem) Error() string { return p.detail }

// fieldProblem is a 400 about a field of the request.
func fieldProblem(code, field, format string, arguments ...any) *problem {
	return &problem{status: http.StatusBadRequest, code: code, field: field, detail: fmt.Sprintf(format, arguments...)}
}

// problemOf returns what to answer for an error of an endpoint. An error that it
// does not know is a 500 that tells nothing of it.
func problemOf(err error) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	if p := cmp.Or(problemOfBody(err), problemOfOutage(err)); p != nil {
		return p
	}
	if refusal, ok := errors.AsType[*tenant.Error](err); ok {
		return problemOfRefusal(refusal)
	}
	if throttled, ok := errors.AsType[*tenant.ThrottledError](err); ok {
		return &problem{
			status: http.StatusTooManyRequests, code: codeThrottled, retryAfter: throttled.RetryAfter, detail: sentence(throttled.Error()),
		}
	}
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &problem{
			status: http.StatusRequestEntityTooLarge, code: codeTooLarge,
			detail: fmt.Sprintf("The body is larger than %d bytes.", tooLarge.Limit),
		}
	}
	if unavailable, ok := errors.AsType[*logstore.UnavailableError](err); ok {
		p := &problem{
			status: http.StatusServiceUnavailable, code: codeUnavailable,
			detail: "The store is unavailable: " + unavailable.Reason + ".", retryAfter: unavailable.RetryAfter,
		}
		if unavailable.Overload {
			p.status, p.code = http.StatusTooManyRequests, codeThrottled
		}
		return p
	}
	if tooMany, ok := errors.AsType[*logstore.TooManyQueriesError](err); ok {
		return &problem{
			status: http.StatusTooManyRequests, code: codeThrottled, retryAfter: tooMany.RetryAfter,
			detail: "There are too many queries: " + tooMany.Reason + ". Please try again later.",
		}
	}
	if unavailable, ok := errors.AsType[*tenant.UnavailableError](err); ok {
		return &problem{
			status: http.StatusServiceUnavailable, code: codeUnavailable,
			detail: "Keys cannot be checked now: " + unavailable.Reason + ".", retryAfter: unavailable.RetryAfter,
		}
	}
	switch {
	case errors.Is(err, logstore.ErrNoBackup):
		return &problem{status: http.StatusNotImplemented, code: codeNotImplemented, detail: "The configured log store makes no backups."}
	case errors.Is(err, logstore.ErrClosed):
		return &problem{status: http.StatusServiceUnavailable, code: codeUnavailable, detail: "The server is stopping."}
	case errors.Is(err, context.DeadlineExceeded):
		return &problem{
			status: http.StatusGatewayTimeout, code: codeTimeout,
			detail: "The request took longer than the server allows. Please narrow the time range or the filters.",
		}
	case errors.Is(err, context.Canceled): // nearly always there is nobody left to read it
		return &problem{status: http.StatusServiceUnavailable, code: codeUnavailable, detail: "The request was cancelled."}
	default:
		return &problem{
			status: http.StatusInternalServerError, code: codeServerError,
			detail: "The server failed; its log says why.",
		}
	}
}

// problemOfRefusal maps the reasons of the directory and of identities. What a
// field of the body names and is not there is the fault of the field; what the
// address names and is not there is a 404.
func problemOfRefusal(refusal *tenant.Error) *problem {
	p := &problem{detail: sentence(refusal.Message)}
	if refusal.Field != "" && !denied(refusal.Reason) {
		p.status, p.code, p.field = http.StatusBadRequest, codeInvalidInput, refusal.Field
		if refusal.Reason != tenant.ReasonInvalid {
			p.code = codeDoesNotExist
		}
		return p
	}
	switch refusal.Reason {
	case tenant.ReasonMissingCredentials:
		p.status, p.code = http.StatusUnauthorized, codeNotAuthenticated
	case tenant.ReasonInvalidCredentials:
		p.status, p.code = http.StatusUnauthorized, codeAuthenticationFailed
	case tenant.ReasonMissingScope, tenant.ReasonWrongOrganization:
		p.status, p.code = http.StatusForbidden, codePermissionDenied
	case tenant.ReasonUnknownProject, tenant.ReasonNotFound:
		p.status, p.code = http.StatusNotFound, codeNotFound
	case tenant.ReasonProjectRequired:
		p.status, p.code = http.StatusBadRequest, codeRequired
		p.detail += " Its id goes into the header " + tenant.HeaderProject + ", or into the address in place of @current."
	default: // tenant.ReasonInvalid
		p.status, p.code = http.StatusBadRequest, codeInvalidInput
	}
	return p
}

// sentence makes one of the text of an error of Go's kind.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return strings.TrimSuffix(string(unicode.ToUpper(first))+text[size:], ".") + "."
}

// listed returns names with commas between them.
func listed[T ~string](names []T) string {
	texts := make([]string, len(names))
	for n, name := range names {
		texts[n] = string(name)
	}
	return strings.Join(texts, ", ")
}

// denied reports whether a reason is about the caller, whatever the field.
func denied(reason tenant.Reason) bool {
	return reason == tenant.ReasonMissingScope || reason == tenant.ReasonWrongOrganization
}

// maxEchoed is how many characters of what a client sent an error repeats.
const maxEchoed = 64

// clip returns text so short that an error can repeat it, in quotes.
func clip(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if utf8.RuneCountInString(text) > maxEchoed {
		text = string([]rune(text)[:maxEchoed]) + "…"
	}
	return "'" + text + "'"
}
