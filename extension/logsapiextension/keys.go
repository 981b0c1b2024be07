package logsapiextension

import (
	"net/http"

	"github.com/docketlog/docket/internal/audittrail"
	"github.com/docketlog/docket/internal/requestbody"
	"github.com/docketlog/docket/internal/tenant"
)

// maxKeyLabel is how many characters a key's label may have.
const maxKeyLabel = 40

func (e *endpoints) keyRoutes() []route {
	return []route{
		{path: "/api/personal_api_keys", shape: postHogShape, methods: map[string]endpoint{
			http.MethodGet:  e.guard(e.listKeys),
			http.MethodPost: e.guard(e.createKey),
		}},
		{path: "/api/personal_api_keys/{id}", shape: postHogShape, methods: map[string]endpoint{
			http.MethodGet:    e.guard(e.getKey),
			http.MethodDelete: e.guard(e.deleteKey),
		}},
		{path: "/api/personal_api_keys/{id}/roll", shape: postHogShape, methods: map[string]endpoint{
			http.MethodPost: e.guard(e.rollKey),
		}},
		{path: "/api/personal_api_keys/" + current, shape: postHogShape, methods: map[string]endpoint{
			http.MethodGet: e.guard(e.getCurrentKey),
		}},
	}
}

// keyAnswer is a key as clients see it.
type keyAnswer struct {
	tenant.Key
	// ScopedOrganizations is always empty: a key belongs to one organization.
	// PostHog's clients read it.
	ScopedOrganizations []string `json:"scoped_organizations"`
	// Value is told only to whoever makes or rolls the key.
	Value string `json:"value,omitempty"`
}

func newKeyAnswer(key tenant.Key) keyAnswer {
	if key.Scopes == nil {
		key.Scopes = []tenant.Scope{}
	}
	if key.ProjectIDs == nil {
		key.ProjectIDs = []int64{}
	}
	return keyAnswer{Key: key, ScopedOrganizations: []string{}}
}

func (e *endpoints) listKeys(w http.ResponseWriter, r *http.Request, caller *tenant.Identity) error {
	keys, err := e.directory.Keys(r.Context(), caller)
	if err != nil {
		return err
	}
	answers := make([]keyAnswer, len(keys))
	for n, key := range keys {
		answers[n] = newKeyAnswer(key)
	}
	return writeJSON(w, http.StatusOK, pageOf(e.links, r, answers))
}

// createKey takes {label, scopes, scoped_teams?, organization?}.
func (e *endpoints) createKey(w http.ResponseWriter, r *http.Request, caller *tenant.Identity) error {
	if err := caller.Can(tenant.ScopeWrite); err != nil {
		return err
	}
	var request tenant.NewKey
	err := readFields(r, []requestbody.Field{
		{Name: "label", Required: true, As: requestbody.Text{Into: &request.Label, MaxLength: maxKeyLabel}},
		{Name: "scopes", Required: true, As: requestbody.List[tenant.Scope]{
			Into: &request.Scopes, NotEmpty: true, Item: func(scope *tenant.Scope) requestbody.Kind {
				granted := []tenant.Scope{tenant.ScopeRead, tenant.ScopeWrite, tenant.ScopeAll}
				return requestbody.Choice[tenant.Scope]{Into: scope, Of: granted}
			},
		}},
		{Name: "scoped_teams", Nullable: true, As: requestbody.List[int64]{
			Into: &request.ProjectIDs, Item: func(id *int64) requestbody.Kind { return requestbody.Integer{Into: id} },
		}},
		{Name: "organization", Nullable: true, As: requestbody.Text{Into: &request.Organization, MayBeBlank: true}},
	})
	if err != nil {
		return err
	}
	key, value, err := e.directory.CreateKey(r.Context(), caller, request)
	if err != nil {
		return err
	}
	e.noteKey(r, audittrail.ActionKeyCreate, nil, &key)
	answer := newKeyAnswer(key)
	answer.Value = value
	return writeJSON(w, http.StatusCreated, answer)
}

func (e *endpoints) getKey(w http.ResponseWriter, r *http.Request, caller *tenant.Identity) error {
	key, err := e.directory.Key(r.Context(), caller, r.PathValue("id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, newKeyAnswer(key))
}

// rollKey answers with the new value of a key, which is told only now.
func (e *endpoints) rollKey(w http.ResponseWriter, r *http.Request, caller *tenant.Identity) error {
	id := r.PathValue("id")
	if id == current {
		id = caller.KeyID
	}
	if id == "" {
		return &problem{
			status: http.StatusNotFound, code: codeNotFound,
			detail: "The admin key and a project's api_token cannot be rolled: a new admin key comes with the file or the setting that it is in.",
		}
	}
	before, err := e.directory.Key(r.Context(), caller, id)
	if err != nil {
		return err
	}
	key, value, err := e.directory.RollKey(r.Context(), caller, id)
	if err != nil {
		return err
	}
	e.noteKey(r, audittrail.ActionKeyRoll, &before, &key)
	answer := newKeyAnswer(key)
	answer.Value = value
	return writeJSON(w, http.StatusOK, answer)
}

func (e *endpoints) deleteKey(w http.ResponseWriter, r *http.Request, caller *tenant.Identity) error {
	key, err := e.directory.Key(r.Context(), caller, r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := e.directory.DeleteKey(r.Context(), caller, key.ID); err != nil {
		return err
	}
	e.noteKey(r, audittrail.ActionKeyDelete, &key, nil)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// getCurrentKey tells callers what they may do. The admin key and a project's
// token are no keys of the directory, so they are told from their identity.
func (e *endpoints) getCurrentKey(w http.ResponseWriter, r *http.Request, caller *tenant.Identity) error {
	if caller.KeyID == "" {
		return writeJSON(w, http.StatusOK, currentKeyOf(caller))
	}
	key, err := e.directory.Key(r.Context(), caller, caller.KeyID)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, newKeyAnswer(key))
}

// currentKeyAnswer is what an identity without a key tells of itself.
type currentKeyAnswer struct {
	// ID is always null.
	ID                  *string        `json:"id"`
	Label               string         `json:"label"`
	Scopes              []tenant.Scope `json:"scopes"`
	ScopedTeams         []int64        `json:"scoped_teams"`
	ScopedOrganizations []string       `json:"scoped_organizations"`
}

func currentKeyOf(caller *tenant.Identity) currentKeyAnswer {
	answer := currentKeyAnswer{
		Label: caller.Label, Scopes: scopesOfCaller(caller), ScopedTeams: []int64{}, ScopedOrganizations: []string{},
	}
	if !caller.Admin { // no list means every project
		for _, project := range caller.Projects {
			answer.ScopedTeams = append(answer.ScopedTeams, project.ID)
		}
	}
	return answer
}

// scopesOfCaller is never nil.
func scopesOfCaller(caller *tenant.Identity) []tenant.Scope {
	switch {
	case caller.Admin:
		return []tenant.Scope{tenant.ScopeAll}
	case caller.Scopes == nil:
		return []tenant.Scope{}
	default:
		return caller.Scopes
	}
}
