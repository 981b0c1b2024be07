package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/raft-wal/segment"
	"github.com/hashicorp/raft-wal/types"
	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/durablefile"
)

// frameHeaderBytes is the size of raft-wal's frame header; its frames are padded
// to a multiple of it, and a commit frame is a header alone.
const frameHeaderBytes = 8

// frameSize is the size in a segment of a frame with this many bytes.
func frameSize(bytes int) int64 {
	return int64((frameHeaderBytes + bytes + frameHeaderBytes - 1) / frameHeaderBytes * frameHeaderBytes)
}

// settleTail brings the newest segment, which a crash may have left in any
// state, into one in which raft-wal can go on. raft-wal finds the last whole
// commit by itself; here
//
//   - what a torn write left behind it is cut off, so that no later recovery can
//     take these bytes for a commit; it is an error when it was no torn write;
//   - the last commit is written once more and fsynced: the process before us may
//     have ended between its write and its fsync, or because its fsync failed, and
//     then the bytes that we read are perhaps in memory only;
//   - a segment that was sealed by its last commit, but that the list of segments
//     does not know as sealed yet, is entered there. raft-wal leaves it as it is
//     and then refuses every append.
//
// System calls: pread(segment), [ftruncate ×2], pwrite(last commit), fsync(segment),
// fsync(directory), [pwrite + fdatasync(wal-meta.db)].
func settleTail(directory string, meta types.MetaStore, filer types.SegmentFiler, logger *zap.Logger) error {
	state, err := meta.Load(directory)
	if err != nil {
		return fmt.Errorf("load the list of segments: %w", err)
	}
	if len(state.Segments) == 0 || !state.Segments[len(state.Segments)-1].SealTime.IsZero() {
		return nil
	}
	info := state.Segments[len(state.Segments)-1]
	committed, err := findCommitted(filer, info)
	if errors.Is(err, os.ErrNotExist) {
		return nil // it was listed but not created yet; raft-wal creates it
	}
	if err != nil {
		return fmt.Errorf("recover segment %s: %w", segment.FileName(info), err)
	}
	if err := settleFile(directory, info, committed, logger); err != nil {
		return fmt.Errorf("settle segment %s: %w", segment.FileName(info), err)
	}
	if committed.indexStart == 0 {
		return nil
	}
	if err := meta.CommitState(rotated(state, committed)); err != nil {
		return fmt.Errorf("enter sealed segment %s: %w", segment.FileName(info), err)
	}
	return nil
}

// committed is what a segment holds for certain.
type committed struct {
	// last is the index of the last entry, 0 when there is none.
	last uint64
	// start is an offset at or before the last commit's first byte; end is that
	// behind its last byte.
	start, end int64
	// indexStart is the offset of the index, when the last commit sealed the
	// segment; else 0.
	indexStart uint64
}

func findCommitted(filer types.SegmentFiler, info types.SegmentInfo) (found committed, err error) {
	recovered, err := filer.RecoverTail(info)
	if err != nil {
		return committed{}, err
	}
	defer func() { err = errors.Join(err, recovered.Close()) }()
	tail, ok := recovered.(*segment.Writer)
	if !ok {
		return committed{}, fmt.Errorf("unexpected segment writer %T", recovered)
	}
	found.last = tail.LastIndex()
	if found.last == 0 {
		return found, nil
	}
	offset, err := tail.OffsetForFrame(found.last)
	if err != nil {
		return committed{}, fmt.Errorf("find entry %d: %w", found.last, err)
	}
	raw, err := tail.GetLog(found.last)
	if err != nil {
		return committed{}, fmt.Errorf("read entry %d: %w", found.last, err)
	}
	lastFrame := frameSize(len(raw.Bs))
	if err := raw.Close(); err != nil {
		return committed{}, err
	}
	found.start = max(0, int64(offset)-maxCommitBytes)
	found.end = int64(offset) + lastFrame + frameHeaderBytes

	// An index directly behind the last entry is of the same commit. One further
	// back is of a commit that was torn, and goes with it.
	sealed, indexStart, err := tail.Sealed()
	if err != nil {
		return committed{}, err
	}
	indexFrame := int64(offset) + lastFrame
	if sealed && int64(indexStart) == indexFrame+frameHeaderBytes { //nolint:gosec // an offset in a file
		const offsetBytes = 4
		entries := int(found.last - info.BaseIndex + 1) //nolint:gosec // they fit in a file
		found.indexStart = indexStart
		found.end = indexFrame + frameSize(entries*offsetBytes) + frameHeaderBytes
	}
	return found, nil
}

func settleFile(directory string, info types.SegmentInfo, found committed, logger *zap.Logger) (err error) {
	file, err := os.OpenFile(filepath.Join(directory, segment.FileName(info)), os.O_RDWR, 0) //nolint:gosec // the configured folder
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	torn, err := isWrittenBehind(file, found.end)
	if err != nil {
		return fmt.Errorf("look behind the last commit: %w", err)
	}
	if torn {
		if err := cut(file, found.end); err != nil {
			return fmt.Errorf("cut off a torn write: %w", err)
		}
		logger.Warn("cut a torn write off the journal; it was never acknowledged",
			zap.Uint64("last_index", found.last), zap.Int64("offset", found.end), zap.String("segment", segment.FileName(info)))
	}
	last := make([]byte, found.end-found.start)
	if _, err := file.ReadAt(last, found.start); err != nil {
		return fmt.Errorf("read the last commit: %w", err)
	}
	if _, err := file.WriteAt(last, found.start); err != nil {
		return fmt.Errorf("write the last commit again: %w", err)
	}
	return errors.Join(file.Sync(), durablefile.SyncFolder(directory))
}

// isWrittenBehind reports whether any byte behind the offset is not zero.
// Segments are allocated in advance, so there is nothing but zeros in a whole one.
func isWrittenBehind(file io.ReaderAt, offset int64) (bool, error) {
	buffer, zeros := make([]byte, 1<<20), make([]byte, 1<<20)
	for {
		n, err := file.ReadAt(buffer, offset)
		if !bytes.Equal(buffer[:n], zeros[:n]) {
			return true, nil
		}
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		offset += int64(n)
	}
}

// cut replaces everything behind the offset by zeros, unless that would lose
// what was acknowledged: then it fails with ErrCorrupt.
func cut(file *os.File, offset int64) error {
	stat, err := file.Stat()
	if err != nil {
		return err
	}
	behind, err := io.ReadAll(io.NewSectionReader(file, offset, stat.Size()-offset))
	if err != nil {
		return err
	}
	if holdsCommit(behind) {
		return fmt.Errorf("%w: bytes behind offset %d are damaged, and acknowledged entries follow them", ErrCorrupt, offset)
	}
	if err := file.Truncate(offset); err != nil {
		return err
	}
	return file.Truncate(stat.Size())
}

// rotated is the list of segments after the rotation that a crash has prevented.
// raft-wal creates the file of the new segment when it opens.
func rotated(state types.PersistentState, found committed) types.PersistentState {
	segments := append([]types.SegmentInfo(nil), state.Segments...)
	sealed := &segments[len(segments)-1]
	sealed.SealTime = time.Now()
	sealed.MaxIndex = found.last
	sealed.IndexStart = found.indexStart
	next := types.SegmentInfo{
		ID:         state.NextSegmentID,
		BaseIndex:  found.last + 1,
		MinIndex:   found.last + 1,
		Codec:      sealed.Codec,
		CreateTime: time.Now(),
		SizeLimit:  sealed.SizeLimit,
	}
	return types.PersistentState{NextSegmentID: state.NextSegmentID + 1, Segments: append(segments, next)}
}
