package embedded

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// maxReplayed is the number of replayed rows that are remembered before they are
// flushed instead.
const maxReplayed = 20_000

// rowKey identifies a row.
type rowKey struct {
	tenant tenantID
	id     string
}

// Apply implements logstore.Backend. Queries that begin later find the records. It
// waits while a day that it has records of is being deleted.
func (b *Backend) Apply(ctx context.Context, batch []record.Record, replayed bool) error {
	done, err := b.use(ctx)
	if err != nil {
		return err
	}
	defer done()
	for {
		over, err := b.tryApply(ctx, batch, replayed)
		if over == nil {
			return err
		}
		select {
		case <-over:
		case <-ctx.Done():
			return fmt.Errorf("wait for the deletion of a day: %w", ctx.Err())
		}
	}
}

// tryApply applies a batch, unless it has records of a day that is being deleted:
// then it returns what to wait for.
func (b *Backend) tryApply(ctx context.Context, batch []record.Record, replayed bool) (over <-chan struct{}, err error) {
	b.writing.Lock()
	defer b.writing.Unlock()
	defer b.encoder.release()

	added, refused, err := b.encoder.encodeAll(ctx, batch)
	if err != nil {
		return nil, fmt.Errorf("apply: %w", err)
	}
	for _, r := range added {
		if b.closed != nil && dayOf(r.time) == b.closed.day {
			return b.closed.over, nil
		}
	}
	if replayed {
		if added, err = b.missing(ctx, added); err != nil {
			return nil, fmt.Errorf("apply a replayed batch: %w", err)
		}
	}
	if err := b.checkDays(added); err != nil {
		return nil, fmt.Errorf("apply: %w", err)
	}
	b.addRows(added, replayed)
	if len(refused) > 0 {
		return nil, &logstore.RefusedError{Refusals: refused}
	}
	return nil, nil
}

func (b *Backend) addRows(added []row, replayed bool) {
	if len(added) == 0 {
		return
	}
	b.mayHide = b.mayHide || !replayed
	for _, r := range added {
		day := dayOf(r.time)
		b.unsynced[day] = struct{}{}
		if b.touched != nil {
			b.touched[day] = struct{}{}
		}
		b.newest.Store(max(b.newest.Load(), r.time))
		if main := (tenantID{ProjectID: r.tenant.ProjectID}); r.tenant == partsOf(main) {
			b.large.set(main)
		}
		if r.isIncomplete {
			b.incomplete.set(r.tenant)
		}
		if r.isStray {
			b.strays.set(r.tenant)
		}
		if replayed {
			b.replayed[rowKey{r.tenant, r.id}] = struct{}{}
		}
	}
	b.gate.intake.add(len(added), time.Now())
	b.rows.add(added)
}

// checkDays returns an error when the engine would drop one of the rows, which it
// does in silence: for a day whose folder somebody has put there, as it is not
// part of the storage before the next start, or when the clock was changed by
// many years since the start.
func (b *Backend) checkDays(added []row) error {
	checked := map[int64]struct{}{}
	now := time.Now()
	var present []string
	for _, r := range added {
		day := dayOf(r.time)
		if _, isChecked := checked[day]; isChecked {
			continue
		}
		checked[day] = struct{}{}
		if !isTaken(day, now, b.futureRetention) {
			return fmt.Errorf("the engine cannot take records of %s while the clock says %s: set the clock and restart",
				nameOfDay(day), now.UTC().Format(time.DateOnly))
		}
		if _, isOpen := b.unsynced[day]; isOpen {
			continue
		}
		if present == nil {
			present = b.rows.storage.PartitionList()
		}
		folder := b.folderOf(day)
		if _, err := os.Stat(folder); err == nil && !slices.Contains(present, nameOfDay(day)) {
			return fmt.Errorf("the folder %s was added while Docket was running: restart Docket, or move the folder away", folder)
		}
	}
	return nil
}

// missing returns those of the rows, each once, that are not there yet.
func (b *Backend) missing(ctx context.Context, candidates []row) ([]row, error) {
	if b.mayHide || len(b.replayed) > maxReplayed {
		b.flush()
	}
	found := map[rowKey]struct{}{}
	for _, group := range groupByTenant(candidates) {
		ids := map[string]struct{}{}
		if err := b.rows.existing(ctx, group.selection, group.ids, ids); err != nil {
			return nil, err
		}
		for id := range ids {
			found[rowKey{group.selection.tenant, id}] = struct{}{}
		}
	}
	missing := candidates[:0]
	seen := map[rowKey]struct{}{}
	for _, candidate := range candidates {
		key := rowKey{candidate.tenant, candidate.id}
		_, isFound := found[key]
		_, isReplayed := b.replayed[key]
		_, isSeen := seen[key]
		if !isFound && !isReplayed && !isSeen {
			seen[key] = struct{}{}
			missing = append(missing, candidate)
		}
	}
	return missing, nil
}

// flush makes every row findable.
func (b *Backend) flush() {
	b.rows.flush()
	b.mayHide = false
	clear(b.replayed)
}

// tenantRows is the ids of rows of one tenant, and the tenant's rows in their
// time.
type tenantRows struct {
	selection selection
	ids       []string
}

func groupByTenant(all []row) map[tenantID]*tenantRows {
	groups := map[tenantID]*tenantRows{}
	for _, r := range all {
		group, ok := groups[r.tenant]
		if !ok {
			group = &tenantRows{selection: selection{tenant: r.tenant, span: span{r.time, r.time}}}
			groups[r.tenant] = group
		}
		group.selection.from = min(group.selection.from, r.time)
		group.selection.to = max(group.selection.to, r.time)
		group.ids = append(group.ids, r.id)
	}
	return groups
}
