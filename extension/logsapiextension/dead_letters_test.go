package logsapiextension

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/docstore/docstoretest"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/deadletters"
	"github.com/docketlog/docket/internal/record"
)

// storedDeadLetters are logstore.DeadLetters in a file, replayed into a memoryStore.
type storedDeadLetters struct {
	*storeExtension
	kept *deadletters.Store
	// failure is returned by replays, and by all questions when everything fails.
	failure    error
	everything bool
	// refusing makes the backend refuse again what is replayed.
	refusing bool
}

var _ logstore.DeadLetters = (*storedDeadLetters)(nil)

// DeadLetters implements deadLetterOwner.
func (d *storedDeadLetters) DeadLetters() logstore.DeadLetters { return d }

func (d *storedDeadLetters) ListDeadLetters(ctx context.Context, query logstore.DeadLetterQuery) ([]logstore.DeadLetter, error) {
	if d.everything {
		return nil, d.failure
	}
	return d.kept.List(ctx, query)
}

func (d *storedDeadLetters) CountDeadLetters(ctx context.Context, projects []int64) (int64, error) {
	return d.kept.CountOf(ctx, projects)
}

func (d *storedDeadLetters) DeadLetter(ctx context.Context, id string) (logstore.DeadLetter, error) {
	if d.everything {
		return logstore.DeadLetter{}, d.failure
	}
	return d.kept.Get(ctx, id)
}

func (d *storedDeadLetters) DeleteDeadLetter(ctx context.Context, id string) error {
	return d.kept.Remove(ctx, id)
}

func (d *storedDeadLetters) ReplayDeadLetter(ctx context.Context, id string) error {
	letter, err := d.kept.Get(ctx, id)
	switch {
	case err != nil:
		return err
	case len(letter.Undecodable) > 0:
		return logstore.ErrUndecodable
	case d.failure != nil:
		return d.failure
	}
	if err := errors.Join(d.store.Append(ctx, letter.Logs), d.kept.Remove(ctx, id)); err != nil || !d.refusing {
		return err
	}
	letter.ID, letter.RefusedAt = "", time.Now()
	return d.kept.Add(ctx, []logstore.DeadLetter{letter})
}

// newServerWithDeadLetters starts the extension on a store with the letters, and
// returns their ids.
func newServerWithDeadLetters(t *testing.T, letters ...logstore.DeadLetter) (*server, *storedDeadLetters, []string) {
	t.Helper()
	kept, err := deadletters.Open(filepath.Join(t.TempDir(), "dead_letters.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, kept.Close()) })
	require.NoError(t, kept.Add(t.Context(), letters))
	stored := &storedDeadLetters{kept: kept}
	s := newServerWithStore(t, nil, func(store *memoryStore) component.Component {
		stored.storeExtension = &storeExtension{store: store, healthReporter: healthFunc(func() error { return nil }), documents: docstoretest.NewMemory()}
		return stored
	})
	ids := make([]string, len(letters))
	for n, letter := range letters {
		ids[n] = letter.ID
	}
	return s, stored, ids
}

func deadLetter(project int64, name string) logstore.DeadLetter {
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutInt(record.AttributeProjectID, project)
	log := resource.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	log.SetTimestamp(pcommon.NewTimestampFromTime(madeAt))
	log.Attributes().PutStr(record.AttributeID, name)
	log.Body().SetStr("text of " + name)
	return logstore.DeadLetter{
		ProjectID: project, RecordID: name, RefusedAt: madeAt, Reason: `too many "columns"`, Logs: logs,
	}
}

func undecodableLetter() logstore.DeadLetter {
	return logstore.DeadLetter{RefusedAt: madeAt, Reason: "it cannot be decoded", Undecodable: []byte("xyz")}
}

// mixedLetters are of project 1, of project 2, of none, and of project 1.
func mixedLetters() []logstore.DeadLetter {
	return []logstore.DeadLetter{deadLetter(1, "a"), deadLetter(2, "b"), undecodableLetter(), deadLetter(1, "c")}
}

type deadLetterPage struct {
	Results []struct {
		ID               string          `json:"id"`
		ProjectID        *int64          `json:"project_id"`
		RecordID         *string         `json:"record_id"`
		RefusedAt        time.Time       `json:"refused_at"`
		Reason           string          `json:"reason"`
		Record           json.RawMessage `json:"record"`
		UndecodableBytes *int            `json:"undecodable_bytes"`
	} `json:"results"`
	Next  *string `json:"next"`
	Count *int64  `json:"count"`
}

func (s *server) deadLetters(request request) (page deadLetterPage, ids []string) {
	s.t.Helper()
	answer := s.do(request)
	require.Equal(s.t, http.StatusOK, answer.status, answer.body)
	decodeStrictly(s.t, answer.body, &page)
	for _, result := range page.Results {
		ids = append(ids, result.ID)
	}
	return page, ids
}

func (s *server) post(path, token, body string) reply {
	s.t.Helper()
	return s.do(request{method: http.MethodPost, path: path, token: token, body: body})
}

func TestDeadLetterShapes(t *testing.T) {
	s, _, ids := newServerWithDeadLetters(t, deadLetter(1, "a"), undecodableLetter())
	first := fmt.Sprintf(`{"id":%q,"project_id":1,"record_id":"a","refused_at":"2023-10-27T09:00:00Z","reason":"too many \"columns\"",
		"record":{"timestamp":"2023-10-27T09:00:00Z","level":"UNSPECIFIED","service":"","message":"text of a",
			"details":{"id":"a","resource":{"docket.project.id":1}}},"undecodable_bytes":null}`, ids[0])
	second := fmt.Sprintf(`{"id":%q,"project_id":null,"record_id":null,"refused_at":"2023-10-27T09:00:00Z",
		"reason":"it cannot be decoded","record":null,"undecodable_bytes":3}`, ids[1])
	assert.JSONEq(t, `{"results":[`+first+`,`+second+`],"next":null,"count":2}`, s.get("/api/dead_letters/", adminToken).body)
	for n, want := range []string{first, second} {
		for _, slash := range []string{"", "/"} {
			answer := s.get("/api/dead_letters/"+ids[n]+slash, adminToken)
			assert.Equal(t, http.StatusOK, answer.status)
			assert.JSONEq(t, want, answer.body)
		}
	}
}

func TestWhoSeesWhichDeadLetters(t *testing.T) {
	s, _, ids := newServerWithDeadLetters(t, mixedLetters()...)
	a, b, none, c := ids[0], ids[1], ids[2], ids[3]
	header := func(project string) map[string]string { return map[string]string{"Docket-Project-Id": project} }
	for name, tt := range map[string]struct {
		request request
		want    []string
	}{
		"admin":                      {request{token: adminToken}, []string{a, b, none, c}},
		"admin, one project":         {request{token: adminToken, path: "?project_id=2"}, []string{b}},
		"admin, a project by header": {request{token: adminToken, header: header("2")}, []string{b}},
		"the parameter comes first":  {request{token: adminToken, path: "?project_id=1", header: header("2")}, []string{a, c}},
		"a reader":                   {request{token: readerToken}, []string{a, c}},
		"a writer":                   {request{token: writerToken, path: "?project_id=1"}, []string{a, c}},
		"several":                    {request{token: severalToken}, []string{a, b, c}},
		"several, one by UUID":       {request{token: severalToken, path: "?project_id=" + projectUUID(2)}, []string{b}},
		"of no project":              {request{token: projectless}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			tt.request.path = "/api/dead_letters/" + tt.request.path
			page, got := s.deadLetters(tt.request)
			assert.Equal(t, tt.want, got)
			assert.NotNil(t, page.Results)
			require.NotNil(t, page.Count)
			assert.Equal(t, int64(len(tt.want)), *page.Count)
			assert.Nil(t, page.Next)
		})
	}
	assertPostHogError(t, s.get("/api/dead_letters/?project_id=2", readerToken), 404, "invalid_request", "not_found", "")
	assertPostHogError(t, s.get("/api/dead_letters/", ingestToken), 403, "authentication_error", "permission_denied", "")

	// What one may not see is as if it were not there.
	for _, id := range []string{b, none, "0198a000-0000-7000-8000-000000000001", "x"} {
		assertPostHogError(t, s.get("/api/dead_letters/"+id+"/", readerToken), 404, "invalid_request", "not_found", "")
		assertPostHogError(t, s.post("/api/dead_letters/"+id+"/replay/", writerToken, ""), 404, "invalid_request", "not_found", "")
		assertPostHogError(t, s.do(request{method: http.MethodDelete, path: "/api/dead_letters/" + id, token: writerToken}),
			404, "invalid_request", "not_found", "")
	}
	_, all := s.deadLetters(request{path: "/api/dead_letters", token: adminToken})
	assert.Equal(t, ids, all, "nothing has happened to them")
}

func TestDeadLetterPages(t *testing.T) {
	letters := make([]logstore.DeadLetter, 130)
	for n := range letters {
		letters[n] = deadLetter(int64(n%2)+1, fmt.Sprint(n))
	}
	s, _, ids := newServerWithDeadLetters(t, letters...)
	for limit, want := range map[string]int{"": 20, "1": 1, "0": 20, "x": 20, "100": 100, "101": 100} {
		page, _ := s.deadLetters(request{path: "/api/dead_letters/?limit=" + limit, token: adminToken})
		assert.Len(t, page.Results, want, limit)
		assert.NotNil(t, page.Next)
	}
	var got []string
	for path := "/api/dead_letters/?limit=26&project_id=1"; ; {
		page, onPage := s.deadLetters(request{path: path, token: adminToken})
		got = append(got, onPage...)
		assert.Equal(t, int64(65), *page.Count)
		if page.Next == nil {
			break
		}
		next, err := url.Parse(*page.Next)
		require.NoError(t, err)
		assert.Equal(t, s.api.address.String(), next.Host)
		path = next.RequestURI()
	}
	require.Len(t, got, 65)
	assert.Equal(t, ids[0], got[0])
	assert.Equal(t, ids[128], got[64])
	assertPostHogError(t, s.get("/api/dead_letters/?after=x", adminToken), 400, "validation_error", "invalid_input", "after")
}

func TestReplayOfADeadLetter(t *testing.T) {
	s, stored, ids := newServerWithDeadLetters(t, mixedLetters()...)
	path := "/api/dead_letters/" + ids[0] + "/replay/"
	assertPostHogError(t, s.post(path, readerToken, ""), 403, "authentication_error", "permission_denied", "")

	stored.failure = &logstore.UnavailableError{Reason: "the disk is nearly full", RetryAfter: 30 * time.Second}
	unavailable := s.post(path, writerToken, "")
	assertPostHogError(t, unavailable, 503, "server_error", "service_unavailable", "")
	assert.Equal(t, "30", unavailable.header.Get("Retry-After"))

	stored.failure = nil
	answer := s.post(path, writerToken, "")
	assert.Equal(t, http.StatusAccepted, answer.status)
	assert.JSONEq(t, `{"status":"replayed"}`, answer.body)
	assert.Equal(t, []string{"text of a"}, s.logs("").messages())
	assertPostHogError(t, s.post(path, writerToken, ""), 404, "invalid_request", "not_found", "")

	undecodable := s.post("/api/dead_letters/"+ids[2]+"/replay", adminToken, "")
	assertPostHogError(t, undecodable, 409, "invalid_request", "undecodable", "")
	assert.Contains(t, undecodable.body, "Start the version that wrote it")
	assert.Equal(t, http.StatusOK, s.get("/api/dead_letters/"+ids[2], adminToken).status, "it is still there")
}

func TestDeleteADeadLetter(t *testing.T) {
	s, _, ids := newServerWithDeadLetters(t, mixedLetters()...)
	remove := request{method: http.MethodDelete, path: "/api/dead_letters/" + ids[0] + "/", token: readerToken}
	assertPostHogError(t, s.do(remove), 403, "authentication_error", "permission_denied", "")
	remove.token = writerToken
	answer := s.do(remove)
	assert.Equal(t, http.StatusNoContent, answer.status)
	assert.Empty(t, answer.body)
	assertPostHogError(t, s.do(remove), 404, "invalid_request", "not_found", "")
	_, left := s.deadLetters(request{path: "/api/dead_letters", token: adminToken})
	assert.Equal(t, ids[1:], left)
	assert.Empty(t, s.logs("").messages())
}

func TestReplayOfSeveral(t *testing.T) {
	for name, tt := range map[string]struct {
		token, body string
		replayed    int
		failed      []int
		after       int
	}{
		"all":                 {adminToken, ``, 3, []int{2}, 3},
		"a project":           {adminToken, `{"project_id":2}`, 1, nil, 1},
		"what one may write":  {writerToken, `{}`, 2, nil, 3},
		"nobody else's":       {writerToken, `{"project_id":"1"}`, 2, nil, 3},
		"a project's by UUID": {adminToken, `{"project_id":"` + projectUUID(1) + `"}`, 2, nil, 3},
	} {
		t.Run(name, func(t *testing.T) {
			s, stored, ids := newServerWithDeadLetters(t, mixedLetters()...)
			answer := s.post("/api/dead_letters/replay/", tt.token, tt.body)
			require.Equal(t, http.StatusAccepted, answer.status, answer.body)
			var got replays
			decodeStrictly(t, answer.body, &got)
			assert.Equal(t, tt.replayed, got.Replayed)
			assert.False(t, got.Remaining)
			assert.Equal(t, ids[tt.after], *got.After)
			require.Len(t, got.Failed, len(tt.failed))
			for n, failed := range tt.failed {
				assert.Equal(t, ids[failed], got.Failed[n].ID)
				assert.Contains(t, got.Failed[n].Detail, "cannot read")
			}
			assert.Equal(t, int64(len(ids)-tt.replayed), stored.kept.Count())
		})
	}
}

func TestReplayOfSeveralGoesOnBehindAnother(t *testing.T) {
	s, stored, ids := newServerWithDeadLetters(t, mixedLetters()...)
	answer := s.post("/api/dead_letters/replay/", adminToken, fmt.Sprintf(`{"after":%q}`, ids[2]))
	assert.JSONEq(t, fmt.Sprintf(`{"replayed":1,"failed":[],"remaining":false,"after":%q}`, ids[3]), answer.body)
	assert.Equal(t, int64(3), stored.kept.Count())
	answer = s.post("/api/dead_letters/replay/", writerToken, `{"after":"ffffffff-ffff-7fff-bfff-ffffffffffff"}`)
	assert.JSONEq(t, `{"replayed":0,"failed":[],"remaining":false,"after":"ffffffff-ffff-7fff-bfff-ffffffffffff"}`, answer.body)
}

func TestReplayOfSeveralIsBounded(t *testing.T) {
	letters := make([]logstore.DeadLetter, maxReplays+1)
	for n := range letters {
		letters[n] = deadLetter(1, fmt.Sprint(n))
		letters[n].Undecodable = []byte(fmt.Sprint(n)) // which is tried at once
	}
	letters[maxReplays].Undecodable = nil
	s, _, ids := newServerWithDeadLetters(t, letters...)
	var got replays
	decodeStrictly(t, s.post("/api/dead_letters/replay/", adminToken, "").body, &got)
	assert.Zero(t, got.Replayed)
	assert.Len(t, got.Failed, maxReplays)
	assert.True(t, got.Remaining)
	require.Equal(t, ids[maxReplays-1], *got.After)
	answer := s.post("/api/dead_letters/replay/", adminToken, fmt.Sprintf(`{"after":%q}`, *got.After))
	assert.JSONEq(t, fmt.Sprintf(`{"replayed":1,"failed":[],"remaining":false,"after":%q}`, ids[maxReplays]), answer.body)
}

// What the backend refuses again is not tried for ever.
func TestReplayOfSeveralThatAreRefusedAgain(t *testing.T) {
	s, stored, ids := newServerWithDeadLetters(t, deadLetter(1, "a"), deadLetter(1, "b"))
	stored.refusing = true
	answer := s.post("/api/dead_letters/replay", writerToken, "")
	assert.JSONEq(t, fmt.Sprintf(`{"replayed":2,"failed":[],"remaining":false,"after":%q}`, ids[1]), answer.body)
	assert.Equal(t, int64(2), stored.kept.Count())
}

func TestReplayOfSeveralThatCannotGoOn(t *testing.T) {
	s, stored, _ := newServerWithDeadLetters(t, mixedLetters()...)
	stored.failure = &logstore.UnavailableError{Reason: "the disk is nearly full", RetryAfter: 30 * time.Second}
	answer := s.post("/api/dead_letters/replay/", adminToken, "")
	assertPostHogError(t, answer, 503, "server_error", "service_unavailable", "")
	assert.Equal(t, "30", answer.header.Get("Retry-After"))
	assert.Equal(t, int64(4), stored.kept.Count())
}

func TestReplayErrors(t *testing.T) {
	s, _, _ := newServerWithDeadLetters(t, mixedLetters()...)
	const path = "/api/dead_letters/replay/"
	assertPostHogError(t, s.post(path, readerToken, ""), 403, "authentication_error", "permission_denied", "")
	assertPostHogError(t, s.post(path, writerToken, `{"project_id":2}`), 404, "invalid_request", "not_found", "")
	assertPostHogError(t, s.post(path, writerToken, `{"project_id":[]}`), 400, "validation_error", "invalid_input", "project_id")
	assertPostHogError(t, s.post(path, writerToken, `{"after":"x"}`), 400, "validation_error", "invalid_input", "after")
	assertPostHogError(t, s.post(path, writerToken, `{"after":{}}`), 400, "validation_error", "invalid_input", "after")
	assertPostHogError(t, s.post(path, writerToken, `[`), 400, "invalid_request", "parse_error", "")
	assertPostHogError(t, s.get(path, writerToken), 405, "invalid_request", "method_not_allowed", "")
}

func TestAStoreThatFails(t *testing.T) {
	s, stored, ids := newServerWithDeadLetters(t, mixedLetters()...)
	stored.everything, stored.failure = true, errors.New("the file is gone")
	for _, path := range []string{"/api/dead_letters/", "/api/dead_letters/" + ids[0]} {
		answer := s.get(path, adminToken)
		assertPostHogError(t, answer, 500, "server_error", "error", "")
		assert.NotContains(t, answer.body, "gone")
	}
	assertPostHogError(t, s.post("/api/dead_letters/replay", adminToken, ""), 500, "server_error", "error", "")
	stored.failure = logstore.ErrClosed
	assertPostHogError(t, s.get("/api/dead_letters/", adminToken), 503, "server_error", "service_unavailable", "")
}

func TestAStoreWithoutDeadLetters(t *testing.T) {
	s := newServer(t, nil)
	for path, method := range map[string]string{
		"/api/dead_letters/": http.MethodGet, "/api/dead_letters/x": http.MethodDelete, "/api/dead_letters/x/replay": http.MethodPost,
		"/api/dead_letters/replay/": http.MethodPost,
	} {
		answer := s.do(request{method: method, path: path, token: writerToken})
		assertPostHogError(t, answer, 501, "server_error", "not_implemented", "")
		assert.Contains(t, answer.body, "keeps no dead letters")
	}
}
