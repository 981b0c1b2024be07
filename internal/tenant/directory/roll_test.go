package directory_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/tenant"
	"github.com/docketlog/docket/internal/tenant/directory"
)

func TestRollKey(t *testing.T) {
	store := openStore(t)
	d := start(t, store, directory.Options{})
	maker, makerValue := createKey(t, d, admin, tenant.ScopeWrite, 1)
	byMaker := requireIdentity(t, d, makerValue)
	made, madeValue := createKey(t, d, byMaker, tenant.ScopeRead, 1)
	require.Nil(t, made.LastRolledAt)

	rolled, value, err := d.RollKey(t.Context(), byMaker, made.ID)
	require.NoError(t, err)
	require.Regexp(t, `^phx_[A-Za-z0-9_-]{43}$`, value)
	require.NotEqual(t, madeValue, value)
	require.Equal(t, tenant.MaskToken(value), rolled.MaskValue)
	require.WithinDuration(t, time.Now(), *rolled.LastRolledAt, time.Minute)
	_, err = authenticate(d, madeValue)
	requireRefusal(t, err, tenant.ReasonInvalidCredentials, "revoked")

	identity := requireIdentity(t, d, value)
	require.Equal(t, made.ID, identity.KeyID)
	require.Equal(t, made.Scopes, identity.Scopes)
	require.Len(t, identity.Projects, 1)
	shown, err := d.Key(t.Context(), byMaker, made.ID)
	require.NoError(t, err, "it is still seen by its maker")
	require.NotNil(t, shown.LastUsedAt)
	made.MaskValue, made.LastRolledAt, made.LastUsedAt = rolled.MaskValue, rolled.LastRolledAt, shown.LastUsedAt
	require.Equal(t, made, shown, "all else has stayed")

	_, own, err := d.RollKey(t.Context(), byMaker, maker.ID)
	require.NoError(t, err, "a key may roll itself")
	_, err = authenticate(d, makerValue)
	requireRefusal(t, err, tenant.ReasonInvalidCredentials, "revoked")

	again := start(t, store, directory.Options{})
	requireIdentity(t, again, own)
	requireIdentity(t, again, value)
	_, err = authenticate(again, madeValue)
	requireRefusal(t, err, tenant.ReasonInvalidCredentials, "revoked")
}

func TestWhoMayRollAKey(t *testing.T) {
	store := openStore(t)
	d := start(t, store, directory.Options{})
	first, firstValue := createKey(t, d, admin, tenant.ScopeAll)
	_, secondValue := createKey(t, d, admin, tenant.ScopeAll)
	made, madeValue := createKey(t, d, requireIdentity(t, d, firstValue), tenant.ScopeRead)
	projects, err := d.Projects(t.Context(), admin)
	require.NoError(t, err)
	for name, test := range map[string]struct {
		by *tenant.Identity
		id string
	}{
		"another key":       {requireIdentity(t, d, secondValue), first.ID},
		"its maker's maker": {requireIdentity(t, d, secondValue), made.ID},
		"what it made":      {requireIdentity(t, d, madeValue), first.ID},
		"a project's token": {requireIdentity(t, d, projects[0].APIToken), made.ID},
		"no such key":       {admin, "unknown"},
		"no id":             {admin, ""},
	} {
		_, value, err := d.RollKey(t.Context(), test.by, test.id)
		requireRefusal(t, err, tenant.ReasonNotFound, "there is no key")
		require.Empty(t, value, name)
	}
	_, _, err = d.RollKey(t.Context(), nil, first.ID)
	requireRefusal(t, err, tenant.ReasonMissingCredentials, "")

	byFirst := requireIdentity(t, d, firstValue)
	require.NoError(t, d.DeleteKey(t.Context(), admin, first.ID))
	_, _, err = d.RollKey(t.Context(), byFirst, first.ID)
	requireRefusal(t, err, tenant.ReasonInvalidCredentials, "revoked")

	store.broken.Store(true)
	_, _, err = d.RollKey(t.Context(), admin, made.ID)
	require.ErrorIs(t, err, errBroken)
	store.broken.Store(false)
	requireIdentity(t, d, madeValue)
}

// A rolled key loses nothing that replicas write at the same time, nor what a newer
// version has put there.
func TestRollKeyThatChangedElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := openStore(t)
		d := start(t, store, directory.Options{})
		another := start(t, store, directory.Options{})
		key, value := createKey(t, d, admin, tenant.ScopeWrite)
		stored, err := store.Get(t.Context(), "keys", key.ID)
		require.NoError(t, err)
		stored.Body = append([]byte(`{"from_the_future":{"a":[1]},`), stored.Body[1:]...)
		_, err = store.Update(t.Context(), stored)
		require.NoError(t, err)
		requireIdentity(t, d, value)

		_, rolled, err := d.RollKey(t.Context(), admin, key.ID)
		require.NoError(t, err)
		time.Sleep(3 * time.Second)
		_, err = authenticate(another, value)
		requireRefusal(t, err, tenant.ReasonInvalidCredentials, "revoked")
		requireIdentity(t, another, rolled)

		time.Sleep(2 * time.Minute)
		stored, err = store.Get(t.Context(), "keys", key.ID)
		require.NoError(t, err)
		require.Contains(t, string(stored.Body), `"from_the_future":{"a":[1]}`)
		requireIdentity(t, d, rolled)
		found, err := another.Key(t.Context(), admin, key.ID)
		require.NoError(t, err)
		require.NotNil(t, found.LastUsedAt)
		require.NotNil(t, found.LastRolledAt)

		require.NoError(t, store.Delete(t.Context(), "keys", key.ID, stored.Version))
		_, _, err = d.RollKey(t.Context(), admin, key.ID)
		requireRefusal(t, err, tenant.ReasonNotFound, key.ID)
	})
}

// Of rolls at the same time on several replicas, one value is good in the end.
func TestRollsAtTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := openStore(t)
		replicas := []*directory.Directory{start(t, store, directory.Options{}), start(t, store, directory.Options{})}
		key, _ := createKey(t, replicas[0], admin, tenant.ScopeWrite)
		time.Sleep(3 * time.Second)
		values := make([]string, 2)
		var rolling sync.WaitGroup
		for n, replica := range replicas {
			rolling.Go(func() {
				var err error
				_, values[n], err = replica.RollKey(context.Background(), admin, key.ID)
				if err != nil {
					t.Error(err)
				}
			})
		}
		rolling.Wait()
		time.Sleep(3 * time.Second)
		good := 0
		for _, value := range values {
			for _, replica := range replicas {
				if _, err := authenticate(replica, value); err == nil {
					good++
				}
			}
		}
		require.Equal(t, len(replicas), good)
	})
}

func TestOrganization(t *testing.T) {
	d := start(t, openStore(t), directory.Options{})
	acme := createProject(t, d, "Shop", "acme")
	key, value := createKey(t, d, admin, tenant.ScopeRead, 1)
	byKey, byToken := requireIdentity(t, d, value), requireIdentity(t, d, acme.APIToken)
	for _, test := range []struct {
		by         *tenant.Identity
		name, want string // the slug
	}{
		{admin, "", "default"},
		{admin, "default", "default"},
		{admin, key.OrganizationID, "default"},
		{admin, acme.OrganizationID, "acme"},
		{byKey, "", "default"},
		{byKey, key.OrganizationID, "default"},
		{byToken, "", "acme"},
		{byToken, "acme", "acme"},
	} {
		found, err := d.Organization(t.Context(), test.by, test.name)
		require.NoError(t, err)
		require.Equal(t, test.want, found.Slug)
	}
	for _, name := range []string{"acme", acme.OrganizationID, "nobody", "1"} {
		_, err := d.Organization(t.Context(), byKey, name)
		requireRefusal(t, err, tenant.ReasonNotFound, name)
	}
	_, err := d.Organization(t.Context(), admin, "nobody")
	requireRefusal(t, err, tenant.ReasonNotFound, "nobody")
	require.NoError(t, d.DeleteKey(t.Context(), admin, key.ID))
	_, err = d.Organization(t.Context(), byKey, "")
	requireRefusal(t, err, tenant.ReasonInvalidCredentials, "revoked")
}
