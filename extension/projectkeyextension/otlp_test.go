package projectkeyextension

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/docketlog/docket/internal/docstore/embedded"
	"github.com/docketlog/docket/internal/tenant"
)

// startOTLP starts the stock OTLP receiver with the extension as authenticator.
// It returns the addresses of gRPC and HTTP, and the identities that arrive.
func startOTLP(t *testing.T, authenticator component.Component) (grpcAddress, httpAddress string, arrived <-chan *tenant.Identity) {
	t.Helper()
	identities := make(chan *tenant.Identity, 1)
	next, err := consumer.NewLogs(func(ctx context.Context, _ plog.Logs) error {
		identity, _ := tenant.FromContext(ctx)
		identities <- identity
		return nil
	})
	require.NoError(t, err)

	factory := otlpreceiver.NewFactory()
	config := factory.CreateDefaultConfig().(*otlpreceiver.Config)
	auth := configauth.Config{AuthenticatorID: component.NewID(typ)}
	grpcConfig := config.Protocols.GRPC.GetOrInsertDefault()
	grpcConfig.NetAddr.Endpoint = freeAddress(t)
	grpcConfig.Auth = configoptional.Some(auth)
	httpConfig := config.Protocols.HTTP.GetOrInsertDefault()
	httpConfig.ServerConfig.NetAddr.Endpoint = freeAddress(t)
	httpConfig.ServerConfig.Auth.GetOrInsertDefault().Config = auth

	receiver, err := factory.CreateLogs(t.Context(), receivertest.NewNopSettings(factory.Type()), config, next)
	require.NoError(t, err)
	host := &storeHost{Host: componenttest.NewNopHost(), extensions: map[component.ID]component.Component{component.NewID(typ): authenticator}}
	require.NoError(t, receiver.Start(t.Context(), host))
	t.Cleanup(func() { require.NoError(t, receiver.Shutdown(context.WithoutCancel(t.Context()))) })
	return grpcConfig.NetAddr.Endpoint, httpConfig.ServerConfig.NetAddr.Endpoint, identities
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, listener.Close()) }()
	return listener.Addr().String()
}

func exportGRPC(t *testing.T, address, token string) error {
	t.Helper()
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer func() { require.NoError(t, connection.Close()) }()
	ctx := metadata.AppendToOutgoingContext(t.Context(), "Authorization", "Bearer "+token, "Docket-Project-Id", "1")
	_, err = plogotlp.NewGRPCClient(connection).Export(ctx, oneLog())
	return err
}

func exportHTTP(t *testing.T, address, token string) int {
	t.Helper()
	body, err := oneLog().MarshalJSON()
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/v1/logs", strings.NewReader(string(body)))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Docket-Project-Id", "1")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response.StatusCode
}

func oneLog() plogotlp.ExportRequest {
	logs := plog.NewLogs()
	logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr("hello")
	return plogotlp.NewExportRequestFromLogs(logs)
}

func TestOTLPReceiver(t *testing.T) {
	documents, err := embedded.Open(filepath.Join(t.TempDir(), "documents.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, documents.Close()) })
	started := startExtension(t, hostOf(documents))
	key, value, err := started.Directory().CreateKey(t.Context(), &tenant.Identity{Admin: true},
		tenant.NewKey{Label: "app", Scopes: []tenant.Scope{tenant.ScopeWrite}})
	require.NoError(t, err)
	grpcAddress, httpAddress, arrived := startOTLP(t, started)

	requireArrived := func() {
		t.Helper()
		identity := <-arrived
		require.NotNil(t, identity)
		require.Equal(t, key.ID, identity.KeyID)
		require.Equal(t, "1", identity.NamedProject)
	}
	require.NoError(t, exportGRPC(t, grpcAddress, value))
	requireArrived()
	require.Equal(t, http.StatusOK, exportHTTP(t, httpAddress, value))
	requireArrived()

	for _, token := range []string{"", "wrong"} {
		require.Equal(t, codes.Unauthenticated, status.Code(exportGRPC(t, grpcAddress, token)))
		require.Equal(t, http.StatusUnauthorized, exportHTTP(t, httpAddress, token))
	}
}

// TestOTLPReceiverDuringAnOutage uses an extension that was not started, which
// cannot tell whose key it is.
func TestOTLPReceiverDuringAnOutage(t *testing.T) {
	unavailable, err := NewFactory().Create(t.Context(), extensiontest.NewNopSettings(typ), configWithAdminKey())
	require.NoError(t, err)
	grpcAddress, _, arrived := startOTLP(t, unavailable)
	err = exportGRPC(t, grpcAddress, adminKey)
	require.Equal(t, codes.Unavailable, status.Code(err), "the client tries again")
	require.Len(t, status.Convert(err).Details(), 1)
	require.Empty(t, arrived)
}
