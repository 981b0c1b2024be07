package logsapiextension

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/docketlog/docket/extension/logsapiextension/internal/savedviews"
	"github.com/docketlog/docket/internal/audittrail"
	"github.com/docketlog/docket/internal/requestbody"
	"github.com/docketlog/docket/internal/tenant"
)

// viewRoutes are the saved views of PostHog's logs API; docs/api-posthog.md is their
// reference.
func (e *endpoints) viewRoutes() []route {
	var all []route
	for _, base := range questionBases() {
		all = append(all,
			route{path: base + "views", shape: postHogShape, methods: map[string]endpoint{
				http.MethodGet:  e.guardViews(tenant.ScopeRead, e.listViews),
				http.MethodPost: e.guardViews(tenant.ScopeWrite, e.createView),
			}},
			route{path: base + "views/{short_id}", shape: postHogShape, methods: map[string]endpoint{
				http.MethodGet:    e.guardViews(tenant.ScopeRead, e.getView),
				http.MethodPut:    e.guardViews(tenant.ScopeWrite, e.replaceView),
				http.MethodPatch:  e.guardViews(tenant.ScopeWrite, e.changeView),
				http.MethodDelete: e.guardViews(tenant.ScopeWrite, e.deleteView),
			}})
	}
	return all
}

// viewEndpoint is an endpoint about the views of one project.
type viewEndpoint func(w http.ResponseWriter, r *http.Request, caller *tenant.Identity, projectID int64) error

// guardViews lets a caller through who has the scope and may use the project of the
// path.
func (e *endpoints) guardViews(scope tenant.Scope, next viewEndpoint) endpoint {
	return e.guard(func(w http.ResponseWriter, r *http.Request, caller *tenant.Identity) error {
		if err := caller.Can(scope); err != nil {
			return err
		}
		project, err := e.projectOfQuestion(r, caller)
		if err != nil {
			return err
		}
		return viewProblem(next(w, r, caller, project.ID))
	})
}

// viewAnswer is a view as clients see it.
type viewAnswer struct {
	ID        string              `json:"id"`
	ShortID   string              `json:"short_id"`
	Name      string              `json:"name"`
	Filters   json.RawMessage     `json:"filters"`
	Columns   []savedviews.Column `json:"columns"`
	Pinned    bool                `json:"pinned"`
	CreatedAt time.Time           `json:"created_at"`
	CreatedBy personAnswer        `json:"created_by"`
	UpdatedAt time.Time           `json:"updated_at"`
	// Provisioned is Docket's own: the view comes from the configuration.
	Provisioned bool `json:"provisioned"`
}

func newViewAnswer(view savedviews.View) viewAnswer {
	return viewAnswer{
		ID: view.ID, ShortID: view.ShortID, Name: view.Name, Filters: view.Filters, Columns: view.Columns, Pinned: view.Pinned,
		CreatedAt: view.CreatedAt, CreatedBy: newPersonAnswer(view.CreatedBy.UUID, view.CreatedBy.Name), UpdatedAt: view.UpdatedAt,
		Provisioned: view.ProvisionedBy != "",
	}
}

const maxViewName = 400

// viewFields are what a request says of a view, in the order in which it is checked.
func viewFields(content *savedviews.Content) []requestbody.Field {
	return []requestbody.Field{
		{Name: "name", Required: true, As: requestbody.Text{Into: &content.Name, MaxLength: maxViewName}},
		{Name: "filters", As: requestbody.Object{Into: &content.Filters}},
		{Name: "columns", Nullable: true, As: requestbody.List[savedviews.Column]{Into: &content.Columns, Item: viewColumn}},
		{Name: "pinned", As: requestbody.Boolean{Into: &content.Pinned}},
	}
}

// customColumn is the type of a column that shows an expression.
const customColumn = "custom"

func viewColumn(column *savedviews.Column) requestbody.Kind {
	types := []string{"timestamp", "level", "source", "trace_id", "span_id", "message", customColumn}
	return requestbody.Nested{
		Fields: []requestbody.Field{
			{Name: "id", Required: true, As: requestbody.Text{Into: &column.ID}},
			{Name: "type", Required: true, As: requestbody.Choice[string]{Into: &column.Type, Of: types}},
			{Name: "name", As: requestbody.Text{Into: &column.Name}},
			{Name: "expression", As: requestbody.Text{Into: &column.Expression}},
			{Name: "width", As: requestbody.Integer{Into: &column.Width, Min: new(int64(1)), Max: new(int64(2000))}},
		},
		Check: func() *requestbody.Error {
			if column.Type == customColumn && column.Expression == "" {
				return requestbody.Wrong(requestbody.CodeInvalidInput, "is required in a column of the type custom").In("expression")
			}
			return nil
		},
	}
}

// noFilters are those of a view that says nothing of them.
const noFilters = "{}"

func (e *endpoints) listViews(w http.ResponseWriter, r *http.Request, _ *tenant.Identity, projectID int64) error {
	views, err := e.views.List(r.Context(), projectID)
	if err != nil {
		return err
	}
	page := pageOf(e.links, r, views)
	answers := make([]viewAnswer, len(page.Results))
	for n, view := range page.Results {
		answers[n] = newViewAnswer(view)
	}
	return writeJSON(w, http.StatusOK, listPage[viewAnswer]{page.Count, page.Next, page.Previous, answers})
}

func (e *endpoints) createView(w http.ResponseWriter, r *http.Request, caller *tenant.Identity, projectID int64) error {
	content := savedviews.Content{Filters: json.RawMessage(noFilters)}
	if err := readFields(r, viewFields(&content)); err != nil {
		return err
	}
	view, err := e.views.Create(r.Context(), projectID, savedviews.Author{UUID: userID(caller), Name: caller.Label}, content)
	if err != nil {
		return err
	}
	e.noteView(r, audittrail.ActionViewCreate, projectID, view, nil, &view.Content)
	return writeJSON(w, http.StatusCreated, newViewAnswer(view))
}

func (e *endpoints) getView(w http.ResponseWriter, r *http.Request, _ *tenant.Identity, projectID int64) error {
	view, err := e.views.Get(r.Context(), projectID, r.PathValue("short_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, newViewAnswer(view))
}

// replaceView is PUT: what it does not name becomes what a new view has, but for the
// columns, which stay, because clients that do not know them would else remove them.
func (e *endpoints) replaceView(w http.ResponseWriter, r *http.Request, _ *tenant.Identity, projectID int64) error {
	return e.updateView(w, r, projectID, func(body requestbody.Body, content *savedviews.Content) error {
		replaced := savedviews.Content{Filters: json.RawMessage(noFilters), Columns: content.Columns}
		if err := body.Read(viewFields(&replaced)); err != nil {
			return err
		}
		*content = replaced
		return nil
	})
}

// changeView is PATCH: what it does not name stays.
func (e *endpoints) changeView(w http.ResponseWriter, r *http.Request, _ *tenant.Identity, projectID int64) error {
	return e.updateView(w, r, projectID, func(body requestbody.Body, content *savedviews.Content) error {
		return body.ReadPartial(viewFields(content))
	})
}

func (e *endpoints) updateView(
	w http.ResponseWriter, r *http.Request, projectID int64, apply func(requestbody.Body, *savedviews.Content) error,
) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	var before savedviews.Content
	view, err := e.views.Change(r.Context(), projectID, r.PathValue("short_id"), func(content *savedviews.Content) error {
		before = *content
		return apply(body, content)
	})
	if err != nil {
		return err
	}
	e.noteView(r, audittrail.ActionViewUpdate, projectID, view, &before, &view.Content)
	return writeJSON(w, http.StatusOK, newViewAnswer(view))
}

func (e *endpoints) deleteView(w http.ResponseWriter, r *http.Request, _ *tenant.Identity, projectID int64) error {
	view, err := e.views.Delete(r.Context(), projectID, r.PathValue("short_id"))
	if err != nil {
		return err
	}
	e.noteView(r, audittrail.ActionViewDelete, projectID, view, &view.Content, nil)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// viewProblem puts in the terms of HTTP what is wrong with a request for a view.
func viewProblem(err error) error {
	if tooLarge, ok := errors.AsType[*savedviews.TooLargeError](err); ok {
		return fieldProblem(codeInvalidInput, "", "The view is too large: it has %d bytes, at most %d are allowed.",
			tooLarge.Bytes, savedviews.MaxViewBytes)
	}
	if provisioned, ok := errors.AsType[*savedviews.ProvisionedError](err); ok {
		return &problem{
			status: http.StatusForbidden, code: codePermissionDenied,
			detail: "The view comes from the configuration: an operator changes it under " + provisioned.By + " and restarts Docket.",
		}
	}
	switch {
	case errors.Is(err, savedviews.ErrNotFound):
		return &problem{status: http.StatusNotFound, code: codeNotFound, detail: "The project has no view with this short id."}
	case err != nil:
		return fmt.Errorf("views: %w", err)
	default:
		return nil
	}
}
