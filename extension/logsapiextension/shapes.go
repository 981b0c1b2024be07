package logsapiextension

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// errorShape writes a problem as one API writes its errors: a JSON body, appended
// to dst.
type errorShape func(dst []byte, p *problem) []byte

// statusShape is the shape of GET /logs and of all that has no API of its own:
// {"status":"error","message":"…"}.
func statusShape(dst []byte, p *problem) []byte {
	dst = append(dst, `{"status":"error","message":`...)
	dst = appendString(dst, p.detail)
	return append(dst, '}')
}

// Texts that the document of GET /logs gives word by word.
const (
	logsUnauthorized = "Authentication required. Please provide a valid API key or token."
	logsForbidden    = "You do not have permission to access API logs."
)

// logsShape is statusShape with the document's own texts.
func logsShape(dst []byte, p *problem) []byte {
	documented := *p
	switch p.status {
	case http.StatusUnauthorized:
		documented.detail = logsUnauthorized
	case http.StatusForbidden:
		documented.detail = logsForbidden
	}
	return statusShape(dst, &documented)
}

// postHogShape is the shape under /api/:
// {"type":"…","code":"…","detail":"…","attr":"…" or null}. What is wrong with a text of the
// search box also has its column.
func postHogShape(dst []byte, p *problem) []byte {
	dst = append(dst, `{"type":`...)
	dst = appendString(dst, postHogType(p))
	dst = append(dst, `,"code":`...)
	dst = appendString(dst, p.code)
	dst = append(dst, `,"detail":`...)
	dst = appendString(dst, p.detail)
	dst = append(dst, `,"attr":`...)
	if p.field == "" {
		dst = append(dst, "null"...)
	} else {
		dst = appendString(dst, p.field)
	}
	if p.column > 0 {
		dst = append(dst, `,"column":`...)
		dst = strconv.AppendInt(dst, int64(p.column), 10)
	}
	return append(dst, '}')
}

func postHogType(p *problem) string {
	switch {
	case p.status == http.StatusTooManyRequests:
		return "throttled_error"
	case p.status >= http.StatusInternalServerError:
		return "server_error"
	case p.status == http.StatusUnauthorized || p.status == http.StatusForbidden:
		return "authentication_error"
	case p.status == http.StatusBadRequest && p.code != codeParseError:
		return "validation_error"
	default:
		return "invalid_request"
	}
}

// writeProblem answers a request with an error.
func writeProblem(w http.ResponseWriter, shape errorShape, p *problem) {
	if p.allow != "" {
		w.Header().Set("Allow", p.allow)
	}
	if p.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="docket"`)
	}
	if p.retryAfter > 0 {
		seconds := int64(math.Ceil(float64(p.retryAfter) / float64(time.Second)))
		w.Header().Set("Retry-After", strconv.FormatInt(seconds, 10))
	}
	startJSON(w, p.status)
	// An error here means that the client has gone; nobody is left to tell.
	_, _ = w.Write(shape(nil, p))
}

// startJSON writes the head of a JSON answer. Answers are for the caller's eyes
// only, and may hold what others wrote.
func startJSON(w http.ResponseWriter, status int) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
}
