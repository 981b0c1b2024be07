package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/retention"
)

const (
	// DefaultFirstAttempt is long enough for a cluster that is up, so that one that
	// Docket cannot work with is found out by Open.
	DefaultFirstAttempt = 10 * time.Second
	// DefaultCheckInterval is how soon Health notices that the cluster went away or came
	// back, if nobody uses it.
	DefaultCheckInterval = 5 * time.Second

	// attemptTimeout bounds each attempt but the first, and each check.
	attemptTimeout = 30 * time.Second

	minBackoff = 500 * time.Millisecond
	maxBackoff = 10 * time.Second

	// firstPause and lastPause are the times before a question is asked again whose error
	// is passing; they double in between.
	firstPause = 50 * time.Millisecond
	lastPause  = 800 * time.Millisecond

	// logInterval is the least time between two logged errors of the stores.
	logInterval = 10 * time.Second

	// retryAfter is how soon a reader may ask again.
	retryAfter = 5 * time.Second
)

// Backend keeps records and deletes old ones.
type Backend interface {
	logstore.Backend
	retention.Store
}

// Stores are what is in a cluster.
type Stores struct {
	Records   Backend
	Documents docstore.Store
}

// Config of a Cluster.
type Config struct {
	// Connect makes the stores, and in the cluster whatever they need. It is called
	// until it succeeds. Required.
	Connect func(ctx context.Context) (Stores, error)
	// Check returns nil if the cluster can be used. It is called while the stores are
	// connected. Required.
	Check func(ctx context.Context) error
	// IsHopeless says of an error of Connect that it will not go away by itself; then
	// Open fails. Required.
	IsHopeless func(error) bool
	// IsOutage says of an error of the stores that it says something about the cluster
	// and nothing about the question: the same question may be answered later.
	// Required.
	IsOutage func(error) bool
	// IsPassing says of such an error that it is likely to be over in a moment, so that
	// whoever reads is not troubled with it. Required.
	IsPassing func(error) bool
	// OnHealth is called when Health becomes an error, and when it becomes nil again, one
	// call at a time, the first perhaps before Open returns. May be nil.
	OnHealth func(error)
	// FirstAttempt is how long Open waits for the first attempt to connect; 0 means
	// DefaultFirstAttempt.
	FirstAttempt time.Duration
	// CheckInterval is the time between two checks; 0 means DefaultCheckInterval.
	CheckInterval time.Duration
	// Logger may be nil.
	Logger *zap.Logger
}

// Cluster connects to a cluster and watches it. All methods may be called at once.
type Cluster struct {
	config Config

	// connected is nil until Connect has succeeded, and never changes after that.
	connected atomic.Pointer[Stores]

	// logged is when translate has last logged an error, in nanoseconds since 1970.
	logged atomic.Int64

	stop    context.CancelFunc
	running sync.WaitGroup

	// mu guards problem, which is why the cluster cannot be used now.
	mu      sync.Mutex
	problem error
}

// Open tries once to connect. If that fails, it goes on in the background until Close,
// and is no error, unless it is hopeless.
func Open(ctx context.Context, config Config) (*Cluster, error) {
	if config.OnHealth == nil {
		config.OnHealth = func(error) {}
	}
	if config.FirstAttempt == 0 {
		config.FirstAttempt = DefaultFirstAttempt
	}
	if config.CheckInterval == 0 {
		config.CheckInterval = DefaultCheckInterval
	}
	if config.Logger == nil {
		config.Logger = zap.NewNop()
	}
	c := &Cluster{config: config}
	err := c.connect(ctx, config.FirstAttempt)
	if err != nil && config.IsHopeless(err) {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	c.report(err)
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	c.stop = stop
	c.running.Go(func() { c.run(running) })
	return c, nil
}

// connect makes one attempt.
func (c *Cluster) connect(ctx context.Context, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	stores, err := c.config.Connect(ctx)
	if err != nil {
		return err
	}
	c.connected.Store(&stores)
	return nil
}

// run connects if that is left to do, and then watches the cluster.
func (c *Cluster) run(ctx context.Context) {
	for backoff := minBackoff; c.connected.Load() == nil; backoff = min(2*backoff, maxBackoff) {
		if !sleep(ctx, backoff) {
			return
		}
		err := c.connect(ctx, attemptTimeout)
		if ctx.Err() != nil {
			return
		}
		c.report(err)
	}
	for sleep(ctx, c.config.CheckInterval) {
		err := c.check(ctx)
		if ctx.Err() != nil {
			return
		}
		c.report(err)
	}
}

func (c *Cluster) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	return c.config.Check(ctx)
}

// report notes why the cluster cannot be used, or that it can. Only Open and then run
// call it.
func (c *Cluster) report(err error) {
	c.mu.Lock()
	isNews := (c.problem == nil) != (err == nil)
	c.problem = err
	c.mu.Unlock()
	switch {
	case !isNews:
		return
	case err != nil:
		c.config.Logger.Warn("the cluster cannot be used; records wait in the journal, and it is tried again", zap.Error(err))
	default:
		c.config.Logger.Info("the cluster can be used")
	}
	c.config.OnHealth(c.Health())
}

// Health returns nil if the cluster could be used when it was last looked at, or else
// why not.
func (c *Cluster) Health() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.problem == nil {
		return nil
	}
	return fmt.Errorf("the cluster cannot be used: %w", c.problem)
}

// stores returns the stores, or an *logstore.UnavailableError.
func (c *Cluster) stores() (*Stores, error) {
	if connected := c.connected.Load(); connected != nil {
		return connected, nil
	}
	return nil, &unavailableError{unavailable(), c.Health()}
}

// translate makes an error that is about the cluster an *logstore.UnavailableError,
// which API clients get as a request to come back later. As they do not get the cause,
// and may be many, it is logged now and then.
func (c *Cluster) translate(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || !c.config.IsOutage(err) {
		return err
	}
	now := time.Now().UnixNano()
	if logged := c.logged.Load(); now-logged >= int64(logInterval) && c.logged.CompareAndSwap(logged, now) {
		c.config.Logger.Warn("the cluster did not do what it was asked for", zap.Error(err))
	}
	return &unavailableError{unavailable(), err}
}

// unavailable says no more to a client than it may know: the cause has addresses.
func unavailable() *logstore.UnavailableError {
	return &logstore.UnavailableError{Reason: "the cluster that has the records cannot be reached", RetryAfter: retryAfter}
}

// unavailableError keeps its cause, which is for our own log.
type unavailableError struct {
	*logstore.UnavailableError
	cause error
}

func (e *unavailableError) Error() string   { return e.UnavailableError.Error() + ": " + e.cause.Error() }
func (e *unavailableError) Unwrap() []error { return []error{e.UnavailableError, e.cause} }

// Close ends the goroutine. The stores are closed by their own users.
func (c *Cluster) Close() {
	c.stop()
	c.running.Wait()
}

// sleep returns false when ctx ends before the duration.
func sleep(ctx context.Context, duration time.Duration) bool {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
