package journal

import (
	"errors"
	"fmt"
)

// Checkpoint returns the index through which the named applier has applied, 0
// when it never did. It fails with ErrCorrupt when that entry was never written:
// the journal has lost entries then, and would hand out their indexes anew.
func (j *Journal) Checkpoint(applier string) (uint64, error) {
	index, err := j.log.GetUint64(checkpointKey(applier))
	if err != nil {
		return 0, fmt.Errorf("read the checkpoint of %q: %w", applier, translate(err))
	}
	if last := j.LastIndex(); index > last {
		return 0, fmt.Errorf("%w: %q has applied entry %d, but the last entry is %d", ErrCorrupt, applier, index, last)
	}
	return index, nil
}

// SetCheckpoint records that the named applier's own copy of everything through
// index is durable. It returns when that is on disk.
func (j *Journal) SetCheckpoint(applier string, index uint64) error {
	if last := j.LastIndex(); index > last {
		return fmt.Errorf("set the checkpoint of %q: entry %d does not exist, the last is %d", applier, index, last)
	}
	if err := j.log.SetUint64(checkpointKey(applier), index); err != nil {
		return fmt.Errorf("set the checkpoint of %q: %w", applier, translate(err))
	}
	return nil
}

func checkpointKey(applier string) []byte { return []byte("checkpoint/" + applier) }

// Release says that every applier is through with all entries up to and with
// through: they no longer count in Size, and segments that hold nothing else are
// deleted. The newest entry stays readable, because the next index and position
// follow from it.
func (j *Journal) Release(through uint64) error {
	j.releasing.Lock()
	defer j.releasing.Unlock()
	through = min(through, j.LastIndex())
	first, err := j.FirstIndex()
	if err != nil || first == 0 || through < first {
		return err
	}
	released, err := j.Position(through)
	if err != nil {
		return err
	}
	if drop := min(through, j.LastIndex()-1); drop >= first {
		if err := j.log.DeleteRange(first, drop); err != nil {
			return fmt.Errorf("release the journal through entry %d: %w", through, translate(err))
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.released = max(j.released, released)
	j.recent.dropThrough(through)
	return nil
}

// Position returns how many payload bytes all entries up to and with index have
// had, from the journal's beginning on; the size of a range is the difference of
// two positions. For an index before the first entry it is the position at which
// that one begins.
func (j *Journal) Position(index uint64) (int64, error) {
	j.mu.Lock()
	last, position := j.last, j.position
	j.mu.Unlock()
	if index >= last {
		return position, nil
	}
	first, err := j.FirstIndex()
	if err != nil {
		return 0, err
	}
	e, err := j.readEntry(max(index, first))
	switch {
	case errors.Is(err, ErrNotFound) && index == 0:
		return 0, nil
	case err != nil:
		return 0, err
	case index < first:
		return e.position - int64(len(e.payload)), nil
	default:
		return e.position, nil
	}
}
