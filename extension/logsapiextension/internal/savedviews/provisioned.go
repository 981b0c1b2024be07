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
	"github.com/docketlog/docket/internal/provision"
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

// ProvisionedChange is what was done to a view of the configuration.
type ProvisionedChange struct {
	ProjectID int64
	// By is where in the configuration the view is or was.
	By string
	// Before and After are what it was and is: nil is nothing.
	Before, After *View
}

// Provision makes the provisioned views of a place in the configuration, such as
// extensions::logs_api::views, those that are wanted. When it fails, some may be; it may be
// called again. Several replicas may do so at once; the one that has made a change tells of
// it.
func (v *Views) Provision(ctx context.Context, place string, wanted []Provisioned, tell func(ProvisionedChange)) (provision.Outcome, error) {
	var done provision.Outcome
	isWanted := map[string]bool{}
	for _, w := range wanted {
		isWanted[prefixOf(w.ProjectID)+w.ShortID()] = true
		before, after, err := v.put(ctx, w, place)
		if err != nil {
			return done, fmt.Errorf("provision the view %s: %w", w.Key, err)
		}
		if after == nil {
			continue
		}
		if before == nil {
			done.Made++
		} else {
			done.Changed++
		}
		tell(ProvisionedChange{w.ProjectID, after.ProvisionedBy, before, after})
	}
	present, err := v.provisioned(ctx, place)
	for _, view := range present {
		if isWanted[view.document.ID] {
			continue
		}
		err := v.documents.Delete(ctx, collection, view.document.ID, view.document.Version)
		if errors.Is(err, docstore.ErrNotFound) {
			continue // another replica has removed it
		}
		if err != nil {
			return done, fmt.Errorf("remove a view that the configuration has no more: %w", err)
		}
		done.Removed++
		tell(ProvisionedChange{view.projectID, view.ProvisionedBy, &view.View, nil})
	}
	return done, err
}

// CountProvisioned returns how many provisioned views of a place there are.
func (v *Views) CountProvisioned(ctx context.Context, place string) (int, error) {
	present, err := v.provisioned(ctx, place)
	return len(present), err
}

// provisionedView is one that is in the store.
type provisionedView struct {
	View

	projectID int64
	document  docstore.Document
}

func (v *Views) provisioned(ctx context.Context, place string) ([]provisionedView, error) {
	documents, err := v.documents.List(ctx, collection, "")
	if err != nil {
		return nil, fmt.Errorf("list views: %w", err)
	}
	var present []provisionedView
	for _, document := range documents {
		view, err := decode(document)
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(view.ProvisionedBy, placeOf(place, "")) {
			continue
		}
		project, _, _ := strings.Cut(document.ID, "/")
		projectID, err := strconv.ParseInt(project, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("read the project of the view %s: %w", document.ID, err)
		}
		present = append(present, provisionedView{view, projectID, document})
	}
	return present, nil
}

// put makes a view, or makes the one that there is what is wanted. It returns what it was
// and is, both nil if nothing is changed.
func (v *Views) put(ctx context.Context, w Provisioned, place string) (before, after *View, err error) {
	for {
		document, err := v.find(ctx, w.ProjectID, w.ShortID())
		if errors.Is(err, ErrNotFound) {
			made := w.view(place)
			body, err := encode(made, nil)
			if err != nil {
				return nil, nil, err
			}
			_, err = v.documents.Create(ctx, docstore.Document{Collection: collection, ID: prefixOf(w.ProjectID) + w.ShortID(), Body: body})
			if errors.Is(err, docstore.ErrExists) {
				continue
			}
			return nil, &made, err
		}
		if err != nil {
			return nil, nil, err
		}
		before, after, err := v.update(ctx, w, place, document)
		if !errors.Is(err, docstore.ErrConflict) && !errors.Is(err, docstore.ErrNotFound) {
			return before, after, err
		}
	}
}

// update makes the view of a document what is wanted. It returns what put does.
func (v *Views) update(ctx context.Context, w Provisioned, place string, document docstore.Document) (before, after *View, err error) {
	view, err := decode(document)
	if err != nil {
		return nil, nil, err
	}
	by := placeOf(place, w.Key)
	switch {
	case view.ProvisionedBy == "":
		return nil, nil, fmt.Errorf("somebody has made a view with its short id %s: delete that, or write another key", w.ShortID())
	case view.ProvisionedBy == by && isSame(view.Content, w.Content):
		return nil, nil, nil
	}
	changed := view
	changed.Content, changed.ProvisionedBy, changed.UpdatedAt = w.Content, by, now()
	if document.Body, err = encode(changed, document.Body); err != nil {
		return nil, nil, err
	}
	_, err = v.documents.Update(ctx, document)
	return &view, &changed, err
}

// isSame reports whether two contents are written in the same way.
func isSame(a, b Content) bool {
	if !bytes.Equal(a.Filters, b.Filters) {
		return false
	}
	a.Filters, b.Filters = nil, nil
	return reflect.DeepEqual(a, b)
}
