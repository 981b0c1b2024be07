package logsapiextension

import (
	"errors"
	"net/http"

	"github.com/docketlog/docket/extension/logsapiextension/internal/posthoglogs"
)

// recordRoutes are those of one record, which is named by its id or its hash;
// docs/api-logs.md is their reference.
//
// The last part of the second path can only be "context". It is no literal there, because
// http.ServeMux would then not know whether …/logs/views/context is about a record.
func (e *endpoints) recordRoutes() []route {
	var all []route
	for _, base := range questionBases() {
		all = append(all,
			route{
				path: base + "{record_id}", shape: questionShape, accepts: namesRecord,
				methods: map[string]endpoint{http.MethodGet: e.guardRecords(getRecord)},
			},
			route{
				path: base + "{record_id}/{part}", shape: questionShape,
				accepts: func(r *http.Request) bool { return namesRecord(r) && r.PathValue("part") == "context" },
				methods: map[string]endpoint{http.MethodGet: e.guardRecords(getContext)},
			})
	}
	return all
}

// questionBases are the paths under which the records of a project are.
func questionBases() []string {
	return []string{"/api/projects/{id}/logs/", "/api/environments/{id}/logs/"}
}

// namesRecord reports whether a path may name a record. Other paths are not there, so
// that a misspelt route is not taken for one.
func namesRecord(r *http.Request) bool { return posthoglogs.IsRecordName(r.PathValue("record_id")) }

// getRecord answers with one record, and whether its hash is right.
func getRecord(w http.ResponseWriter, r *http.Request, api posthoglogs.API) error {
	parameters, err := parametersOf(r)
	if err != nil {
		return err
	}
	answer, err := api.Record(r.Context(), r.PathValue("record_id"), parameters)
	if err != nil {
		return recordProblem(err)
	}
	return writeJSON(w, http.StatusOK, answer)
}

// getContext answers with the records before and after one.
func getContext(w http.ResponseWriter, r *http.Request, api posthoglogs.API) error {
	parameters, err := parametersOf(r)
	if err != nil {
		return err
	}
	answer, err := api.Context(r.Context(), r.PathValue("record_id"), parameters)
	if err != nil {
		return recordProblem(err)
	}
	return writeJSON(w, http.StatusOK, answer)
}

func recordProblem(err error) error {
	if errors.Is(err, posthoglogs.ErrNoRecord) {
		return &problem{
			status: http.StatusNotFound, code: codeNotFound, detail: "The project has no record with this id or hash.",
		}
	}
	return err
}
