package deadletters_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/goleak"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/deadletters"
	"github.com/docketlog/docket/internal/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, path string) *deadletters.Store {
	t.Helper()
	store, err := deadletters.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

func openNew(t *testing.T) *deadletters.Store {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "dead_letters.db"))
}

var refusedAt = time.Date(2026, 11, 21, 17, 0, 0, 123456789, time.UTC)

// letter is a dead letter of a project; the record's id is made of name.
func letter(project int64, name string) logstore.DeadLetter {
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutInt(record.AttributeProjectID, project)
	log := resource.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	log.Attributes().PutStr(record.AttributeID, name)
	log.Body().SetStr("the record " + name)
	return logstore.DeadLetter{
		ProjectID: project, RecordID: name, RefusedAt: refusedAt, Reason: "the backend does not like it", Logs: logs,
	}
}

func undecodable(content string) logstore.DeadLetter {
	return logstore.DeadLetter{RefusedAt: refusedAt, Reason: "it cannot be read", Undecodable: []byte(content)}
}

// add adds letters and returns them with their ids.
func add(t *testing.T, store *deadletters.Store, letters ...logstore.DeadLetter) []logstore.DeadLetter {
	t.Helper()
	require.NoError(t, store.Add(t.Context(), letters))
	return letters
}

func list(t *testing.T, store *deadletters.Store, query logstore.DeadLetterQuery) []logstore.DeadLetter {
	t.Helper()
	if query.Limit == 0 {
		query.Limit = 100
	}
	found, err := store.List(t.Context(), query)
	require.NoError(t, err)
	return found
}

func ids(letters []logstore.DeadLetter) []string {
	all := []string{}
	for _, letter := range letters {
		all = append(all, letter.ID)
	}
	return all
}

// assertSame compares letters by what they say: pdata's own state does not matter.
func assertSame(t *testing.T, want, got logstore.DeadLetter) {
	t.Helper()
	assert.Equal(t, protobuf(t, want.Logs), protobuf(t, got.Logs))
	want.Logs, got.Logs = plog.Logs{}, plog.Logs{}
	assert.Equal(t, want, got)
}

func protobuf(t *testing.T, logs plog.Logs) string {
	t.Helper()
	if logs == (plog.Logs{}) {
		return ""
	}
	data, err := new(plog.ProtoMarshaler).MarshalLogs(logs)
	require.NoError(t, err)
	return string(data)
}

func TestDeadLettersSurviveReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dead_letters.db")
	store := open(t, path)
	added := add(t, store,
		letter(1, "a"), undecodable("\x01\xff\x00"), letter(-1, "\xff"), logstore.DeadLetter{Reason: "an entry of no bytes"})
	added[3].Undecodable = []byte{}
	require.NoError(t, store.Close())

	store = open(t, path)
	assert.Equal(t, int64(4), store.Count())
	found := list(t, store, logstore.DeadLetterQuery{})
	require.Len(t, found, 4)
	for n := range added {
		assertSame(t, added[n], found[n])
		got, err := store.Get(t.Context(), added[n].ID)
		require.NoError(t, err)
		assertSame(t, added[n], got)
	}
}

func TestIDsSortByTheTimeOfAdding(t *testing.T) {
	store := openNew(t)
	var last string
	for n := range 50 {
		id := add(t, store, letter(1, fmt.Sprint(n)))[0].ID
		parsed, err := uuid.Parse(id)
		require.NoError(t, err)
		assert.Equal(t, uuid.Version(7), parsed.Version())
		assert.Greater(t, id, last)
		last = id
	}
}

func TestAGivenIDIsKept(t *testing.T) {
	store := openNew(t)
	given := letter(1, "a")
	given.ID = "0198A000-0000-7000-8000-000000000001"
	require.Equal(t, strings.ToLower(given.ID), add(t, store, given)[0].ID)

	other := letter(1, "b")
	other.ID = given.ID
	require.ErrorContains(t, store.Add(t.Context(), []logstore.DeadLetter{letter(1, "c"), other}), "another dead letter has the id")
	other.ID = "b"
	require.ErrorContains(t, store.Add(t.Context(), []logstore.DeadLetter{letter(1, "c"), other}), "an id has 36 characters, not 1")
	assert.Equal(t, int64(1), store.Count(), "all or none are kept")
}

// An applier that was killed before its checkpoint brings its dead letters again.
func TestTheSameIsKeptOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dead_letters.db")
	store := open(t, path)
	nameless := letter(1, "")
	first := add(t, store, letter(1, "a"), letter(1, "a"), undecodable("x"), nameless)
	assert.Equal(t, first[0].ID, first[1].ID, "within one call too")
	assert.Equal(t, int64(3), store.Count())

	require.NoError(t, store.Close())
	store = open(t, path)
	later := []logstore.DeadLetter{letter(1, "a"), letter(1, "a"), undecodable("x"), nameless}
	for n := range later {
		later[n].RefusedAt = refusedAt.Add(time.Hour)
	}
	later[0].Logs.ResourceLogs().At(0).SetSchemaUrl("a record is known by its id")
	assert.Equal(t, ids(first), ids(add(t, store, later...)))
	assert.Equal(t, int64(3), store.Count())
	assert.Equal(t, refusedAt, list(t, store, logstore.DeadLetterQuery{})[0].RefusedAt)

	otherReason := letter(1, "a")
	otherReason.Reason = "something else"
	otherContent := letter(1, "")
	otherContent.Logs.ResourceLogs().At(0).SetSchemaUrl("a record without an id is known by its content")
	otherProject := undecodable("x")
	otherProject.ProjectID = 1
	add(t, store, letter(2, "a"), otherReason, otherContent, otherProject, undecodable("y"))
	assert.Equal(t, int64(8), store.Count(), "all of these are others")
}

func TestRemovedAndAddedAgain(t *testing.T) {
	store := openNew(t)
	added := add(t, store, letter(1, "a"), letter(1, "b"))
	require.NoError(t, store.Remove(t.Context(), added[0].ID))
	assert.Equal(t, ids(added[1:]), ids(list(t, store, logstore.DeadLetterQuery{})))
	assert.Equal(t, ids(added[1:]), ids(list(t, store, logstore.DeadLetterQuery{Projects: []int64{1}})))
	assert.Equal(t, int64(1), store.Count())

	again := add(t, store, letter(1, "a"))
	assert.Greater(t, again[0].ID, added[1].ID, "it is a new one")
	assert.Equal(t, int64(2), store.Count())
}

func TestUnknownIDs(t *testing.T) {
	store := openNew(t)
	id := add(t, store, letter(1, "a"))[0].ID
	for _, unknown := range []string{
		"", "a", uuid.NewString(), "{" + id[1:], strings.ReplaceAll(id, "-", ""), "urn:uuid:" + id, id + "\x00", strings.Repeat("z", 36),
	} {
		_, err := store.Get(t.Context(), unknown)
		require.ErrorIs(t, err, logstore.ErrNoDeadLetter, unknown)
		require.ErrorIs(t, store.Remove(t.Context(), unknown), logstore.ErrNoDeadLetter, unknown)
	}
	assert.Equal(t, int64(1), store.Count())
	require.NoError(t, store.Remove(t.Context(), id))
	require.ErrorIs(t, store.Remove(t.Context(), id), logstore.ErrNoDeadLetter, "it is gone")
	assert.Zero(t, store.Count())
}

func TestOnlyTheOwnerCanReadTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "dead_letters.db")
	open(t, path)
	file, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), file.Mode().Perm())
}

func TestOpenRefuses(t *testing.T) {
	foreign := filepath.Join(t.TempDir(), "foreign")
	require.NoError(t, os.WriteFile(foreign, make([]byte, 1<<16), 0o600))
	_, err := deadletters.Open(foreign)
	require.ErrorContains(t, err, `open the dead letters "`+foreign+`": `)
	_, err = deadletters.Open(filepath.Join(foreign, "below-a-file", "dead_letters.db"))
	require.ErrorContains(t, err, "create the folder of the dead letters")
}

func TestOpenRefusesAnotherKindOfFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dead_letters.db")
	change(t, path, func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket([]byte("letters"))
		return err
	})
	_, err := deadletters.Open(path)
	require.ErrorContains(t, err, `create the bucket "letters"`)
}

func TestClosedStore(t *testing.T) {
	store := openNew(t)
	id := add(t, store, letter(1, "a"))[0].ID
	require.NoError(t, store.Close())
	require.NoError(t, store.Close(), "closing again does nothing")

	require.ErrorIs(t, store.Add(t.Context(), []logstore.DeadLetter{letter(1, "b")}), logstore.ErrClosed)
	require.ErrorIs(t, store.Remove(t.Context(), id), logstore.ErrClosed)
	_, err := store.Get(t.Context(), id)
	require.ErrorIs(t, err, logstore.ErrClosed)
	_, err = store.List(t.Context(), logstore.DeadLetterQuery{Limit: 1})
	require.ErrorIs(t, err, logstore.ErrClosed)
	_, err = store.CountOf(t.Context(), []int64{1})
	require.ErrorIs(t, err, logstore.ErrClosed)
	_, err = store.Snapshot()
	require.ErrorIs(t, err, logstore.ErrClosed)
	assert.Equal(t, int64(1), store.Count())
}

func TestEndedContext(t *testing.T) {
	store := openNew(t)
	id := add(t, store, letter(1, "a"))[0].ID
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, store.Add(ctx, []logstore.DeadLetter{letter(1, "b")}), context.Canceled)
	require.ErrorIs(t, store.Remove(ctx, id), context.Canceled)
	_, err := store.Get(ctx, id)
	require.ErrorIs(t, err, context.Canceled)
	_, err = store.List(ctx, logstore.DeadLetterQuery{Limit: 1})
	require.ErrorIs(t, err, context.Canceled)
	_, err = store.CountOf(ctx, nil)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, int64(1), store.Count())
	require.NoError(t, store.Add(t.Context(), nil), "nothing to keep")
}

func TestManyAtOnce(t *testing.T) {
	store := openNew(t)
	const writers, letters = 8, 10
	var writing sync.WaitGroup
	for writer := range writers {
		writing.Go(func() {
			for n := range letters {
				own := []logstore.DeadLetter{letter(int64(writer), fmt.Sprint(n)), letter(99, fmt.Sprint(n))}
				if !assert.NoError(t, store.Add(t.Context(), own)) {
					return
				}
				if n%2 == 0 && !assert.NoError(t, store.Remove(t.Context(), own[0].ID)) {
					return
				}
			}
		})
	}
	writing.Wait()
	const left = writers*letters/2 + letters
	assert.Equal(t, int64(left), store.Count())
	assert.Len(t, list(t, store, logstore.DeadLetterQuery{}), left)
	shared, err := store.CountOf(t.Context(), []int64{99})
	require.NoError(t, err)
	assert.Equal(t, int64(letters), shared, "all of them brought the same")
}

// change changes a closed file behind the store's back.
func change(t *testing.T, path string, with func(*bbolt.Tx) error) {
	t.Helper()
	database, err := bbolt.Open(path, 0o600, nil)
	require.NoError(t, err)
	require.NoError(t, database.Update(with))
	require.NoError(t, database.Close())
}

func TestADamagedLetterIsNamedAndCanBeRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dead_letters.db")
	store := open(t, path)
	id := uuid.MustParse(add(t, store, letter(1, "a"))[0].ID)
	require.NoError(t, store.Close())
	change(t, path, func(tx *bbolt.Tx) error {
		letters := tx.Bucket([]byte("letters"))
		return letters.Put(id[:], letters.Get(id[:])[:60])
	})

	store = open(t, path)
	_, err := store.Get(t.Context(), id.String())
	require.ErrorContains(t, err, "the stored dead letter is damaged")
	_, err = store.List(t.Context(), logstore.DeadLetterQuery{Limit: 1})
	require.ErrorContains(t, err, "dead letter "+id.String()+": the stored dead letter is damaged")
	require.NoError(t, store.Remove(t.Context(), id.String()))
	assert.Empty(t, list(t, store, logstore.DeadLetterQuery{Projects: []int64{1}}))
	assert.Zero(t, store.Count())
}
