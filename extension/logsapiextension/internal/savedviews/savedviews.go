// Package savedviews keeps the saved views of projects: named filters that people
// share. Each view is a document, shared by all replicas.
//
// The id of a document is the project's number, a slash and the view's short id. So
// the views of a project are found by a prefix without reading those of others, a
// short id that is taken is refused by the store, and the view of another project
// cannot be reached whatever short id is asked for.
package savedviews

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
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

// collection is the collection of the documents.
const collection = "views"

const (
	// shortIDLength is the length of new short ids: 40 random bits in base 32.
	shortIDLength = 8
	// maxShortIDLength bounds what is looked up.
	maxShortIDLength = 12
	// MaxViewBytes is how large a view may be, all in all, as JSON.
	MaxViewBytes = 512 << 10
)

// ErrNotFound says that the project has no view with the short id.
var ErrNotFound = errors.New("view not found")

// TooLargeError says that a view has more than MaxViewBytes.
type TooLargeError struct{ Bytes int }

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the view has %d bytes, at most %d are allowed", e.Bytes, MaxViewBytes)
}

// View is a saved view.
type View struct {
	// ID is a UUIDv7, so that views of the same microsecond have an order, too.
	ID      string `json:"id"`
	ShortID string `json:"short_id"`
	Content
	CreatedAt time.Time `json:"created_at"`
	CreatedBy Author    `json:"created_by"`
	UpdatedAt time.Time `json:"updated_at"`
	// ProvisionedBy is where in the configuration the view is, which then only that can
	// change; "" for one that people have made.
	ProvisionedBy string `json:"provisioned_by,omitempty"`
}

// Content is what clients may change of a view.
type Content struct {
	Name string `json:"name"`
	// Filters is a JSON object, kept as it was written, numbers included.
	Filters json.RawMessage `json:"filters"`
	// Columns are those of the table of records; nil is no choice, and not the same
	// as none.
	Columns []Column `json:"columns"`
	Pinned  bool     `json:"pinned"`
}

// Column is a column of the table of records. What is not given has the zero value.
type Column struct {
	ID         string `json:"id"`
	Type       string `json:"type"`
	Name       string `json:"name,omitempty"`
	Expression string `json:"expression,omitempty"`
	Width      int64  `json:"width,omitempty"`
}

// Author is who made a view, as it was then.
type Author struct {
	// UUID is the same in all that they make.
	UUID string `json:"uuid"`
	Name string `json:"name"`
}

// Views are the views of all projects.
type Views struct{ documents docstore.Store }

// New returns the views that are in a store.
func New(documents docstore.Store) *Views { return &Views{documents} }

// List returns the views of a project, the newest first.
func (v *Views) List(ctx context.Context, projectID int64) ([]View, error) {
	documents, err := v.documents.List(ctx, collection, prefixOf(projectID))
	if err != nil {
		return nil, fmt.Errorf("list views: %w", err)
	}
	views := make([]View, len(documents))
	for n, document := range documents {
		if views[n], err = decode(document); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(views, func(a, b View) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), strings.Compare(b.ID, a.ID))
	})
	return views, nil
}

// Get returns a view of a project, or ErrNotFound.
func (v *Views) Get(ctx context.Context, projectID int64, shortID string) (View, error) {
	document, err := v.find(ctx, projectID, shortID)
	if err != nil {
		return View{}, err
	}
	return decode(document)
}

// Create adds a view to a project. Errors: *TooLargeError.
func (v *Views) Create(ctx context.Context, projectID int64, author Author, content Content) (View, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return View{}, fmt.Errorf("make an id: %w", err)
	}
	at := now()
	view := View{ID: id.String(), Content: content, CreatedAt: at, CreatedBy: author, UpdatedAt: at}
	for {
		view.ShortID = newShortID()
		body, err := encode(view, nil)
		if err != nil {
			return View{}, err
		}
		_, err = v.documents.Create(ctx, docstore.Document{Collection: collection, ID: prefixOf(projectID) + view.ShortID, Body: body})
		if errors.Is(err, docstore.ErrExists) {
			continue // the short id is taken
		}
		if err != nil {
			return View{}, fmt.Errorf("create a view: %w", err)
		}
		return view, nil
	}
}

// Change changes the content of a view and returns it. The change is made to the
// content as it is now; if somebody else changes the view meanwhile, it is made
// again, to what they have made of it. An error of the change is returned as it is.
// Errors: ErrNotFound, *ProvisionedError, *TooLargeError.
func (v *Views) Change(ctx context.Context, projectID int64, shortID string, change func(*Content) error) (View, error) {
	if !isShortID(shortID) {
		return View{}, ErrNotFound
	}
	var view View
	var wrong error
	_, err := docstore.Change(ctx, v.documents, collection, prefixOf(projectID)+shortID, func(document *docstore.Document) error {
		view, wrong = changed(document, change)
		return wrong
	})
	switch {
	case err != nil && wrong != nil:
		return View{}, wrong
	case errors.Is(err, docstore.ErrNotFound):
		return View{}, ErrNotFound
	case err != nil:
		return View{}, fmt.Errorf("change a view: %w", err)
	}
	return view, nil
}

// changed makes a change in a view's document.
func changed(document *docstore.Document, change func(*Content) error) (View, error) {
	view, err := decode(*document)
	if err != nil {
		return View{}, err
	}
	if view.ProvisionedBy != "" {
		return View{}, &ProvisionedError{By: view.ProvisionedBy}
	}
	if err := change(&view.Content); err != nil {
		return View{}, err
	}
	view.UpdatedAt = now()
	document.Body, err = encode(view, document.Body)
	return view, err
}

// Delete removes a view for good and returns it as it was last. Errors: ErrNotFound,
// *ProvisionedError.
func (v *Views) Delete(ctx context.Context, projectID int64, shortID string) (View, error) {
	for {
		document, err := v.find(ctx, projectID, shortID)
		if err != nil {
			return View{}, err
		}
		view, err := decode(document)
		if err != nil {
			return View{}, err
		}
		if view.ProvisionedBy != "" {
			return View{}, &ProvisionedError{By: view.ProvisionedBy}
		}
		err = v.documents.Delete(ctx, collection, document.ID, document.Version)
		switch {
		case errors.Is(err, docstore.ErrConflict):
			continue
		case errors.Is(err, docstore.ErrNotFound):
			return View{}, ErrNotFound
		case err != nil:
			return View{}, fmt.Errorf("delete a view: %w", err)
		}
		return view, nil
	}
}

func (v *Views) find(ctx context.Context, projectID int64, shortID string) (docstore.Document, error) {
	if !isShortID(shortID) {
		return docstore.Document{}, ErrNotFound
	}
	document, err := v.documents.Get(ctx, collection, prefixOf(projectID)+shortID)
	if errors.Is(err, docstore.ErrNotFound) {
		return docstore.Document{}, ErrNotFound
	}
	if err != nil {
		return docstore.Document{}, fmt.Errorf("get a view: %w", err)
	}
	return document, nil
}

func prefixOf(projectID int64) string { return strconv.FormatInt(projectID, 10) + "/" }

func newShortID() string { return strings.ToLower(rand.Text()[:shortIDLength]) }

func isShortID(text string) bool {
	return text != "" && len(text) <= maxShortIDLength && !strings.ContainsFunc(text, func(char rune) bool {
		return (char < 'a' || char > 'z') && (char < 'A' || char > 'Z') && (char < '0' || char > '9')
	})
}

// now has the resolution that is shown.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

func decode(document docstore.Document) (View, error) {
	var view View
	if err := json.Unmarshal(document.Body, &view); err != nil {
		return View{}, fmt.Errorf("read the view %s: %w", document.ID, err)
	}
	return view, nil
}

// encode returns the document of a view. Fields of the one before that this version
// does not know stay, because replicas of two versions run during an upgrade.
func encode(view View, before json.RawMessage) (json.RawMessage, error) {
	encoded, err := marshal(view)
	if err != nil {
		return nil, fmt.Errorf("encode a view: %w", err)
	}
	if before != nil {
		fields := map[string]json.RawMessage{}
		for _, body := range []json.RawMessage{before, encoded} {
			if err := json.Unmarshal(body, &fields); err != nil {
				return nil, fmt.Errorf("encode a view: %w", err)
			}
		}
		if encoded, err = marshal(fields); err != nil {
			return nil, fmt.Errorf("encode a view: %w", err)
		}
	}
	if len(encoded) > MaxViewBytes {
		return nil, &TooLargeError{Bytes: len(encoded)}
	}
	return encoded, nil
}

// marshal is json.Marshal that leaves characters as they are.
func marshal(value any) (json.RawMessage, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n")), err
}
