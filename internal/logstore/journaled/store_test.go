package journaled_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/goleak"

	"github.com/docketlog/docket/internal/folderformat"
	"github.com/docketlog/docket/internal/journal"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/journaled"
	"github.com/docketlog/docket/internal/record"
)

// TestMain does not count the goroutines that the embedded engine's packages
// start when they are imported or first used.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreCurrent(),
		goleak.IgnoreAnyFunction("github.com/VictoriaMetrics/metrics.summariesSwapCron"))
}

// memory is a backend whose records survive a crash only when they were synced.
type memory struct {
	logstore.Analyst // none; nobody asks it

	mu sync.Mutex
	// applied are the ids in the order of Apply, durable those that Sync has seen.
	applied, durable []string
	replays          int // records that came marked as replayed
	calls            int // of Apply
	applyErr         error
	syncErr          error
	refused          map[string]string // ids of records that are refused, with the reason
	closed           bool
	// hold, when set, makes Apply wait for it or for its context.
	hold chan struct{}
}

func (m *memory) Apply(ctx context.Context, batch []record.Record, replayed bool) error {
	m.mu.Lock()
	hold := m.hold
	m.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	if m.applyErr != nil {
		return m.applyErr
	}
	var refusals []logstore.Refusal
	for position, r := range batch {
		if reason := m.refused[r.ID()]; reason != "" {
			refusals = append(refusals, logstore.Refusal{Position: position, Reason: reason})
			continue
		}
		if replayed {
			m.replays++
			if slices.Contains(m.applied, r.ID()) {
				continue
			}
		}
		m.applied = append(m.applied, r.ID())
	}
	if len(refusals) > 0 {
		return &logstore.RefusedError{Refusals: refusals}
	}
	return nil
}

func (m *memory) Sync(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.syncErr == nil {
		m.durable = slices.Clone(m.applied)
	}
	return m.syncErr
}

func (m *memory) Search(ctx context.Context, query logstore.Query) ([]record.Record, error) {
	if query.Limit == -1 { // a search that takes for ever
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	return []record.Record{record.New()}, nil
}

func (m *memory) Count(context.Context, logstore.Query) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return int64(len(m.applied)), nil
}

func (m *memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}

func (m *memory) set(change func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change()
}

func (m *memory) ids() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.applied)
}

// crash returns the backend as it would be after a kill.
func (m *memory) crash() *memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &memory{applied: slices.Clone(m.durable), durable: slices.Clone(m.durable)}
}

// logs returns records of project 1 with these ids.
func logs(ids ...string) plog.Logs {
	all := plog.NewLogs()
	resource := all.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutInt(record.AttributeProjectID, 1)
	scope := resource.ScopeLogs().AppendEmpty()
	for _, id := range ids {
		scope.LogRecords().AppendEmpty().Attributes().PutStr(record.AttributeID, id)
	}
	return all
}

func open(t *testing.T, config journaled.Config) *journaled.Store {
	t.Helper()
	if config.Directory == "" {
		config.Directory = t.TempDir()
	}
	if config.Journal.SegmentBytes == 0 {
		config.Journal.SegmentBytes = journal.MinSegmentBytes
	}
	s, err := journaled.Open(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close(context.Background())) })
	return s
}

func eventually(t *testing.T, condition func() bool, message string) {
	t.Helper()
	require.Eventually(t, condition, 5*time.Second, 2*time.Millisecond, message)
}

func sequence(prefix string, count int) []string {
	ids := make([]string, count)
	for n := range ids {
		ids[n] = fmt.Sprintf("%s-%04d", prefix, n)
	}
	return ids
}

func TestAppendedRecordsAreAppliedInOrder(t *testing.T) {
	backend := &memory{}
	s := open(t, journaled.Config{Backend: backend})
	ids := sequence("r", 300)
	for chunk := range slices.Chunk(ids, 3) {
		require.NoError(t, s.Append(t.Context(), logs(chunk...)))
	}
	eventually(t, func() bool { return s.Stats().LagEntries == 0 }, "all records are applied")
	assert.Equal(t, ids, backend.ids())
	assert.Less(t, backend.calls, 100, "entries are applied in batches")
	assert.Zero(t, backend.replays)

	stats := s.Stats()
	assert.EqualValues(t, 100, stats.Appends)
	assert.EqualValues(t, 300, stats.AppliedRecords)
	assert.Positive(t, stats.AppendedBytes)
	assert.Positive(t, stats.Fsyncs)
	assert.Zero(t, stats.LagEntries)
	assert.Zero(t, stats.LagBytes)

	count, err := s.Count(t.Context(), logstore.Query{ProjectID: 1})
	require.NoError(t, err)
	assert.EqualValues(t, 300, count)
	found, err := s.Search(t.Context(), logstore.Query{ProjectID: 1, Limit: 1})
	require.NoError(t, err)
	assert.Len(t, found, 1)
}

func TestConcurrentAppendsAreAllAppliedOnce(t *testing.T) {
	backend := &memory{}
	s := open(t, journaled.Config{Backend: backend, CheckpointInterval: 5 * time.Millisecond})
	var group sync.WaitGroup
	var want []string
	for writer := range 16 {
		ids := sequence(fmt.Sprint(writer), 50)
		want = append(want, ids...)
		group.Go(func() {
			for _, id := range ids {
				assert.NoError(t, s.Append(t.Context(), logs(id)))
			}
		})
	}
	group.Wait()
	eventually(t, func() bool { return len(backend.ids()) == len(want) }, "all records are applied")
	assert.ElementsMatch(t, want, backend.ids())
}

// The crash tests stop time at one point of a record's way and open a copy of the
// files with what the backend had made durable by then.
func TestCrashLosesAndDoublesNothing(t *testing.T) {
	ids := sequence("r", 20)
	for name, test := range map[string]struct {
		before      func(*memory)
		reached     func(*memory, journaled.Stats) bool
		wantReplays int
	}{
		"journaled, not applied": {
			before:      func(m *memory) { m.hold = make(chan struct{}) },
			reached:     func(*memory, journaled.Stats) bool { return true },
			wantReplays: 20,
		},
		"applied, not synced": {
			before:      func(m *memory) { m.syncErr = errors.New("disk is slow") },
			reached:     func(m *memory, _ journaled.Stats) bool { return len(m.ids()) == 20 },
			wantReplays: 20,
		},
		"synced, checkpointed": {
			before: func(*memory) {},
			reached: func(m *memory, stats journaled.Stats) bool {
				return len(m.crash().applied) == 20 && stats.JournalBytes == 0
			},
			wantReplays: 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			backend := &memory{}
			test.before(backend)
			s, err := journaled.Open(t.Context(), journaled.Config{
				Directory: directory, Backend: backend, CheckpointInterval: 10 * time.Millisecond,
			})
			require.NoError(t, err)
			for _, id := range ids {
				require.NoError(t, s.Append(t.Context(), logs(id)))
			}
			eventually(t, func() bool { return test.reached(backend, s.Stats()) }, "the point of the crash is reached")
			image := t.TempDir()
			require.NoError(t, os.CopyFS(image, os.DirFS(directory)))
			survivor := backend.crash()
			backend.set(func() {
				backend.syncErr = nil
				if backend.hold != nil {
					close(backend.hold)
				}
			})
			require.NoError(t, s.Close(t.Context()))

			s = open(t, journaled.Config{Directory: image, Backend: survivor})
			require.NoError(t, s.Append(t.Context(), logs("new")))
			eventually(t, func() bool { return len(survivor.ids()) == 21 }, "all records are there again")
			assert.Equal(t, append(slices.Clone(ids), "new"), survivor.ids())
			assert.Equal(t, test.wantReplays, survivor.replays)
		})
	}
}

// Between Sync and the checkpoint, the backend has records durably that the
// journal still holds out to it: they come marked as replayed and are left out.
func TestCrashBetweenSyncAndCheckpoint(t *testing.T) {
	directory := t.TempDir()
	backend := &memory{}
	s, err := journaled.Open(t.Context(), journaled.Config{Directory: directory, Backend: backend})
	require.NoError(t, err)
	require.NoError(t, s.Append(t.Context(), logs(sequence("r", 20)...)))
	eventually(t, func() bool { return len(backend.ids()) == 20 }, "all records are applied")
	require.NoError(t, backend.Sync(t.Context()))
	image := t.TempDir()
	require.NoError(t, os.CopyFS(image, os.DirFS(directory)))
	survivor := backend.crash()
	require.NoError(t, s.Close(t.Context()))

	s = open(t, journaled.Config{Directory: image, Backend: survivor})
	eventually(t, func() bool { return s.Stats().LagEntries == 0 }, "all is replayed")
	assert.Equal(t, sequence("r", 20), survivor.ids())
	assert.Equal(t, 20, survivor.replays)
}

func TestFailingBackendIsRetriedUntilItSucceeds(t *testing.T) {
	backend := &memory{applyErr: errors.New("backend is down")}
	reported := make(chan error, 10)
	s := open(t, journaled.Config{Backend: backend, OnHealth: func(err error) { reported <- err }})
	require.NoError(t, s.Append(t.Context(), logs("a")))
	require.NoError(t, s.Append(t.Context(), logs("b")), "a failing backend does not fail the append")
	require.ErrorContains(t, <-reported, "backend is down")
	require.ErrorContains(t, s.Health(), "backend is down")
	eventually(t, func() bool { return s.Stats().ApplyFailures >= 2 }, "it is tried again")
	assert.EqualValues(t, 2, s.Stats().LagEntries)
	assert.Positive(t, s.Stats().LagBytes)
	assert.EqualValues(t, 2, s.Stats().LagRecords)
	assert.Empty(t, reported, "health is reported when it changes, not at every attempt")

	backend.set(func() { backend.applyErr = nil })
	require.NoError(t, <-reported)
	require.NoError(t, s.Health())
	eventually(t, func() bool { return len(backend.ids()) == 2 }, "both are applied")
	assert.Equal(t, []string{"a", "b"}, backend.ids())
	eventually(t, func() bool { return s.Stats().LagRecords == 0 }, "nothing waits")
	assert.Zero(t, s.Stats().LagAge)
}

// What waits is counted and dated after a restart too.
func TestLag(t *testing.T) {
	backend := &memory{applyErr: errors.New("backend is down")}
	config := journaled.Config{Directory: t.TempDir(), Backend: backend}
	received := time.Now().Add(-time.Hour)
	s := open(t, config)
	for _, id := range []string{"a", "b"} {
		waiting := logs(id, id+"2")
		for r := range record.All(waiting) {
			r.Log.SetObservedTimestamp(pcommon.NewTimestampFromTime(received))
		}
		require.NoError(t, s.Append(t.Context(), waiting))
	}
	require.NoError(t, s.Close(t.Context()))

	s = open(t, config)
	assert.EqualValues(t, 4, s.Stats().LagRecords)
	eventually(t, func() bool { return s.Stats().LagAge > 0 }, "the first of them is known")
	assert.InDelta(t, time.Hour, s.Stats().LagAge, float64(time.Minute))
}

func TestFailingSyncKeepsTheJournal(t *testing.T) {
	backend := &memory{syncErr: errors.New("no space left")}
	s := open(t, journaled.Config{Backend: backend, CheckpointInterval: time.Millisecond})
	require.NoError(t, s.Append(t.Context(), logs("a")))
	eventually(t, func() bool { return s.Health() != nil }, "it is unhealthy")
	require.ErrorContains(t, s.Health(), "no space left")
	assert.Positive(t, s.Stats().JournalBytes)

	backend.set(func() { backend.syncErr = nil })
	eventually(t, func() bool { return s.Health() == nil && s.Stats().JournalBytes == 0 }, "it recovers")
}

func TestFullJournalIsUnavailable(t *testing.T) {
	backend := &memory{hold: make(chan struct{})}
	s := open(t, journaled.Config{
		Backend: backend, CheckpointInterval: 5 * time.Millisecond,
		Journal: journal.Options{MaxBytes: journal.MinSegmentBytes},
	})
	var err error
	count := 0
	for ; err == nil; count++ {
		require.Less(t, count, 1000, "the journal never became full")
		err = s.Append(t.Context(), logs(fmt.Sprintf("%d-%s", count, strings.Repeat("x", 1000))))
	}
	var unavailable *logstore.UnavailableError
	require.ErrorAs(t, err, &unavailable)
	require.ErrorIs(t, err, journal.ErrFull)
	assert.GreaterOrEqual(t, unavailable.RetryAfter, time.Second)
	require.EqualError(t, err, "the store is unavailable: the journal is full")
	assert.False(t, consumererror.IsPermanent(err))
	require.ErrorContains(t, s.Health(), "full")

	close(backend.hold)
	eventually(t, func() bool { return s.Health() == nil }, "there is room again")
	require.NoError(t, s.Append(t.Context(), logs("last")))
	eventually(t, func() bool { return len(backend.ids()) == count }, "what was acknowledged is applied, what was refused is not")
}

func TestUnsealedRecordsAreRefusedForGood(t *testing.T) {
	withoutProject := logs("a")
	withoutProject.ResourceLogs().At(0).Resource().Attributes().Clear()
	negativeProject := logs("a")
	negativeProject.ResourceLogs().At(0).Resource().Attributes().PutInt(record.AttributeProjectID, -1)
	tooLarge := logs("a")
	tooLarge.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body().SetStr(strings.Repeat("x", journal.MaxPayloadBytes))
	for name, test := range map[string]struct {
		logs plog.Logs
		want string
	}{
		"no id":            {logs("a", ""), "record 2 of the batch has no log.record.uid"},
		"no project":       {withoutProject, "record 1 of the batch has no project in the resource attribute docket.project.id"},
		"negative project": {negativeProject, "has no project"},
		"too large":        {tooLarge, "send smaller batches"},
	} {
		t.Run(name, func(t *testing.T) {
			backend := &memory{}
			s := open(t, journaled.Config{Backend: backend})
			err := s.Append(t.Context(), test.logs)
			require.ErrorContains(t, err, test.want)
			assert.True(t, consumererror.IsPermanent(err))
			assert.Zero(t, s.Stats().Appends)
		})
	}
	s := open(t, journaled.Config{Backend: &memory{}})
	require.NoError(t, s.Append(t.Context(), plog.NewLogs()))
	assert.Zero(t, s.Stats().Appends, "nothing to store, nothing to write")
}

func TestAppendEndsWithItsContext(t *testing.T) {
	s := open(t, journaled.Config{Backend: &memory{}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.Append(ctx, logs("a")), context.Canceled)
}

func TestCloseAppliesTheRest(t *testing.T) {
	directory := t.TempDir()
	backend := &memory{}
	s, err := journaled.Open(t.Context(), journaled.Config{Directory: directory, Backend: backend})
	require.NoError(t, err)
	ids := sequence("r", 50)
	for _, id := range ids {
		require.NoError(t, s.Append(t.Context(), logs(id)))
	}
	searching := make(chan error)
	go func() {
		_, err := s.Search(context.Background(), logstore.Query{Limit: -1})
		searching <- err
	}()
	time.Sleep(5 * time.Millisecond)
	require.NoError(t, s.Close(t.Context()))
	require.ErrorIs(t, <-searching, logstore.ErrClosed)
	assert.True(t, backend.closed)
	assert.Equal(t, ids, backend.durable)

	require.NoError(t, s.Close(t.Context()), "closing twice is fine")
	require.ErrorIs(t, s.Append(t.Context(), logs("late")), logstore.ErrClosed)
	_, err = s.Search(t.Context(), logstore.Query{})
	require.ErrorIs(t, err, logstore.ErrClosed)
	_, err = s.Count(t.Context(), logstore.Query{})
	require.ErrorIs(t, err, logstore.ErrClosed)
	require.ErrorIs(t, s.Health(), logstore.ErrClosed)

	again := backend.crash()
	s = open(t, journaled.Config{Directory: directory, Backend: again})
	require.NoError(t, s.Append(t.Context(), logs("next")))
	eventually(t, func() bool { return len(again.ids()) == 51 }, "only the new record is applied")
	assert.Zero(t, again.replays)
}

func TestCloseDoesNotWaitForAFailingOrHangingBackend(t *testing.T) {
	for name, backend := range map[string]*memory{
		"failing": {applyErr: errors.New("down")},
		"hanging": {hold: make(chan struct{})},
	} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			s, err := journaled.Open(t.Context(), journaled.Config{Directory: directory, Backend: backend})
			require.NoError(t, err)
			require.NoError(t, s.Append(t.Context(), logs("a")))
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			start := time.Now()
			require.NoError(t, s.Close(ctx))
			assert.Less(t, time.Since(start), 5*time.Second)

			next := &memory{}
			s = open(t, journaled.Config{Directory: directory, Backend: next})
			eventually(t, func() bool { return len(next.ids()) == 1 }, "the record was in the journal")
			assert.NoError(t, s.Health())
		})
	}
}

func TestOpenRefusesADamagedJournal(t *testing.T) {
	directory := t.TempDir()
	backend := &memory{}
	require.NoError(t, os.Mkdir(filepath.Join(directory, "journal"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(directory, "journal", "FORMAT"), []byte("docket-journal 9"), 0o600))
	_, err := journaled.Open(t.Context(), journaled.Config{Directory: directory, Backend: backend})
	var format *folderformat.Error
	require.ErrorAs(t, err, &format)
	assert.False(t, backend.closed, "the backend stays the caller's")
}

// Damage in what is to be applied is found before anything is taken that would come
// to lie behind it, wherever it is.
func TestOpenRefusesADamagedMiddle(t *testing.T) {
	directory := t.TempDir()
	backend := &memory{hold: make(chan struct{})}
	s := open(t, journaled.Config{Directory: directory, Backend: backend})
	for range 300 { // several segments
		require.NoError(t, s.Append(t.Context(), logs(sequence(strings.Repeat("r", 200), 5)...)))
	}
	image := t.TempDir()
	require.NoError(t, os.CopyFS(image, os.DirFS(directory)))
	close(backend.hold)

	segments, err := filepath.Glob(filepath.Join(image, "journal", "*.wal"))
	require.NoError(t, err)
	require.Greater(t, len(segments), 2)
	content, err := os.ReadFile(segments[1])
	require.NoError(t, err)
	content[len(content)/2] ^= 1
	require.NoError(t, os.WriteFile(segments[1], content, 0o600))

	_, err = journaled.Open(t.Context(), journaled.Config{Directory: image, Backend: &memory{}})
	var damage *journal.DamageError
	require.ErrorAs(t, err, &damage)
	require.ErrorContains(t, err, filepath.Base(segments[1]))
	assert.ErrorContains(t, err, "docket-journal repair")
}

// A process may end between the checkpoint and the release of what it has passed. A
// journal that is full at that moment must not stay full.
func TestWhatTheCheckpointHasPassedIsReleasedAtTheStart(t *testing.T) {
	directory := t.TempDir()
	limits := journal.Options{SegmentBytes: journal.MinSegmentBytes, MaxBytes: 2 * journal.MinSegmentBytes}
	log, err := journal.Open(filepath.Join(directory, "journal"), limits)
	require.NoError(t, err)
	payload, err := journaled.EncodeEntry(journaled.Entry{Logs: logs(strings.Repeat("r", 10_000))})
	require.NoError(t, err)
	var last uint64
	for err == nil {
		var index uint64
		if index, err = log.Append(t.Context(), payload); err == nil {
			last = index
		}
	}
	require.ErrorIs(t, err, journal.ErrFull)
	require.NoError(t, log.SetCheckpoint("backend", last))
	require.NoError(t, log.Close())

	s := open(t, journaled.Config{Directory: directory, Backend: &memory{}, Journal: limits, CheckpointInterval: time.Hour})
	require.NoError(t, s.Append(t.Context(), logs(strings.Repeat("s", 10_000))))
}
