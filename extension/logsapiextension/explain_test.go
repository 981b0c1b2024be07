package logsapiextension

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"

	"github.com/docketlog/docket/internal/docstore/docstoretest"

	"github.com/docketlog/docket/internal/record"
)

const explainPath = "/api/projects/1/logs/explainLogWithAI/"

// modelServer speaks the protocol of a language model, and counts how often it is asked.
func modelServer(t *testing.T, status int, answer string) (server *httptest.Server, asked *atomic.Int64) {
	t.Helper()
	asked = &atomic.Int64{}
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		text, err := json.Marshal(answer)
		assert.NoError(t, err)
		_, _ = fmt.Fprintf(w, `{"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":%s}}]}`, text)
	}))
	t.Cleanup(server.Close)
	return server, asked
}

const goodExplanation = `{"headline":"h","severity_assessment":"error","impact_summary":"i",
	"probable_causes":[{"hypothesis":"x","confidence":"low","reasoning":"y"}],
	"immediate_actions":[{"action":"a","priority":"now","why":"w"}],"technical_explanation":"t","key_fields":[]}`

func newExplainServer(t *testing.T, model *httptest.Server) *server {
	t.Helper()
	return newServerWithStore(t, func(c *Config) {
		c.AI.BaseURL, c.AI.Model, c.AI.APIKey = model.URL+"/v1/", "small", "key"
	}, func(store *memoryStore) component.Component {
		healthy := healthFunc(func() error { return nil })
		return &storeExtension{store: store, healthReporter: healthy, documents: docstoretest.NewMemory()}
	})
}

func (s *server) explain(body, token string) reply {
	s.t.Helper()
	return s.do(request{method: http.MethodPost, path: explainPath, token: token, body: body})
}

func TestExplain(t *testing.T) {
	model, asked := modelServer(t, http.StatusOK, goodExplanation)
	s := newExplainServer(t, model)
	at := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	id := s.addSealed(at, func(r record.Record) { r.Log.Body().SetStr("card declined") }).ID()
	body := func(more string) string {
		return fmt.Sprintf(`{"uuid":%q,"timestamp":"2026-07-01T12:00:00.4Z"%s}`, id, more)
	}
	answer := s.explain(body(""), writerToken)
	require.Equal(t, 200, answer.status, answer.body)
	var first, second explanationAnswer
	require.NoError(t, json.Unmarshal([]byte(answer.body), &first))
	assert.Equal(t, "h", first.Headline)
	assert.False(t, first.FromCache)

	require.NoError(t, json.Unmarshal([]byte(s.explain(body(""), writerToken).body), &second))
	assert.True(t, second.FromCache)
	assert.Equal(t, first.GeneratedAt, second.GeneratedAt)
	assert.Equal(t, int64(1), asked.Load())
	s.explain(body(`,"force_refresh":true`), writerToken)
	assert.Equal(t, int64(2), asked.Load())

	for name, test := range map[string]struct{ body, token, path string }{
		"another time":    {fmt.Sprintf(`{"uuid":%q,"timestamp":"2026-07-01T12:00:05Z"}`, id), writerToken, explainPath},
		"another record":  {`{"uuid":"0197c000-0000-7000-8000-000000000009","timestamp":"2026-07-01T12:00:00Z"}`, writerToken, explainPath},
		"another project": {body(""), adminToken, "/api/projects/2/logs/explainLogWithAI"},
	} {
		t.Run(name, func(t *testing.T) {
			answer := s.do(request{method: http.MethodPost, path: test.path, token: test.token, body: test.body})
			assert.Equal(t, 404, answer.status, answer.body)
			assert.Contains(t, answer.body, `{"error":`)
		})
	}
	assertPostHogError(t, s.explain(body(""), readerToken), 403, "authentication_error", "permission_denied", "")
	assertPostHogError(t, s.explain(body(""), ""), 401, "authentication_error", "not_authenticated", "")
}

func TestExplainErrors(t *testing.T) {
	model, _ := modelServer(t, http.StatusOK, goodExplanation)
	s := newExplainServer(t, model)
	for body, want := range map[string][]string{
		`{}`:                              {"uuid", "timestamp"},
		`{"uuid":"x"}`:                    {"timestamp"},
		`{"uuid":" ","timestamp":"soon"}`: {"uuid", "timestamp"},
		`{"uuid":"x","timestamp":"2026-07-01","force_refresh":"perhaps"}`: {"force_refresh"},
	} {
		answer := s.explain(body, writerToken)
		assert.Equal(t, 400, answer.status)
		var wrong map[string][]string
		require.NoError(t, json.Unmarshal([]byte(answer.body), &wrong), answer.body)
		var names []string
		for name := range wrong {
			names = append(names, name)
		}
		assert.ElementsMatch(t, want, names, body)
	}
	assertPostHogError(t, s.explain(`{`, writerToken), 400, "invalid_request", "parse_error", "")
}

func TestExplainIsOff(t *testing.T) {
	s := newServer(t, nil)
	answer := s.explain(`{}`, writerToken)
	assertPostHogError(t, answer, 403, "authentication_error", "permission_denied", "")
	assert.Contains(t, answer.body, "DOCKET_AI_BASE_URL")
}

func TestExplainWithABadModel(t *testing.T) {
	for name, test := range map[string]struct {
		status     int
		answer     string
		want       int
		kind, code string
		advice     string
	}{
		"nonsense":   {200, "Sure!", 400, "validation_error", "invalid_input", "Please try again."},
		"broken":     {500, "", 500, "server_error", "error", "Please try again later."},
		"wrong key":  {401, "", 500, "server_error", "error", "look at ai::api_key"},
		"no such":    {404, "", 500, "server_error", "error", "look at ai::base_url and ai::model"},
		"overloaded": {429, "", 500, "server_error", "error", "Please try again later."},
	} {
		t.Run(name, func(t *testing.T) {
			model, _ := modelServer(t, test.status, test.answer)
			s := newExplainServer(t, model)
			id := s.addSealed(time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC), func(record.Record) {}).ID()
			answer := s.explain(fmt.Sprintf(`{"uuid":%q,"timestamp":"2026-07-01T12:00:00Z"}`, id), writerToken)
			assertPostHogError(t, answer, test.want, test.kind, test.code, "")
			assert.Contains(t, answer.body, test.advice)
		})
	}
}

func TestExplanationLimit(t *testing.T) {
	limit := newExplanationLimit()
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	taken := 0
	for range 24 * 60 {
		for limit.take("a", now) == nil {
			taken++
			if taken == 50 {
				assert.Equal(t, time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC), now, "50 in a minute")
			}
		}
		now = now.Add(time.Minute)
	}
	assert.Equal(t, 500, taken, "500 in a day")
	require.NoError(t, limit.take("b", now), "another key")
	err := limit.take("b", now)
	require.NoError(t, err)
	require.NoError(t, limit.take("a", now.Add(24*time.Hour)))
	assert.Len(t, limit.times, 1, "who asks no more is forgotten")
}
