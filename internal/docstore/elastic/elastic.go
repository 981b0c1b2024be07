// Package elastic keeps documents in an index of an Elasticsearch or OpenSearch cluster,
// so that several Docket replicas share them.
//
// # Versions
//
// The cluster counts the changes of a shard: each has a sequence number, and a primary
// term that rises when another copy of the shard takes over. Both together never go back
// in an index, also not when a document is deleted and made again. The index has one
// shard, a document's Version is made of the two, and each change demands the two that
// its writer has seen (if_seq_no, if_primary_term), or that there is no document. So of
// several writers one wins, in one request, with no tombstones. Only an operator's
// restoring of the index from a snapshot, or copying into a new one, makes versions go
// back.
//
// # Lost answers
//
// A change whose answer is lost may have been made. As it demands a state that it itself
// ends, sending it again does no harm, and it carries a random text by which it is
// recognized if it was made before. So it is sent a few times. If there is no answer even
// then, or the document has meanwhile another content, the error says that the change may
// have been made or not, and it is none of package docstore: a writer that counts must
// not count again. A deletion has no text. If its first answer was lost, it returns
// docstore.ErrNotFound when the document is gone, whoever deleted it.
//
// # Cost
//
// Get and each change is one request. List asks the cluster to make all changes visible
// to searches first, and then one request for each thousand documents. It always does, as
// nobody else knows whether another replica has changed something: where nobody has, that
// takes half of the search's time or less. A change is on the disks of the cluster when it
// returns.
package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/elasticsearch"
)

// Config of a Store.
type Config struct {
	// Client is the connection to the cluster, and stays the caller's; required.
	Client *elasticsearch.Client
	// Prefix begins the name of the index; required. The alias PREFIX-documents names it.
	Prefix string
	// SetupOff leaves making the index to an operator; see Definition.
	SetupOff bool
}

// Store is a docstore.Store in a cluster. Any number of them, in any number of
// processes, may use one index.
type Store struct {
	client *elasticsearch.Client
	alias  string
	closed atomic.Bool
}

var _ docstore.Store = (*Store)(nil)

// Open makes the index unless it is there. It fails when the cluster cannot be reached.
func Open(ctx context.Context, config Config) (*Store, error) {
	s := &Store{client: config.Client, alias: config.Prefix + "-documents"}
	if err := s.setUp(ctx, config); err != nil {
		return nil, fmt.Errorf("set up the index of documents: %w", err)
	}
	return s, nil
}

// Close makes all methods return docstore.ErrClosed. It may be called again.
func (s *Store) Close() error {
	s.closed.Store(true)
	return nil
}

// Get implements docstore.Store.
func (s *Store) Get(ctx context.Context, collection, id string) (docstore.Document, error) {
	if err := docstore.ValidateName(collection, id); err != nil {
		return docstore.Document{}, err
	}
	found, err := s.get(ctx, collection, id)
	if err != nil {
		return docstore.Document{}, fmt.Errorf("get %s/%s: %w", collection, id, err)
	}
	return found.Document, nil
}

// Create implements docstore.Store.
func (s *Store) Create(ctx context.Context, document docstore.Document) (docstore.Document, error) {
	if err := docstore.ValidateDocument(document); err != nil {
		return docstore.Document{}, err
	}
	created, err := s.write(ctx, document, isMissing)
	if errors.Is(err, errState) {
		err = docstore.ErrExists
	}
	if err != nil {
		return docstore.Document{}, fmt.Errorf("create %s/%s: %w", document.Collection, document.ID, err)
	}
	return created, nil
}

// Update implements docstore.Store.
func (s *Store) Update(ctx context.Context, document docstore.Document) (docstore.Document, error) {
	if err := docstore.ValidateDocument(document); err != nil {
		return docstore.Document{}, err
	}
	updated, err := s.write(ctx, document, isVersion(document.Version))
	if errors.Is(err, errState) {
		err = s.conflict(ctx, document.Collection, document.ID)
	}
	if err != nil {
		return docstore.Document{}, fmt.Errorf("update %s/%s: %w", document.Collection, document.ID, err)
	}
	return updated, nil
}

// Delete implements docstore.Store.
func (s *Store) Delete(ctx context.Context, collection, id string, version int64) error {
	if err := docstore.ValidateName(collection, id); err != nil {
		return err
	}
	err := s.remove(ctx, collection, id, isVersion(version))
	if errors.Is(err, errState) {
		err = s.conflict(ctx, collection, id)
	}
	if err != nil {
		return fmt.Errorf("delete %s/%s: %w", collection, id, err)
	}
	return nil
}

// conflict says why a document did not have the version that a change demanded.
func (s *Store) conflict(ctx context.Context, collection, id string) error {
	if _, err := s.get(ctx, collection, id); err != nil {
		return err
	}
	return docstore.ErrConflict
}

// stored is a document with the text of the change that wrote it.
type stored struct {
	docstore.Document
	change string
}

// get reads what the last finished change wrote: a document is found by its id at once.
func (s *Store) get(ctx context.Context, collection, id string) (stored, error) {
	if err := s.usable(ctx); err != nil {
		return stored{}, err
	}
	body, err := s.client.Do(ctx, http.MethodGet, s.path(collection, id), nil, nil)
	if isAbsence(err) {
		return stored{}, docstore.ErrNotFound
	}
	if err != nil {
		return stored{}, err
	}
	var answer hit
	if err := json.Unmarshal(body, &answer); err != nil {
		return stored{}, fmt.Errorf("read the answer of the cluster: %w", err)
	}
	return answer.stored()
}

// isAbsence says whether the error means that there is no such document. When the index
// is missing, the status is the same, but nothing is said of a document.
func isAbsence(err error) bool {
	status, ok := errors.AsType[*elasticsearch.StatusError](err)
	if !ok || status.Status != http.StatusNotFound {
		return false
	}
	var answer struct{ Found *bool }
	return json.Unmarshal(status.Body, &answer) == nil && answer.Found != nil && !*answer.Found
}

func (s *Store) usable(ctx context.Context) error {
	if s.closed.Load() {
		return docstore.ErrClosed
	}
	return ctx.Err()
}

// clone keeps the caller's bytes apart from those of the answer.
func clone(document docstore.Document) docstore.Document {
	document.Body = bytes.Clone(document.Body)
	return document
}
