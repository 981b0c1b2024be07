package logsapiextension

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"
	"go.uber.org/zap"

	"github.com/docketlog/docket/extension/logsapiextension/internal/embedtoken"
	"github.com/docketlog/docket/extension/logsapiextension/internal/metadata"
	"github.com/docketlog/docket/extension/logsapiextension/internal/savedviews"
	"github.com/docketlog/docket/internal/audittrail"
	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/ratelimit"
	"github.com/docketlog/docket/internal/tenant"
)

var (
	_ extensioncapabilities.Dependent       = (*logsAPI)(nil)
	_ extensioncapabilities.PipelineWatcher = (*logsAPI)(nil)
)

// logsAPI is the extension: it owns the listener and finds what the endpoints
// work with.
type logsAPI struct {
	config   *Config
	settings extension.Settings

	// stopping ends when Shutdown begins, by stop.
	stopping context.Context //nolint:containedctx // the life of the extension
	stop     context.CancelFunc

	// ready is true while the pipelines run.
	ready atomic.Bool

	tailTimes tailTimes

	// The following are set by Start. There is a trail only if one is kept.
	trail   *audittrail.Trail
	doors   signInReporter // nil if the authenticator is none
	metrics *metadata.TelemetryBuilder
	address net.Addr
	server  *http.Server
	serving sync.WaitGroup
}

func newLogsAPI(config *Config, settings extension.Settings) *logsAPI {
	a := &logsAPI{config: config, settings: settings, tailTimes: defaultTailTimes()}
	a.stopping, a.stop = context.WithCancel(context.Background())
	return a
}

// Dependencies implements extensioncapabilities.Dependent: the store and the
// directory are there before the first request is.
func (a *logsAPI) Dependencies() []component.ID {
	dependencies := []component.ID{a.config.Store, a.config.Authenticator}
	if a.config.Alerting != (component.ID{}) {
		dependencies = append(dependencies, a.config.Alerting)
	}
	return dependencies
}

// Start begins to listen.
func (a *logsAPI) Start(ctx context.Context, host component.Host) error {
	endpoints, err := a.resolve(host)
	if err != nil {
		return err
	}
	views, err := a.config.provisioned()
	if err != nil {
		return err
	}
	routes := newRouter(endpoints.routes(), a.config.QueryTimeout, a.settings.Logger)
	if a.config.UI.Enabled {
		if err := routes.addPage(a.config.UI.FrameAncestors); err != nil {
			return err
		}
	}
	if a.config.MCP.Enabled {
		if err := endpoints.addAssistants(routes); err != nil {
			return err
		}
	}
	a.server, err = a.config.Server.ToServer(ctx, host.GetExtensions(), a.settings.TelemetrySettings, routes,
		confighttp.WithErrorHandler(routes.refuseBody))
	if err != nil {
		return fmt.Errorf("prepare the HTTP server: %w", err)
	}
	listener, err := a.config.Server.ToListener(ctx)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", a.config.Server.NetAddr.Endpoint, err)
	}
	a.address = listener.Addr()
	if a.config.AuditTrail {
		if err := a.keepTrail(endpoints); err != nil {
			return errors.Join(err, listener.Close())
		}
	}
	a.settings.Logger.Info("Starting HTTP server", zap.String("endpoint", a.address.String()))
	a.serve(host, listener)
	a.provision(endpoints, views)
	return nil
}

// serve answers requests until Shutdown. A listener that breaks stops the
// collector: an API that silently answers nobody would be worse.
func (a *logsAPI) serve(host component.Host, listener net.Listener) {
	a.serving.Go(func() {
		if err := a.server.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(err))
		}
	})
}

// shutdownLimit is how long Shutdown waits for requests under way, such as one whose
// body does not come.
const shutdownLimit = 10 * time.Second

// Shutdown lets the requests under way finish for as long as ctx allows, and at most
// for shutdownLimit, but cuts backups short, which may take hours.
func (a *logsAPI) Shutdown(ctx context.Context) error {
	a.stop()
	if a.server == nil {
		return nil
	}
	answering, cancel := context.WithTimeout(ctx, shutdownLimit)
	defer cancel()
	var err error
	if late := a.server.Shutdown(answering); late != nil {
		a.settings.Logger.Warn("cutting off requests that are not answered in time", zap.Error(late))
		err = a.server.Close()
	}
	a.serving.Wait()
	a.endTrail(ctx) // after the last request
	return err
}

// Ready implements extensioncapabilities.PipelineWatcher.
func (a *logsAPI) Ready() error {
	a.ready.Store(true)
	return nil
}

// NotReady implements extensioncapabilities.PipelineWatcher.
func (a *logsAPI) NotReady() error {
	a.ready.Store(false)
	return nil
}

// Interfaces of the extensions that this one works with.
type (
	storeOwner interface {
		LogStore() logstore.Store
		Documents() docstore.Store
	}
	directoryOwner interface{ Directory() tenant.Directory }
	// signInReporter is optional. It tells of requests with a wrong key that come to
	// others than this extension.
	signInReporter interface {
		ObserveFailedSignIns(observe func(ctx context.Context, headers map[string][]string))
	}
	// deadLetterOwner and backupMaker are optional; a store offers them or not.
	deadLetterOwner interface{ DeadLetters() logstore.DeadLetters }
	backupMaker     interface {
		// Backup writes a tar of a consistent copy of all that is stored. It returns
		// nil only when it is whole.
		Backup(ctx context.Context, w io.Writer) error
	}
	// healthReporter is optional. Health returns nil, or why the extension cannot
	// take or answer requests now.
	healthReporter interface {
		Health(ctx context.Context) error
	}
)

// resolve finds the configured extensions.
func (a *logsAPI) resolve(host component.Host) (*endpoints, error) {
	extensions := host.GetExtensions()
	store, err := find[storeOwner](extensions, "store", a.config.Store, "a log store: name a log_store extension")
	if err != nil {
		return nil, err
	}
	directory, err := find[directoryOwner](extensions, "authenticator", a.config.Authenticator,
		"a directory of keys: name a project_key extension")
	if err != nil {
		return nil, err
	}
	if reporter, ok := directory.(signInReporter); ok {
		a.doors = reporter
	}
	e := &endpoints{
		reader:    store.LogStore(),
		writer:    store.LogStore(),
		directory: directory.Directory(),
		views:     savedviews.New(store.Documents()),

		embedTokens: embedtoken.New(store.Documents()),
		throttle:    ratelimit.New(a.config.RateLimit),
		links:       links{behindProxy: a.config.BehindProxy},
		build:       a.settings.BuildInfo,
		ready:       a.ready.Load,
		stopping:    a.stopping,
		logger:      a.settings.Logger,

		queryTimeout: a.config.QueryTimeout,
		tails:        make(seats, a.config.Tail.MaxConnections),
		tailTimes:    a.tailTimes,
	}
	if analyst, ok := e.reader.(logstore.Analyst); ok {
		e.analyst = analyst
	}
	if a.config.Alerting != (component.ID{}) {
		e.alerting, err = find[alertingOwner](extensions, "alerting", a.config.Alerting, "alerts: name an alerting extension")
		if err != nil {
			return nil, err
		}
	}
	if e.explanations, err = newExplanations(a.config.AI, store.Documents()); err != nil {
		return nil, err
	}
	if owner, ok := store.(deadLetterOwner); ok {
		e.deadLetters = owner.DeadLetters()
	}
	if maker, ok := store.(backupMaker); ok {
		e.backups = maker
	}
	for _, id := range a.Dependencies() {
		if reporter, ok := extensions[id].(healthReporter); ok {
			e.health = append(e.health, reporter)
		}
	}
	return e, nil
}

// find returns the extension of an id as a T. Option is the configuration's name
// for it, and provides completes "does not provide …".
func find[T any](extensions map[component.ID]component.Component, option string, id component.ID, provides string) (T, error) {
	var none T
	found, ok := extensions[id]
	if !ok {
		return none, fmt.Errorf("%s: there is no extension %q: add it under `extensions` and list it in `service::extensions`",
			option, id)
	}
	extension, ok := found.(T)
	if !ok {
		return none, fmt.Errorf("%s: the extension %q does not provide %s", option, id, provides)
	}
	return extension, nil
}
