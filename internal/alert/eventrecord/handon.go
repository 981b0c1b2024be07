package eventrecord

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/logstore"
)

// HandedOnFor is how long a record is offered to whoever it is handed on to, counted from
// when its event began to wait. That is less than the log store remembers keys, so that a
// record which comes back to the log store is always known there.
const HandedOnFor = logstore.RequestLifetime - time.Hour

// Loss says that records were not handed on and never will be. They are in the log store.
type Loss struct {
	// Records is how many.
	Records int
	// Refused is the error with which they were refused for good; nil if they have waited
	// for too long.
	Refused error
}

// HandOn gives the records that the log store has to consume, in their order and in
// batches of at most 256. A record for which that returns nil is not given again. After
// an error that is permanent it is lost, as is one that has waited for HandedOnFor; lost
// is told of both. Any other error ends HandOn, which is to be called again later. A
// record is given a second time, with the same id, if the process dies before it is noted
// that it was taken. Only one caller of a process may do so at a time.
func (o Outbox) HandOn(ctx context.Context, consume func(context.Context, plog.Logs) error, lost func(Loss)) error {
	all, err := o.list(ctx)
	if err != nil {
		return err
	}
	var waiting, late []pending
	for _, p := range all {
		switch {
		case !p.event.IsStored: // Store comes first
		case o.Now().Sub(p.event.NotedAt) >= HandedOnFor:
			late = append(late, p)
		default:
			waiting = append(waiting, p)
		}
	}
	if len(late) > 0 {
		if err := o.forget(ctx, late); err != nil {
			return err
		}
		lost(Loss{Records: len(late)})
	}
	for batch := range slices.Chunk(waiting, maxBatch) {
		if err := o.handOnBatch(ctx, batch, consume, lost); err != nil {
			return err
		}
	}
	return nil
}

func (o Outbox) handOnBatch(ctx context.Context, batch []pending, consume func(context.Context, plog.Logs) error, lost func(Loss)) error {
	logs := plog.NewLogs()
	for _, p := range batch {
		p.event.appendTo(logs)
	}
	err := consume(ctx, logs)
	if err != nil && !consumererror.IsPermanent(err) {
		return fmt.Errorf("hand on the records of events: %w", err)
	}
	if err != nil {
		lost(Loss{Records: len(batch), Refused: err})
	}
	return o.forget(ctx, batch)
}
