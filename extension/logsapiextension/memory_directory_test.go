package logsapiextension

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/docketlog/docket/internal/tenant"
)

// Tokens that a memoryDirectory knows from the start.
const (
	adminToken     = "admin|token"   // all projects
	readerToken    = "reader-token"  // logs:read on project 1
	writerToken    = "writer-token"  // logs:write on project 1
	severalToken   = "several-token" // logs:read on projects 1 and 2
	ingestToken    = "phc_one"       // the api_token of project 1
	projectless    = "nothing-token" // logs:read on no project
	staleToken     = "stale-token"   // keys cannot be checked
	brokenToken    = "broken-token"  // the directory itself fails
	defaultOrgUUID = "0f6d8b0e-3c1c-4a53-9a4b-111111111111"
)

var madeAt = time.Date(2023, 10, 27, 9, 0, 0, 0, time.UTC)

// memoryDirectory is a tenant.Directory. Only the admin key may make projects
// and see other keys than its own.
type memoryDirectory struct {
	mu       sync.Mutex
	projects []tenant.Project
	keys     []tenant.Key
	values   map[string]string // id of the key by its value
}

var _ tenant.Directory = (*memoryDirectory)(nil)

func newMemoryDirectory() *memoryDirectory {
	d := &memoryDirectory{values: map[string]string{}}
	for id, name := range []string{"Default project", "Second project"} {
		d.addProject(tenant.NewProject{Name: name}, int64(id)+1)
	}
	d.addKey(readerToken, tenant.NewKey{Label: "reader", Scopes: []tenant.Scope{tenant.ScopeRead}, ProjectIDs: []int64{1}})
	d.addKey(writerToken, tenant.NewKey{Label: "writer", Scopes: []tenant.Scope{tenant.ScopeWrite}, ProjectIDs: []int64{1}})
	d.addKey(severalToken, tenant.NewKey{Label: "several", Scopes: []tenant.Scope{tenant.ScopeRead}, ProjectIDs: []int64{1, 2}})
	d.addKey(projectless, tenant.NewKey{Label: "nothing", Scopes: []tenant.Scope{tenant.ScopeRead}, ProjectIDs: []int64{99}})
	return d
}

func projectUUID(id int64) string { return fmt.Sprintf("0f6d8b0e-3c1c-4a53-9a4b-%012d", id) }

func (d *memoryDirectory) addProject(request tenant.NewProject, id int64) tenant.Project {
	project := tenant.Project{
		ID: id, UUID: projectUUID(id), Name: request.Name, OrganizationID: defaultOrgUUID,
		APIToken: "phc_" + strconv.FormatInt(id, 10), CreatedAt: madeAt,
	}
	d.projects = append(d.projects, project)
	return project
}

func (d *memoryDirectory) addKey(value string, request tenant.NewKey) tenant.Key {
	key := tenant.Key{
		ID: fmt.Sprintf("key-%d", len(d.values)+1), Label: request.Label, MaskValue: value[:2] + "…", Scopes: request.Scopes,
		ProjectIDs: request.ProjectIDs, OrganizationID: defaultOrgUUID, CreatedAt: madeAt,
	}
	d.values[value] = key.ID
	d.keys = slices.Insert(d.keys, 0, key)
	return key
}

// Authenticate implements tenant.Authenticator.
func (d *memoryDirectory) Authenticate(_ context.Context, credentials tenant.Credentials) (*tenant.Identity, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	identity := &tenant.Identity{NamedProject: credentials.Project}
	switch credentials.Token {
	case "":
		return nil, &tenant.Error{Reason: tenant.ReasonMissingCredentials, Message: "send a key as Authorization: Bearer"}
	case staleToken:
		return nil, &tenant.UnavailableError{Reason: "the stored keys could not be read for 6s", RetryAfter: 1500 * time.Millisecond}
	case brokenToken:
		return nil, fmt.Errorf("read the key: disk %q is gone", "/secret/disk")
	case adminToken:
		identity.Admin, identity.Label, identity.Projects = true, "admin key", slices.Clone(d.projects)
		identity.AuditTrail = new(tenant.NewAuditProject(defaultOrgUUID, madeAt))
		return identity, nil
	case ingestToken:
		identity.Label, identity.Scopes = "project token", []tenant.Scope{tenant.ScopeIngest}
		identity.Projects = slices.Clone(d.projects[:1])
		return identity, nil
	}
	n := slices.IndexFunc(d.keys, func(key tenant.Key) bool { return key.ID == d.values[credentials.Token] })
	if n < 0 {
		return nil, &tenant.Error{Reason: tenant.ReasonInvalidCredentials, Message: "nobody has this key"}
	}
	key := d.keys[n]
	identity.KeyID, identity.Label, identity.Scopes = key.ID, key.Label, key.Scopes
	identity.Organization = tenant.Organization{ID: defaultOrgUUID, Slug: "default", Name: "Default organization", CreatedAt: madeAt}
	identity.Projects = slices.DeleteFunc(slices.Clone(d.projects), func(project tenant.Project) bool {
		return len(key.ProjectIDs) > 0 && !slices.Contains(key.ProjectIDs, project.ID)
	})
	if slices.Contains(key.ProjectIDs, tenant.AuditProjectID) {
		identity.AuditTrail = new(tenant.NewAuditProject(defaultOrgUUID, madeAt))
	}
	return identity, nil
}

// Organization implements tenant.Directory. There is only the default one.
func (d *memoryDirectory) Organization(_ context.Context, _ *tenant.Identity, name string) (tenant.Organization, error) {
	if !slices.Contains([]string{"", "default", defaultOrgUUID}, name) {
		return tenant.Organization{}, &tenant.Error{Reason: tenant.ReasonNotFound, Message: "there is no such organization"}
	}
	return tenant.Organization{ID: defaultOrgUUID, Slug: "default", Name: "Default organization", CreatedAt: madeAt}, nil
}

// Projects implements tenant.Directory.
func (d *memoryDirectory) Projects(_ context.Context, by *tenant.Identity) ([]tenant.Project, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if by.Admin {
		return slices.Clone(d.projects), nil
	}
	return by.Projects, nil
}

// CreateProject implements tenant.Directory.
func (d *memoryDirectory) CreateProject(_ context.Context, by *tenant.Identity, request tenant.NewProject) (tenant.Project, error) {
	if err := mayManage(by); err != nil {
		return tenant.Project{}, err
	}
	if request.Organization == "Bad Slug" {
		return tenant.Project{}, &tenant.Error{Reason: tenant.ReasonInvalid, Field: "organization", Message: "bad slug"}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.addProject(request, int64(len(d.projects))+1), nil
}

// Keys implements tenant.Directory.
func (d *memoryDirectory) Keys(_ context.Context, by *tenant.Identity) ([]tenant.Key, error) {
	if err := mayManage(by); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.keys), nil
}

// Key implements tenant.Directory.
func (d *memoryDirectory) Key(_ context.Context, by *tenant.Identity, id string) (tenant.Key, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, key := range d.keys {
		if key.ID == id && (by.Admin || by.KeyID == id) {
			return key, nil
		}
	}
	return tenant.Key{}, &tenant.Error{Reason: tenant.ReasonNotFound, Message: "there is no such key"}
}

// CreateKey implements tenant.Directory.
func (d *memoryDirectory) CreateKey(_ context.Context, by *tenant.Identity, request tenant.NewKey) (tenant.Key, string, error) {
	if err := by.Can(tenant.ScopeWrite); err != nil {
		return tenant.Key{}, "", err
	}
	if slices.Contains(request.ProjectIDs, 99) {
		return tenant.Key{}, "", &tenant.Error{Reason: tenant.ReasonInvalid, Field: "scoped_teams", Message: "no project 99"}
	}
	if request.Organization == "nobody" {
		return tenant.Key{}, "", &tenant.Error{Reason: tenant.ReasonNotFound, Field: "organization", Message: "no such organization"}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	value := fmt.Sprintf("phx_made_%d", len(d.values))
	return d.addKey(value, request), value, nil
}

// RollKey implements tenant.Directory.
func (d *memoryDirectory) RollKey(ctx context.Context, by *tenant.Identity, id string) (tenant.Key, string, error) {
	if _, err := d.Key(ctx, by, id); err != nil {
		return tenant.Key{}, "", err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.DeleteFunc(d.values, func(_, known string) bool { return known == id })
	value := "phx_rolled_" + id
	d.values[value] = id
	n := slices.IndexFunc(d.keys, func(key tenant.Key) bool { return key.ID == id })
	d.keys[n].LastRolledAt = &madeAt
	return d.keys[n], value, nil
}

// DeleteKey implements tenant.Directory.
func (d *memoryDirectory) DeleteKey(ctx context.Context, by *tenant.Identity, id string) error {
	if _, err := d.Key(ctx, by, id); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.keys = slices.DeleteFunc(d.keys, func(key tenant.Key) bool { return key.ID == id })
	return nil
}

func mayManage(by *tenant.Identity) error {
	if by.Admin {
		return nil
	}
	return &tenant.Error{Reason: tenant.ReasonMissingScope, Message: "only the admin key may do this"}
}
