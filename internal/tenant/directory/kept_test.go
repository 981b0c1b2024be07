package directory_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/tenant"
	"github.com/docketlog/docket/internal/tenant/directory"
)

// patient are options for a store that may be away for long.
func patient(file string) directory.Options {
	return directory.Options{AdminKey: adminKey, RefreshInterval: 10 * time.Millisecond, StaleAfter: time.Hour, File: file}
}

func requireUnavailable(t *testing.T, err error, reason string) {
	t.Helper()
	var unavailable *tenant.UnavailableError
	require.ErrorAs(t, err, &unavailable)
	assert.Contains(t, unavailable.Reason, reason)
	assert.GreaterOrEqual(t, unavailable.RetryAfter, time.Second)
}

func TestRestartWithoutTheStore(t *testing.T) {
	store, file := openStore(t), filepath.Join(t.TempDir(), "keys.json")
	first := start(t, store, patient(file))
	_, value := createKey(t, first, admin, tenant.ScopeWrite, 1)
	project, err := first.CreateProject(t.Context(), admin, tenant.NewProject{Name: "Second"})
	require.NoError(t, err)
	require.NoError(t, first.Shutdown(t.Context()))

	store.broken.Store(true)
	again := start(t, store, patient(file))
	assert.Equal(t, []int64{1}, projectIDs(requireIdentity(t, again, value)))
	assert.True(t, requireIdentity(t, again, adminKey).Admin)
	assert.Equal(t, []int64{project.ID}, projectIDs(requireIdentity(t, again, project.APIToken)))
	_, _, err = again.CreateKey(t.Context(), admin, tenant.NewKey{Label: "new", Scopes: []tenant.Scope{tenant.ScopeRead}})
	require.ErrorIs(t, err, errBroken)
	require.NoError(t, again.Shutdown(t.Context()), "an outage of the store is none of a stop")
}

func projectIDs(identity *tenant.Identity) (ids []int64) {
	for _, project := range identity.Projects {
		ids = append(ids, project.ID)
	}
	return ids
}

func TestKeyOfDuringAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, file := openStore(t), filepath.Join(t.TempDir(), "keys.json")
		options := patient(file)
		options.RefreshInterval = time.Second
		d := start(t, store, options)
		_, value := createKey(t, d, admin, tenant.ScopeWrite, 1)
		store.broken.Store(true)

		time.Sleep(30 * time.Minute)
		requireIdentity(t, d, value)
		_, err := authenticate(d, "phx_which_another_replica_may_have_made")
		requireUnavailable(t, err, "could not be read for 30m0s")
		require.NoError(t, d.Shutdown(t.Context()))

		time.Sleep(20 * time.Minute)
		d = start(t, store, options)
		requireIdentity(t, d, value)

		time.Sleep(11 * time.Minute)
		_, err = authenticate(d, value)
		requireUnavailable(t, err, "could not be read for 1h1m")

		store.broken.Store(false)
		time.Sleep(2 * time.Second)
		requireIdentity(t, d, value)
		_, err = authenticate(d, "phx_of_nobody")
		requireRefusal(t, err, tenant.ReasonInvalidCredentials, "")
		require.NoError(t, d.Shutdown(t.Context()))
	})
}

// What another replica has done during this one's outage is seen right after it.
func TestRevocationDuringARestart(t *testing.T) {
	store, file := openStore(t), filepath.Join(t.TempDir(), "keys.json")
	first := start(t, store, patient(file))
	key, value := createKey(t, first, admin, tenant.ScopeWrite, 1)
	require.NoError(t, first.Shutdown(t.Context()))
	other := start(t, store.Store, patient(""))
	require.NoError(t, other.DeleteKey(t.Context(), admin, key.ID))

	store.broken.Store(true)
	again := start(t, store, patient(file))
	requireIdentity(t, again, value)
	store.broken.Store(false)
	require.Eventually(t, func() bool { _, err := authenticate(again, value); return err != nil }, 5*time.Second, time.Millisecond)
	_, err := authenticate(again, value)
	requireRefusal(t, err, tenant.ReasonInvalidCredentials, "")
}

func TestFirstStartWithoutTheStore(t *testing.T) {
	for name, content := range map[string]string{
		"no file": "", "a damaged file": `{"version":1,"keys":`, "a file of another version": `{"version":2}`,
	} {
		t.Run(name, func(t *testing.T) {
			store, file := openStore(t), filepath.Join(t.TempDir(), "keys.json")
			if content != "" {
				require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
			}
			store.broken.Store(true)
			d := start(t, store, patient(file))
			_, err := authenticate(d, adminKey)
			requireUnavailable(t, err, "could not be read yet")
			_, err = d.Projects(t.Context(), admin)
			requireUnavailable(t, err, "could not be read yet")

			store.broken.Store(false)
			require.Eventually(t, func() bool { _, err := authenticate(d, adminKey); return err == nil }, 5*time.Second, time.Millisecond)
			assert.Equal(t, []int64{1}, projectIDs(requireIdentity(t, d, adminKey)), "the defaults were made")
		})
	}
}

func TestKeptFile(t *testing.T) {
	store, file := openStore(t), filepath.Join(t.TempDir(), "keys.json")
	d := start(t, store, patient(file))
	_, value := createKey(t, d, admin, tenant.ScopeWrite, 1)
	require.NoError(t, d.Shutdown(t.Context()))
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.NotContains(t, string(content), value)
	assert.NotContains(t, string(content), adminKey)
	assert.Contains(t, string(content), "Default project")

	entries, err := os.ReadDir(filepath.Dir(file))
	require.NoError(t, err)
	assert.Len(t, entries, 1, "no unfinished file is left")
}

// A folder that cannot be written costs nothing but a restart during an outage.
func TestKeysThatCannotBeKept(t *testing.T) {
	d := start(t, openStore(t), patient(filepath.Join(t.TempDir(), "nowhere", "keys.json")))
	requireIdentity(t, d, adminKey)
}
