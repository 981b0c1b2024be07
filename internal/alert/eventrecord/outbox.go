package eventrecord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/logstore"
)

// collection holds the events that wait. The id of one is project/alert/transition.
const collection = "alert_records_pending"

// maxBatch is how many records are appended at once.
const maxBatch = 256

// Outbox keeps the events that wait to become records, as documents.
type Outbox struct {
	Documents docstore.Store
	Now       func() time.Time
	// IsHandedOn reports whether records are handed on (HandOn) once the log store has
	// them, or whether that is not known yet. Then their events wait for it. Nil is no.
	IsHandedOn func() bool
}

// Add makes an event of a transition wait. One that waits already stays as it is.
func (o Outbox) Add(ctx context.Context, a alertstore.Alert, t alertstore.Transition) error {
	body, err := json.Marshal(newEvent(a, t, o.Now()))
	if err != nil {
		return fmt.Errorf("write an event: %w", err)
	}
	_, err = o.Documents.Create(ctx, docstore.Document{
		Collection: collection, ID: strconv.FormatInt(a.ProjectID, 10) + "/" + a.ID + "/" + t.ID, Body: body,
	})
	if err != nil && !errors.Is(err, docstore.ErrExists) {
		return fmt.Errorf("make an event wait for its record: %w", err)
	}
	return nil
}

// Store makes records of the events that wait, in their order. What the log store does not
// take now waits on; what it will never take does not, and is told in the error. Only one
// caller of a process may do so at a time.
func (o Outbox) Store(ctx context.Context, writer logstore.Writer, known logstore.RequestFinder) error {
	all, err := o.list(ctx)
	if err != nil {
		return err
	}
	isHandedOn := o.IsHandedOn != nil && o.IsHandedOn()
	var stored, waiting []pending
	for _, p := range all {
		if p.event.IsStored {
			stored = append(stored, p)
		} else {
			waiting = append(waiting, p)
		}
	}
	if !isHandedOn { // any more
		if err := o.forget(ctx, stored); err != nil {
			return err
		}
	}
	done := o.forget
	if isHandedOn {
		done = o.markStored
	}
	for batch := range slices.Chunk(waiting, maxBatch) {
		if err := storeBatch(ctx, batch, writer, known, done); err != nil {
			return err
		}
	}
	return nil
}

// pending is an event that waits, in its document.
type pending struct {
	document docstore.Document
	event    event
}

func (o Outbox) list(ctx context.Context) ([]pending, error) {
	documents, err := o.Documents.List(ctx, collection, "")
	if err != nil {
		return nil, fmt.Errorf("list events that wait: %w", err)
	}
	all := make([]pending, len(documents))
	for i, document := range documents {
		all[i].document = document
		if err := json.Unmarshal(document.Body, &all[i].event); err != nil {
			return nil, fmt.Errorf("read the event %s: %w", document.ID, err)
		}
	}
	return all, nil
}

// storeBatch stores the records of events, and calls done with those that the log store
// has or will never take.
func storeBatch(
	ctx context.Context, batch []pending, writer logstore.Writer, known logstore.RequestFinder,
	done func(context.Context, []pending) error,
) error {
	logs := plog.NewLogs()
	for _, p := range batch {
		_, isStored, err := known.FindRequest(ctx, p.event.ProjectID, p.event.key())
		if err != nil {
			return fmt.Errorf("ask for the record of an event: %w", err)
		}
		if !isStored {
			p.event.appendTo(logs)
		}
	}
	var refused error
	if logs.LogRecordCount() > 0 {
		err := writer.Append(ctx, logs)
		switch {
		case consumererror.IsPermanent(err):
			refused = fmt.Errorf("%d events have no records: %w", logs.LogRecordCount(), err)
		case err != nil:
			return fmt.Errorf("store the records of events: %w", err)
		}
	}
	return errors.Join(refused, done(ctx, batch))
}

// markStored notes that the log store need not be asked again. What another replica has
// done to an event meanwhile stays as it is.
func (o Outbox) markStored(ctx context.Context, batch []pending) error {
	for _, p := range batch {
		p.event.IsStored = true
		body, err := json.Marshal(p.event)
		if err != nil {
			return fmt.Errorf("write an event: %w", err)
		}
		p.document.Body = body
		if _, err := o.Documents.Update(ctx, p.document); err != nil && !isByAnother(err) {
			return fmt.Errorf("note that an event has its record: %w", err)
		}
	}
	return nil
}

func (o Outbox) forget(ctx context.Context, batch []pending) error {
	for _, p := range batch {
		err := o.Documents.Delete(ctx, p.document.Collection, p.document.ID, p.document.Version)
		if err != nil && !isByAnother(err) {
			return fmt.Errorf("forget an event that has its record: %w", err)
		}
	}
	return nil
}

// isByAnother reports whether a document is not as it was read.
func isByAnother(err error) bool {
	return errors.Is(err, docstore.ErrNotFound) || errors.Is(err, docstore.ErrConflict)
}
