package auditlogreceiver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/internal/tenant"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/metadata"
)

// testServer is a started receiver with a pipeline that keeps what it gets.
type testServer struct {
	t        *testing.T
	url      string
	client   *http.Client
	pipeline *pipeline
}

// start starts a receiver with the default configuration, changed by change, on a
// free port. It has no authenticator unless change sets one.
func start(t *testing.T, change func(*Config)) *testServer {
	t.Helper()
	return startWith(t, &pipeline{}, nil, change)
}

// startWith is start with a given pipeline, and with extensions beside the
// authenticator.
func startWith(t *testing.T, next *pipeline, extensions map[component.ID]component.Component, change func(*Config)) *testServer {
	t.Helper()
	return startIn(t, receivertest.NewNopSettings(metadata.Type), next, extensions, change)
}

// startIn is startWith in a collector with the given telemetry.
func startIn(
	t *testing.T, settings receiver.Settings, next *pipeline, extensions map[component.ID]component.Component, change func(*Config),
) *testServer {
	t.Helper()
	config := createDefaultConfig().(*Config)
	config.ServerConfig.NetAddr.Endpoint = "127.0.0.1:0"
	if change != nil {
		change(config)
	}
	require.NoError(t, config.Validate())
	r, err := newReceiver(config, settings, next)
	require.NoError(t, err)
	require.NoError(t, r.Start(context.Background(), testHost{extensions: extensions}))
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		require.NoError(t, r.Shutdown(context.Background()))
	})
	return &testServer{
		t: t, url: "http://" + r.listener.Addr().String(), client: &http.Client{Transport: transport}, pipeline: next,
	}
}

// startWithKeys starts a receiver whose authenticator knows the keys below.
func startWithKeys(t *testing.T) *testServer {
	t.Helper()
	return start(t, withKeys)
}

func withKeys(config *Config) {
	config.ServerConfig.Auth = configoptional.Some(confighttp.AuthConfig{
		Config: configauth.Config{AuthenticatorID: authenticatorID},
	})
}

// answer is what a client gets.
type answer struct {
	status int
	header http.Header
	body   string
}

// json returns the body, which must be a JSON object.
func (a answer) json(t *testing.T) map[string]any {
	t.Helper()
	require.Equal(t, "application/json", a.header.Get("Content-Type"))
	var object map[string]any
	require.NoError(t, json.Unmarshal([]byte(a.body), &object), a.body)
	return object
}

// post sends a body as application/json; headers are pairs of names and values.
func (s *testServer) post(path, body string, headers ...string) answer {
	s.t.Helper()
	return s.send(http.MethodPost, path, strings.NewReader(body), headers...)
}

func (s *testServer) send(method, path string, body io.Reader, headers ...string) answer {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, body)
	require.NoError(s.t, err)
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] == "" {
			request.Header.Del(headers[i])
			continue
		}
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := s.client.Do(request)
	require.NoError(s.t, err)
	defer func() { require.NoError(s.t, response.Body.Close()) }()
	text, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	return answer{status: response.StatusCode, header: response.Header, body: string(text)}
}

// only returns the only record that the pipeline has got.
func (s *testServer) only() record.Record {
	s.t.Helper()
	records := s.pipeline.records()
	require.Len(s.t, records, 1)
	return records[0]
}

// pipeline is a consumer that keeps logs, or refuses them with err.
type pipeline struct {
	consumertest.LogsSink

	mu    sync.Mutex
	err   error
	calls int
	// before is called at the start of each call, without mu.
	before func()
	// stored is called with what is taken, without mu.
	stored func(plog.Logs)
	// contexts are those of the calls.
	contexts []context.Context
}

func (p *pipeline) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	p.mu.Lock()
	p.calls++
	p.contexts = append(p.contexts, ctx)
	err, before := p.err, p.before
	p.mu.Unlock()
	if before != nil {
		before()
	}
	if err != nil {
		return err
	}
	if p.stored != nil {
		p.stored(logs)
	}
	return p.LogsSink.ConsumeLogs(ctx, logs)
}

func (p *pipeline) refuseWith(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
}

func (p *pipeline) callCount() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls
}

func (p *pipeline) records() []record.Record {
	var records []record.Record
	for _, logs := range p.AllLogs() {
		for r := range record.All(logs) {
			records = append(records, r)
		}
	}
	return records
}

var authenticatorID = component.MustNewID("fake_key")

// The organization and the projects of the test keys.
var (
	acme     = tenant.Organization{ID: "0197a000-0000-7000-8000-000000000001", Slug: "acme"}
	shop     = tenant.Project{ID: 7, UUID: "f1f2f3f4-0000-4000-8000-000000000001", OrganizationID: acme.ID}
	intranet = tenant.Project{ID: 8, UUID: "f1f2f3f4-0000-4000-8000-000000000002", OrganizationID: acme.ID}
)

// identityOf returns whom a test key belongs to.
func identityOf(key string) (*tenant.Identity, bool) {
	identity := &tenant.Identity{Organization: acme, Scopes: []tenant.Scope{tenant.ScopeWrite}}
	switch key {
	case "one", "1|with-pipe":
		identity.Projects = []tenant.Project{shop}
	case "several":
		identity.Projects = []tenant.Project{shop, intranet}
	case "reader":
		identity.Projects = []tenant.Project{shop}
		identity.Scopes = []tenant.Scope{tenant.ScopeRead}
	case "admin":
		identity = &tenant.Identity{Admin: true, Projects: []tenant.Project{shop}}
	default:
		return nil, false
	}
	return identity, true
}

// testHost has the fake authenticator and further extensions.
type testHost struct {
	component.Host
	extensions map[component.ID]component.Component
}

func (h testHost) GetExtensions() map[component.ID]component.Component {
	all := map[component.ID]component.Component{authenticatorID: fakeAuthenticator{}}
	maps.Copy(all, h.extensions)
	return all
}

// keyUnavailable is the key of which cannot be told whose it is.
const keyUnavailable = "unavailable"

// throttled in front of a key is the same key, used too often.
const throttled = "throttled "

// fakeAuthenticator finds keys where project_key does.
type fakeAuthenticator struct {
	component.StartFunc
	component.ShutdownFunc
}

func (fakeAuthenticator) Authenticate(ctx context.Context, sources map[string][]string) (context.Context, error) {
	header := http.Header(sources)
	key := header.Get("token")
	if key == "" {
		key = strings.TrimPrefix(header.Get("Authorization"), "Bearer ")
	}
	if key == keyUnavailable {
		return ctx, fmt.Errorf("authenticate: %w", &tenant.UnavailableError{Reason: "the store does not answer", RetryAfter: 3 * time.Second})
	}
	identity, ok := identityOf(strings.TrimPrefix(key, throttled))
	if !ok {
		return ctx, errors.New("the key is missing or unknown")
	}
	if strings.HasPrefix(key, throttled) {
		identity.Throttled = &tenant.ThrottledError{RequestsPerSecond: 20, RetryAfter: 1500 * time.Millisecond}
	}
	for _, name := range []string{"Docket-Project-Id", "X-Cm-Projectid"} {
		if project := header.Get(name); project != "" {
			identity.NamedProject = project
		}
	}
	info := client.FromContext(ctx)
	info.Auth = identity
	return client.NewContext(ctx, info), nil
}
