package requests

import (
	"fmt"
	"io"

	"go.etcd.io/bbolt"
)

// Snapshot is an Index as it was at one moment, whatever is put into it since.
// While one is open, the file grows by what is put, and once it is over 1 GiB a Put
// that makes it larger waits for Close, with every later Find behind it: write it
// somewhere quick.
type Snapshot struct {
	view *bbolt.Tx
}

var _ io.WriterTo = (*Snapshot)(nil)

// Snapshot returns the index as it is now. It must be closed, before the index is.
func (x *Index) Snapshot() (*Snapshot, error) {
	view, err := x.database.Begin(false)
	if err != nil {
		return nil, fmt.Errorf("take a snapshot of the index of requests: %w", closedError(err))
	}
	return &Snapshot{view: view}, nil
}

// Size returns how many bytes WriteTo writes.
func (s *Snapshot) Size() int64 { return s.view.Size() }

// WriteTo writes a file that Open opens.
func (s *Snapshot) WriteTo(w io.Writer) (int64, error) {
	written, err := s.view.WriteTo(w)
	if err != nil {
		return written, fmt.Errorf("write a snapshot of the index of requests: %w", err)
	}
	return written, nil
}

// Close ends the snapshot.
func (s *Snapshot) Close() error {
	if err := s.view.Rollback(); err != nil {
		return fmt.Errorf("close a snapshot of the index of requests: %w", err)
	}
	return nil
}
