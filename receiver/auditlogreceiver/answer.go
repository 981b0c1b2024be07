package auditlogreceiver

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/idempotency"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/intake"
)

const contentTypeJSON = "application/json"

// lengthKnown is the size up to which net/http itself tells the length of an answer.
const lengthKnown = 1 << 10

// appender is a body that needs no reflection to be written as JSON.
type appender interface{ AppendJSON(dst []byte) []byte }

// newAnswer returns an answer with a JSON body.
func newAnswer(status int, body any) (idempotency.Answer, error) {
	var text []byte
	if plain, ok := body.(appender); ok {
		text = plain.AppendJSON(nil)
	} else {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return idempotency.Answer{}, fmt.Errorf("write the answer: %w", err)
		}
	}
	return idempotency.Answer{Status: status, ContentType: contentTypeJSON, Body: text}, nil
}

// write sends an answer. A client that has gone does not get it, which is nobody's
// error.
func write(w http.ResponseWriter, answer idempotency.Answer) {
	header := w.Header()
	header.Set("Content-Type", answer.ContentType)
	if len(answer.Body) > lengthKnown {
		header.Set("Content-Length", strconv.Itoa(len(answer.Body)))
	}
	w.WriteHeader(answer.Status)
	_, _ = w.Write(answer.Body)
}

// writeProblem sends what a format says of a problem.
func writeProblem(w http.ResponseWriter, f format, problem *intake.Problem) {
	writeRefusal(w, problem, f.Refused(problem))
}

func writeRefusal(w http.ResponseWriter, problem *intake.Problem, body any) {
	answer, err := newAnswer(problem.Status, body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if problem.RetryAfter > 0 {
		w.Header().Set("Retry-After", retryAfter(problem.RetryAfter))
	}
	if problem.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	write(w, answer)
}

// retryAfter rounds up to whole seconds, of which there is at least one.
func retryAfter(wait time.Duration) string {
	return strconv.Itoa(max(1, int(math.Ceil(wait.Seconds()))))
}

// plainRefusal is the error of a request to no format's path.
type plainRefusal struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

// serveNotFound answers a request to a path that takes nothing.
func (h *handler) serveNotFound(w http.ResponseWriter, r *http.Request) {
	problem := intake.Refuse(http.StatusNotFound, fmt.Sprintf(
		"there is no %s: send POST to one of %s", r.URL.Path, strings.Join(h.routes.paths, ", ")))
	writeRefusal(w, problem, plainRefusal{Status: "error", Message: problem.Message})
}

// serveServerError answers what the HTTP server refuses before it comes to
// ServeHTTP: a content encoding that is unknown or broken. It gets a text and not
// an error.
func (h *handler) serveServerError(w http.ResponseWriter, r *http.Request, message string, status int) {
	switch {
	case strings.HasPrefix(message, "unsupported Content-Encoding"):
		status = http.StatusUnsupportedMediaType
		message += ": send gzip, zstd, deflate or none"
	case message == (&http.MaxBytesError{}).Error(), strings.HasSuffix(message, "exceeds max request body size"):
		h.serveProblem(w, r, h.tooLarge())
		return
	default:
		message = "the body does not have its Content-Encoding: " + message
	}
	h.serveProblem(w, r, intake.Refuse(status, message))
}

// serveProblem sends a problem in the words of the path's format, if it has one.
func (h *handler) serveProblem(w http.ResponseWriter, r *http.Request, problem *intake.Problem) {
	if f := h.routes.find(r.URL.Path); f != nil {
		writeProblem(w, f, problem)
		return
	}
	writeRefusal(w, problem, plainRefusal{Status: "error", Message: problem.Message})
}
