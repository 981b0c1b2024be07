package docstore_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/docstore/docstoretest"
)

const collection = "counters"

// increment counts in a body.
func increment(d *docstore.Document) error {
	count := 0
	if d.Version > 0 {
		_, err := fmt.Sscanf(string(d.Body), `{"count":%d}`, &count)
		if err != nil {
			return err
		}
	}
	d.Body = fmt.Appendf(nil, `{"count":%d}`, count+1)
	return nil
}

// Whoever changes a document at the same time as others loses nothing of what they did, also
// when it is made or deleted meanwhile.
func TestChangesAtOnce(t *testing.T) {
	store := docstoretest.NewMemory()
	const writers, each = 8, 25
	var group sync.WaitGroup
	for range writers {
		group.Go(func() {
			for range each {
				_, putErr := docstore.Put(context.Background(), store, collection, "one", increment)
				_, changeErr := docstore.Change(context.Background(), store, collection, "one", increment)
				assert.NoError(t, errors.Join(putErr, changeErr))
			}
		})
	}
	group.Wait()
	got, err := store.Get(t.Context(), collection, "one")
	require.NoError(t, err)
	assert.JSONEq(t, `{"count":`+strconv.Itoa(2*writers*each)+`}`, string(got.Body))
}

func TestChangeErrors(t *testing.T) {
	store := docstoretest.NewMemory()
	_, err := docstore.Change(t.Context(), store, collection, "none", increment)
	require.ErrorIs(t, err, docstore.ErrNotFound)
	made, err := docstore.Put(t.Context(), store, collection, "one", increment)
	require.NoError(t, err)

	for name, change := range map[string]func(context.Context, docstore.Store, string, string, func(*docstore.Document) error) (docstore.Document, error){
		"change": docstore.Change, "put": docstore.Put,
	} {
		t.Run(name, func(t *testing.T) {
			// An error of the change is final, whatever it is about.
			for _, wrong := range []error{errors.New("wrong"), docstore.ErrConflict, docstore.ErrNotFound, docstore.ErrExists} {
				calls := 0
				_, err := change(t.Context(), store, collection, "one", func(*docstore.Document) error { calls++; return wrong })
				require.ErrorIs(t, err, wrong)
				require.Equal(t, 1, calls)
			}
			got, err := change(t.Context(), store, collection, "one", func(*docstore.Document) error { return docstore.ErrUnchanged })
			require.NoError(t, err)
			assert.Equal(t, made, got)
			_, err = change(t.Context(), store, "NO", "one", increment)
			require.ErrorIs(t, err, docstore.ErrInvalid)
		})
	}
}

// A document that is deleted while it is changed is gone for Change, and made again by Put.
func TestDeletedMeanwhile(t *testing.T) {
	store := docstoretest.NewMemory()
	deleteFirst := func(d *docstore.Document) error {
		if d.Version > 0 {
			require.NoError(t, store.Delete(t.Context(), collection, d.ID, d.Version))
		}
		return increment(d)
	}
	for range 2 {
		_, err := docstore.Put(t.Context(), store, collection, "one", deleteFirst)
		require.NoError(t, err)
	}
	got, err := store.Get(t.Context(), collection, "one")
	require.NoError(t, err)
	assert.JSONEq(t, `{"count":1}`, string(got.Body))
	_, err = docstore.Change(t.Context(), store, collection, "one", deleteFirst)
	require.ErrorIs(t, err, docstore.ErrNotFound)
}
