package directory

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/tenant"
)

const maxLabelLength = 40

// Keys implements tenant.Directory.
func (d *Directory) Keys(_ context.Context, by *tenant.Identity) ([]tenant.Key, error) {
	known, err := d.fresh()
	if err != nil {
		return nil, err
	}
	if by, err = known.asOfNow(by); err != nil {
		return nil, err
	}
	keys := []tenant.Key{}
	for id, document := range known.keys.values() {
		if by.Admin || madeBy(document, by) {
			keys = append(keys, known.described(id))
		}
	}
	slices.SortFunc(keys, func(a, b tenant.Key) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.ID, a.ID))
	})
	return keys, nil
}

// Key implements tenant.Directory.
func (d *Directory) Key(_ context.Context, by *tenant.Identity, id string) (tenant.Key, error) {
	known, err := d.fresh()
	if err != nil {
		return tenant.Key{}, err
	}
	if err := known.checkVisible(by, id); err != nil {
		return tenant.Key{}, err
	}
	return known.described(id), nil
}

// CreateKey implements tenant.Directory.
func (d *Directory) CreateKey(ctx context.Context, by *tenant.Identity, request tenant.NewKey) (tenant.Key, string, error) {
	d.changes.Lock()
	defer d.changes.Unlock()
	known, err := d.fresh()
	if err != nil {
		return tenant.Key{}, "", err
	}
	if by, err = known.asOfNow(by); err != nil {
		return tenant.Key{}, "", err
	}
	key, err := known.newKey(by, request)
	if err != nil {
		return tenant.Key{}, "", err
	}
	value := tenant.NewToken(tenant.KeyPrefix)
	hash := sha256.Sum256([]byte(value))
	key.MaskValue = tenant.MaskToken(value)
	document := keyDocument{Key: key, SHA256: hex.EncodeToString(hash[:]), CreatedBy: by.KeyID}
	version, err := d.create(ctx, keysCollection, key.ID, document)
	if err != nil {
		return tenant.Key{}, "", err
	}
	d.current.Store(known.withKey(version, document))
	return key, value, nil
}

// DeleteKey implements tenant.Directory.
func (d *Directory) DeleteKey(ctx context.Context, by *tenant.Identity, id string) error {
	d.changes.Lock()
	defer d.changes.Unlock()
	known, err := d.fresh()
	if err != nil {
		return err
	}
	if err := known.checkVisible(by, id); err != nil {
		return err
	}
	if err := d.delete(ctx, id, known.keys[id].version); err != nil {
		return fmt.Errorf("revoke the key: %w", err)
	}
	d.current.Store(known.withoutKey(id))
	return nil
}

// delete removes the key's document in whatever version it is: the only thing
// that changes in a key is its last use.
func (d *Directory) delete(ctx context.Context, id string, version int64) error {
	for {
		err := d.store.Delete(ctx, keysCollection, id, version)
		if !errors.Is(err, docstore.ErrConflict) {
			return missingIsFine(err)
		}
		stored, err := d.store.Get(ctx, keysCollection, id)
		if err != nil {
			return missingIsFine(err)
		}
		version = stored.Version
	}
}

// newKey checks a request against its maker. The key has no value yet.
func (s *snapshot) newKey(by *tenant.Identity, request tenant.NewKey) (tenant.Key, error) {
	if err := by.Can(tenant.ScopeWrite); err != nil {
		return tenant.Key{}, err
	}
	label, err := validText("label", request.Label, maxLabelLength)
	if err != nil {
		return tenant.Key{}, err
	}
	scopes, err := newScopes(by, request.Scopes)
	if err != nil {
		return tenant.Key{}, err
	}
	organization, err := s.organizationOfKey(by, request)
	if err != nil {
		return tenant.Key{}, err
	}
	projects, err := s.newProjects(by, request.ProjectIDs, organization)
	if err != nil {
		return tenant.Key{}, err
	}
	return tenant.Key{
		ID:             uuid.NewString(),
		Label:          label,
		Scopes:         scopes,
		ProjectIDs:     projects,
		OrganizationID: organization.ID,
		CreatedAt:      now(),
	}, nil
}

// newScopes returns the scopes without repetitions.
func newScopes(by *tenant.Identity, requested []tenant.Scope) ([]tenant.Scope, error) {
	scopes := []tenant.Scope{}
	for _, scope := range requested {
		switch scope {
		case tenant.ScopeRead, tenant.ScopeWrite, tenant.ScopeAll:
		default:
			return nil, invalidScopes(fmt.Sprintf("the scope %q does not exist", scope))
		}
		if err := by.Can(scope); err != nil {
			return nil, &tenant.Error{
				Reason: tenant.ReasonMissingScope, Field: "scopes",
				Message: fmt.Sprintf("a key with the scope %q can only be made with a key that has it", scope),
			}
		}
		if !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	if len(scopes) == 0 {
		return nil, invalidScopes("scopes must not be empty")
	}
	return scopes, nil
}

func invalidScopes(problem string) error {
	return &tenant.Error{
		Reason: tenant.ReasonInvalid, Field: "scopes",
		Message: fmt.Sprintf("%s: use %q, %q or %q", problem, tenant.ScopeRead, tenant.ScopeWrite, tenant.ScopeAll),
	}
}

func (s *snapshot) organizationOfKey(by *tenant.Identity, request tenant.NewKey) (tenant.Organization, error) {
	if !by.Admin {
		return ownOrganization(by, request.Organization)
	}
	name := request.Organization
	if name == "" && len(request.ProjectIDs) > 0 {
		if first := s.projects[projectDocumentID(request.ProjectIDs[0])]; !first.unreadable {
			name = first.value.OrganizationID
		}
	}
	if name == "" {
		name = defaultOrganization
	}
	organization, ok := s.organization(name)
	if !ok {
		return tenant.Organization{}, &tenant.Error{
			Reason: tenant.ReasonNotFound, Field: "organization",
			Message: fmt.Sprintf("there is no organization %q", name),
		}
	}
	return organization, nil
}

// newProjects returns the project ids without repetitions, in order.
func (s *snapshot) newProjects(by *tenant.Identity, requested []int64, organization tenant.Organization) ([]int64, error) {
	if len(requested) == 0 && s.restricted(by) {
		return nil, invalidProjects("name the projects of the new key: the key that makes it may not use all projects itself")
	}
	grantable := by.Projects
	if by.AuditTrail != nil {
		grantable = append(slices.Clip(grantable), *by.AuditTrail)
	}
	for _, id := range requested {
		at := slices.IndexFunc(grantable, func(project tenant.Project) bool { return project.ID == id })
		if at < 0 {
			return nil, invalidProjects(fmt.Sprintf("project %d does not exist or the key may not use it", id))
		}
		if grantable[at].OrganizationID != organization.ID {
			return nil, invalidProjects(fmt.Sprintf("project %d is not of the organization %q: a key is for projects of one organization", id, organization.Slug))
		}
	}
	projects := append([]int64{}, requested...)
	slices.Sort(projects)
	return slices.Compact(projects), nil
}

func invalidProjects(message string) error {
	return &tenant.Error{Reason: tenant.ReasonInvalid, Field: "scoped_teams", Message: message}
}

// restricted tells whether a key is scoped to some projects.
func (s *snapshot) restricted(by *tenant.Identity) bool {
	return len(s.keys[by.KeyID].value.ProjectIDs) > 0
}

// checkVisible returns nil when by may see, and so revoke, the key.
func (s *snapshot) checkVisible(by *tenant.Identity, id string) error {
	by, err := s.asOfNow(by)
	if err != nil {
		return err
	}
	stored, ok := s.keys[id]
	if !ok || stored.unreadable || !by.Admin && by.KeyID != id && !madeBy(stored.value, by) {
		return unknownKey(id)
	}
	return nil
}

func unknownKey(id string) error {
	return &tenant.Error{
		Reason:  tenant.ReasonNotFound,
		Message: fmt.Sprintf("there is no key %q, or it was made with another key", id),
	}
}

// madeBy is false for a project's token, which has no key id just as the admin.
func madeBy(key keyDocument, by *tenant.Identity) bool {
	return by.KeyID != "" && key.CreatedBy == by.KeyID
}

// described returns what may be shown of a key that is readable.
func (s *snapshot) described(id string) tenant.Key {
	key := s.keys[id].value.Key
	key.ID = id
	key.LastUsedAt = s.usages[id].latest(key.LastUsedAt)
	return key
}
