package auditlogreceiver

import (
	"net/http"
	"strings"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/tenant"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/codemash"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/intake"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/jsondoc"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/loghub"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/logsentry"
)

// format is what the handler needs of a wire format. Its answers are marshaled as
// JSON.
type format interface {
	// Source is the value of the attribute docket.source.
	Source() string
	// Requires reports whether every record of the format has this key.
	Requires(key string) bool

	// Authorize checks what the format has beside the identity's scope. Identity is
	// nil when no authenticator has given one.
	Authorize(request *http.Request, identity *tenant.Identity) *intake.Problem
	// Project returns the project that the request names, "" for none.
	Project(request *http.Request) (string, *intake.Problem)
	// ProjectField is the field or header by which a client names the project.
	ProjectField() string

	// Decode reads one record into log, which is empty. The error is a
	// *jsondoc.Error or an *intake.Problem.
	Decode(document *jsondoc.Reader, log plog.LogRecord) (intake.Origin, error)

	// Accepted is the answer to a request with one record, which is kept.
	Accepted(receipt intake.Receipt) any
	// Bulk is the answer to a request with several records. Overall is nil when
	// all of them are kept.
	Bulk(results []intake.Result, overall *intake.Problem) any
	// Refused is the answer to a request of which nothing is kept.
	Refused(problem *intake.Problem) any
}

// mediaExplainer is a format that knows more about some content types than that it
// does not take them.
type mediaExplainer interface {
	// UnsupportedMedia returns nil when it does not know the type.
	UnsupportedMedia(mediaType string) *intake.Problem
}

var (
	_ format         = logsentry.Format{}
	_ format         = loghub.Format{}
	_ format         = codemash.Format{}
	_ mediaExplainer = codemash.Format{}
)

// routes tell which format a path takes.
type routes struct {
	exact    map[string]format
	patterns []route
	// paths are all paths as they are configured.
	paths []string
}

type route struct {
	pattern pattern
	format  format
}

func newRoutes(config *Config) *routes {
	r := &routes{exact: map[string]format{}}
	r.add(config.LogSentry, logsentry.Format{})
	r.add(config.LogHub, loghub.Format{RequireHeaders: config.ServerConfig.Auth.HasValue()})
	r.add(config.CodeMash, codemash.Format{OTLPHint: config.OTLPEndpointHint})
	return r
}

func (r *routes) add(config FormatConfig, f format) {
	if !config.Enabled {
		return
	}
	r.paths = append(r.paths, config.Paths...)
	for _, path := range config.Paths {
		if p := newPattern(path); p.hasWildcard() {
			r.patterns = append(r.patterns, route{pattern: p, format: f})
		} else {
			r.exact[path] = f
		}
	}
}

// find returns the format of a path, or nil. A path without wildcards goes before
// one with them; a slash at the end makes no difference.
func (r *routes) find(path string) format {
	path = strings.TrimSuffix(path, "/")
	if f, ok := r.exact[path]; ok {
		return f
	}
	for _, route := range r.patterns {
		if route.pattern.matches(path) {
			return route.format
		}
	}
	return nil
}

// pattern is a path as its segments; a wildcard segment is "".
type pattern []string

func newPattern(path string) pattern {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, segment := range segments {
		if strings.HasPrefix(segment, "{") && strings.HasSuffix(segment, "}") {
			segments[i] = ""
		}
	}
	return segments
}

// String returns the same text for patterns that match the same paths.
func (p pattern) String() string { return "/" + strings.Join(p, "/") }

func (p pattern) hasWildcard() bool {
	for _, segment := range p {
		if segment == "" {
			return true
		}
	}
	return false
}

func (p pattern) matches(path string) bool {
	rest := strings.TrimPrefix(path, "/")
	for i, want := range p {
		segment, tail, more := strings.Cut(rest, "/")
		if segment == "" || want != "" && segment != want || more != (i < len(p)-1) {
			return false
		}
		rest = tail
	}
	return true
}
