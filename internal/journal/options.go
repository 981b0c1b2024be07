package journal

import (
	"fmt"

	"go.uber.org/zap"
)

const (
	// DefaultSegmentBytes is the size of a segment file. Space is given back in
	// whole segments, and each is allocated when it is begun.
	DefaultSegmentBytes = 64 << 20
	// MinSegmentBytes is the least Options.SegmentBytes.
	MinSegmentBytes = 64 << 10
	// MaxSegmentBytes is the greatest Options.SegmentBytes.
	MaxSegmentBytes = 1 << 30

	// DefaultMaxBytes is how much a journal may hold that is not released: at
	// 500 bytes a record, some eight million records that a backend has not taken.
	DefaultMaxBytes = 4 << 30

	// MaxPayloadBytes is the largest entry. It is above what one request can hold
	// (16 MiB of JSON, 20 MiB of OTLP), and below raft-wal's own limit of 64 MiB.
	MaxPayloadBytes = 32 << 20

	// maxCommitBytes bounds what one fsync makes durable, so that a crowd of large
	// entries does not make everyone wait for all of it. One entry may exceed it.
	maxCommitBytes = 4 << 20

	// maxRecentBytes is how many payload bytes of the newest entries are kept in
	// memory, so that an applier that keeps up reads nothing from disk. What came with
	// them (AppendWith) may take several times as much.
	maxRecentBytes = 4 << 20
)

// Options of a Journal. The zero value is usable.
type Options struct {
	// SegmentBytes is the size of a segment file; 0 means DefaultSegmentBytes. It
	// takes effect with the next segment.
	SegmentBytes int
	// MaxBytes bounds the payload bytes that are not released yet; beyond it
	// Append returns ErrFull. 0 means DefaultMaxBytes. On disk there may be one
	// segment more.
	MaxBytes int64
	// Logger gets warnings and errors; nil means none.
	Logger *zap.Logger
}

func (o Options) withDefaults() (Options, error) {
	if o.SegmentBytes == 0 {
		o.SegmentBytes = DefaultSegmentBytes
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	if o.SegmentBytes < MinSegmentBytes || o.SegmentBytes > MaxSegmentBytes {
		return o, fmt.Errorf("the segment size must be between %d and %d bytes, not %d", MinSegmentBytes, MaxSegmentBytes, o.SegmentBytes)
	}
	if o.MaxBytes < int64(o.SegmentBytes) {
		return o, fmt.Errorf("the journal's size limit of %d bytes must hold a segment of %d bytes", o.MaxBytes, o.SegmentBytes)
	}
	return o, nil
}
