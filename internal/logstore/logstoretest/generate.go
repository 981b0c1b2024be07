package logstoretest

import (
	"math/rand/v2"
	"time"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/filtertest"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// Projects of generated records. Most are of the first.
const (
	Project      = 1
	OtherProject = 2
)

// Records returns random records of two projects, some of which have equal timestamps.
func Records(random *rand.Rand, count int) []record.Record {
	records := make([]record.Record, count)
	for i := range records {
		r := filtertest.Record(random)
		project := int64(Project)
		if random.IntN(5) == 0 {
			project = OtherProject
		}
		r.Resource.Attributes().PutInt(record.AttributeProjectID, project)
		records[i] = r
	}
	return records
}

// generator makes questions that fit records.
type generator struct {
	random  *rand.Rand
	records []record.Record
}

func (g generator) chance(of int) bool { return g.random.IntN(of) == 0 }

func (g generator) record() record.Record { return g.records[g.random.IntN(len(g.records))] }

func (g generator) selection() logstore.Selection {
	s := logstore.Selection{ProjectID: Project}
	if g.chance(5) {
		s.ProjectID = OtherProject
	}
	if g.chance(2) {
		s.From = g.time()
	}
	if g.chance(2) {
		s.To = g.time()
	}
	if !g.chance(4) {
		s.Filter = filtertest.Expression(g.random, g.records...)
	}
	return s
}

// time returns a time at or beside that of a record.
func (g generator) time() time.Time {
	return timeOf(g.record()).Add(time.Duration(g.random.IntN(3) - 1))
}

func (g generator) query() logstore.Query {
	s := g.selection()
	query := logstore.Query{
		ProjectID: s.ProjectID, From: s.From, To: s.To, Filter: s.Filter,
		Order: logstore.Order(g.random.IntN(2)), Limit: g.random.IntN(len(g.records) + 10),
	}
	if g.chance(3) {
		query.Limit = 1 + g.random.IntN(10)
	}
	if g.chance(3) {
		query.Offset = g.random.IntN(20)
	}
	if g.chance(3) {
		query.After = g.place()
	}
	return query
}

// place returns the place of a record, or one where there is none.
func (g generator) place() *logstore.Place {
	place := placeOf(g.record())
	switch g.random.IntN(4) {
	case 0:
		place.ID = g.record().ID()
	case 1:
		place.Timestamp = g.time()
	}
	return &place
}

func (g generator) field() filter.Field {
	field := filter.Field{Place: filter.Place(g.random.IntN(int(filter.PlaceAttribute) + 1))}
	if g.chance(2) {
		field.Place = filter.PlaceLogAttribute + filter.Place(g.random.IntN(3))
	}
	if field.IsAttribute() {
		field.Key = g.key(field.Place)
	}
	return field
}

// key returns a key that a record has, if it has any.
func (g generator) key(place filter.Place) string {
	keys := map[string]bool{}
	r := g.record()
	if place != filter.PlaceResourceAttribute {
		addKeys(keys, r.Log.Attributes(), "")
	}
	if place != filter.PlaceLogAttribute {
		addKeys(keys, r.Resource.Attributes(), "")
	}
	if len(keys) == 0 {
		return "none"
	}
	sorted := sortedKeys(keys)
	return sorted[g.random.IntN(len(sorted))]
}

// part returns "" or a part of a text.
func (g generator) part(text string) string {
	letters := []rune(text)
	if len(letters) == 0 || !g.chance(3) {
		return ""
	}
	start := g.random.IntN(len(letters))
	return string(letters[start:min(len(letters), start+1+g.random.IntN(3))])
}

func (g generator) histogram() logstore.HistogramQuery {
	widths := []time.Duration{time.Millisecond, 100 * time.Millisecond, 300 * time.Millisecond, time.Second, 7 * time.Second, time.Minute, 24 * time.Hour}
	query := logstore.HistogramQuery{Selection: g.selection(), Interval: widths[g.random.IntN(len(widths))]}
	query.WithBodyBytes = query.Interval > widths[0]
	if g.chance(3) {
		query.Offset = time.Duration(g.random.Int64N(int64(2*query.Interval))) - query.Interval
	}
	if g.chance(2) {
		field := g.field()
		query.By = &field
	}
	return query
}

func (g generator) values() logstore.ValuesQuery {
	query := logstore.ValuesQuery{Selection: g.selection(), Field: g.field(), Limit: 1 + g.random.IntN(20)}
	query.Contains = g.part(textOf(query.Field, g.record()))
	if g.chance(3) {
		query.Offset = g.random.IntN(10)
	}
	return query
}

func (g generator) keys() logstore.KeysQuery {
	query := logstore.KeysQuery{Selection: g.selection(), Place: filter.PlaceLogAttribute, Limit: 1 + g.random.IntN(30)}
	if g.chance(2) {
		query.Place = filter.PlaceResourceAttribute
	}
	query.Contains = g.part(g.key(query.Place))
	if g.chance(3) {
		query.Offset = g.random.IntN(10)
	}
	return query
}

func (g generator) groups() logstore.GroupsQuery {
	query := logstore.GroupsQuery{Selection: g.selection(), Limit: 1 + g.random.IntN(30)}
	for range 1 + g.random.IntN(logstore.MaxGroupFields) {
		query.By = append(query.By, g.field())
	}
	return query
}
