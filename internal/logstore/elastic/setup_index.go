package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

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

// indexName returns the name of the index of a day.
func (b *Backend) indexName(day int64) string {
	return b.alias() + "-" + startOfDay(day).Format(dayFormat)
}

// dayOfIndex is the inverse of indexName; ok is false for any other name.
func (b *Backend) dayOfIndex(name string) (start time.Time, ok bool) {
	text, hasPrefix := strings.CutPrefix(name, b.alias()+"-")
	start, err := time.Parse(dayFormat, text)
	return start, hasPrefix && err == nil && start.Format(dayFormat) == text
}

func startOfDay(day int64) time.Time { return time.Unix(day*int64(24*time.Hour/time.Second), 0).UTC() }

// ensureIndex returns when the index of a day is there. All errors are those of the
// cluster, not of a record.
func (b *Backend) ensureIndex(ctx context.Context, day int64) error {
	name := b.indexName(day)
	b.indices.Lock()
	_, isKnown := b.known[name]
	b.indices.Unlock()
	if isKnown {
		return nil
	}
	found, err := b.inspect(ctx, name)
	if elasticsearch.StatusOf(err) == http.StatusNotFound {
		if err = b.createIndex(ctx, name, day); err == nil {
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

// createIndex makes the index of a day. Its settings are those of the template; the
// rest is said once more, as nothing would be found without it.
func (b *Backend) createIndex(ctx context.Context, name string, day int64) error {
	body := object{"mappings": mappings(), "aliases": object{b.alias(): object{}}}
	if b.config.Indices.MaxAge > 0 && !b.config.IsSetupOff && b.product.Name == elasticsearch.Elasticsearch {
		// Else the age would be counted from now, also for records of long ago.
		body["settings"] = object{"index.lifecycle.origination_date": startOfDay(day + 1).UnixMilli()}
	}
	request := putRequest("/"+name, body)
	_, err := b.client.Do(ctx, request.Method, request.Path, nil, request.Body)
	if elasticsearch.StatusOf(err) != http.StatusBadRequest {
		return err
	}
	if _, missing := b.inspect(ctx, name); missing != nil {
		return err
	}
	return nil // another Docket has made it at the same time
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
	if _, ok := found.Aliases[b.alias()]; !ok {
		if _, err := b.client.Do(ctx, http.MethodPut, "/"+name+"/_alias/"+b.alias(), nil, nil); err != nil {
			return fmt.Errorf("add the alias %s to it: %w", b.alias(), err)
		}
	}
	return nil
}
