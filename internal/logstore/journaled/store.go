package journaled

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/xpdata/pref"
	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/journal"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/deadletters"
	"github.com/docketlog/docket/internal/logstore/requests"
	"github.com/docketlog/docket/internal/record"
)

const (
	// DefaultCheckpointInterval bounds what is replayed after a crash: ten seconds'
	// worth of records.
	DefaultCheckpointInterval = 10 * time.Second

	// retryWhenFull is how soon a client may try again when the journal is full:
	// about as long as one checkpoint takes to come.
	retryWhenFull = 5 * time.Second
	// retryWhenFailed is the same for a journal that an operator must look at.
	retryWhenFailed = time.Minute

	// closeTimeout bounds how long Close applies what is left. The rest is safe in
	// the journal and is applied after the next Open.
	closeTimeout = 10 * time.Second

	// What the store's folder holds.
	journalDirectory = "journal"
	deadLettersFile  = "dead_letters.db"
	requestsFile     = "requests.db"
)

// Config of a Store.
type Config struct {
	// Directory is the store's: it holds the journal, the dead letters and the
	// index of idempotency keys. It is made if it is missing.
	Directory string
	// JournalDirectory is the journal's; "" means "journal" in Directory.
	JournalDirectory string
	Journal          journal.Options
	// Backend belongs to the store from a successful Open on.
	Backend logstore.Backend
	// FindsAtOnce is true for a backend that finds what it has applied at once: then
	// searches wait for what was acknowledged before them, for at most a tenth of a second.
	FindsAtOnce bool
	// CheckpointInterval is the least time between two checkpoints; 0 means
	// DefaultCheckpointInterval.
	CheckpointInterval time.Duration
	// Reserve is the space that is kept free. The zero value keeps none.
	Reserve Reserve
	// OnHealth is called with the new value of Health when the store becomes
	// unhealthy or healthy again, one call at a time, the first perhaps before Open
	// returns. Of the store's methods it may call only Health and Stats. May be nil.
	OnHealth func(error)
	// Logger may be nil.
	Logger *zap.Logger
}

// Store is a logstore.Store. All methods may be called at once.
type Store struct {
	journal  *journal.Journal
	backend  logstore.Backend
	requests *knownRequests
	refused  *refused
	applier  *applier
	tails    tails
	watcher  *watcher
	health   *health
	// findsAtOnce is that of the Config.
	findsAtOnce bool
	// files are what belongs to the store beside its backend, in the order of
	// opening.
	files []io.Closer

	// appending is held for reading during every Append, and for writing by Cut.
	appending sync.RWMutex
	// open is held for reading by every method, and for writing by Close, which so
	// waits for them. It guards closed.
	open   sync.RWMutex
	closed bool
	// closing ends when Close begins, and searches with it.
	closing context.Context //nolint:containedctx // the life of the store
	close   context.CancelFunc
}

var (
	_ logstore.Store         = (*Store)(nil)
	_ logstore.Analyst       = (*Store)(nil)
	_ logstore.RequestFinder = (*Store)(nil)
	_ logstore.DeadLetters   = (*Store)(nil)
)

// Open opens the journal and starts to apply what the backend does not have yet;
// it does not wait for that. What it does wait for is that every entry which is to
// be applied has been read: damage there is an error (journal.DamageError), before
// anything is taken that would come to lie behind it. On an error the backend stays
// the caller's.
func Open(ctx context.Context, config Config) (_ *Store, err error) {
	if config.Logger == nil {
		config.Logger = zap.NewNop()
	}
	if config.CheckpointInterval == 0 {
		config.CheckpointInterval = DefaultCheckpointInterval
	}
	if config.JournalDirectory == "" {
		config.JournalDirectory = filepath.Join(config.Directory, journalDirectory)
	}
	config.Journal.Logger = config.Logger
	s := &Store{backend: config.Backend, findsAtOnce: config.FindsAtOnce, health: &health{onChange: config.OnHealth}}
	s.closing, s.close = context.WithCancel(context.Background())
	defer func() {
		if err != nil {
			s.close()
			err = errors.Join(err, s.closeFiles())
		}
	}()
	checkpoint, err := s.openFiles(config)
	if err != nil {
		return nil, err
	}
	var waiting int64
	if err := s.journal.Verify(ctx, checkpoint, func(index uint64, payload []byte) error {
		s.requests.note(index, payload)
		waiting += countRecords(payload)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read what the journal holds: %w", err)
	}
	s.applier, err = newApplier(s, config, checkpoint)
	if err != nil {
		return nil, err
	}
	s.applier.waiting.Store(waiting)
	s.watcher = newWatcher(s.closing, config.Reserve, config.JournalDirectory, s.health)
	go s.applier.run()
	go s.watcher.run(s.closing)
	return s, nil
}

// openFiles opens everything but the backend and returns the checkpoint.
func (s *Store) openFiles(config Config) (checkpoint uint64, err error) {
	if err := os.MkdirAll(config.Directory, 0o700); err != nil {
		return 0, fmt.Errorf("make the store's folder: %w", err)
	}
	if s.journal, err = journal.Open(config.JournalDirectory, config.Journal); err != nil {
		return 0, err
	}
	s.files = append(s.files, s.journal)
	letters, err := deadletters.Open(filepath.Join(config.Directory, deadLettersFile))
	if err != nil {
		return 0, err
	}
	s.files = append(s.files, letters)
	s.refused = &refused{kept: letters, now: time.Now}
	index, err := requests.Open(filepath.Join(config.Directory, requestsFile), time.Now)
	if err != nil {
		return 0, err
	}
	s.files = append(s.files, index)
	if checkpoint, err = s.journal.Checkpoint(applierName); err != nil {
		return 0, err
	}
	s.requests = newKnownRequests(s.journal, index, checkpoint)
	return checkpoint, nil
}

func (s *Store) closeFiles() error {
	var errs []error
	for _, file := range s.files {
		errs = append(errs, file.Close())
	}
	return errors.Join(errs...)
}

// Append implements logstore.Writer. Beside an *logstore.UnavailableError (which
// wraps journal.ErrFull or ErrNearlyFull when that is the reason),
// logstore.ErrOutcomeUnknown and logstore.ErrClosed it returns a permanent error (consumererror.IsPermanent) for
// logs that can never be stored: a record without an id or a project, or a batch
// that is too large.
func (s *Store) Append(ctx context.Context, logs plog.Logs) error {
	if logs.LogRecordCount() == 0 {
		return nil
	}
	if err := validate(logs); err != nil {
		return consumererror.NewPermanent(err)
	}
	known := requests.Of(logs)
	if len(known) > 0 {
		// The same request may come again, and then its fate must be known: so the
		// journal's verdict is waited for, whoever else gives up.
		ctx = context.WithoutCancel(ctx)
	}
	return s.append(ctx, Entry{Logs: logs, Requests: known})
}

func (s *Store) append(ctx context.Context, entry Entry) error {
	_, err := whileOpen(s, func() (struct{}, error) {
		s.appending.RLock()
		defer s.appending.RUnlock()
		return struct{}{}, s.appendAdmitted(ctx, entry)
	})
	return err
}

// appendAdmitted is called with appending held for reading.
func (s *Store) appendAdmitted(ctx context.Context, entry Entry) error {
	if err := s.watcher.refusal(); err != nil {
		return err
	}
	payload, err := EncodeEntry(entry)
	if err != nil {
		return consumererror.NewPermanent(err)
	}
	// The applier gets the entry as it is, so that it need not decode it. The reference
	// is never given back: a collector that uses the memory of logs again must not do so
	// with these, which a tail may have for any time.
	pref.RefLogs(entry.Logs)
	if _, err = s.journal.AppendWith(ctx, payload, &entry); err != nil {
		return s.refusal(err)
	}
	s.applier.waiting.Add(int64(entry.Logs.LogRecordCount()))
	return nil
}

// validate checks what the backend relies on. Hashes are not computed again: the
// receiver or the normalize processor has just done so.
func validate(logs plog.Logs) error {
	position := 0
	for r := range record.All(logs) {
		position++
		switch {
		case r.ID() == "":
			return fmt.Errorf("record %d of the batch has no %s: put the normalize processor in front of the store", position, record.AttributeID)
		case r.ProjectID() <= 0:
			return fmt.Errorf("record %d of the batch has no project in the resource attribute %s: put the normalize processor in front of the store",
				position, record.AttributeProjectID)
		}
	}
	return nil
}

// refusal turns an error of the journal into one of the Store interface.
func (s *Store) refusal(err error) error {
	var tooLarge *journal.PayloadTooLargeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &tooLarge):
		return consumererror.NewPermanent(fmt.Errorf("the batch has %d bytes, the store takes %d at once: send smaller batches",
			tooLarge.Bytes, tooLarge.Limit))
	case errors.Is(err, journal.ErrFull):
		s.health.set(conditionJournalFull, err)
		return &unavailable{
			UnavailableError: &logstore.UnavailableError{Reason: "the journal is full", RetryAfter: retryWhenFull, Overload: true}, cause: err,
		}
	case errors.Is(err, journal.ErrUnknown):
		s.health.set(conditionJournalFailed, err)
		return fmt.Errorf("%w: %w", logstore.ErrOutcomeUnknown, err)
	case errors.Is(err, journal.ErrFailed):
		s.health.set(conditionJournalFailed, err)
		return &unavailable{
			UnavailableError: &logstore.UnavailableError{Reason: "the journal cannot be written", RetryAfter: retryWhenFailed}, cause: err,
		}
	case errors.Is(err, journal.ErrClosed):
		return logstore.ErrClosed
	default:
		return fmt.Errorf("append to the journal: %w", err)
	}
}

// unavailable is an UnavailableError that keeps its cause, which is for our own
// log rather than for clients.
type unavailable struct {
	*logstore.UnavailableError
	cause error
}

func (u *unavailable) Unwrap() []error { return []error{u.UnavailableError, u.cause} }

// FindRequest implements logstore.RequestFinder.
func (s *Store) FindRequest(ctx context.Context, projectID int64, key string) (found logstore.Request, ok bool, err error) {
	found, err = whileOpen(s, func() (logstore.Request, error) {
		found, ok, err = s.requests.find(ctx, projectID, key)
		return found, err
	})
	return found, ok, err
}

// whileOpen calls a function unless the store is closed or closing.
func whileOpen[T any](s *Store, call func() (T, error)) (T, error) {
	s.open.RLock()
	defer s.open.RUnlock()
	if s.closed || s.closing.Err() != nil {
		var none T
		return none, logstore.ErrClosed
	}
	return call()
}

// Health returns nil when the store can take records and make them findable, or
// else the reason why not.
func (s *Store) Health() error {
	if s.closing.Err() != nil {
		return logstore.ErrClosed
	}
	return s.health.get()
}

// Stats are numbers since the store was opened, and the present state.
type Stats struct {
	// Appends counts the acknowledged batches, AppendedBytes their size in the
	// journal, Fsyncs how many commits that took.
	Appends, AppendedBytes, Fsyncs int64
	// AppliedRecords counts records given to the backend, with the replayed ones;
	// ApplyFailures the calls of the backend that failed.
	AppliedRecords, ApplyFailures int64
	// LagEntries and LagBytes are what the journal has and the backend has not
	// applied yet. An entry holds the records of one Append.
	LagEntries, LagBytes int64
	// LagRecords is how many records that are, about, and LagAge how long ago the first
	// of them was received.
	LagRecords int64
	LagAge     time.Duration
	// JournalBytes is what is not released yet, JournalLimit how much it may be.
	JournalBytes, JournalLimit int64
	// DeadLetters is how many dead letters are kept; RefusedRecords counts those
	// that were added.
	DeadLetters, RefusedRecords int64
	// FreeBytes is the free space that was last found where there is the least,
	// ReserveBytes how much is kept free.
	FreeBytes, ReserveBytes int64
}

// Stats returns the numbers.
func (s *Store) Stats() Stats {
	counts := s.journal.Stats()
	size, limit := s.journal.Size()
	stats := Stats{
		Appends: counts.Appends, AppendedBytes: counts.Bytes, Fsyncs: counts.Commits,
		AppliedRecords: s.applier.records.Load(), ApplyFailures: s.applier.failures.Load(),
		JournalBytes: size, JournalLimit: limit,
		DeadLetters: s.refused.kept.Count(), RefusedRecords: s.applier.refusals.Load(),
		FreeBytes: s.watcher.free.Load(), ReserveBytes: s.watcher.reserve.Bytes,
	}
	stats.LagEntries, stats.LagBytes = s.applier.lag()
	stats.LagRecords, stats.LagAge = s.applier.lagOfRecords(time.Now())
	return stats
}

// Close stops taking records, applies what is left for as long as ctx allows but
// at most ten seconds, makes it durable and closes the journal and the backend.
// What is not applied by then is applied after the next Open.
func (s *Store) Close(ctx context.Context) error {
	s.close()
	s.open.Lock()
	defer s.open.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	<-s.watcher.finished
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	err := s.applier.stop(ctx)
	s.tails.close()
	return errors.Join(err, s.backend.Close(), s.closeFiles())
}
