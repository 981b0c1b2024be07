package journal

import "fmt"

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

// Healthy reports whether everything is as it was written.
func (r *Report) Healthy() bool { return len(r.Damages) == 0 }

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

// TornTail is what a crash has left behind the last commit.
type TornTail struct {
	File   string `json:"file"`
	Offset int64  `json:"offset"`
	Bytes  int64  `json:"bytes"`
	// Entries counts whole entries in it: written, but not acknowledged.
	Entries uint64 `json:"entries"`
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

// String says where it is, what it affects and what was found, in a sentence.
func (d Damage) String() string {
	return fmt.Sprintf("%s, offset %d, %d bytes: %s (%s)", d.File, d.Offset, d.Bytes, d.effect(), d.Found)
}

func (d Damage) effect() string {
	switch {
	case d.FirstIndex == 0:
		return "no entry is affected"
	case d.Recoverable:
		return d.entries() + " cannot be read in place, but repaired"
	case d.FirstLost == 0:
		return d.entries() + " cannot be read, but nothing is lost: all of it is applied"
	case d.FirstLost > d.FirstIndex:
		return fmt.Sprintf("%s cannot be read; what is lost begins with entry %d, the others are applied", d.entries(), d.FirstLost)
	default:
		return d.entries() + " cannot be read, and nothing of it is applied yet"
	}
}

func (d Damage) entries() string {
	if d.FirstIndex == d.LastIndex {
		return fmt.Sprintf("entry %d", d.FirstIndex)
	}
	return fmt.Sprintf("entries %d to %d", d.FirstIndex, d.LastIndex)
}
