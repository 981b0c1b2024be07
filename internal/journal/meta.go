package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	wal "github.com/hashicorp/raft-wal"
	"github.com/hashicorp/raft-wal/metadb"
	"github.com/hashicorp/raft-wal/segment"
	"github.com/hashicorp/raft-wal/types"
	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// lockTimeout is how long we wait for wal-meta.db, which an open journal locks.
const lockTimeout = time.Second

// meta is what wal-meta.db says.
type meta struct {
	// exists is false in a new directory.
	exists      bool
	segments    []types.SegmentInfo
	checkpoints map[string]uint64
}

// readMeta reads wal-meta.db without changing it. Errors: ErrCorrupt, ErrInUse or
// one of the file system.
func readMeta(directory string) (read meta, err error) {
	path := filepath.Join(directory, metadb.FileName)
	stat, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return meta{}, nil
	case err != nil:
		return meta{}, err
	case stat.Size() == 0: // Bolt would take it for a new one
		return meta{}, fmt.Errorf("%w: %s is empty", ErrCorrupt, metadb.FileName)
	}
	var file *os.File
	open := func(name string, flag int, mode os.FileMode) (*os.File, error) {
		var err error
		file, err = os.OpenFile(name, flag, mode) //nolint:gosec // the configured folder
		return file, err
	}
	// Bolt panics at pages that are not as it wrote them, and may follow a wrong
	// offset out of the mapped file.
	defer func(before bool) {
		debug.SetPanicOnFault(before)
		if problem := recover(); problem != nil {
			_ = file.Close() // and with it its lock; the mapping stays
			err = fmt.Errorf("%w: %s: %v", ErrCorrupt, metadb.FileName, problem)
		}
	}(debug.SetPanicOnFault(true))
	db, err := bbolt.Open(path, 0, &bbolt.Options{ReadOnly: true, PreLoadFreelist: true, Timeout: lockTimeout, OpenFile: open})
	var system *fs.PathError
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return meta{}, ErrInUse
	case errors.As(err, &system):
		return meta{}, err
	case err != nil:
		return meta{}, fmt.Errorf("%w: %s: %w", ErrCorrupt, metadb.FileName, err)
	}
	read.exists = true
	err = db.View(read.load)
	if err = errors.Join(err, db.Close()); err != nil {
		return meta{}, fmt.Errorf("%w: %s: %w", ErrCorrupt, metadb.FileName, err)
	}
	return read, nil
}

// maxNameBytes bounds a checkpoint's name and value.
const maxNameBytes = 1024

var errBolt = errors.New("it has a value whose length cannot be right") //nolint:gochecknoglobals // a constant

func (m *meta) load(tx *bbolt.Tx) error {
	list, stable := tx.Bucket([]byte(metadb.MetaBucket)), tx.Bucket([]byte(metadb.StableBucket))
	if list == nil || stable == nil {
		return errors.New("it has no list of segments")
	}
	var state types.PersistentState
	if encoded := list.Get([]byte(metadb.MetaKey)); encoded != nil {
		if int64(len(encoded)) > tx.Size() {
			return errBolt
		}
		if err := json.Unmarshal(encoded, &state); err != nil {
			return fmt.Errorf("its list of segments: %w", err)
		}
	}
	m.segments = state.Segments
	m.checkpoints = map[string]uint64{}
	err := stable.ForEach(func(key, value []byte) error {
		// With a wrong length, Bolt's slices lie outside of any memory that Go knows,
		// and do no harm as long as nothing is allocated.
		if len(key)+len(value) > maxNameBytes {
			return errBolt
		}
		name, isCheckpoint := strings.CutPrefix(string(key), checkpointPrefix)
		if !isCheckpoint {
			return fmt.Errorf("it has an unknown value %q", key)
		}
		index, err := parseCheckpoint(key, value)
		m.checkpoints[name] = index
		return err
	})
	return errors.Join(err, checkList(state.Segments))
}

// checkList checks what raft-wal relies on.
func checkList(segments []types.SegmentInfo) error {
	for i, s := range segments {
		isLast := i == len(segments)-1
		switch {
		case s.BaseIndex == 0 || s.Codec != wal.CodecBinaryV1 || s.MinIndex < s.BaseIndex || i > 0 && s.MinIndex != s.BaseIndex:
		case s.SealTime.IsZero() != isLast, !isLast && (s.MaxIndex < s.MinIndex || s.IndexStart == 0):
		case !isLast && segments[i+1].BaseIndex != s.MaxIndex+1:
		default:
			continue
		}
		return fmt.Errorf("its list of segments is not as it was written: %+v", s)
	}
	return nil
}

// applied is the index through which every applier has applied. What is released
// counts as applied.
func (m *meta) applied() uint64 {
	var applied uint64
	isFirst := true
	for _, index := range m.checkpoints {
		if isFirst || index < applied {
			applied, isFirst = index, false
		}
	}
	if len(m.segments) > 0 {
		applied = max(applied, m.segments[0].MinIndex-1)
	}
	return applied
}

// listed returns the entry of the list for a segment file.
func (m *meta) listed(name string) (types.SegmentInfo, bool) {
	for _, s := range m.segments {
		if segment.FileName(s) == name {
			return s, true
		}
	}
	return types.SegmentInfo{}, false
}

// isLeftover reports whether a file that is not listed holds nothing that counts:
// only what is released, when a crash came between the change of the list and the
// deletion; or nothing at all, when there was no space for a new segment.
func (m *meta) isLeftover(directory string, info types.SegmentInfo) (_ bool, err error) {
	if len(m.segments) > 0 && info.BaseIndex < m.segments[0].BaseIndex {
		return true, nil
	}
	file, err := os.Open(filepath.Join(directory, segment.FileName(info))) //nolint:gosec // the configured folder
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	isWritten, err := isWrittenBehind(file, 0)
	return !isWritten, err
}
