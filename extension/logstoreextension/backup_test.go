package logstoreextension

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/folderformat"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// withBody returns a sealed record of project 1.
func withBody(body string) plog.Logs {
	logs := sealed(1)
	for r := range record.All(logs) {
		r.Log.Body().SetStr(body)
		record.Reseal(r)
	}
	return logs
}

// unpack unpacks a backup into a folder and returns the names in their order.
func unpack(t *testing.T, archive io.Reader, directory string) (names []string) {
	t.Helper()
	reader := tar.NewReader(archive)
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		require.NoError(t, err)
		path := filepath.Join(directory, filepath.FromSlash(header.Name)) //nolint:gosec // our own archive
		if header.Typeflag == tar.TypeDir {
			require.NoError(t, os.MkdirAll(path, 0o700))
			continue
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		content, err := io.ReadAll(reader)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, content, 0o600))
		names = append(names, header.Name)
	}
}

func TestBackupHasWhatWasAcknowledged(t *testing.T) {
	config := configIn(t.TempDir())
	started := start(t, config)
	require.NoError(t, os.WriteFile(filepath.Join(config.Directory, adminKeyFile), []byte("key"), 0o600))
	_, err := started.Documents().Create(t.Context(), docstore.Document{Collection: "projects", ID: "1", Body: []byte(`{}`)})
	require.NoError(t, err)

	// Records of before must be there, those of after must not, and those in between
	// without gaps: an acknowledged one comes before all later ones.
	const before = 500
	for n := range before {
		require.NoError(t, started.LogStore().Append(t.Context(), withBody(strconv.Itoa(n))))
	}
	var posted atomic.Int64
	posting, stop := context.WithCancel(t.Context())
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		for n := before; posting.Err() == nil; n++ {
			if assert.NoError(t, started.LogStore().Append(context.WithoutCancel(posting), withBody(strconv.Itoa(n)))) {
				posted.Store(int64(n + 1))
			}
		}
	}()
	var archive bytes.Buffer
	require.NoError(t, started.Backup(t.Context(), &archive))
	stop()
	<-finished

	restored := configIn(t.TempDir())
	names := unpack(t, &archive, restored.Directory)
	assert.Equal(t, folderformat.FileName, names[len(names)-1])
	again := start(t, restored)
	_, err = again.Documents().Get(t.Context(), "projects", "1")
	require.NoError(t, err)
	key, err := os.ReadFile(filepath.Join(restored.Directory, adminKeyFile))
	require.NoError(t, err)
	assert.Equal(t, "key", string(key))

	found, err := again.LogStore().Search(t.Context(), logstore.Query{ProjectID: 1, Limit: 1_000_000})
	require.NoError(t, err)
	bodies := map[string]bool{}
	for _, r := range found {
		bodies[r.Log.Body().Str()] = true
	}
	assert.Len(t, bodies, len(found), "none is there twice")
	assert.GreaterOrEqual(t, len(found), before)
	assert.LessOrEqual(t, len(found), int(posted.Load()))
	for n := range len(found) {
		assert.True(t, bodies[strconv.Itoa(n)], "record %d of %d", n, len(found))
	}
	require.NoError(t, again.LogStore().Append(t.Context(), withBody("new")), "the restored store takes records")

	leftovers, err := filepath.Glob(filepath.Join(config.Directory, backupPattern))
	require.NoError(t, err)
	assert.Empty(t, leftovers)
}

// waitingWriter blocks its first write until it is released.
type waitingWriter struct{ reached, release chan struct{} }

func (w *waitingWriter) Write(data []byte) (int, error) {
	select {
	case <-w.reached:
	default:
		close(w.reached)
		<-w.release
	}
	return len(data), nil
}

// A client that takes its time holds up neither records nor documents.
func TestSlowBackupHoldsUpNobody(t *testing.T) {
	started := start(t, configIn(t.TempDir()))
	slow := &waitingWriter{reached: make(chan struct{}), release: make(chan struct{})}
	done := make(chan error)
	go func() { done <- started.Backup(context.Background(), slow) }()
	<-slow.reached

	require.NoError(t, started.LogStore().Append(t.Context(), withBody("meanwhile")))
	_, err := started.Documents().Create(t.Context(), docstore.Document{Collection: "projects", ID: "2", Body: []byte(`{}`)})
	require.NoError(t, err)
	var unavailable *logstore.UnavailableError
	require.ErrorAs(t, started.Backup(t.Context(), io.Discard), &unavailable)

	close(slow.release)
	require.NoError(t, <-done)
	require.NoError(t, started.Backup(t.Context(), io.Discard))
}

func TestBackupEndsWithItsContext(t *testing.T) {
	started := start(t, configIn(t.TempDir()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, started.Backup(ctx, io.Discard), context.Canceled)
}

func TestStartRefusesAnIncompleteRestore(t *testing.T) {
	config := configIn(t.TempDir())
	require.NoError(t, start(t, config).Shutdown(t.Context()))
	require.NoError(t, os.Remove(filepath.Join(config.Directory, folderformat.FileName)))

	refused := newExtension(t, config, nopSettings())
	var missing *folderformat.MissingError
	require.ErrorAs(t, refused.Start(t.Context(), componenttest.NewNopHost()), &missing)
}

func TestStartRemovesAnUnfinishedBackup(t *testing.T) {
	config := configIn(t.TempDir())
	require.NoError(t, start(t, config).Shutdown(t.Context()))
	unfinished := filepath.Join(config.Directory, "backup-123")
	require.NoError(t, os.MkdirAll(filepath.Join(unfinished, "records"), 0o700))
	start(t, config)
	assert.NoDirExists(t, unfinished)
}
