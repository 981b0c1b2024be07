package auditlogreceiver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"

	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/intake"
)

// largestPooledBody is the size over which a body's buffer is not used again.
const largestPooledBody = 1 << 20

// firstBodyRoom is the largest room that is made for a body before it comes.
const firstBodyRoom = 64 << 10

// largestUserAgent is the size that a user agent is cut to.
const largestUserAgent = 4096

// checkMediaType reports whether the body is lines of JSON, or JSON. Anything else
// is a problem.
func checkMediaType(contentType string, f format) (lines bool, problem *intake.Problem) {
	if contentType == contentTypeJSON {
		return false, nil
	}
	mediaType, parameters, err := mime.ParseMediaType(contentType)
	charset := parameters["charset"]
	if err == nil && (charset == "" || strings.EqualFold(charset, "utf-8")) {
		switch mediaType {
		case contentTypeJSON:
			return false, nil
		case "application/x-ndjson", "application/ndjson":
			return true, nil
		}
	}
	if explainer, ok := f.(mediaExplainer); ok {
		if problem := explainer.UnsupportedMedia(mediaType); problem != nil {
			return false, problem
		}
	}
	return false, intake.Refuse(http.StatusUnsupportedMediaType, fmt.Sprintf(
		"the content type %q is not taken: send Content-Type: application/json (or application/x-ndjson), in UTF-8", contentType))
}

// readBody reads the decompressed body; releaseBody gives it back.
func (h *handler) readBody(r *http.Request) (*bytes.Buffer, *intake.Problem) {
	if r.ContentLength > h.config.ServerConfig.MaxRequestBodySize {
		return nil, h.tooLarge()
	}
	body, ok := h.bodies.Get().(*bytes.Buffer)
	if !ok {
		body = new(bytes.Buffer)
	}
	if r.ContentLength > 0 {
		// No more than a little on the client's word: memory is for what has come.
		body.Grow(int(min(r.ContentLength, firstBodyRoom)) + bytes.MinRead)
	}
	if _, err := body.ReadFrom(r.Body); err != nil {
		h.releaseBody(body)
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, h.tooLarge()
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, intake.Refuse(http.StatusBadRequest, "the body ends too early")
		}
		return nil, intake.Refuse(http.StatusBadRequest, "the body cannot be read: "+err.Error())
	}
	return body, nil
}

func (h *handler) releaseBody(body *bytes.Buffer) {
	if body.Cap() <= largestPooledBody {
		body.Reset()
		h.bodies.Put(body)
	}
}

func (h *handler) tooLarge() *intake.Problem {
	return intake.Refuse(http.StatusRequestEntityTooLarge, fmt.Sprintf(
		"the body is over the limit of %d bytes, after decompression (max_request_body_size)", h.config.ServerConfig.MaxRequestBodySize))
}

// notEncoded is the decoder of Content-Encoding: identity, which is the body as it is.
func notEncoded(io.ReadCloser) (io.ReadCloser, error) { return nil, nil }

// sender is what the connection tells of the client.
type sender struct {
	address   string
	userAgent string
}

func senderOf(ctx context.Context, r *http.Request) sender {
	userAgent := r.UserAgent()
	if len(userAgent) > largestUserAgent {
		userAgent = userAgent[:largestUserAgent]
	}
	s := sender{userAgent: strings.ToValidUTF8(userAgent, "\uFFFD")}
	if address, ok := client.FromContext(ctx).Addr.(*net.IPAddr); ok && address != nil {
		s.address = address.String()
	}
	return s
}

// describe adds what the sender itself did not say about the client.
func (s sender) describe(attributes pcommon.Map) {
	putAbsent(attributes, record.AttributeClientAddress, s.address)
	putAbsent(attributes, record.AttributeUserAgent, s.userAgent)
}

func putAbsent(attributes pcommon.Map, name, text string) {
	if text == "" {
		return
	}
	if value, exists := attributes.GetOrPutEmpty(name); !exists {
		value.SetStr(text)
	}
}
