package elastic

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/docketlog/docket/internal/elasticsearch"
)

const (
	// largeBytes is the size of documents from which on a cluster may never have enough
	// memory for one.
	largeBytes = 1 << 20
	// defaultPatience is how long a large document, alone in its request, is tried to be
	// stored while the cluster has no room for it. So all that follows waits no longer.
	defaultPatience = 10 * time.Minute
)

// isNoRoom reports whether an error says that the cluster has no room for a request, or for
// a document of it, now: it is busy, or its memory is too small.
func isNoRoom(err error) bool {
	if one, ok := errors.AsType[*itemError](err); ok {
		return one.item.Status == http.StatusTooManyRequests
	}
	return elasticsearch.StatusOf(err) == http.StatusTooManyRequests
}

// outlasts reports whether patience with a document has ended, for which, alone, the
// cluster had no room once more.
func (b *Backend) outlasts(a action) bool {
	if a.end-a.start < largeBytes {
		return false
	}
	b.large.Lock()
	defer b.large.Unlock()
	since, isKnown := b.overlarge[a.id]
	if !isKnown {
		b.overlarge[a.id] = b.now()
		return false
	}
	return b.now().Sub(since) >= b.patience
}

// forgetOverlarge is called when a batch is settled, which all of them were in.
func (b *Backend) forgetOverlarge() {
	b.large.Lock()
	defer b.large.Unlock()
	clear(b.overlarge)
}

func noRoomReason(bytes int, patience time.Duration, err error) string {
	return fmt.Sprintf("its document has %d bytes, for which the cluster had no room for %s: give its nodes more memory, and replay it; the last answer: %v",
		bytes, patience, err)
}
