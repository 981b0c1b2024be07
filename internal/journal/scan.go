package journal

import (
	"encoding/binary"
	"hash/crc32"
	"math"
)

// fileHeaderBytes is the size of raft-wal's file header.
const fileHeaderBytes = 32

// run is a stretch of a segment file in which every entry can be read: entries
// one behind the other, and commit frames between them.
type run struct {
	first, last uint64 // last is first-1 while there is none
	// offset and end are where it begins, and behind its last frame.
	offset, end int64
	// position is the last entry's; -1 when it is not known.
	position int64
}

func (r *run) isEmpty() bool { return r.last < r.first }

// flaw is a place in a segment file that is not as it was written. What lies
// between two runs is one too, but is not listed.
type flaw struct {
	span
	// first and last are the entries that Docket cannot read because of it, and
	// repair can; first is 0 when there are none.
	first, last uint64
	found       string
}

// scan is what is found in one segment file.
type scan struct {
	runs  []run
	flaws []flaw
	// torn is the end of the newest segment that a crash has left behind the last
	// whole commit, and tornRun what can be read in it.
	torn    *span
	tornRun *run
	// indexStart is the offset of the array of offsets that seals the segment, 0
	// when there is none.
	indexStart int64
	// sealedThrough is the last index that the array has.
	sealedThrough uint64
	// end is the offset behind all that is not zero.
	end int64
}

// scanner walks through one segment file. It trusts nothing but the entries
// themselves, and finds its way again behind what it cannot read.
//
// In a place where it had to search, it takes an entry only if it fits to the
// last one in front: as many bytes must lie between as the entries between have
// had, by index and position. Otherwise old entries that a disk has written to a
// wrong place, or bytes in a payload that look like an entry, would be taken for
// what they are not.
type scanner struct {
	window *window
	// mayBeTorn says that it is the newest segment, not known to be sealed.
	mayBeTorn bool
	// limit is the last index that it can have.
	limit uint64

	scan
	offset int64
	// offsets are those of the current first run's entries, to compare with the
	// index; it is nil when they are not one run from the beginning.
	offsets []uint32

	// committed is the last run as it was at the last commit, committedRuns the
	// number of runs then.
	committed     run
	committedRuns int
	// sum is the checksum of all since the last commit; it is unknown behind what
	// could not be read.
	sum      uint32
	sumKnown bool
}

// scanSegment walks through a segment whose first entry has the index base.
// position is that of the entry in front of it, or -1.
func scanSegment(w *window, base uint64, position int64, limit uint64, mayBeTorn bool) scan {
	if limit == 0 {
		limit = math.MaxUint64
	}
	start := run{first: base, last: base - 1, offset: fileHeaderBytes, end: fileHeaderBytes, position: position}
	s := &scanner{window: w, mayBeTorn: mayBeTorn, limit: limit, offset: fileHeaderBytes, sumKnown: true}
	s.runs = []run{start}
	s.committed, s.committedRuns = start, 1
	s.committed.end = 0 // the file header is part of the first commit
	s.sum = crc32.Checksum(w.at(0, fileHeaderBytes), castagnoli())
	for s.step() {
	}
	s.finish()
	return s.scan
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

func (s *scanner) last() *run { return &s.runs[len(s.runs)-1] }

// step goes on by one frame, or to where one is found again. It returns false at
// the end.
func (s *scanner) step() bool {
	expected := s.last().last + 1
	if f, err := readFrame(s.window, s.offset); err == nil && f.index == expected {
		s.accept(f)
		return true
	}
	header := s.window.at(s.offset, frameHeaderBytes)
	switch {
	case isFrame(header, frameCommit):
		return s.commit(binary.LittleEndian.Uint32(header[4:]))
	case s.indexedThrough(s.offset) == s.last().last && !s.last().isEmpty():
		s.sealAt(s.offset)
		return true
	case s.indexStart > 0:
		return false
	case s.mayBeTorn && s.isTorn():
		return false
	}
	if f, ok := salvageFrame(s.window, s.offset, expected); ok {
		s.flaws = append(s.flaws, flaw{
			span: span{s.offset, f.bytes}, first: expected, last: expected,
			found: "the frame around the entry is not as it was written; the entry itself is",
		})
		s.accept(f)
		s.sumKnown = false
		return true
	}
	return s.search()
}

func (s *scanner) accept(f found) {
	r := s.last()
	r.last, r.end, r.position = f.index, f.offset+f.bytes, f.position
	if len(s.runs) == 1 {
		s.offsets = append(s.offsets, uint32(f.offset)) //nolint:gosec // raft-wal's files are smaller
	}
	s.cover(f.offset, f.bytes)
	s.offset = r.end
}

// cover adds bytes to the checksum of the commit.
func (s *scanner) cover(offset, bytes int64) {
	for at := offset; at < offset+bytes; {
		piece := s.window.at(at, min(windowBytes, offset+bytes-at))
		s.sum = crc32.Update(s.sum, castagnoli(), piece)
		at += int64(len(piece))
		if len(piece) == 0 {
			return
		}
	}
}

// commit takes a commit frame. Only in the newest segment does one that does not
// fit say something: see settleTail.
func (s *scanner) commit(sum uint32) bool {
	if s.sumKnown && sum != s.sum {
		if s.mayBeTorn && s.isTorn() {
			return false
		}
		s.flaws = append(s.flaws, flaw{
			span:  span{s.committed.end, s.offset + frameHeaderBytes - s.committed.end},
			found: "the checksum of a commit does not fit, but those of its entries do",
		})
	}
	s.offset += frameHeaderBytes
	if s.indexStart == 0 {
		s.last().end = s.offset
	}
	s.sum, s.sumKnown = 0, true
	s.committed, s.committedRuns = *s.last(), len(s.runs)
	s.committed.end = s.offset
	return s.indexStart == 0
}

// isTorn reports whether no whole commit follows the last one.
func (s *scanner) isTorn() bool {
	from := s.committed.end
	end := s.window.endOfData(from)
	behind := append([]byte(nil), s.window.at(from, end-from)...)
	return !holdsCommit(behind)
}

// indexedThrough returns the last index that the frame at the offset has, when that
// is one which seals a segment; else 0. It holds all offsets, and the first entry's
// is known.
func (s *scanner) indexedThrough(offset int64) uint64 {
	header := s.window.at(offset, 2*frameHeaderBytes)
	if len(header) < 2*frameHeaderBytes || !isFrame(header, frameIndex) {
		return 0
	}
	length := int64(binary.LittleEndian.Uint32(header[4:]))
	through := s.runs[0].first + uint64(length/offsetBytes) - 1 //nolint:gosec // not negative
	if length%offsetBytes != 0 || offset+frameHeaderBytes+length > s.window.size ||
		through < s.last().last || through > s.limit ||
		binary.LittleEndian.Uint32(header[frameHeaderBytes:]) != fileHeaderBytes {
		return 0
	}
	return through
}

// offsetBytes is the size of an entry's offset in an index frame.
const offsetBytes = 4

// sealAt takes the index frame. Docket finds entries by what is in it.
func (s *scanner) sealAt(offset int64) {
	length := int64(binary.LittleEndian.Uint32(s.window.at(offset, frameHeaderBytes)[4:]))
	index := s.window.at(offset+frameHeaderBytes, length)
	base, wrong := s.runs[0].first, flaw{}
	for i, want := range s.offsets {
		if binary.LittleEndian.Uint32(index[i*offsetBytes:]) != want {
			if wrong.first == 0 {
				wrong.first = base + uint64(i) //nolint:gosec // not negative
			}
			wrong.last = base + uint64(i) //nolint:gosec // not negative
		}
	}
	if wrong.first > 0 {
		wrong.span = span{offset, frameSize(int(length))}
		wrong.found = "the list of the entries' offsets is not as it was written; the entries are"
		s.flaws = append(s.flaws, wrong)
	}
	s.indexStart = offset + frameHeaderBytes
	s.sealedThrough = base + uint64(length/offsetBytes) - 1 //nolint:gosec // not negative
	s.cover(offset, frameSize(int(length)))
	s.offset = offset + frameSize(int(length))
}

// search looks for the next entry that fits, or for the index, and begins a run
// there. It returns false when there is neither.
func (s *scanner) search() bool {
	s.sumKnown = false
	if s.tryBehindCommit() {
		return true
	}
	index := int64(0) // the last one, for an entry behind it says that it is out of place
	for at := s.offset + frameHeaderBytes; at+frameHeaderBytes <= s.window.size; at += frameHeaderBytes {
		switch header := s.window.at(at, frameHeaderBytes); {
		case isFrame(header, frameEntry):
			f, err := readFrame(s.window, at)
			if err != nil {
				continue
			}
			if keep := s.fitting(f); keep > 0 {
				s.runs = append(s.runs[:keep], run{first: f.index, last: f.index - 1, offset: at, end: at})
				s.accept(f)
				return true
			}
		case s.indexedThrough(at) > 0:
			index = at
		}
	}
	if index > 0 {
		s.sealAt(index)
	}
	return index > 0
}

// tryBehindCommit goes on behind a damaged commit frame.
func (s *scanner) tryBehindCommit() bool {
	at, expected := s.offset+frameHeaderBytes, s.last().last+1
	f, err := readFrame(s.window, at)
	isNext := err == nil && f.index == expected
	if !isNext {
		f, isNext = salvageFrame(s.window, at, expected)
		if isNext {
			s.flaws = append(s.flaws, flaw{
				span: span{at, f.bytes}, first: expected, last: expected,
				found: "the frame around the entry is not as it was written; the entry itself is",
			})
		}
	}
	if isNext {
		s.flaws = append(s.flaws, flaw{span: span{s.offset, frameHeaderBytes}, found: "a commit mark is not as it was written"})
		s.runs = append(s.runs, run{first: f.index, last: f.index - 1, offset: at, end: at})
		s.accept(f)
	}
	return isNext
}

// fitting returns how many of the runs stay when the entry follows them, or 0
// when it fits to none. What it drops had only looked like entries.
func (s *scanner) fitting(f found) int {
	if f.index > s.limit {
		return 0
	}
	for keep := len(s.runs); keep > 0; keep-- {
		before := &s.runs[keep-1]
		if before.last < f.index {
			if follows(before, f) {
				return keep
			}
			return 0
		}
	}
	return 0
}

// follows reports whether the bytes between a run and an entry are as many as the
// entries between have had.
func follows(before *run, f found) bool {
	missing := int64(f.index - before.last - 1) //nolint:gosec // checked below
	gap := f.offset - before.end
	if missing <= 0 || missing > gap/minEntryFrame {
		return false
	}
	if before.position < 0 {
		return true
	}
	payloads := f.begin() - before.position
	return payloads >= 0 && payloads+missing*minEntryFrame <= gap &&
		gap <= payloads+missing*(maxEntryFrame+frameHeaderBytes)+2*frameHeaderBytes
}

// finish settles what the end of the file is.
func (s *scanner) finish() {
	data := s.window.endOfData(s.offset)
	s.end = max(data, s.offset)
	if s.indexStart > 0 && !s.sealIsWhole() {
		s.flaws = append(s.flaws, flaw{
			span:  span{s.indexStart - frameHeaderBytes, s.end - s.indexStart + frameHeaderBytes},
			found: "the commit mark that seals the segment is missing",
		})
	}
	if s.indexStart > 0 && data > s.offset {
		s.flaws = append(s.flaws, flaw{span: span{s.offset, data - s.offset}, found: "there are bytes behind the segment's end"})
	}
	if !s.mayBeTorn || s.committed.end >= s.end || !s.isTorn() {
		return
	}
	// Everything behind the last commit was never acknowledged.
	s.torn = &span{s.committed.end, s.end - s.committed.end}
	torn := *s.last()
	if len(s.runs) == s.committedRuns && torn.last > s.committed.last {
		torn.first, torn.offset = s.committed.last+1, max(s.committed.end, fileHeaderBytes)
		s.tornRun = &torn
	}
	s.runs = s.runs[:s.committedRuns]
	end := max(s.committed.end, fileHeaderBytes)
	s.runs[s.committedRuns-1] = s.committed
	s.runs[s.committedRuns-1].end = end
	if s.indexStart >= s.committed.end {
		s.indexStart, s.sealedThrough = 0, 0
	}
}

func (s *scanner) sealIsWhole() bool { return s.committed.end > s.indexStart }
