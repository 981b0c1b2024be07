package projectkeyextension

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensionauth"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"
	"go.uber.org/zap"

	"github.com/docketlog/docket/extension/projectkeyextension/internal/metadata"
	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/ratelimit"
	"github.com/docketlog/docket/internal/tenant"
	"github.com/docketlog/docket/internal/tenant/directory"
)

// Extension is what other components use of the project_key extension. They find
// it by its configured id.
type Extension interface {
	extension.Extension
	// Server authenticates the headers of a request. The returned context carries
	// a *tenant.Identity; a refusal is a *tenant.Error. An error that wraps a
	// *tenant.UnavailableError is no refusal: it cannot be told now. Each call counts as
	// a request of its key. One too many is no error either, because the collector's HTTP
	// server answers all of them with 401, after which clients throw away what they
	// wanted to send: then the identity is Throttled.
	extensionauth.Server
	// Directory returns the directory of projects and keys. It is nil before
	// Start, so a component that uses it must declare its Dependencies.
	Directory() tenant.Directory
	// ObserveFailedSignIns has observe told of each request that Authenticate refuses
	// because nobody has its key, with the request's context and headers; nil ends that.
	// There is one observer at a time, and it must not wait.
	ObserveFailedSignIns(observe func(ctx context.Context, headers map[string][]string))
}

// documentStore is all that is needed of the log_store extension.
type documentStore interface {
	Documents() docstore.Store
}

type projectKey struct {
	config    *Config
	settings  component.TelemetrySettings
	telemetry *metadata.TelemetryBuilder
	outcomes  outcomes
	limiter   *ratelimit.Limiter   // nil without a limit
	directory *directory.Directory // nil before Start
	// observer is told of failed sign-ins, nil nobody.
	observer atomic.Pointer[func(ctx context.Context, headers map[string][]string)]
}

var (
	_ Extension                       = (*projectKey)(nil)
	_ extensioncapabilities.Dependent = (*projectKey)(nil)
)

func newProjectKey(settings extension.Settings, config *Config) (*projectKey, error) {
	telemetry, err := metadata.NewTelemetryBuilder(settings.TelemetrySettings)
	if err != nil {
		return nil, fmt.Errorf("create the metrics of %s: %w", settings.ID, err)
	}
	return &projectKey{
		config:    config,
		settings:  settings.TelemetrySettings,
		telemetry: telemetry,
		outcomes:  newOutcomes(),
		limiter:   ratelimit.New(config.RateLimit),
	}, nil
}

// Dependencies implements extensioncapabilities.Dependent.
func (e *projectKey) Dependencies() []component.ID {
	return []component.ID{e.config.Store}
}

// Start implements component.Component. When the store holds no project yet, the
// default one is made. With a snapshot file, the store need not be readable.
func (e *projectKey) Start(ctx context.Context, host component.Host) error {
	documents, err := e.findDocuments(host)
	if err != nil {
		return err
	}
	adminKey, err := e.adminKey()
	if err != nil {
		return err
	}
	started := directory.New(documents, directory.Options{
		AdminKey:        adminKey,
		RefreshInterval: e.config.RefreshInterval,
		StaleAfter:      e.config.StaleAfter,
		File:            e.config.SnapshotFile,
		Logger:          e.settings.Logger,
	})
	if err := started.Start(ctx); err != nil {
		return fmt.Errorf("start the directory of projects and keys: %w", err)
	}
	e.directory = started
	return nil
}

// Shutdown implements component.Component.
func (e *projectKey) Shutdown(ctx context.Context) error {
	e.telemetry.Shutdown()
	if e.directory == nil {
		return nil
	}
	return e.directory.Shutdown(ctx)
}

// Directory implements Extension.
func (e *projectKey) Directory() tenant.Directory {
	if e.directory == nil {
		return nil // and not an interface that holds a nil pointer
	}
	return e.directory
}

// ObserveFailedSignIns implements Extension.
func (e *projectKey) ObserveFailedSignIns(observe func(ctx context.Context, headers map[string][]string)) {
	if observe == nil {
		e.observer.Store(nil)
		return
	}
	e.observer.Store(&observe)
}

// Authenticate implements extensionauth.Server.
func (e *projectKey) Authenticate(ctx context.Context, headers map[string][]string) (context.Context, error) {
	identity, err := e.identify(ctx, headers)
	e.telemetry.ProjectKeyAuthentications.Add(ctx, 1, e.outcomes.of(identity, err))
	if unavailable, ok := errors.AsType[*tenant.UnavailableError](err); ok {
		return ctx, &unavailableError{UnavailableError: unavailable}
	}
	if err != nil {
		e.tellOfFailedSignIn(ctx, headers, err)
		return ctx, err
	}
	return tenant.NewContext(ctx, identity), nil
}

func (e *projectKey) tellOfFailedSignIn(ctx context.Context, headers map[string][]string, err error) {
	observe := e.observer.Load()
	refusal, ok := errors.AsType[*tenant.Error](err)
	if observe != nil && ok && refusal.Reason == tenant.ReasonInvalidCredentials {
		(*observe)(ctx, headers)
	}
}

func (e *projectKey) identify(ctx context.Context, headers map[string][]string) (*tenant.Identity, error) {
	if e.directory == nil {
		return nil, &tenant.UnavailableError{Reason: "the project_key extension is not running", RetryAfter: time.Second}
	}
	identity, err := e.directory.Authenticate(ctx, credentialsOf(headers))
	if err != nil {
		return nil, err
	}
	if wait := e.limiter.Admit(identity.Subject(), time.Now()); wait > 0 {
		identity.Throttled = &tenant.ThrottledError{RequestsPerSecond: e.limiter.RequestsPerSecond(), RetryAfter: wait}
	}
	return identity, nil
}

func (e *projectKey) findDocuments(host component.Host) (docstore.Store, error) {
	found, ok := host.GetExtensions()[e.config.Store]
	if !ok {
		return nil, fmt.Errorf("there is no extension %q: add it to service::extensions, or name the log_store extension in store", e.config.Store)
	}
	store, ok := found.(documentStore)
	if !ok {
		return nil, fmt.Errorf("the extension %q keeps no documents: name a log_store extension in store", e.config.Store)
	}
	return store.Documents(), nil
}

// adminKey returns the configured key, or the one in the file. Only the path of
// the file is logged.
func (e *projectKey) adminKey() (string, error) {
	if e.config.AdminKey != "" {
		return string(e.config.AdminKey), nil
	}
	path := e.config.AdminKeyFile
	found, err := adminKeyFromFile(path)
	if err != nil {
		return "", err
	}
	message := "The admin key is in this file"
	if found.made {
		message = "An admin key was made and written to this file"
	}
	e.settings.Logger.Info(message, zap.String("path", path))
	if found.groupReadable {
		e.settings.Logger.Warn("The group of the admin key's file can read the admin key", zap.String("path", path))
	}
	return found.key, nil
}
