package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/hashicorp/raft"
	wal "github.com/hashicorp/raft-wal"
	"github.com/hashicorp/raft-wal/fs"
	"github.com/hashicorp/raft-wal/metadb"
	"github.com/hashicorp/raft-wal/segment"
	"github.com/hashicorp/raft-wal/types"
)

// Journal is an open journal. All methods but Close may be called at once from
// many goroutines; Close is called when no Read or Release is under way.
type Journal struct {
	directory string
	options   Options
	log       *wal.WAL
	meta      *metadb.BoltMetaDB
	finished  chan struct{} // closed when the committer has returned

	// mu guards what follows. It is never held during a system call.
	mu sync.Mutex
	// work wakes the committer: an entry waits, or closing is set.
	work *sync.Cond
	// waiting are the entries that no commit has taken yet, in the order in which
	// they will be written.
	waiting []*request
	// accepted is the position behind all entries that are committed, being
	// committed or waiting; position is that of the last committed one, and
	// released that of the last released one. released ≤ position ≤ accepted.
	accepted, position, released int64
	// last is the index of the last committed entry.
	last uint64
	// appended is closed, and replaced, when last grows and when closing is set.
	appended chan struct{}
	// recent holds the newest committed entries.
	recent recent
	// failure is the poison: set once, never cleared.
	failure error
	closing bool
	stats   Stats

	// releasing is held for the entire duration of Release.
	releasing sync.Mutex
}

// Stats counts what a journal has done since it was opened.
type Stats struct {
	// Appends is the number of entries committed, Bytes that of their payloads'
	// bytes, Commits that of the writes and fsyncs that it took.
	Appends, Bytes, Commits int64
}

// Open opens the journal in directory, which it makes (mode 0700) when it is not
// there. The caller sees to it that nobody else has it open. It fails with a
// *folderformat.Error for another version's journal, a *folderformat.MissingError
// for one without its version, and a *DamageError for one in which it meets a
// damage; what only Verify meets, it does not.
func Open(directory string, options Options) (*Journal, error) {
	return open(directory, options, fs.New())
}

func open(directory string, options Options, files types.VFS) (_ *Journal, err error) {
	options, err = options.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	if err := checkRepair(directory); err != nil {
		return nil, err
	}
	if err := format.Settle(directory); err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	known, err := readMeta(directory)
	if err == nil {
		err = checkFiles(directory, known)
	}
	if err != nil {
		return nil, damaged(directory, known, fmt.Errorf("open the journal in %s: %w", directory, err))
	}
	// raft-wal never closes its meta store, so it gets ours.
	meta := &metadb.BoltMetaDB{}
	defer func() {
		if err != nil {
			err = damaged(directory, known, errors.Join(err, meta.Close()))
		}
	}()
	filer := segment.NewFiler(directory, strictFiles{files})
	if err := settleTail(directory, meta, filer, options.Logger); err != nil {
		return nil, fmt.Errorf("open the journal in %s: %w", directory, translate(err))
	}
	log, err := wal.Open(directory, wal.WithMetaStore(meta), wal.WithSegmentFiler(thriftyFiler{filer}),
		wal.WithSegmentSize(options.SegmentBytes), wal.WithLogger(libraryLogger(options.Logger)))
	if err != nil {
		return nil, fmt.Errorf("open the journal in %s: %w", directory, translate(err))
	}
	j := &Journal{
		directory: directory, options: options, log: log, meta: meta,
		finished: make(chan struct{}), appended: make(chan struct{}),
	}
	j.work = sync.NewCond(&j.mu)
	if err := j.findEnds(); err != nil {
		return nil, errors.Join(fmt.Errorf("open the journal in %s: %w", directory, err), log.Close())
	}
	go j.commitAll()
	return j, nil
}

// findEnds sets the index and the positions from the first and the last entry.
func (j *Journal) findEnds() error {
	first, err := j.log.FirstIndex()
	if err != nil {
		return err
	}
	last, err := j.log.LastIndex()
	if err != nil || last == 0 {
		return err
	}
	oldest, err := j.readEntry(first)
	if err != nil {
		return err
	}
	newest, err := j.readEntry(last)
	if err != nil {
		return err
	}
	j.last = last
	j.position, j.accepted = newest.position, newest.position
	j.released = oldest.position - int64(len(oldest.payload))
	return nil
}

// request is an entry on its way.
type request struct {
	payload   []byte
	companion any
	checksum  uint32
	// done is closed when index or err is set.
	done  chan struct{}
	index uint64
	err   error
}

// Append returns the entry's index when it is on disk. It keeps payload, which
// must not be changed any more. Errors: *PayloadTooLargeError, ErrFull, ErrFailed,
// ErrUnknown, ErrClosed. When ctx ends first its error is returned; the entry may then have
// been stored or not.
func (j *Journal) Append(ctx context.Context, payload []byte) (uint64, error) {
	return j.AppendWith(ctx, payload, nil)
}

// AppendWith is Append with what the caller has in memory for the payload, such as what
// it was encoded from. ReadWith returns it as long as the payload is in memory, too: until
// it is released or forgotten, or newer payloads have taken its place.
func (j *Journal) AppendWith(ctx context.Context, payload []byte, companion any) (uint64, error) {
	if limit := int(min(MaxPayloadBytes, j.options.MaxBytes)); len(payload) > limit {
		return 0, &PayloadTooLargeError{Bytes: len(payload), Limit: limit}
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	r := &request{payload: payload, companion: companion, checksum: checksum(payload), done: make(chan struct{})}
	if err := j.enqueue(r); err != nil {
		return 0, err
	}
	select {
	case <-r.done:
		return r.index, r.err
	case <-ctx.Done():
		j.withdraw(r)
		return 0, ctx.Err()
	}
}

func (j *Journal) enqueue(r *request) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	size := int64(len(r.payload))
	switch {
	case j.failure != nil:
		return j.failure
	case j.closing:
		return ErrClosed
	case j.accepted-j.released+size > j.options.MaxBytes:
		return fmt.Errorf("%w: %d of %d bytes are not released yet", ErrFull, j.accepted-j.released, j.options.MaxBytes)
	}
	j.accepted += size
	j.waiting = append(j.waiting, r)
	j.work.Signal()
	return nil
}

// withdraw spares the disk an entry for which nobody waits, if it still can.
func (j *Journal) withdraw(r *request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i, waiting := range j.waiting {
		if waiting == r {
			j.waiting = append(j.waiting[:i], j.waiting[i+1:]...)
			j.accepted -= int64(len(r.payload))
			return
		}
	}
}

// Read returns the payload of an entry, or ErrNotFound or ErrCorrupt. It must
// not be changed.
func (j *Journal) Read(index uint64) ([]byte, error) {
	payload, _, err := j.ReadWith(index)
	return payload, err
}

// ReadWith is Read with what came with the payload (AppendWith), or nil when that is not
// in memory any more.
func (j *Journal) ReadWith(index uint64) (payload []byte, companion any, err error) {
	j.mu.Lock()
	found, isRecent := j.recent.get(index)
	j.mu.Unlock()
	if isRecent {
		return found.payload, found.companion, nil
	}
	e, err := j.readEntry(index)
	return e.payload, nil, err
}

// Forget lets go of what memory has of the entries up to and with through, which the
// caller has read. They stay in the journal.
func (j *Journal) Forget(through uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.recent.dropThrough(through)
}

func (j *Journal) readEntry(index uint64) (_ entry, err error) {
	// raft-wal's codec panics at some of the bytes that it has not written.
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("read journal entry %d: %w: %v", index, ErrCorrupt, problem)
		}
	}()
	var log raft.Log
	if err := j.log.GetLog(index, &log); err != nil {
		return entry{}, fmt.Errorf("read journal entry %d: %w", index, translateRead(err))
	}
	return parseEntry(index, &log)
}

// translateRead is translate for what raft-wal returns when it reads an entry: it
// decodes what it finds, so every error that is not the file system's says that
// something else was written.
func translateRead(err error) error {
	var system *os.PathError
	switch translated := translate(err); {
	case errors.Is(translated, ErrNotFound), errors.Is(translated, ErrClosed), errors.Is(translated, ErrCorrupt), errors.As(err, &system):
		return translated
	default:
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
}

// Wait returns nil when there is an entry behind the given index; else ctx's
// error, or ErrClosed.
func (j *Journal) Wait(ctx context.Context, after uint64) error {
	for {
		j.mu.Lock()
		last, appended, closing := j.last, j.appended, j.closing
		j.mu.Unlock()
		if last > after {
			return nil
		}
		if closing {
			return ErrClosed
		}
		select {
		case <-appended:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// wakeReaders lets everyone in Wait look again. The caller holds mu.
func (j *Journal) wakeReaders() {
	close(j.appended)
	j.appended = make(chan struct{})
}

// FirstIndex is the index of the oldest entry, LastIndex of the newest; both are
// 0 while the journal has never had any.
func (j *Journal) FirstIndex() (uint64, error) {
	first, err := j.log.FirstIndex()
	if err != nil {
		return 0, fmt.Errorf("find the first entry of the journal: %w", translate(err))
	}
	return first, nil
}

// LastIndex is described at FirstIndex.
func (j *Journal) LastIndex() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last
}

// End returns LastIndex and that entry's Position.
func (j *Journal) End() (last uint64, position int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last, j.position
}

// Err returns why the journal takes nothing (ErrFailed, with the cause), or nil.
func (j *Journal) Err() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.failure
}

// Size returns how many payload bytes are not released yet, and how many may be.
func (j *Journal) Size() (size, limit int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.accepted - j.released, j.options.MaxBytes
}

// Stats returns the counters.
func (j *Journal) Stats() Stats {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.stats
}

// Close commits what waits and releases everything. After a failure it returns
// that failure.
func (j *Journal) Close() error {
	j.mu.Lock()
	wasClosing := j.closing
	j.closing = true
	j.work.Signal()
	j.wakeReaders()
	j.mu.Unlock()
	<-j.finished
	if wasClosing {
		return nil
	}
	return errors.Join(j.Err(), j.log.Close(), j.meta.Close())
}

// translate gives raft-wal's errors our names.
func translate(err error) error {
	switch {
	case errors.Is(err, types.ErrNotFound):
		return ErrNotFound
	case errors.Is(err, types.ErrClosed):
		return ErrClosed
	case errors.Is(err, types.ErrCorrupt):
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	default:
		return err
	}
}
