package directory

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/docstore"
)

// Collections of the documents. An organization's document id is its slug, a
// project's is its number, and a key's is the key's id.
const (
	organizationsCollection = "organizations"
	projectsCollection      = "projects"
	keysCollection          = "keys"
)

// keepFresh refreshes the snapshot until ctx ends. It logs when that begins to
// fail and when it works again, not each failure.
func (d *Directory) keepFresh(ctx context.Context) {
	ticker := time.NewTicker(d.options.RefreshInterval)
	defer ticker.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := d.refreshInTime(ctx)
		if err == nil {
			d.keeper.keep(d.current.Load())
		}
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !failing:
			d.logger.Warn("Stored keys cannot be read; requests are refused when this lasts",
				zap.Duration("stale_after", d.options.StaleAfter), zap.Error(err))
		case err == nil && failing:
			d.logger.Info("Stored keys can be read again")
		}
		failing = err != nil
	}
}

// refreshInTime gives up early enough that another attempt can still succeed
// before the snapshot is stale. The first one that succeeds has made the defaults.
func (d *Directory) refreshInTime(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, min(d.options.StaleAfter/2, maxRefreshTime))
	defer cancel()
	if !d.started {
		if err := d.createDefaults(ctx); err != nil {
			return err
		}
	}
	if err := d.refresh(ctx); err != nil {
		return err
	}
	d.started = true
	return nil
}

// refresh replaces the snapshot by what is stored now. Keys are read first: what
// they refer to was made before them, and so is in what is read after them.
func (d *Directory) refresh(ctx context.Context) error {
	d.changes.Lock()
	defer d.changes.Unlock()
	known := d.current.Load()
	if known == nil {
		known = &snapshot{}
	}
	next := *known
	next.readAt = time.Now()

	var changed [3]bool
	var err error
	if next.keys, changed[0], err = readTable(ctx, d, keysCollection, known.keys); err != nil {
		return err
	}
	if next.projects, changed[1], err = readTable(ctx, d, projectsCollection, known.projects); err != nil {
		return err
	}
	if next.organizations, changed[2], err = readTable(ctx, d, organizationsCollection, known.organizations); err != nil {
		return err
	}
	if changed != [3]bool{} {
		next.derive()
	}
	d.current.Store(&next)
	return nil
}

// readTable reads a collection. Documents whose version is known are not decoded
// again, and changed is false when nothing has changed, so that a refresh costs
// little while all is quiet.
func readTable[T any](ctx context.Context, d *Directory, collection string, known table[T]) (read table[T], changed bool, err error) {
	documents, err := d.store.List(ctx, collection, "")
	if err != nil {
		return nil, false, fmt.Errorf("read the directory: %w", err)
	}
	read = make(table[T], len(documents))
	changed = len(documents) != len(known)
	for _, document := range documents {
		stored, ok := known[document.ID]
		if !ok || stored.version != document.Version {
			changed = true
			stored = decode[T](d, document)
		}
		read[document.ID] = stored
	}
	return read, changed, nil
}

func decode[T any](d *Directory, document docstore.Document) row[T] {
	decoded := row[T]{version: document.Version}
	if err := json.Unmarshal(document.Body, &decoded.value); err != nil {
		d.logger.Error("A document of the directory is not understood and is left out",
			zap.String("collection", document.Collection), zap.String("id", document.ID), zap.Error(err))
		decoded.unreadable = true
	}
	return decoded
}
