package journaled

import (
	"context"
	"fmt"
	"time"
)

const (
	// cutTimeout bounds how long Cut keeps records waiting.
	cutTimeout = 10 * time.Second
	// cutPollInterval is how often Cut looks whether all is applied.
	cutPollInterval = 2 * time.Millisecond
)

// Cut calls a function at a moment at which everything acknowledged is applied to
// the backend, with its dead letters and idempotency keys in their files, and
// nothing else is. Appends wait meanwhile; they do not wait for a backlog, which is
// applied before, for as long as ctx allows. It fails when the backend does not
// apply what it is given.
func (s *Store) Cut(ctx context.Context, during func(ctx context.Context) error) error {
	_, err := whileOpen(s, func() (struct{}, error) { return struct{}{}, s.cut(ctx, during) })
	return err
}

func (s *Store) cut(ctx context.Context, during func(ctx context.Context) error) error {
	if err := s.waitUntilApplied(ctx, s.journal.LastIndex()); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, cutTimeout)
	defer cancel()
	s.appending.Lock()
	defer s.appending.Unlock()
	last := s.journal.LastIndex()
	if err := s.waitUntilApplied(ctx, last); err != nil {
		return err
	}
	if err := s.requests.flush(ctx, last); err != nil {
		return err
	}
	return during(ctx)
}

// waitUntilApplied returns when an entry is applied.
func (s *Store) waitUntilApplied(ctx context.Context, index uint64) error {
	ticker := time.NewTicker(cutPollInterval)
	defer ticker.Stop()
	for s.applier.applied.Load() < index {
		select {
		case <-ticker.C:
		case <-s.closing.Done():
			return fmt.Errorf("wait until all is applied: %w", context.Cause(s.closing))
		case <-ctx.Done():
			return fmt.Errorf("wait until all is applied: %d entries are not: %w", index-s.applier.applied.Load(), ctx.Err())
		}
	}
	return nil
}
