package logsapiextension

import (
	"net/http"

	"github.com/docketlog/docket/extension/logsapiextension/openapi"
)

// openAPIRoutes are the description of all routes, which is open to everybody.
func (*endpoints) openAPIRoutes() []route {
	return []route{{path: "/api/openapi.yaml", shape: postHogShape, methods: map[string]endpoint{http.MethodGet: getOpenAPI}}}
}

func getOpenAPI(w http.ResponseWriter, r *http.Request) error {
	openapi.ServeHTTP(w, r)
	return nil
}
