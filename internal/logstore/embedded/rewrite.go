package embedded

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	"github.com/google/uuid"
	"github.com/shirou/gopsutil/v4/disk"
)

// rewritePollInterval is how often rewrite looks whether the engine is done, which
// begins a deletion within a second.
const rewritePollInterval = 50 * time.Millisecond

// rewrite deletes the rows that tenants, all of one account, have on a day. The engine does so in the
// background: it merges those of the day's parts that have such rows into a new
// part without them, and then swaps the new for the old ones (one rename). Its
// list of tasks survives a crash; stopRewrites empties it at the next start.
//
// Only all rows of a tenant and day at once may be deleted so: in place of the first
// row of a block of which others stay, the engine leaves one without columns.
func (b *Backend) rewrite(ctx context.Context, day int64, tenants []tenantID) error {
	count, err := b.countOf(ctx, day, tenants, "")
	if err != nil || count == 0 {
		return err
	}
	if err := b.checkSpace(ctx, day); err != nil {
		return err
	}
	// The engine deletes nothing that is younger than the task is said to be.
	const format = "2006-01-02T15:04:05Z"
	times := spanOfDay(day)
	filter, err := logstorage.ParseFilter(fmt.Sprintf("_time:[%s, %s)",
		startOfDay(day).Format(format), startOfDay(day+1).Format(format)))
	if err != nil {
		return fmt.Errorf("parse the filter made for the storage engine: %w", err)
	}
	slices.SortFunc(tenants, func(a, b tenantID) int { return cmp.Compare(a.ProjectID, b.ProjectID) }) // as the engine requires
	storage, task := b.rows.storage, uuid.NewString()
	if err := storage.DeleteRunTask(ctx, task, times.to, tenants, filter); err != nil {
		return err
	}
	return waitForRewrite(ctx, storage, task)
}

// countOf counts the rows of a day that tenants have and that meet a condition.
func (b *Backend) countOf(ctx context.Context, day int64, tenants []tenantID, condition string) (total int64, err error) {
	for _, tenant := range tenants {
		count, err := b.rows.count(ctx, selection{tenant: tenant, span: spanOfDay(day), condition: condition})
		if err != nil {
			return 0, err
		}
		total += count
	}
	return total, nil
}

// checkSpace returns an error when the disk has no room to write a day anew. The
// engine would try once a second for ever.
func (b *Backend) checkSpace(ctx context.Context, day int64) error {
	needed, err := bytesOf(b.folderOf(day))
	if err != nil {
		return err
	}
	usage, err := disk.UsageWithContext(ctx, b.directory)
	if err != nil {
		return fmt.Errorf("find out how much space is free: %w", err)
	}
	if usage.Free < uint64(needed) { //nolint:gosec // not negative
		return fmt.Errorf("writing the day anew needs %d bytes for the time being, and %d are free", needed, usage.Free)
	}
	return nil
}

// waitForRewrite returns when the engine has finished a task, or has stopped it
// because ctx has ended.
func waitForRewrite(ctx context.Context, storage *logstorage.Storage, task string) error {
	for {
		isRunning, err := isRewriting(ctx, storage, task)
		if err != nil || !isRunning {
			return err
		}
		select {
		case <-time.After(rewritePollInterval):
		case <-ctx.Done():
			if err := storage.DeleteStopTask(context.WithoutCancel(ctx), task); err != nil {
				return err
			}
			return ctx.Err()
		}
	}
}

func isRewriting(ctx context.Context, storage *logstorage.Storage, task string) (bool, error) {
	tasks, err := storage.DeleteActiveTasks(ctx)
	for _, other := range tasks {
		if other.TaskID == task {
			return true, err
		}
	}
	return false, err
}

// stopRewrites stops what a crash has left: whether the records are still to be
// deleted is not for the engine to know.
func stopRewrites(ctx context.Context, storage *logstorage.Storage) error {
	tasks, err := storage.DeleteActiveTasks(ctx)
	if err != nil {
		return err
	}
	for _, task := range tasks {
		if err := storage.DeleteStopTask(ctx, task.TaskID); err != nil {
			return err
		}
	}
	return nil
}
