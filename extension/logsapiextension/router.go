package logsapiextension

import (
	"context"
	"errors"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"
)

// endpoint answers a request. It returns nil when it has written the answer, and
// an error when it has written nothing; problemOf says what becomes of it.
type endpoint func(w http.ResponseWriter, r *http.Request) error

// route is one path of the API.
type route struct {
	// path is a pattern of http.ServeMux without a method and without a trailing
	// slash; the route answers with and without one, and never redirects.
	path string
	// accepts says which of the paths that the pattern has are there; nil is all.
	accepts func(r *http.Request) bool
	// shape is how the route tells errors.
	shape errorShape
	// unbounded is true for a route that takes as long as it takes, and sees to it
	// itself that nobody keeps it for ever.
	unbounded bool
	// methods holds an endpoint for each method; that of GET answers HEAD too.
	methods map[string]endpoint
}

// router finds the route of a request and answers for those that have none.
type router struct {
	mux     *http.ServeMux
	timeout time.Duration
	logger  *zap.Logger
}

// newRouter returns a router of the routes. Timeout is how long a request may
// take.
func newRouter(routes []route, timeout time.Duration, logger *zap.Logger) *router {
	router := &router{mux: http.NewServeMux(), timeout: timeout, logger: logger}
	for _, route := range routes {
		handler := router.handler(route)
		router.mux.Handle(route.path, handler)
		router.mux.Handle(route.path+"/{$}", handler)
	}
	router.mux.HandleFunc("/", router.notFound)
	return router
}

// ServeHTTP implements http.Handler.
func (router *router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// The mux would redirect "//logs" to "/logs".
	if trimmed := strings.TrimSuffix(r.URL.Path, "/"); trimmed != "" && path.Clean(trimmed) != trimmed {
		router.notFound(w, r)
		return
	}
	router.mux.ServeHTTP(w, r)
}

// handler answers the requests of a route.
func (router *router) handler(route route) http.HandlerFunc {
	allow := allowedMethods(route.methods)
	return func(w http.ResponseWriter, r *http.Request) {
		if route.accepts != nil && !route.accepts(r) {
			router.notFound(w, r)
			return
		}
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		answer, ok := route.methods[method]
		if !ok {
			writeProblem(w, route.shape, &problem{
				status: http.StatusMethodNotAllowed, code: codeMethodNotAllowed, allow: allow,
				detail: "The method " + clip(r.Method) + " is not allowed here. Please use one of: " + allow + ".",
			})
			return
		}
		ctx := r.Context()
		if !route.unbounded {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, router.timeout)
			defer cancel()
		}
		if err := answer(w, r.WithContext(ctx)); err != nil {
			// What fails for lack of time need not say so.
			router.refuse(w, r, route.shape, errors.Join(err, ctx.Err()))
		}
	}
}

// refuse answers with an error.
func (router *router) refuse(w http.ResponseWriter, r *http.Request, shape errorShape, err error) {
	p := problemOf(err)
	if p.status == http.StatusInternalServerError {
		router.logger.Error("A request failed", zap.String("method", r.Method), zap.String("route", r.Pattern), zap.Error(err))
	}
	writeProblem(w, shape, p)
}

// notFound answers the paths that no route has.
func (router *router) notFound(w http.ResponseWriter, r *http.Request) {
	writeProblem(w, shapeOf(r), &problem{
		status: http.StatusNotFound, code: codeNotFound,
		detail: "There is nothing at " + clip(r.URL.Path) + ".",
	})
}

// refuseBody answers for confighttp when it cannot decode the body.
func (*router) refuseBody(w http.ResponseWriter, r *http.Request, message string, status int) {
	writeProblem(w, shapeOf(r), &problem{status: status, code: codeParseError, detail: message})
}

// shapeOf is the shape of the errors of a request that has no route.
func shapeOf(r *http.Request) errorShape {
	if r.URL.Path == "/api" || strings.HasPrefix(r.URL.Path, "/api/") {
		return postHogShape
	}
	return statusShape
}

// allowedMethods is the value of the Allow header.
func allowedMethods(methods map[string]endpoint) string {
	names := make([]string, 0, len(methods)+1)
	for name := range methods {
		names = append(names, name)
		if name == http.MethodGet {
			names = append(names, http.MethodHead)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
