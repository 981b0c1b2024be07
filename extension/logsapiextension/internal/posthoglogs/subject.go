package posthoglogs

import (
	"context"
	"slices"
	"time"

	"github.com/docketlog/docket/internal/explain"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
)

// subjectNeighbours is how many records on each side an explanation is told.
const subjectNeighbours = 10

// Subject returns the record of an id within a second of a time, with the records
// around it that its service has written. It returns ErrNoRecord when there is none.
func (a API) Subject(ctx context.Context, id string, first, last time.Time) (explain.Subject, error) {
	found, err := a.search(ctx, logstore.Query{
		ProjectID: a.ProjectID, From: first.Add(-hintMargin), To: last.Add(hintMargin), Limit: 1,
		Filter: filter.Equal{Field: filter.Field{Place: filter.PlaceID}, Values: []string{id}},
	})
	if err != nil {
		return explain.Subject{}, err
	}
	if len(found) == 0 {
		return explain.Subject{}, ErrNoRecord
	}
	subject := explain.Subject{Record: found[0]}
	place := logstore.PlaceOf(found[0])
	query := logstore.Query{
		ProjectID: a.ProjectID, Filter: filter.Services{filter.Service(found[0])}, Limit: subjectNeighbours, After: &place,
		To: place.Timestamp,
	}
	if subject.Before, err = a.search(ctx, query); err != nil {
		return explain.Subject{}, err
	}
	slices.Reverse(subject.Before)
	query.From, query.To, query.Order = place.Timestamp, time.Time{}, logstore.OldestFirst
	subject.After, err = a.search(ctx, query)
	return subject, err
}
