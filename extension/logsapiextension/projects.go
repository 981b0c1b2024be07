package logsapiextension

import (
	"net/http"
	"strconv"

	"github.com/docketlog/docket/internal/audittrail"
	"github.com/docketlog/docket/internal/requestbody"
	"github.com/docketlog/docket/internal/tenant"
)

// current is what a client writes for "whatever these credentials are about".
const current = "@current"

// maxProjectName is how many characters a project's name may have.
const maxProjectName = 200

func (e *endpoints) projectRoutes() []route {
	return []route{
		{path: "/api/projects", shape: postHogShape, methods: map[string]endpoint{
			http.MethodGet:  e.guard(e.listProjects),
			http.MethodPost: e.guard(e.createProject),
		}},
		{path: "/api/projects/{id}", shape: postHogShape, methods: map[string]endpoint{
			http.MethodGet: e.guard(e.getProject),
		}},
	}
}

// listProjects answers with the projects that the caller may use.
func (e *endpoints) listProjects(w http.ResponseWriter, r *http.Request, caller *tenant.Identity) error {
	projects, err := e.directory.Projects(r.Context(), caller)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, pageOf(e.links, r, projects))
}

// createProject takes {name, organization?}.
func (e *endpoints) createProject(w http.ResponseWriter, r *http.Request, caller *tenant.Identity) error {
	if caller.Can(tenant.ScopeAll) != nil {
		return &problem{
			status: http.StatusForbidden, code: codePermissionDenied,
			detail: `Projects are made with the admin key, or with a key that has the scope "*" and no scoped_teams.`,
		}
	}
	var request tenant.NewProject
	err := readFields(r, []requestbody.Field{
		{Name: "name", Required: true, As: requestbody.Text{Into: &request.Name, MaxLength: maxProjectName}},
		{Name: "organization", Nullable: true, As: requestbody.Text{Into: &request.Organization, MayBeBlank: true}},
	})
	if err != nil {
		return err
	}
	project, err := e.directory.CreateProject(r.Context(), caller, request)
	if err != nil {
		return err
	}
	e.note(r, audittrail.Event{
		Action: audittrail.ActionProjectCreate, After: project,
		Target: audittrail.Target{Type: "project", ID: strconv.FormatInt(project.ID, 10), Name: project.Name, ProjectID: project.ID},
	})
	return writeJSON(w, http.StatusCreated, project)
}

// getProject answers with one project, by id or UUID, or with the current one.
func (e *endpoints) getProject(w http.ResponseWriter, r *http.Request, caller *tenant.Identity) error {
	project, err := e.findProject(r, caller)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, project)
}

// findProject returns the project of the request's path.
func (e *endpoints) findProject(r *http.Request, caller *tenant.Identity) (tenant.Project, error) {
	projects, err := e.directory.Projects(r.Context(), caller)
	if err != nil {
		return tenant.Project{}, err
	}
	// The identity may have been made before the project was.
	now := *caller
	now.Projects = projects
	return now.ReadableProject(nameInPath(r))
}

// nameInPath returns the name of the project or organization in the request's path,
// "" for the current one.
func nameInPath(r *http.Request) string {
	if name := r.PathValue("id"); name != current {
		return name
	}
	return ""
}
