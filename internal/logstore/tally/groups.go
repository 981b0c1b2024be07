package tally

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// Groups counts groups of records.
type Groups struct {
	by    []filter.Field
	limit int
	tally *Tally[GroupCount]

	key []byte
}

// GroupCount is the numbers of a logstore.Group.
type GroupCount struct {
	Count, Errors int64
	// First and Last are the least and the greatest timestamp.
	First, Last pcommon.Timestamp
}

// Add adds others, of which there is at least one.
func (g *GroupCount) Add(other GroupCount) {
	if g.Count == 0 {
		*g = other
		return
	}
	g.Count += other.Count
	g.Errors += other.Errors
	g.First, g.Last = min(g.First, other.First), max(g.Last, other.Last)
}

// CountOf returns the count of one record with a timestamp and a level.
func CountOf(timestamp pcommon.Timestamp, level record.Level) GroupCount {
	one := GroupCount{Count: 1, First: timestamp, Last: timestamp}
	if level == record.LevelError || level == record.LevelFatal {
		one.Errors = 1
	}
	return one
}

// NewGroups returns the tally of a question, or what is wrong with the question.
func NewGroups(query logstore.GroupsQuery) (*Groups, error) {
	if len(query.By) < 1 || len(query.By) > logstore.MaxGroupFields {
		return nil, fmt.Errorf("groups: by %d fields, must be 1 to %d", len(query.By), logstore.MaxGroupFields)
	}
	if query.Limit < 0 {
		return nil, fmt.Errorf("groups: limit %d must not be negative", query.Limit)
	}
	return &Groups{
		by: query.By, limit: query.Limit,
		tally: New[GroupCount]("groups", "ask for a shorter time, by fewer fields, or with a filter"),
	}, nil
}

// AddRecord counts a record.
func (g *Groups) AddRecord(r record.Record) error {
	g.key = g.key[:0]
	for _, field := range g.by {
		text, _ := field.Text(r)
		g.key = appendText(g.key, text)
	}
	return g.add(CountOf(r.Log.Timestamp(), record.LevelOf(r.Log.SeverityNumber())))
}

// Of returns the count of a group; ok is false if no record of it has been counted.
func (g *Groups) Of(texts []string) (count GroupCount, ok bool) {
	var key []byte
	for _, text := range texts {
		key = appendText(key, text)
	}
	found, ok := g.tally.all[string(key)]
	if !ok {
		return GroupCount{}, false
	}
	return *found, true
}

// Add counts records with the same texts.
func (g *Groups) Add(texts []string, count GroupCount) error {
	g.key = g.key[:0]
	for _, text := range texts {
		g.key = appendText(g.key, text)
	}
	return g.add(count)
}

// add counts records of the group of the key.
func (g *Groups) add(count GroupCount) error {
	to, _, err := g.tally.OfBytes(g.key)
	if err == nil {
		to.Add(count)
	}
	return err
}

// Another returns an empty tally of the same question.
func (g *Groups) Another() *Groups {
	return &Groups{by: g.by, limit: g.limit, tally: g.tally.another()}
}

// HeldBytes returns about how much memory the tally takes.
func (g *Groups) HeldBytes() int64 { return g.tally.HeldBytes() }

// Reset makes the tally empty.
func (g *Groups) Reset() { g.tally.Reset() }

// Merge adds what another tally of the same question has counted.
func (g *Groups) Merge(other *Groups) error { return g.tally.AddAll(other.tally, (*GroupCount).Add) }

// Answer returns the groups that are asked for, in the order of the answer, and the
// totals.
func (g *Groups) Answer() logstore.Groups {
	answer := logstore.Groups{TotalGroups: g.tally.Len()}
	all := make([]logstore.Group, 0, g.tally.Len())
	for key, count := range g.tally.All() {
		answer.TotalRecords += count.Count
		all = append(all, logstore.Group{
			Texts: textsOf(key), Count: count.Count, Errors: count.Errors, First: record.TimeOf(count.First), Last: record.TimeOf(count.Last),
		})
	}
	slices.SortFunc(all, func(a, b logstore.Group) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), slices.Compare(a.Texts, b.Texts))
	})
	answer.Groups = Page(all, g.limit, 0)
	return answer
}

// appendText appends a text to a key in a form that textsOf takes apart again.
func appendText(key []byte, text string) []byte {
	return append(binary.AppendUvarint(key, uint64(len(text))), text...)
}

// textsOf returns the texts of a key.
func textsOf(key string) []string {
	var texts []string
	for rest := []byte(key); len(rest) > 0; {
		length, size := binary.Uvarint(rest)
		end := size + int(length) //nolint:gosec // was the length of a string
		texts = append(texts, strings.Clone(string(rest[size:end])))
		rest = rest[end:]
	}
	return texts
}
