package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/elastic/searches"
	"github.com/docketlog/docket/internal/record"
)

const (
	// pointLifetime is how long the cluster keeps a point in time after the last
	// request that used it.
	pointLifetime = "2m"
	// releaseTimeout bounds how long releasing a point in time may take.
	releaseTimeout = 5 * time.Second
)

// point is a point in time: requests at it see the same documents, whatever is added
// meanwhile. It is for one goroutine at a time.
type point struct {
	backend *Backend
	// id is what the cluster calls it; "" when there are no indices yet.
	id string
}

// atOnePoint calls a function with a point in time that ends when it returns.
func (b *Backend) atOnePoint(ctx context.Context, ask func(at *point) error) error {
	at := &point{backend: b}
	if err := at.open(ctx); err != nil {
		return err
	}
	defer at.release(ctx)
	return ask(at)
}

// open opens the point. That there are no indices is no error.
func (at *point) open(ctx context.Context) error {
	path := "/" + at.backend.alias() + "/_pit"
	if at.backend.product.Name == elasticsearch.OpenSearch {
		path = "/" + at.backend.alias() + "/_search/point_in_time"
	}
	body, err := at.backend.client.Do(ctx, http.MethodPost, path, url.Values{"keep_alive": {pointLifetime}}, nil)
	if elasticsearch.IsMissing(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open a point in time: %w", searches.Error(err))
	}
	var opened struct {
		ID           string `json:"id"`     // Elasticsearch
		OpenSearchID string `json:"pit_id"` // OpenSearch
		Shards       shards `json:"_shards"`
	}
	if err := json.Unmarshal(body, &opened); err != nil {
		return fmt.Errorf("open a point in time: %w", err)
	}
	at.id = opened.ID + opened.OpenSearchID
	if err := opened.Shards.Err(); err != nil {
		at.release(ctx)
		return fmt.Errorf("open a point in time: %w", err)
	}
	return nil
}

// release lets the cluster forget the point. Should that fail, it does so by itself
// after the point's lifetime.
func (at *point) release(ctx context.Context) {
	if at.id == "" {
		return
	}
	path, ids := "/_pit", any(map[string]any{"id": at.id})
	if at.backend.product.Name == elasticsearch.OpenSearch {
		path, ids = "/_search/point_in_time", map[string]any{"pit_id": []string{at.id}}
	}
	body, err := json.Marshal(ids)
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	_, _ = at.backend.client.Do(ctx, http.MethodDelete, path, nil, body)
	at.id = ""
}

// search asks a question at the point. The body is that of a _search, and is changed.
func (at *point) search(ctx context.Context, body map[string]any) (answer, error) {
	if at.id == "" {
		return answer{}, nil
	}
	body["pit"] = map[string]any{"id": at.id, "keep_alive": pointLifetime}
	found, err := at.backend.ask(ctx, "/_search", url.Values{}, body)
	if found.PointID != "" {
		at.id = found.PointID
	}
	return found, err
}

// visit reads the records of all documents that meet a condition, in an order. After
// an error, which it returns, nothing is visited. That there are more than maxRead is
// a *logstore.TooExpensiveError.
func (at *point) visit(ctx context.Context, selected condition, order logstore.Order, visit func(record.Record) error) error {
	r := reader{search: at.search, selected: selected, order: order, isBounded: true}
	return r.records(ctx, firstPage, visit)
}

// decide reads the records of all documents on which a plan is undecided, and visits
// those that it selects.
func (at *point) decide(ctx context.Context, p plan, visit func(record.Record) error) error {
	undecided, ok := p.undecided()
	if !ok {
		return nil
	}
	return at.visit(ctx, undecided, logstore.NewestFirst, func(r record.Record) error {
		if !p.matches(r) {
			return nil
		}
		return visit(r)
	})
}

// search asks the newest state of all indices a question. The body is that of a
// _search.
func (b *Backend) search(ctx context.Context, body map[string]any) (answer, error) {
	return b.ask(ctx, "/"+b.alias()+"/_search", url.Values{"ignore_unavailable": {"true"}, "allow_no_indices": {"true"}}, body)
}

// What searches answer.
type (
	answer = searches.Answer
	hit    = searches.Hit
	shards = searches.Shards
)

// ask sends a search. What it returns is whole.
func (b *Backend) ask(ctx context.Context, path string, query url.Values, body map[string]any) (answer, error) {
	return searches.Do(ctx, b.client, path, query, body)
}
