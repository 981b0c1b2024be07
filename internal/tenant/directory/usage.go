package directory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/docstore"
)

// usageResolution is how exactly the last use is noted. Many requests of a busy
// key then read one word of memory and none writes it.
const usageResolution = time.Second

// usage is when a key was last used in this process.
type usage struct {
	last atomic.Int64 // Unix nanoseconds; 0 for never
	// written is the last that is stored. Only the goroutine of keepUsage, and
	// Shutdown after it has ended, use it.
	written int64
}

func (u *usage) note(now time.Time) {
	if at := now.UnixNano(); at-u.last.Load() >= int64(usageResolution) {
		u.last.Store(at)
	}
}

// latest returns the later of the last use and stored; nil when never used.
func (u *usage) latest(stored *time.Time) *time.Time {
	last := u.last.Load()
	if last == 0 || stored != nil && stored.UnixNano() >= last {
		return stored
	}
	at := time.Unix(0, last).UTC().Truncate(time.Microsecond)
	return &at
}

// keepUsage writes down the last uses until ctx ends.
func (d *Directory) keepUsage(ctx context.Context) {
	ticker := time.NewTicker(d.options.UsageInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := d.writeUsage(ctx, d.current.Load()); err != nil && ctx.Err() == nil {
			d.logger.Warn("Cannot write down when keys were last used; trying again later", zap.Error(err))
		}
	}
}

// writeUsage stores the last use of each key that was used since it was last
// stored, until one cannot be stored. It goes past the snapshot, which the next refresh brings up to date,
// and so holds up neither refreshes nor changes.
func (d *Directory) writeUsage(ctx context.Context, known *snapshot) error {
	for id, used := range known.usages {
		last := used.last.Load()
		if last <= used.written {
			continue
		}
		if err := d.writeLastUse(ctx, id, used); err != nil {
			return err
		}
		used.written = last
	}
	return nil
}

func (d *Directory) writeLastUse(ctx context.Context, id string, used *usage) error {
	for {
		stored, err := d.store.Get(ctx, keysCollection, id)
		if errors.Is(err, docstore.ErrNotFound) {
			return nil // revoked meanwhile
		}
		if err != nil {
			return err
		}
		changed, err := withLastUse(stored.Body, used)
		if err != nil {
			return fmt.Errorf("key %s: %w", id, err)
		}
		if changed == nil {
			return nil
		}
		stored.Body = changed
		_, err = d.store.Update(ctx, stored)
		if !errors.Is(err, docstore.ErrConflict) {
			return missingIsFine(err)
		}
	}
}

// withLastUse returns the key's document with the later last use, or nil when it
// has that already, from another replica. All other fields stay as they are,
// also those of a newer version of Docket.
func withLastUse(body json.RawMessage, used *usage) (json.RawMessage, error) {
	var stored struct {
		LastUsedAt *time.Time `json:"last_used_at"`
	}
	if err := json.Unmarshal(body, &stored); err != nil {
		return nil, err
	}
	latest := used.latest(stored.LastUsedAt)
	if latest == stored.LastUsedAt {
		return nil, nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, err
	}
	var err error
	if fields["last_used_at"], err = json.Marshal(latest); err != nil {
		return nil, err
	}
	return json.Marshal(fields)
}
