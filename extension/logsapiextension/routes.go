package logsapiextension

import (
	"context"
	"slices"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/tenant"
)

// endpoints is what the endpoints work with. Each family of routes has its own
// file.
type endpoints struct {
	reader    logstore.Reader
	directory tenant.Directory
	// analyst is nil when the store is none.
	analyst logstore.Analyst
	// deadLetters and backups are nil when the store has none.
	deadLetters logstore.DeadLetters
	backups     backupMaker
	build       component.BuildInfo
	// ready tells whether the pipelines run.
	ready func() bool
	// health are those that can tell why requests cannot be taken or answered.
	health []healthReporter
	// stopping ends when the extension is shut down.
	stopping context.Context //nolint:containedctx // the life of the extension
	// queryTimeout is how long one question to the store may take where a request has no
	// bound of its own.
	queryTimeout time.Duration
	// tails are the seats of those who follow records.
	tails     seats
	tailTimes tailTimes
	logger    *zap.Logger
}

// routes returns all routes.
func (e *endpoints) routes() []route {
	return slices.Concat(e.statusRoutes(), e.logsRoutes(), e.projectRoutes(), e.keyRoutes(), e.userRoutes(),
		e.deadLetterRoutes(), e.backupRoutes(), e.queryRoutes(),
		e.recordRoutes(), e.tailRoutes(), e.eventRoutes(), e.openAPIRoutes())
}
