package journal

import (
	"sync"

	"github.com/hashicorp/raft-wal/types"
)

// thriftyFiler makes segments that take next to no memory once they are full. raft-wal keeps
// the writer of a segment for reading until the segment is dropped, and a writer keeps the
// buffer of its largest commit and an index: with some hundred segments that wait to be
// applied, these are hundreds of megabytes.
type thriftyFiler struct{ types.SegmentFiler }

// Create implements types.SegmentFiler.
func (f thriftyFiler) Create(info types.SegmentInfo) (types.SegmentWriter, error) {
	return f.thrifty(info)(f.SegmentFiler.Create(info))
}

// RecoverTail implements types.SegmentFiler.
func (f thriftyFiler) RecoverTail(info types.SegmentInfo) (types.SegmentWriter, error) {
	return f.thrifty(info)(f.SegmentFiler.RecoverTail(info))
}

func (f thriftyFiler) thrifty(info types.SegmentInfo) func(types.SegmentWriter, error) (types.SegmentWriter, error) {
	return func(writer types.SegmentWriter, err error) (types.SegmentWriter, error) {
		if err != nil {
			return nil, err
		}
		return &thriftySegment{filer: f.SegmentFiler, info: info, writer: writer, reader: writer}, nil
	}
}

// thriftySegment is a segment's writer until it is full, and then only a reader. raft-wal
// calls Append and Sealed one after the other, anything else at any time.
type thriftySegment struct {
	filer types.SegmentFiler

	// mu belongs to the rest, which only Sealed changes.
	mu   sync.RWMutex
	info types.SegmentInfo
	// writer is nil once the segment is full.
	writer types.SegmentWriter
	reader types.SegmentReader
}

// Append implements types.SegmentWriter.
func (s *thriftySegment) Append(entries []types.LogEntry) error {
	if s.writer == nil {
		return types.ErrSealed
	}
	return s.writer.Append(entries)
}

// Sealed implements types.SegmentWriter. raft-wal asks it after each Append.
func (s *thriftySegment) Sealed() (isSealed bool, indexStart uint64, err error) {
	if s.writer == nil {
		return true, s.info.IndexStart, nil
	}
	isSealed, indexStart, err = s.writer.Sealed()
	if err != nil || !isSealed {
		return isSealed, indexStart, err
	}
	sealed := s.info
	sealed.IndexStart, sealed.MaxIndex = indexStart, s.writer.LastIndex()
	if reader, err := s.filer.Open(sealed); err == nil { // else the writer goes on to read
		s.becomeReader(sealed, reader)
	}
	return true, indexStart, nil
}

func (s *thriftySegment) becomeReader(sealed types.SegmentInfo, reader types.SegmentReader) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.writer.Close() // all that it has written is synced
	s.info, s.writer, s.reader = sealed, nil, reader
}

// LastIndex implements types.SegmentWriter.
func (s *thriftySegment) LastIndex() uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.writer == nil {
		return s.info.MaxIndex
	}
	return s.writer.LastIndex()
}

// GetLog implements types.SegmentReader.
func (s *thriftySegment) GetLog(index uint64) (*types.PooledBuffer, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.reader.GetLog(index)
}

// Close implements io.Closer.
func (s *thriftySegment) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reader.Close()
}
