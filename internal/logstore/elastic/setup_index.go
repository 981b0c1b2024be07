package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/docketlog/docket/internal/elasticsearch"
)

// dayFormat is the end of the name of an index.
const dayFormat = "2006.01.02"

// With durabilityRequest, the default, documents are on disk when the cluster has
// answered; with durabilityAsync only some time, or a flush, later.
const (
	durabilityRequest = "request"
	durabilityAsync   = "async"
)

// ensureIndex returns when the index of a period is there and its records are found. An
// error is that of the cluster, not of a record: a *refusedIndexError if the cluster does
// not want such an index.
func (b *Backend) ensureIndex(ctx context.Context, p period) error {
	name := b.indexName(p)
	if b.isKnown(name) {
		return nil
	}
	found, err := b.inspect(ctx, name)
	if elasticsearch.StatusOf(err) == http.StatusNotFound {
		if err = b.createIndex(ctx, p); err == nil {
			found, err = b.inspect(ctx, name)
		}
	}
	if err == nil {
		err = b.adapt(ctx, name, found)
	}
	if err != nil {
		return fmt.Errorf("have the index %s: %w", name, err)
	}
	b.indices.Lock()
	defer b.indices.Unlock()
	b.known[name] = struct{}{}
	if strings.EqualFold(found.Settings.Index.Translog.Durability, durabilityAsync) {
		b.volatile[name] = struct{}{}
	} else {
		delete(b.volatile, name)
	}
	return nil
}

// isKnown reports whether ensureIndex has nothing to do for an index.
func (b *Backend) isKnown(name string) bool {
	b.indices.Lock()
	defer b.indices.Unlock()
	_, ok := b.known[name]
	return ok
}

// forgetIndex makes ensureIndex look again.
func (b *Backend) forgetIndex(name string) {
	b.indices.Lock()
	defer b.indices.Unlock()
	delete(b.known, name)
}

// inspectedIndex is what a cluster says of an index.
type inspectedIndex struct {
	Aliases  map[string]json.RawMessage `json:"aliases"`
	Mappings struct {
		Meta struct {
			Version int `json:"docket_version"`
		} `json:"_meta"`
	} `json:"mappings"`
	Settings struct {
		Index struct {
			Translog struct {
				Durability string `json:"durability"`
			} `json:"translog"`
		} `json:"index"`
	} `json:"settings"`
}

// inspect asks for an index. The error's status is 404 if there is none.
func (b *Backend) inspect(ctx context.Context, name string) (inspectedIndex, error) {
	answer, err := b.client.Do(ctx, http.MethodGet, "/"+name, url.Values{
		"filter_path": {"*.aliases,*.mappings._meta,*.settings.index.translog.durability"},
	}, nil)
	if err != nil {
		return inspectedIndex{}, err
	}
	var indices map[string]inspectedIndex
	if err := json.Unmarshal(answer, &indices); err != nil {
		return inspectedIndex{}, fmt.Errorf("read the answer of GET /%s: %w", name, err)
	}
	return indices[name], nil
}

// refusedIndexError says that the cluster does not make an index, and will not as long as
// nobody changes something: it has as many shards as it may have, for instance.
type refusedIndexError struct {
	name  string
	cause error
}

func (e *refusedIndexError) Error() string {
	return fmt.Sprintf("the cluster refuses to make the index %s: %v", e.name, e.cause)
}

func (e *refusedIndexError) Unwrap() error { return e.cause }

// createIndex makes the index of a period. Its settings are those of the template; the
// mapping is said once more, as nothing would be found without it. It gets no alias yet:
// searches would meet it before its shards can answer.
func (b *Backend) createIndex(ctx context.Context, p period) error {
	name, body := b.indexName(p), object{"mappings": mappings()}
	if b.config.Indices.MaxAge > 0 && !b.config.IsSetupOff && b.product.Name == elasticsearch.Elasticsearch {
		// Else the age would be counted from now, also for records of long ago.
		body["settings"] = object{"index.lifecycle.origination_date": startOfDay(p.last + 1).UnixMilli()}
	}
	request := putRequest("/"+name, body)
	_, err := b.client.Do(ctx, request.Method, request.Path, nil, request.Body)
	if elasticsearch.StatusOf(err) != http.StatusBadRequest {
		return err
	}
	_, missing := b.inspect(ctx, name)
	switch {
	case missing == nil:
		return nil // another Docket has made it at the same time
	case elasticsearch.StatusOf(missing) == http.StatusNotFound:
		return &refusedIndexError{name, err}
	default:
		return missing
	}
}

// adapt brings an index to what this version of Docket needs.
func (b *Backend) adapt(ctx context.Context, name string, found inspectedIndex) error {
	switch version := found.Mappings.Meta.Version; {
	case version == 0:
		return fmt.Errorf("it is there, but its mapping is not Docket's: delete or rename it, "+
			"and see that the cluster has what the command %q prints", SetupCommand)
	case version < mappingVersion:
		request := putRequest("/"+name+"/_mapping", mappings())
		if _, err := b.client.Do(ctx, request.Method, request.Path, nil, request.Body); err != nil {
			return fmt.Errorf("add fields to its mapping: %w", err)
		}
	}
	if _, ok := found.Aliases[b.alias()]; ok {
		return nil
	}
	if err := b.awaitIndex(ctx, name); err != nil {
		return err
	}
	if _, err := b.client.Do(ctx, http.MethodPut, "/"+name+"/_alias/"+b.alias(), nil, nil); err != nil {
		return fmt.Errorf("add the alias %s to it: %w", b.alias(), err)
	}
	return nil
}

// awaitIndex returns when all shards of an index answer searches, or with an error when
// that takes long.
func (b *Backend) awaitIndex(ctx context.Context, name string) error {
	for wait := newBackoff(b.minBackoff); ; {
		err := b.probe(ctx, name)
		if err == nil || !isPassing(err) || !wait.next(ctx) {
			return err
		}
	}
}

// probe returns an error unless all shards of an index answer a search.
func (b *Backend) probe(ctx context.Context, name string) error {
	_, err := b.client.Do(ctx, http.MethodPost, "/"+name+"/_search",
		url.Values{"size": {"0"}, "terminate_after": {"1"}, "allow_partial_search_results": {"false"}}, nil)
	return err
}
