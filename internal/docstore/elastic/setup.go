package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// indexTimeout bounds the wait for an index that is there to be readable.
const indexTimeout = 10 * time.Second

// Fields of a document that are searched.
const (
	fieldCollection = "collection"
	fieldID         = "id"
)

// Definition returns the name of the index for a prefix, and its settings, mappings and
// alias, as the body of the request that makes it. Open makes it itself, unless it must
// not.
func Definition(prefix string) (index string, body json.RawMessage) {
	return prefix + "-documents-1", json.RawMessage(fmt.Sprintf(definition, prefix+"-documents"))
}

// definition makes an index in which the body of a document is stored only. The names of
// fields do not depend on the documents. It has one shard, for its changes are counted by
// shard, and a copy as soon as there is a second node. The alias must be there, so that
// the cluster does not make an index by its own rules for a document.
const definition = `{
  "settings": {
    "number_of_shards": 1,
    "auto_expand_replicas": "0-1",
    "translog.durability": "request"
  },
  "mappings": {
    "dynamic": false,
    "properties": {
      "collection": {"type": "keyword"},
      "id": {"type": "keyword"},
      "change": {"type": "keyword", "index": false, "doc_values": false},
      "body": {"type": "keyword", "index": false, "doc_values": false}
    }
  },
  "aliases": {"%s": {"is_write_index": true}}
}`

func (s *Store) setUp(ctx context.Context, config Config) error {
	if config.SetupOff {
		exists, err := s.client.Exists(ctx, "/_alias/"+s.alias)
		if err == nil && !exists {
			return fmt.Errorf("there is no alias %s: make it, or switch setup on", s.alias)
		}
		return err
	}
	index, body := Definition(config.Prefix)
	if err := s.client.EnsureIndex(ctx, index, body); err != nil {
		return err
	}
	return s.awaitIndex(ctx)
}

// awaitIndex returns when the index can be read. Whoever did not make it may see it
// before the cluster has it on a node.
func (s *Store) awaitIndex(ctx context.Context) error {
	for deadline := time.Now().Add(indexTimeout); ; {
		err := s.refresh(ctx)
		if err == nil || time.Now().After(deadline) || !sleep(ctx, firstPause) {
			return err
		}
	}
}
