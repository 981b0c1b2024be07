package codemash

import (
	"net/http"
	"strings"

	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/internal/tenant"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/intake"
)

// headerProject is the header that names the project; a query parameter of that
// name, or named projectId, does the same.
const headerProject = "x-cm-projectid"

// parameterProject is the other query parameter that names the project.
const parameterProject = "projectid"

// Format is the wire format.
type Format struct {
	// OTLPHint says where to send OTLP, to clients that send it here.
	OTLPHint string
}

// Source is the value of the attribute docket.source.
func (Format) Source() string { return record.SourceCodeMash }

// Requires reports whether every log has this key.
func (Format) Requires(key string) bool { return strings.EqualFold(key, "message") }

// Authorize has nothing to add to what the receiver checks for every format.
func (Format) Authorize(*http.Request, *tenant.Identity) *intake.Problem { return nil }

// Project returns the project that the header or the query names, which one of
// them must. The header goes before the query.
func (f Format) Project(request *http.Request) (string, *intake.Problem) {
	if name := strings.TrimSpace(request.Header.Get(headerProject)); name != "" {
		return name, nil
	}
	query := request.URL.Query()
	for _, wanted := range []string{headerProject, parameterProject} {
		for parameter, values := range query {
			if strings.EqualFold(parameter, wanted) && strings.TrimSpace(values[0]) != "" {
				return strings.TrimSpace(values[0]), nil
			}
		}
	}
	return "", intake.Invalid(intake.Field{
		Name: headerProject, Message: "is required: a header or query parameter with the id of a project",
	})
}

// ProjectField is the header that names the project.
func (Format) ProjectField() string { return headerProject }

// UnsupportedMedia is the problem of a request whose content type is not taken. It
// tells clients of OTLP, which has the same path, where to send it.
func (f Format) UnsupportedMedia(mediaType string) *intake.Problem {
	switch mediaType {
	case "application/x-protobuf", "application/protobuf", "application/grpc":
		return f.otlp(http.StatusUnsupportedMediaType)
	default:
		return nil
	}
}

func (f Format) otlp(status int) *intake.Problem {
	return intake.Refuse(status, "this is OTLP, and here is CodeMash's log API. "+f.OTLPHint)
}

type accepted struct {
	Result string `json:"result"`
}

// Accepted is the answer to one log that is kept.
func (Format) Accepted(receipt intake.Receipt) any { return accepted{Result: receipt.ID} }

type refused struct {
	ResponseStatus explanation `json:"ResponseStatus"`
}

type explanation struct {
	ErrorCode string  `json:"ErrorCode"`
	Message   string  `json:"Message"`
	Errors    []field `json:"Errors"`
}

type field struct {
	ErrorCode string `json:"ErrorCode"`
	FieldName string `json:"FieldName"`
	Message   string `json:"Message"`
}

// Refused is the answer to a request of which nothing is kept.
func (Format) Refused(problem *intake.Problem) any { return refused{ResponseStatus: explain(problem)} }

type acceptedAll struct {
	// Result are the ids of all logs, in order.
	Result []string `json:"result"`
	intake.Summary
}

type refusedSome struct {
	refused
	intake.Summary
}

// Bulk is the answer to a bulk request. Overall is nil when every log is kept.
func (Format) Bulk(results []intake.Result, overall *intake.Problem) any {
	summary := intake.Summarize(results, func(problem *intake.Problem) any { return explain(problem) })
	if overall != nil {
		return refusedSome{refused: refused{ResponseStatus: explain(overall)}, Summary: summary}
	}
	ids := make([]string, len(results))
	for i, result := range results {
		ids[i] = result.Receipt.ID
	}
	return acceptedAll{Result: ids, Summary: summary}
}

func explain(problem *intake.Problem) explanation {
	code := errorCode(problem.Status)
	fields := make([]field, len(problem.Fields))
	for i, wrong := range problem.Fields {
		fields[i] = field{ErrorCode: code, FieldName: wrong.Name, Message: wrong.Name + " " + wrong.Message}
	}
	return explanation{ErrorCode: code, Message: problem.Message, Errors: fields}
}

// errorCode returns ServiceStack's word for an HTTP status.
func errorCode(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "ValidationException"
	case http.StatusUnauthorized:
		return "Unauthorized"
	case http.StatusForbidden:
		return "Forbidden"
	case http.StatusMethodNotAllowed:
		return "MethodNotAllowed"
	case http.StatusConflict:
		return "Conflict"
	case http.StatusRequestEntityTooLarge:
		return "RequestEntityTooLarge"
	case http.StatusUnsupportedMediaType:
		return "UnsupportedMediaType"
	case http.StatusUnprocessableEntity:
		return "UnprocessableEntity"
	case http.StatusTooManyRequests:
		return "TooManyRequests"
	case http.StatusServiceUnavailable:
		return "ServiceUnavailable"
	default:
		return "InternalServerError"
	}
}
