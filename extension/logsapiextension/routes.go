package logsapiextension

import (
	"slices"

	"go.opentelemetry.io/collector/component"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/tenant"
)

// endpoints is what the endpoints work with. Each family of routes has its own
// file.
type endpoints struct {
	reader    logstore.Reader
	directory tenant.Directory
	build     component.BuildInfo
	// ready tells whether the pipelines run.
	ready func() bool
	// health are those that can tell why requests cannot be taken or answered.
	health []healthReporter
}

// routes returns all routes.
func (e *endpoints) routes() []route {
	return slices.Concat(e.statusRoutes(), e.logsRoutes(), e.projectRoutes(), e.keyRoutes(), e.userRoutes())
}
