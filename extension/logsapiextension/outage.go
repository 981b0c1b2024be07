package logsapiextension

import (
	"errors"
	"net/http"
	"time"

	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/elasticsearch"
)

// outageRetryAfter is when to try again if the cluster does not say.
const outageRetryAfter = time.Second

// problemOfOutage returns what to answer when views or keys cannot be read or changed
// now, because the cluster that has them does not answer or the server stops; nil for any
// other error.
func problemOfOutage(err error) *problem {
	if errors.Is(err, docstore.ErrClosed) {
		return &problem{status: http.StatusServiceUnavailable, code: codeUnavailable, detail: "The server is stopping."}
	}
	p := &problem{
		status: http.StatusServiceUnavailable, code: codeUnavailable, retryAfter: outageRetryAfter,
		detail: "The cluster that keeps this does not answer now. A change may have been made or not.",
	}
	if _, ok := errors.AsType[*elasticsearch.UnreachableError](err); ok {
		return p
	}
	refused, ok := errors.AsType[*elasticsearch.StatusError](err)
	if !ok || !isOutage(refused.Status) {
		return nil
	}
	p.retryAfter = max(p.retryAfter, refused.RetryAfter)
	return p
}

// isOutage reports whether a status of the cluster is about the cluster, and not about
// the request.
func isOutage(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= http.StatusInternalServerError
}
