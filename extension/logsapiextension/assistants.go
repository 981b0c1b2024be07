package logsapiextension

import (
	"fmt"
	"net/http"

	"github.com/docketlog/docket/extension/logsapiextension/internal/mcptools"
	"github.com/docketlog/docket/extension/logsapiextension/openapi"
	"github.com/docketlog/docket/internal/tenant"
)

// addAssistants adds /mcp, the API as tools for AI assistants; docs/mcp.md is its
// reference. Each call of a tool goes through the same router as any other request, and
// so through the same checks.
func (e *endpoints) addAssistants(routes *router) error {
	tools, err := mcptools.New(mcptools.Options{
		Document: []byte(openapi.Document()), API: routes, Version: e.build.Version,
		MayWrite: func(r *http.Request) bool {
			caller, err := e.directory.Authenticate(r.Context(), credentialsOf(r))
			return err == nil && caller.Can(tenant.ScopeWrite) == nil
		},
		ReadOnly: isQuestion,
	})
	if err != nil {
		return fmt.Errorf("make tools of the API: %w", err)
	}
	guarded := e.guard(func(w http.ResponseWriter, r *http.Request, caller *tenant.Identity) error {
		if err := caller.Can(tenant.ScopeRead); err != nil {
			return err
		}
		tools.ServeHTTP(w, r)
		return nil
	})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := guarded(w, r); err != nil {
			routes.refuse(w, r, statusShape, err)
		}
	})
	routes.mux.Handle("/mcp", handler)
	routes.mux.Handle("/mcp/{$}", handler)
	return nil
}

// isQuestion reports whether a tool only asks, although its request is a POST.
func isQuestion(tool string) bool {
	switch tool {
	case "logs_query", "logs_count", "logs_count_ranges", "logs_sparkline", "logs_facet_values", "logs_services", "logs_group_by",
		"logs_patterns", "logs_patterns_diff", "alerts_simulate":
		return true
	default:
		return false
	}
}
