package logsapiextension

import (
	"net/url"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/docketlog/docket/extension/logsapiextension/internal/embedtoken"
	"github.com/docketlog/docket/extension/logsapiextension/internal/posthoglogs"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/dates"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// Bounds of GET /api/embed/events.
const (
	defaultEmbeddedPage = 25
	maxEmbeddedPage     = 100
)

// embeddedQuery is what the parameters of GET /api/embed/events ask for.
type embeddedQuery struct {
	limit    int
	after    *logstore.Place
	from, to time.Time
	filters  filter.And
	isCSV    bool
}

// parseEmbeddedQuery reads a URL's query string. It refuses parameters that are unknown.
func parseEmbeddedQuery(raw string, now time.Time) (embeddedQuery, error) {
	asked := embeddedQuery{limit: defaultEmbeddedPage}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return asked, parseProblem("Malformed query string: please percent-encode every name and value.")
	}
	readers := map[string]func(value string) error{
		"limit": asked.readLimit, "after": asked.readAfter, "actor": asked.readActor, "action": asked.readAction,
		"date_from": asked.readDateFrom(now), "date_to": asked.readDateTo(now), "format": asked.readFormat,
	}
	for _, name := range sortedParameters(values) {
		read, ok := readers[name]
		switch {
		case !ok:
			return asked, fieldProblem(codeInvalidInput, name,
				"The parameter %s is unknown: send only limit, after, actor, action, date_from, date_to and format.", clip(name))
		case len(values[name]) > 1:
			return asked, fieldProblem(codeInvalidInput, name, "The parameter '%s' is given more than once.", name)
		case values.Get(name) == "":
			continue // an input that is not filled in
		case utf8.RuneCountInString(values.Get(name)) > filter.MaxLength:
			return asked, fieldProblem(codeInvalidInput, name, "The parameter '%s' must have at most %d characters.", name, filter.MaxLength)
		}
		if err := read(values.Get(name)); err != nil {
			return asked, err
		}
	}
	if !asked.to.IsZero() && asked.from.After(asked.to) {
		return asked, fieldProblem(codeInvalidInput, "date_from", "The parameter 'date_from' must not be after 'date_to'.")
	}
	return asked, nil
}

func (q *embeddedQuery) readLimit(value string) error {
	limit, err := strconv.Atoi(value)
	if err != nil || limit < 1 || limit > maxEmbeddedPage {
		return fieldProblem(codeInvalidInput, "limit", "The parameter 'limit' must be a whole number from 1 to %d.", maxEmbeddedPage)
	}
	q.limit = limit
	return nil
}

func (q *embeddedQuery) readAfter(value string) error {
	place, ok := posthoglogs.ParseCursor(value)
	if !ok {
		return fieldProblem(codeInvalidInput, "after", "The parameter 'after' must be the next_cursor of the page before.")
	}
	q.after = &place
	return nil
}

// readActor looks at all by which people know an actor.
func (q *embeddedQuery) readActor(value string) error {
	var anyOf filter.Or
	for _, key := range []string{
		record.AttributeUserName, record.AttributeUserEmail, record.AttributeUserID, record.AttributeActorDescription,
	} {
		anyOf = append(anyOf, filter.Contains{Field: filter.Field{Place: filter.PlaceLogAttribute, Key: key}, Parts: []string{value}})
	}
	q.filters = append(q.filters, anyOf)
	return nil
}

func (q *embeddedQuery) readAction(value string) error {
	q.filters = append(q.filters, filter.Contains{Field: filter.Field{Place: filter.PlaceEventName}, Parts: []string{value}})
	return nil
}

func (q *embeddedQuery) readDateFrom(now time.Time) func(value string) error {
	return func(value string) (err error) {
		q.from, _, err = embeddedDate("date_from", value, now)
		return err
	}
}

func (q *embeddedQuery) readDateTo(now time.Time) func(value string) error {
	return func(value string) (err error) {
		_, q.to, err = embeddedDate("date_to", value, now)
		return err
	}
}

// embeddedDate returns the first and last moment of what a date names.
func embeddedDate(name, value string, now time.Time) (first, last time.Time, err error) {
	first, last, err = dates.Clock{Now: now}.Parse(value)
	if err != nil {
		return first, last, fieldProblem(codeInvalidInput, name, "The parameter '%s' is wrong: the date %s.", name, err.Error())
	}
	return first, last, nil
}

func (q *embeddedQuery) readFormat(value string) error {
	switch value {
	case "json":
	case "csv":
		q.isCSV = true
	default:
		return fieldProblem(codeInvalidInput, "format", "The parameter 'format' must be json or csv.")
	}
	return nil
}

// query returns what to search for. Only events that came in LogHub's format are events:
// no other record is bound to an external_id by its sender.
func (q embeddedQuery) query(claims embedtoken.Claims) logstore.Query {
	conditions := filter.And{
		attributeEquals(record.AttributeSource, record.SourceLogHub, record.SourceDocket),
		attributeEquals(record.AttributeExternalID, claims.ExternalID),
	}
	return logstore.Query{
		ProjectID: claims.ProjectID, From: q.from, To: q.to, Filter: append(conditions, q.filters...),
		Order: logstore.NewestFirst, Limit: q.limit, After: q.after,
	}
}
