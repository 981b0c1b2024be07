package loghub

import (
	"net/http"
	"strings"

	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/internal/tenant"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/intake"
)

// Names of the headers that LogHub's clients send.
const (
	headerToken        = "token"
	headerOrganization = "organization"
)

// Format is the wire format. Its zero value is ready to use.
type Format struct {
	// RequireHeaders refuses requests without the token and organization headers.
	RequireHeaders bool
}

// Source is the value of the attribute docket.source.
func (Format) Source() string { return record.SourceLogHub }

// Requires reports whether every event has this key.
func (Format) Requires(key string) bool { return key == "action" }

// Authorize checks the headers that LogHub requires, and that the key belongs to
// the organization that they name. The admin key belongs to every organization.
func (f Format) Authorize(request *http.Request, identity *tenant.Identity) *intake.Problem {
	organization := strings.TrimSpace(request.Header.Get(headerOrganization))
	if f.RequireHeaders {
		var missing []intake.Field
		if request.Header.Get(headerToken) == "" {
			missing = append(missing, intake.Field{Name: headerToken, Message: "is required: a header with a key"})
		}
		if organization == "" {
			missing = append(missing, intake.Field{
				Name: headerOrganization, Message: "is required: a header with the id or slug of the key's organization",
			})
		}
		if len(missing) > 0 {
			problem := intake.Invalid(missing...)
			problem.Status = http.StatusUnauthorized
			return problem
		}
	}
	if identity == nil || identity.Admin || organization == "" {
		return nil
	}
	if !strings.EqualFold(organization, identity.Organization.ID) && organization != identity.Organization.Slug {
		problem := intake.Invalid(intake.Field{Name: headerOrganization, Message: "is not the organization of the key"})
		problem.Status = http.StatusForbidden
		return problem
	}
	return nil
}

// Project returns the project that the request's header names. The header is
// Docket's own, for a key that may use several projects: LogHub has none.
func (Format) Project(request *http.Request) (string, *intake.Problem) {
	return strings.TrimSpace(request.Header.Get(tenant.HeaderProject)), nil
}

// ProjectField is the header that names the project.
func (Format) ProjectField() string { return tenant.HeaderProject }

type accepted struct {
	Code   string  `json:"code"`
	Status string  `json:"status"`
	Data   created `json:"data"`
}

type created struct {
	ID string `json:"id"`
	// Timestamp is in milliseconds since 1970.
	Timestamp int64 `json:"timestamp"`
}

const (
	codeAccepted  = "CREATE_EVENT_OK"
	statusOK      = "ok"
	statusRefused = "error"
)

// Accepted is the answer to one event that is kept.
func (Format) Accepted(receipt intake.Receipt) any {
	return accepted{
		Code:   codeAccepted,
		Status: statusOK,
		Data:   created{ID: receipt.ID, Timestamp: receipt.ReceivedAt.UnixMilli()},
	}
}

type refused struct {
	Status string `json:"status"`
	explanation
}

type explanation struct {
	Code    string  `json:"code"`
	Message string  `json:"message"`
	Errors  []field `json:"errors"`
}

type field struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Refused is the answer to a request of which nothing is kept.
func (Format) Refused(problem *intake.Problem) any {
	return refused{Status: statusRefused, explanation: explain(problem)}
}

type acceptedAll struct {
	Code   string `json:"code"`
	Status string `json:"status"`
	intake.Summary
}

type refusedSome struct {
	refused
	intake.Summary
}

// Bulk is the answer to a bulk request. Overall is nil when every event is kept.
func (Format) Bulk(results []intake.Result, overall *intake.Problem) any {
	summary := intake.Summarize(results, func(problem *intake.Problem) any { return explain(problem) })
	if overall == nil {
		return acceptedAll{Code: codeAccepted, Status: statusOK, Summary: summary}
	}
	return refusedSome{refused: refused{Status: statusRefused, explanation: explain(overall)}, Summary: summary}
}

func explain(problem *intake.Problem) explanation {
	fields := make([]field, len(problem.Fields))
	for i, wrong := range problem.Fields {
		fields[i] = field{Field: wrong.Name, Message: wrong.Message}
	}
	return explanation{Code: code(problem.Status), Message: problem.Message, Errors: fields}
}

// code returns LogHub's word for an HTTP status.
func code(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "CREATE_EVENT_INVALID"
	case http.StatusUnauthorized:
		return "UNAUTHORIZED"
	case http.StatusForbidden:
		return "FORBIDDEN"
	case http.StatusMethodNotAllowed:
		return "METHOD_NOT_ALLOWED"
	case http.StatusConflict:
		return "ANSWER_UNKNOWN"
	case http.StatusRequestEntityTooLarge:
		return "PAYLOAD_TOO_LARGE"
	case http.StatusUnsupportedMediaType:
		return "UNSUPPORTED_MEDIA_TYPE"
	case http.StatusUnprocessableEntity:
		return "IDEMPOTENCY_KEY_REUSED"
	case http.StatusTooManyRequests:
		return "TOO_MANY_REQUESTS"
	case http.StatusServiceUnavailable:
		return "SERVICE_UNAVAILABLE"
	default:
		return "INTERNAL_ERROR"
	}
}
