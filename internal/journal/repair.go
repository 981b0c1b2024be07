package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/docketlog/docket/internal/durablefile"
	"github.com/docketlog/docket/internal/folderformat"
)

// Names beside the journal's folder, in the order in which a repair makes them.
const (
	suffixRepairing = ".repairing"
	suffixRepaired  = ".repaired"
	suffixDamaged   = ".damaged-"
)

// Repaired is what a Repair has done.
type Repaired struct {
	// Report is what was found before; nil when an interrupted repair was finished.
	Report *Report `json:"report,omitempty"`
	// Changed is false when the journal was healthy: nothing was done.
	Changed bool `json:"changed"`
	// Entries and Bytes (of payloads) are in the new journal: all that could be read
	// and is not applied.
	Entries uint64 `json:"entries"`
	Bytes   int64  `json:"bytes"`
	// Lost is how many entries are lost: neither applied nor readable. The report's
	// damages say which.
	Lost uint64 `json:"lost"`
	// Kept is the folder in which the damaged journal is kept.
	Kept string `json:"kept,omitempty"`
}

// Repair puts a new journal in the place of a damaged one. The new one holds every
// entry that can be read and that not every applier has applied; when that is not
// known, every entry that can be read. It has no checkpoints, so that all of it is
// applied as replayed, and the backend leaves out what it has. The damaged journal
// is kept beside it.
//
//	mkdir(J.repairing), the new journal's files, fsync each
//	renameat(J.repairing, J.repaired), fsync(parent)   from here on it is complete
//	renameat(J, J.damaged-TIME), fsync(parent)
//	renameat(J.repaired, J), fsync(parent)
//
// A crash before the second rename leaves the damaged journal in place, and the
// next Repair begins anew. One behind it leaves none for a moment; the next Repair
// finishes, and Open refuses until then.
//
// It fails with ErrInUse when a Docket has the folder locked, and with a
// *folderformat.Error for another version's journal.
func Repair(ctx context.Context, directory string) (_ *Repaired, err error) {
	given, err := filepath.Abs(directory)
	if err != nil {
		return nil, fmt.Errorf("repair the journal: %w", err)
	}
	directory = given
	if resolved, err := filepath.EvalSymlinks(given); err == nil {
		directory = resolved // what is renamed is the folder itself
	}
	unlock, err := lock(directory, filepath.Dir(directory), filepath.Dir(given))
	if err != nil {
		return nil, fmt.Errorf("repair the journal in %s: %w", directory, err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	repaired, err := repair(ctx, directory)
	if err != nil {
		return nil, fmt.Errorf("repair the journal in %s: %w", directory, err)
	}
	return repaired, nil
}

func repair(ctx context.Context, directory string) (*Repaired, error) {
	if isInterrupted(directory) {
		return &Repaired{Changed: true}, finishRepair(directory)
	}
	for _, suffix := range []string{suffixRepairing, suffixRepaired} {
		if err := os.RemoveAll(directory + suffix); err != nil {
			return nil, err
		}
	}
	report, err := Inspect(ctx, directory)
	if err != nil {
		return nil, err
	}
	repaired := &Repaired{Report: report}
	if report.Healthy() {
		return repaired, nil
	}
	for _, d := range report.Damages {
		repaired.Lost += d.Lost()
	}
	if err := salvage(ctx, directory+suffixRepairing, repaired); err != nil {
		return nil, err
	}
	unlock, err := copyLock(directory, directory+suffixRepairing)
	if err != nil {
		return nil, err
	}
	repaired.Changed = true
	repaired.Kept, err = swap(directory)
	return repaired, errors.Join(err, unlock())
}

// isInterrupted reports whether a repair has ended between its last two renames.
func isInterrupted(directory string) bool {
	return !exists(directory, folderformat.FileName) && exists(directory+suffixRepaired, folderformat.FileName) && !hasSegments(directory)
}

func exists(directory, name string) bool {
	_, err := os.Stat(filepath.Join(directory, name))
	return err == nil
}

func hasSegments(directory string) bool {
	files, _ := segmentFiles(directory)
	return len(files) > 0
}

// checkRepair refuses to make a new journal where an interrupted repair has yet to
// put one.
func checkRepair(directory string) error {
	directory, err := filepath.Abs(directory)
	if err != nil {
		return fmt.Errorf("open the journal: %w", err)
	}
	if isInterrupted(directory) {
		return fmt.Errorf("%w: a repair of %[2]s was interrupted: run \"docket-journal repair %[2]s\" again", ErrCorrupt, directory)
	}
	return nil
}

func finishRepair(directory string) error {
	// A start of Docket, which refused, may have made the folder and locked it.
	if err := os.Remove(filepath.Join(directory, lockFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Remove(directory); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return rename(directory+suffixRepaired, directory)
}

// salvage writes the new journal.
func salvage(ctx context.Context, directory string, repaired *Repaired) (err error) {
	report := repaired.Report
	j, err := Open(directory, Options{SegmentBytes: report.segmentBytes, MaxBytes: math.MaxInt64 / 2})
	if err != nil {
		return fmt.Errorf("make a new journal: %w", err)
	}
	defer func() {
		err = errors.Join(err, j.Close())
		if err == nil {
			err = durablefile.SyncFolder(directory)
		}
	}()
	var (
		batch []*request
		bytes int
	)
	flush := func() error {
		for _, r := range batch {
			<-r.done
			if r.err != nil {
				return fmt.Errorf("write the new journal: %w", r.err)
			}
		}
		batch, bytes = batch[:0], 0
		return nil
	}
	err = report.visit(ctx, report.Applied+1, math.MaxUint64, true, func(e Entry) error {
		payload := append([]byte(nil), e.Payload...)
		r := &request{payload: payload, checksum: checksum(payload), done: make(chan struct{})}
		if err := j.enqueue(r); err != nil {
			return fmt.Errorf("write the new journal: %w", err)
		}
		batch, bytes = append(batch, r), bytes+len(payload)
		repaired.Entries++
		repaired.Bytes += int64(len(payload))
		if bytes >= maxCommitBytes || len(batch) >= maxSalvageBatch {
			return flush()
		}
		return nil
	})
	return errors.Join(err, flush())
}

// maxSalvageBatch bounds how many entries wait for one commit.
const maxSalvageBatch = 10_000

// copyLock makes and takes in the new folder the lock that the old one has, so
// that no Docket starts on it before the repair is through.
func copyLock(from, to string) (unlock func() error, err error) {
	if !exists(from, lockFile) {
		return func() error { return nil }, nil
	}
	if err := os.WriteFile(filepath.Join(to, lockFile), nil, 0o600); err != nil {
		return nil, err
	}
	return lock(to)
}

// swap puts the new journal in the place of the damaged one. The system calls are
// listed at Repair.
func swap(directory string) (kept string, err error) {
	if err := rename(directory+suffixRepairing, directory+suffixRepaired); err != nil {
		return "", err
	}
	kept = directory + suffixDamaged + time.Now().UTC().Format("20060102T150405Z")
	for n := 2; exists(kept, ""); n++ {
		kept = fmt.Sprintf("%s%s%s-%d", directory, suffixDamaged, time.Now().UTC().Format("20060102T150405Z"), n)
	}
	if err := rename(directory, kept); err != nil {
		return "", fmt.Errorf("move the damaged journal away (when the folder is a mount point, "+
			"move the journal's files into a folder in it, and repair and configure that one): %w", err)
	}
	return kept, rename(directory+suffixRepaired, directory)
}

func rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return durablefile.SyncFolder(filepath.Dir(to))
}

// segmentBytesOf is the size limit of the newest segment, or 0.
func segmentBytesOf(known meta) int {
	if len(known.segments) == 0 {
		return 0
	}
	size := int(known.segments[len(known.segments)-1].SizeLimit)
	if size < MinSegmentBytes || size > MaxSegmentBytes {
		return 0
	}
	return size
}
