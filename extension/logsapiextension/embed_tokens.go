package logsapiextension

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/docketlog/docket/extension/logsapiextension/internal/embedtoken"
	"github.com/docketlog/docket/internal/audittrail"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/requestbody"
	"github.com/docketlog/docket/internal/tenant"
)

// An app embeds the audit table of one of its customers with a token that its backend asks
// for; docs/embed.md is the reference.
func (e *endpoints) embedRoutes() []route {
	return []route{
		{path: "/api/projects/{id}/embed_tokens", shape: postHogShape, methods: map[string]endpoint{
			http.MethodPost: e.guard(e.createEmbedToken),
		}},
		{path: "/api/embed/events", shape: postHogShape, unbounded: true, methods: map[string]endpoint{
			http.MethodGet: e.forPages(e.getEmbeddedEvents), http.MethodOptions: e.forPages(allowPage),
		}},
	}
}

// embedTokenRequest is what a token shall allow.
type embedTokenRequest struct {
	externalID, origin string
	// life is in seconds.
	life int64
}

// embedTokenAnswer is the answer of createEmbedToken. It has the token, which is kept
// nowhere.
type embedTokenAnswer struct {
	Token      string    `json:"token"`
	ExpiresAt  time.Time `json:"expires_at"`
	ProjectID  int64     `json:"project_id"`
	ExternalID string    `json:"external_id"`
	Origin     string    `json:"origin"`
}

// createEmbedToken takes {external_id, origin, expires_in?}.
func (e *endpoints) createEmbedToken(w http.ResponseWriter, r *http.Request, caller *tenant.Identity) error {
	if err := caller.Can(tenant.ScopeRead); err != nil {
		return err
	}
	project, err := e.projectOfQuestion(r, caller)
	if err != nil {
		return err
	}
	request, err := readEmbedTokenRequest(r)
	if err != nil {
		return err
	}
	now := time.Now()
	claims := embedtoken.Claims{
		ProjectID: project.ID, ExternalID: request.externalID, Origin: request.origin, KeyID: caller.KeyID,
		IssuedAt: now.UnixMilli(), ExpiresAt: now.Add(time.Duration(request.life) * time.Second).UnixMilli(),
	}
	token, err := e.embedTokens.Sign(r.Context(), claims)
	if err != nil {
		return err
	}
	e.note(r, audittrail.Event{
		Action: audittrail.ActionEmbedTokenCreate, Target: audittrail.Target{Type: "embed_token", Name: claims.ExternalID, ProjectID: project.ID},
		Details: map[string]any{"origin": claims.Origin, "expires_at": time.UnixMilli(claims.ExpiresAt).UTC()},
	})
	return writeJSON(w, http.StatusCreated, embedTokenAnswer{
		Token: token, ExpiresAt: time.UnixMilli(claims.ExpiresAt).UTC(),
		ProjectID: claims.ProjectID, ExternalID: claims.ExternalID, Origin: claims.Origin,
	})
}

func readEmbedTokenRequest(r *http.Request) (embedTokenRequest, error) {
	request := embedTokenRequest{life: int64(embedtoken.DefaultLife / time.Second)}
	shortest, longest := int64(embedtoken.MinLife/time.Second), int64(embedtoken.MaxLife/time.Second)
	err := readFields(r, []requestbody.Field{
		{Name: "external_id", Required: true, As: requestbody.Text{Into: &request.externalID, MaxLength: filter.MaxLength}},
		{Name: "origin", Required: true, As: requestbody.Text{Into: &request.origin, MaxLength: filter.MaxLength}},
		{Name: "expires_in", As: requestbody.Integer{Into: &request.life, Min: &shortest, Max: &longest}},
	})
	if err != nil {
		return request, err
	}
	origin, ok := parseOrigin(request.origin)
	if !ok {
		return request, fieldProblem(codeInvalidInput, "origin",
			"The field 'origin' must be the scheme and host of the page that shows the table, such as https://app.example.com.")
	}
	request.origin = origin
	return request, nil
}

// parseOrigin returns an origin as browsers write it in the header Origin.
func parseOrigin(text string) (origin string, ok bool) {
	address, err := url.Parse(text)
	if err != nil || address.Host == "" || address.Hostname() == "" || address.User != nil || address.RawQuery != "" ||
		address.Fragment != "" || strings.Trim(address.Path, "/") != "" {
		return "", false
	}
	scheme, host := strings.ToLower(address.Scheme), strings.ToLower(address.Host)
	switch scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	default:
		return "", false
	}
	return scheme + "://" + host, true
}
