package journal_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/journal"
)

// What comes with a payload is given back while the payload is in memory, and never with
// another one; the payload is there all the time.
func TestCompanions(t *testing.T) {
	const size = 1 << 20
	directory := t.TempDir()
	j := open(t, directory, journal.Options{})
	check := func(index uint64, want any) {
		t.Helper()
		got, companion, err := j.ReadWith(index)
		require.NoError(t, err)
		assert.Equal(t, string(payload(index, size)), string(got))
		assert.Equal(t, want, companion, "entry %d", index)
	}
	for index := uint64(1); index <= 3; index++ {
		got, err := j.AppendWith(t.Context(), payload(index, size), index)
		require.NoError(t, err)
		require.Equal(t, index, got)
	}
	check(1, uint64(1))
	check(3, uint64(3))

	j.Forget(1)
	check(1, nil)
	check(2, uint64(2))

	fill(t, j, 4, 5, size) // without companions
	check(5, nil)
	check(2, uint64(2))
	fill(t, j, 6, 9, size) // more than memory keeps
	check(2, nil)
	check(3, nil)

	j.Forget(100)
	check(9, nil)
	index, err := j.AppendWith(t.Context(), payload(10, size), "ten")
	require.NoError(t, err)
	check(index, "ten")
	require.NoError(t, j.Release(9))
	check(index, "ten")
}
