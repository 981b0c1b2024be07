package auditlogreceiver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"
)

// shutdownLimit bounds Shutdown. Requests that are whole are answered long before.
const shutdownLimit = 10 * time.Second

// auditLogReceiver owns the HTTP server; handler does the work.
type auditLogReceiver struct {
	config   *Config
	settings receiver.Settings
	handler  *handler

	server   *http.Server
	drain    *drain
	listener net.Listener
	serving  sync.WaitGroup
}

var _ receiver.Logs = (*auditLogReceiver)(nil)

func newReceiver(config *Config, settings receiver.Settings, next consumer.Logs) (*auditLogReceiver, error) {
	handler, err := newHandler(config, settings, next)
	if err != nil {
		return nil, err
	}
	return &auditLogReceiver{config: config, settings: settings, handler: handler}, nil
}

// Start listens and serves until Shutdown.
func (r *auditLogReceiver) Start(ctx context.Context, host component.Host) error {
	config, authenticator, err := takeAuthentication(ctx, r.config.ServerConfig, host.GetExtensions())
	if err != nil {
		return err
	}
	r.handler.authenticator = authenticator
	r.handler.requests, err = findRequestFinder(r.config.Idempotency.Store, host.GetExtensions())
	if err != nil {
		return err
	}
	r.server, err = config.ToServer(
		ctx, host.GetExtensions(), r.settings.TelemetrySettings, r.handler,
		confighttp.WithErrorHandler(r.handler.serveServerError),
		confighttp.WithDecoder("identity", notEncoded),
	)
	if err != nil {
		return fmt.Errorf("create the HTTP server: %w", err)
	}
	newShortcut(ctx, r.server, config, r.settings.TelemetrySettings, r.handler)
	r.drain = newDrain(r.server)
	r.listener, err = config.ToListener(ctx)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", config.NetAddr.Endpoint, err)
	}
	r.settings.Logger.Info("audit logs are taken",
		zap.Stringer("endpoint", r.listener.Addr()), zap.Strings("paths", r.handler.routes.paths))
	r.serving.Go(func() {
		if err := r.server.Serve(r.listener); err != nil && !r.drain.draining.Load() {
			componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(err))
		}
	})
	return nil
}

// Shutdown takes no more connections, answers the requests that still come on those
// there are (drain), and waits for the requests that are at work, for at most
// shutdownLimit or until ctx ends. What is not answered then, such as a request whose
// body does not come, is cut off.
func (r *auditLogReceiver) Shutdown(ctx context.Context) error {
	if r.listener == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, shutdownLimit)
	defer cancel()
	// The listener goes first: clients whose connections are drained would come back
	// by new ones, and whoever waits in its queue when it closes gets no answer.
	r.drain.begin()
	err := r.listener.Close()
	r.serving.Wait()
	r.drain.wait(ctx)

	if late := r.server.Shutdown(ctx); late != nil {
		r.settings.Logger.Warn("cutting off requests that are not answered in time", zap.Error(late))
		err = errors.Join(err, r.server.Close())
	}
	return err
}
