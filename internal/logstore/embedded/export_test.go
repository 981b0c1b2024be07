package embedded

import (
	"context"

	"github.com/docketlog/docket/internal/filter"
)

// ForceMerge merges all parts of the engine, as it does by itself in time.
func (b *Backend) ForceMerge() { b.rows.storage.MustForceMerge("") }

// CountExact returns how many rows of a project carry their record as protobuf.
func (b *Backend) CountExact(ctx context.Context, project int64) (int64, error) {
	tenant, err := tenantOf(project)
	if err != nil {
		return 0, err
	}
	return b.rows.count(ctx, selection{tenant, span{0, maxEngineTime}, compiled{condition: columnExact + ":*"}})
}

// CountContaining counts the rows of a project by their bodies.
func (b *Backend) CountContaining(ctx context.Context, project int64, part filter.BodyContains) (int64, error) {
	tenant, err := tenantOf(project)
	if err != nil {
		return 0, err
	}
	finders := []*filter.Finder{filter.NewFinder(part)}
	return b.rows.count(ctx, selection{tenant, span{0, maxEngineTime}, compiled{condition: conditionAll, bodies: finders}})
}

// LeaveSnapshots leaves what a crash in the middle of Sync does.
func (b *Backend) LeaveSnapshots() { b.rows.storage.PartitionSnapshotMustCreate("") }

// Snapshots returns the snapshots there are.
func (b *Backend) Snapshots() []string { return b.rows.storage.PartitionSnapshotList() }
