package mapped

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
)

// follow returns the ids of the next records of a tail, so many.
func follow(t *testing.T, followed logstore.Tail, count int) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var found []string
	for len(found) < count {
		records, dropped, err := followed.Next(ctx)
		require.NoError(t, err)
		require.Zero(t, dropped)
		found = append(found, ids(records)...)
	}
	return found
}

// A tail shows what comes from now on, once, also what comes a bit late, and in several
// pages what does not fit into one.
func TestTail(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		ago := func(ago time.Duration) object { return object{"@timestamp": time.Now().Add(-ago).UTC(), "host": "a"} }
		index(t, server, "old", ago(time.Hour), ago(time.Second))
		b := newBackend(t, server)
		followed, err := NewTail(b, project, filter.Equal{Field: filter.Field{Place: filter.PlaceLogAttribute, Key: "host"}, Values: []string{"a"}}, 3)
		require.NoError(t, err)
		followed.(*tail).latest = 10 * time.Minute // the machine may be busy
		none, hasMore, err := followed.(*tail).look(t.Context())
		require.NoError(t, err)
		assert.Empty(t, none)
		assert.False(t, hasMore)

		other := ago(0)
		other["host"] = "b"
		var many []object
		var want []string
		for n := range 10 {
			many = append(many, ago(10*time.Second-time.Duration(n)*time.Second))
			want = append(want, idOf(fmt.Sprintf("new-%d", n)))
		}
		index(t, server, "new", append(many, other)...)
		assert.Equal(t, want, follow(t, followed, len(want)))
		index(t, server, "late", ago(5*time.Second), ago(time.Hour))
		assert.Equal(t, []string{idOf("late-0")}, follow(t, followed, 1))
		index(t, server, "last", ago(0))
		assert.Equal(t, []string{idOf("last-0")}, follow(t, followed, 1))
		followed.Close()
		_, _, err = followed.Next(t.Context())
		require.ErrorIs(t, err, logstore.ErrClosed)
		_, err = NewTail(b, project, nil, 0)
		require.ErrorContains(t, err, "at least one record")
	})
}
