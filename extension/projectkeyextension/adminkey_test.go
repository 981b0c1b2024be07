package projectkeyextension

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/docketlog/docket/internal/tenant"
)

func TestAdminKeyIsMadeAtTheFirstStart(t *testing.T) {
	host := newStoreHost(t)
	path := filepath.Join(t.TempDir(), "data", "admin.key")
	core, logs := observer.New(zap.DebugLevel)
	start := func() {
		settings := extensiontest.NewNopSettings(typ)
		settings.Logger = zap.New(core)
		config := createDefaultConfig().(*Config)
		config.AdminKeyFile = path
		created, err := NewFactory().Create(t.Context(), settings, config)
		require.NoError(t, err)
		require.NoError(t, created.Start(t.Context(), host))
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		identity, err := created.(Extension).Directory().Authenticate(t.Context(),
			tenant.Credentials{Token: strings.TrimSpace(string(content))})
		require.NoError(t, err)
		require.True(t, identity.Admin)
		require.NoError(t, created.Shutdown(t.Context()))
	}
	start()
	made, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Regexp(t, `^pha_[A-Za-z0-9_-]{43}\n$`, string(made))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	beside, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, beside, 1, "the temporary file is gone")

	start()
	again, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, made, again)

	require.Equal(t, 2, logs.Len())
	for n, message := range []string{"was made and written to this file", "is in this file"} {
		entry := logs.All()[n]
		require.Contains(t, entry.Message, message)
		require.Equal(t, map[string]any{"path": path}, entry.ContextMap(), "the key itself is not logged")
	}
}

func TestAdminKeyOfManyProcessesAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "admin.key")
	keys := make([]foundAdminKey, 16)
	var starting sync.WaitGroup
	for n := range keys {
		starting.Go(func() {
			var err error
			if keys[n], err = adminKeyFromFile(path); err != nil {
				t.Error(err)
			}
		})
	}
	starting.Wait()
	makers := 0
	for _, found := range keys {
		require.Equal(t, keys[0].key, found.key)
		if found.made {
			makers++
		}
	}
	require.Equal(t, 1, makers)
}

func TestAdminKeyFile(t *testing.T) {
	tests := []struct {
		name    string
		content string
		mode    os.FileMode
		key     string
		message string
	}{
		{"with a new line", "sixteen-letters!\n", 0o600, "sixteen-letters!", ""},
		{"without", "sixteen-letters!", 0o400, "sixteen-letters!", ""},
		{"with Windows' new line", "sixteen-letters!\r\n", 0o600, "sixteen-letters!", ""},
		{"readable by its group", "sixteen-letters!", 0o640, "sixteen-letters!", ""},
		{"writable by its group", "sixteen-letters!", 0o660, "", "run chmod 600"},
		{"readable by all", "sixteen-letters!", 0o604, "", "(mode 0604): run chmod 600"},
		{"writable by all", "sixteen-letters!", 0o602, "", "run chmod 600"},
		{"empty", "", 0o600, "", "this one has 0; write another, or delete the file"},
		{"short", "short", 0o600, "", "16 to 512 characters"},
		{"two lines", "sixteen-letters!\nsixteen-letters!\n", 0o600, "", "printable ASCII"},
		{"huge", strings.Repeat("x", 1<<20), 0o600, "", "16 to 512 characters"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "admin.key")
			require.NoError(t, os.WriteFile(path, []byte(test.content), 0o600))
			require.NoError(t, os.Chmod(path, test.mode))
			found, err := adminKeyFromFile(path)
			if test.message != "" {
				require.ErrorContains(t, err, test.message)
				require.ErrorContains(t, err, path)
				require.NotContains(t, err.Error(), "sixteen-letters!")
				return
			}
			require.NoError(t, err)
			require.Equal(t, foundAdminKey{key: test.key, groupReadable: test.mode&0o040 != 0}, found)
		})
	}
}

func TestAdminKeyFileThatCannotBeMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a-file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, path := range []string{filepath.Join(file, "admin.key"), filepath.Join(file, "deeper", "admin.key")} {
		_, err := adminKeyFromFile(path)
		require.ErrorContains(t, err, "the admin key")
	}
	_, err := adminKeyFromFile(t.TempDir())
	require.Error(t, err, "a folder is no file")
}

func TestGroupReadableFileIsWarnedOf(t *testing.T) {
	path := filepath.Join(t.TempDir(), "admin.key")
	require.NoError(t, os.WriteFile(path, []byte(adminKey), 0o600))
	require.NoError(t, os.Chmod(path, 0o640))
	core, logs := observer.New(zap.WarnLevel)
	settings := extensiontest.NewNopSettings(typ)
	settings.Logger = zap.New(core)
	config := createDefaultConfig().(*Config)
	config.AdminKeyFile = path
	created, err := NewFactory().Create(t.Context(), settings, config)
	require.NoError(t, err)
	require.NoError(t, created.Start(t.Context(), newStoreHost(t)))
	require.NoError(t, created.Shutdown(t.Context()))
	require.Equal(t, 1, logs.Len())
	require.Equal(t, path, logs.All()[0].ContextMap()["path"])
}
