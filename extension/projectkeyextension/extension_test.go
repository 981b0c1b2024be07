package projectkeyextension

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/docketlog/docket/extension/projectkeyextension/internal/metadata"
	"github.com/docketlog/docket/extension/projectkeyextension/internal/metadatatest"
	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/docstore/embedded"
	"github.com/docketlog/docket/internal/ratelimit"
	"github.com/docketlog/docket/internal/tenant"
)

func bearer(token string) map[string][]string {
	return map[string][]string{"Authorization": {"Bearer " + token}}
}

func TestAuthenticatePutsTheIdentityIntoTheContext(t *testing.T) {
	started := startExtension(t, newStoreHost(t))
	address := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}
	ctx := client.NewContext(t.Context(), client.Info{Addr: address})
	headers := bearer(adminKey)
	headers["X-Cm-Projectid"] = []string{"1"}

	ctx, err := started.Authenticate(ctx, headers)
	require.NoError(t, err)
	identity, ok := tenant.FromContext(ctx)
	require.True(t, ok)
	require.True(t, identity.Admin)
	project, err := identity.Project("")
	require.NoError(t, err)
	require.Equal(t, int64(1), project.ID)
	require.Equal(t, address, client.FromContext(ctx).Addr)

	key, value, err := started.Directory().CreateKey(ctx, identity, tenant.NewKey{Label: "app", Scopes: []tenant.Scope{tenant.ScopeWrite}})
	require.NoError(t, err)
	ctx, err = started.Authenticate(t.Context(), map[string][]string{"token": {value}, "organization": {"default"}})
	require.NoError(t, err)
	identity, _ = tenant.FromContext(ctx)
	require.Equal(t, key.ID, identity.KeyID)
}

func TestAuthenticateRefuses(t *testing.T) {
	started := startExtension(t, newStoreHost(t))
	for _, test := range []struct {
		headers map[string][]string
		reason  tenant.Reason
	}{
		{nil, tenant.ReasonMissingCredentials},
		{map[string][]string{"Authorization": {"Basic abc"}}, tenant.ReasonMissingCredentials},
		{bearer("wrong"), tenant.ReasonInvalidCredentials},
	} {
		ctx, err := started.Authenticate(t.Context(), test.headers)
		refusal, ok := errors.AsType[*tenant.Error](err)
		require.True(t, ok)
		require.Equal(t, test.reason, refusal.Reason)
		_, ok = status.FromError(err)
		require.False(t, ok, "configgrpc answers Unauthenticated to errors without a status")
		_, ok = tenant.FromContext(ctx)
		require.False(t, ok)
	}
}

// brokenStore cannot be read while broken is set.
type brokenStore struct {
	docstore.Store
	broken atomic.Bool
}

func (s *brokenStore) List(ctx context.Context, collection, prefix string) ([]docstore.Document, error) {
	if s.broken.Load() {
		return nil, errors.New("no answer")
	}
	return s.Store.List(ctx, collection, prefix)
}

func TestNobodyIsRefusedBecauseOfAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		documents, err := embedded.Open(filepath.Join(t.TempDir(), "documents.db"))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, documents.Close()) })
		store := &brokenStore{Store: documents}
		started := startExtension(t, hostOf(store))

		store.broken.Store(true)
		time.Sleep(10 * time.Second)
		for _, token := range []string{adminKey, "wrong"} {
			_, err := started.Authenticate(t.Context(), bearer(token))
			requireUnavailable(t, err, 2*time.Second)
		}
		store.broken.Store(false)
		time.Sleep(3 * time.Second)
		_, err = started.Authenticate(t.Context(), bearer(adminKey))
		require.NoError(t, err)
	})
}

func requireUnavailable(t *testing.T, err error, retryAfter time.Duration) {
	t.Helper()
	_, refused := errors.AsType[*tenant.Error](err)
	require.False(t, refused)
	unavailable, ok := errors.AsType[*tenant.UnavailableError](err)
	require.True(t, ok)
	require.Equal(t, retryAfter, unavailable.RetryAfter)
	answer, ok := status.FromError(err)
	require.True(t, ok)
	require.Equal(t, codes.Unavailable, answer.Code())
	require.Len(t, answer.Details(), 1)
}

func TestNotStarted(t *testing.T) {
	created, err := newProjectKey(extensiontest.NewNopSettings(typ), configWithAdminKey())
	require.NoError(t, err)
	require.Nil(t, created.Directory())
	_, err = created.Authenticate(t.Context(), bearer(adminKey))
	requireUnavailable(t, err, time.Second)
}

func TestStoreIsFoundByItsID(t *testing.T) {
	config := configWithAdminKey()
	config.Store = component.MustNewIDWithName("log_store", "main")
	created, err := newProjectKey(extensiontest.NewNopSettings(typ), config)
	require.NoError(t, err)
	var dependent extensioncapabilities.Dependent = created
	require.Equal(t, []component.ID{config.Store}, dependent.Dependencies())

	host := newStoreHost(t)
	require.ErrorContains(t, created.Start(t.Context(), host), `there is no extension "log_store/main": add it to service::extensions`)
	host.extensions[config.Store] = created
	require.ErrorContains(t, created.Start(t.Context(), host), `"log_store/main" keeps no documents`)
	host.extensions[config.Store] = host.extensions[component.MustNewID("log_store")]
	require.NoError(t, created.Start(t.Context(), host))
	require.NoError(t, created.Shutdown(t.Context()))
}

func TestStartFails(t *testing.T) {
	t.Run("without a file for the admin key", func(t *testing.T) {
		config := createDefaultConfig().(*Config)
		config.AdminKeyFile = t.TempDir()
		created, err := newProjectKey(extensiontest.NewNopSettings(typ), config)
		require.NoError(t, err)
		require.Error(t, created.Start(t.Context(), newStoreHost(t)))
		require.NoError(t, created.Shutdown(t.Context()))
	})
	t.Run("without an answer of the store", func(t *testing.T) {
		documents, err := embedded.Open(filepath.Join(t.TempDir(), "documents.db"))
		require.NoError(t, err)
		require.NoError(t, documents.Close())
		created, err := newProjectKey(extensiontest.NewNopSettings(typ), configWithAdminKey())
		require.NoError(t, err)
		err = created.Start(t.Context(), hostOf(documents))
		require.ErrorIs(t, err, docstore.ErrClosed)
		require.ErrorContains(t, err, "start the directory of projects and keys")
		require.NoError(t, created.Shutdown(t.Context()))
	})
}

// With a snapshot file, a start while the store cannot be read knows who was known.
func TestStartWithoutTheStore(t *testing.T) {
	documents, err := embedded.Open(filepath.Join(t.TempDir(), "documents.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, documents.Close()) })
	store := &brokenStore{Store: documents}
	config := configWithAdminKey()
	config.StaleAfter, config.SnapshotFile = time.Hour, filepath.Join(t.TempDir(), "keys.json")
	for _, isBroken := range []bool{false, true} {
		store.broken.Store(isBroken)
		created, err := newProjectKey(extensiontest.NewNopSettings(typ), config)
		require.NoError(t, err)
		require.NoError(t, created.Start(t.Context(), hostOf(store)))
		_, err = created.Authenticate(t.Context(), bearer(adminKey))
		require.NoError(t, err)
		require.NoError(t, created.Shutdown(t.Context()))
	}
}

// TestRevocationReachesAnotherReplica runs two extensions with the default
// intervals over one store.
func TestRevocationReachesAnotherReplica(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := newStoreHost(t)
		here, there := startExtension(t, host), startExtension(t, host)
		admin := &tenant.Identity{Admin: true}
		key, value, err := here.Directory().CreateKey(t.Context(), admin, tenant.NewKey{Label: "app", Scopes: []tenant.Scope{tenant.ScopeRead}})
		require.NoError(t, err)
		time.Sleep(5 * time.Second)
		_, err = there.Authenticate(t.Context(), bearer(value))
		require.NoError(t, err)

		require.NoError(t, here.Directory().DeleteKey(t.Context(), admin, key.ID))
		_, err = here.Authenticate(t.Context(), bearer(value))
		require.Error(t, err)
		time.Sleep(5 * time.Second)
		_, err = there.Authenticate(t.Context(), bearer(value))
		refusal, ok := errors.AsType[*tenant.Error](err)
		require.True(t, ok)
		require.Equal(t, tenant.ReasonInvalidCredentials, refusal.Reason)
	})
}

func TestFailedSignInsAreObserved(t *testing.T) {
	created, err := newProjectKey(extensiontest.NewNopSettings(metadata.Type), configWithAdminKey())
	require.NoError(t, err)
	require.NoError(t, created.Start(t.Context(), newStoreHost(t)))
	t.Cleanup(func() { require.NoError(t, created.Shutdown(context.WithoutCancel(t.Context()))) })
	var observed []map[string][]string
	created.ObserveFailedSignIns(func(_ context.Context, headers map[string][]string) { observed = append(observed, headers) })
	for _, token := range []string{"", adminKey, "wrong"} {
		_, _ = created.Authenticate(t.Context(), bearer(token))
	}
	require.Equal(t, []map[string][]string{bearer("wrong")}, observed)
	created.ObserveFailedSignIns(nil)
	_, err = created.Authenticate(t.Context(), bearer("wrong"))
	require.Error(t, err)
	require.Len(t, observed, 1)
}

func TestTooManyRequests(t *testing.T) {
	config := configWithAdminKey()
	config.RateLimit = ratelimit.Config{RequestsPerSecond: 0.1, Burst: 2}
	started := startConfigured(t, newStoreHost(t), config)
	key, value, err := started.Directory().CreateKey(t.Context(), &tenant.Identity{Admin: true},
		tenant.NewKey{Label: "app", Scopes: []tenant.Scope{tenant.ScopeWrite}})
	require.NoError(t, err)
	projects, err := started.Directory().Projects(t.Context(), &tenant.Identity{Admin: true})
	require.NoError(t, err)
	for _, token := range []string{value, adminKey, projects[0].APIToken} { // each has a limit of its own
		for n := range 5 {
			ctx, err := started.Authenticate(t.Context(), bearer(token))
			require.NoError(t, err, "whoever it is, is known")
			identity, ok := tenant.FromContext(ctx)
			require.True(t, ok)
			if n < 2 {
				require.NoError(t, identity.MayIngest())
				continue
			}
			throttled, ok := errors.AsType[*tenant.ThrottledError](identity.MayIngest())
			require.True(t, ok)
			require.InDelta(t, 0.1, throttled.RequestsPerSecond, 0)
			require.InDelta(t, 10*time.Second, throttled.RetryAfter, float64(time.Second))
		}
	}
	_, err = started.Authenticate(t.Context(), bearer("wrong"))
	require.Error(t, err)
	identity, err := started.Directory().Authenticate(t.Context(), tenant.Credentials{Token: value})
	require.NoError(t, err)
	require.Equal(t, key.ID, identity.KeyID)
	require.Nil(t, identity.Throttled, "who only asks is not counted")
}

func TestAuthenticationsAreCounted(t *testing.T) {
	telemetry := componenttest.NewTelemetry()
	t.Cleanup(func() { require.NoError(t, telemetry.Shutdown(context.WithoutCancel(t.Context()))) })
	settings := extensiontest.NewNopSettings(metadata.Type)
	settings.TelemetrySettings = telemetry.NewTelemetrySettings()
	config := configWithAdminKey()
	config.RateLimit = ratelimit.Config{RequestsPerSecond: 0.001, Burst: 3}
	created, err := newProjectKey(settings, config)
	require.NoError(t, err)

	tokens := []string{"", adminKey, adminKey, adminKey, adminKey, "wrong", "wrong"}
	_, err = created.Authenticate(t.Context(), bearer(adminKey))
	require.Error(t, err, "not started")
	require.NoError(t, created.Start(t.Context(), newStoreHost(t)))
	for _, token := range tokens {
		_, _ = created.Authenticate(t.Context(), bearer(token))
	}
	require.NoError(t, created.Shutdown(t.Context()))

	point := func(outcome string, count int64) metricdata.DataPoint[int64] {
		return metricdata.DataPoint[int64]{Value: count, Attributes: attribute.NewSet(attribute.String("outcome", outcome))}
	}
	metadatatest.AssertEqualProjectKeyAuthentications(t, telemetry, []metricdata.DataPoint[int64]{
		point("accepted", 3), point("throttled", 1), point("missing", 1), point("invalid", 2), point("unavailable", 1),
	}, metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
}
