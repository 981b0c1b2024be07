package tally_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/tally"
)

func TestTally(t *testing.T) {
	counts := tally.New[int64]("things", "ask for fewer")
	text := []byte("one")
	first, isNew, err := counts.OfBytes(text)
	require.NoError(t, err)
	assert.True(t, isNew)
	*first = 5
	copy(text, "two")
	again, isNew, err := counts.Of("one")
	require.NoError(t, err)
	assert.False(t, isNew)
	assert.Equal(t, int64(5), *again)
	again, isNew, err = counts.OfBytes([]byte("one"))
	require.NoError(t, err)
	assert.False(t, isNew)
	assert.Same(t, first, again)

	other := tally.New[int64]("things", "ask for fewer")
	for i, text := range []string{"one", "two"} {
		count, _, err := other.Of(text)
		require.NoError(t, err)
		*count = int64(i + 1)
	}
	require.NoError(t, counts.AddAll(other, func(to *int64, count int64) { *to += count }))
	all := map[string]int64{}
	for text, count := range maps.Collect(counts.All()) {
		all[text] = *count
	}
	assert.Equal(t, map[string]int64{"one": 6, "two": 2}, all)
	assert.Equal(t, 2, counts.Len())
	for range counts.All() {
		break
	}

	counts.Reset()
	assert.Zero(t, counts.Len())
	assert.Equal(t, 2, other.Len())
}

// Whoever bounds the memory of questions asks for it all the time.
func TestTallyTellsItsMemory(t *testing.T) {
	counts := tally.New[int64]("things", "")
	assert.Zero(t, counts.HeldBytes())
	for range 3 { // the same is held once
		for i := range 100 {
			_, _, err := counts.Of(fmt.Sprintf("%01000d", i))
			require.NoError(t, err)
		}
		assert.Greater(t, counts.HeldBytes(), int64(100*1000))
		assert.Less(t, counts.HeldBytes(), int64(100*1500))
	}
	counts.Reset()
	assert.Zero(t, counts.HeldBytes())
}

func TestTallyIsBounded(t *testing.T) {
	var expensive *logstore.TooExpensiveError

	many := tally.New[int64]("things", "ask for fewer")
	for i := range tally.MaxTexts {
		_, _, err := many.Of(fmt.Sprint(i))
		require.NoError(t, err)
	}
	_, _, err := many.Of("0")
	require.NoError(t, err, "it is there")
	_, _, err = many.Of("another")
	require.ErrorAs(t, err, &expensive)
	assert.Equal(t, "there are more than 100000 different things: ask for fewer", expensive.Reason)
	more := tally.New[int64]("things", "")
	_, _, err = more.Of("another")
	require.NoError(t, err)
	require.ErrorAs(t, many.AddAll(more, func(*int64, int64) {}), &expensive)

	long := tally.New[int64]("things", "ask for fewer")
	_, _, err = long.Of(strings.Repeat("x", tally.MaxBytes))
	require.NoError(t, err)
	_, _, err = long.OfBytes([]byte("y"))
	require.ErrorAs(t, err, &expensive)
	long.Reset()
	_, _, err = long.OfBytes([]byte("y"))
	require.NoError(t, err)
}
