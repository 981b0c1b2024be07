package journaled_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/journaled"
	"github.com/docketlog/docket/internal/record"
)

// keyed returns a sealed record that came with an idempotency key.
func keyed(key, body string) (plog.Logs, record.Record) {
	logs := event(body)
	digest := sha256.Sum256([]byte(body))
	for r := range record.All(logs) {
		attributes := r.Log.Attributes()
		attributes.PutStr(record.AttributeIdempotencyKey, key)
		attributes.PutStr(record.AttributeRequestDigest, hex.EncodeToString(digest[:]))
		attributes.PutInt(record.AttributeRequestPosition, 0)
		record.Reseal(r)
		return logs, r
	}
	panic("no record")
}

func assertRequest(t *testing.T, s *journaled.Store, key, body string, want record.Record) {
	t.Helper()
	found, ok, err := s.FindRequest(t.Context(), 1, key)
	require.NoError(t, err)
	require.True(t, ok, "the request %s is remembered", key)
	assert.Equal(t, sha256.Sum256([]byte(body)), found.Digest)
	require.Len(t, found.Receipts, 1)
	assert.Equal(t, want.ID(), found.Receipts[0].ID)
	assert.Equal(t, want.Hash(), found.Receipts[0].Hash)
	assert.Equal(t, want.Log.ObservedTimestamp().AsTime(), found.Receipts[0].ReceivedAt.UTC())
}

func assertNoRequest(t *testing.T, s *journaled.Store, projectID int64, key string) {
	t.Helper()
	_, ok, err := s.FindRequest(t.Context(), projectID, key)
	require.NoError(t, err)
	assert.False(t, ok, "there is no request %s", key)
}

// TestRequestsAreRememberedWithTheirRecords looks at each state between the
// journal and the index: only in the journal, in the journal of a store opened
// after a crash, and only in the index.
func TestRequestsAreRememberedWithTheirRecords(t *testing.T) {
	directory := t.TempDir()
	backend := &memory{hold: make(chan struct{})}
	s := open(t, journaled.Config{Directory: directory, Backend: backend, CheckpointInterval: time.Hour})
	assertNoRequest(t, s, 1, "k")
	sent, want := keyed("k", "body")
	require.NoError(t, s.Append(t.Context(), sent))
	require.NoError(t, s.Append(t.Context(), event("without a key")))
	assertRequest(t, s, "k", "body", want)
	assertNoRequest(t, s, 2, "k")
	assertNoRequest(t, s, 1, "another")
	image := t.TempDir()
	require.NoError(t, os.CopyFS(image, os.DirFS(directory)))
	close(backend.hold)

	survivor := backend.crash()
	s = open(t, journaled.Config{Directory: image, Backend: survivor, CheckpointInterval: time.Millisecond})
	assertRequest(t, s, "k", "body", want)
	eventually(t, func() bool { return s.Stats().JournalBytes == 0 }, "the journal has let go of all")
	assertRequest(t, s, "k", "body", want)
	require.NoError(t, s.Close(t.Context()))

	s = open(t, journaled.Config{Directory: image, Backend: survivor})
	assertRequest(t, s, "k", "body", want)
}

// A client that has gone leaves a keyed request to its fate, and the next one with
// its key must learn that fate.
func TestKeyedRecordsAreAppendedWhateverTheContext(t *testing.T) {
	s := open(t, journaled.Config{Backend: &memory{}})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	sent, want := keyed("k", "body")
	require.NoError(t, s.Append(gone, sent))
	assertRequest(t, s, "k", "body", want)
	require.ErrorIs(t, s.Append(gone, event("without a key")), context.Canceled)
}

func TestCutSeesExactlyWhatIsAcknowledged(t *testing.T) {
	backend := &memory{}
	s := open(t, journaled.Config{Backend: backend})
	ctx, stop := context.WithCancel(t.Context())
	acknowledged := make(chan int)
	go func() {
		count := 0
		defer func() { acknowledged <- count }()
		for ctx.Err() == nil {
			if s.Append(context.WithoutCancel(ctx), logs("r")) == nil {
				count++
			}
		}
	}()
	for range 20 {
		var before, after int64
		require.NoError(t, s.Cut(t.Context(), func(context.Context) error {
			before = int64(len(backend.ids()))
			assert.Equal(t, s.Stats().Appends, before)
			time.Sleep(5 * time.Millisecond)
			after = int64(len(backend.ids()))
			return nil
		}))
		assert.Equal(t, before, after)
	}
	stop()
	want := <-acknowledged
	eventually(t, func() bool { return len(backend.ids()) == want }, "all that was acknowledged is applied")
}

func TestCutFailsWithTheBackend(t *testing.T) {
	s := open(t, journaled.Config{Backend: &memory{applyErr: errors.New("it rains")}})
	require.NoError(t, s.Append(t.Context(), logs("r")))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := s.Cut(ctx, func(context.Context) error { panic("not all is applied") })
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "1 entries are not")
	require.NoError(t, s.Append(t.Context(), logs("s")), "records are taken again")

	assert.ErrorIs(t, s.Backup(t.Context(), t.TempDir(), "records"), logstore.ErrNoBackup)
}

var _ logstore.RequestFinder = (*journaled.Store)(nil)
