package journaled

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/docketlog/docket/internal/journal"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/requests"
)

// maxPendingRequests bounds how many requests are known in memory only.
const maxPendingRequests = 10_000

// requestKey identifies a request.
type requestKey struct {
	projectID int64
	key       string
}

// knownRequests finds requests with an idempotency key. The journal is what makes
// them durable: an entry holds the requests by which its records came. Behind the
// checkpoint they are read from there, into pending; the rest is in the index.
//
//	journal ── note, in order ──▶ pending ── flush, before each checkpoint ──▶ index
//
// What is being flushed stays findable in leaving.
type knownRequests struct {
	journal *journal.Journal
	index   *requests.Index
	now     func() time.Time

	// turn is held by whoever uses what follows. It is a channel, so that waiting
	// for it ends with a context.
	turn chan struct{}
	// through is the last entry whose requests are known. Those behind the
	// checkpoint that the index may lack are in pending and in leaving.
	through          uint64
	pending, leaving map[requestKey]logstore.Request

	// flushing is held for the entire duration of flush. Whoever wants both takes it
	// before the turn.
	flushing chan struct{}
}

func newKnownRequests(log *journal.Journal, index *requests.Index, checkpoint uint64) *knownRequests {
	return &knownRequests{
		journal: log, index: index, now: time.Now, turn: make(chan struct{}, 1),
		through: checkpoint, pending: map[requestKey]logstore.Request{}, flushing: make(chan struct{}, 1),
	}
}

// find returns the request if an entry of the journal, now or ever, has it and it
// is not too old.
func (k *knownRequests) find(ctx context.Context, projectID int64, key string) (logstore.Request, bool, error) {
	found, ok, isMuch, err := k.findPending(ctx, requestKey{projectID, key})
	if err == nil && isMuch {
		err = k.flush(ctx, 0) // no checkpoint does it, because the backend fails
	}
	if err != nil || ok {
		return found, ok, err
	}
	return k.index.Find(ctx, projectID, key)
}

// findPending also reports whether there are too many in memory.
func (k *knownRequests) findPending(ctx context.Context, key requestKey) (found logstore.Request, ok, isMuch bool, err error) {
	if err := take(ctx, k.turn); err != nil {
		return logstore.Request{}, false, false, err
	}
	defer func() { <-k.turn }()
	if err := k.advance(k.journal.LastIndex()); err != nil {
		return logstore.Request{}, false, false, err
	}
	isMuch = len(k.pending) >= maxPendingRequests
	for _, known := range []map[requestKey]logstore.Request{k.leaving, k.pending} {
		switch request, exists := known[key]; {
		case !exists || k.isPast(request):
		case ok:
			found = requests.Merge(found, request)
		default:
			found, ok = request, true
		}
	}
	return found, ok, isMuch, nil
}

// take takes a turn.
func take(ctx context.Context, turn chan struct{}) error {
	select {
	case turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// isPast reports whether a pending request need not be known any more. That is rare:
// they are not pending for long unless the backend fails.
func (k *knownRequests) isPast(request logstore.Request) bool {
	return k.now().Sub(request.Receipts[0].ReceivedAt) > logstore.RequestLifetime
}

// advance reads the journal up to an entry. The caller has the turn.
func (k *knownRequests) advance(through uint64) error {
	for k.through < through {
		index := k.through + 1
		payload, err := k.journal.Read(index)
		if err != nil {
			return fmt.Errorf("look for idempotency keys: %w", err)
		}
		k.add(index, payload)
	}
	return nil
}

// note takes an entry that was read anyway, so that advance need not read it.
func (k *knownRequests) note(index uint64, payload []byte) {
	k.turn <- struct{}{}
	defer func() { <-k.turn }()
	if index == k.through+1 {
		k.add(index, payload)
	}
}

// add takes the entry behind the last one. An entry whose header cannot be read
// becomes a dead letter, and so do its requests.
func (k *knownRequests) add(index uint64, payload []byte) {
	k.through = index
	found, err := requestsOf(payload)
	if err != nil {
		return
	}
	for _, request := range found {
		if len(request.Receipts) == 0 {
			continue
		}
		key := requestKey{request.ProjectID, request.Key}
		if known, exists := k.pending[key]; exists && !k.isPast(known) {
			request = requests.Merge(known, request)
		}
		k.pending[key] = request
	}
}

// flush writes to the index what is known of all entries up to and with through;
// it may write more. Meanwhile requests can be found.
func (k *knownRequests) flush(ctx context.Context, through uint64) error {
	if err := take(ctx, k.flushing); err != nil {
		return err
	}
	defer func() { <-k.flushing }()
	all, err := k.leave(ctx, through)
	if err != nil {
		return err
	}
	if len(all) > 0 {
		err = k.index.Put(ctx, all)
		k.left(err == nil)
	}
	if err == nil {
		err = k.index.Expire(ctx)
	}
	if err != nil {
		return fmt.Errorf("keep idempotency keys: %w", err)
	}
	return nil
}

// leave moves what is pending to leaving and returns it.
func (k *knownRequests) leave(ctx context.Context, through uint64) ([]logstore.Request, error) {
	if err := take(ctx, k.turn); err != nil {
		return nil, err
	}
	defer func() { <-k.turn }()
	if err := k.advance(through); err != nil {
		return nil, err
	}
	k.leaving, k.pending = k.pending, map[requestKey]logstore.Request{}
	return slices.Collect(maps.Values(k.leaving)), nil
}

// left forgets what was leaving, or takes it back when the index does not have it.
func (k *knownRequests) left(isKept bool) {
	k.turn <- struct{}{}
	defer func() { <-k.turn }()
	if !isKept {
		for key, request := range k.leaving {
			if newer, exists := k.pending[key]; exists {
				request = requests.Merge(request, newer)
			}
			k.pending[key] = request
		}
	}
	k.leaving = nil
}
