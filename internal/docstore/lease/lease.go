// Package lease lets one of several replicas do what only one should, by a document
// with compare-and-set.
//
// A lease is no lock: its holder may be stopped for longer than the lease lasts and not
// know it. What is done under a lease must therefore be harmless when done twice; the
// lease keeps that seldom, not impossible.
package lease

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/docketlog/docket/internal/docstore"
)

const collection = "leases"

// Lease is one replica's part in a lease. It has one user at a time.
type Lease struct {
	// Documents is the store that the replicas share.
	Documents docstore.Store
	// Name is the lease's.
	Name string
	// Holder is the replica's own name, which no other has, also not the process before it.
	Holder string
	// Duration is how long the lease lasts after it was taken or renewed.
	Duration time.Duration
	// Now is the clock. That of another replica may be wrong: so a lease is over for
	// others when they have seen it unchanged for its duration by their own clock.
	Now func() time.Time

	seen  docstore.Document
	since time.Time
}

type body struct {
	Holder string `json:"holder"`
	// Beats makes every renewal another content.
	Beats int64 `json:"beats"`
}

// Hold takes the lease if it is free or over, renews it if it is held, and reports
// whether the replica has it now. After an error the replica must take it for lost.
func (l *Lease) Hold(ctx context.Context) (bool, error) {
	found, err := l.Documents.Get(ctx, collection, l.Name)
	if errors.Is(err, docstore.ErrNotFound) {
		return l.write(ctx, docstore.Document{}, 1)
	}
	if err != nil {
		return false, fmt.Errorf("read the lease %s: %w", l.Name, err)
	}
	var held body
	if err := json.Unmarshal(found.Body, &held); err != nil {
		return false, fmt.Errorf("read the lease %s: %w", l.Name, err)
	}
	now := l.Now()
	if found.Version != l.seen.Version {
		l.seen, l.since = found, now
	}
	isOver := held.Holder == "" || now.Sub(l.since) >= l.Duration
	if held.Holder != l.Holder && !isOver {
		return false, nil
	}
	return l.write(ctx, found, held.Beats+1)
}

func (l *Lease) write(ctx context.Context, over docstore.Document, beats int64) (bool, error) {
	return l.put(ctx, over, body{Holder: l.Holder, Beats: beats})
}

func (l *Lease) put(ctx context.Context, over docstore.Document, content body) (bool, error) {
	text, err := json.Marshal(content)
	if err != nil {
		return false, err
	}
	next := docstore.Document{Collection: collection, ID: l.Name, Version: over.Version, Body: text}
	if over.Version == 0 {
		next, err = l.Documents.Create(ctx, next)
	} else {
		next, err = l.Documents.Update(ctx, next)
	}
	switch {
	case errors.Is(err, docstore.ErrConflict), errors.Is(err, docstore.ErrExists), errors.Is(err, docstore.ErrNotFound):
		return false, nil // another was faster
	case err != nil:
		return false, fmt.Errorf("write the lease %s: %w", l.Name, err)
	}
	l.seen, l.since = next, l.Now()
	return true, nil
}

// Release lets go of the lease if the replica has it, so that another need not wait.
func (l *Lease) Release(ctx context.Context) error {
	found, err := l.Documents.Get(ctx, collection, l.Name)
	if errors.Is(err, docstore.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the lease %s: %w", l.Name, err)
	}
	var held body
	if err := json.Unmarshal(found.Body, &held); err != nil || held.Holder != l.Holder {
		return err
	}
	_, err = l.put(ctx, found, body{Beats: held.Beats + 1})
	return err
}
