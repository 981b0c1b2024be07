package elastic

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/retention"
)

const (
	// DefaultMaxBulkBytes is the size of the largest bulk request of a Config without
	// one. Clusters take 100 MB, but are as fast with much less.
	DefaultMaxBulkBytes = 8 << 20
	// DefaultMaxDocumentBytes is the size of the largest document of a Config without one.
	DefaultMaxDocumentBytes = 32 << 20
	// maxBulkRecords is the number of records in the largest bulk request.
	maxBulkRecords = 5000
)

// Config of a Backend.
type Config struct {
	// Client is the connection to the cluster; required. It stays open after Close.
	Client *elasticsearch.Client
	// Product is what the cluster runs, as Client.Detect tells; required.
	Product elasticsearch.Product
	// Prefix begins the names of indices, templates and the alias; required. Records
	// are in PREFIX-records-2006.01.02 and others (setup_period.go), and the alias of all is
	// PREFIX-records.
	Prefix string
	// Indices says how indices are made; the zero value is good for most clusters.
	Indices IndexConfig
	// IsSetupOff keeps Setup from making anything in the cluster: it only requires that
	// somebody else has sent what SetupRequests tells. The index of a day is made all
	// the same, unless it is there, when its first record comes.
	IsSetupOff bool
	// DailyAge is how old days may be that have an index of their own, in whole days; 0
	// means DefaultDailyAge. Others share indices: see setup_period.go. All Dockets with
	// the same prefix must have the same.
	DailyAge time.Duration
	// MaxDocumentBytes is the size of the largest document, about twice to five times that
	// of its record; 0 means DefaultMaxDocumentBytes. Larger ones are refused, as the
	// cluster would at some size answer for ever that it has not enough memory now.
	MaxDocumentBytes int
	// MaxBulkBytes is the size of the largest bulk request, of which two may be in
	// memory at once; 0 means DefaultMaxBulkBytes. A larger record has one of its own.
	MaxBulkBytes int
	// Logger may be nil.
	Logger *zap.Logger
}

// validPrefix is what all names in a cluster can begin with.
var validPrefix = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,99}$`) //nolint:gochecknoglobals // constant

// Validate returns an error that says what is missing or wrong.
func (c Config) Validate() error {
	var errs []error
	if c.Client == nil {
		errs = append(errs, errors.New("the store in a cluster needs a client"))
	}
	if !validPrefix.MatchString(c.Prefix) {
		errs = append(errs, fmt.Errorf("the prefix of indices must be 1 to 100 lower-case letters, digits and _ . -, "+
			"and begin with a letter or a digit; not %q", c.Prefix))
	}
	if c.MaxBulkBytes < 0 {
		errs = append(errs, fmt.Errorf("the size of bulk requests must be positive, or 0 for the default; not %d", c.MaxBulkBytes))
	}
	if c.MaxDocumentBytes < 0 {
		errs = append(errs, fmt.Errorf("the size of documents must be positive, or 0 for the default; not %d", c.MaxDocumentBytes))
	}
	if c.DailyAge < 0 || c.DailyAge%(24*time.Hour) != 0 {
		errs = append(errs, fmt.Errorf("the age up to which days have indices of their own must be whole days, or 0 for the default; not %s", c.DailyAge))
	}
	return errors.Join(append(errs, c.Indices.validate())...)
}

// Backend is a logstore.Backend. All methods may be called at once, but for Apply,
// which has one caller at a time.
type Backend struct {
	client  *elasticsearch.Client
	product elasticsearch.Product
	prefix  string
	config  Config
	logger  *zap.Logger
	stats   counters
	// minBackoff is the least wait before a bulk request is repeated.
	minBackoff time.Duration
	// patience is how long a document that is alone in its request is tried to be stored.
	patience time.Duration
	// now is the clock.
	now func() time.Time

	// inUse is read-locked by every running method and locked by Close, which so
	// waits for them.
	inUse sync.RWMutex
	// isClosed belongs to inUse.
	isClosed bool

	// encoder belongs to Apply, and so does documentBytes, which is about how large
	// documents are.
	encoder       encoder
	documentBytes int
	limit         *bulkLimit

	// indices guards known, volatile and touched.
	indices sync.Mutex
	// known are the indices that are there and as Apply needs them.
	known map[string]struct{}
	// volatile are those of which documents are on disk only after a flush.
	volatile map[string]struct{}
	// touched are those that got documents since the last Sync.
	touched map[string]struct{}

	// large guards overlarge, which says since when the cluster has had no room for some
	// documents, by their ids.
	large     sync.Mutex
	overlarge map[string]time.Time
}

var (
	_ logstore.Backend = (*Backend)(nil)
	_ logstore.Analyst = (*Backend)(nil)
	_ retention.Store  = (*Backend)(nil)
)

// New returns a backend. It sends nothing yet; before the first Apply, Setup must have
// been called.
func New(config Config) (*Backend, error) {
	if config.Logger == nil {
		config.Logger = zap.NewNop()
	}
	if config.MaxBulkBytes == 0 {
		config.MaxBulkBytes = DefaultMaxBulkBytes
	}
	if config.MaxDocumentBytes == 0 {
		config.MaxDocumentBytes = DefaultMaxDocumentBytes
	}
	if config.DailyAge == 0 {
		config.DailyAge = DefaultDailyAge
	}
	if err := config.Validate(); err != nil {
		return nil, err
	}
	return &Backend{
		client: config.Client, product: config.Product, prefix: config.Prefix, config: config, logger: config.Logger,
		minBackoff: defaultMinBackoff, patience: defaultPatience, now: time.Now,
		overlarge: map[string]time.Time{},
		limit:     newBulkLimit(config.MaxBulkBytes),
		known:     map[string]struct{}{}, volatile: map[string]struct{}{}, touched: map[string]struct{}{},
	}, nil
}

// alias is the name of all indices of records.
func (b *Backend) alias() string { return aliasOf(b.prefix) }

func aliasOf(prefix string) string { return prefix + "-records" }

func (c Config) alias() string { return aliasOf(c.Prefix) }

// use keeps the backend open until done is called.
func (b *Backend) use(ctx context.Context) (done func(), err error) {
	b.inUse.RLock()
	if b.isClosed {
		b.inUse.RUnlock()
		return nil, logstore.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		b.inUse.RUnlock()
		return nil, err
	}
	return b.inUse.RUnlock, nil
}

// Close implements logstore.Backend. It waits for running calls. What was applied is
// durable already: see Apply.
func (b *Backend) Close() error {
	b.inUse.Lock()
	defer b.inUse.Unlock()
	if b.isClosed {
		return logstore.ErrClosed
	}
	b.isClosed = true
	return nil
}
