// Package tenant is who may do what: organizations own projects, and keys give
// access to projects with scopes. Every record belongs to exactly one project.
package tenant

import (
	"context"
	"time"
)

// Scope is what a key may do.
type Scope string

const (
	// ScopeRead allows to search.
	ScopeRead Scope = "logs:read"
	// ScopeWrite allows to ingest and to change; it includes ScopeRead.
	ScopeWrite Scope = "logs:write"
	// ScopeIngest allows to ingest and nothing else. It is the scope of a
	// project's api_token, and no key can be made with it.
	ScopeIngest Scope = "logs:ingest"
	// ScopeAll allows everything that its maker may do.
	ScopeAll Scope = "*"
)

// Organization owns projects.
type Organization struct {
	// ID is a UUID.
	ID string `json:"id"`
	// Slug is unique among organizations and fits in a URL: "default".
	Slug      string    `json:"slug"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
}

// Project is a tenant: its records are seen only by keys that may use it.
type Project struct {
	// ID is numbered from 1 and never used twice.
	ID   int64  `json:"id"`
	UUID string `json:"uuid"`
	Name string `json:"name"`
	// OrganizationID is the UUID of the project's organization.
	OrganizationID string `json:"organization"`
	// APIToken is a token with which apps can only ingest into this project. As
	// apps carry it about, it is no secret of the kind that a key is, and is
	// shown to whoever may use the project.
	APIToken  string    `json:"api_token"`
	CreatedAt time.Time `json:"created_at"`
}

// Key describes an API key. Its value is known only to whoever made it; Docket
// keeps its SHA-256.
type Key struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	// MaskValue shows enough of the value to recognise it.
	MaskValue string  `json:"mask_value"`
	Scopes    []Scope `json:"scopes"`
	// ProjectIDs are the projects that the key may use; empty means all that its
	// organization has, now or later.
	ProjectIDs     []int64    `json:"scoped_teams"`
	OrganizationID string     `json:"organization"`
	CreatedAt      time.Time  `json:"created_at"`
	LastUsedAt     *time.Time `json:"last_used_at"`
	// LastRolledAt is when the key got the value that it has; nil for its first.
	LastRolledAt *time.Time `json:"last_rolled_at"`
}

// Credentials are what a request showed.
type Credentials struct {
	// Token is the key, the project's api_token or the admin key.
	Token string
	// Organization is the organization that the request names (LogHub's header),
	// by id or slug; "" when it names none.
	Organization string
	// Project is the project that the request names in a header (Docket-Project-Id,
	// X-CM-ProjectId), by id or UUID; "" when it names none.
	Project string
}

// Authenticator tells whom credentials belong to.
type Authenticator interface {
	// Authenticate returns the identity, or an *Error with
	// ReasonMissingCredentials or ReasonInvalidCredentials, or an
	// *UnavailableError. It checks neither what the identity may do nor the
	// named organization; that is asked of the Identity.
	Authenticate(ctx context.Context, credentials Credentials) (*Identity, error)
}

// Directory keeps organizations, projects and keys. Methods that take an
// identity act within what that identity may do now (its key may have been
// revoked since it was authenticated), and answer *Error otherwise. Any of them
// may answer *UnavailableError.
type Directory interface {
	Authenticator

	// Organization returns an organization by id or slug, or an *Error with
	// ReasonNotFound: for the admin any one, else only that of the key. "" means the
	// key's own, for the admin the default one.
	Organization(ctx context.Context, by *Identity, name string) (Organization, error)
	// Projects returns the projects that by may use, ordered by id; that of the audit
	// trail is not among them.
	Projects(ctx context.Context, by *Identity) ([]Project, error)
	// CreateProject adds a project. The admin may, in any organization; and a key
	// with ScopeAll that is not scoped to projects, in its own. Organization is an
	// id or slug; "" means the key's organization, for the admin the default
	// one. A slug that the admin gives and that is unknown makes an organization
	// of that name.
	CreateProject(ctx context.Context, by *Identity, request NewProject) (Project, error)

	// Keys returns the keys that by made, newest first; for the admin, all keys.
	Keys(ctx context.Context, by *Identity) ([]Key, error)
	// Key returns one of them, or the key that by is itself, or an *Error with
	// ReasonNotFound.
	Key(ctx context.Context, by *Identity, id string) (Key, error)
	// CreateKey adds a key and returns its value, which is not kept. It takes
	// ScopeWrite. A key can do no more than its maker: its scopes, organization
	// and projects are among those of its maker.
	CreateKey(ctx context.Context, by *Identity, request NewKey) (Key, string, error)
	// RollKey gives a key that Key returns another value and returns that, which is
	// not kept. All else about the key stays. The old value is refused at once by
	// this process and within five seconds by any other replica.
	RollKey(ctx context.Context, by *Identity, id string) (Key, string, error)
	// DeleteKey revokes a key that Key returns: it is refused at once by this
	// process and within five seconds by any other replica. The keys that it made
	// stay.
	DeleteKey(ctx context.Context, by *Identity, id string) error
}

// NewProject is a request for a project.
type NewProject struct {
	// Name has 1 to 200 characters.
	Name string
	// Organization is an id or slug; Directory.CreateProject says what "" means.
	Organization string
}

// NewKey is a request for a key.
type NewKey struct {
	// Label has 1 to 40 characters.
	Label string
	// Scopes are at least one of ScopeRead, ScopeWrite and ScopeAll.
	Scopes []Scope
	// ProjectIDs are projects of one organization. Empty means all that the
	// organization has, now or later; then the maker must not be scoped itself.
	// AuditProjectID may be among them if the maker may read the audit trail.
	ProjectIDs []int64
	// Organization is an id or slug; "" means that of the projects, else that of
	// the maker, else the default one.
	Organization string
}
