package logsapiextension

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension/extensiontest"

	"github.com/docketlog/docket/extension/logsapiextension/internal/metadata"
)

func newUnstarted(endpoint string) *logsAPI {
	config := createDefaultConfig().(*Config)
	config.Server.NetAddr.Endpoint = endpoint
	return newLogsAPI(config, extensiontest.NewNopSettings(metadata.Type))
}

func TestDependencies(t *testing.T) {
	assert.Equal(t, []component.ID{component.MustNewID("log_store"), component.MustNewID("project_key")},
		newUnstarted("").Dependencies())
}

func TestStartNeedsItsExtensions(t *testing.T) {
	store, directory := component.MustNewID("log_store"), component.MustNewID("project_key")
	for name, tt := range map[string]struct {
		change  func(extensions map[component.ID]component.Component)
		message string
	}{
		"no store": {
			func(extensions map[component.ID]component.Component) { delete(extensions, store) },
			`store: there is no extension "log_store"`,
		},
		"no authenticator": {
			func(extensions map[component.ID]component.Component) { delete(extensions, directory) },
			`authenticator: there is no extension "project_key"`,
		},
		"another extension as store": {
			func(extensions map[component.ID]component.Component) { extensions[store] = extensions[directory] },
			`store: the extension "log_store" does not provide a log store`,
		},
		"another extension as authenticator": {
			func(extensions map[component.ID]component.Component) { extensions[directory] = extensions[store] },
			`authenticator: the extension "project_key" does not provide a directory of keys`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			host := newTestHost(&memoryStore{}, newMemoryDirectory(), nil)
			tt.change(host.extensions)
			api := newUnstarted("127.0.0.1:0")
			require.ErrorContains(t, api.Start(t.Context(), host), tt.message)
			require.NoError(t, api.Shutdown(t.Context()))
		})
	}
}

func TestStartOnAUsedAddress(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, listener.Close()) }()
	api := newUnstarted(listener.Addr().String())
	require.ErrorContains(t, api.Start(t.Context(), newLifecycleHost()), "listen on "+listener.Addr().String())
	require.NoError(t, api.Shutdown(t.Context()))
}

// statusHost takes status events.
type statusHost struct {
	testHost
	events chan *componentstatus.Event
}

func (h statusHost) Report(event *componentstatus.Event) { h.events <- event }

func TestAServerThatFailsIsReported(t *testing.T) {
	host := statusHost{
		testHost: newTestHost(&memoryStore{}, newMemoryDirectory(), nil), events: make(chan *componentstatus.Event, 1),
	}
	listener := &brokenListener{failure: errors.New("the network is gone")}
	api := newUnstarted("127.0.0.1:0")
	api.server = &http.Server{ReadHeaderTimeout: time.Second}
	api.serve(host, listener)
	event := <-host.events
	assert.Equal(t, componentstatus.StatusFatalError, event.Status())
	require.ErrorIs(t, event.Err(), listener.failure)
	require.NoError(t, api.Shutdown(t.Context()))
}

// brokenListener accepts nobody.
type brokenListener struct{ failure error }

func (l *brokenListener) Accept() (net.Conn, error) { return nil, l.failure }
func (*brokenListener) Close() error                { return nil }
func (*brokenListener) Addr() net.Addr              { return &net.TCPAddr{} }

// Shutdown waits for requests under way, but no longer than its context allows; to cut
// them off then is no failure.
func TestShutdownIsBounded(t *testing.T) {
	store := &memoryStore{slow: true}
	api := newUnstarted("127.0.0.1:0")
	require.NoError(t, api.Start(t.Context(), newTestHost(store, newMemoryDirectory(), nil)))

	answered := make(chan error, 1)
	go func() {
		request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+api.address.String()+"/logs", nil)
		if err == nil {
			request.Header.Set("Authorization", "Bearer "+readerToken)
			_, err = (&http.Transport{DisableKeepAlives: true}).RoundTrip(request) //nolint:bodyclose // it fails
		}
		answered <- err
	}()
	require.Eventually(t, func() bool { return store.asked() == 1 }, 5*time.Second, time.Millisecond)

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begin := time.Now()
	require.NoError(t, api.Shutdown(ctx))
	assert.Less(t, time.Since(begin), 5*time.Second)
	require.Error(t, <-answered)
}
