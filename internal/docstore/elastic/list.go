package elastic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/elasticsearch"
)

// pageDocuments is how many documents List asks for at once. When they are too large for
// one answer, it asks for fewer.
const pageDocuments = 1000

// List implements docstore.Store. What is changed while it runs is in it or not, each
// document on its own.
func (s *Store) List(ctx context.Context, collection, prefix string) ([]docstore.Document, error) {
	if err := docstore.ValidatePrefix(collection, prefix); err != nil {
		return nil, err
	}
	documents, err := s.list(ctx, collection, prefix)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", collection, err)
	}
	return documents, nil
}

func (s *Store) list(ctx context.Context, collection, prefix string) ([]docstore.Document, error) {
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	if err := s.refresh(ctx); err != nil {
		return nil, fmt.Errorf("make changes visible: %w", err)
	}
	var documents []docstore.Document
	for size, last := pageDocuments, ""; ; {
		page, err := s.page(ctx, collection, prefix, last, size)
		if size > 1 && isTooMuch(err) {
			size /= 2
			continue
		}
		if err != nil {
			return nil, err
		}
		documents = append(documents, page...)
		if len(page) < size {
			return documents, nil
		}
		last = page[len(page)-1].ID
	}
}

// isTooMuch says whether fewer documents may fit: the answer was too large for us, or for
// the memory of the cluster.
func isTooMuch(err error) bool {
	return errors.Is(err, elasticsearch.ErrAnswerTooLarge) || elasticsearch.StatusOf(err) == http.StatusTooManyRequests
}

// refresh makes searches find all changes that have returned.
func (s *Store) refresh(ctx context.Context) error {
	body, err := s.client.Do(ctx, http.MethodPost, "/"+s.alias+"/_refresh", nil, nil)
	if err != nil {
		return err
	}
	var answer struct {
		Shards shards `json:"_shards"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("read the answer of the cluster: %w", err)
	}
	return answer.Shards.check()
}

// page returns the first documents after the id last. All ids are after "".
func (s *Store) page(ctx context.Context, collection, prefix, last string, size int) ([]docstore.Document, error) {
	query, err := json.Marshal(search(collection, prefix, last, size))
	if err != nil {
		return nil, err
	}
	body, err := s.client.Do(ctx, http.MethodPost, "/"+s.alias+"/_search",
		url.Values{"allow_partial_search_results": {"false"}}, query)
	if err != nil {
		return nil, err
	}
	var answer struct {
		TimedOut bool   `json:"timed_out"`
		Shards   shards `json:"_shards"`
		Hits     struct{ Hits []hit }
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("read the answer of the cluster: %w", err)
	}
	if answer.TimedOut {
		return nil, errors.New("the cluster gave up the search")
	}
	if err := answer.Shards.check(); err != nil {
		return nil, err
	}
	documents := make([]docstore.Document, 0, len(answer.Hits.Hits))
	for _, hit := range answer.Hits.Hits {
		found, err := hit.stored()
		if err != nil {
			return nil, err
		}
		documents = append(documents, found.Document)
	}
	return documents, nil
}

func search(collection, prefix, last string, size int) map[string]any {
	conditions := []any{map[string]any{"term": map[string]any{fieldCollection: collection}}}
	if prefix != "" {
		conditions = append(conditions, map[string]any{"prefix": map[string]any{fieldID: prefix}})
	}
	return map[string]any{
		"query":               map[string]any{"bool": map[string]any{"filter": conditions}},
		"sort":                []any{map[string]any{fieldID: "asc"}},
		"search_after":        []any{last},
		"size":                size,
		"seq_no_primary_term": true,
		"track_total_hits":    false,
	}
}

// shards is what answers of the cluster say of the shards that they come from.
type shards struct{ Total, Successful, Failed int }

func (s shards) check() error {
	if s.Failed > 0 || s.Successful == 0 {
		return fmt.Errorf("%d of %d copies of the index answered, %d failed", s.Successful, s.Total, s.Failed)
	}
	return nil
}
