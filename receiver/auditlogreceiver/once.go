package auditlogreceiver

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/idempotency"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/intake"
)

// headerIdempotencyKey is the header by which a client marks repeated requests.
const headerIdempotencyKey = "Idempotency-Key"

// requestStore is an extension that knows which requests have stored records, such
// as log_store.
type requestStore interface {
	// RequestFinder is nil before Start.
	RequestFinder() logstore.RequestFinder
}

// findRequestFinder returns the finder of the configured extension, or nil when none
// is configured.
func findRequestFinder(id *component.ID, extensions map[component.ID]component.Component) (logstore.RequestFinder, error) {
	if id == nil {
		return nil, nil //nolint:nilnil // none is a valid setting
	}
	found, ok := extensions[*id]
	if !ok {
		return nil, fmt.Errorf("find idempotency::store: no extension %q is configured and listed in service::extensions", id)
	}
	store, ok := found.(requestStore)
	if !ok {
		return nil, fmt.Errorf("find idempotency::store: extension %q does not remember requests: name a log_store, or leave the option out", id)
	}
	finder := store.RequestFinder()
	if finder == nil {
		return nil, fmt.Errorf("find idempotency::store: extension %q is not started", id)
	}
	return finder, nil
}

// requestKey returns the client's key, and false when it has sent none.
func requestKey(r *http.Request) (key string, sent bool, problem *intake.Problem) {
	keys := r.Header.Values(headerIdempotencyKey)
	if len(keys) == 0 {
		return "", false, nil
	}
	if err := idempotency.CheckKey(keys[0]); err != nil {
		return "", true, intake.Invalid(intake.Field{Name: headerIdempotencyKey, Message: err.Error()})
	}
	return keys[0], true, nil
}

// storeOnce stores a batch unless the request was stored before, and returns the
// same answer either way.
//
// Only one request with the key is between asking for an earlier one and having
// stored its records. So that this holds, storing goes on to its end when the client
// is gone: a pipeline that gave up half-way would leave open whether the records
// are stored.
func (h *handler) storeOnce(
	ctx context.Context, f format, b *batch, receivedAt time.Time, request idempotency.Request,
) (idempotency.Answer, *intake.Problem) {
	var problem *intake.Problem
	answer, err := h.answers.Do(ctx, request, func() (answer idempotency.Answer, keep bool) {
		answer, problem = h.storeUnlessKnown(ctx, f, b, receivedAt, request)
		return answer, problem == nil
	})
	if err != nil {
		return idempotency.Answer{}, idempotencyProblem(err)
	}
	return answer, problem
}

func (h *handler) storeUnlessKnown(
	ctx context.Context, f format, b *batch, receivedAt time.Time, request idempotency.Request,
) (idempotency.Answer, *intake.Problem) {
	known, problem := h.recall(ctx, b, request)
	switch {
	case problem != nil:
		return idempotency.Answer{}, problem
	case known:
		return b.answer(f)
	default:
		b.mark(request)
		return h.store(context.WithoutCancel(ctx), f, b, receivedAt)
	}
}

// recall asks whether the request has stored its records before, perhaps in an
// earlier life of this process. If so, the batch has the receipts of that time.
func (h *handler) recall(ctx context.Context, b *batch, request idempotency.Request) (known bool, problem *intake.Problem) {
	if h.requests == nil {
		return false, nil
	}
	var receipts []logstore.Receipt
	for _, project := range request.Projects {
		earlier, found, err := h.requests.FindRequest(ctx, project, request.Key)
		switch {
		case err != nil:
			return false, h.recallProblem(ctx, err)
		case !found:
			continue
		case earlier.Digest != request.Digest:
			return false, idempotencyProblem(idempotency.ErrReused)
		}
		known = true
		receipts = append(receipts, earlier.Receipts...)
	}
	if known && !b.takeReceipts(receipts) {
		return false, intake.Refuse(http.StatusConflict, "this request was stored under its "+headerIdempotencyKey+
			" before, but how it was answered is not known any more: nothing was stored now; look which of its records are there")
	}
	return known, nil
}

func (h *handler) recallProblem(ctx context.Context, err error) *intake.Problem {
	wait := defaultRetryAfter
	if unavailable, ok := errors.AsType[*logstore.UnavailableError](err); ok {
		wait = max(wait, unavailable.RetryAfter)
	}
	if ctx.Err() == nil {
		h.logger.Error("earlier requests cannot be looked up", zap.Error(err))
	}
	return overloaded(http.StatusServiceUnavailable,
		"it cannot be told now whether this request was stored before, so nothing was stored: try again", wait)
}

// mark writes into each record by which request it came, so that whoever keeps the
// record knows the request too.
func (b *batch) mark(request idempotency.Request) {
	digest := hex.EncodeToString(request.Digest[:])
	for position, r := range b.accepted() {
		attributes := r.Log.Attributes()
		attributes.PutStr(record.AttributeIdempotencyKey, request.Key)
		attributes.PutStr(record.AttributeRequestDigest, digest)
		attributes.PutInt(record.AttributeRequestPosition, int64(position))
	}
}

// takeReceipts gives the records the receipts of an earlier time. It reports false
// when these are not of exactly the records that are accepted now.
func (b *batch) takeReceipts(receipts []logstore.Receipt) bool {
	if len(receipts) != len(b.records) {
		return false
	}
	byPosition := make(map[int]logstore.Receipt, len(receipts))
	for _, receipt := range receipts {
		byPosition[receipt.Position] = receipt
	}
	for position := range b.accepted() {
		receipt, ok := byPosition[position]
		if !ok {
			return false
		}
		b.results[position].Receipt = intake.Receipt{ID: receipt.ID, Hash: receipt.Hash, ReceivedAt: receipt.ReceivedAt}
	}
	return true
}

func idempotencyProblem(err error) *intake.Problem {
	if errors.Is(err, idempotency.ErrReused) {
		problem := intake.Invalid(intake.Field{
			Name: headerIdempotencyKey, Message: "was used with another body before: send a new key, or the same body",
		})
		problem.Status = http.StatusUnprocessableEntity
		return problem
	}
	return &intake.Problem{
		Status: http.StatusServiceUnavailable, RetryAfter: defaultRetryAfter,
		Message: "an equal request is still at work: try again",
	}
}
