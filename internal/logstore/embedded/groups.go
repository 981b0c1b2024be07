package embedded

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// Groups implements logstore.Analyst.
func (b *Backend) Groups(ctx context.Context, query logstore.GroupsQuery) (logstore.Groups, error) {
	ctx, done, err := b.ask(ctx, query.ProjectID)
	if err != nil {
		return logstore.Groups{}, err
	}
	defer done()
	if len(query.By) < 1 || len(query.By) > logstore.MaxGroupFields {
		return logstore.Groups{}, fmt.Errorf("groups: by %d fields, must be 1 to %d", len(query.By), logstore.MaxGroupFields)
	}
	if query.Limit < 0 {
		return logstore.Groups{}, fmt.Errorf("groups: limit %d must not be negative", query.Limit)
	}
	all, err := b.countGroups(ctx, query)
	if err != nil {
		return logstore.Groups{}, wrap("groups", err)
	}
	answer := logstore.Groups{TotalGroups: len(all)}
	for _, group := range all {
		answer.TotalRecords += group.Count
	}
	slices.SortFunc(all, func(a, b logstore.Group) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), slices.Compare(a.Texts, b.Texts))
	})
	answer.Groups = pageOf(all, query.Limit, 0)
	return answer, nil
}

// group is the numbers of a logstore.Group.
type group struct {
	count, errors int64
	first, last   pcommon.Timestamp
}

func (g *group) add(other group) {
	if g.count == 0 {
		*g = other
		return
	}
	g.count += other.count
	g.errors += other.errors
	g.first, g.last = min(g.first, other.first), max(g.last, other.last)
}

func newGroupTally() *tally[group] {
	return newTally[group]("groups", "ask for a shorter time, by fewer fields, or with a filter")
}

func (b *Backend) countGroups(ctx context.Context, query logstore.GroupsQuery) ([]logstore.Group, error) {
	p, isEmpty, err := b.newPlan(ctx, query.Selection, query.By...)
	if err != nil || isEmpty {
		return nil, err
	}
	s := scan{backend: b, plan: p, fields: query.By, names: []string{columnTime, columnExactTime, columnLevel}}
	collectors, err := s.run(ctx, func() collector { return &groupCollector{by: query.By, tally: newGroupTally()} })
	if err != nil {
		return nil, err
	}
	total := newGroupTally()
	for _, c := range collectors {
		part := c.(*groupCollector) //nolint:forcetypeassert // see above
		if err := total.addAll(part.tally, (*group).add); err != nil {
			return nil, err
		}
	}
	all := make([]logstore.Group, 0, len(total.all))
	for key, g := range total.all {
		all = append(all, logstore.Group{
			Texts: textsOfKey(key), Count: g.count, Errors: g.errors, First: timeOf(g.first), Last: timeOf(g.last),
		})
	}
	return all, nil
}

// groupCollector counts groups by the key of their texts.
type groupCollector struct {
	by []filter.Field
	*tally[group]

	key []byte
}

func (c *groupCollector) addRows(found foundRows) error {
	timestamp := timestampsIn(found.block, filter.PlaceTimestamp)
	levels := textsOf(found.block, columnLevel)
	for i, row := range found.indexes {
		c.key = c.key[:0]
		for _, texts := range found.texts {
			c.key = appendKeyText(c.key, texts[i])
		}
		if err := c.addOne(timestamp(row), record.Level(levels[row])); err != nil {
			return err
		}
	}
	return nil
}

func (c *groupCollector) addRecord(r record.Record) error {
	c.key = c.key[:0]
	for _, field := range c.by {
		text, _ := field.Text(r)
		c.key = appendKeyText(c.key, text)
	}
	return c.addOne(r.Log.Timestamp(), record.LevelOf(r.Log.SeverityNumber()))
}

// addOne adds a record to the group of the key.
func (c *groupCollector) addOne(timestamp pcommon.Timestamp, level record.Level) error {
	g, _, err := c.ofBytes(c.key)
	if err != nil {
		return err
	}
	one := group{count: 1, first: timestamp, last: timestamp}
	if level == record.LevelError || level == record.LevelFatal {
		one.errors = 1
	}
	g.add(one)
	return nil
}

// appendKeyText appends a text to a key in a form that textsOfKey takes apart again.
func appendKeyText(key []byte, text string) []byte {
	return append(binary.AppendUvarint(key, uint64(len(text))), text...)
}

// textsOfKey returns the texts of a key.
func textsOfKey(key string) []string {
	var texts []string
	for rest := []byte(key); len(rest) > 0; {
		length, size := binary.Uvarint(rest)
		end := size + int(length) //nolint:gosec // was the length of a string
		texts = append(texts, strings.Clone(string(rest[size:end])))
		rest = rest[end:]
	}
	return texts
}
