package journaled_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/journaled"
)

// followed reads a tail until it has brought so many records, dropped ones included.
func followed(t *testing.T, tail logstore.Tail, count int) (ids []string, dropped int64) {
	t.Helper()
	for len(ids)+int(dropped) < count {
		records, more, err := tail.Next(t.Context())
		require.NoError(t, err)
		for _, r := range records {
			ids = append(ids, r.ID())
		}
		dropped += more
	}
	return ids, dropped
}

func TestTailFollowsItsProjectAndFilter(t *testing.T) {
	s := open(t, journaled.Config{Backend: &memory{}})
	require.NoError(t, s.Append(t.Context(), logs("before")))
	eventually(t, func() bool { return s.Stats().LagEntries == 0 }, "it is applied")
	all, err := s.Tail(1, nil, 100)
	require.NoError(t, err)
	defer all.Close()
	none, err := s.Tail(2, nil, 100)
	require.NoError(t, err)
	defer none.Close()
	some, err := s.Tail(1, filter.Equal{Field: filter.Field{Place: filter.PlaceID}, Values: []string{"b"}}, 100)
	require.NoError(t, err)
	defer some.Close()

	require.NoError(t, s.Append(t.Context(), logs("a", "b", "c")))
	ids, dropped := followed(t, all, 3)
	assert.Equal(t, []string{"a", "b", "c"}, ids)
	assert.Zero(t, dropped)
	ids, _ = followed(t, some, 1)
	assert.Equal(t, []string{"b"}, ids)

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err = none.Next(ended)
	assert.ErrorIs(t, err, context.Canceled)
}

func TestTailCountsWhatItDrops(t *testing.T) {
	s := open(t, journaled.Config{Backend: &memory{}})
	tail, err := s.Tail(1, nil, 5)
	require.NoError(t, err)
	defer tail.Close()
	require.NoError(t, s.Append(t.Context(), logs(sequence("r", 20)...)))
	eventually(t, func() bool { return s.Stats().LagEntries == 0 }, "it is applied")
	ids, dropped := followed(t, tail, 20)
	assert.Equal(t, sequence("r", 20)[:5], ids)
	assert.EqualValues(t, 15, dropped)
}

// Large records do not fill the memory of a tail that nobody reads.
func TestTailBoundsItsBytes(t *testing.T) {
	s := open(t, journaled.Config{Backend: &memory{}})
	tail, err := s.Tail(1, nil, 100)
	require.NoError(t, err)
	defer tail.Close()
	for _, id := range sequence(strings.Repeat("r", 5<<20), 5) {
		require.NoError(t, s.Append(t.Context(), logs(id)))
	}
	eventually(t, func() bool { return s.Stats().LagEntries == 0 }, "it is applied")
	ids, dropped := followed(t, tail, 5)
	assert.Len(t, ids, 3)
	assert.EqualValues(t, 2, dropped)
}

// A tail that nobody reads holds up neither the store nor the other tails.
func TestTailEndsWithTheStore(t *testing.T) {
	s := open(t, journaled.Config{Backend: &memory{}})
	lazy, err := s.Tail(1, nil, 1)
	require.NoError(t, err)
	var ended atomic.Bool
	go func() {
		defer ended.Store(true)
		for {
			if _, _, err := lazy.Next(context.Background()); err != nil {
				assert.ErrorIs(t, err, logstore.ErrClosed)
				return
			}
		}
	}()
	require.NoError(t, s.Close(t.Context()))
	eventually(t, ended.Load, "the tail has ended")
	_, err = s.Tail(1, nil, 1)
	require.ErrorIs(t, err, logstore.ErrClosed)
	lazy.Close()
	lazy.Close()
}
