package tenant

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/client"
)

// Identity is whom a request's credentials belong to, as they were when it was
// authenticated. It is the client.AuthData of the request's context.
type Identity struct {
	// KeyID is the id of the key; "" for the admin key and api_tokens.
	KeyID string
	// Label is the label of the key; "admin key" or "project token" otherwise.
	Label string
	// Admin is true for the admin key, which may use everything.
	Admin  bool
	Scopes []Scope
	// Organization is the organization of the key; zero for the admin key.
	Organization Organization
	// Projects are the projects that the credentials may use.
	Projects []Project
	// AuditTrail is the project with Docket's own audit trail, nil for those who may not
	// read it. It is never among Projects, so that nothing is written to it by mistake.
	AuditTrail *Project
	// NamedProject is Credentials.Project.
	NamedProject string
	// Throttled is not nil when the request is one too many of those that send records:
	// MayIngest refuses it.
	Throttled *ThrottledError
}

// Subject tells those apart who make requests. It says nothing secret, and stays when a key
// is rolled.
func (i *Identity) Subject() string {
	switch {
	case i.Admin:
		return "admin"
	case i.KeyID == "" && len(i.Projects) > 0: // a project's token
		return "project:" + i.Projects[0].UUID
	default:
		return "key:" + i.KeyID
	}
}

// MayIngest returns nil when the request may send records, else a *ThrottledError or an
// *Error.
func (i *Identity) MayIngest() error {
	if i.Throttled != nil {
		return i.Throttled
	}
	return i.Can(ScopeIngest)
}

// Can returns nil when the identity has the scope, or an *Error with
// ReasonMissingScope that names it.
func (i *Identity) Can(scope Scope) error {
	if i.Admin || slices.Contains(i.Scopes, ScopeAll) || slices.Contains(i.Scopes, scope) {
		return nil
	}
	if slices.Contains(i.Scopes, ScopeWrite) && (scope == ScopeRead || scope == ScopeIngest) {
		return nil
	}
	if scope == ScopeIngest {
		scope = ScopeWrite // what a maker of keys can grant
	}
	return &Error{Reason: ReasonMissingScope, Message: fmt.Sprintf("the key needs the scope %q", scope)}
}

// Project returns the project that a request is about: the named one, by id or
// UUID; without a name, the one its headers name; without that, the only one the
// credentials may use. Errors: ReasonUnknownProject, ReasonProjectRequired.
func (i *Identity) Project(name string) (Project, error) {
	if name == "" {
		name = i.NamedProject
	}
	if name == "" {
		switch len(i.Projects) {
		case 1:
			return i.Projects[0], nil
		case 0:
			return Project{}, &Error{Reason: ReasonUnknownProject, Message: "the key may use no project"}
		default:
			return Project{}, &Error{
				Reason:  ReasonProjectRequired,
				Message: "the key may use several projects: name one, or use a key that is scoped to one",
			}
		}
	}
	number, err := strconv.ParseInt(name, 10, 64)
	isNumber := err == nil
	for _, project := range i.Projects {
		if isNumber && project.ID == number || strings.EqualFold(project.UUID, name) {
			return project, nil
		}
	}
	return Project{}, &Error{
		Reason:  ReasonUnknownProject,
		Message: fmt.Sprintf("project %q does not exist or the key may not use it", name),
	}
}

// GetAttribute implements client.AuthData: "key_id", "label" and "organization"
// are strings, "scopes" and "projects" are slices of strings.
func (i *Identity) GetAttribute(name string) any {
	switch name {
	case "key_id":
		return i.KeyID
	case "label":
		return i.Label
	case "organization":
		return i.Organization.Slug
	case "scopes":
		scopes := make([]string, len(i.Scopes))
		for n, scope := range i.Scopes {
			scopes[n] = string(scope)
		}
		return scopes
	case "projects":
		projects := make([]string, len(i.Projects))
		for n, project := range i.Projects {
			projects[n] = strconv.FormatInt(project.ID, 10)
		}
		return projects
	default:
		return nil
	}
}

// GetAttributeNames implements client.AuthData.
func (*Identity) GetAttributeNames() []string {
	return []string{"key_id", "label", "organization", "scopes", "projects"}
}

// NewContext returns a context whose client.Info carries the identity.
func NewContext(ctx context.Context, identity *Identity) context.Context {
	info := client.FromContext(ctx)
	info.Auth = identity
	return client.NewContext(ctx, info)
}

// FromContext returns the identity that the authenticator put into the context.
func FromContext(ctx context.Context) (*Identity, bool) {
	identity, ok := client.FromContext(ctx).Auth.(*Identity)
	return identity, ok
}
