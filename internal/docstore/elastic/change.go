package elastic

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/elasticsearch"
)

const (
	// attempts is how often a change is sent that gets no answer, or one that says to try
	// again.
	attempts = 3
	// firstPause is the time between the first two, which doubles then.
	firstPause = 100 * time.Millisecond
)

// errState says that a document is not in the state that a change demands.
var errState = errors.New("the document is in another state")

// demand is the state of a document that a change demands, as parameters of the request;
// nil if no document can be in it.
type demand url.Values

// isMissing demands that there is no document.
var isMissing = demand{"op_type": {"create"}} //nolint:gochecknoglobals // a constant

// isVersion demands a version.
func isVersion(version int64) demand {
	if version>>sequenceBits < 1 {
		return nil
	}
	return demand{
		"if_primary_term": {strconv.FormatInt(version>>sequenceBits, 10)},
		"if_seq_no":       {strconv.FormatInt(version&maxSequence, 10)},
	}
}

// write stores a document if it is in the state that is demanded, otherwise errState.
func (s *Store) write(ctx context.Context, document docstore.Document, demanded demand) (docstore.Document, error) {
	if demanded == nil {
		return docstore.Document{}, errState
	}
	change := rand.Text()
	content, err := newSource(document, change)
	if err != nil {
		return docstore.Document{}, err
	}
	// An alias that is demanded keeps the cluster from making an index of its own
	// liking when ours is missing.
	query := url.Values{"require_alias": {"true"}}
	for name, values := range demanded {
		query[name] = values
	}
	answer, lost, err := s.send(ctx, http.MethodPut, s.path(document.Collection, document.ID), query, content)
	if errors.Is(err, errState) && lost != nil {
		return s.recognize(ctx, document, change, lost)
	}
	if err != nil {
		return docstore.Document{}, err
	}
	document.Version, err = versionIn(answer)
	return clone(document), err
}

// recognize returns the document if it is as the change left it whose answer was lost.
// Otherwise the change may have been made nevertheless, before the next one.
func (s *Store) recognize(ctx context.Context, document docstore.Document, change string, lost error) (docstore.Document, error) {
	found, err := s.get(ctx, document.Collection, document.ID)
	switch {
	case err != nil && !errors.Is(err, docstore.ErrNotFound):
		return docstore.Document{}, unknown(lost, err)
	case err != nil || found.change != change:
		return docstore.Document{}, unknown(lost, lost)
	}
	return found.Document, nil
}

// remove removes a document if it is in the state that is demanded, otherwise errState.
func (s *Store) remove(ctx context.Context, collection, id string, demanded demand) error {
	if demanded == nil {
		return errState
	}
	_, _, err := s.send(ctx, http.MethodDelete, s.path(collection, id), url.Values(demanded), nil)
	return err
}

// send sends a change, and sends it again if need be. It returns errState when the
// document is not in the demanded state, and in lost the error of a request before by
// which the change may have been made.
func (s *Store) send(ctx context.Context, method, path string, query url.Values, content []byte) (answer []byte, lost, err error) {
	if err := s.usable(ctx); err != nil {
		return nil, nil, err
	}
	for attempt := range attempts {
		if attempt > 0 && !sleep(ctx, firstPause<<(attempt-1)) {
			return nil, lost, unknown(lost, errors.Join(err, ctx.Err()))
		}
		answer, err = s.client.Do(ctx, method, path, query, content)
		switch {
		case err == nil:
			return answer, lost, nil
		case elasticsearch.IsConflict(err) || method == http.MethodDelete && isNothingDeleted(err):
			return nil, lost, errState
		case isOpen(err):
			lost = err
		case !isRefusedForNow(err):
			return nil, lost, unknown(lost, err)
		}
	}
	return nil, lost, unknown(lost, err)
}

// isOpen says of an error that the change may have been made.
func isOpen(err error) bool {
	if _, ok := errors.AsType[*elasticsearch.UnreachableError](err); ok {
		return !isUnsent(err)
	}
	status := elasticsearch.StatusOf(err)
	return status == http.StatusRequestTimeout || status >= http.StatusInternalServerError
}

// isRefusedForNow says of an error that the change was not made, but may be if it is sent
// again.
func isRefusedForNow(err error) bool {
	return isUnsent(err) || elasticsearch.StatusOf(err) == http.StatusTooManyRequests
}

// isUnsent says of an error that there was no connection to send the request on.
func isUnsent(err error) bool {
	failed, ok := errors.AsType[*net.OpError](err)
	return ok && failed.Op == "dial"
}

// unknown adds to an error that the change may have been made, if an answer was lost.
func unknown(lost, err error) error {
	switch {
	case lost == nil:
		return err
	case errors.Is(err, lost):
		return fmt.Errorf("the change may have been made or not: %w", err)
	default:
		return fmt.Errorf("the change may have been made or not: %w; then %w", lost, err)
	}
}

// isNothingDeleted says whether the cluster had no document to delete, which is another
// 404 than that for a missing index.
func isNothingDeleted(err error) bool {
	status, ok := errors.AsType[*elasticsearch.StatusError](err)
	if !ok || status.Status != http.StatusNotFound {
		return false
	}
	var answer struct{ Result string }
	return json.Unmarshal(status.Body, &answer) == nil && answer.Result == "not_found"
}

func versionIn(answer []byte) (int64, error) {
	var numbers hit
	if err := json.Unmarshal(answer, &numbers); err != nil {
		return 0, fmt.Errorf("read the answer of the cluster: %w", err)
	}
	return newVersion(numbers.SequenceNumber, numbers.PrimaryTerm)
}

// sleep returns false when ctx ends before the duration.
func sleep(ctx context.Context, duration time.Duration) bool {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
