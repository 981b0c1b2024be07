package posthoglogs

import (
	"context"
	"slices"
	"strconv"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// Bounds of a context, in records on each side.
const (
	defaultContext = 10
	maxContext     = 500
)

// ContextAnswer is the answer of Context. Together, its rows are in the order of their
// timestamps, and equal timestamps in that of their ids.
type ContextAnswer struct {
	Before []Row `json:"before"`
	Record Row   `json:"record"`
	After  []Row `json:"after"`
}

// Context returns the records right before and right after the record of a name that
// IsRecordName, of the same service or of the whole project.
func (a API) Context(ctx context.Context, name string, parameters Parameters) (ContextAnswer, error) {
	if err := checkNames(parameters, "before", "after", "same", nameTimestamp); err != nil {
		return ContextAnswer{}, err
	}
	before, err := sideOf(parameters, "before")
	if err != nil {
		return ContextAnswer{}, err
	}
	after, err := sideOf(parameters, "after")
	if err != nil {
		return ContextAnswer{}, err
	}
	same := parameters.Get("same")
	if same != "" && same != "service" && same != "project" {
		return ContextAnswer{}, problem("same must be one of service, project")
	}
	middle, err := a.find(ctx, name, parameters)
	if err != nil {
		return ContextAnswer{}, err
	}
	var selected filter.Expression
	if same != "project" {
		selected = filter.Services{filter.Service(middle)}
	}
	answer := ContextAnswer{Record: a.LiveRow(middle)}
	if answer.Before, err = a.neighbours(ctx, middle, logstore.NewestFirst, before, selected); err != nil {
		return ContextAnswer{}, err
	}
	slices.Reverse(answer.Before)
	answer.After, err = a.neighbours(ctx, middle, logstore.OldestFirst, after, selected)
	return answer, err
}

// sideOf returns how many records are wanted on a side.
func sideOf(parameters Parameters, name string) (int, error) {
	if !parameters.Has(name) {
		return defaultContext, nil
	}
	count, err := strconv.Atoi(parameters.Get(name))
	if err != nil || count < 0 || count > maxContext {
		return 0, problem("%s must be a whole number from 0 to %d", name, maxContext)
	}
	return count, nil
}

// neighbours returns the records that follow one in an order.
func (a API) neighbours(
	ctx context.Context, middle record.Record, order logstore.Order, count int, selected filter.Expression,
) ([]Row, error) {
	rows := []Row{}
	if count == 0 {
		return rows, nil
	}
	place := logstore.PlaceOf(middle)
	query := logstore.Query{ProjectID: a.ProjectID, Filter: selected, Order: order, Limit: count, After: &place}
	if order == logstore.OldestFirst {
		query.From = place.Timestamp
	} else {
		query.To = place.Timestamp
	}
	found, err := a.search(ctx, query)
	for _, r := range found {
		rows = append(rows, a.LiveRow(r))
	}
	return rows, err
}
