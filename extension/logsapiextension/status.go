package logsapiextension

import (
	"context"
	"net/http"
	"runtime"
	"time"
)

// healthTimeout is how long one dependency may take to say how it is.
const healthTimeout = 5 * time.Second

// statusRoutes are open to everybody: probes have no key.
func (e *endpoints) statusRoutes() []route {
	return []route{
		{path: "/healthz", shape: statusShape, methods: map[string]endpoint{http.MethodGet: e.getHealth}},
		{path: "/version", shape: statusShape, methods: map[string]endpoint{http.MethodGet: e.getVersion}},
	}
}

// getHealth answers 200 when Docket can take and answer requests, else 503 with
// the reason.
func (e *endpoints) getHealth(w http.ResponseWriter, r *http.Request) error {
	if !e.ready() {
		return unhealthy("the pipelines are not running")
	}
	ctx, cancel := context.WithTimeout(r.Context(), healthTimeout)
	defer cancel()
	for _, reporter := range e.health {
		if err := reporter.Health(ctx); err != nil {
			return unhealthy(err.Error())
		}
	}
	return writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

func unhealthy(reason string) *problem {
	return &problem{status: http.StatusServiceUnavailable, code: codeUnavailable, detail: reason}
}

// getVersion answers with what was built.
func (e *endpoints) getVersion(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, struct {
		Name    string `json:"name"`
		Version string `json:"version"`
		Go      string `json:"go"`
	}{e.build.Command, e.build.Version, runtime.Version()})
}
