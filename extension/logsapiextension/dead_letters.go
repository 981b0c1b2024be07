package logsapiextension

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/audittrail"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/internal/tenant"
)

// Sizes of a page of dead letters. A page may have fewer than asked for, since they
// have no bound of their own.
const (
	defaultDeadLetterPage = 20
	maxDeadLetterPage     = 100
)

// deadLetterRoutes are those of docs/dead-letters.md.
func (e *endpoints) deadLetterRoutes() []route {
	return []route{
		{path: "/api/dead_letters", shape: postHogShape, methods: map[string]endpoint{
			http.MethodGet: e.guardDeadLetters(tenant.ScopeRead, e.listDeadLetters),
		}},
		{path: "/api/dead_letters/{id}", shape: postHogShape, methods: map[string]endpoint{
			http.MethodGet:    e.guardDeadLetters(tenant.ScopeRead, e.getDeadLetter),
			http.MethodDelete: e.guardDeadLetters(tenant.ScopeWrite, e.deleteDeadLetter),
		}},
		{path: "/api/dead_letters/{id}/replay", shape: postHogShape, methods: map[string]endpoint{
			http.MethodPost: e.guardDeadLetters(tenant.ScopeWrite, e.replayDeadLetter),
		}},
		{path: "/api/dead_letters/replay", shape: postHogShape, methods: map[string]endpoint{
			http.MethodPost: e.guardDeadLetters(tenant.ScopeWrite, e.replayDeadLetters),
		}},
	}
}

// guardDeadLetters lets a caller with the scope through to a store that keeps dead
// letters.
func (e *endpoints) guardDeadLetters(scope tenant.Scope, next guardedEndpoint) endpoint {
	return e.guard(func(w http.ResponseWriter, r *http.Request, caller *tenant.Identity) error {
		if err := caller.Can(scope); err != nil {
			return err
		}
		if e.deadLetters == nil {
			return &problem{
				status: http.StatusNotImplemented, code: codeNotImplemented,
				detail: "The configured log store keeps no dead letters.",
			}
		}
		return deadLetterProblem(next(w, r, caller))
	})
}

// deadLetterProblem puts what logstore.DeadLetters answers in the terms of HTTP.
func deadLetterProblem(err error) error {
	switch {
	case errors.Is(err, logstore.ErrNoDeadLetter):
		return noDeadLetter()
	case errors.Is(err, logstore.ErrUndecodable):
		return &problem{
			status: http.StatusConflict, code: codeUndecodable,
			detail: "This version of Docket cannot read the dead letter, so it cannot be replayed. " +
				"Start the version that wrote it, or a newer one, and replay it there; or delete it.",
		}
	default:
		return err
	}
}

func noDeadLetter() *problem {
	return &problem{
		status: http.StatusNotFound, code: codeNotFound,
		detail: "There is no such dead letter, or the key may not use its project.",
	}
}

// projectsOf returns the projects whose dead letters the caller sees, nil for all.
// Name is the project that the request asks for, by id or UUID; "" for the one of
// its headers, and without that for every project. Only the admin sees those of no
// project.
func projectsOf(caller *tenant.Identity, name string) ([]int64, error) {
	if name != "" || caller.NamedProject != "" {
		project, err := caller.Project(name)
		if err != nil {
			return nil, err
		}
		return []int64{project.ID}, nil
	}
	if caller.Admin {
		return nil, nil
	}
	projects := make([]int64, len(caller.Projects))
	for n, project := range caller.Projects {
		projects[n] = project.ID
	}
	return projects, nil
}

// listDeadLetters answers with a page of dead letters, the oldest first.
func (e *endpoints) listDeadLetters(w http.ResponseWriter, r *http.Request, caller *tenant.Identity) error {
	parameters := r.URL.Query()
	query := logstore.DeadLetterQuery{
		After: parameters.Get("after"),
		Limit: min(integerParameter(parameters, "limit", 1, defaultDeadLetterPage), maxDeadLetterPage),
	}
	if err := checkAfter(query.After); err != nil {
		return err
	}
	var err error
	if query.Projects, err = projectsOf(caller, parameters.Get("project_id")); err != nil {
		return err
	}
	letters, err := e.deadLetters.ListDeadLetters(r.Context(), query)
	if err != nil {
		return fmt.Errorf("list dead letters: %w", err)
	}
	next, err := e.nextDeadLetters(r, query, letters)
	if err != nil {
		return err
	}
	count, err := e.deadLetters.CountDeadLetters(r.Context(), query.Projects)
	if err != nil {
		return fmt.Errorf("count dead letters: %w", err)
	}
	writeDeadLetters(w, letters, next, count)
	return nil
}

func checkAfter(after string) error {
	if after == "" || uuid.Validate(after) == nil {
		return nil
	}
	return fieldProblem(codeInvalidInput, "after", "%s is no id of a dead letter.", clip(after))
}

// nextDeadLetters returns the address of the page behind the letters, or nil behind
// the last. A page that is not full need not be the last.
func (e *endpoints) nextDeadLetters(r *http.Request, query logstore.DeadLetterQuery, letters []logstore.DeadLetter) (*string, error) {
	if len(letters) == 0 {
		return nil, nil
	}
	limit := query.Limit
	query.After, query.Limit = letters[len(letters)-1].ID, 1
	more, err := e.deadLetters.ListDeadLetters(r.Context(), query)
	if err != nil {
		return nil, fmt.Errorf("look for more dead letters: %w", err)
	}
	if len(more) == 0 {
		return nil, nil
	}
	parameters := r.URL.Query()
	parameters.Set("after", query.After)
	parameters.Set("limit", strconv.Itoa(limit))
	link := e.links.to(r, parameters)
	return &link, nil
}

// visible returns the dead letter that the request names, if the caller may use its
// project.
func (e *endpoints) visible(r *http.Request, caller *tenant.Identity) (logstore.DeadLetter, error) {
	letter, err := e.deadLetters.DeadLetter(r.Context(), r.PathValue("id"))
	if err != nil {
		return logstore.DeadLetter{}, fmt.Errorf("get a dead letter: %w", err)
	}
	if caller.Admin {
		return letter, nil
	}
	for _, project := range caller.Projects {
		if project.ID == letter.ProjectID {
			return letter, nil
		}
	}
	return logstore.DeadLetter{}, noDeadLetter()
}

func (e *endpoints) getDeadLetter(w http.ResponseWriter, r *http.Request, caller *tenant.Identity) error {
	letter, err := e.visible(r, caller)
	if err != nil {
		return err
	}
	startJSON(w, http.StatusOK)
	// An error here means that the client has gone; nobody is left to tell.
	_, _ = w.Write(appendDeadLetter(nil, letter)) //nolint:gosec // JSON, and startJSON says so
	return nil
}

func (e *endpoints) deleteDeadLetter(w http.ResponseWriter, r *http.Request, caller *tenant.Identity) error {
	letter, err := e.visible(r, caller)
	if err != nil {
		return err
	}
	if err := e.deadLetters.DeleteDeadLetter(r.Context(), letter.ID); err != nil {
		return fmt.Errorf("delete a dead letter: %w", err)
	}
	e.noteDeadLetter(r, audittrail.ActionDeadLetterDelete, letter.ID, letter.ProjectID)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// writeDeadLetters writes a page piece by piece, as writeLogsPage does.
func writeDeadLetters(w http.ResponseWriter, letters []logstore.DeadLetter, next *string, count int64) {
	startJSON(w, http.StatusOK)
	buffer := append(make([]byte, 0, 2*flushSize), `{"results":[`...)
	for n, letter := range letters {
		if n > 0 {
			buffer = append(buffer, ',')
		}
		buffer = appendDeadLetter(buffer, letter)
		if len(buffer) >= flushSize {
			if _, err := w.Write(buffer); err != nil {
				return // the client has gone
			}
			buffer = buffer[:0]
		}
	}
	buffer = append(buffer, `],"next":`...)
	if next == nil {
		buffer = append(buffer, "null"...)
	} else {
		buffer = appendString(buffer, *next)
	}
	buffer = append(buffer, `,"count":`...)
	buffer = strconv.AppendInt(buffer, count, 10)
	// An error here means that the client has gone; nobody is left to tell.
	_, _ = w.Write(append(buffer, '}')) //nolint:gosec // JSON, and startJSON says so
}

// appendDeadLetter appends a dead letter; its record looks as in GET /logs.
func appendDeadLetter(dst []byte, letter logstore.DeadLetter) []byte {
	dst = append(dst, '{')
	dst = appendString(appendName(dst, "id"), letter.ID)
	dst = appendName(dst, "project_id")
	if letter.ProjectID == 0 {
		dst = append(dst, "null"...)
	} else {
		dst = strconv.AppendInt(dst, letter.ProjectID, 10)
	}
	dst = appendName(dst, "record_id")
	if letter.RecordID == "" {
		dst = append(dst, "null"...)
	} else {
		dst = appendString(dst, letter.RecordID)
	}
	dst = appendTimestamp(appendName(dst, "refused_at"), pcommon.NewTimestampFromTime(letter.RefusedAt))
	dst = appendString(appendName(dst, "reason"), letter.Reason)
	dst = appendName(dst, "record")
	if letter.Undecodable != nil {
		dst = append(appendName(append(dst, "null"...), "undecodable_bytes"), strconv.Itoa(len(letter.Undecodable))...)
		return append(dst, '}')
	}
	start := len(dst)
	for r := range record.All(letter.Logs) {
		dst = appendLogEntry(dst, r)
		break // a dead letter is of one record
	}
	if len(dst) == start {
		dst = append(dst, "null"...)
	}
	dst = append(appendName(dst, "undecodable_bytes"), "null"...)
	return append(dst, '}')
}
