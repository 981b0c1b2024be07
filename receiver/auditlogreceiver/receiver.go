package auditlogreceiver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"
)

// auditLogReceiver owns the HTTP server; handler does the work.
type auditLogReceiver struct {
	config   *Config
	settings receiver.Settings
	handler  *handler

	server   *http.Server
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
	r.server, err = config.ToServer(
		ctx, host.GetExtensions(), r.settings.TelemetrySettings, r.handler,
		confighttp.WithErrorHandler(r.handler.serveServerError),
		confighttp.WithDecoder("identity", notEncoded),
	)
	if err != nil {
		return fmt.Errorf("create the HTTP server: %w", err)
	}
	r.listener, err = config.ToListener(ctx)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", config.NetAddr.Endpoint, err)
	}
	r.settings.Logger.Info("audit logs are taken",
		zap.Stringer("endpoint", r.listener.Addr()), zap.Strings("paths", r.handler.routes.paths))
	r.serving.Go(func() {
		if err := r.server.Serve(r.listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(err))
		}
	})
	return nil
}

// Shutdown stops to listen and waits for the requests that are at work, until ctx
// ends.
func (r *auditLogReceiver) Shutdown(ctx context.Context) error {
	if r.server == nil {
		return nil
	}
	err := r.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, r.server.Close())
	}
	r.serving.Wait()
	return err
}
