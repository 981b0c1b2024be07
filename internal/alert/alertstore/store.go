package alertstore

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/docketlog/docket/internal/docstore"
)

// Collections of the documents. The id of an alert is its project, a slash and its own
// id; those of its events, destinations and deliveries begin with that.
const (
	alertsCollection  = "alerts"
	eventsCollection  = "alert_events"
	changesCollection = "alert_changes"
	changesDocument   = "counter"
)

// Errors of a Store; test with errors.Is.
var (
	ErrNotFound = errors.New("alert not found")
	// ErrTooMany says that a project has as many alerts as it may.
	ErrTooMany = errors.New("the project has as many alerts as it may")
)

// Store keeps alerts. It is safe for concurrent use.
type Store struct {
	documents docstore.Store
	now       func() time.Time
	// read are the alerts that were listed last.
	read readAlerts
}

// New returns the alerts that are in a store of documents; now is the clock.
func New(documents docstore.Store, now func() time.Time) *Store {
	return &Store{documents: documents, now: now}
}

// All returns the alerts of all projects, in no order. Several calls may return the same
// slices and pointers in alerts, so nobody may change what they lead to.
func (s *Store) All(ctx context.Context) ([]Alert, error) { return s.list(ctx, "") }

// List returns the alerts of a project as All does, the newest first.
func (s *Store) List(ctx context.Context, projectID int64) ([]Alert, error) {
	alerts, err := s.list(ctx, projectPrefix(projectID))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(alerts, func(a, b Alert) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), strings.Compare(b.ID, a.ID))
	})
	return alerts, nil
}

func (s *Store) list(ctx context.Context, prefix string) ([]Alert, error) {
	documents, err := s.documents.List(ctx, alertsCollection, prefix)
	if err != nil {
		return nil, fmt.Errorf("list alerts: %w", err)
	}
	return s.read.decode(documents, prefix)
}

// Get returns an alert of a project, or ErrNotFound.
func (s *Store) Get(ctx context.Context, projectID int64, id string) (Alert, error) {
	name, err := documentID(projectID, id)
	if err != nil {
		return Alert{}, err
	}
	document, err := s.documents.Get(ctx, alertsCollection, name)
	if errors.Is(err, docstore.ErrNotFound) {
		return Alert{}, ErrNotFound
	}
	if err != nil {
		return Alert{}, fmt.Errorf("get an alert: %w", err)
	}
	return decode(document)
}

// ErrExists says that there is an alert with the id already.
var ErrExists = errors.New("the alert exists already")

// Create adds an alert to its project, which may have so many (0 is any number) beside
// those that are provisioned, and gives it its id unless it has one. It returns the alert
// also with an error, if that is about what comes after. Errors: ErrTooMany, ErrExists.
func (s *Store) Create(ctx context.Context, made Alert, atMost int) (Alert, error) {
	if made.ID == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return Alert{}, fmt.Errorf("make an id: %w", err)
		}
		made.ID = id.String()
	}
	if err := s.checkRoom(ctx, made.ProjectID, atMost, 1); err != nil {
		return Alert{}, err
	}
	made, err := s.Add(ctx, made)
	if err != nil {
		return Alert{}, err
	}
	// Another replica may have added one at the same time; then both see too many, and
	// both give way.
	if err := s.checkRoom(ctx, made.ProjectID, atMost, 0); err != nil {
		return Alert{}, errors.Join(err, s.documents.Delete(ctx, alertsCollection, projectPrefix(made.ProjectID)+made.ID, made.version))
	}
	return made, s.NoteChange(ctx)
}

// Add is Create for an alert that has an id, in a project with room for it, and that Changes
// does not tell of until NoteChange is called: for whoever adds many. It costs one write.
// Errors: ErrExists.
func (s *Store) Add(ctx context.Context, made Alert) (Alert, error) {
	made.CreatedAt = s.now().UTC()
	made.UpdatedAt = made.CreatedAt
	document, err := encode(made)
	if err != nil {
		return Alert{}, err
	}
	document, err = s.documents.Create(ctx, document)
	if errors.Is(err, docstore.ErrExists) {
		return Alert{}, ErrExists
	}
	if err != nil {
		return Alert{}, fmt.Errorf("create an alert: %w", err)
	}
	made.version = document.Version
	return made, nil
}

func (s *Store) checkRoom(ctx context.Context, projectID int64, atMost, more int) error {
	if atMost == 0 {
		return nil
	}
	all, err := s.list(ctx, projectPrefix(projectID))
	if err != nil {
		return fmt.Errorf("count alerts: %w", err)
	}
	count := more
	for _, a := range all {
		if !a.Provisioned {
			count++
		}
	}
	if count > atMost {
		return ErrTooMany
	}
	return nil
}

// ErrUnchanged is what a change returns when there is nothing to change.
var ErrUnchanged = docstore.ErrUnchanged

// Change is for what people change of an alert: Changes tells of it. The change is made to
// the alert as it is now; if somebody else changes it meanwhile, it is made again, to what
// they have made of it. An error of the change is returned as it is, but for ErrUnchanged,
// which is none. It returns the alert also with an error, if that is about what comes after.
// Errors: ErrNotFound.
func (s *Store) Change(ctx context.Context, projectID int64, id string, change func(*Alert) error) (Alert, error) {
	isChanged := false
	changed, err := s.Advance(ctx, projectID, id, func(a *Alert) error {
		err := change(a)
		isChanged = err == nil
		return err
	})
	if err == nil && isChanged {
		err = s.NoteChange(ctx)
	}
	return changed, err
}

// Advance is Change for what checks change of an alert, of which Changes does not tell; and
// for whoever changes many and calls NoteChange.
func (s *Store) Advance(ctx context.Context, projectID int64, id string, change func(*Alert) error) (Alert, error) {
	name, err := documentID(projectID, id)
	if err != nil {
		return Alert{}, err
	}
	var changed Alert
	var wrong error
	document, err := docstore.Change(ctx, s.documents, alertsCollection, name, func(document *docstore.Document) error {
		if changed, wrong = decode(*document); wrong != nil {
			return wrong
		}
		if wrong = change(&changed); wrong != nil {
			return wrong
		}
		*document, wrong = encode(changed)
		return wrong
	})
	switch {
	case err != nil && wrong != nil:
		return Alert{}, wrong
	case errors.Is(err, docstore.ErrNotFound):
		return Alert{}, ErrNotFound
	case err != nil:
		return Alert{}, fmt.Errorf("change an alert: %w", err)
	}
	changed.version = document.Version
	return changed, nil
}

// Delete removes an alert with its history, and returns it as it was last; also with an
// error, if that is about what comes after. Its destinations and deliveries are those of
// package notify. Errors: ErrNotFound.
func (s *Store) Delete(ctx context.Context, projectID int64, id string) (Alert, error) {
	for {
		found, err := s.Get(ctx, projectID, id)
		if err != nil {
			return Alert{}, err
		}
		err = s.documents.Delete(ctx, alertsCollection, projectPrefix(projectID)+id, found.version)
		switch {
		case errors.Is(err, docstore.ErrConflict):
			continue
		case errors.Is(err, docstore.ErrNotFound):
			return Alert{}, ErrNotFound
		case err != nil:
			return Alert{}, fmt.Errorf("delete an alert: %w", err)
		}
		return found, errors.Join(s.deleteEvents(ctx, projectID, id), s.NoteChange(ctx))
	}
}

// Changes returns a number that is another after each Create, Change and Delete. It costs
// one small document.
func (s *Store) Changes(ctx context.Context) (int64, error) {
	document, err := s.documents.Get(ctx, changesCollection, changesDocument)
	if errors.Is(err, docstore.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("ask whether alerts have changed: %w", err)
	}
	return document.Version, nil
}

// NoteChange moves the number of Changes, as Create, Change and Delete do: for whoever has
// called Add or Advance instead, or cannot tell whether one that has failed has come that far.
func (s *Store) NoteChange(ctx context.Context) error {
	// The document's version is the number.
	_, err := docstore.Put(ctx, s.documents, changesCollection, changesDocument, func(document *docstore.Document) error {
		document.Body = json.RawMessage(`{}`)
		return nil
	})
	if err != nil {
		return fmt.Errorf("note that alerts have changed: %w", err)
	}
	return nil
}

func projectPrefix(projectID int64) string { return strconv.FormatInt(projectID, 10) + "/" }

// documentID returns the id of an alert's document. What cannot be the id of an alert
// is that of none.
func documentID(projectID int64, id string) (string, error) {
	if _, err := uuid.Parse(id); err != nil || len(id) != len(uuid.Nil.String()) {
		return "", ErrNotFound
	}
	return projectPrefix(projectID) + strings.ToLower(id), nil
}

func encode(a Alert) (docstore.Document, error) {
	body, err := json.Marshal(a)
	if err != nil {
		return docstore.Document{}, fmt.Errorf("write an alert: %w", err)
	}
	return docstore.Document{
		Collection: alertsCollection, ID: projectPrefix(a.ProjectID) + a.ID, Version: a.version, Body: body,
	}, nil
}

func decode(document docstore.Document) (Alert, error) {
	var a Alert
	if err := json.Unmarshal(document.Body, &a); err != nil {
		return Alert{}, fmt.Errorf("read the alert %s: %w", document.ID, err)
	}
	a.version = document.Version
	return a, nil
}
