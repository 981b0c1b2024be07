package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/docketlog/docket/internal/elasticsearch"
)

// touch notes the indices that get documents.
func (b *Backend) touch(actions []action) {
	b.indices.Lock()
	defer b.indices.Unlock()
	for _, a := range actions {
		b.touched[a.index] = struct{}{}
	}
}

// Sync implements logstore.Backend. What was applied before is also findable when it
// returns, as far as the account is allowed to refresh indices.
func (b *Backend) Sync(ctx context.Context) error {
	done, err := b.use(ctx)
	if err != nil {
		return err
	}
	defer done()
	touched := b.takeTouched()
	if err := b.syncIndices(ctx, touched); err != nil {
		b.indices.Lock()
		defer b.indices.Unlock()
		for _, name := range touched {
			b.touched[name] = struct{}{}
		}
		return fmt.Errorf("sync: %w", err)
	}
	return nil
}

// takeTouched returns the touched indices, which then are not any more.
func (b *Backend) takeTouched() []string {
	b.indices.Lock()
	defer b.indices.Unlock()
	touched := make([]string, 0, len(b.touched))
	for name := range b.touched {
		touched = append(touched, name)
	}
	clear(b.touched)
	slices.Sort(touched)
	return touched
}

// maxNamesPerRequest is how many indices one request names: about 4 kB.
const maxNamesPerRequest = 50

func (b *Backend) syncIndices(ctx context.Context, touched []string) error {
	var volatile []string
	for _, name := range touched {
		if b.isVolatile(name) {
			volatile = append(volatile, name)
		}
	}
	for names := range slices.Chunk(volatile, maxNamesPerRequest) {
		if err := b.onAll(ctx, names, "_flush"); err != nil {
			return err
		}
	}
	for names := range slices.Chunk(touched, maxNamesPerRequest) {
		err := b.onAll(ctx, names, "_refresh")
		if err != nil && elasticsearch.StatusOf(err) != http.StatusForbidden {
			return err
		}
	}
	return nil
}

// isVolatile reports whether documents of an index are on disk only after a flush.
func (b *Backend) isVolatile(name string) bool {
	b.indices.Lock()
	defer b.indices.Unlock()
	_, ok := b.volatile[name]
	return ok
}

// onAll asks all shards of some indices for something. Indices that are gone need not
// answer.
func (b *Backend) onAll(ctx context.Context, names []string, what string) error {
	path := "/" + strings.Join(names, ",") + "/" + what
	answer, err := b.client.Do(ctx, http.MethodPost, path, url.Values{"ignore_unavailable": {"true"}}, nil)
	if err != nil {
		return err
	}
	var answered struct {
		Shards shards `json:"_shards"`
	}
	if err := json.Unmarshal(answer, &answered); err != nil {
		return fmt.Errorf("read the answer of POST %s: %w", path, err)
	}
	if answered.Shards.Failed > 0 {
		return fmt.Errorf("POST %s: %d shards failed", path, answered.Shards.Failed)
	}
	return nil
}
