package directory_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/tenant"
	"github.com/docketlog/docket/internal/tenant/directory"
)

func TestTheAuditTrailIsNoOrdinaryProject(t *testing.T) {
	d := start(t, openStore(t), directory.Options{})
	projects, err := d.Projects(t.Context(), admin)
	require.NoError(t, err)
	require.Len(t, projects, 1, "it is not listed")
	require.Equal(t, int64(2), createProject(t, d, "Second", "").ID, "and takes no number")

	trail, err := requireIdentity(t, d, adminKey).ReadableProject(tenant.AuditProjectName)
	require.NoError(t, err)
	require.Equal(t, tenant.NewAuditProject(projects[0].OrganizationID, trail.CreatedAt), trail)
	require.False(t, trail.CreatedAt.IsZero())
}

func TestKeysOfTheAuditTrail(t *testing.T) {
	store := openStore(t)
	d := start(t, store, directory.Options{})
	createProject(t, d, "Shop", "acme")
	for _, value := range []string{keyOf(t, d, admin, tenant.ScopeAll), keyOf(t, d, admin, tenant.ScopeAll, 1)} {
		by := requireIdentity(t, d, value)
		require.Nil(t, by.AuditTrail, "it is not among all projects of an organization")
		_, _, err := d.CreateKey(t.Context(), by, auditKey(tenant.ScopeRead))
		requireRefusal(t, err, tenant.ReasonInvalid, "project 2000000000 does not exist or the key may not use it")
	}
	request := auditKey(tenant.ScopeRead)
	request.Organization = "acme"
	_, _, err := d.CreateKey(t.Context(), admin, request)
	requireRefusal(t, err, tenant.ReasonInvalid, `not of the organization "acme"`)

	key, value, err := d.CreateKey(t.Context(), admin, auditKey(tenant.ScopeAll))
	require.NoError(t, err)
	require.Equal(t, []int64{tenant.AuditProjectID}, key.ProjectIDs)
	auditor := requireIdentity(t, d, value)
	require.Empty(t, auditor.Projects)
	require.Equal(t, "default", auditor.Organization.Slug)
	trail, err := auditor.ReadableProject("")
	require.NoError(t, err)
	require.EqualValues(t, tenant.AuditProjectID, trail.ID)

	_, value, err = d.CreateKey(t.Context(), auditor, auditKey(tenant.ScopeRead))
	require.NoError(t, err, "a key can make what can do no more than itself")
	_, _, err = d.CreateKey(t.Context(), auditor, tenant.NewKey{Label: "x", Scopes: []tenant.Scope{tenant.ScopeRead}, ProjectIDs: []int64{1}})
	requireRefusal(t, err, tenant.ReasonInvalid, "project 1 does not exist")
	_, err = d.CreateProject(t.Context(), auditor, tenant.NewProject{Name: "x"})
	requireRefusal(t, err, tenant.ReasonMissingScope, "no scoped_teams")

	require.NotNil(t, requireIdentity(t, start(t, store, directory.Options{}), value).AuditTrail, "another replica knows it too")
}

func auditKey(scope tenant.Scope) tenant.NewKey {
	return tenant.NewKey{Label: "auditor", Scopes: []tenant.Scope{scope}, ProjectIDs: []int64{tenant.AuditProjectID}}
}

func keyOf(t *testing.T, d *directory.Directory, by *tenant.Identity, scope tenant.Scope, projects ...int64) string {
	t.Helper()
	_, value := createKey(t, d, by, scope, projects...)
	return value
}
