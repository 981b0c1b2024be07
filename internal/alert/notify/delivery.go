package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/docstore"
)

// Collections of deliveries: those that are still to be made, and the log of those that
// are not. The id of a delivery is project/alert/transition/function; each group of an
// alert has transitions of its own.
const (
	pendingCollection = "alert_deliveries_pending"
	doneCollection    = "alert_deliveries"
)

// DeliveryLifetime is how long the log of deliveries goes back.
const DeliveryLifetime = 30 * 24 * time.Hour

// Outcome is what has become of a delivery.
type Outcome string

// The outcomes.
const (
	Pending   Outcome = "pending"
	Delivered Outcome = "delivered"
	// GivenUp is one that was tried for long enough.
	GivenUp Outcome = "given_up"
	// Dropped is one whose destination was deleted before it succeeded.
	Dropped Outcome = "dropped"
)

// Delivery is a notification on its way to a destination.
type Delivery struct {
	// ID names it to its receiver: the same in every attempt, another for every delivery.
	ID            string    `json:"id"`
	ProjectID     int64     `json:"project"`
	AlertID       string    `json:"alert"`
	DestinationID string    `json:"destination"`
	Type          Type      `json:"type"`
	CreatedAt     time.Time `json:"created_at"`
	Message       Message   `json:"message"`
	Outcome       Outcome   `json:"outcome"`
	// Attempts counts the attempts, LastAttempts are the newest of them.
	Attempts     int       `json:"attempts"`
	LastAttempts []Attempt `json:"last_attempts"`
	// NextAttemptAt is when the next one may be made.
	NextAttemptAt time.Time `json:"next_attempt_at"`

	// name is the document's, version its version.
	name    string
	version int64
}

// Attempt is one attempt.
type Attempt struct {
	At time.Time `json:"at"`
	// Status is the HTTP status of the answer; 0 if there was none.
	Status int `json:"status,omitempty"`
	// Error says why it failed; "" if it did not.
	Error string `json:"error,omitempty"`
	// Milliseconds is how long it took.
	Milliseconds int64 `json:"duration_ms"`
}

// maxAttemptsKept is how many attempts a delivery tells of.
const maxAttemptsKept = 10

func (d *Delivery) note(attempt Attempt) {
	d.LastAttempts = append(d.LastAttempts, attempt)
	d.LastAttempts = d.LastAttempts[max(0, len(d.LastAttempts)-maxAttemptsKept):]
}

// Deliveries keeps deliveries as documents.
type Deliveries struct {
	Documents    docstore.Store
	Destinations Destinations
	Now          func() time.Time
	// Waiting is set to true when a delivery is added; nil to look for them all the time.
	// All copies in a process share it.
	Waiting *atomic.Bool
}

// Add makes the deliveries of transitions of an alert, one of each for each of its
// destinations, which it lists once; those that were made before stay as they are. A
// transition that announces nothing has none.
func (s Deliveries) Add(ctx context.Context, a alertstore.Alert, all []alertstore.Transition) error {
	told := slices.DeleteFunc(slices.Clone(all), func(t alertstore.Transition) bool { return t.Notification == alert.NoNotification })
	if len(told) == 0 {
		return nil
	}
	destinations, err := s.Destinations.List(ctx, a.ProjectID, a.ID)
	if err != nil {
		return err
	}
	for _, t := range told {
		if err := s.addAll(ctx, a, t, destinations); err != nil {
			return err
		}
	}
	return nil
}

// addAll makes the deliveries of a transition to some destinations.
func (s Deliveries) addAll(ctx context.Context, a alertstore.Alert, t alertstore.Transition, destinations []Destination) error {
	var message Message
	if err := json.Unmarshal(t.Announced, &message); err != nil {
		return fmt.Errorf("read what is announced: %w", err)
	}
	for _, d := range destinations {
		function, ok := d.Functions[t.Notification]
		if !ok {
			continue
		}
		delivery := Delivery{
			ID: t.ID + "." + function, ProjectID: a.ProjectID, AlertID: a.ID, DestinationID: d.ID, Type: d.Type,
			CreatedAt: s.Now().UTC(), Message: message, Outcome: Pending, NextAttemptAt: t.At,
			name: alertPrefix(a.ProjectID, a.ID) + t.ID + "/" + function,
		}
		if err := s.add(ctx, delivery); err != nil {
			return err
		}
	}
	return nil
}

func (s Deliveries) add(ctx context.Context, d Delivery) error {
	switch _, err := s.Documents.Get(ctx, doneCollection, d.name); {
	case err == nil:
		return nil
	case !errors.Is(err, docstore.ErrNotFound):
		return fmt.Errorf("look for a delivery: %w", err)
	}
	document, err := d.document(pendingCollection)
	if err != nil {
		return err
	}
	if _, err := s.Documents.Create(ctx, document); err != nil && !errors.Is(err, docstore.ErrExists) {
		return fmt.Errorf("add a delivery: %w", err)
	}
	if s.Waiting != nil {
		s.Waiting.Store(true)
	}
	return nil
}

// List returns the deliveries of an alert, the newest first.
func (s Deliveries) List(ctx context.Context, projectID int64, alertID string) ([]Delivery, error) {
	var all []Delivery
	for _, collection := range []string{pendingCollection, doneCollection} {
		found, err := s.list(ctx, collection, alertPrefix(projectID, alertID))
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	slices.SortFunc(all, func(a, b Delivery) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), strings.Compare(b.name, a.name), strings.Compare(string(a.Outcome), string(b.Outcome)))
	})
	// One that is just being finished is in both.
	return slices.CompactFunc(all, func(a, b Delivery) bool { return a.name == b.name }), nil
}

// Due returns the deliveries of all alerts that may be tried now, and how long it takes
// until another of those that there are may; at most the time given.
func (s Deliveries) Due(ctx context.Context, atMost time.Duration) (due []Delivery, wait time.Duration, err error) {
	all, err := s.list(ctx, pendingCollection, "")
	now := s.Now()
	wait = atMost
	due = slices.DeleteFunc(all, func(d Delivery) bool {
		if d.NextAttemptAt.After(now) {
			wait = min(wait, d.NextAttemptAt.Sub(now))
		}
		return d.NextAttemptAt.After(now)
	})
	return due, wait, err
}

func (s Deliveries) list(ctx context.Context, collection, prefix string) ([]Delivery, error) {
	documents, err := s.Documents.List(ctx, collection, prefix)
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	all := make([]Delivery, len(documents))
	for i, document := range documents {
		if err := json.Unmarshal(document.Body, &all[i]); err != nil {
			return nil, fmt.Errorf("read the delivery %s: %w", document.ID, err)
		}
		all[i].name, all[i].version = document.ID, document.Version
	}
	return all, nil
}

// Take takes a delivery for an attempt, until the time given; ok is false if somebody else
// has taken it.
func (s Deliveries) Take(ctx context.Context, d *Delivery, until time.Time) (ok bool, err error) {
	d.Attempts++
	d.NextAttemptAt = until.UTC()
	document, err := d.document(pendingCollection)
	if err != nil {
		return false, err
	}
	document, err = s.Documents.Update(ctx, document)
	if errors.Is(err, docstore.ErrConflict) || errors.Is(err, docstore.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("take a delivery: %w", err)
	}
	d.version = document.Version
	return true, nil
}

// Retry gives back a delivery that was taken, to be tried at the time given.
func (s Deliveries) Retry(ctx context.Context, d *Delivery, at time.Time) error {
	d.NextAttemptAt = at.UTC()
	document, err := d.document(pendingCollection)
	if err != nil {
		return err
	}
	if _, err := s.Documents.Update(ctx, document); err != nil {
		return fmt.Errorf("put off a delivery: %w", err)
	}
	return nil
}

// Finish moves a delivery that was taken into the log. It is put there before it is taken
// from the pending ones, so that a process that dies in between makes nothing again: one
// that is in the log is not tried.
func (s Deliveries) Finish(ctx context.Context, d *Delivery, outcome Outcome) error {
	d.Outcome = outcome
	document, err := d.document(doneCollection)
	if err != nil {
		return err
	}
	document.Version = 0
	if _, err := s.Documents.Create(ctx, document); err != nil && !errors.Is(err, docstore.ErrExists) {
		return fmt.Errorf("finish a delivery: %w", err)
	}
	return s.forget(ctx, d)
}

// IsDone reports whether a pending delivery is in the log already, and forgets it then.
func (s Deliveries) IsDone(ctx context.Context, d *Delivery) (bool, error) {
	switch _, err := s.Documents.Get(ctx, doneCollection, d.name); {
	case errors.Is(err, docstore.ErrNotFound):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("look for a delivery: %w", err)
	default:
		return true, s.forget(ctx, d)
	}
}

func (s Deliveries) forget(ctx context.Context, d *Delivery) error {
	err := s.Documents.Delete(ctx, pendingCollection, d.name, d.version)
	if err != nil && !errors.Is(err, docstore.ErrNotFound) && !errors.Is(err, docstore.ErrConflict) {
		return fmt.Errorf("finish a delivery: %w", err)
	}
	return nil
}

// DropOld deletes what is older than DeliveryLifetime from the log.
func (s Deliveries) DropOld(ctx context.Context) error {
	all, err := s.list(ctx, doneCollection, "")
	if err != nil {
		return err
	}
	oldest := s.Now().Add(-DeliveryLifetime)
	for _, d := range all {
		if d.CreatedAt.After(oldest) {
			continue
		}
		err := s.Documents.Delete(ctx, doneCollection, d.name, d.version)
		if err != nil && !errors.Is(err, docstore.ErrNotFound) && !errors.Is(err, docstore.ErrConflict) {
			return fmt.Errorf("delete an old delivery: %w", err)
		}
	}
	return nil
}

func (d Delivery) document(collection string) (docstore.Document, error) {
	body, err := json.Marshal(d)
	if err != nil {
		return docstore.Document{}, fmt.Errorf("write a delivery: %w", err)
	}
	return docstore.Document{Collection: collection, ID: d.name, Version: d.version, Body: body}, nil
}
