package logsapiextension

import (
	"net/http"

	"github.com/google/uuid"

	"github.com/docketlog/docket/internal/tenant"
)

func (e *endpoints) userRoutes() []route {
	return []route{{path: "/api/users/@me", shape: postHogShape, methods: map[string]endpoint{
		http.MethodGet: e.guard(getUser),
	}}}
}

// userAnswer is the caller in the shape in which PostHog tells its users. Docket
// has keys and no users, so the key is the user.
type userAnswer struct {
	// UUID is derived from the key, and the same as long as the key is.
	UUID       string `json:"uuid"`
	DistinctID string `json:"distinct_id"`
	FirstName  string `json:"first_name"`
	LastName   string `json:"last_name"`
	// Email is always empty.
	Email   string         `json:"email"`
	IsStaff bool           `json:"is_staff"`
	Scopes  []tenant.Scope `json:"scopes"`
	// Organization and Team are what a client works in that does not choose: null
	// when the key may use no project.
	Organization  *organizationAnswer  `json:"organization"`
	Organizations []organizationAnswer `json:"organizations"`
	Team          *tenant.Project      `json:"team"`
}

// organizationAnswer is an organization; the admin key's identity knows only the
// id of the team's.
type organizationAnswer struct {
	ID   string `json:"id"`
	Slug string `json:"slug"`
	Name string `json:"name"`
}

// getUser answers with the caller.
func getUser(w http.ResponseWriter, _ *http.Request, caller *tenant.Identity) error {
	id := userID(caller)
	answer := userAnswer{
		UUID: id, DistinctID: id, FirstName: caller.Label, IsStaff: caller.Admin, Scopes: scopesOfCaller(caller),
		Organizations: []organizationAnswer{}, Team: teamOf(caller),
	}
	if organization := organizationOf(caller, answer.Team); organization.ID != "" {
		answer.Organization = &organization
		answer.Organizations = append(answer.Organizations, organization)
	}
	return writeJSON(w, http.StatusOK, answer)
}

// userID returns a UUID that tells keys apart without telling what they are.
func userID(caller *tenant.Identity) string {
	name := "key:" + caller.KeyID
	switch {
	case caller.Admin:
		name = "admin"
	case caller.KeyID == "" && len(caller.Projects) > 0: // a project's token
		name = "project:" + caller.Projects[0].UUID
	}
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("docket:"+name)).String()
}

// teamOf returns the project that the request names, else the first that the
// caller may use.
func teamOf(caller *tenant.Identity) *tenant.Project {
	if project, err := caller.Project(""); err == nil {
		return &project
	}
	if len(caller.Projects) == 0 {
		return nil
	}
	return &caller.Projects[0]
}

func organizationOf(caller *tenant.Identity, team *tenant.Project) organizationAnswer {
	organization := organizationAnswer{
		ID: caller.Organization.ID, Slug: caller.Organization.Slug, Name: caller.Organization.Name,
	}
	if organization.ID == "" && team != nil {
		organization.ID = team.OrganizationID
	}
	return organization
}
