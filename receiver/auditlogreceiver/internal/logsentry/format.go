package logsentry

import (
	"net/http"

	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/internal/tenant"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/intake"
)

// Format is the wire format. Its zero value is ready to use.
type Format struct{}

// Source is the value of the attribute docket.source.
func (Format) Source() string { return record.SourceLogSentry }

// Requires reports whether every entry has this key.
func (Format) Requires(key string) bool { return key == "msg" }

// Authorize has nothing to add to what the receiver checks for every format.
func (Format) Authorize(*http.Request, *tenant.Identity) *intake.Problem { return nil }

// Project returns "": the entry itself names its project.
func (Format) Project(*http.Request) (string, *intake.Problem) { return "", nil }

// ProjectField is the field that names the project.
func (Format) ProjectField() string { return "project" }

type accepted struct {
	Status string `json:"status"`
	Hash   string `json:"hash"`
}

// AppendJSON appends what json.Marshal makes of it. Neither text needs an escape.
func (a accepted) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"status":"`...)
	dst = append(dst, a.Status...)
	dst = append(dst, `","hash":"`...)
	dst = append(dst, a.Hash...)
	return append(dst, `"}`...)
}

// Accepted is the answer to one entry that is kept.
func (Format) Accepted(receipt intake.Receipt) any {
	return accepted{Status: "ok", Hash: receipt.Hash}
}

type refused struct {
	Status string `json:"status"`
	explanation
}

type explanation struct {
	Message string  `json:"message"`
	Errors  []field `json:"errors"`
}

type field struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Refused is the answer to a request of which nothing is kept.
func (Format) Refused(problem *intake.Problem) any {
	return refused{Status: "error", explanation: explain(problem)}
}

type acceptedAll struct {
	Status string `json:"status"`
	intake.Summary
}

type refusedSome struct {
	refused
	intake.Summary
}

// Bulk is the answer to a bulk request. Overall is nil when every entry is kept.
func (Format) Bulk(results []intake.Result, overall *intake.Problem) any {
	summary := intake.Summarize(results, func(problem *intake.Problem) any { return explain(problem) })
	if overall == nil {
		return acceptedAll{Status: "ok", Summary: summary}
	}
	return refusedSome{refused: refused{Status: "error", explanation: explain(overall)}, Summary: summary}
}

func explain(problem *intake.Problem) explanation {
	fields := make([]field, len(problem.Fields))
	for i, wrong := range problem.Fields {
		fields[i] = field{Field: wrong.Name, Message: wrong.Message}
	}
	return explanation{Message: problem.Message, Errors: fields}
}
