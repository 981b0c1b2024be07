package docstoretest

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/docketlog/docket/internal/docstore"
)

// writers is the number of goroutines that change one document at once.
const writers = 8

// compete runs attempt in every writer at the same moment and returns the
// errors, in the order of the writers.
func compete(attempt func(writer int) error) []error {
	results := make([]error, writers)
	start := make(chan struct{})
	var done sync.WaitGroup
	for writer := range writers {
		done.Go(func() {
			<-start
			results[writer] = attempt(writer)
		})
	}
	close(start)
	done.Wait()
	return results
}

// requireOneWinner returns the writer without an error; every other one must
// have got one of the refusals.
func requireOneWinner(t *testing.T, results []error, refusals ...error) int {
	t.Helper()
	winner := -1
	for writer, err := range results {
		if err == nil {
			require.Equal(t, -1, winner, "two writers won")
			winner = writer
			continue
		}
		refused := false
		for _, refusal := range refusals {
			refused = refused || errors.Is(err, refusal)
		}
		require.True(t, refused, "writer %d got %v", writer, err)
	}
	require.NotEqual(t, -1, winner, "no writer won")
	return winner
}

func testConcurrentUpdates(t *testing.T, store docstore.Store) {
	t.Helper()
	current := create(t, store, "keys", "one", `{"writer":-1}`)
	for range 10 {
		results := compete(func(writer int) error {
			change := document("keys", "one", fmt.Sprintf(`{"writer":%d}`, writer))
			change.Version = current.Version
			_, err := store.Update(t.Context(), change)
			return err
		})
		winner := requireOneWinner(t, results, docstore.ErrConflict)
		requireBody(t, store, "keys", "one", fmt.Sprintf(`{"writer":%d}`, winner))
		var err error
		current, err = store.Get(t.Context(), "keys", "one")
		require.NoError(t, err)
	}
}

func testConcurrentCreations(t *testing.T, store docstore.Store) {
	t.Helper()
	for round := range 10 {
		id := fmt.Sprintf("id-%d", round)
		results := compete(func(writer int) error {
			_, err := store.Create(t.Context(), document("keys", id, fmt.Sprintf(`{"writer":%d}`, writer)))
			return err
		})
		winner := requireOneWinner(t, results, docstore.ErrExists)
		requireBody(t, store, "keys", id, fmt.Sprintf(`{"writer":%d}`, winner))
	}
}

func testConcurrentDeletions(t *testing.T, store docstore.Store) {
	t.Helper()
	for range 10 {
		created := create(t, store, "keys", "one", `{}`)
		results := compete(func(int) error {
			return store.Delete(t.Context(), "keys", "one", created.Version)
		})
		requireOneWinner(t, results, docstore.ErrNotFound, docstore.ErrConflict)
		require.Empty(t, list(t, store, "keys", ""))
	}
}

func testConcurrentIncrements(t *testing.T, store docstore.Store) {
	t.Helper()
	const each = 10
	type counter struct {
		Count int `json:"count"`
	}
	create(t, store, "counters", "one", `{"count":0}`)
	increment := func() error {
		for {
			current, err := store.Get(t.Context(), "counters", "one")
			if err != nil {
				return err
			}
			var value counter
			if err := json.Unmarshal(current.Body, &value); err != nil {
				return err
			}
			current.Body = fmt.Appendf(nil, `{"count":%d}`, value.Count+1)
			_, err = store.Update(t.Context(), current)
			if !errors.Is(err, docstore.ErrConflict) {
				return err
			}
		}
	}
	var group errgroup.Group
	for range writers {
		group.Go(func() error {
			for range each {
				if err := increment(); err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	requireBody(t, store, "counters", "one", fmt.Sprintf(`{"count":%d}`, writers*each))
}
