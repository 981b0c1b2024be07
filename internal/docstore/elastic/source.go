package elastic

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/docketlog/docket/internal/docstore"
)

// source is what is in the index for a document; see Definition.
type source struct {
	Collection string `json:"collection"`
	ID         string `json:"id"`
	// Change is a random text of the change that wrote this.
	Change string `json:"change"`
	// Body is the body as a text, so that it stays as it is: the products refuse what
	// some JSON has, such as a name twice.
	Body string `json:"body"`
}

// newSource returns the JSON of the source of a document.
func newSource(document docstore.Document, change string) ([]byte, error) {
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(source{
		Collection: document.Collection, ID: document.ID, Change: change, Body: string(document.Body),
	})
	return encoded.Bytes(), err
}

// hit is a document in an answer, of a search or alone.
type hit struct {
	SequenceNumber *int64  `json:"_seq_no"`
	PrimaryTerm    *int64  `json:"_primary_term"`
	Source         *source `json:"_source"`
}

func (h hit) stored() (stored, error) {
	if h.Source == nil {
		return stored{}, errors.New("the cluster answered without the document")
	}
	version, err := newVersion(h.SequenceNumber, h.PrimaryTerm)
	if err != nil {
		return stored{}, err
	}
	return stored{docstore.Document{
		Collection: h.Source.Collection, ID: h.Source.ID, Version: version, Body: json.RawMessage(h.Source.Body),
	}, h.Source.Change}, nil
}

// path is where a document is. Ids have characters that paths do not, and the cluster
// takes 512 bytes.
func (s *Store) path(collection, id string) string {
	return "/" + s.alias + "/_doc/" + collection + "." + base64.RawURLEncoding.EncodeToString([]byte(id))
}

// A version is a primary term and, in the lower bits, a sequence number. Terms begin at
// 1, so versions do not come near 0, and stay exact in a JSON reader's float as long as
// there are less than 8192 terms.
const (
	sequenceBits = 40
	maxSequence  = 1<<sequenceBits - 1
	maxTerm      = 1<<(63-sequenceBits) - 1
)

func newVersion(sequenceNumber, primaryTerm *int64) (int64, error) {
	if sequenceNumber == nil || primaryTerm == nil {
		return 0, errors.New("the cluster answered without the number of the change")
	}
	if *sequenceNumber < 0 || *sequenceNumber > maxSequence || *primaryTerm < 1 || *primaryTerm > maxTerm {
		return 0, fmt.Errorf("the cluster has numbers of changes that do not fit into a version: %d, primary term %d", *sequenceNumber, *primaryTerm)
	}
	return *primaryTerm<<sequenceBits | *sequenceNumber, nil
}
