package elasticsearch

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
)

// compressedFrom is the size of the smallest body that is worth being compressed.
const compressedFrom = 1 << 10

// exchange is a request and its answer.
type exchange struct {
	client *Client
	// asked is the context of whoever asks; that of request ends by the timeout, too.
	asked        context.Context //nolint:containedctx // for as long as the request
	request      *http.Request
	end          context.CancelFunc
	method, path string
}

// begin copies the request, for the transport changes it.
func (c *Client) begin(request *http.Request) *exchange {
	ctx, cancel := context.WithTimeout(request.Context(), c.config.Timeout)
	return &exchange{
		client: c, asked: request.Context(), request: request.Clone(ctx), end: cancel,
		method: request.Method, path: request.URL.Path,
	}
}

// failure makes one of the errors of this package.
func (e *exchange) failure(err error) error {
	switch {
	case e.asked.Err() != nil:
		return fmt.Errorf("%s %s: %w", e.method, e.path, e.asked.Err())
	case e.request.Context().Err() != nil:
		err = fmt.Errorf("there is no complete answer after %s", e.client.config.Timeout)
	}
	return &UnreachableError{Method: e.method, Path: e.path, Err: err}
}

// answer is the body of an answer. Its end is the end of the exchange.
type answer struct {
	exchange *exchange
	body     io.ReadCloser
	left     int64
}

func (a *answer) Read(p []byte) (int, error) {
	n, err := a.body.Read(p)
	a.left -= int64(n)
	switch {
	case a.left < 0:
		return 0, fmt.Errorf("%s %s: %w of %d bytes", a.exchange.method, a.exchange.path, ErrAnswerTooLarge, a.exchange.client.config.MaxAnswerBytes)
	case err == nil || errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return n, err
	default:
		return n, a.exchange.failure(err)
	}
}

func (a *answer) Close() error {
	defer a.exchange.end()
	return a.body.Close()
}

// canBeRepeated says whether a request reads, so that it does no harm to send it again.
func canBeRepeated(request *http.Request) bool {
	switch request.Method {
	case http.MethodGet, http.MethodHead:
		return request.Context().Err() == nil
	case http.MethodPost:
		return slices.Contains([]string{"_search", "_count", "_msearch", "_mget", "_refresh"}, path.Base(request.URL.Path)) &&
			request.Context().Err() == nil
	default:
		return false
	}
}

// compress replaces the body of a request. The transport could do it, but uses the memory
// again for the next request when an answer comes before the body is sent.
func compress(request *http.Request) error {
	if request.Body == nil || request.Body == http.NoBody || request.Header.Get("Content-Encoding") != "" ||
		request.ContentLength >= 0 && request.ContentLength < compressedFrom {
		return nil
	}
	defer func() { _ = request.Body.Close() }()
	var compressed bytes.Buffer
	writer, err := gzip.NewWriterLevel(&compressed, gzip.BestSpeed)
	if err != nil {
		return err
	}
	if _, err := io.Copy(writer, request.Body); err != nil {
		return err
	}
	if err := writer.Close(); err != nil {
		return err
	}
	request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(compressed.Bytes())), nil }
	request.ContentLength = int64(compressed.Len())
	request.Header.Set("Content-Encoding", "gzip")
	request.Body, err = request.GetBody()
	return err
}
