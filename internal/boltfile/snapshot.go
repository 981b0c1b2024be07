package boltfile

import (
	"fmt"
	"io"

	"go.etcd.io/bbolt"
)

// Snapshot is a File as it was at one moment, whatever is changed in it since.
//
// While one is open, the pages that it needs are not used again, so the file grows
// by what is changed; and a change that makes it larger than Options.MappedBytes
// waits for Close, with all who come after, readers too. So write it at the speed of
// a disk and not of a client.
type Snapshot struct {
	view *bbolt.Tx
	name string
}

var _ io.WriterTo = (*Snapshot)(nil)

// Snapshot returns the file as it is now, or Options.Closed. It must be closed, and
// Close of the file waits for that.
func (f *File) Snapshot() (*Snapshot, error) {
	view, err := f.database.Begin(false)
	if err != nil {
		return nil, fmt.Errorf("take a snapshot of %s: %w", f.name, f.translate(err))
	}
	return &Snapshot{view: view, name: f.name}, nil
}

// Size returns how many bytes WriteTo writes.
func (s *Snapshot) Size() int64 { return s.view.Size() }

// WriteTo writes a file that Open opens.
func (s *Snapshot) WriteTo(w io.Writer) (int64, error) {
	written, err := s.view.WriteTo(w)
	if err != nil {
		return written, fmt.Errorf("write a snapshot of %s: %w", s.name, err)
	}
	return written, nil
}

// Close ends the snapshot.
func (s *Snapshot) Close() error {
	if err := s.view.Rollback(); err != nil {
		return fmt.Errorf("close a snapshot of %s: %w", s.name, err)
	}
	return nil
}
