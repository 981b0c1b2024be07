package directory_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/docstore/embedded"
	"github.com/docketlog/docket/internal/tenant"
	"github.com/docketlog/docket/internal/tenant/directory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const adminKey = "the admin key of the tests"

var admin = &tenant.Identity{Admin: true}

// faultyStore fails while broken is set.
type faultyStore struct {
	docstore.Store
	broken  atomic.Bool
	updates atomic.Int64
}

var errBroken = errors.New("the store is broken")

func (s *faultyStore) List(ctx context.Context, collection, prefix string) ([]docstore.Document, error) {
	if s.broken.Load() {
		return nil, errBroken
	}
	return s.Store.List(ctx, collection, prefix)
}

func (s *faultyStore) Create(ctx context.Context, document docstore.Document) (docstore.Document, error) {
	if s.broken.Load() {
		return docstore.Document{}, errBroken
	}
	return s.Store.Create(ctx, document)
}

func (s *faultyStore) Update(ctx context.Context, document docstore.Document) (docstore.Document, error) {
	s.updates.Add(1)
	if s.broken.Load() {
		return docstore.Document{}, errBroken
	}
	return s.Store.Update(ctx, document)
}

func (s *faultyStore) Delete(ctx context.Context, collection, id string, version int64) error {
	if s.broken.Load() {
		return errBroken
	}
	return s.Store.Delete(ctx, collection, id, version)
}

func openStore(tb testing.TB) *faultyStore {
	tb.Helper()
	store, err := embedded.Open(filepath.Join(tb.TempDir(), "documents.db"))
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, store.Close()) })
	return &faultyStore{Store: store}
}

func start(tb testing.TB, store docstore.Store, options directory.Options) *directory.Directory {
	tb.Helper()
	options.AdminKey = adminKey
	started := directory.New(store, options)
	require.NoError(tb, started.Start(tb.Context()))
	tb.Cleanup(func() { require.NoError(tb, started.Shutdown(context.WithoutCancel(tb.Context()))) })
	return started
}

func authenticate(d *directory.Directory, token string) (*tenant.Identity, error) {
	return d.Authenticate(context.Background(), tenant.Credentials{Token: token})
}

func requireIdentity(t *testing.T, d *directory.Directory, token string) *tenant.Identity {
	t.Helper()
	identity, err := authenticate(d, token)
	require.NoError(t, err)
	return identity
}

func requireRefusal(t *testing.T, err error, reason tenant.Reason, message string) {
	t.Helper()
	var refusal *tenant.Error
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, reason, refusal.Reason, refusal.Message)
	require.Contains(t, refusal.Message, message)
}

func createKey(t *testing.T, d *directory.Directory, by *tenant.Identity, scope tenant.Scope, projects ...int64) (tenant.Key, string) {
	t.Helper()
	key, value, err := d.CreateKey(t.Context(), by, tenant.NewKey{
		Label: "a key", Scopes: []tenant.Scope{scope}, ProjectIDs: projects,
	})
	require.NoError(t, err)
	return key, value
}

func createProject(t *testing.T, d *directory.Directory, name, organization string) tenant.Project {
	t.Helper()
	project, err := d.CreateProject(t.Context(), admin, tenant.NewProject{Name: name, Organization: organization})
	require.NoError(t, err)
	return project
}

func TestFirstStart(t *testing.T) {
	store := openStore(t)
	first := start(t, store, directory.Options{})
	projects, err := first.Projects(t.Context(), admin)
	require.NoError(t, err)
	require.Len(t, projects, 1)
	project := projects[0]
	require.Equal(t, int64(1), project.ID)
	require.Equal(t, "Default project", project.Name)
	require.NoError(t, uuid.Validate(project.UUID))
	require.NoError(t, uuid.Validate(project.OrganizationID))
	require.Regexp(t, `^phc_[A-Za-z0-9_-]{43}$`, project.APIToken)
	require.WithinDuration(t, time.Now(), project.CreatedAt, time.Minute)
	require.Equal(t, "default", requireIdentity(t, first, project.APIToken).Organization.Slug)

	again := start(t, store, directory.Options{})
	projects, err = again.Projects(t.Context(), admin)
	require.NoError(t, err)
	require.Equal(t, []tenant.Project{project}, projects, "the second start finds what the first one made")
}

func TestReplicasThatStartAtOnceMakeOneProject(t *testing.T) {
	for range 5 {
		store := openStore(t)
		replicas := make([]*directory.Directory, 6)
		var starting sync.WaitGroup
		for n := range replicas {
			replicas[n] = directory.New(store, directory.Options{AdminKey: adminKey})
			starting.Go(func() {
				if err := replicas[n].Start(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		starting.Wait()
		var tokens []string
		for _, replica := range replicas {
			projects, err := replica.Projects(t.Context(), admin)
			require.NoError(t, err)
			require.Len(t, projects, 1)
			require.NotEmpty(t, requireIdentity(t, replica, projects[0].APIToken).Organization.ID)
			tokens = append(tokens, projects[0].APIToken)
			require.NoError(t, replica.Shutdown(t.Context()))
		}
		require.Equal(t, strings.Repeat(tokens[0], len(tokens)), strings.Join(tokens, ""))
	}
}

func TestAuthenticate(t *testing.T) {
	d := start(t, openStore(t), directory.Options{})
	acme := createProject(t, d, "Shop", "acme")
	key, value := createKey(t, d, admin, tenant.ScopeWrite, 1)

	t.Run("key", func(t *testing.T) {
		identity := requireIdentity(t, d, value)
		require.Equal(t, key.ID, identity.KeyID)
		require.Equal(t, "a key", identity.Label)
		require.False(t, identity.Admin)
		require.Equal(t, []tenant.Scope{tenant.ScopeWrite}, identity.Scopes)
		require.Equal(t, "default", identity.Organization.Slug)
		require.Len(t, identity.Projects, 1)
		require.Equal(t, int64(1), identity.Projects[0].ID)
	})
	t.Run("project token", func(t *testing.T) {
		identity := requireIdentity(t, d, acme.APIToken)
		require.Empty(t, identity.KeyID)
		require.Equal(t, "project token", identity.Label)
		require.Equal(t, []tenant.Scope{tenant.ScopeIngest}, identity.Scopes)
		require.Equal(t, "acme", identity.Organization.Slug)
		require.Equal(t, []tenant.Project{acme}, identity.Projects)
	})
	t.Run("admin key", func(t *testing.T) {
		identity := requireIdentity(t, d, adminKey)
		require.True(t, identity.Admin)
		require.Equal(t, "admin key", identity.Label)
		require.Zero(t, identity.Organization)
		require.Len(t, identity.Projects, 2)
	})
	t.Run("named project", func(t *testing.T) {
		for _, token := range []string{adminKey, value, acme.APIToken} {
			identity, err := d.Authenticate(t.Context(), tenant.Credentials{Token: token, Project: "2", Organization: "another"})
			require.NoError(t, err, "what an identity may do is asked of the identity")
			require.Equal(t, "2", identity.NamedProject)
			require.Empty(t, requireIdentity(t, d, token).NamedProject, "requests do not see each other's names")
		}
	})
	t.Run("no credentials", func(t *testing.T) {
		_, err := authenticate(d, "")
		requireRefusal(t, err, tenant.ReasonMissingCredentials, "Authorization: Bearer")
	})
	t.Run("wrong credentials", func(t *testing.T) {
		for _, token := range []string{
			"x", value[:len(value)-1], value + "x", strings.ToUpper(value), " " + value, key.ID, key.MaskValue,
			adminKey + " ", acme.UUID, strings.Repeat("x", 1<<20),
		} {
			_, err := authenticate(d, token)
			requireRefusal(t, err, tenant.ReasonInvalidCredentials, "wrong or was revoked")
		}
	})
}

// TestSecretsAreNotStored looks for tokens in the whole file of the store.
func TestSecretsAreNotStored(t *testing.T) {
	path := filepath.Join(t.TempDir(), "documents.db")
	store, err := embedded.Open(path)
	require.NoError(t, err)
	d := start(t, store, directory.Options{})
	key, value := createKey(t, d, admin, tenant.ScopeAll)
	requireIdentity(t, d, value)
	require.NoError(t, d.Shutdown(t.Context()))
	require.NoError(t, store.Close())

	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(content), key.MaskValue, "this is the file")
	require.NotContains(t, string(content), value)
	require.NotContains(t, string(content), strings.TrimPrefix(value, "phx_")[:20])
	require.NotContains(t, string(content), adminKey)
}

func TestBeforeStartAndAfterShutdown(t *testing.T) {
	d := directory.New(openStore(t), directory.Options{AdminKey: adminKey})
	require.NoError(t, d.Shutdown(t.Context()), "a directory that was never started can be shut down")
	requireUnavailable := func() {
		t.Helper()
		var unavailable *tenant.UnavailableError
		_, err := authenticate(d, adminKey)
		require.ErrorAs(t, err, &unavailable)
		require.GreaterOrEqual(t, unavailable.RetryAfter, time.Second)
		_, err = d.Projects(t.Context(), admin)
		require.ErrorAs(t, err, &unavailable)
		_, err = d.Keys(t.Context(), admin)
		require.ErrorAs(t, err, &unavailable)
		_, err = d.Key(t.Context(), admin, "id")
		require.ErrorAs(t, err, &unavailable)
		_, _, err = d.CreateKey(t.Context(), admin, tenant.NewKey{})
		require.ErrorAs(t, err, &unavailable)
		require.ErrorAs(t, d.DeleteKey(t.Context(), admin, "id"), &unavailable)
		_, err = d.CreateProject(t.Context(), admin, tenant.NewProject{})
		require.ErrorAs(t, err, &unavailable)
	}
	requireUnavailable()
	require.NoError(t, d.Start(t.Context()))
	requireIdentity(t, d, adminKey)
	require.NoError(t, d.Shutdown(t.Context()))
	requireUnavailable()
	require.NoError(t, d.Shutdown(t.Context()))
}

func TestStartFailsWithoutTheStore(t *testing.T) {
	store := openStore(t)
	store.broken.Store(true)
	require.ErrorIs(t, directory.New(store, directory.Options{}).Start(t.Context()), errBroken)
}

func TestRevocationReachesOtherReplicas(t *testing.T) {
	store := openStore(t)
	options := directory.Options{RefreshInterval: 20 * time.Millisecond}
	here, there := start(t, store, options), start(t, store, options)

	key, value := createKey(t, here, admin, tenant.ScopeWrite)
	requireIdentity(t, here, value)
	require.Eventually(t, func() bool { _, err := authenticate(there, value); return err == nil }, 5*time.Second, time.Millisecond)

	require.NoError(t, here.DeleteKey(t.Context(), admin, key.ID))
	_, err := authenticate(here, value)
	requireRefusal(t, err, tenant.ReasonInvalidCredentials, "revoked")
	require.Eventually(t, func() bool { _, err := authenticate(there, value); return err != nil }, 5*time.Second, time.Millisecond)
	_, err = authenticate(there, value)
	requireRefusal(t, err, tenant.ReasonInvalidCredentials, "revoked")
}

// TestRevocationReachesAReplicaThatLostTheStore is the promise of five seconds
// with the default options, to the nanosecond of a clock that is made up.
func TestRevocationReachesAReplicaThatLostTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := openStore(t)
		core, logs := observer.New(zap.InfoLevel)
		cutOff := &faultyStore{Store: store.Store}
		here, there := start(t, store, directory.Options{}), start(t, cutOff, directory.Options{Logger: zap.New(core)})
		key, value := createKey(t, here, admin, tenant.ScopeWrite)
		time.Sleep(3 * time.Second)
		requireIdentity(t, there, value)

		cutOff.broken.Store(true)
		require.NoError(t, here.DeleteKey(t.Context(), admin, key.ID))
		revoked := time.Now()
		var err error
		for err == nil {
			require.LessOrEqual(t, time.Since(revoked), 5*time.Second, "the revoked key is still accepted")
			time.Sleep(10 * time.Millisecond)
			_, err = authenticate(there, value)
		}
		var unavailable *tenant.UnavailableError
		require.ErrorAs(t, err, &unavailable)
		require.Equal(t, directory.DefaultRefreshInterval, unavailable.RetryAfter)
		require.Greater(t, time.Since(revoked), 3*time.Second, "a short outage is not noticed")
		_, err = authenticate(there, adminKey)
		require.ErrorAs(t, err, &unavailable, "this is so for every token")
		time.Sleep(time.Minute)
		require.Equal(t, 1, logs.Len(), "an outage is logged once")

		cutOff.broken.Store(false)
		time.Sleep(2 * time.Second)
		_, err = authenticate(there, value)
		requireRefusal(t, err, tenant.ReasonInvalidCredentials, "revoked")
		requireIdentity(t, there, adminKey)
		require.Equal(t, "Stored keys can be read again", logs.All()[1].Message)
		require.Equal(t, 2, logs.Len())
	})
}

func TestHangingStoreIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &hangingStore{Store: openStore(t).Store}
		d := start(t, store, directory.Options{})
		store.hangs.Store(true)
		time.Sleep(10 * time.Second)
		var unavailable *tenant.UnavailableError
		_, err := authenticate(d, adminKey)
		require.ErrorAs(t, err, &unavailable)
		store.hangs.Store(false)
		time.Sleep(5 * time.Second)
		requireIdentity(t, d, adminKey)
	})
}

// hangingStore answers List when its context ends.
type hangingStore struct {
	docstore.Store
	hangs atomic.Bool
}

func (s *hangingStore) List(ctx context.Context, collection, prefix string) ([]docstore.Document, error) {
	if s.hangs.Load() {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return s.Store.List(ctx, collection, prefix)
}

// TestRefreshesNeverUndoAChange refreshes as fast as it can while keys come and
// go, and asks after every change.
func TestRefreshesNeverUndoAChange(t *testing.T) {
	d := start(t, openStore(t), directory.Options{RefreshInterval: time.Microsecond})
	for range 50 {
		key, value := createKey(t, d, admin, tenant.ScopeRead)
		for range 200 {
			requireIdentity(t, d, value)
		}
		require.NoError(t, d.DeleteKey(t.Context(), admin, key.ID))
		for range 200 {
			_, err := authenticate(d, value)
			requireRefusal(t, err, tenant.ReasonInvalidCredentials, "revoked")
		}
	}
}

func TestDocumentsThatAreNotUnderstoodAreLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := openStore(t)
		core, logs := observer.New(zap.InfoLevel)
		d := start(t, store, directory.Options{Logger: zap.New(core)})
		key, value := createKey(t, d, admin, tenant.ScopeAll)

		stored, err := store.Get(t.Context(), "keys", key.ID)
		require.NoError(t, err)
		stored.Body = []byte(`{"scopes":"not a list"}`)
		_, err = store.Update(t.Context(), stored)
		require.NoError(t, err)
		for id, body := range map[string]string{
			"no-organization": `{"id":"no-organization","organization":"gone","sha256":"` + strings.Repeat("ab", 32) + `"}`,
			"no-hash":         `{"id":"no-hash"}`,
		} {
			_, err = store.Create(t.Context(), docstore.Document{Collection: "keys", ID: id, Body: json.RawMessage(body)})
			require.NoError(t, err)
		}
		time.Sleep(30 * time.Second)

		_, err = authenticate(d, value)
		requireRefusal(t, err, tenant.ReasonInvalidCredentials, "")
		requireIdentity(t, d, adminKey)
		_, err = d.Key(t.Context(), admin, key.ID)
		requireRefusal(t, err, tenant.ReasonNotFound, key.ID)
		require.Equal(t, 1, logs.Len(), "it is logged once for each version")
		require.Equal(t, key.ID, logs.All()[0].ContextMap()["id"])

		listed, err := d.Keys(t.Context(), admin)
		require.NoError(t, err)
		require.Len(t, listed, 2, "keys that open nothing can still be listed")
		require.NoError(t, d.DeleteKey(t.Context(), admin, "no-hash"), "and revoked")
	})
}
