package logsapiextension

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/docketlog/docket/extension/logsapiextension/internal/posthoglogs"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/tenant"
)

// queryRoutes are the query family of PostHog's logs API; docs/query-api.md is their
// reference, and package posthoglogs knows the answers.
func (e *endpoints) queryRoutes() []route {
	type family map[string]map[string]endpoint
	routes := family{
		"query":         {http.MethodPost: e.postQuestion(answering(posthoglogs.API.Query))},
		"count":         {http.MethodPost: e.postQuestion(answering(posthoglogs.API.Count))},
		"count-ranges":  {http.MethodPost: e.postQuestion(answering(posthoglogs.API.CountRanges))},
		"sparkline":     {http.MethodPost: e.guardQuestion(postSparkline)},
		"facet_values":  {http.MethodPost: e.postQuestion(answering(posthoglogs.API.FacetValues))},
		"services":      {http.MethodPost: e.postQuestion(answering(posthoglogs.API.Services))},
		"group-by":      {http.MethodPost: e.postQuestion(answering(posthoglogs.API.GroupBy))},
		"patterns":      {http.MethodPost: e.postQuestion(answering(posthoglogs.API.Patterns))},
		"patterns_diff": {http.MethodPost: e.postQuestion(answering(posthoglogs.API.PatternsDiff))},
		"attributes":    {http.MethodGet: e.guardQuestion(getAttributes)},
		"values":        {http.MethodGet: e.guardQuestion(getValues)},
		"has_logs":      {http.MethodGet: e.guardQuestion(getHasLogs)},
		"export":        {http.MethodGet: e.guardQuestion(e.getExport), http.MethodPost: e.guardQuestion(e.postExport)},
	}
	var all []route
	for _, base := range []string{"/api/projects/{id}/logs/", "/api/environments/{id}/logs/"} {
		for name, methods := range routes {
			all = append(all, route{path: base + name, shape: questionShape, unbounded: name == "export", methods: methods})
		}
	}
	return all
}

// questionEndpoint is an endpoint that asks about the records of one project.
type questionEndpoint func(w http.ResponseWriter, r *http.Request, api posthoglogs.API) error

// guardQuestion lets a caller through who may read the project of the path, to a store
// that answers questions.
func (e *endpoints) guardQuestion(next questionEndpoint) endpoint {
	return e.guardRecords(func(w http.ResponseWriter, r *http.Request, api posthoglogs.API) error {
		if api.Analyst == nil {
			return &problem{
				status: http.StatusNotImplemented, code: codeNotImplemented,
				detail: "The configured log store answers no such questions.",
			}
		}
		return next(w, r, api)
	})
}

// guardRecords lets a caller through who may read the project of the path.
func (e *endpoints) guardRecords(next questionEndpoint) endpoint {
	return e.guard(func(w http.ResponseWriter, r *http.Request, caller *tenant.Identity) error {
		if err := caller.Can(tenant.ScopeRead); err != nil {
			return err
		}
		project, err := e.projectOfQuestion(r, caller)
		if err != nil {
			return err
		}
		return questionProblem(next(w, r, posthoglogs.API{
			Reader: e.reader, Analyst: e.analyst, ProjectID: project.ID, Now: time.Now(), Timeout: e.queryTimeout,
		}))
	})
}

// projectOfQuestion returns the project of the path. It asks the directory only for
// what the caller's identity does not know.
func (e *endpoints) projectOfQuestion(r *http.Request, caller *tenant.Identity) (tenant.Project, error) {
	project, err := caller.ReadableProject(nameInPath(r))
	if err != nil {
		return e.findProject(r, caller)
	}
	return project, nil
}

// question answers the body of a request.
type question func(ctx context.Context, api posthoglogs.API, body posthoglogs.Body) (any, error)

// answering makes a question of a method of posthoglogs.API.
func answering[T any](ask func(posthoglogs.API, context.Context, posthoglogs.Body) (T, error)) question {
	return func(ctx context.Context, api posthoglogs.API, body posthoglogs.Body) (any, error) {
		return ask(api, ctx, body)
	}
}

// postQuestion answers the question in a request's body.
func (e *endpoints) postQuestion(ask question) endpoint {
	return e.guardQuestion(func(w http.ResponseWriter, r *http.Request, api posthoglogs.API) error {
		body, err := readBody(r)
		if err != nil {
			return err
		}
		answer, err := ask(r.Context(), api, body.Members())
		if err != nil {
			return err
		}
		return writeJSON(w, http.StatusOK, answer)
	})
}

// postSparkline answers with a list, as PostHog's server does. PostHog's schema has an
// object with the list as results, and its command line looks for that and prints
// nothing of a list; so it gets the object.
func postSparkline(w http.ResponseWriter, r *http.Request, api posthoglogs.API) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	rows, err := api.Sparkline(r.Context(), body.Members())
	if err != nil {
		return err
	}
	const client = "X-PostHog-Client"
	w.Header().Add("Vary", client)
	if r.Header.Get(client) == "mcp" {
		return writeJSON(w, http.StatusOK, map[string]any{"results": rows})
	}
	return writeJSON(w, http.StatusOK, rows)
}

func getAttributes(w http.ResponseWriter, r *http.Request, api posthoglogs.API) error {
	parameters, err := parametersOf(r)
	if err != nil {
		return err
	}
	answer, err := api.Attributes(r.Context(), parameters)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, answer)
}

// getValues answers a request without a key by a bare string, as PostHog's API does.
func getValues(w http.ResponseWriter, r *http.Request, api posthoglogs.API) error {
	parameters, err := parametersOf(r)
	if err != nil {
		return err
	}
	answer, err := api.Values(r.Context(), parameters)
	switch {
	case errors.Is(err, posthoglogs.ErrKeyRequired):
		return writeJSON(w, http.StatusBadRequest, err.Error())
	case err != nil:
		return err
	default:
		return writeJSON(w, http.StatusOK, answer)
	}
}

func getHasLogs(w http.ResponseWriter, r *http.Request, api posthoglogs.API) error {
	answer, err := api.HasLogs(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, answer)
}

// parametersOf returns the parameters of a GET.
func parametersOf(r *http.Request) (posthoglogs.Parameters, error) {
	parameters, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, parseProblem("Malformed query string: please percent-encode every name and value.")
	}
	return parameters, nil
}

// questionProblem puts in the terms of HTTP what is wrong with a question.
func questionProblem(err error) error {
	if wrong, ok := errors.AsType[*posthoglogs.ParseError](err); ok {
		return parseProblem(wrong.Problem)
	}
	if wrong, ok := errors.AsType[*posthoglogs.RequestError](err); ok {
		return fieldProblem(codeInvalidInput, "", "%s", wrong.Problem)
	}
	if wrong, ok := errors.AsType[*filter.Error](err); ok {
		p := fieldProblem(codeInvalidInput, wrong.Path, "%s", wrong.Error())
		p.column = wrong.Column
		return p
	}
	if wrong, ok := errors.AsType[*logstore.TooExpensiveError](err); ok {
		return fieldProblem(codeInvalidInput, "", "%s", wrong.Error())
	}
	return err
}

// questionShape is the shape of the query family: {"error":"…"} for what is wrong with
// the question or the store, and that of the other routes under /api/ for what is wrong
// with the request as such. What is wrong with a text of the search box also has the
// column, so that a search box can point there.
func questionShape(dst []byte, p *problem) []byte {
	switch {
	case p.code == codeParseError:
		return postHogShape(dst, p)
	case p.status == http.StatusBadRequest && p.code == codeInvalidInput, p.status >= http.StatusInternalServerError:
		dst = append(dst, `{"error":`...)
		dst = appendString(dst, p.detail)
		if p.column > 0 {
			dst = append(dst, `,"attr":`...)
			dst = appendString(dst, p.field)
			dst = append(dst, `,"column":`...)
			dst = strconv.AppendInt(dst, int64(p.column), 10)
		}
		return append(dst, '}')
	default:
		return postHogShape(dst, p)
	}
}
