package logsapiextension

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/docketlog/docket/extension/logsapiextension/internal/posthoglogs"
	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/explain"
	"github.com/docketlog/docket/internal/redact"
	"github.com/docketlog/docket/internal/requestbody"
	"github.com/docketlog/docket/internal/tenant"
)

// explanations is what explains records. It is nil when no model is configured.
type explanations struct {
	explainer *explain.Explainer
	cache     explain.Cache
	limit     *explanationLimit
	// timeout is how long the model may take.
	timeout time.Duration
}

// newExplanations returns what explains records as configured; nil for nothing.
func newExplanations(config AIConfig, documents docstore.Store) (*explanations, error) {
	if config.BaseURL == "" {
		return nil, nil
	}
	model := explain.NewOpenAI(explain.OpenAIConfig{
		BaseURL: strings.TrimRight(config.BaseURL, "/"), Model: config.Model, APIKey: string(config.APIKey),
	})
	explainer, err := explain.New(model, redact.New(redact.Options{Emails: config.RedactEmails}))
	if err != nil {
		return nil, err
	}
	return &explanations{
		explainer: explainer, cache: explain.Cache{Documents: documents, Now: time.Now}, limit: newExplanationLimit(), timeout: config.Timeout,
	}, nil
}

// explainRoutes are explainLogWithAI; docs/explain.md is its reference.
func (e *endpoints) explainRoutes() []route {
	var all []route
	for _, base := range questionBases() {
		all = append(all, route{
			path: base + "explainLogWithAI", shape: explainShape, unbounded: true, // explain bounds it
			methods: map[string]endpoint{http.MethodPost: e.guard(e.postExplanation)},
		})
	}
	return all
}

// explanationAnswer is an explanation, and when it was made.
type explanationAnswer struct {
	explain.Explanation

	GeneratedAt time.Time `json:"generated_at"`
	FromCache   bool      `json:"from_cache"`
}

func (e *endpoints) postExplanation(w http.ResponseWriter, r *http.Request, caller *tenant.Identity) error {
	if err := caller.Can(tenant.ScopeWrite); err != nil {
		return err
	}
	project, err := e.projectOfQuestion(r, caller)
	if err != nil {
		return err
	}
	if e.explanations == nil {
		return &problem{
			status: http.StatusForbidden, code: codePermissionDenied,
			detail: "Explanations are off, because no language model is configured: an operator switches them on " +
				"with the option ai of the logs_api extension, or with DOCKET_AI_BASE_URL and DOCKET_AI_MODEL.",
		}
	}
	// A model may take longer than the server else gives an answer. If the time cannot be
	// moved, a slow model's answer is lost, and the next request finds it in the cache.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(e.queryTimeout + e.explanations.timeout + time.Minute))
	request, err := readExplainRequest(r)
	if err != nil {
		return err
	}
	api := posthoglogs.API{Reader: e.reader, Analyst: e.analyst, ProjectID: project.ID, Now: time.Now()}
	answer, err := e.explain(r.Context(), api, caller, request)
	if err != nil {
		return e.explanationProblem(err)
	}
	return writeJSON(w, http.StatusOK, answer)
}

// explain answers from the cache, or asks the model about what it finds in the store.
func (e *endpoints) explain(
	ctx context.Context, api posthoglogs.API, caller *tenant.Identity, request explainRequest,
) (explanationAnswer, error) {
	key := explain.Key{ProjectID: api.ProjectID, ID: request.id, Timestamp: request.first}
	if !request.forceRefresh {
		cached, ok, err := e.explanations.cache.Get(ctx, key)
		if err != nil {
			return explanationAnswer{}, err
		}
		if ok {
			return explanationAnswer{cached.Explanation, cached.MadeAt, true}, nil
		}
	}
	subject, err := e.subject(ctx, api, request)
	if err != nil {
		return explanationAnswer{}, err
	}
	if err := e.explanations.limit.take(caller.Subject(), time.Now()); err != nil {
		return explanationAnswer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, e.explanations.timeout)
	defer cancel()
	explanation, err := e.explanations.explainer.Explain(ctx, subject)
	if err != nil {
		return explanationAnswer{}, err
	}
	made, err := e.explanations.cache.Put(ctx, key, explanation)
	if err != nil {
		// What was paid for is not thrown away: it is only not kept.
		e.logger.Warn("cannot keep an explanation", zap.Error(err))
		made = explain.Cached{Explanation: explanation, MadeAt: time.Now().UTC()}
	}
	return explanationAnswer{made.Explanation, made.MadeAt, false}, nil
}

func (e *endpoints) subject(ctx context.Context, api posthoglogs.API, request explainRequest) (explain.Subject, error) {
	ctx, cancel := context.WithTimeout(ctx, e.queryTimeout)
	defer cancel()
	return api.Subject(ctx, request.id, request.first, request.last)
}

// explanationProblem puts in the terms of HTTP why there is no explanation.
func (e *endpoints) explanationProblem(err error) error {
	failure, isModelError := errors.AsType[*explain.ModelError](err)
	switch {
	case errors.Is(err, posthoglogs.ErrNoRecord):
		return &problem{
			status: http.StatusNotFound, code: codeDoesNotExist,
			detail: "The project has no record with this uuid within a second of this timestamp.",
		}
	case errors.Is(err, explain.ErrNoAnswer):
		e.logger.Warn("the language model gave no usable answer", zap.Error(err))
		return fieldProblem(codeInvalidInput, "", "The language model gave no usable answer, twice. Please try again.")
	case isModelError:
		return &problem{status: http.StatusInternalServerError, code: codeServerError, detail: modelFailure(failure)}
	default:
		return err
	}
}

// modelFailure says why the model could not be asked, and who can do what about it.
func modelFailure(failure *explain.ModelError) string {
	text := "There is no explanation: " + failure.Error() + "."
	switch failure.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return text + " An operator should look at ai::api_key in the configuration of logs_api."
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return text + " An operator should look at ai::base_url and ai::model in the configuration of logs_api."
	default:
		return text + " Please try again later."
	}
}

// explainRequest is a request for an explanation.
type explainRequest struct {
	id           string
	first, last  time.Time // what the timestamp names
	forceRefresh bool
}

// fieldMap is what is wrong with the fields of a request, all at once, as PostHog's
// explainLogWithAI answers it.
type fieldMap map[string][]string

func (m fieldMap) Error() string {
	text, err := json.Marshal(map[string][]string(m))
	if err != nil {
		return "the request is invalid"
	}
	return string(text)
}

// codeFieldMap marks a problem whose detail is the JSON of a fieldMap.
const codeFieldMap = "invalid"

// readExplainRequest reads all fields, so that the answer tells all that is wrong.
func readExplainRequest(r *http.Request) (explainRequest, error) {
	body, err := readBody(r)
	if err != nil {
		return explainRequest{}, err
	}
	const longest = 200
	var request explainRequest
	var timestamp string
	wrong := fieldMap{}
	for _, field := range []requestbody.Field{
		{Name: "uuid", Required: true, As: requestbody.Text{Into: &request.id, MaxLength: longest}},
		{Name: "timestamp", Required: true, As: requestbody.Text{Into: &timestamp, MaxLength: longest}},
		{Name: "force_refresh", As: requestbody.Boolean{Into: &request.forceRefresh}},
	} {
		if err := body.Read([]requestbody.Field{field}); err != nil {
			wrong[field.Name] = []string{err.Error()}
		}
	}
	request.id = strings.ToLower(request.id)
	var ok bool
	if request.first, request.last, ok = parseTimestamp(timestamp); !ok && wrong["timestamp"] == nil {
		wrong["timestamp"] = []string{"The field 'timestamp' must be a time such as 2026-07-01T12:00:00Z."}
	}
	if len(wrong) > 0 {
		return explainRequest{}, &problem{status: http.StatusBadRequest, code: codeFieldMap, detail: wrong.Error()}
	}
	return request, nil
}

// explainShape is {"error":"…"} for a record that is not there, the map of fields for
// what is wrong with a body, and that of the other routes under /api/ for all else.
func explainShape(dst []byte, p *problem) []byte {
	switch {
	case p.code == codeFieldMap:
		return append(dst, p.detail...)
	case p.status == http.StatusNotFound && p.code == codeDoesNotExist:
		dst = append(dst, `{"error":`...)
		return append(appendString(dst, p.detail), '}')
	default:
		return postHogShape(dst, p)
	}
}

// throttled is the problem of asking too often.
func throttled(after time.Duration) *problem {
	return &problem{
		status: http.StatusTooManyRequests, code: codeThrottled, retryAfter: after,
		detail: fmt.Sprintf("Too many requests. Please try again in %d seconds.", int(after.Seconds())+1),
	}
}
