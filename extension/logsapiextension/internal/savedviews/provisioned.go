package savedviews

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/docketlog/docket/internal/docstore"
)

// ProvisionedError says that a view comes from the configuration, and so cannot be changed
// or deleted here.
type ProvisionedError struct {
	// By is where in the configuration, such as extensions::logs_api::views::errors.
	By string
}

func (e *ProvisionedError) Error() string {
	return "the view comes from the configuration, under " + e.By
}

// Provisioned is a view that the configuration has.
type Provisioned struct {
	// Key tells it from the other views of its project that the configuration has. Its ids
	// follow from it, so they stay when anything else of it changes.
	Key       string
	ProjectID int64
	Content   Content
}

// configuration is who makes the views of a configuration.
func configuration() Author {
	const name = "configuration"
	return Author{UUID: uuid.NewSHA1(uuid.NameSpaceURL, []byte("docket:"+name)).String(), Name: name}
}

func (p Provisioned) name() []byte {
	return []byte("docket:view:" + strconv.FormatInt(p.ProjectID, 10) + "/" + p.Key)
}

// ShortID is the short id of the view, which follows from its project and key.
func (p Provisioned) ShortID() string {
	digest := sha256.Sum256(p.name())
	return strings.ToLower(base32.StdEncoding.EncodeToString(digest[:])[:shortIDLength])
}

// Check returns an error if the view is too large.
func (p Provisioned) Check() error {
	_, err := encode(p.view(""), nil)
	return err
}

func (p Provisioned) view(place string) View {
	at := now()
	return View{
		ID: uuid.NewSHA1(uuid.NameSpaceURL, p.name()).String(), ShortID: p.ShortID(), Content: p.Content,
		CreatedAt: at, CreatedBy: configuration(), UpdatedAt: at, ProvisionedBy: placeOf(place, p.Key),
	}
}

func placeOf(place, key string) string { return place + "::" + key }

// Provision makes the provisioned views of a place in the configuration, such as
// extensions::logs_api::views, those that are wanted, and says how many it has made,
// changed and removed. When it fails, some may be; it may be called again. Several
// replicas may do so at once.
func (v *Views) Provision(ctx context.Context, place string, wanted []Provisioned) (made, changed, removed int, err error) {
	isWanted := map[string]bool{}
	for _, w := range wanted {
		isWanted[prefixOf(w.ProjectID)+w.ShortID()] = true
		isMade, isChanged, err := v.put(ctx, w, place)
		if err != nil {
			return made, changed, removed, fmt.Errorf("provision the view %s: %w", w.Key, err)
		}
		made, changed = made+count(isMade), changed+count(isChanged)
	}
	present, err := v.provisioned(ctx, place)
	for _, document := range present {
		if isWanted[document.ID] {
			continue
		}
		err := v.documents.Delete(ctx, collection, document.ID, document.Version)
		if err != nil && !errors.Is(err, docstore.ErrNotFound) {
			return made, changed, removed, fmt.Errorf("remove a view that the configuration has no more: %w", err)
		}
		removed++
	}
	return made, changed, removed, err
}

func count(isOne bool) int {
	if isOne {
		return 1
	}
	return 0
}

// CountProvisioned returns how many provisioned views of a place there are.
func (v *Views) CountProvisioned(ctx context.Context, place string) (int, error) {
	present, err := v.provisioned(ctx, place)
	return len(present), err
}

func (v *Views) provisioned(ctx context.Context, place string) ([]docstore.Document, error) {
	documents, err := v.documents.List(ctx, collection, "")
	if err != nil {
		return nil, fmt.Errorf("list views: %w", err)
	}
	var present []docstore.Document
	for _, document := range documents {
		view, err := decode(document)
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(view.ProvisionedBy, placeOf(place, "")) {
			present = append(present, document)
		}
	}
	return present, nil
}

// put makes a view, or makes the one that there is what is wanted.
func (v *Views) put(ctx context.Context, w Provisioned, place string) (isMade, isChanged bool, err error) {
	for {
		document, err := v.find(ctx, w.ProjectID, w.ShortID())
		if errors.Is(err, ErrNotFound) {
			body, err := encode(w.view(place), nil)
			if err != nil {
				return false, false, err
			}
			_, err = v.documents.Create(ctx, docstore.Document{Collection: collection, ID: prefixOf(w.ProjectID) + w.ShortID(), Body: body})
			if errors.Is(err, docstore.ErrExists) {
				continue
			}
			return err == nil, false, err
		}
		if err != nil {
			return false, false, err
		}
		isChanged, err := v.update(ctx, w, place, document)
		if !errors.Is(err, docstore.ErrConflict) && !errors.Is(err, docstore.ErrNotFound) {
			return false, isChanged, err
		}
	}
}

// update makes the view of a document what is wanted.
func (v *Views) update(ctx context.Context, w Provisioned, place string, document docstore.Document) (isChanged bool, err error) {
	view, err := decode(document)
	if err != nil {
		return false, err
	}
	by := placeOf(place, w.Key)
	switch {
	case view.ProvisionedBy == "":
		return false, fmt.Errorf("somebody has made a view with its short id %s: delete that, or write another key", w.ShortID())
	case view.ProvisionedBy == by && isSame(view.Content, w.Content):
		return false, nil
	}
	view.Content, view.ProvisionedBy, view.UpdatedAt = w.Content, by, now()
	if document.Body, err = encode(view, document.Body); err != nil {
		return false, err
	}
	_, err = v.documents.Update(ctx, document)
	return err == nil, err
}

// isSame reports whether two contents are written in the same way.
func isSame(a, b Content) bool {
	if !bytes.Equal(a.Filters, b.Filters) {
		return false
	}
	a.Filters, b.Filters = nil, nil
	return reflect.DeepEqual(a, b)
}
