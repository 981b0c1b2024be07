package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Page is the data of a GET /logs answer.
type Page struct {
	Logs       []Log      `json:"logs"`
	Pagination Pagination `json:"pagination"`
}

// Pagination says which part of the found records a page is.
type Pagination struct {
	Total  int64 `json:"total"`
	Limit  int64 `json:"limit"`
	Offset int64 `json:"offset"`
	// NextOffset is nil on the last page.
	NextOffset *int64 `json:"nextOffset"`
}

// Log is a found record.
type Log struct {
	Timestamp time.Time `json:"timestamp"`
	// Level is one of DEBUG, INFO, WARN, ERROR, FATAL, or the name of a level
	// that the document does not know.
	Level   string `json:"level"`
	Service string `json:"service"`
	Message string `json:"message"`
	// Details are the record's attributes, each by its name, and what else the
	// record has.
	Details map[string]any `json:"details"`
}

// ID returns the record's id, or "".
func (l Log) ID() string { return l.text("id") }

// Hash returns the record's hash, or "".
func (l Log) Hash() string { return l.text("hash") }

func (l Log) text(name string) string {
	text, _ := l.Details[name].(string)
	return text
}

// Search asks GET /logs with the parameters of its document.
func (c *Client) Search(ctx context.Context, parameters url.Values) (Page, error) {
	response, err := c.SearchResponse(ctx, parameters)
	if err != nil {
		return Page{}, err
	}
	if response.Status != http.StatusOK {
		return Page{}, &StatusError{Response: response}
	}
	var answer struct {
		Status string `json:"status"`
		Data   Page   `json:"data"`
	}
	if err := response.Decode(&answer); err != nil {
		return Page{}, err
	}
	if answer.Status != "success" {
		return Page{}, &StatusError{Response: response}
	}
	return answer.Data, nil
}

// SearchResponse is Search for tests that look at the answer itself.
func (c *Client) SearchResponse(ctx context.Context, parameters url.Values) (Response, error) {
	target := url.URL{Scheme: "http", Host: c.Endpoints.API, Path: "/logs", RawQuery: parameters.Encode()}
	return c.Do(ctx, http.MethodGet, target.String(), "", "Authorization", c.bearer(), "Docket-Project-Id", c.Project)
}
