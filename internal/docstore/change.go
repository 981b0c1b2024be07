package docstore

import (
	"context"
	"errors"
)

// ErrUnchanged is what a change returns when there is nothing to change.
var ErrUnchanged = errors.New("nothing to change")

// Change changes the body of a document as it is now, and returns the document. If another
// writer changes it meanwhile, the change is made again, to what they have made of it. An
// error of the change is returned as it is, but for ErrUnchanged, which is none and leaves
// the stored document as it was. Errors: those of Store.Get and Store.Update but for
// ErrConflict.
func Change(ctx context.Context, store Store, collection, id string, change func(*Document) error) (Document, error) {
	for {
		document, err := store.Get(ctx, collection, id)
		if err != nil {
			return Document{}, err
		}
		if err := change(&document); err != nil {
			return unchanged(document, err)
		}
		changed, err := store.Update(ctx, document)
		if !errors.Is(err, ErrConflict) {
			return changed, err
		}
	}
}

// Put is Change for a document that is made if it is not there: the change then gets one
// with the version 0 and no body. Errors: those of Store.Get, Store.Create and
// Store.Update but for ErrConflict, ErrExists and ErrNotFound.
func Put(ctx context.Context, store Store, collection, id string, change func(*Document) error) (Document, error) {
	for {
		document, err := store.Get(ctx, collection, id)
		write := store.Update
		if errors.Is(err, ErrNotFound) {
			document, write, err = Document{Collection: collection, ID: id}, store.Create, nil
		}
		if err != nil {
			return Document{}, err
		}
		if err := change(&document); err != nil {
			return unchanged(document, err)
		}
		changed, err := write(ctx, document)
		if !errors.Is(err, ErrConflict) && !errors.Is(err, ErrExists) && !errors.Is(err, ErrNotFound) {
			return changed, err
		}
	}
}

func unchanged(document Document, err error) (Document, error) {
	if errors.Is(err, ErrUnchanged) {
		return document, nil
	}
	return Document{}, err
}
