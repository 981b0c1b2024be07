package embedded

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"github.com/docketlog/docket/internal/record"
)

// maxPartBytes is the size of the parts of a record that is too large for a row.
const maxPartBytes = 1 << 20

// partsAccount is the account of the tenants that hold parts. Records are in
// account 0.
const partsAccount = 1

// partsOf returns the tenant of the parts of a tenant's large records.
func partsOf(tenant tenantID) tenantID {
	return tenantID{AccountID: partsAccount, ProjectID: tenant.ProjectID}
}

// partID is the id of the row with a part of a record, counted from 0.
func partID(id string, part int) string { return id + "/" + strconv.Itoa(part) }

// appendLargeRecord appends the rows of a record that is too large for one. Its
// parts come first, so that whoever sees the main row will see them.
func appendLargeRecord(dst []row, main row, exact []byte, exactTime string) []row {
	count := 0
	for ; len(exact) > 0; count++ {
		size := min(len(exact), maxPartBytes)
		part := row{tenant: partsOf(main.tenant), time: main.time, id: partID(main.id, count)}
		part.fields = []logstorage.Field{
			{Name: columnID, Value: part.id}, {Name: columnExactTime, Value: exactTime}, {Name: columnExact, Value: string(exact[:size])},
		}
		exact = exact[size:]
		dst = append(dst, part)
	}
	main.fields = []logstorage.Field{
		{Name: columnID, Value: main.id}, {Name: columnExactTime, Value: exactTime}, {Name: columnParts, Value: strconv.Itoa(count)},
	}
	if main.isStray {
		main.fields = append(main.fields, logstorage.Field{Name: columnStray, Value: "1"})
	}
	return append(dst, main)
}

// tenantsWith knows which tenants may have rows of some kind, so that queries of others
// need not look for any.
type tenantsWith struct {
	mu sync.Mutex
	// has is true for tenants that may have such rows, and false for those of which it is
	// known that they have none.
	has map[tenantID]bool
}

// set says that a tenant is about to have such a row.
func (l *tenantsWith) set(tenant tenantID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.has[tenant] = true
}

// setNone says that a tenant had no such row when the backend was opened.
func (l *tenantsWith) setNone(tenant tenantID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, isKnown := l.has[tenant]; !isKnown { // else one may have come since
		l.has[tenant] = false
	}
}

func (l *tenantsWith) of(tenant tenantID) (has, isKnown bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	has, isKnown = l.has[tenant]
	return has, isKnown
}

// mayHave reports whether a tenant may have such rows. It looks among those that can be
// found if that is not known.
func (l *tenantsWith) mayHave(tenant tenantID, look func() (has bool, err error)) (bool, error) {
	if has, isKnown := l.of(tenant); isKnown {
		return has, nil
	}
	has, err := look()
	switch {
	case err != nil:
		return false, err
	case has:
		l.set(tenant)
	default:
		l.setNone(tenant)
	}
	return has, nil
}

// hasLarge reports whether large records of a tenant can be found that meet a condition
// on times.
//
// One that can be found only later is in none of the rows that a query reads which has
// asked this: plain rows have no parts. So no query takes its main row for all of it.
func (b *Backend) hasLarge(ctx context.Context, tenant tenantID, in span, condition string) (bool, error) {
	parts := selection{tenant: partsOf(tenant), span: span{0, maxEngineTime}}
	mayHave, err := b.large.mayHave(tenant, func() (bool, error) {
		count, err := b.rows.count(ctx, parts)
		return count > 0, err
	})
	if err != nil || !mayHave {
		return false, err
	}
	parts.span, parts.condition = in, condition
	count, err := b.rows.count(ctx, parts)
	return count > 0, err
}

// largeRecord is the main row of a large record.
type largeRecord struct {
	tenant tenantID
	id     string
	time   int64
	// parts is the number of parts, in decimal.
	parts string
}

// errRemoved says that a record was removed while it was read.
var errRemoved = errors.New("removed")

// readLarge puts the parts of a record together. It returns errRemoved when the
// record went away since its main row was read.
func (b *Backend) readLarge(ctx context.Context, large largeRecord) (record.Record, error) {
	count, err := strconv.Atoi(large.parts)
	if err != nil {
		return record.Record{}, fmt.Errorf("record %s: %w: column %s: %w", unpack(large.id), errDamaged, columnParts, err)
	}
	ids := make([]string, count)
	for i := range ids {
		ids[i] = partID(large.id, i)
	}
	selected := selection{
		tenant:    partsOf(large.tenant),
		span:      span{large.time, large.time},
		condition: in(columnID, ids),
	}
	parts := map[string]string{}
	err = b.rows.read(ctx, selected, []string{columnID, columnExact}, func(block *logstorage.DataBlock) {
		exact := valuesOf(block, columnExact)
		for i, id := range valuesOf(block, columnID) {
			parts[strings.Clone(id)] = strings.Clone(exact[i])
		}
	})
	if err != nil {
		return record.Record{}, err
	}
	var exact []byte
	for _, id := range ids {
		part, ok := parts[id]
		if !ok {
			return record.Record{}, b.missingPart(ctx, large, id)
		}
		exact = append(exact, part...)
	}
	return unmarshalRecord(exact)
}

// missingPart tells a removed record from a damaged one: main rows are removed no
// later than their parts.
func (b *Backend) missingPart(ctx context.Context, large largeRecord, part string) error {
	main := selection{
		tenant: large.tenant, span: span{large.time, large.time}, condition: in(columnID, []string{large.id}),
	}
	count, err := b.rows.count(ctx, main)
	switch {
	case err != nil:
		return err
	case count == 0:
		return errRemoved
	default:
		return fmt.Errorf("record %s: %w: part %s is missing", unpack(large.id), errDamaged, part)
	}
}
