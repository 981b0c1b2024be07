package tally

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// Values counts the values of a field.
type Values struct {
	query logstore.ValuesQuery
	// finder is nil when all texts count.
	finder *filter.Finder
	tally  *Tally[int64]
}

// NewValues returns the tally of a question, or what is wrong with the question.
func NewValues(query logstore.ValuesQuery) (*Values, error) {
	if query.Limit < 0 || query.Offset < 0 {
		return nil, fmt.Errorf("values: limit %d and offset %d must not be negative", query.Limit, query.Offset)
	}
	return &Values{
		query: query, finder: finderOf(query.Contains),
		tally: New[int64]("values", "ask for a shorter time, for values that contain some text, or with a filter"),
	}, nil
}

// finderOf returns nil for "", which all texts contain.
func finderOf(contains string) *filter.Finder {
	if contains == "" {
		return nil
	}
	return filter.NewFinder(filter.BodyContains(contains))
}

// AddRecord counts the value that a record has, if it has one that counts.
func (v *Values) AddRecord(r record.Record) error {
	if text, ok := v.query.Field.Text(r); ok {
		return v.Add(text, 1)
	}
	return nil
}

// Add counts so many records with a text, if it contains what is asked for.
func (v *Values) Add(text string, count int64) error {
	if v.finder != nil && !v.finder.In(text) {
		return nil
	}
	to, _, err := v.tally.Of(text)
	if err == nil {
		*to += count
	}
	return err
}

// Reset makes the tally empty.
func (v *Values) Reset() { v.tally.Reset() }

// Merge adds what another tally of the same question has counted.
func (v *Values) Merge(other *Values) error { return v.tally.AddAll(other.tally, addCount) }

// Answer returns the page that is asked for and how many values there are.
func (v *Values) Answer() (values []logstore.ValueCount, total int) {
	all := make([]logstore.ValueCount, 0, v.tally.Len())
	for text, count := range v.tally.All() {
		all = append(all, logstore.ValueCount{Text: text, Count: *count})
	}
	slices.SortFunc(all, func(a, b logstore.ValueCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Text, b.Text))
	})
	return Page(all, v.query.Limit, v.query.Offset), len(all)
}

func addCount(to *int64, count int64) { *to += count }
