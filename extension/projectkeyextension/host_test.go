package projectkeyextension

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/extensiontest"

	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/docstore/embedded"
)

// storeHost has extensions, and a log_store among them.
type storeHost struct {
	component.Host
	extensions map[component.ID]component.Component
}

func (h *storeHost) GetExtensions() map[component.ID]component.Component { return h.extensions }

// documentExtension is as much of a log_store extension as is needed here.
type documentExtension struct {
	component.StartFunc
	component.ShutdownFunc
	documents docstore.Store
}

func (e *documentExtension) Documents() docstore.Store { return e.documents }

func newStoreHost(t *testing.T) *storeHost {
	t.Helper()
	store, err := embedded.Open(filepath.Join(t.TempDir(), "documents.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return hostOf(store)
}

func hostOf(store docstore.Store) *storeHost {
	return &storeHost{extensions: map[component.ID]component.Component{
		component.MustNewID(defaultStore): &documentExtension{documents: store},
	}}
}

const adminKey = "the-admin-key-of-the-tests"

func configWithAdminKey() *Config {
	config := createDefaultConfig().(*Config)
	config.AdminKey = adminKey
	return config
}

// startExtension starts an extension with the admin key above.
func startExtension(t *testing.T, host component.Host) Extension {
	t.Helper()
	return startConfigured(t, host, configWithAdminKey())
}

func startConfigured(t *testing.T, host component.Host, config *Config) Extension {
	t.Helper()
	created, err := NewFactory().Create(t.Context(), extensiontest.NewNopSettings(typ), config)
	require.NoError(t, err)
	require.NoError(t, created.Start(t.Context(), host))
	t.Cleanup(func() { require.NoError(t, created.Shutdown(context.WithoutCancel(t.Context()))) })
	return created.(Extension)
}
