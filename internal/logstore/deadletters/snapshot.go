package deadletters

import (
	"fmt"
	"io"

	"go.etcd.io/bbolt"
)

// Snapshot is the file as it was at one moment, for a backup; what is added or
// removed afterwards does not change it.
//
// While it is open, the pages that it needs are not used again; and when the file
// grows beyond 512 MiB, or has done so, an Add may wait for it, with all who come
// after. So it should be copied at the speed of a disk and not of a client.
type Snapshot struct {
	tx *bbolt.Tx
}

// Snapshot begins a snapshot, which must be closed. Close of the store waits for it.
func (s *Store) Snapshot() (*Snapshot, error) {
	tx, err := s.database.Begin(false)
	if err != nil {
		return nil, fmt.Errorf("begin a snapshot of the dead letters: %w", closedError(err))
	}
	return &Snapshot{tx}, nil
}

// Size is how many bytes WriteTo writes.
func (s *Snapshot) Size() int64 { return s.tx.Size() }

// WriteTo writes the file that Open opens to the snapshot's content.
func (s *Snapshot) WriteTo(w io.Writer) (int64, error) {
	written, err := s.tx.WriteTo(w)
	if err != nil {
		return written, fmt.Errorf("copy the dead letters: %w", err)
	}
	return written, nil
}

// Close ends the snapshot.
func (s *Snapshot) Close() error {
	if err := s.tx.Rollback(); err != nil {
		return fmt.Errorf("end a snapshot of the dead letters: %w", err)
	}
	return nil
}
