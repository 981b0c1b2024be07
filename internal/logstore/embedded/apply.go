package embedded

import (
	"context"
	"fmt"

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

// Apply implements logstore.Backend. The records are findable about a second
// later.
func (b *Backend) Apply(ctx context.Context, batch []record.Record, replayed bool) error {
	done, err := b.use(ctx)
	if err != nil {
		return err
	}
	defer done()
	b.writing.Lock()
	defer b.writing.Unlock()

	added := make([]row, 0, len(batch))
	for i, r := range batch {
		if added, err = b.encoder.encode(ctx, added, r); err != nil {
			return fmt.Errorf("apply record %d of the batch: %w", i, err)
		}
	}
	if replayed {
		if added, err = b.missing(ctx, added); err != nil {
			return fmt.Errorf("apply a replayed batch: %w", err)
		}
	}
	if len(added) == 0 {
		return nil
	}
	b.mayHide = b.mayHide || !replayed
	for _, r := range added {
		b.unsynced[dayOf(r.time)] = struct{}{}
		b.newest.Store(max(b.newest.Load(), r.time))
	}
	b.rows.add(added)
	return nil
}

// missing returns those of the rows, each once, that are not there yet, and
// remembers them as replayed.
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
	for _, candidate := range candidates {
		key := rowKey{candidate.tenant, candidate.id}
		_, isFound := found[key]
		_, isReplayed := b.replayed[key]
		if !isFound && !isReplayed {
			b.replayed[key] = struct{}{}
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
