package journaled_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/journal"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/journaled"
	"github.com/docketlog/docket/internal/record"
)

// deadLetters waits until there are so many and returns them.
func deadLetters(t *testing.T, s *journaled.Store, count int) []logstore.DeadLetter {
	t.Helper()
	var letters []logstore.DeadLetter
	eventually(t, func() bool {
		var err error
		letters, err = s.ListDeadLetters(t.Context(), logstore.DeadLetterQuery{Limit: 100})
		require.NoError(t, err)
		return len(letters) == count && s.Stats().LagEntries == 0
	}, "the dead letters are there")
	return letters
}

func TestRefusedRecordsBecomeDeadLetters(t *testing.T) {
	backend := &memory{refused: map[string]string{"b": "it is the wrong colour"}}
	s := open(t, journaled.Config{Backend: backend})
	tail, err := s.Tail(1, nil, 100)
	require.NoError(t, err)
	defer tail.Close()
	require.NoError(t, s.Append(t.Context(), logs("a", "b", "c")))

	letters := deadLetters(t, s, 1)
	ids, _ := followed(t, tail, 2)
	assert.Equal(t, []string{"a", "c"}, ids, "what no search will find is not followed")
	assert.Equal(t, []string{"a", "c"}, backend.ids())
	assert.Equal(t, "it is the wrong colour", letters[0].Reason)
	assert.Equal(t, "b", letters[0].RecordID)
	assert.Equal(t, int64(1), letters[0].ProjectID)
	assert.WithinDuration(t, time.Now(), letters[0].RefusedAt, time.Minute)
	for r := range record.All(letters[0].Logs) {
		assert.Equal(t, "b", r.ID())
		assert.Equal(t, int64(1), r.ProjectID())
	}
	require.NoError(t, s.Health(), "the store goes on")
	assert.Equal(t, int64(1), s.Stats().DeadLetters)
	assert.Equal(t, int64(1), s.Stats().RefusedRecords)

	one, err := s.DeadLetter(t.Context(), letters[0].ID)
	require.NoError(t, err)
	assert.Equal(t, letters[0].Reason, one.Reason)
}

func TestReplayOfADeadLetter(t *testing.T) {
	backend := &memory{refused: map[string]string{"b": "it is the wrong colour"}}
	s := open(t, journaled.Config{Backend: backend})
	require.NoError(t, s.Append(t.Context(), logs("b")))
	first := deadLetters(t, s, 1)[0]

	require.NoError(t, s.ReplayDeadLetter(t.Context(), first.ID))
	again := deadLetters(t, s, 1)[0]
	assert.NotEqual(t, first.ID, again.ID, "a record that is refused again is a new dead letter")
	require.ErrorIs(t, s.ReplayDeadLetter(t.Context(), first.ID), logstore.ErrNoDeadLetter)

	backend.set(func() { backend.refused = nil })
	require.NoError(t, s.ReplayDeadLetter(t.Context(), again.ID))
	deadLetters(t, s, 0)
	assert.Equal(t, []string{"b"}, backend.ids())
	assert.Equal(t, 1, backend.replays, "the backend is told that it may have the record")
	require.ErrorIs(t, s.DeleteDeadLetter(t.Context(), again.ID), logstore.ErrNoDeadLetter)
}

func TestDeletedDeadLetterIsGone(t *testing.T) {
	s := open(t, journaled.Config{Backend: &memory{refused: map[string]string{"b": "it is the wrong colour"}}})
	require.NoError(t, s.Append(t.Context(), logs("b")))
	require.NoError(t, s.DeleteDeadLetter(t.Context(), deadLetters(t, s, 1)[0].ID))
	deadLetters(t, s, 0)
}

// A crash between a dead letter and the checkpoint offers the record once more; it
// is one dead letter all the same.
func TestCrashDoublesNoDeadLetter(t *testing.T) {
	directory := t.TempDir()
	reasons := map[string]string{"b": "it is the wrong colour"}
	backend := &memory{refused: reasons, syncErr: errors.New("no checkpoint before the crash")}
	s := open(t, journaled.Config{Directory: directory, Backend: backend, CheckpointInterval: time.Hour})
	require.NoError(t, s.Append(t.Context(), logs("a", "b")))
	deadLetters(t, s, 1)
	image := t.TempDir()
	require.NoError(t, os.CopyFS(image, os.DirFS(directory)))
	backend.set(func() { backend.syncErr = nil })

	survivor := backend.crash()
	survivor.refused = reasons
	s = open(t, journaled.Config{Directory: image, Backend: survivor})
	deadLetters(t, s, 1)
	assert.Equal(t, []string{"a"}, survivor.ids())
}

// An entry that nobody can decode must not stop what comes behind it.
func TestUndecodableEntryBecomesADeadLetter(t *testing.T) {
	directory := t.TempDir()
	log, err := journal.Open(filepath.Join(directory, "journal"), journal.Options{SegmentBytes: journal.MinSegmentBytes})
	require.NoError(t, err)
	garbage := []byte{0x7f, 1, 2, 3}
	_, err = log.Append(t.Context(), garbage)
	require.NoError(t, err)
	require.NoError(t, log.Close())

	backend := &memory{}
	s := open(t, journaled.Config{Directory: directory, Backend: backend})
	require.NoError(t, s.Append(t.Context(), logs("a")))
	letter := deadLetters(t, s, 1)[0]
	assert.Equal(t, []string{"a"}, backend.ids())
	assert.Equal(t, garbage, letter.Undecodable)
	assert.Contains(t, letter.Reason, "journal entry 1 cannot be decoded")
	require.ErrorIs(t, s.ReplayDeadLetter(t.Context(), letter.ID), logstore.ErrUndecodable)
	deadLetters(t, s, 1)
}
