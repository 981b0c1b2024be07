package logsapiextension

import (
	"net/http"

	"github.com/docketlog/docket/internal/tenant"
)

func (e *endpoints) organizationRoutes() []route {
	return []route{{path: "/api/organizations/{id}", shape: postHogShape, methods: map[string]endpoint{
		http.MethodGet: e.guard(e.getOrganization),
	}}}
}

// getOrganization answers with the organization of the caller, by id, slug or as the
// current one; the admin key asks for any.
func (e *endpoints) getOrganization(w http.ResponseWriter, r *http.Request, caller *tenant.Identity) error {
	organization, err := e.directory.Organization(r.Context(), caller, nameInPath(r))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, organization)
}
