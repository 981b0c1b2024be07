package elastic

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// maxBulksInFlight is how many bulk requests are on their way at once.
const maxBulksInFlight = 2

// Apply implements logstore.Backend. When it returns nil, the documents are on the disks
// of the cluster, unless its indices are set otherwise: then they are after Sync. They
// are findable about a second later.
//
// A document that is there already is left as it is, also when replayed is false: so a
// batch can be applied again after an error, of which some documents may have arrived.
func (b *Backend) Apply(ctx context.Context, batch []record.Record, _ bool) error {
	done, err := b.use(ctx)
	if err != nil {
		return err
	}
	defer done()
	w := &batchWriter{backend: b}
	if err := w.write(ctx, batch); err != nil {
		return fmt.Errorf("apply: %w", err)
	}
	b.forgetOverlarge()
	if len(w.refusals) == 0 {
		return nil
	}
	b.stats.refused.Add(int64(len(w.refusals)))
	slices.SortFunc(w.refusals, func(a, b logstore.Refusal) int { return cmp.Compare(a.Position, b.Position) })
	return &logstore.RefusedError{Refusals: w.refusals}
}

// batchWriter writes a batch.
type batchWriter struct {
	backend *Backend

	// mutex guards refusals.
	mutex    sync.Mutex
	refusals []logstore.Refusal
}

func (w *batchWriter) refuse(position int, reason string) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.refusals = append(w.refusals, logstore.Refusal{Position: position, Reason: reason})
}

// write returns when every record is in the cluster or refused, or with the error that
// concerns the whole batch. While requests are on their way, the next one is made.
func (w *batchWriter) write(ctx context.Context, batch []record.Record) error {
	requests, ctx := errgroup.WithContext(ctx)
	requests.SetLimit(maxBulksInFlight)
	err := w.encode(ctx, batch, func(r bulk) {
		requests.Go(func() error { return w.deliver(ctx, r) })
	})
	// An error of a request ends ctx, and so may be the reason of the other.
	return cmp.Or(requests.Wait(), err)
}

// encode makes bulk requests of a batch.
func (w *batchWriter) encode(ctx context.Context, batch []record.Record, send func(bulk)) error {
	next, places := w.newBulk(len(batch)), placer{backend: w.backend}
	var source []byte
	for position, r := range batch {
		if err := ctx.Err(); err != nil {
			return err
		}
		d, index, err := w.prepare(ctx, source[:0], r, &places)
		if reason, ok := errors.AsType[refusal](err); ok {
			w.refuse(position, string(reason))
			continue
		}
		if err != nil {
			return fmt.Errorf("record %d of the batch: %w", position, err)
		}
		source = d.source
		isFull := len(next.body)+len(d.source) > w.backend.limit.get() || len(next.actions) == maxBulkRecords
		if isFull && len(next.actions) > 0 {
			send(next)
			next = w.newBulk(len(batch) - position)
		}
		next.add(position, index, d)
		w.backend.documentBytes += (len(d.source) - w.backend.documentBytes) / 16
	}
	if len(next.actions) > 0 {
		send(next)
	}
	return nil
}

// prepare makes the document of a record, which is appended to dst, and finds the index for
// it.
func (w *batchWriter) prepare(ctx context.Context, dst []byte, r record.Record, places *placer) (d document, index string, err error) {
	if d, err = w.backend.encodeSafely(dst, r); err != nil {
		return d, "", err
	}
	if limit := w.backend.config.MaxDocumentBytes; len(d.source) > limit {
		return d, "", refusal(fmt.Sprintf("its document has %d bytes, more than the largest that is sent to the cluster, %d", len(d.source), limit))
	}
	index, err = places.place(ctx, d)
	return d, index, err
}

// newBulk returns a bulk request with room for some documents, as far as they fit.
func (w *batchWriter) newBulk(documents int) bulk {
	const actionBytes = 128
	size := min(documents*(w.backend.documentBytes+actionBytes), w.backend.limit.get())
	return bulk{body: make([]byte, 0, size), actions: make([]action, 0, min(documents, maxBulkRecords))}
}

// encodeSafely refuses a record that makes encoding panic: else it would end the process
// at every start, as the journal offers it again.
func (b *Backend) encodeSafely(dst []byte, r record.Record) (d document, err error) {
	defer func() {
		if failure := recover(); failure != nil {
			b.encoder = encoder{}
			err = refusal(fmt.Sprintf("encoding it fails: %v", failure))
		}
	}()
	return b.encoder.encode(dst, r)
}

// deliver returns when all documents of a bulk request are in the cluster or refused. It
// tries again for a short while, with those that are not; then it returns an error.
func (w *batchWriter) deliver(ctx context.Context, r bulk) error {
	w.backend.touch(r.actions)
	wait := newBackoff(w.backend.minBackoff)
	for {
		left := r.actions
		items, err := w.backend.send(ctx, r)
		if elasticsearch.StatusOf(err) == http.StatusRequestEntityTooLarge {
			return w.split(ctx, r, err)
		}
		if err == nil {
			// Should this fail, the batch comes again, and its indices are looked at.
			if err := w.backend.adopt(ctx, items); err != nil {
				return err
			}
			left, err = w.settle(ctx, r, items)
		}
		if isNoRoom(err) {
			w.backend.limit.shrink()
		}
		if err == nil || !isPassing(err) || !wait.next(ctx) {
			return w.giveUp(left, err)
		}
		w.backend.stats.retries.Add(1)
		r = r.only(left)
	}
}

// giveUp returns the error of a request that is not sent again now, nil if there is none. A
// document that is alone with an error that may never end is refused some time.
func (w *batchWriter) giveUp(left []action, err error) error {
	if len(left) == 1 && isNoRoom(err) && w.backend.outlasts(left[0]) {
		w.refuse(left[0].position, noRoomReason(left[0].end-left[0].start, w.backend.patience, err))
		return nil
	}
	return err
}

// split delivers a bulk request that is too large in halves. A document that is too
// large alone is refused.
func (w *batchWriter) split(ctx context.Context, r bulk, tooLarge error) error {
	if len(r.actions) == 1 {
		w.refuse(r.actions[0].position, fmt.Sprintf("its document has %d bytes, which is too much for the cluster: %v", len(r.body), tooLarge))
		return nil
	}
	w.backend.limit.tooLarge(len(r.body))
	half := len(r.actions) / 2
	for _, actions := range [][]action{r.actions[:half], r.actions[half:]} {
		w.backend.stats.retries.Add(1)
		if err := w.deliver(ctx, r.only(actions)); err != nil {
			return fmt.Errorf("a part of a request that was too large: %w", err)
		}
	}
	return nil
}
