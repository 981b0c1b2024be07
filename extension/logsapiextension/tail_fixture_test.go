package logsapiextension

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/docketlog/docket/extension/logsapiextension/internal/metadata"
	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/docstore/docstoretest"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// followedStore is a store whose tails bring what a test publishes. What is published is
// not found before it is made findable.
type followedStore struct {
	*memoryStore

	mu    sync.Mutex
	tails map[*followedTail]struct{}
}

var _ logstore.Tailer = (*followedStore)(nil)

// Tail implements logstore.Tailer.
func (s *followedStore) Tail(projectID int64, expression filter.Expression, buffer int) (logstore.Tail, error) {
	matcher, err := filter.Compile(expression)
	if err != nil {
		return nil, err
	}
	tail := &followedTail{store: s, projectID: projectID, matcher: matcher, buffer: buffer, news: make(chan struct{}, 1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tails[tail] = struct{}{}
	return tail, nil
}

// publish brings records to the tails that are open.
func (s *followedStore) publish(records ...record.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for tail := range s.tails {
		for _, r := range records {
			switch {
			case r.ProjectID() != tail.projectID || !tail.matcher.Matches(r):
			case len(tail.waiting) < tail.buffer:
				tail.waiting = append(tail.waiting, r)
			default:
				tail.dropped++
			}
		}
		tail.wake()
	}
}

// makeFindable lets searches find records.
func (s *followedStore) makeFindable(t *testing.T, records ...record.Record) {
	t.Helper()
	require.NoError(t, s.Apply(t.Context(), records, false))
}

func (s *followedStore) open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.tails)
}

// followedTail is a tail. The store's mutex guards what changes.
type followedTail struct {
	store     *followedStore
	projectID int64
	matcher   *filter.Matcher
	buffer    int
	waiting   []record.Record
	dropped   int64
	news      chan struct{}
}

func (f *followedTail) wake() {
	select {
	case f.news <- struct{}{}:
	default:
	}
}

// Next implements logstore.Tail.
func (f *followedTail) Next(ctx context.Context) ([]record.Record, int64, error) {
	for {
		f.store.mu.Lock()
		records, dropped := f.waiting, f.dropped
		f.waiting, f.dropped = nil, 0
		f.store.mu.Unlock()
		if len(records) > 0 || dropped > 0 {
			return records, dropped, nil
		}
		select {
		case <-f.news:
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		}
	}
}

// Close implements logstore.Tail.
func (f *followedTail) Close() {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	delete(f.store.tails, f)
}

// recordsOf returns the records of entries.
func recordsOf(t *testing.T, entries ...logEntry) []record.Record {
	t.Helper()
	var records []record.Record
	for _, entry := range entries {
		scratch := &server{t: t, store: &memoryStore{}}
		scratch.addEntries(entry)
		found, err := scratch.store.Search(t.Context(), logstore.Query{ProjectID: max(entry.project, 1), Limit: 1})
		require.NoError(t, err)
		records = append(records, found...)
	}
	return records
}

// numbered are entries of one second each, from a number to another.
func numbered(from, to int) []logEntry {
	var entries []logEntry
	for n := from; n <= to; n++ {
		at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Second)
		entries = append(entries, logEntry{
			id: n, at: at.Format(time.RFC3339), severity: 9, service: "api", body: fmt.Sprintf("event %d", n),
		})
	}
	return entries
}

// newTailServer starts the extension with a store that can be followed. Adjust changes
// times that are long; it may be nil.
func newTailServer(t *testing.T, configure func(*Config), adjust func(*tailTimes)) (*server, *followedStore) {
	t.Helper()
	config := createDefaultConfig().(*Config)
	config.Server.NetAddr.Endpoint = "127.0.0.1:0"
	if configure != nil {
		configure(config)
	}
	require.NoError(t, config.Validate())
	core, log := observer.New(zap.DebugLevel)
	settings := extensiontest.NewNopSettings(metadata.Type)
	settings.Logger = zap.New(core)
	s := &server{t: t, api: newLogsAPI(config, settings), store: &memoryStore{}, directory: newMemoryDirectory(), log: log}
	s.client.Transport = &http.Transport{}
	s.api.tailTimes.findable = 50 * time.Millisecond
	if adjust != nil {
		adjust(&s.api.tailTimes)
	}
	store := &followedStore{memoryStore: s.store, tails: map[*followedTail]struct{}{}}
	host := newTestHost(s.store, s.directory, nil)
	host.extensions[component.MustNewID("log_store")] = &followedExtension{store: store, documents: docstoretest.NewMemory()}
	require.NoError(t, s.api.Start(t.Context(), host))
	t.Cleanup(func() {
		s.client.CloseIdleConnections()
		require.NoError(t, s.api.Shutdown(context.Background()))
		assert.Zero(t, store.open(), "every tail is closed")
	})
	return s, store
}

type followedExtension struct {
	component.StartFunc
	component.ShutdownFunc
	store     *followedStore
	documents docstore.Store
}

func (e *followedExtension) LogStore() logstore.Store { return e.store }

func (e *followedExtension) Documents() docstore.Store { return e.documents }

// sentEvent is an event, or a comment, of a tail.
type sentEvent struct{ id, name, data, comment, retry string }

// liveTail is a tail that a test reads.
type liveTail struct {
	t        *testing.T
	response *http.Response
	lines    *bufio.Scanner
}

// follow starts a tail of project 1, and returns when it has begun.
func (s *server) follow(parameters string) *liveTail {
	s.t.Helper()
	return s.followAs(readerToken, "/api/projects/1/logs/tail?"+parameters)
}

// send returns the answer with its body unread.
func (s *server) send(method, path, token string) *http.Response {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.api.address.String()+path, nil)
	require.NoError(s.t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := s.client.Do(request)
	require.NoError(s.t, err)
	return response
}

func (s *server) followAs(token, path string) *liveTail {
	s.t.Helper()
	response := s.send(http.MethodGet, path, token)
	s.t.Cleanup(func() { _ = response.Body.Close() })
	require.Equal(s.t, http.StatusOK, response.StatusCode)
	tail := &liveTail{t: s.t, response: response, lines: bufio.NewScanner(response.Body)}
	tail.lines.Buffer(nil, 1<<20)
	assert.Equal(s.t, sentEvent{retry: "2000"}, tail.next())
	return tail
}

// next reads an event; the end of the answer is none.
func (l *liveTail) next() (event sentEvent) {
	l.t.Helper()
	for l.lines.Scan() {
		line := l.lines.Text()
		if line == "" {
			return event
		}
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case "id":
			event.id = value
		case "event":
			event.name = value
		case "data":
			event.data = value
		case "retry":
			event.retry = value
		case "":
			event.comment = value
		default:
			l.t.Errorf("no line of an event: %q", line)
		}
	}
	return event
}

// bodies are those of the next records, of which there must be so many.
func (l *liveTail) bodies(count int) string {
	l.t.Helper()
	var bodies []string
	for range count {
		event := l.next()
		require.Equal(l.t, "log", event.name, "%+v", event)
		var row struct {
			Body string `json:"body"`
		}
		require.NoError(l.t, json.Unmarshal([]byte(event.data), &row))
		bodies = append(bodies, strings.TrimPrefix(row.Body, "event "))
	}
	return strings.Join(bodies, " ")
}

// end is the reason of the event with which a tail ends.
func (l *liveTail) end() string {
	l.t.Helper()
	event := l.next()
	require.Equal(l.t, "end", event.name, "%+v", event)
	var data struct {
		Reason string `json:"reason"`
	}
	decodeStrictly(l.t, event.data, &data)
	assert.Equal(l.t, sentEvent{}, l.next(), "nothing follows")
	return data.Reason
}
