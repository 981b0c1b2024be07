package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"github.com/docketlog/docket/internal/elasticsearch"
)

// maxReasonBytes is the length of the longest reason of a refusal.
const maxReasonBytes = 1000

// action is a line, or two, of a bulk request that is about one document.
type action struct {
	// position is the record's place in its batch.
	position int
	// index and id say which document it is.
	index, id string
	// start and end are where the lines are in the body of the request.
	start, end int
}

// bulk is a bulk request.
type bulk struct {
	body    []byte
	actions []action
}

// add adds the document of a record.
func (r *bulk) add(position int, index string, d document) {
	start := len(r.body)
	r.body = append(r.body, `{"create":{"_index":`...)
	r.body = appendString(r.body, index)
	r.body = append(r.body, `,"_id":`...)
	r.body = appendString(r.body, d.id)
	r.body = append(r.body, "}}\n"...)
	r.body = append(r.body, d.source...)
	r.body = append(r.body, '\n')
	r.actions = append(r.actions, action{position: position, index: index, id: d.id, start: start, end: len(r.body)})
}

// only returns the request with some of its actions.
func (r bulk) only(actions []action) bulk {
	if len(actions) == len(r.actions) {
		return r
	}
	part := bulk{actions: make([]action, 0, len(actions))}
	for _, a := range actions {
		start := len(part.body)
		part.body = append(part.body, r.body[a.start:a.end]...)
		a.start, a.end = start, len(part.body)
		part.actions = append(part.actions, a)
	}
	return part
}

// item is what the cluster says of an action.
type item struct {
	Index  string `json:"_index"`
	ID     string `json:"_id"`
	Status int    `json:"status"`
	// SequenceNumber counts the changes of a shard; it is not there after an error.
	SequenceNumber *int64 `json:"_seq_no"`
	Error          *struct {
		Type     string `json:"type"`
		Reason   string `json:"reason"`
		CausedBy struct {
			Reason string `json:"reason"`
		} `json:"caused_by"`
	} `json:"error"`
}

// reason says to an operator what the cluster has against a document.
func (i item) reason() string {
	text := fmt.Sprintf("the cluster answers with status %d", i.Status)
	if i.Error != nil {
		text += fmt.Sprintf(": %s: %s", i.Error.Type, i.Error.Reason)
		if i.Error.CausedBy.Reason != "" {
			text += ": " + i.Error.CausedBy.Reason
		}
	}
	if len(text) > maxReasonBytes {
		text = strings.ToValidUTF8(text[:maxReasonBytes], "") + "…"
	}
	return text
}

// errAnswer says that an answer does not fit its request.
var errAnswer = errors.New("the answer of the bulk request makes no sense")

// send sends a bulk request and returns what the answer says of each action. The error
// of an answer that is no success is an *elasticsearch.StatusError.
//
// The body is not used again for another request: what sends it may still read it when
// the answer is there.
func (b *Backend) send(ctx context.Context, r bulk) ([]item, error) {
	b.stats.bytes.Add(int64(len(r.body)))
	items, err := b.exchange(ctx, r)
	switch status := elasticsearch.StatusOf(err); {
	case err == nil:
		b.stats.success.Add(1)
		b.limit.taken()
	case status != 0:
		b.stats.request(outcomeOf(status)).Add(1)
	default:
		b.stats.unanswered.Add(1)
		b.limit.shrink()
	}
	return items, err
}

func (b *Backend) exchange(ctx context.Context, r bulk) ([]item, error) {
	request := esapi.BulkRequest{
		Body:       bytes.NewReader(r.body),
		FilterPath: []string{"items.*._index", "items.*._id", "items.*.status", "items.*._seq_no", "items.*.error.type", "items.*.error.reason", "items.*.error.caused_by.reason"},
		Header:     http.Header{"Content-Type": {"application/x-ndjson"}},
	}
	response, err := request.Do(ctx, b.client)
	if err != nil {
		return nil, fmt.Errorf("send a bulk request: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("read the answer of a bulk request: %w", err)
	}
	if response.StatusCode < http.StatusOK || response.StatusCode >= http.StatusMultipleChoices {
		return nil, &elasticsearch.StatusError{Method: http.MethodPost, Path: "/_bulk", Status: response.StatusCode, Body: answer}
	}
	return parseBulkAnswer(answer, r.actions)
}

// parseBulkAnswer returns what an answer says of each action. It must say it of all of
// them, in their order.
func parseBulkAnswer(answer []byte, actions []action) ([]item, error) {
	var parsed struct {
		Items []struct {
			Create *item `json:"create"`
			Delete *item `json:"delete"`
		} `json:"items"`
	}
	if err := json.Unmarshal(answer, &parsed); err != nil {
		return nil, fmt.Errorf("%w: %w", errAnswer, err)
	}
	if len(parsed.Items) != len(actions) {
		return nil, fmt.Errorf("%w: it is about %d documents and not %d", errAnswer, len(parsed.Items), len(actions))
	}
	items := make([]item, len(actions))
	for i, asked := range actions {
		switch one := parsed.Items[i]; {
		case one.Create != nil && one.Delete == nil:
			items[i] = *one.Create
		case one.Delete != nil && one.Create == nil:
			items[i] = *one.Delete
		}
		if got := items[i]; got.Index != asked.index || got.ID != asked.id || got.Status == 0 {
			return nil, fmt.Errorf("%w: in the place %d it is about %q of %q and not about %q of %q",
				errAnswer, i, got.ID, got.Index, asked.id, asked.index)
		}
	}
	return items, nil
}
