package journal

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Entry is an entry as Visit hands it over.
type Entry struct {
	Index uint64
	// File, Offset and Bytes are where it is.
	File   string
	Offset int64
	Bytes  int64
	// Payload is valid during the call only.
	Payload []byte
}

// walk is where a segment file's entries are.
type walk struct {
	file    string
	runs    []run
	tornRun *run
}

// Visit hands over every entry that can be read with an index from from through
// to, in order. The folder must not have changed since the inspection.
func (r *Report) Visit(ctx context.Context, from, to uint64, visit func(Entry) error) error {
	return r.visit(ctx, from, to, false, visit)
}

func (r *Report) visit(ctx context.Context, from, to uint64, withTorn bool, take func(Entry) error) error {
	for _, walk := range r.walks {
		runs := walk.runs
		if withTorn && walk.tornRun != nil {
			runs = append(runs[:len(runs):len(runs)], *walk.tornRun)
		}
		if len(runs) == 0 || runs[len(runs)-1].last < from || runs[0].first > to {
			continue
		}
		if err := visitFile(ctx, filepath.Join(r.Directory, walk.file), runs, func(f found) error {
			if f.index < from || f.index > to {
				return nil
			}
			return take(Entry{Index: f.index, File: walk.file, Offset: f.offset, Bytes: f.bytes, Payload: f.payload})
		}); err != nil {
			return fmt.Errorf("read segment %s: %w", walk.file, err)
		}
	}
	return nil
}

func visitFile(ctx context.Context, path string, runs []run, visit func(found) error) error {
	file, err := os.Open(path) //nolint:gosec // the configured folder
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	stat, err := file.Stat()
	if err != nil {
		return err
	}
	w := newWindow(file, stat.Size())
	for _, r := range runs {
		if err := visitRun(w, r, func(f found) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return visit(f)
		}); err != nil {
			return err
		}
	}
	return nil
}

// visitRun hands over the entries of a run, in order.
func visitRun(w *window, r run, visit func(found) error) error {
	offset := r.offset
	for index := r.first; index <= r.last; {
		f, err := readFrame(w, offset)
		if err != nil || f.index != index {
			if isFrame(w.at(offset, frameHeaderBytes), frameCommit) {
				offset += frameHeaderBytes
				continue
			}
			var ok bool
			if f, ok = salvageFrame(w, offset, index); !ok {
				return fmt.Errorf("%w: entry %d was there a moment ago, and is not any more", ErrCorrupt, index)
			}
		}
		if err := visit(f); err != nil {
			return err
		}
		offset += f.bytes
		index++
	}
	return nil
}
