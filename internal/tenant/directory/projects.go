package directory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/tenant"
)

// What the first start makes.
const (
	defaultOrganization = "default"
	defaultProject      = "Default project"
	firstProjectID      = 1
)

const (
	maxNameLength = 200
	maxSlugLength = 63
)

// slugPattern is what fits in a URL and a header without being escaped.
var slugPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Organization implements tenant.Directory.
func (d *Directory) Organization(_ context.Context, by *tenant.Identity, name string) (tenant.Organization, error) {
	known, err := d.fresh()
	if err != nil {
		return tenant.Organization{}, err
	}
	if by, err = known.asOfNow(by); err != nil {
		return tenant.Organization{}, err
	}
	if name == "" {
		name = defaultOrganization
		if !by.Admin {
			name = by.Organization.ID
		}
	}
	organization, ok := known.organization(name)
	if !ok || !by.Admin && organization.ID != by.Organization.ID {
		return tenant.Organization{}, &tenant.Error{
			Reason:  tenant.ReasonNotFound,
			Message: fmt.Sprintf("there is no organization %q, or the key is of another one", name),
		}
	}
	return organization, nil
}

// Projects implements tenant.Directory.
func (d *Directory) Projects(_ context.Context, by *tenant.Identity) ([]tenant.Project, error) {
	known, err := d.fresh()
	if err != nil {
		return nil, err
	}
	by, err = known.asOfNow(by)
	if err != nil {
		return nil, err
	}
	return append([]tenant.Project{}, by.Projects...), nil
}

// CreateProject implements tenant.Directory.
func (d *Directory) CreateProject(ctx context.Context, by *tenant.Identity, request tenant.NewProject) (tenant.Project, error) {
	d.changes.Lock()
	defer d.changes.Unlock()
	known, err := d.fresh()
	if err != nil {
		return tenant.Project{}, err
	}
	if by, err = known.asOfNow(by); err != nil {
		return tenant.Project{}, err
	}
	if !by.Admin && (by.Can(tenant.ScopeAll) != nil || known.restricted(by)) {
		return tenant.Project{}, &tenant.Error{
			Reason:  tenant.ReasonMissingScope,
			Message: `projects are made with the admin key, or with a key that has the scope "*" and no scoped_teams`,
		}
	}
	name, err := validText("name", request.Name, maxNameLength)
	if err != nil {
		return tenant.Project{}, err
	}
	organization, err := d.organizationOfProject(ctx, known, by, request.Organization)
	if err != nil {
		return tenant.Project{}, err
	}
	return d.addProject(ctx, name, organization)
}

// organizationOfProject returns the organization that a project is to be made
// in, and makes it if need be.
func (d *Directory) organizationOfProject(ctx context.Context, known *snapshot, by *tenant.Identity, name string) (tenant.Organization, error) {
	if !by.Admin {
		return ownOrganization(by, name)
	}
	if name == "" {
		name = defaultOrganization
	}
	if organization, ok := known.organization(name); ok {
		return organization, nil
	}
	if uuid.Validate(name) == nil {
		return tenant.Organization{}, &tenant.Error{
			Reason: tenant.ReasonNotFound, Field: "organization",
			Message: fmt.Sprintf("there is no organization with the id %q", name),
		}
	}
	if len(name) > maxSlugLength || !slugPattern.MatchString(name) {
		return tenant.Organization{}, &tenant.Error{
			Reason: tenant.ReasonInvalid, Field: "organization",
			Message: fmt.Sprintf("organization must be an organization's id or a slug: 1 to %d characters of a-z, 0-9 and single hyphens between them", maxSlugLength),
		}
	}
	organization, version, err := d.createOrganization(ctx, name, name)
	if err != nil {
		return tenant.Organization{}, err
	}
	d.current.Store(known.withOrganization(version, organization))
	return organization, nil
}

// ownOrganization returns the organization of a key; name may name no other.
func ownOrganization(by *tenant.Identity, name string) (tenant.Organization, error) {
	own := by.Organization
	if name != "" && name != own.ID && name != own.Slug {
		return tenant.Organization{}, &tenant.Error{
			Reason:  tenant.ReasonWrongOrganization,
			Message: fmt.Sprintf("the key belongs to the organization %q and not to %q", own.Slug, name),
		}
	}
	return own, nil
}

// addProject gives the project the next free number: creating its document is
// the compare-and-set. Project documents are never deleted, so no number is used
// twice and none is left out. Called with changes held.
func (d *Directory) addProject(ctx context.Context, name string, organization tenant.Organization) (tenant.Project, error) {
	known := d.current.Load()
	next := int64(firstProjectID)
	if count := len(known.allProjects); count > 0 {
		next = known.allProjects[count-1].ID + 1
	}
	for ; ; next++ {
		project, version, err := d.createProject(ctx, next, name, organization)
		if errors.Is(err, docstore.ErrExists) {
			continue // another replica was faster
		}
		if err != nil {
			return tenant.Project{}, err
		}
		d.current.Store(known.withProject(version, project))
		return project, nil
	}
}

func (d *Directory) createProject(ctx context.Context, id int64, name string, organization tenant.Organization) (tenant.Project, int64, error) {
	project := tenant.Project{
		ID:             id,
		UUID:           uuid.NewString(),
		Name:           name,
		OrganizationID: organization.ID,
		APIToken:       tenant.NewToken(tenant.APITokenPrefix),
		CreatedAt:      now(),
	}
	version, err := d.create(ctx, projectsCollection, projectDocumentID(id), project)
	return project, version, err
}

// createOrganization makes an organization, or returns the one that another
// replica has made meanwhile.
func (d *Directory) createOrganization(ctx context.Context, slug, name string) (tenant.Organization, int64, error) {
	organization := tenant.Organization{ID: uuid.NewString(), Slug: slug, Name: name, CreatedAt: now()}
	version, err := d.create(ctx, organizationsCollection, slug, organization)
	if !errors.Is(err, docstore.ErrExists) {
		return organization, version, err
	}
	stored, err := d.store.Get(ctx, organizationsCollection, slug)
	if err != nil {
		return tenant.Organization{}, 0, fmt.Errorf("read the directory: %w", err)
	}
	if err := json.Unmarshal(stored.Body, &organization); err != nil {
		return tenant.Organization{}, 0, fmt.Errorf("read the organization %q: %w", slug, err)
	}
	return organization, stored.Version, nil
}

// createDefaults makes the default organization and project. Every replica does
// so at every start; creating what exists changes nothing.
func (d *Directory) createDefaults(ctx context.Context) error {
	organization, _, err := d.createOrganization(ctx, defaultOrganization, "Default")
	if err != nil {
		return err
	}
	_, _, err = d.createProject(ctx, firstProjectID, defaultProject, organization)
	if errors.Is(err, docstore.ErrExists) {
		return nil
	}
	return err
}

func (d *Directory) create(ctx context.Context, collection, id string, value any) (version int64, err error) {
	body, err := json.Marshal(value)
	if err != nil {
		return 0, fmt.Errorf("write to the directory: %w", err)
	}
	stored, err := d.store.Create(ctx, docstore.Document{Collection: collection, ID: id, Body: body})
	if err != nil {
		return 0, fmt.Errorf("write to the directory: %w", err)
	}
	return stored.Version, nil
}

func projectDocumentID(id int64) string { return strconv.FormatInt(id, 10) }

// now has the resolution that every backend keeps.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// validText returns the text without the space around it.
func validText(field, text string, limit int) (string, error) {
	text = strings.TrimSpace(text)
	length := utf8.RuneCountInString(text)
	if length < 1 || length > limit || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return "", &tenant.Error{
			Reason: tenant.ReasonInvalid, Field: field,
			Message: fmt.Sprintf("%s must have 1 to %d characters, none of them a control character", field, limit),
		}
	}
	return text, nil
}
