package auditlogreceiver

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/extension/extensionauth"

	"github.com/docketlog/docket/internal/tenant"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/intake"
)

// authenticator asks the configured authenticator about a request. confighttp
// would do so itself, but it answers 401 whatever the error is, also when keys
// cannot be checked for a moment; and a client that is told 401 drops its record.
type authenticator struct {
	// server is nil when none is configured: then everybody may write.
	server extensionauth.Server
	// parameters are the query parameters that stand for headers.
	parameters []string
}

// takeAuthentication takes the authenticator out of the server's configuration.
func takeAuthentication(
	ctx context.Context, server confighttp.ServerConfig, extensions map[component.ID]component.Component,
) (confighttp.ServerConfig, authenticator, error) {
	if !server.Auth.HasValue() {
		return server, authenticator{}, nil
	}
	auth := *server.Auth.Get()
	found, err := auth.Config.GetServerAuthenticator(ctx, extensions)
	if err != nil {
		return server, authenticator{}, fmt.Errorf("find the authenticator: %w", err)
	}
	server.Auth = configoptional.None[confighttp.AuthConfig]()
	return server, authenticator{server: found, parameters: auth.RequestParameters}, nil
}

// authenticate returns the request's context with what the authenticator knows of it.
func (a authenticator) authenticate(ctx context.Context, r *http.Request) (context.Context, *intake.Problem) {
	if a.server == nil {
		return ctx, nil
	}
	sources := r.Header
	if len(a.parameters) > 0 {
		sources = r.Header.Clone()
		query := r.URL.Query()
		for _, parameter := range a.parameters {
			if values, ok := query[parameter]; ok {
				sources[parameter] = values
			}
		}
	}
	known, err := a.server.Authenticate(ctx, sources)
	if unavailable, ok := errors.AsType[*tenant.UnavailableError](err); ok {
		return ctx, overloaded(http.StatusServiceUnavailable, unavailable.Error(), max(unavailable.RetryAfter, defaultRetryAfter))
	}
	if err != nil {
		return ctx, intake.Refuse(http.StatusUnauthorized, err.Error())
	}
	if identity, ok := tenant.FromContext(known); ok && identity.Throttled != nil {
		return ctx, overloaded(http.StatusTooManyRequests, identity.Throttled.Error(), identity.Throttled.RetryAfter)
	}
	return known, nil
}
