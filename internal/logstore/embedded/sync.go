package embedded

import (
	"context"
	"fmt"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
)

const (
	// syncRetryInterval is how long Sync waits for a merge in memory.
	syncRetryInterval = 10 * time.Millisecond
	// longestMergeWait is how long closing waits for merges, which may take minutes.
	longestMergeWait = time.Second
	// mergeRest is how many times in a row there must be no merge: when one has ended, the
	// same goroutine looks whether there is another.
	mergeRest = 3
)

// Sync implements logstore.Backend. Apply waits for it. What it does:
//
//	DebugFlush              rows that were buffered become parts in memory
//	for each day with rows added since the last Sync:
//	  make a snapshot       parts in memory are written to files; fsync of each
//	                        file, of the part's directory, and of parts.json
//	  delete the snapshot   it was only made for that
//	UpdateStats             no rows may be left in memory, else once more: a
//	                        snapshot leaves out parts that are being merged
func (b *Backend) Sync(ctx context.Context) error {
	done, err := b.use(ctx)
	if err != nil {
		return err
	}
	defer done()
	b.writing.Lock()
	defer b.writing.Unlock()
	return b.sync(ctx)
}

// sync is Sync for those who hold writing.
func (b *Backend) sync(ctx context.Context) error {
	b.flush()
	for {
		for day := range b.unsynced {
			if b.closed != nil && b.closed.isLeaving && day == b.closed.day {
				continue
			}
			if err := b.rows.writeDay(day); err != nil {
				return fmt.Errorf("sync: %w", err)
			}
		}
		if b.rows.inMemory() == 0 {
			clear(b.unsynced)
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("sync: %w", ctx.Err())
		case <-time.After(syncRetryInterval):
		}
	}
}

// writeDay writes the parts of a day to the disk, but for those that are being
// merged.
func (s *rows) writeDay(day int64) error {
	for _, snapshot := range s.storage.PartitionSnapshotMustCreate(nameOfDay(day)) {
		if err := s.storage.PartitionSnapshotDelete(snapshot); err != nil {
			return err
		}
	}
	return nil
}

// inMemory returns the number of flushed rows that are not on disk.
func (s *rows) inMemory() uint64 {
	var stats logstorage.StorageStats
	s.storage.UpdateStats(&stats)
	return stats.InmemoryRowsCount + stats.PendingRows
}

// letMergesEnd waits for merges to end, at most for longestMergeWait. The engine stops those
// of a day that it closes, but before that it takes from them the day's index, which they
// read without a lock.
func (s *rows) letMergesEnd() {
	s.flush() // else what is buffered becomes another part while the engine closes
	resting := 0
	for until := time.Now().Add(longestMergeWait); resting < mergeRest && time.Now().Before(until); {
		if s.merges() == 0 {
			resting++
		} else {
			resting = 0
		}
		time.Sleep(time.Millisecond)
	}
}

// merges returns how many merges run.
func (s *rows) merges() uint64 {
	var stats logstorage.StorageStats
	s.storage.UpdateStats(&stats)
	return stats.ActiveInmemoryMerges + stats.ActiveSmallMerges + stats.ActiveBigMerges
}
