package posthoglogs

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/docketlog/docket/internal/filter/dates"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// API answers questions about the records of one project.
type API struct {
	Reader  logstore.Reader
	Analyst logstore.Analyst
	// ProjectID is the project.
	ProjectID int64
	// Now is what relative dates are relative to.
	Now time.Time
	// Timeout is how long one question to the store may take in an export; 0 is as long
	// as the context allows.
	Timeout time.Duration
}

// Body is the JSON object that is a request's body.
type Body = map[string]json.RawMessage

// RequestError says that a request cannot be answered and what to send instead.
type RequestError struct{ Problem string }

func (e *RequestError) Error() string { return e.Problem }

// ParseError says that a request has not the form of one. PostHog's API answers it in
// another shape than a RequestError.
type ParseError struct{ Problem string }

func (e *ParseError) Error() string { return e.Problem }

func problem(format string, arguments ...any) error {
	return &RequestError{Problem: fmt.Sprintf(format, arguments...)}
}

func (a API) clock() dates.Clock { return dates.Clock{Now: a.Now} }

// search asks the reader.
func (a API) search(ctx context.Context, query logstore.Query) ([]record.Record, error) {
	found, err := a.Reader.Search(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("search records: %w", err)
	}
	return found, nil
}

// queryOf returns a query for the records of a selection, newest first.
func queryOf(s logstore.Selection, limit int) logstore.Query {
	return logstore.Query{ProjectID: s.ProjectID, From: s.From, To: s.To, Filter: s.Filter, Limit: limit}
}

// groups asks the analyst.
func (a API) groups(ctx context.Context, query logstore.GroupsQuery) (logstore.Groups, error) {
	groups, err := a.Analyst.Groups(ctx, query)
	if err != nil {
		return logstore.Groups{}, fmt.Errorf("group records: %w", err)
	}
	return groups, nil
}

// values asks the analyst.
func (a API) values(ctx context.Context, query logstore.ValuesQuery) ([]logstore.ValueCount, error) {
	values, _, err := a.Analyst.Values(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("look for values: %w", err)
	}
	return values, nil
}

// timeText returns a time as answers have it: RFC 3339 in UTC with as many digits of
// fraction as there are.
func timeText(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
