package logsapiextension

import (
	"hash/fnv"
	"math"
	"net/http"

	"github.com/google/uuid"

	"github.com/docketlog/docket/internal/tenant"
)

func (e *endpoints) userRoutes() []route {
	return []route{{path: "/api/users/@me", shape: postHogShape, methods: map[string]endpoint{
		http.MethodGet: e.guard(getUser),
	}}}
}

// personAnswer is who did something, in the shape in which PostHog tells its users.
// Docket has keys and no users, so the key is the user.
type personAnswer struct {
	// ID is derived from UUID, for clients that tell users apart by a number.
	ID int64 `json:"id"`
	// UUID is derived from the key, and the same as long as the key is.
	UUID       string `json:"uuid"`
	DistinctID string `json:"distinct_id"`
	// FirstName is the key's label.
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	// What follows is the same for all: keys have no addresses, hedgehogs or jobs.
	Email              string   `json:"email"`
	IsEmailVerified    bool     `json:"is_email_verified"`
	HedgehogConfig     struct{} `json:"hedgehog_config"`
	RoleAtOrganization string   `json:"role_at_organization"`
}

// roleOther is PostHog's word for a job that has no word.
const roleOther = "other"

func newPersonAnswer(id, name string) personAnswer {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(id)) // a hash cannot fail
	return personAnswer{
		ID:   1 + int64(hash.Sum32()%math.MaxInt32), // PostHog's numbers have 31 bits
		UUID: id, DistinctID: id, FirstName: name, RoleAtOrganization: roleOther,
	}
}

// userAnswer is the caller as a user.
type userAnswer struct {
	personAnswer
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
	answer := userAnswer{
		personAnswer: newPersonAnswer(userID(caller), caller.Label), IsStaff: caller.Admin, Scopes: scopesOfCaller(caller),
		Organizations: []organizationAnswer{}, Team: teamOf(caller),
	}
	if organization := organizationOf(caller, answer.Team); organization.ID != "" {
		answer.Organization = &organization
		answer.Organizations = append(answer.Organizations, organization)
	}
	return writeJSON(w, http.StatusOK, answer)
}

// userID returns a UUID that tells keys apart without telling what they are. A key
// that is rolled keeps it.
func userID(caller *tenant.Identity) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("docket:"+caller.Subject())).String()
}

// teamOf returns the project that the request names, else the first that the
// caller may use.
func teamOf(caller *tenant.Identity) *tenant.Project {
	if project, err := caller.ReadableProject(""); err == nil {
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
