package journal

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	wal "github.com/hashicorp/raft-wal"
	"github.com/hashicorp/raft-wal/metadb"
	"github.com/hashicorp/raft-wal/segment"
	"github.com/hashicorp/raft-wal/types"
)

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

func countEntries(runs []run) (entries uint64) {
	for _, r := range runs {
		entries += r.last + 1 - r.first
	}
	return entries
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
