package directory_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/tenant"
	"github.com/docketlog/docket/internal/tenant/directory"
)

func TestCreateKey(t *testing.T) {
	d := start(t, openStore(t), directory.Options{})
	createProject(t, d, "Two", "")
	key, value, err := d.CreateKey(t.Context(), admin, tenant.NewKey{
		Label:      "  " + strings.Repeat("ü", 40) + " ",
		Scopes:     []tenant.Scope{tenant.ScopeWrite, tenant.ScopeRead, tenant.ScopeWrite},
		ProjectIDs: []int64{2, 1, 2},
	})
	require.NoError(t, err)
	require.Regexp(t, `^phx_[A-Za-z0-9_-]{43}$`, value)
	require.Equal(t, "phx_..."+value[len(value)-4:], key.MaskValue)
	require.NoError(t, uuid.Validate(key.ID))
	require.Equal(t, strings.Repeat("ü", 40), key.Label)
	require.Equal(t, []tenant.Scope{tenant.ScopeWrite, tenant.ScopeRead}, key.Scopes)
	require.Equal(t, []int64{1, 2}, key.ProjectIDs)
	require.WithinDuration(t, time.Now(), key.CreatedAt, time.Minute)
	require.Nil(t, key.LastUsedAt)

	found, err := d.Key(t.Context(), admin, key.ID)
	require.NoError(t, err)
	require.Equal(t, key, found)
	_, another := createKey(t, d, admin, tenant.ScopeRead)
	require.NotEqual(t, value, another)
}

func TestCreateKeyForAnOrganization(t *testing.T) {
	d := start(t, openStore(t), directory.Options{})
	shop := createProject(t, d, "Shop", "acme")
	request := tenant.NewKey{Label: "x", Scopes: []tenant.Scope{tenant.ScopeAll}}

	request.Organization = "acme"
	_, value, err := d.CreateKey(t.Context(), admin, request)
	require.NoError(t, err)
	require.Equal(t, []tenant.Project{shop}, requireIdentity(t, d, value).Projects)
	another := createProject(t, d, "Another", shop.OrganizationID)
	require.Equal(t, []tenant.Project{shop, another}, requireIdentity(t, d, value).Projects, "it may use projects that are made later")

	request.Organization = ""
	request.ProjectIDs = []int64{shop.ID}
	key, value, err := d.CreateKey(t.Context(), admin, request)
	require.NoError(t, err)
	require.Equal(t, shop.OrganizationID, key.OrganizationID, "the organization is that of the projects")
	require.Equal(t, "acme", requireIdentity(t, d, value).Organization.Slug)
}

func TestCreateKeyRefusals(t *testing.T) {
	d := start(t, openStore(t), directory.Options{})
	createProject(t, d, "Two", "")
	createProject(t, d, "Shop", "acme")
	use := func(scope tenant.Scope, projects ...int64) *tenant.Identity {
		_, value := createKey(t, d, admin, scope, projects...)
		return requireIdentity(t, d, value)
	}
	projects, err := d.Projects(t.Context(), admin)
	require.NoError(t, err)
	token := requireIdentity(t, d, projects[0].APIToken)
	read := []tenant.Scope{tenant.ScopeRead}

	tests := []struct {
		name    string
		by      *tenant.Identity
		request tenant.NewKey
		reason  tenant.Reason
		field   string
		message string
	}{
		{"no label", admin, tenant.NewKey{Label: " ", Scopes: read}, tenant.ReasonInvalid, "label", "1 to 40 characters"},
		{"long label", admin, tenant.NewKey{Label: strings.Repeat("ü", 41), Scopes: read}, tenant.ReasonInvalid, "label", "1 to 40"},
		{"control character", admin, tenant.NewKey{Label: "a\x00b", Scopes: read}, tenant.ReasonInvalid, "label", "control character"},
		{"invalid UTF-8", admin, tenant.NewKey{Label: "a\xffb", Scopes: read}, tenant.ReasonInvalid, "label", "characters"},
		{"no scopes", admin, tenant.NewKey{Label: "x"}, tenant.ReasonInvalid, "scopes", `use "logs:read", "logs:write" or "*"`},
		{"unknown scope", admin, tenant.NewKey{Label: "x", Scopes: []tenant.Scope{"logs:fly"}}, tenant.ReasonInvalid, "scopes", `"logs:fly" does not exist`},
		{"ingest", admin, tenant.NewKey{Label: "x", Scopes: []tenant.Scope{tenant.ScopeIngest}}, tenant.ReasonInvalid, "scopes", "does not exist"},
		{"unknown project", admin, tenant.NewKey{Label: "x", Scopes: read, ProjectIDs: []int64{1, 99}}, tenant.ReasonInvalid, "scoped_teams", "project 99 does not exist"},
		{"unknown first project", admin, tenant.NewKey{Label: "x", Scopes: read, ProjectIDs: []int64{0}}, tenant.ReasonInvalid, "scoped_teams", "project 0 does not exist"},
		{"two organizations", admin, tenant.NewKey{Label: "x", Scopes: read, ProjectIDs: []int64{1, 3}}, tenant.ReasonInvalid, "scoped_teams", "one organization"},
		{"project of another", admin, tenant.NewKey{Label: "x", Scopes: read, ProjectIDs: []int64{1}, Organization: "acme"}, tenant.ReasonInvalid, "scoped_teams", `not of the organization "acme"`},
		{"unknown organization", admin, tenant.NewKey{Label: "x", Scopes: read, Organization: "nobody"}, tenant.ReasonNotFound, "organization", `"nobody"`},

		{"token of a project", token, tenant.NewKey{Label: "x", Scopes: read}, tenant.ReasonMissingScope, "", "logs:write"},
		{"key that reads", use(tenant.ScopeRead), tenant.NewKey{Label: "x", Scopes: read}, tenant.ReasonMissingScope, "", "logs:write"},
		{"more scopes", use(tenant.ScopeWrite), tenant.NewKey{Label: "x", Scopes: []tenant.Scope{"*"}}, tenant.ReasonMissingScope, "scopes", `"*"`},
		{"all projects", use(tenant.ScopeAll, 1), tenant.NewKey{Label: "x", Scopes: read}, tenant.ReasonInvalid, "scoped_teams", "name the projects"},
		{"more projects", use(tenant.ScopeAll, 1), tenant.NewKey{Label: "x", Scopes: read, ProjectIDs: []int64{1, 2}}, tenant.ReasonInvalid, "scoped_teams", "project 2 does not exist or the key may not use it"},
		{"foreign project", use(tenant.ScopeAll), tenant.NewKey{Label: "x", Scopes: read, ProjectIDs: []int64{3}}, tenant.ReasonInvalid, "scoped_teams", "project 3"},
		{"foreign organization", use(tenant.ScopeAll), tenant.NewKey{Label: "x", Scopes: read, Organization: "acme"}, tenant.ReasonWrongOrganization, "", "acme"},
		{"nobody", nil, tenant.NewKey{Label: "x", Scopes: read}, tenant.ReasonMissingCredentials, "", ""},
	}
	before, err := d.Keys(t.Context(), admin)
	require.NoError(t, err)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, value, err := d.CreateKey(t.Context(), test.by, test.request)
			requireRefusal(t, err, test.reason, test.message)
			require.Empty(t, value)
			var refusal *tenant.Error
			require.ErrorAs(t, err, &refusal)
			require.Equal(t, test.field, refusal.Field)
		})
	}
	after, err := d.Keys(t.Context(), admin)
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestAKeyMakesKeysThatCanDoNoMore(t *testing.T) {
	d := start(t, openStore(t), directory.Options{})
	createProject(t, d, "Two", "")
	_, makerValue := createKey(t, d, admin, tenant.ScopeWrite, 1, 2)
	maker := requireIdentity(t, d, makerValue)

	_, value := createKey(t, d, maker, tenant.ScopeWrite, 2)
	made := requireIdentity(t, d, value)
	require.NoError(t, made.Can(tenant.ScopeIngest))
	require.Len(t, made.Projects, 1)
	_, _, err := d.CreateKey(t.Context(), made, tenant.NewKey{Label: "x", Scopes: []tenant.Scope{tenant.ScopeRead}, ProjectIDs: []int64{1}})
	requireRefusal(t, err, tenant.ReasonInvalid, "project 1")
}

func TestKeysAreSeenByTheirMaker(t *testing.T) {
	d := start(t, openStore(t), directory.Options{})
	first, firstValue := createKey(t, d, admin, tenant.ScopeAll)
	second, secondValue := createKey(t, d, admin, tenant.ScopeWrite)
	byFirst, bySecond := requireIdentity(t, d, firstValue), requireIdentity(t, d, secondValue)
	made, madeValue := createKey(t, d, byFirst, tenant.ScopeRead)
	byMade := requireIdentity(t, d, madeValue)
	projects, err := d.Projects(t.Context(), admin)
	require.NoError(t, err)
	byToken := requireIdentity(t, d, projects[0].APIToken)

	tests := []struct {
		name   string
		by     *tenant.Identity
		listed []string // newest first
		hidden []string
	}{
		{"admin", admin, []string{made.ID, second.ID, first.ID}, []string{"unknown", ""}},
		{"maker", byFirst, []string{made.ID}, []string{second.ID}},
		{"another key", bySecond, []string{}, []string{first.ID, made.ID}},
		{"the key that was made", byMade, []string{}, []string{first.ID, second.ID}},
		{"token of a project", byToken, []string{}, []string{first.ID, second.ID, made.ID, ""}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			keys, err := d.Keys(t.Context(), test.by)
			require.NoError(t, err)
			ids := []string{}
			for _, key := range keys {
				ids = append(ids, key.ID)
				_, err := d.Key(t.Context(), test.by, key.ID)
				require.NoError(t, err)
			}
			require.Equal(t, test.listed, ids)
			for _, id := range test.hidden {
				_, err := d.Key(t.Context(), test.by, id)
				requireRefusal(t, err, tenant.ReasonNotFound, "there is no key")
				requireRefusal(t, d.DeleteKey(t.Context(), test.by, id), tenant.ReasonNotFound, "there is no key")
			}
		})
	}
	own, err := d.Key(t.Context(), bySecond, second.ID)
	require.NoError(t, err, "a key sees itself")
	require.Equal(t, second.Label, own.Label)
}

func TestDeleteKey(t *testing.T) {
	store := openStore(t)
	d := start(t, store, directory.Options{})
	maker, makerValue := createKey(t, d, admin, tenant.ScopeWrite)
	byMaker := requireIdentity(t, d, makerValue)
	made, madeValue := createKey(t, d, byMaker, tenant.ScopeRead)
	kept, keptValue := createKey(t, d, byMaker, tenant.ScopeWrite)

	require.NoError(t, d.DeleteKey(t.Context(), byMaker, made.ID))
	_, err := authenticate(d, madeValue)
	requireRefusal(t, err, tenant.ReasonInvalidCredentials, "revoked")
	requireRefusal(t, d.DeleteKey(t.Context(), byMaker, made.ID), tenant.ReasonNotFound, made.ID)

	require.NoError(t, d.DeleteKey(t.Context(), byMaker, maker.ID), "a key may revoke itself")
	requireIdentity(t, d, keptValue)

	// The identity of a request that is still going on can do nothing more.
	_, err = d.Projects(t.Context(), byMaker)
	requireRefusal(t, err, tenant.ReasonInvalidCredentials, "revoked")
	_, err = d.Keys(t.Context(), byMaker)
	requireRefusal(t, err, tenant.ReasonInvalidCredentials, "revoked")
	_, _, err = d.CreateKey(t.Context(), byMaker, tenant.NewKey{Label: "x", Scopes: []tenant.Scope{tenant.ScopeRead}})
	requireRefusal(t, err, tenant.ReasonInvalidCredentials, "revoked")
	requireRefusal(t, d.DeleteKey(t.Context(), byMaker, kept.ID), tenant.ReasonInvalidCredentials, "revoked")

	again := start(t, store, directory.Options{})
	_, err = authenticate(again, makerValue)
	requireRefusal(t, err, tenant.ReasonInvalidCredentials, "revoked")
	requireIdentity(t, again, keptValue)
}

func TestChangesThatCannotBeStoredAreNotMade(t *testing.T) {
	store := openStore(t)
	d := start(t, store, directory.Options{})
	key, value := createKey(t, d, admin, tenant.ScopeWrite)
	store.broken.Store(true)

	_, _, err := d.CreateKey(t.Context(), admin, tenant.NewKey{Label: "x", Scopes: []tenant.Scope{tenant.ScopeRead}})
	require.ErrorIs(t, err, errBroken)
	require.ErrorIs(t, d.DeleteKey(t.Context(), admin, key.ID), errBroken)
	_, err = d.CreateProject(t.Context(), admin, tenant.NewProject{Name: "x", Organization: "new"})
	require.ErrorIs(t, err, errBroken)
	requireIdentity(t, d, value)
	store.broken.Store(false)

	keys, err := d.Keys(t.Context(), admin)
	require.NoError(t, err)
	require.Len(t, keys, 1)
	projects, err := d.Projects(t.Context(), admin)
	require.NoError(t, err)
	require.Len(t, projects, 1)
}

// TestDeleteKeyThatChangedElsewhere deletes what the snapshot knows in an older version.
func TestDeleteKeyThatChangedElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := openStore(t)
		d := start(t, store, directory.Options{})
		key, value := createKey(t, d, admin, tenant.ScopeWrite)
		stored, err := store.Get(t.Context(), "keys", key.ID)
		require.NoError(t, err)
		_, err = store.Update(t.Context(), stored)
		require.NoError(t, err)
		require.NoError(t, d.DeleteKey(t.Context(), admin, key.ID))
		_, err = authenticate(d, value)
		requireRefusal(t, err, tenant.ReasonInvalidCredentials, "revoked")

		key, _ = createKey(t, d, admin, tenant.ScopeWrite)
		stored, err = store.Get(t.Context(), "keys", key.ID)
		require.NoError(t, err)
		require.NoError(t, store.Delete(t.Context(), "keys", key.ID, stored.Version))
		require.NoError(t, d.DeleteKey(t.Context(), admin, key.ID), "somebody else was faster, and it is gone")
	})
}

func TestLastUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := openStore(t)
		d := directory.New(store, directory.Options{AdminKey: adminKey})
		require.NoError(t, d.Start(t.Context()))
		key, value := createKey(t, d, admin, tenant.ScopeWrite)
		lastUse := func(in *directory.Directory) *time.Time {
			found, err := in.Key(t.Context(), admin, key.ID)
			require.NoError(t, err)
			return found.LastUsedAt
		}
		require.Nil(t, lastUse(d))

		used := time.Now()
		for range 1000 {
			requireIdentity(t, d, value)
		}
		require.True(t, used.Truncate(time.Microsecond).Equal(*lastUse(d)), "it is shown at once")
		require.Zero(t, store.updates.Load(), "no request waits for it to be written")

		time.Sleep(30 * time.Second)
		requireIdentity(t, d, value)
		time.Sleep(10 * time.Minute)
		require.Equal(t, int64(1), store.updates.Load(), "it is written once a minute, and only after a use")

		// A store that fails is asked again a minute later.
		store.broken.Store(true)
		used = time.Now()
		requireIdentity(t, d, value)
		time.Sleep(time.Minute)
		store.broken.Store(false)
		time.Sleep(time.Minute + 3*time.Second)
		require.Equal(t, int64(3), store.updates.Load())

		another := start(t, store, directory.Options{})
		require.True(t, used.Truncate(time.Microsecond).Equal(*lastUse(another)))

		time.Sleep(5 * time.Second)
		used = time.Now()
		requireIdentity(t, d, value)
		require.NoError(t, d.Shutdown(t.Context()))
		require.Equal(t, int64(4), store.updates.Load(), "a shutdown writes what is not written yet")
		time.Sleep(3 * time.Second)
		require.True(t, used.Truncate(time.Microsecond).Equal(*lastUse(another)))

		_, err := authenticate(another, value)
		require.NoError(t, err, "a change of the last use changes nothing else")
		require.NoError(t, another.DeleteKey(t.Context(), admin, key.ID))
	})
}

// TestLastUseIsTheLatestOfAllReplicas has two replicas use a key at different times.
func TestLastUseIsTheLatestOfAllReplicas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := openStore(t)
		first, second := directory.New(store, directory.Options{AdminKey: adminKey}), directory.New(store, directory.Options{AdminKey: adminKey})
		require.NoError(t, first.Start(t.Context()))
		require.NoError(t, second.Start(t.Context()))
		key, value := createKey(t, first, admin, tenant.ScopeWrite)
		time.Sleep(3 * time.Second)
		requireIdentity(t, first, value)
		time.Sleep(2 * time.Second)
		used := time.Now()
		requireIdentity(t, second, value)

		ctx := context.WithoutCancel(t.Context())
		require.NoError(t, second.Shutdown(ctx))
		require.NoError(t, first.Shutdown(ctx))
		third := start(t, store, directory.Options{})
		found, err := third.Key(t.Context(), admin, key.ID)
		require.NoError(t, err)
		require.True(t, used.Truncate(time.Microsecond).Equal(*found.LastUsedAt))
		require.Equal(t, int64(1), store.updates.Load(), "the earlier use is not written over the later one")
	})
}

// TestFieldsOfANewerVersionStay: replicas of two versions run during an upgrade.
func TestFieldsOfANewerVersionStay(t *testing.T) {
	store := openStore(t)
	d := start(t, store, directory.Options{})
	key, value := createKey(t, d, admin, tenant.ScopeWrite)
	stored, err := store.Get(t.Context(), "keys", key.ID)
	require.NoError(t, err)
	stored.Body = append([]byte(`{"from_the_future":{"a":[1]},`), stored.Body[1:]...)
	_, err = store.Update(t.Context(), stored)
	require.NoError(t, err)

	requireIdentity(t, d, value)
	require.NoError(t, d.Shutdown(t.Context()))
	stored, err = store.Get(t.Context(), "keys", key.ID)
	require.NoError(t, err)
	require.Contains(t, string(stored.Body), `"from_the_future":{"a":[1]}`)
	require.NotContains(t, string(stored.Body), `"last_used_at":null`)
}
