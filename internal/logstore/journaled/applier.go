package journaled

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/journal"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

const (
	// applierName names the checkpoint.
	applierName = "backend"

	// maxBatchRecords and maxBatchBytes (of encoded records) bound one Apply, and
	// with it the memory that decoded records take. One entry may exceed them.
	maxBatchRecords = 5000
	maxBatchBytes   = 4 << 20

	// gatherTime is how long the applier lets entries come together when there are
	// fewer than gatherEntries and nobody waits for them: for the backend, a batch is
	// much cheaper than its records one by one.
	gatherTime    = 20 * time.Millisecond
	gatherEntries = 200

	minBackoff = 100 * time.Millisecond
	maxBackoff = 10 * time.Second
)

// applier brings the journal's entries into the backend, in order.
type applier struct {
	journal  *journal.Journal
	backend  logstore.Backend
	requests *knownRequests
	refused  *refused
	tails    *tails
	health   *health
	logger   *zap.Logger
	interval time.Duration
	// earlyBytes is how much may be applied without a checkpoint before one is
	// due, so that a fast stream fills neither the journal nor the reserve between
	// two of them.
	earlyBytes int64

	// taking ends when the store takes nothing more: then the rest is applied.
	// working ends when even that must stop.
	taking, working         context.Context //nolint:containedctx // the lives of a goroutine
	stopTaking, stopWorking context.CancelFunc
	// progress tells those who wait for an entry.
	progress *progress
	// finished is closed when run has returned; then outcome may be read.
	finished chan struct{}
	outcome  error

	// These belong to run. replayThrough is the last entry that the backend may
	// have already; the others describe the last checkpoint.
	replayThrough      uint64
	checkpointed       uint64
	released           uint64
	checkpointPosition int64
	checkpointTime     time.Time
	// settling is the batch that the backend has taken, but whose dead letters are
	// not durable yet.
	settling *batch

	// applied is the index of the last applied entry, and position that entry's
	// position in the journal. Only run writes them.
	applied  atomic.Uint64
	position atomic.Int64
	records  atomic.Int64
	failures atomic.Int64
	refusals atomic.Int64
	// waiting counts the records of the entries that are not applied. What is appended
	// may be applied before it is counted, and waiting be negative for that long.
	waiting atomic.Int64
	// oldest is when the first of the entries that are being applied was received, in
	// nanoseconds since 1970; 0 when that is not known. Only run writes it.
	oldest atomic.Int64
}

func newApplier(s *Store, config Config, checkpoint uint64) (*applier, error) {
	first, err := s.journal.FirstIndex()
	if err != nil {
		return nil, err
	}
	if first > checkpoint+1 {
		return nil, fmt.Errorf("%w: entries %d to %d were never applied, but are gone", journal.ErrCorrupt, checkpoint+1, first-1)
	}
	position, err := s.journal.Position(checkpoint)
	if err != nil {
		return nil, err
	}
	_, limit := s.journal.Size()
	early := limit / 4
	if config.Reserve.Bytes > 0 {
		early = min(early, config.Reserve.Bytes/2)
	}
	a := &applier{
		journal: s.journal, backend: s.backend, requests: s.requests, refused: s.refused, tails: &s.tails, health: s.health, logger: config.Logger,
		interval: config.CheckpointInterval, earlyBytes: early,
		progress: newProgress(), finished: make(chan struct{}), replayThrough: s.journal.LastIndex(),
		checkpointed: checkpoint, checkpointPosition: position, checkpointTime: time.Now(),
	}
	a.applied.Store(checkpoint)
	a.position.Store(position)
	// The last process may have ended between the checkpoint and the release, or the
	// release may have failed: a full journal would stay full.
	if err := s.journal.Release(checkpoint); err != nil {
		a.logger.Error("cannot release what is applied; trying again", zap.Error(err))
		a.health.set(conditionCheckpointFailed, err)
	} else {
		a.released = checkpoint
	}
	a.taking, a.stopTaking = context.WithCancel(context.Background())
	a.working, a.stopWorking = context.WithCancel(context.Background())
	if a.replayThrough > checkpoint {
		a.logger.Info("replaying the journal", zap.Uint64("entries", a.replayThrough-checkpoint))
	}
	return a, nil
}

// stop lets run apply the rest, for as long as ctx allows, and waits for its end.
// Nothing may be appended to the journal any more.
func (a *applier) stop(ctx context.Context) error {
	a.stopTaking()
	defer a.stopWorking()
	defer context.AfterFunc(ctx, a.stopWorking)()
	<-a.finished
	return a.outcome
}

// run is the applier's goroutine.
func (a *applier) run() {
	defer close(a.finished)
	for a.taking.Err() == nil {
		a.gather()
		a.applyWaiting()
		a.checkpointIfDue()
	}
	for a.applied.Load() < a.journal.LastIndex() {
		err := a.working.Err()
		if err == nil {
			err = a.applyNext()
		}
		if err != nil {
			entries, bytes := a.lag()
			a.logger.Warn("closing with records that only the journal has; they are applied after the next start",
				zap.Int64("entries", entries), zap.Int64("bytes", bytes), zap.Error(err))
			break
		}
	}
	if a.working.Err() == nil {
		a.outcome = a.checkpoint()
	}
}

// gather waits until there are entries to apply, a checkpoint is due or the store
// is closing.
func (a *applier) gather() {
	ctx, cancel := context.WithDeadline(a.taking, a.checkpointTime.Add(a.interval))
	defer cancel()
	if a.applied.Load() == a.released {
		ctx = a.taking // nothing to check
	}
	if a.journal.Wait(ctx, a.applied.Load()) != nil {
		return
	}
	if entries, _ := a.lag(); entries < gatherEntries {
		a.progress.sleepUnlessAwaited(a.taking, gatherTime)
	}
}

// applyWaiting applies one batch, however long that takes.
func (a *applier) applyWaiting() {
	for backoff := minBackoff; ; backoff = min(2*backoff, maxBackoff) {
		err := a.applyNext()
		if err == nil {
			a.health.set(conditionBackendFailed, nil)
			return
		}
		if a.taking.Err() != nil {
			return // run tries once more
		}
		a.failures.Add(1)
		a.health.set(conditionBackendFailed, err)
		a.logger.Error("records stay in the journal, because they cannot be applied; trying again",
			zap.Error(err), zap.Duration("after", backoff), zap.Uint64("first_entry", a.applied.Load()+1))
		sleep(a.taking, backoff)
	}
}

// applyNext applies the next batch, if there is one. A record that the backend
// refuses for good becomes a dead letter, which is durable before the checkpoint
// can pass it.
func (a *applier) applyNext() error {
	if a.settling == nil {
		next, err := a.collect()
		if err != nil {
			return err
		}
		a.oldest.Store(next.receivedAt())
		if err := a.give(&next); err != nil {
			return fmt.Errorf("apply entries %d to %d: %w", a.applied.Load()+1, next.through, err)
		}
		a.settling = &next
	}
	done := a.settling
	if len(done.refused) > 0 {
		if err := a.refused.add(a.working, done.refused); err != nil {
			return err
		}
		a.refusals.Add(int64(len(done.refused)))
		a.logger.Warn("records were refused for good and are kept as dead letters",
			zap.Int("dead_letters", len(done.refused)), zap.String("first_reason", done.refused[0].Reason))
	}
	a.settling = nil
	a.applied.Store(done.through)
	a.journal.Forget(done.through)
	a.position.Add(done.bytes)
	a.records.Add(int64(len(done.records)))
	a.waiting.Add(-done.counted)
	a.progress.made()
	if !done.replayed {
		a.tails.publish(done.records)
	}
	return nil
}

// give hands a batch to the backend and notes what that refuses.
func (a *applier) give(next *batch) error {
	if len(next.records) == 0 {
		return nil
	}
	err := a.backend.Apply(a.working, next.records, next.replayed)
	if refusal, ok := errors.AsType[*logstore.RefusedError](err); ok {
		next.refused = append(next.refused, a.refused.lettersOf(next.records, refusal.Refusals)...)
		next.leaveOut(refusal.Refusals)
		return nil
	}
	return err
}

// batch is the records of consecutive entries, without those that are refused.
type batch struct {
	records []record.Record
	// replayed is true when the backend may have some of them already.
	replayed bool
	through  uint64
	bytes    int64
	// counted is what countRecords says of the entries.
	counted int64
	// refused are the dead letters of the batch.
	refused []logstore.DeadLetter
}

// receivedAt is when the first of the records was received, in nanoseconds since 1970; 0
// when there is none.
func (b *batch) receivedAt() int64 {
	if len(b.records) == 0 {
		return 0
	}
	return b.records[0].Log.ObservedTimestamp().AsTime().UnixNano()
}

// leaveOut removes refused records from the batch.
func (b *batch) leaveOut(refusals []logstore.Refusal) {
	taken, position := b.records[:0], 0
	for _, refusal := range refusals {
		taken = append(taken, b.records[position:refusal.Position]...)
		position = refusal.Position + 1
	}
	b.records = append(taken, b.records[position:]...)
}

// collect reads and decodes the entries behind the applied ones. A batch is
// either all replayed or all new.
func (a *applier) collect() (batch, error) {
	applied, last := a.applied.Load(), a.journal.LastIndex()
	next := batch{through: applied}
	for index := applied + 1; index <= last && len(next.records) < maxBatchRecords && next.bytes < maxBatchBytes; index++ {
		payload, companion, err := a.journal.ReadWith(index)
		if err != nil {
			return next.orError(applied, err)
		}
		a.requests.note(index, payload)
		entry, err := entryOf(payload, companion)
		replayed := index <= a.replayThrough || entry.Repeated
		if index > applied+1 && replayed != next.replayed {
			break
		}
		next.replayed = replayed
		if err != nil {
			next.refused = append(next.refused, a.refused.letterOfEntry(index, payload, err))
			entry.Logs = plog.NewLogs()
		}
		for r := range record.All(entry.Logs) {
			next.records = append(next.records, r)
		}
		next.through = index
		next.bytes += int64(len(payload))
		next.counted += countRecords(payload)
	}
	return next, nil
}

// entryOf is the entry as it was appended, if memory still has it, or else decoded.
func entryOf(payload []byte, companion any) (Entry, error) {
	if appended, ok := companion.(*Entry); ok {
		return *appended, nil
	}
	return DecodeEntry(payload)
}

// orError is the batch as far as it came; the error is for the next call, which
// meets it at once.
func (b batch) orError(applied uint64, err error) (batch, error) {
	if b.through > applied {
		return b, nil
	}
	return b, err
}

// checkpointIfDue makes a checkpoint in every interval, and early when much was
// applied or a replay has ended: a process that never lives for an interval would
// else replay ever more.
func (a *applier) checkpointIfDue() {
	isReplayed := a.checkpointed < a.replayThrough && a.replayThrough <= a.applied.Load()
	if !isReplayed && time.Since(a.checkpointTime) < a.interval && a.position.Load()-a.checkpointPosition < a.earlyBytes {
		return
	}
	err := a.checkpoint()
	a.health.set(conditionCheckpointFailed, err)
	if err != nil {
		a.failures.Add(1)
		a.logger.Error("cannot checkpoint, so the journal keeps what is applied; trying again", zap.Error(err))
	}
}

// checkpoint makes durable what is applied, then says so, then lets go of it: in
// any other order a crash in between would lose records.
func (a *applier) checkpoint() error {
	a.checkpointTime = time.Now()
	applied := a.applied.Load()
	if applied != a.checkpointed {
		if err := a.makeDurable(applied); err != nil {
			return err
		}
	}
	if applied == a.released {
		return nil
	}
	if err := a.journal.Release(applied); err != nil {
		return err
	}
	a.released = applied
	a.health.set(conditionJournalFull, nil)
	return nil
}

// makeDurable moves the checkpoint to the last applied entry.
func (a *applier) makeDurable(applied uint64) error {
	if err := a.backend.Sync(a.working); err != nil {
		return fmt.Errorf("sync the backend: %w", err)
	}
	if err := a.requests.flush(a.working, applied); err != nil {
		return err
	}
	if err := a.journal.SetCheckpoint(applierName, applied); err != nil {
		return err
	}
	a.checkpointed, a.checkpointPosition = applied, a.position.Load()
	return nil
}

// lag returns how many entries, and bytes of them, are not applied yet.
func (a *applier) lag() (entries, bytes int64) {
	applied, position := a.applied.Load(), a.position.Load()
	last, end := a.journal.End()
	return int64(last - applied), end - position //nolint:gosec // last was read after applied, so it is not smaller
}

// lagOfRecords returns how many records are not applied yet, and how long ago the first
// of them was received; 0 when that is not known.
func (a *applier) lagOfRecords(now time.Time) (records int64, age time.Duration) {
	records = max(0, a.waiting.Load())
	if oldest := a.oldest.Load(); records > 0 && oldest > 0 {
		age = max(0, now.Sub(time.Unix(0, oldest)))
	}
	return records, age
}

// sleep returns after the duration or when ctx ends.
func sleep(ctx context.Context, duration time.Duration) {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
