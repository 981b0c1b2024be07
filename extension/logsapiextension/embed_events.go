package logsapiextension

import (
	"context"
	"errors"
	"net/http"
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
	"github.com/docketlog/docket/internal/tenant"
)

// Bounds of GET /api/embed/events.
const (
	defaultEmbeddedPage = 25
	maxEmbeddedPage     = 100
)

// forPages lets pages of every origin read the answers: what they may read is up to the
// token, which no browser sends by itself, as it does a cookie.
func (*endpoints) forPages(next endpoint) endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Expose-Headers", "Retry-After, Content-Disposition")
		return next(w, r)
	}
}

// allowPage answers what a browser asks before the request of a page of another origin.
func allowPage(w http.ResponseWriter, _ *http.Request) error {
	const hours = "7200" // the longest that browsers remember
	w.Header().Set("Access-Control-Allow-Methods", "GET, HEAD")
	w.Header().Set("Access-Control-Allow-Headers", "Authorization")
	w.Header().Set("Access-Control-Max-Age", hours)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// embeddedEventsAnswer is a page of events, newest first.
type embeddedEventsAnswer struct {
	Results []embeddedEvent `json:"results"`
	// NextCursor is what to send as after; null on the last page.
	NextCursor *string `json:"next_cursor"`
	// ExpiresAt is when the token ends: a table asks for another one in time.
	ExpiresAt time.Time `json:"expires_at"`
}

// embeddedEvent is an event as GET /v1/events has it, with the record's hash.
type embeddedEvent struct{ of record.Record }

// MarshalJSON implements json.Marshaler.
func (v embeddedEvent) MarshalJSON() ([]byte, error) {
	text := appendEvent(nil, v.of)
	text = appendName(text[:len(text)-1], "hash")
	return append(appendString(text, v.of.Hash()), '}'), nil
}

// getEmbeddedEvents answers with the events that a token allows to read: a page of them,
// or all as CSV.
func (e *endpoints) getEmbeddedEvents(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "no-store")
	claims, err := e.authorizePage(r)
	if err != nil {
		return err
	}
	r = r.WithContext(tenant.NewContext(r.Context(), &tenant.Identity{KeyID: claims.KeyID, Label: "embedded audit table", Admin: claims.KeyID == ""}))
	asked, err := parseEmbeddedQuery(r.URL.RawQuery, time.Now())
	if err != nil {
		return err
	}
	query := asked.query(claims)
	if asked.isCSV {
		return questionProblem(e.sendEmbeddedFile(w, r, claims, query))
	}
	ctx, cancel := context.WithTimeout(r.Context(), e.queryTimeout)
	defer cancel()
	limit := query.Limit
	query.Limit++ // to see whether there are more
	found, err := e.searchEvents(ctx, query)
	if err != nil {
		return questionProblem(errors.Join(err, ctx.Err()))
	}
	answer := embeddedEventsAnswer{Results: []embeddedEvent{}, ExpiresAt: time.UnixMilli(claims.ExpiresAt).UTC()}
	for _, r := range found[:min(limit, len(found))] {
		answer.Results = append(answer.Results, embeddedEvent{r})
	}
	if len(found) > limit {
		cursor := posthoglogs.CursorOf(found[limit-1])
		answer.NextCursor = &cursor
	}
	return writeJSON(w, http.StatusOK, answer)
}

// authorizePage returns what the token of a request allows. The token ends with the key
// that asked for it, and when that key gets another value.
func (e *endpoints) authorizePage(r *http.Request) (embedtoken.Claims, error) {
	claims, err := e.embedTokens.Verify(r.Context(), tenant.BearerToken(r.Header.Get("Authorization")), time.Now())
	switch {
	case errors.Is(err, embedtoken.ErrExpired):
		return claims, noEntry("The token has expired: the app's backend must ask for another one.")
	case errors.Is(err, embedtoken.ErrInvalid):
		return claims, noEntry("The token is not one of POST /api/projects/:id/embed_tokens/.")
	case err != nil:
		return claims, err
	}
	if claims.KeyID != "" {
		key, err := e.directory.Key(r.Context(), &tenant.Identity{Admin: true}, claims.KeyID)
		if refusal, ok := errors.AsType[*tenant.Error](err); ok && refusal.Reason == tenant.ReasonNotFound {
			return claims, noEntry("The key that asked for the token has been revoked.")
		}
		if err != nil {
			return claims, err
		}
		if key.LastRolledAt != nil && key.LastRolledAt.UnixMilli() >= claims.IssuedAt {
			return claims, noEntry("The key that asked for the token has been rolled since.")
		}
	}
	if origin := r.Header.Get("Origin"); origin != "" && origin != claims.Origin {
		return claims, &problem{
			status: http.StatusForbidden, code: codePermissionDenied,
			detail: "The token is for pages of " + claims.Origin + ", not of " + clip(origin) + ".",
		}
	}
	subject := "embed:" + strconv.FormatInt(claims.ProjectID, 10) + ":" + claims.ExternalID
	if wait := e.throttle.Admit(subject, time.Now()); wait > 0 {
		return claims, &tenant.ThrottledError{RequestsPerSecond: e.throttle.RequestsPerSecond(), RetryAfter: wait}
	}
	return claims, nil
}

func noEntry(detail string) *problem {
	return &problem{status: http.StatusUnauthorized, code: codeAuthenticationFailed, detail: detail}
}

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
	var any filter.Or
	for _, key := range []string{
		record.AttributeUserName, record.AttributeUserEmail, record.AttributeUserID, record.AttributeActorDescription,
	} {
		any = append(any, filter.Contains{Field: filter.Field{Place: filter.PlaceLogAttribute, Key: key}, Parts: []string{value}})
	}
	q.filters = append(q.filters, any)
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

// sendEmbeddedFile answers with all events of a query as CSV.
func (e *endpoints) sendEmbeddedFile(w http.ResponseWriter, r *http.Request, claims embedtoken.Claims, query logstore.Query) error {
	query.Limit, query.After = 0, nil
	api := posthoglogs.API{Reader: e.reader, ProjectID: claims.ProjectID, Now: time.Now(), Timeout: e.queryTimeout}
	columns := []posthoglogs.NamedColumn{
		{Name: "time", Part: "timestamp"},
		{Name: "action", Part: "event_name"},
		{Name: "actor", Part: "attributes." + record.AttributeUserName},
		{Name: "actor_email", Part: "attributes." + record.AttributeUserEmail},
		{Name: "actor_id", Part: "attributes." + record.AttributeUserID},
		{Name: "actor_description", Part: "attributes." + record.AttributeActorDescription},
		{Name: "ip", Part: "attributes." + record.AttributeClientAddress},
		{Name: "details", Part: "attributes"},
		{Name: "id", Part: "uuid"},
		{Name: "hash", Part: "hash"},
	}
	question := map[string]any{"external_id": claims.ExternalID, "origin": claims.Origin}
	export, err := api.ExportRecords(query, columns, posthoglogs.FormatCSV, "audit-events-"+api.Now.UTC().Format(time.DateOnly), question)
	if err != nil {
		return err
	}
	return e.sendFile(w, r, claims.ProjectID, export, posthoglogs.FormatCSV)
}
