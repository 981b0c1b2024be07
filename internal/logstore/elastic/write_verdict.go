package elastic

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/docketlog/docket/internal/elasticsearch"
)

// verdict is what becomes of a document after an answer.
type verdict int

const (
	// stored is a document that the cluster has.
	stored verdict = iota
	// postponed is one of which the cluster, or its index, is in no state to tell.
	postponed
	// refused is one that the cluster does not take, however often it is asked.
	refused
)

// verdictOf tells it from the status of an action. Statuses that speak of rights, of
// blocks and of missing indices are none that a document is to blame for.
func verdictOf(status int) verdict {
	switch {
	case status >= http.StatusOK && status < http.StatusMultipleChoices, status == http.StatusConflict:
		return stored
	case status < http.StatusBadRequest, status >= http.StatusInternalServerError:
		return postponed
	}
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return postponed
	default:
		return refused
	}
}

// itemError is a document that was postponed.
type itemError struct{ item item }

func (e *itemError) Error() string {
	return fmt.Sprintf("the index %s takes no document now: %s", e.item.Index, e.item.reason())
}

// settle deals with an answer. With an error it returns the actions that are left to do.
func (w *batchWriter) settle(ctx context.Context, r bulk, items []item) (left []action, err error) {
	var doubtful []int
	isTaking := map[string]bool{}
	for i, one := range items {
		switch verdictOf(one.Status) {
		case stored:
			isTaking[one.Index] = true
			w.backend.countStored(one.Status)
		case refused:
			doubtful = append(doubtful, i)
		case postponed:
			left = append(left, r.actions[i])
			if err == nil {
				err = &itemError{one}
			}
			w.backend.forgetIndex(one.Index)
		}
	}
	for _, i := range doubtful {
		index := items[i].Index
		if _, isKnown := isTaking[index]; !isKnown {
			broken := w.backend.checkIndex(ctx, index)
			isTaking[index] = broken == nil
			if broken != nil && err == nil {
				err = broken
			}
		}
		if isTaking[index] {
			w.refuse(r.actions[i].position, items[i].reason())
		} else {
			left = append(left, r.actions[i])
		}
	}
	return left, err
}

// adopt sees to it that documents are found of indices of which one was the first of a
// shard. Then the cluster may have made the index by itself, without an alias, because
// somebody has just deleted it.
func (b *Backend) adopt(ctx context.Context, items []item) error {
	for _, first := range items {
		p, isOurs := b.periodOf(first.Index)
		if !isOurs || first.SequenceNumber == nil || *first.SequenceNumber > 0 {
			continue
		}
		b.forgetIndex(first.Index)
		if err := b.ensureIndex(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (b *Backend) countStored(status int) {
	if status == http.StatusConflict {
		b.stats.existing.Add(1)
	} else {
		b.stats.created.Add(1)
	}
}

// checkIndex returns an error unless an index answers searches. When it does not, as
// when somebody has closed it, the cluster blames the documents.
func (b *Backend) checkIndex(ctx context.Context, name string) error {
	if err := b.probe(ctx, name); err != nil {
		b.forgetIndex(name)
		return fmt.Errorf("the index %s takes no documents: %w", name, err)
	}
	return nil
}

// isPassing reports whether what an error says may be over soon.
func isPassing(err error) bool {
	if one, ok := errors.AsType[*itemError](err); ok {
		return isPassingStatus(one.item.Status)
	}
	if status, ok := errors.AsType[*elasticsearch.StatusError](err); ok {
		return isPassingStatus(status.Status)
	}
	return true // no answer, or half of one
}

func isPassingStatus(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= http.StatusInternalServerError
}

const (
	// maxAttempts is how often a bulk request is sent before Apply fails. The applier
	// then tries again for as long as it takes.
	maxAttempts = 4
	// defaultMinBackoff is the least wait before the second; each is thrice the one before.
	defaultMinBackoff = 100 * time.Millisecond
)

// backoff waits between attempts.
type backoff struct {
	attempts int
	wait     time.Duration
}

func newBackoff(wait time.Duration) *backoff { return &backoff{attempts: 1, wait: wait} }

// next waits and reports whether to try again.
func (w *backoff) next(ctx context.Context) bool {
	if w.attempts == maxAttempts {
		return false
	}
	jitter := rand.N(w.wait) //nolint:gosec // no secret
	timer := time.NewTimer(w.wait + jitter)
	defer timer.Stop()
	w.attempts++
	w.wait *= 3
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
