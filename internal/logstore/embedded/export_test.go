package embedded

import (
	"context"
	"sync"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"github.com/docketlog/docket/internal/logstore"
)

// ForceMerge merges all parts of the engine, as it does by itself in time.
func (b *Backend) ForceMerge() { b.rows.storage.MustForceMerge("") }

// CountExact returns how many rows of a project carry their record as protobuf.
func (b *Backend) CountExact(ctx context.Context, project int64) (int64, error) {
	tenant, err := tenantOf(project)
	if err != nil {
		return 0, err
	}
	return b.rows.count(ctx, selection{tenant: tenant, span: span{0, maxEngineTime}, condition: has(columnExact)})
}

// CutInto makes queries work in slices of about so many rows, however long these take.
func (b *Backend) CutInto(rows int64) {
	b.gate.sizes = sliceSizes{first: rows, firstByEngine: rows, firstSelective: rows, least: rows, most: rows}
}

// LeaveSnapshots leaves what a crash in the middle of Sync does.
func (b *Backend) LeaveSnapshots() { b.rows.storage.PartitionSnapshotMustCreate("") }

// Snapshots returns the snapshots there are.
func (b *Backend) Snapshots() []string { return b.rows.storage.PartitionSnapshotList() }

// CopyFolder copies a folder as Snapshot does to another file system.
func CopyFolder(from, to string) error { return copyFolder(from, to) }

// IsTaken reports whether a storage that was opened at one time takes records of
// the last day possible at another.
func IsTaken(opened, now time.Time) bool {
	return isTaken(dayOf(maxEngineTime), now, futureRetention(opened)) && isTaken(0, now, futureRetention(opened))
}

// HoldDay makes a query that reads a day, and holds it until release is called.
func (b *Backend) HoldDay(ctx context.Context, project int64, day time.Time) (release func()) {
	tenant, _ := tenantOf(project)
	started, released, finished := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(finished)
		var once sync.Once
		selected := selection{tenant: tenant, span: spanOfDay(dayOfTime(day))}
		_ = b.rows.read(ctx, selected, nil, func(*logstorage.DataBlock) {
			once.Do(func() { close(started) })
			<-released
		})
	}()
	<-started
	return func() { close(released); <-finished }
}

// CountWhile counts what a selection selects, and calls meanwhile when it has planned how.
func (b *Backend) CountWhile(ctx context.Context, selected logstore.Selection, meanwhile func()) (int64, error) {
	p, _, err := b.newPlan(ctx, selected)
	if err != nil {
		return 0, err
	}
	meanwhile()
	return b.count(ctx, p)
}

// Rows returns how many rows the storage has, whatever is in them.
func (b *Backend) Rows() uint64 {
	var stats logstorage.StorageStats
	b.rows.storage.UpdateStats(&stats)
	return stats.RowsCount()
}

// LeaveRewrite leaves what a crash in the middle of DeleteProjects does: a task of
// the engine's that deletes everything of a project.
func (b *Backend) LeaveRewrite(ctx context.Context, project int64, before time.Time) error {
	tenant, err := tenantOf(project)
	if err != nil {
		return err
	}
	filter, err := logstorage.ParseFilter("*")
	if err != nil {
		return err
	}
	return b.rows.storage.DeleteRunTask(ctx, "left", before.UnixNano(), []tenantID{tenant}, filter)
}

// QueryEngine makes the engine answer a query in LogsQL about a project, and returns
// the number of rows of the answer.
func (b *Backend) QueryEngine(ctx context.Context, project int64, from, to time.Time, logsql string) (rows int, err error) {
	tenant, err := tenantOf(project)
	if err != nil {
		return 0, err
	}
	query, err := logstorage.ParseQuery(logsql)
	if err != nil {
		return 0, err
	}
	query.AddTimeFilter(from.UnixNano(), to.UnixNano())
	var mu sync.Mutex
	err = b.rows.storage.RunQuery(b.rows.queryContext(ctx, selection{tenant: tenant}, query), func(_ uint, block *logstorage.DataBlock) {
		mu.Lock()
		defer mu.Unlock()
		rows += block.RowsCount()
	})
	return rows, err
}

// HoldGate takes all places and turns that there are until release is called.
func (b *Backend) HoldGate() (release func()) {
	var releases []func()
	for project := int64(1); ; project++ {
		q, err := b.gate.begin(project)
		if err != nil {
			break
		}
		for range processors() {
			t := b.gate.queue(q)
			releases = append(releases, func() { b.gate.leave(t) })
		}
		releases = append(releases, func() { b.gate.end(q) })
	}
	return func() {
		for _, release := range releases {
			release()
		}
	}
}

// Reveal makes findable what was applied, without waiting for the engine's rest.
func (b *Backend) Reveal() { b.rows.flush() }

// Pack returns what the column of ids has for an id.
func Pack(id string) string { return pack(id) }
