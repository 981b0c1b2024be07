package deadletters_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/logstore"
)

// Every page of every selection is compared with a plain loop over all letters.
func TestPagesOfProjects(t *testing.T) {
	store := openNew(t)
	random := rand.New(rand.NewPCG(1, 2))
	var all []logstore.DeadLetter
	for n := range 60 {
		added := letter([]int64{-1, 0, 1, 2, 256, 1 << 40}[random.IntN(6)], fmt.Sprint(n))
		all = append(all, add(t, store, added)...)
	}
	for _, projects := range [][]int64{
		nil, {}, {0}, {1}, {2, 1}, {1, 1, 2, 1}, {-1, 256, 1 << 40}, {3}, {3, 2}, {-1, 0, 1, 2, 3, 256, 1 << 40},
	} {
		var want []string
		for _, letter := range all {
			if projects == nil || slices.Contains(projects, letter.ProjectID) {
				want = append(want, letter.ID)
			}
		}
		count, err := store.CountOf(t.Context(), projects)
		require.NoError(t, err)
		assert.Equal(t, int64(len(want)), count, projects)
		for _, limit := range []int{1, 7, 60, 1000} {
			var got []string
			for query := (logstore.DeadLetterQuery{Projects: projects, Limit: limit}); ; query.After = got[len(got)-1] {
				page := list(t, store, query)
				require.LessOrEqual(t, len(page), limit)
				if len(page) == 0 {
					break
				}
				got = append(got, ids(page)...)
			}
			assert.Equal(t, want, got, "projects %v, limit %d", projects, limit)
		}
	}
}

// The letter that a page ends with may be gone when the next page is asked for.
func TestAfterARemovedLetter(t *testing.T) {
	store := openNew(t)
	added := ids(add(t, store, letter(1, "a"), letter(1, "b"), letter(1, "c")))
	require.NoError(t, store.Remove(t.Context(), added[1]))
	for _, projects := range [][]int64{nil, {1}} {
		query := logstore.DeadLetterQuery{Projects: projects, After: added[1]}
		assert.Equal(t, added[2:], ids(list(t, store, query)))
		query.After = added[2]
		assert.Empty(t, list(t, store, query))
		query.After = "ffffffff-ffff-ffff-ffff-ffffffffffff"
		assert.Empty(t, list(t, store, query))
	}
}

func TestUnusableQueries(t *testing.T) {
	store := openNew(t)
	for _, limit := range []int{0, -1} {
		_, err := store.List(t.Context(), logstore.DeadLetterQuery{Limit: limit})
		require.ErrorContains(t, err, "must be at least 1")
	}
	_, err := store.List(t.Context(), logstore.DeadLetterQuery{Limit: 1, After: "yesterday"})
	require.ErrorContains(t, err, "an id has 36 characters, not 9")
}

// Large letters are returned a few at a time, and none is left out.
func TestPagesOfLargeLetters(t *testing.T) {
	store := openNew(t)
	var want []string
	for n := range 4 {
		want = append(want, ids(add(t, store, undecodable(strings.Repeat(fmt.Sprint(n), 12<<20))))...)
	}
	first := list(t, store, logstore.DeadLetterQuery{})
	assert.Equal(t, want[:3], ids(first), "12 MiB each, and enough at 32 MiB")
	assert.Equal(t, want[3:], ids(list(t, store, logstore.DeadLetterQuery{After: want[2]})))
}
