package embedded

import (
	"context"
	"fmt"
	"strings"

	"github.com/docketlog/docket/internal/record"
)

// Columns of every row.
const (
	columnTime           = "_time" // when the row is; the engine's name for it
	columnBody           = "_msg"  // the text of the body; the engine's name for its main text
	columnID             = "id"    // AttributeID, packed
	columnHash           = "hash"  // AttributeHash, packed
	columnService        = "service"
	columnLevel          = "level" // always there
	columnSeverityNumber = "severity_number"
	columnSeverityText   = "severity_text"
	columnEventName      = "event_name"
	columnTraceID        = "trace_id"      // packed hex
	columnSpanID         = "span_id"       // packed hex
	columnFlags          = "flags"         // decimal
	columnObservedTime   = "observed_time" // decimal nanoseconds since the time of the row
	columnExactTime      = "exact_time"    // see exactTime
	columnScopeName      = "scope_name"
	columnScopeVersion   = "scope_version"
	columnShape          = "shape"      // see shape; not in rows with columnExact or columnParts
	columnExact          = "exact"      // the record, or a part of it, as OTLP protobuf
	columnParts          = "parts"      // how many part rows hold the record; such rows have only columnID, columnExactTime and columnStray beside
	columnBodyBytes      = "body_bytes" // how long the text of the body is, without the mark, in decimal
	columnPaths          = "paths"      // see leaves; not in rows without any
	columnStray          = "stray"      // "1" when the id tells other times than the record's, see record.TimesOfID
	columnOmitted        = "omitted"    // "1" when an attribute or a leaf that is not empty has no column, or columnPaths is missing
)

// The engine's own limits are 2,000 columns for all rows of a block together
// with, counted once more, those of the row that is added to it; and 128 bytes
// for a name.
const (
	// maxColumns is the largest number of different attribute columns that the
	// rows of one tenant and day may have.
	maxColumns = 900
	// maxLeafColumns is the number of columns beyond which leaves get no new
	// ones, so that attributes still do.
	maxLeafColumns = 600
	// maxColumnName is the length of the longest name.
	maxColumnName = 128
)

// section is the part of a record that an attribute belongs to.
type section int

const (
	sectionLog section = iota
	sectionResource
	sectionScope
	sectionCount
)

// prefix starts the names of the section's attribute columns.
func (s section) prefix() string {
	return [sectionCount]string{"attributes.", "resource.", "scope."}[s]
}

// columnName returns the name of an attribute's column; ok is false if the engine
// cannot have or cannot find such a column.
func columnName(s section, key string) (name string, ok bool) {
	if name, ok = ownColumn(s, key); ok {
		return name, true
	}
	name = s.prefix() + key
	// To the engine, a name with a star at its end is a pattern.
	return name, len(name) <= maxColumnName && !strings.HasSuffix(name, "*")
}

// ownColumn returns the name of the column that an attribute has for being a field of
// the record as well. Such columns are outside all limits, and no leaf has one.
func ownColumn(s section, key string) (name string, ok bool) {
	switch {
	case s == sectionLog && key == record.AttributeID:
		return columnID, true
	case s == sectionLog && key == record.AttributeHash:
		return columnHash, true
	case s == sectionResource && key == record.AttributeServiceName:
		return columnService, true
	default:
		return "", false
	}
}

// columnSet is the attribute columns of one tenant and day.
type columnSet struct {
	// names are the names of the columns by section and key.
	names [sectionCount]map[string]string
	count int
}

func newColumnSet() *columnSet {
	set := &columnSet{}
	for s := range set.names {
		set.names[s] = map[string]string{}
	}
	return set
}

// name returns the name of the attribute's column, and adds the column if there
// are fewer than limit; ok is false if the attribute can have none.
func (c *columnSet) name(s section, key string, limit int) (name string, ok bool) {
	if name, ok = ownColumn(s, key); ok {
		return name, true
	}
	if name, ok = c.names[s][key]; ok {
		return name, true
	}
	if name, ok = columnName(s, key); !ok || c.count >= limit {
		return "", false
	}
	c.names[s][strings.Clone(key)] = name
	c.count++
	return name, true
}

// add adds a column that rows have already.
func (c *columnSet) add(name string) {
	for s := range sectionCount {
		if key, ok := strings.CutPrefix(name, s.prefix()); ok {
			c.name(s, key, int(^uint(0)>>1))
			return
		}
	}
}

// columnSets knows the columns that the rows of each tenant and day have. It is
// not safe for concurrent use.
type columnSets struct {
	rows *rows
	sets map[columnSetKey]*columnSet
}

type columnSetKey struct {
	tenant tenantID
	day    int64
}

// maxColumnSets is the largest number of sets kept in memory.
const maxColumnSets = 4096

// of returns the columns of a tenant and day. What the rows from earlier runs
// have, it reads from the engine.
func (c *columnSets) of(ctx context.Context, tenant tenantID, day int64) (*columnSet, error) {
	key := columnSetKey{tenant, day}
	if set, ok := c.sets[key]; ok {
		return set, nil
	}
	if len(c.sets) >= maxColumnSets {
		clear(c.sets)
		c.rows.flush() // so that they can be read again
	}
	set := newColumnSet()
	names, err := c.rows.columnNames(ctx, tenant, spanOfDay(day))
	if err != nil {
		return nil, fmt.Errorf("read the columns of day %d: %w", day, err)
	}
	for _, name := range names {
		set.add(name)
	}
	c.sets[key] = set
	return set, nil
}

// forget forgets the columns of a day that has no rows any more.
func (c *columnSets) forget(day int64) {
	for key := range c.sets {
		if key.day == day {
			delete(c.sets, key)
		}
	}
}
