package logsapiextension

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// Every API says in its own shape that there are too many queries, and when to come back.
func TestTooManyQueries(t *testing.T) {
	s := newEventServer(t)
	s.store.failure = &logstore.TooManyQueriesError{Reason: "64 are being answered", RetryAfter: 1500 * time.Millisecond}
	const says = "There are too many queries: 64 are being answered. Please try again later."
	assertLater := func(answer reply) {
		t.Helper()
		assert.Equal(t, "2", answer.header.Get("Retry-After"))
		assert.Contains(t, answer.body, says)
	}

	logs := s.get("/logs", readerToken)
	assert.Equal(t, says, assertStatusError(t, logs, http.StatusTooManyRequests))
	assertLater(logs)
	events := s.events("")
	assertEventError(t, events, http.StatusTooManyRequests, "TOO_MANY_REQUESTS", "")
	assertLater(events)

	questions := map[string]reply{}
	for _, path := range []string{
		"attributes", "values?key=x", "has_logs", "export?query={}", entryID(1), entryID(1) + "/context",
	} {
		questions[path] = s.get("/api/projects/1/logs/"+path, readerToken)
	}
	for _, question := range postQuestions() {
		if question != "export" {
			questions[question] = s.ask(question, `{"query":{"facetAttribute":"x","groupBy":"x"}}`)
		}
	}
	for name, answer := range questions {
		t.Run(name, func(t *testing.T) {
			assertPostHogError(t, answer, http.StatusTooManyRequests, "throttled_error", "throttled", "")
			assertLater(answer)
		})
	}
}

func TestPageThatTakesTooMuchMemory(t *testing.T) {
	s := newServer(t, nil)
	s.addEntries(logEntry{id: 1, at: "2026-11-20T10:00:00Z", severity: 9, service: "api", body: "large"})
	const reason = "the records found take more than 128 MiB of memory: ask for fewer at a time"
	s.store.pages = func(ctx context.Context, query logstore.Query) ([]record.Record, error) {
		if query.Limit > 3 {
			return nil, &logstore.TooExpensiveError{Reason: reason, IsPageTooLarge: true}
		}
		return s.store.Reference.Search(ctx, query)
	}
	assert.Equal(t, "the query is too expensive: "+reason, assertStatusError(t, s.get("/logs", readerToken), http.StatusBadRequest))
	assert.Equal(t, http.StatusOK, s.get("/logs?limit=3", readerToken).status)
	const all = `{"query":{"dateRange":{"date_from":"2026-11-20"}}}`
	answer := s.ask("query", all)
	assert.Equal(t, http.StatusOK, answer.status, "it is put together of smaller ones: %s", answer.body)
	assert.Contains(t, answer.body, `"body":"large"`)
}

// An export that has begun is not broken off because others ask as well.
func TestExportWaitsForOthers(t *testing.T) {
	s := newServer(t, nil)
	pages, refused := manyRecords(3000), atomic.Int64{}
	s.store.pages = func(ctx context.Context, query logstore.Query) ([]record.Record, error) {
		if query.After != nil && refused.Add(1)%2 == 1 {
			return nil, &logstore.TooManyQueriesError{Reason: "64 are being answered", RetryAfter: time.Millisecond}
		}
		return pages(ctx, query)
	}
	got, _ := s.export(request{path: exportPath("columns=uuid")})
	assert.Equal(t, 3001, strings.Count(got, "\r\n"))
	assert.Positive(t, refused.Load())
}

// When the client goes, what it has asked for ends.
func TestQuestionsEndWhenTheClientGoes(t *testing.T) {
	s := newServer(t, nil)
	s.store.slow = true
	for name, send := range map[string]func(ctx context.Context) (*http.Request, error){
		"logs": func(ctx context.Context) (*http.Request, error) {
			return http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.api.address.String()+"/logs", nil)
		},
		"count": func(ctx context.Context) (*http.Request, error) {
			return http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.api.address.String()+"/api/projects/1/logs/count", strings.NewReader(`{"query":{}}`))
		},
		"query": func(ctx context.Context) (*http.Request, error) {
			return http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.api.address.String()+"/api/projects/1/logs/query", strings.NewReader(`{"query":{}}`))
		},
		"record": func(ctx context.Context) (*http.Request, error) {
			return http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.api.address.String()+"/api/projects/1/logs/"+entryID(1), nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			ended := s.store.ended.Load()
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			request, err := send(ctx)
			require.NoError(t, err)
			request.Header.Set("Authorization", "Bearer "+readerToken)
			request.Header.Set("Content-Type", "application/json")
			began := time.Now()
			response, err := s.client.Do(request)
			if err == nil {
				_ = response.Body.Close()
			}
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Eventually(t, func() bool { return s.store.ended.Load() > ended }, 10*time.Second, time.Millisecond)
			assert.Less(t, time.Since(began), defaultQueryTimeout/2)
		})
	}
}
