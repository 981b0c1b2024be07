package retention

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

const (
	// DefaultInterval is the time between two runs of a Keeper.
	DefaultInterval = time.Hour
	// firstRunAfter is the time until the first: long enough for a start to be over.
	firstRunAfter = time.Minute
)

// Store is what records are deleted from. Days are given by any moment of them and
// returned by their first (UTC).
type Store interface {
	// Days returns the days that there are, the oldest first.
	Days(ctx context.Context) ([]time.Time, error)
	// DayBytes returns the size of a day on disk.
	DayBytes(ctx context.Context, day time.Time) (int64, error)
	// Projects returns the projects that have records on a day.
	Projects(ctx context.Context, day time.Time) ([]int64, error)
	// DeleteDay deletes all records of a day.
	DeleteDay(ctx context.Context, day time.Time) error
	// DeleteProjects deletes the records of some projects on a day, and what is left
	// of the day if no other project has records.
	DeleteProjects(ctx context.Context, day time.Time, projects []int64) error
}

// Config of a Keeper.
type Config struct {
	// Store is required.
	Store  Store
	Policy Policy
	// Interval is the time between two runs; 0 means DefaultInterval.
	Interval time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// OnHealth is called after each run with its error, nil if all went well. May be
	// nil.
	OnHealth func(error)
	// Logger may be nil.
	Logger *zap.Logger
}

// Keeper applies a policy to a store.
type Keeper struct {
	config Config

	runs, failures, days, parts, bytes atomic.Int64
}

// New returns a keeper that does nothing until Run or RunOnce is called.
func New(config Config) (*Keeper, error) {
	if err := config.Policy.Validate(); err != nil {
		return nil, err
	}
	if config.Store == nil {
		return nil, errors.New("retention needs a store")
	}
	if config.Interval < 0 {
		return nil, fmt.Errorf("the interval of retention must be positive, or 0 for %s; not %s", DefaultInterval, config.Interval)
	}
	if config.Interval == 0 {
		config.Interval = DefaultInterval
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.OnHealth == nil {
		config.OnHealth = func(error) {}
	}
	if config.Logger == nil {
		config.Logger = zap.NewNop()
	}
	return &Keeper{config: config}, nil
}

// Stats are numbers since the keeper was made.
type Stats struct {
	// Runs counts the runs, Failures those of them that failed.
	Runs, Failures int64
	// DeletedDays counts the days that were deleted as a whole, DeletedParts those of
	// which the records of some projects were, DeletedBytes what both have freed.
	DeletedDays, DeletedParts, DeletedBytes int64
}

// Stats returns the numbers.
func (k *Keeper) Stats() Stats {
	return Stats{
		Runs: k.runs.Load(), Failures: k.failures.Load(),
		DeletedDays: k.days.Load(), DeletedParts: k.parts.Load(), DeletedBytes: k.bytes.Load(),
	}
}

// Run applies the policy a minute after the call and then once an interval, until
// ctx ends. Failures are logged and tried again in the next run. With a policy that
// keeps everything it returns at once.
func (k *Keeper) Run(ctx context.Context) {
	if k.config.Policy.keepsEverything() {
		return
	}
	timer := time.NewTimer(min(firstRunAfter, k.config.Interval))
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		err := k.RunOnce(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			k.config.Logger.Error("cannot delete old records; trying again", zap.Duration("after", k.config.Interval), zap.Error(err))
		}
		k.config.OnHealth(err)
		timer.Reset(k.config.Interval)
	}
}

// RunOnce applies the policy. A day that cannot be deleted keeps no other from it.
func (k *Keeper) RunOnce(ctx context.Context) error {
	k.runs.Add(1)
	err := errors.Join(k.applyAges(ctx), k.applyBudget(ctx))
	if err != nil {
		k.failures.Add(1)
	}
	return err
}

func (k *Keeper) applyAges(ctx context.Context) error {
	policy, now := k.config.Policy, k.config.Now()
	if policy.minAge() == 0 {
		return nil
	}
	starts, err := k.config.Store.Days(ctx)
	if err != nil {
		return fmt.Errorf("list the days: %w", err)
	}
	var errs []error
	for _, start := range starts {
		d := day{start: start}
		if !d.isPast(policy.minAge(), now) {
			break
		}
		if err := k.expire(ctx, d, now); err != nil {
			errs = append(errs, fmt.Errorf("delete what is too old of %s: %w", start.Format(time.DateOnly), err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(errs...)
}

// expire deletes what is past its age of a day, and a day that has nothing.
func (k *Keeper) expire(ctx context.Context, d day, now time.Time) (err error) {
	if d.projects, err = k.config.Store.Projects(ctx, d.start); err != nil {
		return err
	}
	expired := k.config.Policy.expired(d, now)
	if len(expired) == 0 && len(d.projects) > 0 {
		return nil
	}
	if d.bytes, err = k.config.Store.DayBytes(ctx, d.start); err != nil {
		return err
	}
	// Not DeleteDay: another project may have got records of the day by now.
	if err := k.config.Store.DeleteProjects(ctx, d.start, expired); err != nil {
		return err
	}
	return k.deleted(ctx, d, expired, "they are past their age", len(expired) == len(d.projects))
}

func (k *Keeper) applyBudget(ctx context.Context) error {
	policy := k.config.Policy
	if policy.MaxBytes == 0 {
		return nil
	}
	all, err := k.measure(ctx)
	if err != nil {
		return err
	}
	gone, excess := policy.overBudget(all, k.config.Now())
	var errs []error
	for _, d := range gone {
		err := k.config.Store.DeleteDay(ctx, d.start)
		if err == nil {
			err = k.deleted(ctx, d, nil, "the store takes more of the disk than it may", true)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("delete %s: %w", d.start.Format(time.DateOnly), err))
		}
	}
	if excess > 0 {
		k.config.Logger.Warn("the store takes more of the disk than it may, and there are no older days that could be deleted",
			zap.Int64("max_bytes", policy.MaxBytes), zap.Int64("excess_bytes", excess))
	}
	return errors.Join(errs...)
}

// measure returns all days with their sizes, the oldest first.
func (k *Keeper) measure(ctx context.Context) ([]day, error) {
	starts, err := k.config.Store.Days(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the days: %w", err)
	}
	all := make([]day, len(starts))
	for i, start := range starts {
		all[i].start = start
		if all[i].bytes, err = k.config.Store.DayBytes(ctx, start); err != nil {
			return nil, fmt.Errorf("measure %s: %w", start.Format(time.DateOnly), err)
		}
	}
	return all, nil
}

// deleted counts and logs a deletion; projects is nil for all of the day.
func (k *Keeper) deleted(ctx context.Context, before day, projects []int64, reason string, isWhole bool) error {
	left, err := k.config.Store.DayBytes(ctx, before.start)
	freed := max(before.bytes-left, 0)
	if isWhole {
		k.days.Add(1)
	} else {
		k.parts.Add(1)
	}
	k.bytes.Add(freed)
	k.config.Logger.Info("deleted old records",
		zap.String("day", before.start.Format(time.DateOnly)), zap.Int64s("projects", projects), zap.Bool("whole_day", isWhole),
		zap.Int64("bytes", freed), zap.String("reason", reason))
	return err
}
