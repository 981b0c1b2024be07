package journal

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	wal "github.com/hashicorp/raft-wal"
	"github.com/hashicorp/raft-wal/metadb"
	"github.com/hashicorp/raft-wal/segment"
	"github.com/hashicorp/raft-wal/types"
)

// Report is what Inspect finds in a journal's folder.
type Report struct {
	Directory string    `json:"directory"`
	Segments  []Segment `json:"segments"`
	// FirstIndex and LastIndex are the first and the last entry that can be read
	// and is not released, Entries how many there are; all 0 when there is none.
	FirstIndex uint64 `json:"first_index"`
	LastIndex  uint64 `json:"last_index"`
	Entries    uint64 `json:"entries"`
	// Checkpoints are the appliers' checkpoints, by name; Applied is the index
	// through which all of them have applied. Neither is known, and Applied is 0,
	// when MetaError says why wal-meta.db cannot be read.
	Checkpoints map[string]uint64 `json:"checkpoints"`
	Applied     uint64            `json:"applied"`
	MetaError   string            `json:"meta_error,omitempty"`
	// TornTail is a write that a crash has cut off. It was never acknowledged, and
	// the next start removes it: no damage. Nil when there is none.
	TornTail *TornTail `json:"torn_tail,omitempty"`
	// Damages are sorted by the place. There are none in a healthy journal.
	Damages []Damage `json:"damages"`

	walks []walk
	// segmentBytes is Options.SegmentBytes as the newest segment has it; 0 when
	// that is not known.
	segmentBytes int
}

// Segment is one file of the journal.
type Segment struct {
	File      string `json:"file"`
	BaseIndex uint64 `json:"base_index"`
	// Entries counts those that can be read.
	Entries uint64 `json:"entries"`
	// Bytes is the size of what is written, FileBytes that of the file.
	Bytes     int64 `json:"bytes"`
	FileBytes int64 `json:"file_bytes"`
	// Sealed says that nothing more is written to it.
	Sealed bool `json:"sealed"`
}

// Damage is a place in which the journal is not as it was written.
type Damage struct {
	// File is the file, Offset the first byte and Bytes the number of those that
	// are damaged, or that lie between what can be read. A missing file has none.
	File   string `json:"file"`
	Offset int64  `json:"offset"`
	Bytes  int64  `json:"bytes"`
	// FirstIndex and LastIndex are the entries that Docket cannot read because of
	// it; 0 when it can read all.
	FirstIndex uint64 `json:"first_index,omitempty"`
	LastIndex  uint64 `json:"last_index,omitempty"`
	// Recoverable says that repair recovers all of these entries.
	Recoverable bool `json:"recoverable"`
	// FirstLost is the first of these entries that is lost unless it is recovered
	// from elsewhere: neither is it applied, nor can repair read it. All behind it
	// are lost as well. 0 means that nothing is lost.
	FirstLost uint64 `json:"first_lost,omitempty"`
	// Found says what is there.
	Found string `json:"found"`
}

// Lost is the number of entries that are lost by the damage.
func (d Damage) Lost() uint64 {
	if d.FirstLost == 0 {
		return 0
	}
	return d.LastIndex - d.FirstLost + 1
}

// TornTail is what a crash has left behind the last commit.
type TornTail struct {
	File   string `json:"file"`
	Offset int64  `json:"offset"`
	Bytes  int64  `json:"bytes"`
	// Entries counts whole entries in it: written, but not acknowledged.
	Entries uint64 `json:"entries"`
}

// Healthy reports whether everything is as it was written.
func (r *Report) Healthy() bool { return len(r.Damages) == 0 }

// walk is where a segment file's entries are.
type walk struct {
	file    string
	runs    []run
	tornRun *run
}

// Inspect reads a journal's folder, whether it can be opened or not, and changes
// nothing. The journal must not be open. It fails only when the folder cannot be
// read, with ErrInUse, or with ctx's error: damages are in the report.
func Inspect(ctx context.Context, directory string) (*Report, error) {
	if _, err := os.Stat(filepath.Join(directory, formatFile)); errors.Is(err, fs.ErrNotExist) {
		if files, _ := segmentFiles(directory); len(files) == 0 {
			return nil, fmt.Errorf("there is no journal in %s: no file %s", directory, formatFile)
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

func (i *inspector) add(d Damage) {
	if d.FirstIndex > 0 && !d.Recoverable && d.LastIndex > i.report.Applied {
		d.FirstLost = max(d.FirstIndex, i.report.Applied+1)
	}
	i.report.Damages = append(i.report.Damages, d)
}

// checkFormat fails for another version's journal: its files are not ours to judge.
func (i *inspector) checkFormat(directory string) error {
	content, err := os.ReadFile(filepath.Join(directory, formatFile)) //nolint:gosec // the configured folder
	if err == nil {
		err = checkFormat(directory, string(content))
	}
	if version, otherErr := parseFormat(string(content)); otherErr == nil && version != formatVersion {
		return err
	}
	if err != nil {
		i.add(Damage{File: formatFile, Bytes: int64(len(content)), Recoverable: true, Found: err.Error()})
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

// scanFile adds a segment file to the report. next is the first index of the next
// file, 0 when there is none.
func (i *inspector) scanFile(directory string, file types.SegmentInfo, next uint64) error {
	name := segment.FileName(file)
	handle, err := os.Open(filepath.Join(directory, name)) //nolint:gosec // the configured folder
	if err != nil {
		return err
	}
	defer func() { _ = handle.Close() }()
	stat, err := handle.Stat()
	if err != nil {
		return err
	}
	listed, isListed := i.known.listed(name)
	if i.isKnown && !isListed {
		i.add(Damage{File: metadb.FileName, Recoverable: true, Found: "the list of segments lacks the file " + name})
	}
	if i.expected > 0 && file.BaseIndex > i.expected {
		i.missing(file.BaseIndex)
	}
	if file.BaseIndex != i.expected {
		i.position = -1
	}
	limit := uint64(0)
	if next > 0 {
		limit = next - 1
	}
	isSealed := !listed.SealTime.IsZero()
	if isSealed {
		limit = listed.MaxIndex
	}
	w := newWindow(handle, stat.Size())
	s := scanSegment(w, file.BaseIndex, i.position, limit, next == 0 && !isSealed)
	i.checkHeader(w, file, &s)
	i.addScan(w, name, &s, limit)
	if isSealed && s.indexStart > 0 && uint64(s.indexStart) != listed.IndexStart {
		i.add(Damage{
			File: metadb.FileName, FirstIndex: listed.MinIndex, LastIndex: listed.MaxIndex, Recoverable: true,
			Found: fmt.Sprintf("the index of %s is at %d, and not at %d", name, s.indexStart, listed.IndexStart),
		})
	}
	last := s.runs[len(s.runs)-1]
	i.report.Segments = append(i.report.Segments, Segment{
		File: name, BaseIndex: file.BaseIndex, Entries: countEntries(s.runs), Bytes: s.end, FileBytes: stat.Size(),
		Sealed: isSealed || s.indexStart > 0,
	})
	i.report.walks = append(i.report.walks, walk{file: name, runs: s.runs, tornRun: s.tornRun})
	// What is missing in this file is reported; what it never had is not.
	i.expected, i.position = max(last.last, s.sealedThrough)+1, last.position
	if s.indexStart == 0 && limit > last.last {
		i.expected = limit + 1
	}
	return nil
}

func countEntries(runs []run) (entries uint64) {
	for _, r := range runs {
		entries += r.last + 1 - r.first
	}
	return entries
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

// checkHeader checks the file's header, without which raft-wal opens no segment.
func (i *inspector) checkHeader(w *window, file types.SegmentInfo, s *scan) {
	const magic, version = 0x58eb6b0d, 0
	if s.end <= fileHeaderBytes && countEntries(s.runs) == 0 && !i.isSealed(file) || s.torn != nil && s.torn.offset == 0 {
		return // it is written with the first commit
	}
	want := make([]byte, 0, fileHeaderBytes)
	want = binary.LittleEndian.AppendUint32(want, magic)
	want = append(want, 0, 0, 0, version)
	want = binary.LittleEndian.AppendUint64(want, file.BaseIndex)
	want = binary.LittleEndian.AppendUint64(want, file.ID)
	want = binary.LittleEndian.AppendUint64(want, wal.CodecBinaryV1)
	if string(w.at(0, fileHeaderBytes)) == string(want) {
		return
	}
	d := Damage{File: segment.FileName(file), Bytes: fileHeaderBytes, Recoverable: true, Found: "the file's header is not as it was written"}
	for _, r := range s.runs {
		if r.isEmpty() {
			continue
		}
		if d.FirstIndex == 0 {
			d.FirstIndex = r.first
		}
		d.LastIndex = r.last
	}
	i.add(d)
}

func (i *inspector) isSealed(file types.SegmentInfo) bool {
	listed, _ := i.known.listed(segment.FileName(file))
	return !listed.SealTime.IsZero()
}

// addScan reports what was found in a segment file.
func (i *inspector) addScan(w *window, name string, s *scan, limit uint64) {
	for n, r := range s.runs[1:] {
		i.gap(w, name, s.runs[n], r.offset, r.first-1)
	}
	last := s.runs[len(s.runs)-1]
	switch {
	case s.torn != nil:
		i.report.TornTail = &TornTail{File: name, Offset: s.torn.offset, Bytes: s.torn.bytes}
		if s.tornRun != nil {
			i.report.TornTail.Entries = countEntries([]run{*s.tornRun})
		}
	case s.indexStart > 0:
		if s.sealedThrough > last.last {
			i.gap(w, name, last, s.indexStart-frameHeaderBytes, s.sealedThrough)
		}
	case limit > last.last:
		i.gap(w, name, last, max(s.end, last.end), limit)
	case limit > 0:
		// It must be sealed, and entries are found by what seals it.
		i.add(Damage{
			File: name, Offset: last.end, Bytes: s.end - last.end, FirstIndex: s.runs[0].first, LastIndex: last.last, Recoverable: true,
			Found: describeDisk(w, last.end, s.end-last.end, "the list of the entries' offsets is not as it was written; the entries are"),
		})
	case s.end > last.end:
		// How many entries there were, nobody knows; one at least.
		i.gap(w, name, last, s.end, last.last+1)
	}
	for _, f := range s.flaws {
		i.add(Damage{
			File: name, Offset: f.offset, Bytes: f.bytes, FirstIndex: f.first, LastIndex: f.last,
			Recoverable: true, Found: describeDisk(w, f.offset, f.bytes, f.found),
		})
	}
}

// gap reports what cannot be read behind a run, up to the offset and with the
// given last index.
func (i *inspector) gap(w *window, name string, before run, end int64, through uint64) {
	d := Damage{File: name, Offset: before.end, Bytes: end - before.end}
	switch {
	case through > before.last:
		d.FirstIndex, d.LastIndex = before.last+1, through
	case d.Bytes <= frameHeaderBytes:
		return // a commit mark, which is a flaw of its own
	default:
		d.Recoverable = true
	}
	d.Found = describeDisk(w, d.Offset, d.Bytes, describe(w, d.Offset))
	i.add(d)
}

func describeDisk(w *window, offset, bytes int64, found string) string {
	if w.isUnreadable(offset, max(bytes, 1)) {
		return fmt.Sprintf("the disk cannot read it: %v", w.failure)
	}
	return found
}

// describe says what is there instead of an entry.
func describe(w *window, offset int64) string {
	header := w.at(offset, frameHeaderBytes)
	if len(header) < frameHeaderBytes {
		return "the file ends"
	}
	if string(header) == string(make([]byte, frameHeaderBytes)) {
		return "there are zeros"
	}
	if isFrame(header, frameCommit) {
		offset += frameHeaderBytes
	}
	if _, err := readFrame(w, offset); err != nil {
		return strings.TrimPrefix(err.Error(), ErrCorrupt.Error()+": ")
	}
	return "the entry there is another one"
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
