package logsapiextension

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"

	"github.com/docketlog/docket/internal/docstore/embedded"
)

// viewOf decodes a view that a request must answer with.
func viewOf(t *testing.T, answer reply, status int) viewAnswer {
	t.Helper()
	require.Equal(t, status, answer.status, answer.body)
	var view viewAnswer
	decodeStrictly(t, answer.body, &view)
	return view
}

// testdata/posthog_conformance.yaml has most of what is promised of views.
func TestWhenAndByWhomAViewIsMade(t *testing.T) {
	s := newViewServer(t, nil)
	began := time.Now().Add(-time.Millisecond)
	made := viewOf(t, s.do(request{method: http.MethodPost, path: "/api/projects/1/logs/views/", token: writerToken, body: `{"name":"a"}`}), 201)
	assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-7`, made.ID)
	assert.Regexp(t, `^[a-z0-9]{8}$`, made.ShortID)
	assert.True(t, made.CreatedAt.After(began))
	assert.Equal(t, made.CreatedAt, made.UpdatedAt)

	changed := viewOf(t, s.do(request{
		method: http.MethodPatch, path: "/api/projects/1/logs/views/" + made.ShortID, token: adminToken, body: `{"pinned":true}`,
	}), 200)
	assert.True(t, changed.UpdatedAt.After(made.UpdatedAt))
	made.Pinned, made.UpdatedAt = true, changed.UpdatedAt
	assert.Equal(t, made, changed)

	var user personAnswer
	require.NoError(t, json.Unmarshal([]byte(s.get("/api/users/@me/", writerToken).body), &user))
	assert.Equal(t, user, made.CreatedBy, "who made it is who /api/users/@me/ says")
	assert.Positive(t, user.ID)
	assert.Equal(t, user.UUID, user.DistinctID)

	value := "phx_rolled_key-2"
	require.Contains(t, s.do(request{method: http.MethodPost, path: "/api/personal_api_keys/@current/roll/", token: writerToken}).body, value)
	second := viewOf(t, s.do(request{method: http.MethodPost, path: "/api/projects/1/logs/views/", token: value, body: `{"name":"b"}`}), 201)
	assert.Equal(t, user, second.CreatedBy, "also with another value of the key")
}

// Changes of different fields at the same time are all made.
func TestChangesOfAViewAtTheSameTime(t *testing.T) {
	s := newViewServer(t, nil)
	const path = "/api/projects/1/logs/views/"
	made := viewOf(t, s.do(request{method: http.MethodPost, path: path, token: writerToken, body: `{"name":"a"}`}), 201)
	var changing sync.WaitGroup
	for _, body := range []string{`{"name":"b"}`, `{"filters":{"x":1}}`, `{"pinned":true}`, `{"columns":[]}`} {
		changing.Go(func() {
			for range 5 {
				answer := s.do(request{method: http.MethodPatch, path: path + made.ShortID, token: writerToken, body: body})
				assert.Equal(t, http.StatusOK, answer.status, answer.body)
			}
		})
	}
	changing.Wait()
	view := viewOf(t, s.get(path+made.ShortID, readerToken), 200)
	assert.Equal(t, "b", view.Name)
	assert.JSONEq(t, `{"x":1}`, string(view.Filters))
	assert.True(t, view.Pinned)
	assert.NotNil(t, view.Columns)
}

// What docs/api-posthog.md says is what the server answers.
func TestExamplesOfPostHogsAPI(t *testing.T) {
	s := newViewServer(t, nil)
	examples := readExamples(t, "api-posthog.md")
	require.Len(t, examples, 3)
	for _, e := range examples {
		answer := s.do(request{method: e.method, path: e.path, token: writerToken, body: e.body})
		want, got := decodeExactly(t, e.answer), decodeExactly(t, answer.body)
		assert.Equal(t, want, withoutWhatVaries(want, got), answer.body)
	}
}

// A store of documents that was closed answers nothing more, and that is no failure.
func TestViewsOfAClosedStore(t *testing.T) {
	s := newServerWithStore(t, nil, func(store *memoryStore) component.Component {
		documents, err := embedded.Open(filepath.Join(t.TempDir(), "documents.db"))
		require.NoError(t, err)
		require.NoError(t, documents.Close())
		healthy := healthFunc(func() error { return nil })
		return &storeExtension{store: store, healthReporter: healthy, documents: documents}
	})
	for method, path := range map[string]string{
		http.MethodGet: "/api/projects/1/logs/views/", http.MethodPost: "/api/projects/1/logs/views/", http.MethodDelete: "/api/projects/1/logs/views/abcd1234/",
	} {
		answer := s.do(request{method: method, path: path, token: writerToken, body: `{"name":"a"}`})
		assertPostHogError(t, answer, 503, "server_error", "service_unavailable", "")
	}
}
