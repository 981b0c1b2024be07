package tally

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// Keys counts keys of attributes.
type Keys struct {
	query  logstore.KeysQuery
	finder *filter.Finder
	tally  *Tally[int64]
}

// NewKeys returns the tally of a question, or what is wrong with the question.
func NewKeys(query logstore.KeysQuery) (*Keys, error) {
	switch {
	case query.Limit < 0 || query.Offset < 0:
		return nil, fmt.Errorf("keys: limit %d and offset %d must not be negative", query.Limit, query.Offset)
	case query.Place != filter.PlaceLogAttribute && query.Place != filter.PlaceResourceAttribute:
		return nil, fmt.Errorf("keys: place %d has no keys of its own", query.Place)
	}
	return &Keys{
		query: query, finder: finderOf(query.Contains),
		tally: New[int64]("keys", "ask for a shorter time, or with a filter"),
	}, nil
}

// AddRecord counts the keys of a record, each once.
func (k *Keys) AddRecord(r record.Record) error {
	attributes := r.Log.Attributes()
	if k.query.Place == filter.PlaceResourceAttribute {
		attributes = r.Resource.Attributes()
	}
	keys := map[string]struct{}{}
	addKeys(keys, attributes, "")
	for key := range keys {
		if err := k.Add(key, 1); err != nil {
			return err
		}
	}
	return nil
}

// addKeys adds the paths to all values that are no maps.
func addKeys(keys map[string]struct{}, m pcommon.Map, prefix string) {
	for key, value := range m.All() {
		if value.Type() == pcommon.ValueTypeMap {
			addKeys(keys, value.Map(), prefix+key+".")
		} else {
			keys[prefix+key] = struct{}{}
		}
	}
}

// Add counts so many records with a key, whether or not it contains what is asked for:
// only Answer leaves others out, so that they cost the question as much as they cost the
// engine.
func (k *Keys) Add(key string, count int64) error {
	to, _, err := k.tally.Of(key)
	if err == nil {
		*to += count
	}
	return err
}

// Reset makes the tally empty.
func (k *Keys) Reset() { k.tally.Reset() }

// Merge adds what another tally of the same question has counted.
func (k *Keys) Merge(other *Keys) error { return k.tally.AddAll(other.tally, addCount) }

// Answer returns the page that is asked for and how many keys there are.
func (k *Keys) Answer() (keys []logstore.KeyCount, total int) {
	all := make([]logstore.KeyCount, 0, k.tally.Len())
	for key, count := range k.tally.All() {
		if k.finder == nil || k.finder.In(strings.ToValidUTF8(key, "\uFFFD")) {
			all = append(all, logstore.KeyCount{Key: key, Count: *count})
		}
	}
	slices.SortFunc(all, func(a, b logstore.KeyCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Key, b.Key))
	})
	return Page(all, k.query.Limit, k.query.Offset), len(all)
}
