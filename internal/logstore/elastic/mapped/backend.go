package mapped

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/retention"
	"github.com/docketlog/docket/internal/logstore/tally"
	"github.com/docketlog/docket/internal/record"
)

// DefaultMaxRead is how many records a question may take to be read, of a Config that
// does not say it.
const DefaultMaxRead = 1_000_000

// ErrReadOnly says that records cannot be stored.
var ErrReadOnly = errors.New("these indices are only read: nothing can be stored in them")

// Config of a Backend.
type Config struct {
	// Client is the connection to the cluster; required. It stays open after Close.
	Client *elasticsearch.Client
	// Index names what is read: indices, aliases and data streams, with commas between
	// them and * for any text; required.
	Index string
	// ProjectID is the project that the records are of; required. Other projects have
	// none.
	ProjectID int64
	// Mapping says what the fields are.
	Mapping Mapping
	// MaxRead is how many records a question may take to be read; 0 is DefaultMaxRead.
	MaxRead int
	// Logger may be nil.
	Logger *zap.Logger
}

// Mapping names fields of documents, by their paths with dots. A field without a name is
// not there.
type Mapping struct {
	// Timestamp is a date with one value; required. Documents without one, or with one
	// before 1970, are not found.
	Timestamp string
	// Body is the message. Level is the name or the number of a severity, as
	// record.ParseSeverity reads it. Service is the name of the service.
	Body, Level, Service string
	// EventName is the name of the event, such as event.action of ECS.
	EventName string
	// TraceID and SpanID are ids in hex. What is none stays an attribute.
	TraceID, SpanID string
	// ID is a text that no two documents share, of which the record's id is made; "" is the
	// _id, which no two documents of an index share.
	ID string
}

// Backend is a logstore.Backend that only reads. All methods may be called at once.
type Backend struct {
	config   Config
	isClosed atomic.Bool
}

var (
	_ logstore.Backend = (*Backend)(nil)
	_ retention.Store  = (*Backend)(nil)
)

// New returns a backend. It sends nothing yet.
func New(config Config) (*Backend, error) {
	var errs []error
	if config.Client == nil {
		errs = append(errs, errors.New("a view of foreign indices needs a client"))
	}
	if config.Index == "" {
		errs = append(errs, errors.New("name the indices to read, as in logs-*"))
	}
	if config.Mapping.Timestamp == "" {
		errs = append(errs, errors.New("name the field with the timestamp, as in @timestamp"))
	}
	if config.ProjectID < 1 {
		errs = append(errs, fmt.Errorf("the project of the records must be positive, not %d", config.ProjectID))
	}
	if config.MaxRead < 0 {
		errs = append(errs, fmt.Errorf("the number of records to read must be positive, or 0 for the default; not %d", config.MaxRead))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if config.MaxRead == 0 {
		config.MaxRead = DefaultMaxRead
	}
	if config.Logger == nil {
		config.Logger = zap.NewNop()
	}
	return &Backend{config: config}, nil
}

// Apply implements logstore.Backend: it returns ErrReadOnly.
func (b *Backend) Apply(context.Context, []record.Record, bool) error { return ErrReadOnly }

// Sync implements logstore.Backend: there is nothing to do.
func (b *Backend) Sync(context.Context) error {
	if b.isClosed.Load() {
		return logstore.ErrClosed
	}
	return nil
}

// Days implements retention.Store: none are Docket's to delete.
func (b *Backend) Days(context.Context) ([]time.Time, error) { return nil, nil }

// DayBytes implements retention.Store.
func (b *Backend) DayBytes(context.Context, time.Time) (int64, error) { return 0, nil }

// Projects implements retention.Store.
func (b *Backend) Projects(context.Context, time.Time) ([]int64, error) { return nil, nil }

// DeleteDay implements retention.Store: it returns ErrReadOnly.
func (b *Backend) DeleteDay(context.Context, time.Time) error { return ErrReadOnly }

// DeleteProjects implements retention.Store: it returns ErrReadOnly.
func (b *Backend) DeleteProjects(context.Context, time.Time, []int64) error { return ErrReadOnly }

// Close implements logstore.Backend. It does not wait for running calls.
func (b *Backend) Close() error {
	if b.isClosed.Swap(true) {
		return logstore.ErrClosed
	}
	return nil
}

// errEnough ends a visit that has seen enough.
var errEnough = errors.New("enough")

// Search implements logstore.Reader.
func (b *Backend) Search(ctx context.Context, query logstore.Query) ([]record.Record, error) {
	if query.Limit < 0 || query.Offset < 0 {
		return nil, fmt.Errorf("search: limit %d and offset %d must not be negative", query.Limit, query.Offset)
	}
	if query.Limit == 0 {
		return nil, nil
	}
	var found []record.Record
	skipped := 0
	err := b.visit(ctx, query, func(r record.Record) error {
		if skipped < query.Offset {
			skipped++
			return nil
		}
		if found = append(found, r); len(found) == query.Limit {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, fmt.Errorf("search: %w", err)
	}
	return found, nil
}

// Count implements logstore.Reader. It regards After, which leaves records out.
func (b *Backend) Count(ctx context.Context, query logstore.Query) (int64, error) {
	var count int64
	var err error
	if b.isCountable(query) {
		count, err = b.countAll(ctx, query)
	} else {
		err = b.visit(ctx, query, func(record.Record) error {
			count++
			return nil
		})
	}
	if err != nil {
		return 0, fmt.Errorf("count: %w", err)
	}
	return count, nil
}

// Histogram implements logstore.Analyst.
func (b *Backend) Histogram(ctx context.Context, query logstore.HistogramQuery) ([]logstore.Bucket, error) {
	total, err := tally.NewBuckets(query)
	if err != nil {
		return nil, err
	}
	if err := b.visitSelected(ctx, query.Selection, total.AddRecord); err != nil {
		return nil, fmt.Errorf("histogram: %w", err)
	}
	return total.Answer(), nil
}

// Values implements logstore.Analyst.
func (b *Backend) Values(ctx context.Context, query logstore.ValuesQuery) ([]logstore.ValueCount, int, error) {
	all, err := tally.NewValues(query)
	if err != nil {
		return nil, 0, err
	}
	if err := b.visitSelected(ctx, query.Selection, all.AddRecord); err != nil {
		return nil, 0, fmt.Errorf("values: %w", err)
	}
	values, total := all.Answer()
	return values, total, nil
}

// Keys implements logstore.Analyst.
func (b *Backend) Keys(ctx context.Context, query logstore.KeysQuery) ([]logstore.KeyCount, int, error) {
	all, err := tally.NewKeys(query)
	if err != nil {
		return nil, 0, err
	}
	if err := b.visitSelected(ctx, query.Selection, all.AddRecord); err != nil {
		return nil, 0, fmt.Errorf("keys: %w", err)
	}
	keys, total := all.Answer()
	return keys, total, nil
}

// Groups implements logstore.Analyst.
func (b *Backend) Groups(ctx context.Context, query logstore.GroupsQuery) (logstore.Groups, error) {
	all, err := tally.NewGroups(query)
	if err != nil {
		return logstore.Groups{}, err
	}
	if err := b.visitSelected(ctx, query.Selection, all.AddRecord); err != nil {
		return logstore.Groups{}, fmt.Errorf("groups: %w", err)
	}
	return all.Answer(), nil
}

func (b *Backend) visitSelected(ctx context.Context, s logstore.Selection, visit func(record.Record) error) error {
	return b.visit(ctx, logstore.Query{ProjectID: s.ProjectID, From: s.From, To: s.To, Filter: s.Filter}, visit)
}
