package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// Checkpoint returns the index through which the named applier has applied, 0
// when it never did. It fails with a *DamageError when that entry was never written:
// the journal has lost entries then, and would hand out their indexes anew.
func (j *Journal) Checkpoint(applier string) (uint64, error) {
	key := checkpointKey(applier)
	value, err := j.log.Get(key)
	if err != nil {
		return 0, fmt.Errorf("read the checkpoint of %q: %w", applier, translate(err))
	}
	if len(value) == 0 {
		return 0, nil
	}
	index, err := parseCheckpoint(key, value)
	if last := j.LastIndex(); err == nil && index > last {
		err = fmt.Errorf("%w: %q has applied entry %d, but the last entry is %d", ErrCorrupt, applier, index, last)
	}
	if err != nil {
		return 0, &DamageError{Directory: j.directory, Cause: err}
	}
	return index, nil
}

// SetCheckpoint records that the named applier's own copy of everything through
// index is durable. It returns when that is on disk.
func (j *Journal) SetCheckpoint(applier string, index uint64) error {
	if last := j.LastIndex(); index > last {
		return fmt.Errorf("set the checkpoint of %q: entry %d does not exist, the last is %d", applier, index, last)
	}
	key := checkpointKey(applier)
	if err := j.log.Set(key, appendCheckpoint(nil, key, index)); err != nil {
		return fmt.Errorf("set the checkpoint of %q: %w", applier, translate(err))
	}
	return nil
}

// checkpointPrefix begins the names of the checkpoints among raft-wal's stable values.
const checkpointPrefix = "checkpoint/"

func checkpointKey(applier string) []byte { return []byte(checkpointPrefix + applier) }

// A checkpoint is stored as the index, little endian, and the CRC-32C of its name
// and index: Bolt has no checksums, and a checkpoint that were too high would skip
// entries without a word.
const checkpointBytes = 12

func appendCheckpoint(value, key []byte, index uint64) []byte {
	value = binary.LittleEndian.AppendUint64(value, index)
	return binary.LittleEndian.AppendUint32(value, crc32.Update(checksum(key), castagnoli(), value))
}

func parseCheckpoint(key, value []byte) (uint64, error) {
	switch {
	case len(value) == 8:
		return binary.LittleEndian.Uint64(value), nil // before there was a checksum
	case len(value) != checkpointBytes:
	case crc32.Update(checksum(key), castagnoli(), value[:8]) == binary.LittleEndian.Uint32(value[8:]):
		return binary.LittleEndian.Uint64(value), nil
	}
	return 0, fmt.Errorf("%w: the value of %s is not as it was written: % x", ErrCorrupt, key, value)
}

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
