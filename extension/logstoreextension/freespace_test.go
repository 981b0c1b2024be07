package logstoreextension

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/journaled"
)

// A disk that is nearly full is the component's status, and is logged once when
// it begins and once when it ends. Reads and documents go on.
func TestNearlyFullDisk(t *testing.T) {
	var free atomic.Int64
	free.Store(defaultFreeSpaceReserveMiB * mib)
	settings, host := nopSettings(), newStatusHost()
	core, log := observer.New(zap.InfoLevel)
	settings.Logger = zap.New(core)
	config := configIn(t.TempDir())
	config.Journal.Directory = filepath.Join(t.TempDir(), "apart")
	s := newStore(config, settings)
	s.freeBytes = func(_ context.Context, directory string) (int64, error) {
		assert.Contains(t, []string{config.Directory, config.Journal.Directory}, directory)
		return free.Load(), nil
	}
	require.NoError(t, s.Start(t.Context(), host))
	t.Cleanup(func() { require.NoError(t, s.Shutdown(context.Background())) })
	require.NoError(t, s.LogStore().Append(t.Context(), sealed(2)))
	found(t, s, 2)

	free.Add(-1)
	event := <-host.events
	assert.Equal(t, componentstatus.StatusRecoverableError, event.Status())
	require.ErrorIs(t, event.Err(), journaled.ErrNearlyFull)
	require.ErrorIs(t, s.Health(t.Context()), journaled.ErrNearlyFull)
	var unavailable *logstore.UnavailableError
	require.ErrorAs(t, s.LogStore().Append(t.Context(), sealed(1)), &unavailable)
	found(t, s, 2)
	_, err := s.Documents().Create(t.Context(), docstore.Document{Collection: "views", ID: "a", Body: []byte(`{}`)})
	require.NoError(t, err)
	time.Sleep(2 * journaled.DefaultReserveInterval) // two more looks, and no more news

	free.Store(2 * defaultFreeSpaceReserveMiB * mib)
	assert.Equal(t, componentstatus.StatusOK, (<-host.events).Status())
	require.NoError(t, s.Health(t.Context()))
	require.NoError(t, s.LogStore().Append(t.Context(), sealed(1)))
	found(t, s, 3)
	assert.Equal(t, 1, log.FilterMessage("the log store is unhealthy").Len())
	assert.Equal(t, 1, log.FilterMessage("the log store has recovered").Len())
}

func TestFreeBytes(t *testing.T) {
	directory := t.TempDir()
	before, err := freeBytes(t.Context(), directory)
	require.NoError(t, err)
	assert.Positive(t, before)

	_, err = freeBytes(t.Context(), filepath.Join(directory, "missing"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
