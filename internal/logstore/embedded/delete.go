package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// closedDay is a day that no rows may be added to.
type closedDay struct {
	day int64
	// isLeaving is true when all of the day is being deleted. The engine would drop
	// rows that are added to it.
	isLeaving bool
	// over is closed when rows may be added again.
	over chan struct{}
}

// semaphore is a mutex that can be waited for until a context ends; its capacity
// is 1.
type semaphore chan struct{}

func (s semaphore) acquire(ctx context.Context) error {
	select {
	case s <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s semaphore) release() { <-s }

// useAlone keeps the backend open, and holds a semaphore, until done is called.
func (b *Backend) useAlone(ctx context.Context, s semaphore) (done func(), err error) {
	unuse, err := b.use(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.acquire(ctx); err != nil {
		unuse()
		return nil, err
	}
	return func() { s.release(); unuse() }, nil
}

// Days returns the days (UTC) that the backend has a folder of, by their first
// moment, the oldest first. A record belongs to the day of its timestamp; the
// last day possible is 2200-01-01, which has all later records too.
func (b *Backend) Days(ctx context.Context) ([]time.Time, error) {
	done, err := b.use(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	days := b.rows.days()
	starts := make([]time.Time, len(days))
	for i, day := range days {
		starts[i] = startOfDay(day)
	}
	return starts, nil
}

// DayBytes returns the size of the files of a day; 0 if there is no such day.
// Records of the last seconds are not in files yet.
func (b *Backend) DayBytes(ctx context.Context, day time.Time) (int64, error) {
	done, err := b.use(ctx)
	if err != nil {
		return 0, err
	}
	defer done()
	bytes, err := bytesOf(b.folderOf(dayOfTime(day)))
	return bytes, wrap("measure a day", err)
}

// Projects returns the projects that have records on a day, in ascending order.
func (b *Backend) Projects(ctx context.Context, day time.Time) ([]int64, error) {
	done, err := b.use(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	b.rows.flush()
	tenants, err := b.rows.tenants(ctx, dayOfTime(day))
	if err != nil {
		return nil, fmt.Errorf("list the projects of a day: %w", err)
	}
	projects := make([]int64, len(tenants))
	for i, tenant := range tenants {
		projects[i] = int64(tenant.ProjectID)
	}
	slices.Sort(projects)
	return slices.Compact(projects), nil // a project with large records has two tenants
}

// DeleteDay deletes all records of a day. It waits for the queries that read the
// day; Apply waits for it when it has records of the day. A crash leaves the day
// either whole or gone. Deleting a day that is not there is no error.
//
// A journal that still has some of the records may bring them back when it is
// replayed.
func (b *Backend) DeleteDay(ctx context.Context, day time.Time) error {
	done, err := b.useAlone(ctx, b.deleting)
	if err != nil {
		return err
	}
	defer done()
	if err := b.moving.acquire(ctx); err != nil {
		return err
	}
	defer b.moving.release()
	number := dayOfTime(day)
	b.writing.Lock()
	b.closeDay(number, true)
	b.writing.Unlock()
	return wrap("delete the records of "+nameOfDay(number), b.dropDay(number))
}

// DeleteProjects deletes the records that some projects have on a day, and with
// them the day's folder when no others are there. Otherwise it rewrites the files
// of the day, which takes about as long as writing them did, and as much space
// for the time being; when ctx ends before, an unknown part of the records is
// deleted, as after a crash. Records that are applied meanwhile may stay.
//
// A journal that still has some of the records may bring them back when it is
// replayed.
func (b *Backend) DeleteProjects(ctx context.Context, day time.Time, projects []int64) error {
	done, err := b.useAlone(ctx, b.deleting)
	if err != nil {
		return err
	}
	defer done()
	number := dayOfTime(day)
	err = b.deleteProjects(ctx, number, projects)
	return wrap("delete records of "+nameOfDay(number), err)
}

func (b *Backend) deleteProjects(ctx context.Context, day int64, projects []int64) error {
	var main, parts []tenantID
	for _, project := range projects {
		tenant, err := tenantOf(project)
		if err != nil {
			return err
		}
		main, parts = append(main, tenant), append(parts, partsOf(tenant))
	}
	isDropped, err := b.dropDayOf(ctx, day, slices.Concat(main, parts))
	if err != nil || isDropped {
		return err
	}
	if err := b.rewrite(ctx, day, main); err != nil {
		return err
	}
	return b.rewriteParts(ctx, day, main, parts)
}

// rewriteParts deletes the parts of large records whose main rows are deleted.
// Parts go last, so that who misses one knows that the record is gone. While they
// go, no records may come, whose parts would go too; and when some have come
// since the main rows were deleted, all parts stay until these are deleted as well.
func (b *Backend) rewriteParts(ctx context.Context, day int64, main, parts []tenantID) error {
	count, err := b.countOf(ctx, day, parts, "")
	if err != nil || count == 0 {
		return err
	}
	hasLarge, err := b.closeDayWithoutLarge(ctx, day, main)
	if err != nil || hasLarge {
		return err
	}
	defer b.reopenDay(false)
	return b.rewrite(ctx, day, parts)
}

// closeDayWithoutLarge closes a day unless tenants have large records on it.
func (b *Backend) closeDayWithoutLarge(ctx context.Context, day int64, tenants []tenantID) (hasLarge bool, err error) {
	b.writing.Lock()
	defer b.writing.Unlock()
	b.flush()
	count, err := b.countOf(ctx, day, tenants, quote(columnParts)+":*")
	if err != nil || count > 0 {
		return true, err
	}
	b.closeDay(day, false)
	return false, nil
}

// dropDayOf drops a day if no other tenants than those given have rows of it.
func (b *Backend) dropDayOf(ctx context.Context, day int64, tenants []tenantID) (isDropped bool, err error) {
	if err := b.moving.acquire(ctx); err != nil {
		return false, err
	}
	defer b.moving.release()
	hasOthers, err := b.reserveDay(ctx, day, tenants)
	if err != nil || hasOthers {
		return false, err
	}
	return true, b.dropDay(day)
}

// reserveDay reports whether other tenants than those given have rows of a day.
// When none has, then none will, as the day is closed from then on.
func (b *Backend) reserveDay(ctx context.Context, day int64, tenants []tenantID) (hasOthers bool, err error) {
	b.writing.Lock()
	defer b.writing.Unlock()
	b.flush()
	registered, err := b.rows.storage.GetTenantIDs(ctx, spanOfDay(day).from, spanOfDay(day).to)
	if err != nil {
		return false, err
	}
	known := map[tenantID]struct{}{}
	for _, tenant := range tenants {
		known[tenant] = struct{}{}
	}
	for _, tenant := range registered {
		if _, isKnown := known[tenant]; isKnown {
			continue
		}
		count, err := b.rows.count(ctx, selection{tenant: tenant, span: spanOfDay(day)})
		if err != nil || count > 0 {
			return true, err
		}
	}
	if err := ctx.Err(); err != nil { // the engine ends canceled calls without an error
		return false, err
	}
	b.closeDay(day, true)
	return false, nil
}

// tenants returns the tenants that have rows of a day, among them those of parts.
func (s *rows) tenants(ctx context.Context, day int64) ([]tenantID, error) {
	// The engine's index also has tenants whose rows were deleted.
	registered, err := s.storage.GetTenantIDs(ctx, spanOfDay(day).from, spanOfDay(day).to)
	if err != nil {
		return nil, err
	}
	var tenants []tenantID
	for _, tenant := range registered {
		count, err := s.count(ctx, selection{tenant: tenant, span: spanOfDay(day)})
		if err != nil {
			return nil, err
		}
		if count > 0 {
			tenants = append(tenants, tenant)
		}
	}
	return tenants, ctx.Err()
}

// dropDay deletes the folder of the closed day; the caller holds moving.
//
//	PartitionDetach   queries that start later do not see the day; those that
//	                  read it end; what is in memory is written
//	trash             the day is not part of the storage any more
//	remove the trash
func (b *Backend) dropDay(day int64) error {
	defer b.reopenDay(true)
	storage := b.rows.storage
	name := nameOfDay(day)
	if !slices.Contains(storage.PartitionList(), name) {
		return nil
	}
	b.rows.letMergesEnd()
	if err := storage.PartitionDetach(name); err != nil {
		return err
	}
	if err := trash(b.directory, day); err != nil {
		if _, statErr := os.Stat(b.folderOf(day)); statErr == nil {
			// The engine would drop all rows for a day whose folder it does not have open.
			err = errors.Join(err, storage.PartitionAttach(name))
		}
		return err
	}
	return emptyTrash(b.directory)
}

// closeDay makes Apply wait when it has records of a day. The caller holds writing.
func (b *Backend) closeDay(day int64, isLeaving bool) {
	b.closed = &closedDay{day: day, isLeaving: isLeaving, over: make(chan struct{})}
}

// reopenDay ends that. All rows of a day that was leaving are gone, or on disk if
// that has failed.
func (b *Backend) reopenDay(wasLeaving bool) {
	b.writing.Lock()
	defer b.writing.Unlock()
	if wasLeaving {
		b.encoder.columns.forget(b.closed.day)
		delete(b.unsynced, b.closed.day)
	}
	close(b.closed.over)
	b.closed = nil
}

// dayOfTime returns the number of the day of a time.
func dayOfTime(t time.Time) int64 { return dayOf(engineTime(timestampOf(t))) }
