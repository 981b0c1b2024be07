package embedded

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/tally"
	"github.com/docketlog/docket/internal/record"
)

// Keys implements logstore.Analyst. It reads the shapes of rows and the paths in them,
// of which there are few different ones, and no values.
func (b *Backend) Keys(ctx context.Context, query logstore.KeysQuery) ([]logstore.KeyCount, int, error) {
	ctx, done, err := b.ask(ctx, query.ProjectID)
	if err != nil {
		return nil, 0, err
	}
	defer done()
	switch {
	case query.Limit < 0 || query.Offset < 0:
		return nil, 0, fmt.Errorf("keys: limit %d and offset %d must not be negative", query.Limit, query.Offset)
	case query.Place != filter.PlaceLogAttribute && query.Place != filter.PlaceResourceAttribute:
		return nil, 0, fmt.Errorf("keys: place %d has no keys of its own", query.Place)
	}
	counts, err := b.countKeys(ctx, query)
	if err != nil {
		return nil, 0, wrap("keys", err)
	}
	finder := filter.NewFinder(filter.BodyContains(query.Contains))
	keys := make([]logstore.KeyCount, 0, counts.Len())
	for key, count := range counts.All() {
		if finder.In(strings.ToValidUTF8(key, "\uFFFD")) {
			keys = append(keys, logstore.KeyCount{Key: key, Count: *count})
		}
	}
	slices.SortFunc(keys, func(a, b logstore.KeyCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Key, b.Key))
	})
	return tally.Page(keys, query.Limit, query.Offset), len(keys), nil
}

func newKeyTally() *tally.Tally[int64] {
	return tally.New[int64]("keys", "ask for a shorter time, or with a filter")
}

func (b *Backend) countKeys(ctx context.Context, query logstore.KeysQuery) (*tally.Tally[int64], error) {
	// The shape tells all keys only of those rows of which columns tell any.
	p, isEmpty, err := b.newPlan(ctx, query.Selection, filter.Field{Place: query.Place})
	if err != nil || isEmpty {
		return newKeyTally(), err
	}
	s := scan{backend: b, plan: p, names: []string{columnShape, columnPaths}}
	added := s
	if added.addUp("", []string{columnShape, columnPaths}, columnShape, columnPaths) {
		total, err := added.countKeys(ctx, query.Place)
		if err == nil || isFinal(ctx, err) {
			return total, err
		}
	}
	return s.countKeys(ctx, query.Place)
}

// countKeys counts the keys of the scan's rows.
func (s scan) countKeys(ctx context.Context, place filter.Place) (*tally.Tally[int64], error) {
	collectors, err := s.run(ctx, func() collector {
		return &keyCollector{place: place, Tally: newKeyTally(), forms: map[formKey]*int64{}}
	})
	if err != nil {
		return nil, err
	}
	total := newKeyTally()
	for _, c := range collectors {
		part := c.(*keyCollector) //nolint:forcetypeassert // see above
		if err := part.flush(); err != nil {
			return nil, err
		}
		if err := total.AddAll(part.Tally, func(to *int64, count int64) { *to += count }); err != nil {
			return nil, err
		}
	}
	return total, nil
}

// keyCollector counts keys.
type keyCollector struct {
	place filter.Place
	*tally.Tally[int64]

	// forms are counts of rows that are not in the tally yet.
	forms map[formKey]*int64
}

// formKey is what tells the keys of a row.
type formKey struct{ shape, paths string }

// maxForms is the number of different forms that are counted before they are added up.
const maxForms = 4096

func (c *keyCollector) addRows(found foundRows) error {
	shapes, paths := textsOf(found.block, columnShape), textsOf(found.block, columnPaths)
	var last formKey
	var count *int64
	counts := found.counts()
	for _, row := range found.indexes {
		if form := (formKey{shapes[row], paths[row]}); count == nil || form != last {
			count, last = c.ofForm(form), form
		}
		*count += counts(row)
	}
	if len(c.forms) > maxForms {
		return c.flush()
	}
	return nil
}

// ofForm returns the count of a form, of which it keeps a copy. (Adding to a count in
// the map itself would replace the copy by the form.)
func (c *keyCollector) ofForm(form formKey) *int64 {
	if count, ok := c.forms[form]; ok {
		return count
	}
	count := new(int64)
	c.forms[formKey{strings.Clone(form.shape), strings.Clone(form.paths)}] = count
	return count
}

// flush adds the keys of forms to the tally.
func (c *keyCollector) flush() error {
	for form, count := range c.forms {
		keys, err := form.keys(sectionOf(c.place))
		if err != nil {
			return err
		}
		if err := c.add(keys, *count); err != nil {
			return err
		}
	}
	clear(c.forms)
	return nil
}

// keys returns the keys of a section.
func (f formKey) keys(s section) (map[string]struct{}, error) {
	form, err := parseShape(f.shape)
	if err != nil {
		return nil, err
	}
	paths, err := parsePaths(f.paths)
	if err != nil {
		return nil, err
	}
	keys := map[string]struct{}{}
	for _, entries := range [][]shapeEntry{form.sections[s], paths[s]} {
		for _, entry := range entries {
			if entry.kind != pcommon.ValueTypeMap {
				keys[entry.key] = struct{}{}
			}
		}
	}
	return keys, nil
}

func (c *keyCollector) addRecord(r record.Record) error {
	attributes := r.Log.Attributes()
	if c.place == filter.PlaceResourceAttribute {
		attributes = r.Resource.Attributes()
	}
	keys := map[string]struct{}{}
	addKeys(keys, attributes, "")
	return c.add(keys, 1)
}

// addKeys adds the paths to all values of a map that are no maps.
func addKeys(keys map[string]struct{}, m pcommon.Map, prefix string) {
	for key, value := range m.All() {
		if value.Type() == pcommon.ValueTypeMap {
			addKeys(keys, value.Map(), prefix+key+".")
		} else {
			keys[prefix+key] = struct{}{}
		}
	}
}

func (c *keyCollector) add(keys map[string]struct{}, count int64) error {
	for key := range keys {
		to, _, err := c.Of(key)
		if err != nil {
			return err
		}
		*to += count
	}
	return nil
}
