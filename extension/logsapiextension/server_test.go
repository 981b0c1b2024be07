package logsapiextension

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/docketlog/docket/extension/logsapiextension/internal/metadata"
	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/docstore/docstoretest"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/tenant"
)

// testHost is a host with the given extensions.
type testHost struct {
	component.Host
	extensions map[component.ID]component.Component
}

func (h testHost) GetExtensions() map[component.ID]component.Component { return h.extensions }

// storeExtension stands for log_store.
type storeExtension struct {
	component.StartFunc
	component.ShutdownFunc
	healthReporter
	store     *memoryStore
	documents docstore.Store
}

func (e *storeExtension) LogStore() logstore.Store { return e.store }

func (e *storeExtension) Documents() docstore.Store { return e.documents }

// directoryExtension stands for project_key, which reports no health.
type directoryExtension struct {
	component.StartFunc
	component.ShutdownFunc
	directory tenant.Directory
	// observe is told of failed sign-ins.
	observe func(ctx context.Context, headers map[string][]string)
}

func (e *directoryExtension) Directory() tenant.Directory { return e.directory }

func (e *directoryExtension) ObserveFailedSignIns(observe func(context.Context, map[string][]string)) {
	e.observe = observe
}

// newLifecycleHost is the host of the generated tests.
func newLifecycleHost() component.Host {
	return newTestHost(&memoryStore{}, newMemoryDirectory(), nil)
}

func newTestHost(store *memoryStore, directory tenant.Directory, health healthReporter) testHost {
	if health == nil {
		health = healthFunc(func() error { return nil })
	}
	return testHost{Host: componenttest.NewNopHost(), extensions: map[component.ID]component.Component{
		component.MustNewID("log_store"):   &storeExtension{store: store, healthReporter: health, documents: docstoretest.NewMemory()},
		component.MustNewID("project_key"): &directoryExtension{directory: directory},
	}}
}

// server is the extension, listening.
type server struct {
	t         *testing.T
	api       *logsAPI
	store     *memoryStore
	directory *memoryDirectory
	log       *observer.ObservedLogs
	client    http.Client
}

// newServer starts the extension with an empty store; configure may be nil.
func newServer(t *testing.T, configure func(*Config)) *server {
	t.Helper()
	return newServerWithHealth(t, configure, nil)
}

func newServerWithHealth(t *testing.T, configure func(*Config), health healthReporter) *server {
	t.Helper()
	return newServerWithStore(t, configure, func(store *memoryStore) component.Component {
		return newTestHost(store, nil, health).extensions[component.MustNewID("log_store")]
	})
}

// newServerWithStore starts the extension with an extension for log_store that is
// made of an empty store, and with others beside it.
func newServerWithStore(
	t *testing.T, configure func(*Config), storeExtension func(*memoryStore) component.Component,
	others ...map[component.ID]component.Component,
) *server {
	t.Helper()
	config := createDefaultConfig().(*Config)
	config.Server.NetAddr.Endpoint = "127.0.0.1:0"
	if configure != nil {
		configure(config)
	}
	require.NoError(t, config.Validate())
	core, log := observer.New(zap.InfoLevel)
	settings := extensiontest.NewNopSettings(metadata.Type)
	settings.ID = component.NewID(metadata.Type) // as each replica has it
	settings.Logger = zap.New(core)
	settings.BuildInfo = component.BuildInfo{Command: "docket", Version: "1.2.3"}
	created, err := NewFactory().Create(t.Context(), settings, config)
	require.NoError(t, err)

	s := &server{t: t, api: created.(*logsAPI), store: &memoryStore{}, directory: newMemoryDirectory(), log: log}
	s.client.Transport = &http.Transport{}
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	host := newTestHost(s.store, s.directory, nil)
	host.extensions[component.MustNewID("log_store")] = storeExtension(s.store)
	for _, other := range others {
		maps.Copy(host.extensions, other)
	}
	require.NoError(t, s.api.Start(t.Context(), host))
	t.Cleanup(func() {
		s.client.CloseIdleConnections()
		require.NoError(t, s.api.Shutdown(context.Background()))
	})
	return s
}

// reply is the answer to a request.
type reply struct {
	status int
	header http.Header
	body   string
}

// request is what a test sends; the zero value of a field leaves it out.
type request struct {
	method, path, token, body string
	header                    map[string]string
}

func (s *server) do(request request) reply {
	s.t.Helper()
	if request.method == "" {
		request.method = http.MethodGet
	}
	httpRequest, err := http.NewRequestWithContext(s.t.Context(), request.method, "http://"+s.api.address.String()+request.path,
		strings.NewReader(request.body))
	require.NoError(s.t, err)
	if request.body != "" {
		httpRequest.Header.Set("Content-Type", "application/json")
	}
	if request.token != "" {
		httpRequest.Header.Set("Authorization", "Bearer "+request.token)
	}
	for name, value := range request.header {
		httpRequest.Header.Set(name, value)
	}
	response, err := s.client.Do(httpRequest)
	require.NoError(s.t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	require.NoError(s.t, response.Body.Close())
	if len(body) > 0 {
		assert.Equal(s.t, "application/json", response.Header.Get("Content-Type"), request.path)
		assert.True(s.t, json.Valid(body), "%s: %s", request.path, body)
		assert.Equal(s.t, "nosniff", response.Header.Get("X-Content-Type-Options"), request.path)
	}
	return reply{status: response.StatusCode, header: response.Header, body: string(body)}
}

func (s *server) get(path, token string) reply {
	s.t.Helper()
	return s.do(request{path: path, token: token})
}

// postHogError is the shape of errors under /api/.
type postHogError struct {
	Type   string  `json:"type"`
	Code   string  `json:"code"`
	Detail string  `json:"detail"`
	Attr   *string `json:"attr"`
}

// assertPostHogError checks an error under /api/; attr "" stands for null.
func assertPostHogError(t *testing.T, answer reply, status int, kind, code, attr string) {
	t.Helper()
	assert.Equal(t, status, answer.status, answer.body)
	var got postHogError
	decodeStrictly(t, answer.body, &got)
	assert.Equal(t, kind, got.Type, answer.body)
	assert.Equal(t, code, got.Code, answer.body)
	assert.NotEmpty(t, got.Detail)
	if attr == "" {
		assert.Nil(t, got.Attr, answer.body)
	} else if assert.NotNil(t, got.Attr, answer.body) {
		assert.Equal(t, attr, *got.Attr)
	}
}

// assertStatusError checks an error outside /api/ and returns its message.
func assertStatusError(t *testing.T, answer reply, status int) string {
	t.Helper()
	assert.Equal(t, status, answer.status, answer.body)
	var got struct {
		Status  string `json:"status"`
		Message string `json:"message"`
	}
	decodeStrictly(t, answer.body, &got)
	assert.Equal(t, "error", got.Status)
	assert.NotEmpty(t, got.Message)
	return got.Message
}

// decodeStrictly decodes JSON that has no other fields than into has.
func decodeStrictly(t *testing.T, text string, into any) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(into), text)
}

// readCaptures returns requests of real clients.
func readCaptures(t *testing.T, file string) []request {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	var requests []request
	for scanner := bufio.NewScanner(bytes.NewReader(content)); scanner.Scan(); {
		var captured struct {
			Method  string      `json:"method"`
			Path    string      `json:"path"`
			Headers [][2]string `json:"headers"`
			Body    string      `json:"body"`
		}
		require.NoError(t, json.Unmarshal(scanner.Bytes(), &captured))
		replayed := request{method: captured.Method, path: captured.Path, body: captured.Body, header: map[string]string{}}
		for _, header := range captured.Headers {
			switch name := http.CanonicalHeaderKey(header[0]); name {
			case "Host", "Connection", "Authorization": // of the capture's own server
			default:
				replayed.header[name] = header[1]
			}
		}
		requests = append(requests, replayed)
	}
	require.NotEmpty(t, requests)
	return requests
}
