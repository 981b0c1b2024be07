package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/raft-wal/metadb"
	"github.com/hashicorp/raft-wal/segment"
	"github.com/hashicorp/raft-wal/types"

	"github.com/docketlog/docket/internal/folderformat"
)

// Inspect reads a journal's folder, whether it can be opened or not, and changes
// nothing. The journal must not be open. It fails only when the folder cannot be
// read, with ErrInUse, or with ctx's error: damages are in the report.
func Inspect(ctx context.Context, directory string) (*Report, error) {
	if _, err := os.Stat(filepath.Join(directory, folderformat.FileName)); errors.Is(err, fs.ErrNotExist) {
		if files, _ := segmentFiles(directory); len(files) == 0 {
			return nil, fmt.Errorf("there is no journal in %s: no file %s", directory, folderformat.FileName)
		}
	}
	known, err := readMeta(directory)
	if err != nil && !errors.Is(err, ErrCorrupt) {
		return nil, fmt.Errorf("inspect the journal in %s: %w", directory, err)
	}
	report, err := inspect(ctx, directory, known, err)
	if err != nil {
		return nil, fmt.Errorf("inspect the journal in %s: %w", directory, err)
	}
	return report, nil
}

// inspector makes a Report.
type inspector struct {
	report *Report
	known  meta
	// isKnown says that known could be read.
	isKnown bool
	// expected is the index that the next segment should begin with; 0 when any.
	expected uint64
	// position is that of the entry before it; -1 when unknown.
	position int64
}

func inspect(ctx context.Context, directory string, known meta, metaErr error) (*Report, error) {
	i := &inspector{report: &Report{Directory: directory, segmentBytes: segmentBytesOf(known)}, known: known, isKnown: metaErr == nil, position: -1}
	files, err := segmentFiles(directory)
	if err != nil {
		return nil, err
	}
	if err := i.checkFormat(directory); err != nil {
		return nil, err
	}
	i.checkMeta(metaErr, len(files))
	if files, err = i.withoutLeftovers(directory, files); err != nil {
		return nil, err
	}
	for n, file := range files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var next uint64
		if n+1 < len(files) {
			next = files[n+1].BaseIndex
		}
		if err := i.scanFile(directory, file, next); err != nil {
			return nil, err
		}
	}
	i.finish()
	return i.report, nil
}

// checkFormat fails for another version's journal: its files are not ours to judge.
func (i *inspector) checkFormat(directory string) error {
	content, err := os.ReadFile(filepath.Join(directory, folderformat.FileName)) //nolint:gosec // the configured folder
	if err == nil {
		err = format.Check(directory, content)
	}
	var other *folderformat.Error
	if errors.As(err, &other) && other.IsVersion {
		return err
	}
	if err != nil {
		i.add(Damage{File: folderformat.FileName, Bytes: int64(len(content)), Recoverable: true, Found: err.Error()})
	}
	return nil
}

// checkMeta looks at wal-meta.db: whether it could be read, and whether a file is
// missing, or there, that it does not list. raft-wal deletes these, for what is
// released may be left over after a crash.
func (i *inspector) checkMeta(err error, files int) {
	i.report.Checkpoints, i.report.Applied = i.known.checkpoints, i.known.applied()
	if err == nil && !i.known.exists && files > 0 {
		err = errors.New("the file is missing, although there are segment files")
	}
	if err != nil {
		i.isKnown = false
		i.report.Applied, i.report.Checkpoints, i.report.MetaError = 0, nil, err.Error()
		i.add(Damage{File: metadb.FileName, Recoverable: true, Found: err.Error()})
		return
	}
	if len(i.known.segments) > 0 {
		i.expected = i.known.segments[0].BaseIndex
	}
}

// withoutLeftovers returns the files that count.
func (i *inspector) withoutLeftovers(directory string, files []types.SegmentInfo) ([]types.SegmentInfo, error) {
	if !i.isKnown {
		return files, nil
	}
	var counting []types.SegmentInfo
	for _, file := range files {
		_, isListed := i.known.listed(segment.FileName(file))
		isLeftover := false
		if !isListed {
			var err error
			if isLeftover, err = i.known.isLeftover(directory, file); err != nil {
				return nil, err
			}
		}
		if !isLeftover {
			counting = append(counting, file)
		}
	}
	return counting, nil
}

// finish compares the end with the list and the checkpoints, and counts.
func (i *inspector) finish() {
	r := i.report
	last := uint64(0)
	if i.expected > 0 {
		last = i.expected - 1
	}
	if n := len(i.known.segments); i.isKnown && n > 1 && i.known.segments[n-2].MaxIndex > last {
		i.missing(i.known.segments[n-2].MaxIndex + 1)
		last = i.known.segments[n-2].MaxIndex
	}
	for name, index := range r.Checkpoints {
		if index > last {
			i.add(Damage{
				File: metadb.FileName, FirstIndex: last + 1, LastIndex: index,
				Found: fmt.Sprintf("%q has applied entry %d, but the last entry is %d", name, index, last),
			})
		}
	}
	if i.isKnown && len(i.known.segments) > 0 {
		i.checkBeginning()
	}
	released := uint64(1)
	if i.isKnown && len(i.known.segments) > 0 {
		released = i.known.segments[0].MinIndex
	}
	for _, walk := range r.walks {
		for _, run := range walk.runs {
			first := max(run.first, released)
			if run.last < first {
				continue
			}
			if r.FirstIndex == 0 {
				r.FirstIndex = first
			}
			r.LastIndex = run.last
			r.Entries += run.last - first + 1
		}
	}
	if r.Damages == nil {
		r.Damages = []Damage{}
	}
}

// checkBeginning reports what has been released although it was not applied.
func (i *inspector) checkBeginning() {
	first := i.known.segments[0].MinIndex
	lowest, name := first-1, ""
	for applier, index := range i.known.checkpoints {
		if index < lowest {
			lowest, name = index, applier
		}
	}
	if name != "" {
		i.report.Applied = lowest
		i.add(Damage{
			File: metadb.FileName, FirstIndex: lowest + 1, LastIndex: first - 1,
			Found: fmt.Sprintf("%q has applied entry %d, but the first entry is %d", name, lowest, first),
		})
	}
}

// missing reports that no file has the indexes from the expected one up to next.
func (i *inspector) missing(next uint64) {
	name := fmt.Sprintf("%020d-*.wal", i.expected)
	for _, s := range i.known.segments {
		if s.BaseIndex == i.expected {
			name = segment.FileName(s)
		}
	}
	i.add(Damage{File: name, FirstIndex: i.expected, LastIndex: next - 1, Found: "the file is missing"})
}

func (i *inspector) add(d Damage) {
	if d.FirstIndex > 0 && !d.Recoverable && d.LastIndex > i.report.Applied {
		d.FirstLost = max(d.FirstIndex, i.report.Applied+1)
	}
	i.report.Damages = append(i.report.Damages, d)
}

// segmentFiles returns what the names of the segment files say, in their order.
func segmentFiles(directory string) ([]types.SegmentInfo, error) {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return nil, err
	}
	var files []types.SegmentInfo
	for _, e := range entries {
		if file, ok := parseFileName(e.Name()); ok {
			files = append(files, file)
		}
	}
	return files, nil
}

func parseFileName(name string) (types.SegmentInfo, bool) {
	var s types.SegmentInfo
	if !strings.HasSuffix(name, ".wal") {
		return s, false
	}
	_, err := fmt.Sscanf(name, "%020d-%016x.wal", &s.BaseIndex, &s.ID)
	return s, err == nil && s.BaseIndex > 0 && segment.FileName(s) == name
}
