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
	found, _, err := s.progress(ctx)
	return found.Through, err
}

func (s *Store) progress(ctx context.Context) (progress, int64, error) {
	document, err := s.documents.Get(ctx, progressCollection, progressDocument)
	if errors.Is(err, docstore.ErrNotFound) {
		return progress{}, 0, nil
	}
	if err != nil {
		return progress{}, 0, fmt.Errorf("read how far alerts are checked: %w", err)
	}
	var found progress
	if err := json.Unmarshal(document.Body, &found); err != nil {
		return progress{}, 0, fmt.Errorf("read how far alerts are checked: %w", err)
	}
	return found, document.Version, nil
}

// NoteProgress says that all alerts are checked up to a tick. An earlier one changes
// nothing.
func (s *Store) NoteProgress(ctx context.Context, through time.Time) error {
	for {
		found, version, err := s.progress(ctx)
		if err != nil || !through.After(found.Through) {
			return err
		}
		body, err := json.Marshal(progress{Through: through.UTC()})
		if err != nil {
			return fmt.Errorf("write how far alerts are checked: %w", err)
		}
		next := docstore.Document{Collection: progressCollection, ID: progressDocument, Version: version, Body: body}
		if version == 0 {
			_, err = s.documents.Create(ctx, next)
		} else {
			_, err = s.documents.Update(ctx, next)
		}
		if !errors.Is(err, docstore.ErrConflict) && !errors.Is(err, docstore.ErrExists) {
			return err
		}
	}
}
