package journaled

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/deadletters"
	"github.com/docketlog/docket/internal/record"
)

// refused keeps what the backend refuses.
type refused struct {
	kept *deadletters.Store
	now  func() time.Time
	// changing is held while dead letters are added, and during a replay. A replayed
	// record may be refused again before its first dead letter is removed; without
	// this lock the two would be taken for one, and be removed together.
	changing sync.Mutex
}

// add makes dead letters durable.
func (r *refused) add(ctx context.Context, letters []logstore.DeadLetter) error {
	r.changing.Lock()
	defer r.changing.Unlock()
	if err := r.kept.Add(ctx, letters); err != nil {
		return fmt.Errorf("keep %d dead letters: %w", len(letters), err)
	}
	return nil
}

// replay appends a dead letter's record to the journal, then removes the letter.
// After a crash in between the record is replayed once more, which does no harm.
func (r *refused) replay(ctx context.Context, id string, appendAgain func(plog.Logs) error) error {
	r.changing.Lock()
	defer r.changing.Unlock()
	letter, err := r.kept.Get(ctx, id)
	if err != nil {
		return err
	}
	logs := letter.Logs
	if len(letter.Undecodable) > 0 {
		entry, err := DecodeEntry(letter.Undecodable)
		if err != nil {
			return fmt.Errorf("%w: %w", logstore.ErrUndecodable, err)
		}
		logs = entry.Logs
	}
	if err := appendAgain(logs); err != nil {
		return err
	}
	return r.kept.Remove(ctx, id)
}

// lettersOf returns the dead letters for refused records of a batch.
func (r *refused) lettersOf(batch []record.Record, refusals []logstore.Refusal) []logstore.DeadLetter {
	letters := make([]logstore.DeadLetter, 0, len(refusals))
	for _, refusal := range refusals {
		of := batch[refusal.Position]
		letters = append(letters, logstore.DeadLetter{
			ProjectID: of.ProjectID(), RecordID: of.ID(), RefusedAt: r.now(), Reason: refusal.Reason, Logs: of.Copy(),
		})
	}
	return letters
}

// letterOfEntry returns the dead letter for an entry that cannot be decoded.
func (r *refused) letterOfEntry(index uint64, payload []byte, err error) logstore.DeadLetter {
	return logstore.DeadLetter{
		RefusedAt: r.now(), Undecodable: payload,
		Reason: fmt.Sprintf("journal entry %d cannot be decoded: %v", index, err),
	}
}

// ListDeadLetters implements logstore.DeadLetters.
func (s *Store) ListDeadLetters(ctx context.Context, query logstore.DeadLetterQuery) ([]logstore.DeadLetter, error) {
	return whileOpen(s, func() ([]logstore.DeadLetter, error) { return s.refused.kept.List(ctx, query) })
}

// DeadLetter implements logstore.DeadLetters.
func (s *Store) DeadLetter(ctx context.Context, id string) (logstore.DeadLetter, error) {
	return whileOpen(s, func() (logstore.DeadLetter, error) { return s.refused.kept.Get(ctx, id) })
}

// CountDeadLetters implements logstore.DeadLetters.
func (s *Store) CountDeadLetters(ctx context.Context, projects []int64) (int64, error) {
	return whileOpen(s, func() (int64, error) { return s.refused.kept.CountOf(ctx, projects) })
}

// ReplayDeadLetter implements logstore.DeadLetters.
func (s *Store) ReplayDeadLetter(ctx context.Context, id string) error {
	_, err := whileOpen(s, func() (struct{}, error) {
		// Before the lock of the dead letters: a Cut keeps appends waiting until the
		// applier is through, which may need that lock.
		s.appending.RLock()
		defer s.appending.RUnlock()
		return struct{}{}, s.refused.replay(ctx, id, func(logs plog.Logs) error {
			return s.appendAdmitted(ctx, Entry{Logs: logs, Repeated: true})
		})
	})
	return err
}

// DeleteDeadLetter implements logstore.DeadLetters.
func (s *Store) DeleteDeadLetter(ctx context.Context, id string) error {
	_, err := whileOpen(s, func() (struct{}, error) { return struct{}{}, s.refused.kept.Remove(ctx, id) })
	return err
}
