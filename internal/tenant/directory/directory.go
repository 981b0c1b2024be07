// Package directory is tenant.Directory over a docstore.Store.
//
// Organizations, projects and keys are documents, shared by all replicas. Each
// replica keeps a snapshot of all of them in memory, in which Authenticate
// finds a token by its SHA-256 without a lock and without reading anything. A
// change made here is in the snapshot before it returns; changes of other
// replicas come with the next refresh.
//
// A snapshot is believed for Options.StaleAfter from the moment at which it
// began to be read, and then not at all: Authenticate answers
// *tenant.UnavailableError. So a key that was revoked anywhere is refused
// everywhere within that time, even by a replica that has lost the store.
//
//	Authenticate ──▶ snapshot ◀── refresh ◀── docstore ◀── CreateKey, DeleteKey, CreateProject
//	     └─ last use ─▶ memory ── every minute ──▶ docstore
//
// With a longer StaleAfter, ingest goes on through an outage of a store that is not in
// this process, and with Options.File through a restart meanwhile: the snapshot is kept
// in a file. A token that the snapshot does not have is then not refused, but
// unavailable, because a key that was just made elsewhere may not be known here.
package directory

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/tenant"
)

const (
	// DefaultRefreshInterval leaves room for one slow refresh before StaleAfter.
	DefaultRefreshInterval = 2 * time.Second
	// DefaultStaleAfter is the time in which tenant.Directory promises that a
	// revocation takes effect everywhere.
	DefaultStaleAfter = 5 * time.Second
	// DefaultUsageInterval makes one small write a minute of a key's requests.
	DefaultUsageInterval = time.Minute

	// maxRefreshTime bounds one reading of the documents.
	maxRefreshTime = 10 * time.Second
	// maxUsageTime bounds how long Shutdown writes down last uses.
	maxUsageTime = 5 * time.Second

	// maxTokenBytes bounds what is hashed for a caller who may be anybody.
	maxTokenBytes = 512
)

// Options of a Directory. The zero value of a duration means its default.
type Options struct {
	// AdminKey may do everything; required. Only its SHA-256 is kept.
	AdminKey string
	// RefreshInterval is the time from one reading of the documents to the next.
	RefreshInterval time.Duration
	// StaleAfter is how long a snapshot is believed. More than RefreshInterval.
	StaleAfter time.Duration
	// UsageInterval is the time between two writes of a key's last use.
	UsageInterval time.Duration
	// File is where the snapshot is kept, so that Start succeeds while the documents
	// cannot be read, and knows what was known StaleAfter ago or later. It has the tokens
	// of projects and the hashes of keys. "" keeps none; then Start fails.
	File string
	// Logger is told when the documents cannot be read; nil means nobody is.
	Logger *zap.Logger
}

// Directory is a tenant.Directory. It answers between Start and Shutdown.
type Directory struct {
	store    docstore.Store
	options  Options
	logger   *zap.Logger
	adminKey [sha256.Size]byte

	// current is nil before Start and after Shutdown. It is only stored to while
	// changes is held.
	current atomic.Pointer[snapshot]
	// changes is held from before documents are read or written until current
	// has the outcome. This guarantees that a refresh which read before a change
	// never replaces a snapshot that has the change.
	changes sync.Mutex
	keeper  keeper
	// started is true when the defaults are there. Only the goroutine of keepFresh, and
	// Start before it, use it.
	started bool

	stop    context.CancelFunc
	running sync.WaitGroup
}

var _ tenant.Directory = (*Directory)(nil)

// New returns a Directory over the store, which must outlive it.
func New(store docstore.Store, options Options) *Directory {
	if options.RefreshInterval == 0 {
		options.RefreshInterval = DefaultRefreshInterval
	}
	if options.StaleAfter == 0 {
		options.StaleAfter = DefaultStaleAfter
	}
	if options.UsageInterval == 0 {
		options.UsageInterval = DefaultUsageInterval
	}
	logger := options.Logger
	if logger == nil {
		logger = zap.NewNop()
	}
	directory := &Directory{store: store, logger: logger, adminKey: sha256.Sum256([]byte(options.AdminKey))}
	options.AdminKey = ""
	directory.options = options
	directory.keeper = keeper{path: options.File, every: options.StaleAfter / keptShare, logger: logger}
	return directory
}

// Start makes the default organization and project unless they exist, reads the
// documents, and keeps the snapshot fresh until Shutdown. When that fails and there is a
// File, it begins with what is in that, and does the rest as soon as it can.
func (d *Directory) Start(ctx context.Context) error {
	err := d.refreshInTime(ctx)
	switch {
	case err == nil:
		d.keeper.keep(d.current.Load())
	case d.options.File == "" || ctx.Err() != nil:
		return err
	default:
		d.startWithout(err)
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	d.stop = stop
	d.running.Go(func() { d.keepFresh(running) })
	d.running.Go(func() { d.keepUsage(running) })
	return nil
}

// Shutdown ends the refreshing and writes down the last uses of keys. Nothing is
// authenticated after it. It may be called without Start, and again.
func (d *Directory) Shutdown(ctx context.Context) error {
	if d.stop == nil {
		return nil
	}
	d.stop()
	d.running.Wait()
	d.stop = nil

	d.changes.Lock()
	last := d.current.Swap(nil)
	d.changes.Unlock()
	d.keeper.keep(last)
	ctx, cancel := context.WithTimeout(ctx, maxUsageTime)
	defer cancel()
	err := d.writeUsage(ctx, last)
	if err != nil && d.options.File != "" {
		d.logger.Warn("Cannot write down when keys were last used", zap.Error(err))
		return nil // an outage of the store is none of a stop
	}
	if err != nil {
		return fmt.Errorf("write down when keys were last used: %w", err)
	}
	return nil
}

// Authenticate implements tenant.Authenticator.
//
// Tokens are looked up by hash, so how long it takes says nothing about a
// stored token: a caller cannot choose the hash of what it sends.
func (d *Directory) Authenticate(_ context.Context, credentials tenant.Credentials) (*tenant.Identity, error) {
	if credentials.Token == "" {
		return nil, &tenant.Error{
			Reason:  tenant.ReasonMissingCredentials,
			Message: `the request shows no key: send one as "Authorization: Bearer <key>"`,
		}
	}
	known, err := d.fresh()
	if err != nil {
		return nil, err
	}
	if len(credentials.Token) > maxTokenBytes {
		return nil, invalidKey()
	}
	identity, ok := d.find(known, sha256.Sum256([]byte(credentials.Token)))
	if age := time.Since(known.readAt); !ok && age > DefaultStaleAfter {
		return nil, d.unread(age)
	}
	if !ok {
		return nil, invalidKey()
	}
	identity.NamedProject = credentials.Project
	return &identity, nil
}

func (d *Directory) find(known *snapshot, hash [sha256.Size]byte) (tenant.Identity, bool) {
	if subtle.ConstantTimeCompare(hash[:], d.adminKey[:]) == 1 {
		return known.admin(), true
	}
	found, ok := known.credentials[hash]
	if !ok || subtle.ConstantTimeCompare(hash[:], found.hash[:]) != 1 {
		return tenant.Identity{}, false
	}
	if found.usage != nil {
		found.usage.note(time.Now())
	}
	return found.identity, true
}

func invalidKey() error {
	return &tenant.Error{
		Reason:  tenant.ReasonInvalidCredentials,
		Message: "the key is wrong or was revoked",
	}
}

// fresh returns the snapshot, or an *UnavailableError when it is too old.
func (d *Directory) fresh() (*snapshot, error) {
	known := d.current.Load()
	if known == nil {
		return nil, &tenant.UnavailableError{Reason: "the directory is not running", RetryAfter: time.Second}
	}
	if known.readAt.IsZero() {
		return nil, &tenant.UnavailableError{Reason: "the stored keys could not be read yet", RetryAfter: d.retryAfter()}
	}
	if age := time.Since(known.readAt); age > d.options.StaleAfter {
		return nil, d.unread(age)
	}
	return known, nil
}

// unread is the error for what nobody can tell who has only seen old keys.
func (d *Directory) unread(age time.Duration) error {
	return &tenant.UnavailableError{
		Reason:     fmt.Sprintf("the stored keys could not be read for %s", age.Round(time.Second)),
		RetryAfter: d.retryAfter(),
	}
}

func (d *Directory) retryAfter() time.Duration { return max(time.Second, d.options.RefreshInterval) }

// missingIsFine is for changes of a key that somebody may have revoked meanwhile.
func missingIsFine(err error) error {
	if errors.Is(err, docstore.ErrNotFound) {
		return nil
	}
	return err
}
