package journal

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hashicorp/raft-wal/metadb"
	"github.com/hashicorp/raft-wal/segment"
	"github.com/hashicorp/raft-wal/types"
)

// checkFiles compares the list of segments with the files, before raft-wal does
// what it does with a file that is not listed: it deletes it. That is right only
// for what isLeftover says.
func checkFiles(directory string, known meta) error {
	files, err := segmentFiles(directory)
	if err != nil {
		return err
	}
	exists := map[string]bool{}
	for _, file := range files {
		name := segment.FileName(file)
		exists[name] = true
		_, isListed := known.listed(name)
		if isListed {
			continue
		}
		isLeftover, err := known.isLeftover(directory, file)
		if err != nil {
			return err
		}
		if !isLeftover {
			return fmt.Errorf("%w: %s does not list the file %s", ErrCorrupt, metadb.FileName, name)
		}
	}
	for n, s := range known.segments {
		// The newest may not have been made yet.
		if n < len(known.segments)-1 && !exists[segment.FileName(s)] {
			return fmt.Errorf("%w: the file %s is missing", ErrCorrupt, segment.FileName(s))
		}
	}
	return nil
}

// damaged makes a *DamageError of an error that says so, and inspects the folder
// for it; other errors stay as they are.
func damaged(directory string, known meta, err error) error {
	if !errors.Is(err, ErrCorrupt) {
		return err
	}
	var already *DamageError
	if errors.As(err, &already) {
		return err
	}
	var metaErr error
	if known.checkpoints == nil && errors.Is(err, ErrCorrupt) {
		if _, statErr := os.Stat(filepath.Join(directory, metadb.FileName)); !errors.Is(statErr, fs.ErrNotExist) {
			metaErr = err
		}
	}
	damage := &DamageError{Directory: directory, Cause: err}
	if report, inspectErr := inspect(context.Background(), directory, known, metaErr); inspectErr == nil {
		damage.Damages = report.Damages
	}
	return damage
}

// Verify reads every entry behind the given index, in order, and gives each to
// visit; its payload is valid during that call only. It fails with a *DamageError
// when there is one that Docket could not read, or with an error of visit's or
// ctx's. To be called before anything is appended or released.
func (j *Journal) Verify(ctx context.Context, after uint64, visit func(index uint64, payload []byte) error) error {
	last := j.LastIndex()
	if after >= last {
		return nil
	}
	state, err := j.meta.Load(j.directory)
	if err != nil {
		return fmt.Errorf("verify the journal: %w", translate(err))
	}
	v := &verifier{journal: j, visit: visit, after: after, next: after + 1, last: last}
	if first := state.Segments[0].MinIndex; first > v.next {
		return v.settle(ctx, state.Segments, fmt.Errorf("%w: entries %d to %d are released", ErrCorrupt, v.next, first-1))
	}
	for n, s := range state.Segments {
		if n+1 < len(state.Segments) && state.Segments[n+1].BaseIndex <= v.next {
			continue
		}
		err := v.verify(ctx, s)
		if errors.Is(err, errUnusual) {
			err = v.settle(ctx, state.Segments, err)
		}
		if err != nil {
			return err
		}
		if v.next > last {
			return nil
		}
	}
	return v.settle(ctx, state.Segments, fmt.Errorf("%w: it ends before entry %d", errUnusual, v.next))
}

// errUnusual says that something is not as it was written, so that only an
// inspection can tell what it affects.
var errUnusual = fmt.Errorf("%w: unusual bytes", ErrCorrupt) //nolint:gochecknoglobals // a constant

// verifier is one Verify.
type verifier struct {
	journal *Journal
	visit   func(index uint64, payload []byte) error
	after   uint64
	// next is the entry to be visited next, last the last one.
	next, last uint64
}

// verify goes through a segment file, which is faster than to ask raft-wal for
// each entry: that reads at least 64 KiB for it.
func (v *verifier) verify(ctx context.Context, info types.SegmentInfo) (err error) {
	file, err := os.Open(filepath.Join(v.journal.directory, segment.FileName(info))) //nolint:gosec // the configured folder
	if err != nil {
		return fmt.Errorf("verify the journal: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	stat, err := file.Stat()
	if err != nil {
		return fmt.Errorf("verify the journal: %w", err)
	}
	w := newWindow(file, stat.Size())
	var offsets []uint32
	through := v.last
	if info.MaxIndex > 0 {
		through = info.MaxIndex
	}
	offset := int64(fileHeaderBytes)
	for index := info.BaseIndex; index <= through; {
		f, readErr := readFrame(w, offset)
		switch {
		case readErr == nil && f.index == index:
		case isFrame(w.at(offset, frameHeaderBytes), frameCommit):
			offset += frameHeaderBytes
			continue
		default:
			return fmt.Errorf("%w in %s at %d", errUnusual, segment.FileName(info), offset)
		}
		offsets = append(offsets, uint32(f.offset)) //nolint:gosec // raft-wal's files are smaller
		if index >= v.next {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := v.visit(index, f.payload); err != nil {
				return err
			}
			v.next = index + 1
		}
		offset += f.bytes
		index++
	}
	if !info.SealTime.IsZero() && !hasIndex(w, int64(info.IndexStart), offsets) { //nolint:gosec // an offset in a file
		return fmt.Errorf("%w in the index of %s", errUnusual, segment.FileName(info))
	}
	return nil
}

// hasIndex reports whether the entries' offsets are at start.
func hasIndex(w *window, start int64, offsets []uint32) bool {
	index := w.at(start, int64(len(offsets))*offsetBytes)
	if len(index) != len(offsets)*offsetBytes {
		return false
	}
	for i, offset := range offsets {
		if binary.LittleEndian.Uint32(index[i*offsetBytes:]) != offset {
			return false
		}
	}
	return true
}

// settle is for when something unusual was met: it is an error when it affects an
// entry behind after. Otherwise it goes on entry by entry, as Docket
// will read them.
func (v *verifier) settle(ctx context.Context, segments []types.SegmentInfo, cause error) error {
	known := meta{exists: true, segments: segments, checkpoints: map[string]uint64{"": v.after}}
	report, err := inspect(ctx, v.journal.directory, known, nil)
	if err != nil {
		return fmt.Errorf("verify the journal: %w", err)
	}
	for _, d := range report.Damages {
		if d.LastIndex > v.after {
			return &DamageError{Directory: v.journal.directory, Damages: report.Damages, Cause: cause}
		}
	}
	for index := v.after + 1; index <= v.last; index++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		e, err := v.journal.readEntry(index)
		switch {
		case errors.Is(err, ErrCorrupt), errors.Is(err, ErrNotFound):
			return &DamageError{Directory: v.journal.directory, Damages: report.Damages, Cause: err}
		case err != nil:
			return err
		}
		if index < v.next {
			continue // it was visited
		}
		if err := v.visit(index, e.payload); err != nil {
			return err
		}
		v.next = index + 1
	}
	return nil
}
