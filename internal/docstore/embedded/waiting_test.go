package embedded

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/docstore"
)

// TestWaitingForAnotherWriterEndsWithTheContext plays the other writer itself.
func TestWaitingForAnotherWriterEndsWithTheContext(t *testing.T) {
	store, err := Open(filepath.Join(t.TempDir(), "documents.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	document := docstore.Document{Collection: "keys", ID: "one", Body: []byte(`{}`)}

	store.writing <- struct{}{}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err = store.Create(ctx, document)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	<-store.writing
	_, err = store.Create(t.Context(), document)
	require.NoError(t, err, "the document was not stored before, and the lock is free again")
}
