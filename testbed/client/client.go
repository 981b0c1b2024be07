// Package client speaks to a running Docket as its users' programs do: each
// ingest format as its document or its own published client sends it, OTLP, the
// search, and the administration of projects and keys. It knows Docket's public
// contracts only, nothing of its code.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/docketlog/docket/testbed/collector"
)

const (
	// requestTimeout bounds every call.
	requestTimeout = 20 * time.Second
	// keptConnections is how many idle connections to an endpoint are kept, for
	// tests that call from several goroutines.
	keptConnections = 64
)

// Client calls one Docket with one key.
type Client struct {
	// Endpoints are where the Docket listens.
	Endpoints collector.Endpoints
	// Key is shown with every request; "" shows no credentials.
	Key string
	// Project is named in searches, by id or UUID, for a key that may use several
	// projects; "" names none.
	Project string

	http *http.Client
}

// New returns a client. Close it to free its connections.
func New(endpoints collector.Endpoints, key string) *Client {
	return &Client{
		Endpoints: endpoints,
		Key:       key,
		http:      &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: keptConnections}, Timeout: requestTimeout},
	}
}

// Close closes idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Response is an HTTP answer.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// String shows the status and the body, for messages of failed tests.
func (r Response) String() string { return fmt.Sprintf("%d %s", r.Status, r.Body) }

// Decode reads the body as JSON, whatever the status is. Unknown fields are an
// error when target is a struct, so that a test sees the whole shape.
func (r Response) Decode(target any) error {
	decoder := json.NewDecoder(bytes.NewReader(r.Body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(target); err != nil {
		return fmt.Errorf("decode the answer %s: %w", r, err)
	}
	return nil
}

// StatusError is an answer with another status than the one that was asked for.
type StatusError struct{ Response Response }

func (e *StatusError) Error() string { return "unexpected answer: " + e.Response.String() }

// Do sends a request to one of the endpoints. Headers are pairs of name and
// value; a pair with an empty value is left out.
func (c *Client) Do(ctx context.Context, method, url, body string, headers ...string) (Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return Response{}, fmt.Errorf("make a request: %w", err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] != "" {
			request.Header.Set(headers[i], headers[i+1])
		}
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return Response{}, fmt.Errorf("send a request: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		return Response{}, fmt.Errorf("read the answer to %s %s: %w", method, url, err)
	}
	return Response{Status: answer.StatusCode, Header: answer.Header, Body: content}, nil
}

// postJSON posts a body of type application/json.
func (c *Client) postJSON(ctx context.Context, url, body string, headers ...string) (Response, error) {
	return c.Do(ctx, http.MethodPost, url, body, append(headers, "Content-Type", "application/json")...)
}

func (c *Client) bearer() string {
	if c.Key == "" {
		return ""
	}
	return "Bearer " + c.Key
}
