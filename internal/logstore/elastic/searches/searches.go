// Package searches asks a cluster for documents, and tells answers that are whole from
// those that are not.
package searches

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/logstore"
)

// Answer is the answer to a search, nothing of which is missing.
type Answer struct {
	TimedOut bool   `json:"timed_out"`
	Shards   Shards `json:"_shards"`
	// PointID is what the point in time is called from now on, "" if there is none.
	PointID string `json:"pit_id"`
	Hits    struct {
		// Total is there only when it was asked for.
		Total struct {
			Value int64 `json:"value"`
		} `json:"total"`
		Hits []Hit `json:"hits"`
	} `json:"hits"`
	// Aggregations may be nil when there are no indices.
	Aggregations json.RawMessage `json:"aggregations"`
}

// Hit is a document that was found.
type Hit struct {
	Index  string          `json:"_index"`
	ID     string          `json:"_id"`
	Source json.RawMessage `json:"_source"`
	// Fields are those that were asked for as docvalue_fields.
	Fields map[string][]json.RawMessage `json:"fields"`
	// Sort are the values by which the hits are sorted, after which the next page begins.
	Sort json.RawMessage `json:"sort"`
}

// Shards says how many shards did not do what they were asked for.
type Shards struct {
	Failed int `json:"failed"`
}

// Err returns an error if there are such.
func (s Shards) Err() error {
	if s.Failed > 0 {
		return unavailable(fmt.Errorf("%d shards do not answer", s.Failed), retry)
	}
	return nil
}

// Do sends a search with a body to a path that ends with _search. The error has a
// *logstore.UnavailableError in it if asking again may help.
func Do(ctx context.Context, client *elasticsearch.Client, path string, query url.Values, body map[string]any) (Answer, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return Answer{}, fmt.Errorf("encode a search: %w", err)
	}
	query.Set("allow_partial_search_results", "false")
	response, err := client.Do(ctx, http.MethodPost, path, query, encoded)
	if err != nil {
		return Answer{}, Error(err)
	}
	var found Answer
	if err := json.Unmarshal(response, &found); err != nil {
		return Answer{}, fmt.Errorf("decode the answer of a search: %w", err)
	}
	if err := found.Shards.Err(); err != nil {
		return Answer{}, err
	}
	if found.TimedOut {
		return Answer{}, unavailable(errors.New("the search took longer than the cluster allows"), retry)
	}
	return found, nil
}

// retry is how long clients should wait to ask again when the cluster does not say it.
const retry = 5 * time.Second

// unavailable makes an error one that says that another time the answer may be better.
func unavailable(err error, retryAfter time.Duration) error {
	return fmt.Errorf("%w: %w", &logstore.UnavailableError{Reason: "its cluster does not answer", RetryAfter: retryAfter}, err)
}

// Error returns the error of a request that reads, with a *logstore.UnavailableError in
// it if asking again may help.
func Error(err error) error {
	if status, ok := errors.AsType[*elasticsearch.StatusError](err); ok {
		if status.Status == http.StatusTooManyRequests || status.Status >= http.StatusInternalServerError {
			return unavailable(err, max(status.RetryAfter, retry))
		}
		return err
	}
	if _, ok := errors.AsType[*elasticsearch.UnreachableError](err); ok {
		return unavailable(err, retry)
	}
	return err
}
