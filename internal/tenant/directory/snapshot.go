package directory

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/docketlog/docket/internal/tenant"
)

// snapshot is everything that was stored at readAt, together with the changes
// made by this process since. It is never changed; the with methods return
// another one.
type snapshot struct {
	// readAt is when the reading began, so that every change that had returned
	// by then is in it.
	readAt        time.Time
	organizations table[tenant.Organization]
	projects      table[tenant.Project]
	keys          table[keyDocument]
	// usages has an entry for each key. The entries are carried from snapshot to
	// snapshot.
	usages map[string]*usage
	// generation grows with every change of the tables.
	generation uint64

	// The rest is derived from the tables.

	allProjects []tenant.Project // by id
	auditTrail  *tenant.Project
	credentials map[[sha256.Size]byte]*credential
}

// keyDocument is a document of the collection of keys.
type keyDocument struct {
	tenant.Key
	// SHA256 is of the key's value, in lower-case hex.
	SHA256 string `json:"sha256"`
	// CreatedBy is the id of the key that made this one; "" for the admin.
	CreatedBy string `json:"created_by"`
}

// credential is what a token is good for.
type credential struct {
	hash [sha256.Size]byte
	// identity is copied for each request; what it refers to is shared.
	identity tenant.Identity
	usage    *usage // nil for a project's token
}

// table holds the documents of a collection by id.
type table[T any] map[string]row[T]

type row[T any] struct {
	version int64
	value   T
	// unreadable is true for a document that this version of Docket does not
	// understand. It is kept so that it is reported once, and is otherwise as if
	// it were not there.
	unreadable bool
}

func (t table[T]) values() iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		for id, stored := range t {
			if !stored.unreadable && !yield(id, stored.value) {
				return
			}
		}
	}
}

func (t table[T]) with(id string, version int64, value T) table[T] {
	changed := maps.Clone(t)
	changed[id] = row[T]{version: version, value: value}
	return changed
}

func (t table[T]) without(id string) table[T] {
	changed := maps.Clone(t)
	delete(changed, id)
	return changed
}

func (s *snapshot) withOrganization(version int64, organization tenant.Organization) *snapshot {
	changed := *s
	changed.organizations = s.organizations.with(organization.Slug, version, organization)
	return changed.derive()
}

func (s *snapshot) withProject(version int64, project tenant.Project) *snapshot {
	changed := *s
	changed.projects = s.projects.with(projectDocumentID(project.ID), version, project)
	return changed.derive()
}

func (s *snapshot) withKey(version int64, key keyDocument) *snapshot {
	changed := *s
	changed.keys = s.keys.with(key.ID, version, key)
	return changed.derive()
}

func (s *snapshot) withoutKey(id string) *snapshot {
	changed := *s
	changed.keys = s.keys.without(id)
	return changed.derive()
}

// derive fills in what follows from the tables and returns s.
func (s *snapshot) derive() *snapshot {
	s.generation++
	organizations := make(map[string]tenant.Organization, len(s.organizations))
	for _, organization := range s.organizations.values() {
		organizations[organization.ID] = organization
	}
	byDefault := s.organizations[defaultOrganization].value
	auditTrail := tenant.NewAuditProject(byDefault.ID, byDefault.CreatedAt)
	s.auditTrail = &auditTrail
	s.allProjects = nil
	for _, project := range s.projects.values() {
		s.allProjects = append(s.allProjects, project)
	}
	slices.SortFunc(s.allProjects, func(a, b tenant.Project) int { return cmp.Compare(a.ID, b.ID) })
	projectsOf := map[string][]tenant.Project{} // by organization
	for _, project := range s.allProjects {
		projectsOf[project.OrganizationID] = append(projectsOf[project.OrganizationID], project)
	}

	s.credentials = make(map[[sha256.Size]byte]*credential, len(s.keys)+len(s.allProjects))
	for _, project := range s.allProjects {
		s.addProjectToken(project, organizations)
	}
	known := s.usages
	s.usages = make(map[string]*usage, len(s.keys))
	for id, key := range s.keys.values() {
		used, ok := known[id]
		if !ok {
			used = &usage{}
		}
		s.usages[id] = used
		key.ID = id
		s.addKey(key, organizations, projectsOf, used)
	}
	return s
}

func (s *snapshot) addProjectToken(project tenant.Project, organizations map[string]tenant.Organization) {
	organization, ok := organizations[project.OrganizationID]
	if !ok || project.APIToken == "" {
		return
	}
	hash := sha256.Sum256([]byte(project.APIToken))
	s.credentials[hash] = &credential{hash: hash, identity: tenant.Identity{
		Label:        "project token",
		Scopes:       []tenant.Scope{tenant.ScopeIngest},
		Organization: organization,
		Projects:     []tenant.Project{project},
	}}
}

// addKey adds nothing for a key that is good for nothing, because its
// organization or its hash is missing.
func (s *snapshot) addKey(key keyDocument, organizations map[string]tenant.Organization, projectsOf map[string][]tenant.Project, used *usage) {
	organization, ok := organizations[key.OrganizationID]
	hash, err := hex.DecodeString(key.SHA256)
	if !ok || err != nil || len(hash) != sha256.Size {
		return
	}
	usable := projectsOf[organization.ID]
	if len(key.ProjectIDs) > 0 {
		usable = slices.DeleteFunc(slices.Clone(usable), func(project tenant.Project) bool {
			return !slices.Contains(key.ProjectIDs, project.ID)
		})
	}
	found := &credential{hash: [sha256.Size]byte(hash), usage: used, identity: tenant.Identity{
		KeyID:        key.ID,
		Label:        key.Label,
		Scopes:       key.Scopes,
		Organization: organization,
		Projects:     usable,
	}}
	if slices.Contains(key.ProjectIDs, tenant.AuditProjectID) {
		found.identity.AuditTrail = s.auditTrail
	}
	s.credentials[found.hash] = found
}

func (s *snapshot) admin() tenant.Identity {
	return tenant.Identity{
		Label:      "admin key",
		Admin:      true,
		Scopes:     []tenant.Scope{tenant.ScopeAll},
		Projects:   s.allProjects,
		AuditTrail: s.auditTrail,
	}
}

// asOfNow returns what an identity may do now. That can be other than when it
// was authenticated: projects come, and its key may have been revoked.
func (s *snapshot) asOfNow(by *tenant.Identity) (*tenant.Identity, error) {
	switch {
	case by == nil:
		return nil, &tenant.Error{Reason: tenant.ReasonMissingCredentials, Message: "the request shows no key"}
	case by.Admin:
		admin := s.admin()
		return &admin, nil
	case by.KeyID == "":
		return by, nil // a project's token, which never changes
	}
	stored, ok := s.keys[by.KeyID]
	if !ok || stored.unreadable {
		return nil, invalidKey()
	}
	hash, err := hex.DecodeString(stored.value.SHA256)
	if err != nil || len(hash) != sha256.Size {
		return nil, invalidKey()
	}
	found, ok := s.credentials[[sha256.Size]byte(hash)]
	if !ok {
		return nil, invalidKey()
	}
	return &found.identity, nil
}

// organization finds an organization by id or slug.
func (s *snapshot) organization(name string) (tenant.Organization, bool) {
	if found, ok := s.organizations[name]; ok && !found.unreadable {
		return found.value, true
	}
	for _, organization := range s.organizations.values() {
		if organization.ID == name {
			return organization, true
		}
	}
	return tenant.Organization{}, false
}
