package alertstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/docketlog/docket/internal/docstore"
)

const (
	progressCollection = "alert_progress"
	progressDocument   = "checks"
)

type progress struct {
	// Through is the newest tick up to which all alerts are checked.
	Through time.Time `json:"through"`
}

// Progress returns the newest tick up to which all alerts are checked; zero if that was
// never noted.
func (s *Store) Progress(ctx context.Context) (time.Time, error) {
	document, err := s.documents.Get(ctx, progressCollection, progressDocument)
	if errors.Is(err, docstore.ErrNotFound) {
		return time.Time{}, nil
	}
	var found progress
	if err == nil {
		err = json.Unmarshal(document.Body, &found)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("read how far alerts are checked: %w", err)
	}
	return found.Through, nil
}

// NoteProgress says that all alerts are checked up to a tick. An earlier one changes
// nothing.
func (s *Store) NoteProgress(ctx context.Context, through time.Time) error {
	_, err := docstore.Put(ctx, s.documents, progressCollection, progressDocument, func(document *docstore.Document) error {
		var found progress
		if document.Version > 0 {
			if err := json.Unmarshal(document.Body, &found); err != nil {
				return err
			}
		}
		if !through.After(found.Through) {
			return docstore.ErrUnchanged
		}
		var err error
		document.Body, err = json.Marshal(progress{Through: through.UTC()})
		return err
	})
	if err != nil {
		return fmt.Errorf("note how far alerts are checked: %w", err)
	}
	return nil
}
