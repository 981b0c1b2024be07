package directory_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/tenant"
	"github.com/docketlog/docket/internal/tenant/directory"
)

func TestCreateProject(t *testing.T) {
	store := openStore(t)
	d := start(t, store, directory.Options{})
	second := createProject(t, d, " Second ", "")
	require.Equal(t, int64(2), second.ID)
	require.Equal(t, "Second", second.Name)
	require.NoError(t, uuid.Validate(second.UUID))
	require.Regexp(t, `^phc_[A-Za-z0-9_-]{43}$`, second.APIToken)

	projects, err := d.Projects(t.Context(), admin)
	require.NoError(t, err)
	first := projects[0]
	require.Equal(t, []tenant.Project{first, second}, projects)
	require.NotEqual(t, first.UUID, second.UUID)
	require.NotEqual(t, first.APIToken, second.APIToken)
	require.Equal(t, first.OrganizationID, second.OrganizationID, "the default organization")

	acme := createProject(t, d, "Shop", "acme-corp-2")
	require.NotEqual(t, first.OrganizationID, acme.OrganizationID, "an unknown slug makes an organization")
	for _, name := range []string{"acme-corp-2", acme.OrganizationID} {
		require.Equal(t, acme.OrganizationID, createProject(t, d, "Shop", name).OrganizationID)
	}
	require.Equal(t, second.OrganizationID, createProject(t, d, "x", "default").OrganizationID)

	again := start(t, store, directory.Options{})
	projects, err = again.Projects(t.Context(), admin)
	require.NoError(t, err)
	require.Len(t, projects, 6)
	require.Equal(t, "acme-corp-2", requireIdentity(t, again, acme.APIToken).Organization.Slug)
	require.Equal(t, int64(7), createProject(t, again, "x", "").ID)
	require.Equal(t, int64(8), createProject(t, d, "x", "").ID, "a replica that has not seen 7 yet does not use it again")
}

func TestCreateProjectRefusals(t *testing.T) {
	d := start(t, openStore(t), directory.Options{})
	createProject(t, d, "Shop", "acme")
	use := func(scope tenant.Scope, projects ...int64) *tenant.Identity {
		_, value := createKey(t, d, admin, scope, projects...)
		return requireIdentity(t, d, value)
	}
	organizationKey := use(tenant.ScopeAll)
	tests := []struct {
		name    string
		by      *tenant.Identity
		request tenant.NewProject
		reason  tenant.Reason
		message string
	}{
		{"no name", admin, tenant.NewProject{}, tenant.ReasonInvalid, "name must have 1 to 200"},
		{"long name", admin, tenant.NewProject{Name: strings.Repeat("ü", 201)}, tenant.ReasonInvalid, "1 to 200"},
		{"no slug", admin, tenant.NewProject{Name: "x", Organization: "Acme Corp"}, tenant.ReasonInvalid, "a-z, 0-9"},
		{"long slug", admin, tenant.NewProject{Name: "x", Organization: strings.Repeat("a", 64)}, tenant.ReasonInvalid, "1 to 63"},
		{"unknown id", admin, tenant.NewProject{Name: "x", Organization: uuid.NewString()}, tenant.ReasonNotFound, "no organization with the id"},
		{"key that writes", use(tenant.ScopeWrite), tenant.NewProject{Name: "x"}, tenant.ReasonMissingScope, "admin key"},
		{"key of one project", use(tenant.ScopeAll, 1), tenant.NewProject{Name: "x"}, tenant.ReasonMissingScope, "no scoped_teams"},
		{"another organization", organizationKey, tenant.NewProject{Name: "x", Organization: "acme"}, tenant.ReasonWrongOrganization, `"acme"`},
		{"new organization", organizationKey, tenant.NewProject{Name: "x", Organization: "new"}, tenant.ReasonWrongOrganization, `"new"`},
		{"nobody", nil, tenant.NewProject{Name: "x"}, tenant.ReasonMissingCredentials, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := d.CreateProject(t.Context(), test.by, test.request)
			requireRefusal(t, err, test.reason, test.message)
		})
	}
	projects, err := d.Projects(t.Context(), admin)
	require.NoError(t, err)
	require.Len(t, projects, 2)
}

func TestAnOrganizationsKeyMakesProjectsInIt(t *testing.T) {
	d := start(t, openStore(t), directory.Options{})
	shop := createProject(t, d, "Shop", "acme")
	_, value, err := d.CreateKey(t.Context(), admin, tenant.NewKey{Label: "x", Scopes: []tenant.Scope{"*"}, Organization: "acme"})
	require.NoError(t, err)
	for _, organization := range []string{"", "acme", shop.OrganizationID} {
		made, err := d.CreateProject(t.Context(), requireIdentity(t, d, value), tenant.NewProject{Name: "x", Organization: organization})
		require.NoError(t, err)
		require.Equal(t, shop.OrganizationID, made.OrganizationID)
	}
	projects, err := d.Projects(t.Context(), requireIdentity(t, d, value))
	require.NoError(t, err)
	require.Len(t, projects, 4, "those of its organization")
}

func TestProjectsOfAKey(t *testing.T) {
	d := start(t, openStore(t), directory.Options{})
	createProject(t, d, "Two", "")
	_, value := createKey(t, d, admin, tenant.ScopeRead, 2)
	projects, err := d.Projects(t.Context(), requireIdentity(t, d, value))
	require.NoError(t, err)
	require.Len(t, projects, 1)
	require.Equal(t, int64(2), projects[0].ID)

	ofToken, err := d.Projects(t.Context(), requireIdentity(t, d, projects[0].APIToken))
	require.NoError(t, err)
	require.Equal(t, projects, ofToken)

	projects[0].Name = "changed by the caller"
	again, err := d.Projects(t.Context(), requireIdentity(t, d, value))
	require.NoError(t, err)
	require.Equal(t, "Two", again[0].Name)
}

func TestReplicasNumberProjectsWithoutGaps(t *testing.T) {
	store := openStore(t)
	const replicas, each = 4, 5
	ids := make(chan int64, replicas*each)
	var making sync.WaitGroup
	for n := range replicas {
		d := start(t, store, directory.Options{})
		making.Go(func() {
			for m := range each {
				// The replicas also compete for new organizations.
				project, err := d.CreateProject(t.Context(), admin, tenant.NewProject{Name: fmt.Sprint(n), Organization: fmt.Sprintf("org-%d", m)})
				if err != nil {
					t.Error(err)
				}
				ids <- project.ID
			}
		})
	}
	making.Wait()
	close(ids)
	seen := map[int64]bool{1: true}
	for id := range ids {
		require.False(t, seen[id], "%d was given twice", id)
		seen[id] = true
	}
	for id := range int64(replicas*each + 1) {
		require.True(t, seen[id+1], "%d was left out", id+1)
	}
	d := start(t, store, directory.Options{})
	projects, err := d.Projects(t.Context(), admin)
	require.NoError(t, err)
	organizations := map[string]bool{}
	for _, project := range projects {
		organizations[project.OrganizationID] = true
	}
	require.Len(t, organizations, each+1)
}
