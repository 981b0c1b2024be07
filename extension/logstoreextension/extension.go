package logstoreextension

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"
	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/journal"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/journaled"
	"github.com/docketlog/docket/internal/logstore/retention"
)

// Extension is what other components use of the log_store extension. They find it
// by its configured component.ID and name that in Dependencies, so that it is
// started before and stopped after them.
type Extension interface {
	extension.Extension
	// LogStore keeps the records. It is nil before Start.
	LogStore() logstore.Store
	// Documents keeps Docket's own documents. It is nil before Start.
	Documents() docstore.Store
	// RequestFinder finds what came with an idempotency key. It is nil before Start.
	RequestFinder() logstore.RequestFinder
	// DeadLetters are the records that the backend refuses. It is nil before Start.
	DeadLetters() logstore.DeadLetters
	// Backup writes a tar archive of the data folder as it is at one moment, while
	// everything goes on; or returns logstore.ErrNoBackup when the records are in a
	// cluster.
	Backup(ctx context.Context, w io.Writer) error
	// Health returns nil when the log store can take records and make them
	// findable, or else the reason why not. It answers at once.
	Health(ctx context.Context) error
}

var errNotStarted = errors.New("the log store is not started")

// store is the extension. Its fields are set by Start and read by others only
// after that.
type store struct {
	config   *Config
	settings extension.Settings
	// freeBytes asks the file system how much is free.
	freeBytes func(ctx context.Context, directory string) (int64, error)

	records *journaled.Store
	backend *backend
	keeper  *retention.Keeper
	// backingUp is held while a backup is made.
	backingUp sync.Mutex
	// closers undo Start, the last first.
	closers []func(context.Context) error
}

var (
	_ Extension                       = (*store)(nil)
	_ extensioncapabilities.Dependent = (*store)(nil)
)

func newStore(config *Config, settings extension.Settings) *store {
	return &store{config: config, settings: settings, freeBytes: freeBytes}
}

// Dependencies implements extensioncapabilities.Dependent: what authenticates requests
// to the cluster.
func (s *store) Dependencies() []component.ID {
	if !s.config.isCluster() {
		return nil
	}
	client := s.config.Elasticsearch.Get().ClientConfig
	var ids []component.ID
	if client.Auth.HasValue() {
		ids = append(ids, client.Auth.Get().AuthenticatorID)
	}
	for _, middleware := range client.Middlewares {
		ids = append(ids, middleware.ID)
	}
	return ids
}

// Start opens everything in the data folder. The journal's backlog is applied
// afterwards, in the background.
func (s *store) Start(ctx context.Context, host component.Host) error {
	if err := s.open(ctx, host); err != nil {
		return errors.Join(fmt.Errorf("open the log store: %w", err), s.Shutdown(ctx))
	}
	s.settings.Logger.Info("log store is open", zap.String("directory", s.config.Directory))
	return nil
}

func (s *store) open(ctx context.Context, host component.Host) error {
	if err := s.lock(); err != nil {
		return err
	}
	if err := s.config.settle(); err != nil {
		return err
	}
	if err := s.removeUnfinishedBackups(); err != nil {
		return err
	}
	health := &healthParts{onChange: func(err error) { s.reportHealth(host, err) }}
	backend, err := s.openBackend(ctx, host, health)
	if err != nil {
		return err
	}
	s.closers = append(s.closers, backend.close)

	keptRecords, err := journaled.Open(ctx, journaled.Config{
		Directory:        s.config.Directory,
		JournalDirectory: s.config.Journal.Directory,
		Journal: journal.Options{
			SegmentBytes: s.config.Journal.SegmentSizeMiB * mib,
			MaxBytes:     s.config.Journal.MaxSizeMiB * mib,
		},
		Backend:     backend.records,
		FindsAtOnce: backend.cluster == nil,
		Reserve: journaled.Reserve{
			Bytes:     s.config.FreeSpaceReserveMiB * mib,
			Directory: s.config.Directory,
			FreeBytes: s.freeBytes,
		},
		OnHealth: health.of("records"),
		Logger:   s.settings.Logger,
	})
	if err != nil {
		return errors.Join(err, backend.records.Close())
	}
	s.closers = append(s.closers, keptRecords.Close)

	s.keeper, err = retention.New(retention.Config{
		Store: backend.records, Policy: s.config.Retention.policy(), Logger: s.settings.Logger,
	})
	if err != nil {
		return err
	}
	s.closers = append(s.closers, runRetention(s.keeper))

	stopTelemetry, err := observe(s.settings.TelemetrySettings, keptRecords, s.keeper, backend)
	if err != nil {
		return err
	}
	s.closers = append(s.closers, func(context.Context) error { stopTelemetry(); return nil })
	s.records, s.backend = keptRecords, backend
	return nil
}

// runRetention deletes old records until stop is called.
func runRetention(keeper *retention.Keeper) (stop func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		keeper.Run(ctx)
	}()
	return func(context.Context) error {
		cancel()
		<-finished
		return nil
	}
}

// lock locks every folder that is ours alone.
func (s *store) lock() error {
	directories := []string{s.config.Directory}
	if s.config.Journal.Directory != "" && filepath.Clean(s.config.Journal.Directory) != filepath.Clean(s.config.Directory) {
		directories = append(directories, s.config.Journal.Directory)
	}
	for _, directory := range directories {
		unlock, err := lockDirectory(directory)
		if err != nil {
			return err
		}
		s.closers = append(s.closers, func(context.Context) error { return unlock() })
	}
	return nil
}

// reportHealth makes a change of the store's health the component's status.
func (s *store) reportHealth(host component.Host, err error) {
	switch {
	case err == nil:
		s.settings.Logger.Info("the log store has recovered")
		componentstatus.ReportStatus(host, componentstatus.NewEvent(componentstatus.StatusOK))
	case errors.Is(err, journal.ErrFailed):
		// Nothing but opening it again helps, after whatever the disk has.
		s.settings.Logger.Error("the log store takes no records until it is restarted", zap.Error(err))
		componentstatus.ReportStatus(host, componentstatus.NewPermanentErrorEvent(err))
	default:
		s.settings.Logger.Error("the log store is unhealthy", zap.Error(err))
		componentstatus.ReportStatus(host, componentstatus.NewRecoverableErrorEvent(err))
	}
}

func (s *store) LogStore() logstore.Store {
	if s.records == nil {
		return nil
	}
	if view := s.config.readOnly(); view != nil {
		return &readOnlyStore{s.records, view}
	}
	return s.records
}

func (s *store) Documents() docstore.Store {
	if s.backend == nil {
		return nil
	}
	return s.backend.documents
}

func (s *store) RequestFinder() logstore.RequestFinder {
	if s.records == nil {
		return nil
	}
	return s.records
}

func (s *store) DeadLetters() logstore.DeadLetters {
	if s.records == nil {
		return nil
	}
	return s.records
}

func (s *store) Health(context.Context) error {
	if s.records == nil {
		return errNotStarted
	}
	return errors.Join(s.records.Health(), s.backend.health())
}

// Shutdown closes what Start has opened.
func (s *store) Shutdown(ctx context.Context) error {
	var errs []error
	for n := len(s.closers) - 1; n >= 0; n-- {
		errs = append(errs, s.closers[n](ctx))
	}
	s.closers = nil
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close the log store: %w", err)
	}
	return nil
}
