package logsapiextension

import (
	"context"
	"slices"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.uber.org/zap"

	"github.com/docketlog/docket/extension/logsapiextension/internal/embedtoken"
	"github.com/docketlog/docket/extension/logsapiextension/internal/savedviews"
	"github.com/docketlog/docket/internal/audittrail"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/ratelimit"
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
	views       *savedviews.Views
	embedTokens *embedtoken.Signer
	build       component.BuildInfo
	// throttle is nil when callers may ask as often as they like.
	throttle *ratelimit.Limiter
	links    links
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
	// explanations is nil when no language model is configured.
	explanations *explanations
	// alerting is nil when there are no alerts.
	alerting alertingOwner
	// trail is nil when no audit trail of Docket itself is kept. It has writer.
	trail  *audittrail.Trail
	writer logstore.Writer
	logger *zap.Logger
}

// routes returns all routes.
func (e *endpoints) routes() []route {
	return e.recordRefusals(slices.Concat(e.statusRoutes(), e.logsRoutes(), e.organizationRoutes(), e.projectRoutes(), e.keyRoutes(), e.userRoutes(),
		e.deadLetterRoutes(), e.embedRoutes(), e.backupRoutes(), e.queryRoutes(), e.viewRoutes(), e.alertRoutes(), e.explainRoutes(),
		e.recordRoutes(), e.tailRoutes(), e.eventRoutes(), e.openAPIRoutes()))
}
