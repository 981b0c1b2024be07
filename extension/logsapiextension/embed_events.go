package logsapiextension

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/docketlog/docket/extension/logsapiextension/internal/embedtoken"
	"github.com/docketlog/docket/extension/logsapiextension/internal/posthoglogs"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/internal/tenant"
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
	for _, event := range found[:min(limit, len(found))] {
		answer.Results = append(answer.Results, embeddedEvent{event})
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
	return claims, e.admit("embed:" + strconv.FormatInt(claims.ProjectID, 10) + ":" + claims.ExternalID)
}

func noEntry(detail string) *problem {
	return &problem{status: http.StatusUnauthorized, code: codeAuthenticationFailed, detail: detail}
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
