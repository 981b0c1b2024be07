package directory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/tenant"
)

// RollKey implements tenant.Directory.
func (d *Directory) RollKey(ctx context.Context, by *tenant.Identity, id string) (tenant.Key, string, error) {
	d.changes.Lock()
	defer d.changes.Unlock()
	known, err := d.fresh()
	if err != nil {
		return tenant.Key{}, "", err
	}
	if err := known.checkVisible(by, id); err != nil {
		return tenant.Key{}, "", err
	}
	value := tenant.NewToken(tenant.KeyPrefix)
	version, rolled, err := d.storeValue(ctx, id, value)
	if errors.Is(err, docstore.ErrNotFound) { // revoked by another replica
		return tenant.Key{}, "", unknownKey(id)
	}
	if err != nil {
		return tenant.Key{}, "", fmt.Errorf("roll the key: %w", err)
	}
	known = known.withKey(version, rolled)
	d.current.Store(known)
	return known.described(id), value, nil
}

// storeValue puts the hash of a value into the key's document, in whatever version
// that is: replicas write down its last use at any time.
func (d *Directory) storeValue(ctx context.Context, id, value string) (version int64, rolled keyDocument, err error) {
	for {
		stored, err := d.store.Get(ctx, keysCollection, id)
		if err != nil {
			return 0, keyDocument{}, err
		}
		if stored.Body, err = withValue(stored.Body, value); err != nil {
			return 0, keyDocument{}, err
		}
		stored, err = d.store.Update(ctx, stored)
		if errors.Is(err, docstore.ErrConflict) {
			continue
		}
		if err != nil {
			return 0, keyDocument{}, err
		}
		if err := json.Unmarshal(stored.Body, &rolled); err != nil {
			return 0, keyDocument{}, err
		}
		rolled.ID = id
		return stored.Version, rolled, nil
	}
}

// withValue returns the key's document with what is kept of a value. All other
// fields stay as they are, also those of a newer version of Docket.
func withValue(body json.RawMessage, value string) (json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, err
	}
	hash := sha256.Sum256([]byte(value))
	for name, changed := range map[string]any{
		"sha256": hex.EncodeToString(hash[:]), "mask_value": tenant.MaskToken(value), "last_rolled_at": now(),
	} {
		encoded, err := json.Marshal(changed)
		if err != nil {
			return nil, err
		}
		fields[name] = encoded
	}
	return json.Marshal(fields)
}
