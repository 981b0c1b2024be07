package eventrecord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	documents, err := o.Documents.List(ctx, collection, "")
	if err != nil {
		return fmt.Errorf("list events that wait: %w", err)
	}
	for len(documents) > 0 {
		count := min(len(documents), maxBatch)
		if err := o.storeBatch(ctx, documents[:count], writer, known); err != nil {
			return err
		}
		documents = documents[count:]
	}
	return nil
}

func (o Outbox) storeBatch(ctx context.Context, documents []docstore.Document, writer logstore.Writer, known logstore.RequestFinder) error {
	logs := plog.NewLogs()
	for _, document := range documents {
		var waiting event
		if err := json.Unmarshal(document.Body, &waiting); err != nil {
			return fmt.Errorf("read the event %s: %w", document.ID, err)
		}
		_, isStored, err := known.FindRequest(ctx, waiting.ProjectID, waiting.key())
		if err != nil {
			return fmt.Errorf("ask for the record of an event: %w", err)
		}
		if !isStored {
			waiting.appendTo(logs)
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
	for _, document := range documents {
		if err := o.forget(ctx, document); err != nil {
			return errors.Join(refused, err)
		}
	}
	return refused
}

func (o Outbox) forget(ctx context.Context, document docstore.Document) error {
	err := o.Documents.Delete(ctx, document.Collection, document.ID, document.Version)
	if err != nil && !errors.Is(err, docstore.ErrNotFound) && !errors.Is(err, docstore.ErrConflict) {
		return fmt.Errorf("forget an event that has its record: %w", err)
	}
	return nil
}
